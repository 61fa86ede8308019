"""What the disease adds: centimetres of fluid-filled lung on every ray.

Kinds: "normal"; "covid", hazy patches in both lungs, at the edge and in the lower zones (Wong et al., Radiology 2020,
doi 10.1148/radiol.2020201160: 31 % of first films show nothing); "bacterial", one lobe filled, with air-filled bronchi
in it; "viral", thickened bronchial walls and a fine net around both hila.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from PIL import Image

from .anatomy import Frame, ramp
from .plane import Plane
from .ranges import override, refuse_outside
from .vessels import draw, tree

KINDS = ("normal", "covid", "bacterial", "viral")
VISIBLE = {"normal": 0.0, "covid": 0.69, "bacterial": 1.0, "viral": 1.0}
THRESHOLD = 1.0  # cm of extra path that count as lesion in the mask
REACH = 24.0  # cm, half-side of the square that textures cover


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
    much of the change is a fine net; `seed` for the texture."""

    kind: str
    strength: float
    visible: bool
    patches: tuple[Patch, ...]
    net: float
    seed: int

    def __post_init__(self):
        refuse_outside(
            self,
            {"strength": (0.0, 4.0), "net": (0.0, 1.0), "seed": (0, 2**32 - 1)},
            {"kind": KINDS, "visible": (False, True)},
        )
        if self.kind == "normal" and self.visible:
            raise ValueError("disease: visible = True is impossible for kind 'normal': allowed is False")


def draw_disease(rng: np.random.Generator, kind: str, patient, strength: float = 1.0, **fixed) -> Disease:
    """Draw a disease; the same state of `rng` gives the same opacities at any strength.

    Args:
        rng: source of randomness. kind: one of `KINDS`. patient: who has it (children have larger patches).
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
        worse = rng.random()
        bilateral = rng.random() < 0.8
        first = int(rng.choice((-1, 1)))
        for side in (first, -first) if bilateral else (first,):
            for _ in range(2 + int(rng.integers(0, 4)) + int(2 * worse)):
                patches.append(
                    Patch(
                        side,
                        float(np.clip(rng.normal(0.70, 0.20), 0.15, 1.02)),
                        float(np.clip(rng.normal(0.74, 0.14), 0.35, 0.97)),
                        float(rng.uniform(0.06, 0.16) * (0.8 + 0.6 * worse)),
                        float(rng.uniform(0.12, 0.32) * (0.8 + 0.5 * worse)),
                        float(rng.uniform(0.12, 0.32) * (0.7 + 0.7 * worse)),
                    )
                )
        net = float(rng.uniform(0.1, 0.5))
    elif kind == "bacterial":
        side = int(rng.choice((-1, 1), p=(0.58, 0.42)))
        lobe = rng.choice(3, p=(0.3, 0.25, 0.45))
        height, lateral = ((0.27, 0.60), (0.62, 0.48), (0.84, 0.52))[lobe]
        patches.append(
            Patch(
                side,
                height + float(rng.normal(0, 0.04)),
                lateral + float(rng.normal(0, 0.06)),
                float(rng.uniform(0.14, 0.23)),
                float(rng.uniform(0.30, 0.48)),
                float(rng.uniform(0.28, 0.55)),
            )
        )
        if rng.random() < 0.35:
            patches.append(
                Patch(side, height + float(rng.normal(0, 0.15)), lateral + float(rng.normal(0, 0.1)), 0.12, 0.25, 0.3)
            )
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
        "kind": kind,
        "strength": float(strength),
        "visible": visible,
        "patches": tuple(patches),
        "net": net,
        "seed": seed,
    }
    return Disease(**override(drawn, fixed, Disease))


def texture(rng: np.random.Generator, plane: Plane, cells: tuple[int, ...], unit: float) -> np.ndarray:
    """Cloudy field of mean 0 and sd about 1: noise on ever finer grids, each half as strong as the one before."""
    total = np.zeros((160, 160), np.float32)
    for k, n in enumerate(cells):
        noise = Image.fromarray(rng.standard_normal((n, n)).astype(np.float32))
        total += np.float32(0.62**k) * np.asarray(noise.resize((160, 160), Image.Resampling.BICUBIC))
    return plane.sample(total / np.float32(total.std()), REACH * unit)


def lesion(disease: Disease, patient, plane: Plane, f: Frame, lungs: dict) -> np.ndarray:
    """Extra path through fluid or inflamed tissue on every ray, cm; nothing where no air was.

    A patch replaces a share of the air: its edge is ragged, its inside uneven.
    """
    out = np.zeros(plane.shape, np.float32)
    if not disease.visible or disease.strength == 0:
        return out
    rng = np.random.default_rng(disease.seed)
    cloud = texture(rng, plane, (10, 20, 40, 80), f.unit)
    fine = np.clip(1 + 0.6 * texture(rng, plane, (56, 120), f.unit), 0.1, 2.2)
    side, q, s = lungs["side"], lungs["q"], lungs["s"]
    for p in disease.patches:
        dq, ds = (q - np.float32(p.lateral)) / np.float32(p.wide), (s - np.float32(p.height)) / np.float32(p.long)
        distance = np.sqrt(dq * dq + ds * ds) + np.float32(0.22) * cloud
        soft = 0.6 if disease.kind == "bacterial" else 0.9
        part = ramp((1 + soft / 2 - distance) / soft) * (side == p.side)
        out = (
            np.maximum(out, np.float32(p.fill) * part)
            if disease.kind == "bacterial"
            else out + np.float32(p.fill) * part * (1 - out)
        )
    uneven = np.clip(1 + 0.35 * cloud, 0.2, 2.0) * (1 - disease.net) + disease.net * fine
    out *= uneven.astype(np.float32)
    if disease.kind == "bacterial":
        out = np.minimum(out * np.float32(disease.strength), 0.97) * lungs["air"]
        bronchi = draw(plane, tree(f, rng, roots=4, thick=0.34)[:4], solid=2.6)
        return np.maximum(out - np.minimum(bronchi, 0.3 * out), 0)
    if disease.kind == "viral":
        walls = draw(plane, tree(f, np.random.default_rng(patient.seed))[:3], widen=1.7, solid=0.75)
        lines = 0.35 * np.float32(disease.strength) * np.minimum(walls, np.float32(0.5) * lungs["air"])
        return np.minimum(out * np.float32(disease.strength), 0.97) * lungs["air"] + lines
    return np.minimum(out * np.float32(disease.strength), 0.97) * lungs["air"]
