"""What a patient has: which disease, and where its opacities lie.

Kinds: "normal"; "covid", hazy patches in both lungs, at the edge and in the lower zones (Wong et al., Radiology 2020,
doi 10.1148/radiol.2020201160: 31 % of first films show nothing); "bacterial", one lobe filled, with air-filled bronchi
in it; "viral", thickened bronchial walls and a fine net around both hila. `opacities` draws them.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from .ranges import override, refuse_outside

KINDS = ("normal", "covid", "bacterial", "viral")
VISIBLE = {"normal": 0.0, "covid": 0.69, "bacterial": 1.0, "viral": 1.0}
# COVID-19's severity where it shows, 0 to 1, is a random number to this power. Chosen between outpatients, of whose
# abnormal films 74 % are mild and 2 % severe (Weinstock et al., J Urgent Care Med 14(7) (2020)), and hospitals: four in
# ten films have 0 to 2 of the 8 points of Wong et al., nearly a fifth 6 or 7.
MILD = 1.6


@dataclasses.dataclass(frozen=True)
class Patch:
    """One opacity: `side` -1 right, 1 left; `height` 0 apex to 1 dome; `lateral` 0 midline to 1 chest wall; half-axes
    `long` (up-down) and `wide` relative to the height and half-width of the lung; `fill` share of the air replaced."""

    side: int
    height: float
    lateral: float
    long: float
    wide: float
    fill: float


@dataclasses.dataclass(frozen=True)
class Disease:
    """Kind, strength (0 to 4; 1: as drawn) and whether anything shows; `patches`, the opacities; `net`, 0 to 1, how
    much of the change is a fine net; `effusion`, height of the fluid beside the right and left lung, cm, near the chest
    wall; `seed` for the texture."""

    kind: str
    strength: float
    visible: bool
    patches: tuple[Patch, ...]
    net: float
    effusion: tuple[float, float]
    seed: int

    def __post_init__(self):
        refuse_outside(
            self,
            {"strength": (0.0, 4.0), "net": (0.0, 1.0), "seed": (0, 2**32 - 1)},
            {"kind": KINDS, "visible": (False, True)},
        )
        if not all(isinstance(e, float) and 0 <= e <= 15 for e in self.effusion) or len(self.effusion) != 2:
            raise ValueError(
                f"disease: effusion = {self.effusion!r} is impossible: allowed are two numbers from 0 to 15"
            )
        if self.kind == "normal" and self.visible:
            raise ValueError("disease: visible = True is impossible for kind 'normal': allowed is False")


def draw_disease(rng: np.random.Generator, kind: str, patient, strength: float = 1.0, **fixed) -> Disease:
    """Draw a disease; the same state of `rng` gives the same opacities at any strength.

    Args:
        rng: source of randomness. kind: one of `KINDS`. patient: who has it (a child gets no effusion).
        strength: multiplies the extra path length, 0 to 4.
        **fixed: fields of `Disease` to set instead of drawing them, such as visible=True.

    Raises:
        ValueError: for an impossible kind, name or value, with what is allowed.
    """
    if kind not in KINDS:
        raise ValueError(f"disease: kind = {kind!r} is impossible: allowed are {', '.join(map(repr, KINDS))}")
    visible, seed = bool(rng.random() < VISIBLE[kind]), int(rng.integers(2**32))
    patches: list[Patch] = []
    net = 0.0
    if kind == "covid":
        worse = rng.random() ** MILD
        bilateral = rng.random() < 0.55 + 0.5 * worse  # Wong et al.: half of all, 73 % of the films that show something
        first = int(rng.choice((-1, 1)))
        for side in (first, -first) if bilateral else (first,):
            for _ in range(1 + int(rng.poisson(0.6 + 4 * worse))):
                patches.append(
                    Patch(
                        side,
                        float(np.clip(rng.normal(0.76, 0.19), 0.15, 1.04)),
                        float(np.clip(rng.normal(0.79, 0.15), 0.35, 1.02)),
                        float(rng.uniform(0.05, 0.17) * (0.7 + 0.8 * worse)),
                        float(rng.uniform(0.10, 0.30) * (0.8 + 0.6 * worse)),
                        float(rng.uniform(0.18, 0.44) * (0.75 + 1.5 * worse)),
                    )
                )
        net = float(rng.uniform(0.2, 0.65))
    elif kind == "bacterial":
        side = int(rng.choice((-1, 1), p=(0.58, 0.42)))
        lobe = rng.choice(3, p=(0.3, 0.25, 0.45))
        height, lateral = ((0.27, 0.60), (0.62, 0.48), (0.84, 0.52))[lobe]
        patches.append(
            Patch(
                side,
                height + float(rng.normal(0, 0.04)),
                lateral + float(rng.normal(0, 0.06)),
                float(rng.uniform(0.14, 0.23)) * (1.3 if patient.child else 1.0),
                float(rng.uniform(0.30, 0.48)),
                float(rng.uniform(0.28, 0.55)),
            )
        )
        net = 0.18 if patient.child else 0.0  # acini
        chance, more = (0.8, (0.20, 0.32, 0.38)) if patient.child else (0.35, (0.12, 0.25, 0.3))
        if rng.random() < chance:
            patches.append(Patch(side, height + float(rng.normal(0, 0.15)), lateral + float(rng.normal(0, 0.1)), *more))
    elif kind == "viral":
        for side in (-1, 1):
            patches.append(
                Patch(
                    side,
                    float(rng.normal(0.56, 0.05)),
                    0.34,
                    float(rng.uniform(0.26, 0.38)),
                    float(rng.uniform(0.36, 0.52)),
                    float(rng.uniform(0.07, 0.16)),
                )
            )
        net = float(rng.uniform(0.6, 1.0))
    drawn = {
        "effusion": _effusion(rng, kind, patient, patches),
        "kind": kind,
        "strength": float(strength),
        "visible": visible,
        "patches": tuple(patches),
        "net": net,
        "seed": seed,
    }
    return Disease(**override(drawn, fixed, Disease))


# Share of patients with fluid beside a lung. Chosen, not measured: rare in COVID-19, common in bacterial pneumonia.
EFFUSION = {"normal": 0.0, "covid": 0.04, "bacterial": 0.30, "viral": 0.03}


def _effusion(rng: np.random.Generator, kind: str, patient, patches: list[Patch]) -> tuple[float, float]:
    """Height of the fluid beside the right and the left lung, cm; on the side of the first opacity, rarely on both."""
    chance, both, depth = rng.random(), rng.random() < 0.25, float(rng.gamma(2.0, 1.6))
    if patient.child or not patches or chance >= EFFUSION[kind]:
        return 0.0, 0.0
    height = float(np.clip(1.5 + depth, 0, 12))
    first = int(patches[0].side > 0)
    return tuple(height * (1.0 if k == first else 0.6 * both) for k in (0, 1))
