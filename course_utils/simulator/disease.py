"""What the disease adds: centimetres of fluid-filled lung on every ray.

Kinds: "normal"; "covid", hazy patches in both lungs, at the edge and in the lower zones (Wong et al., Radiology 2020,
doi 10.1148/radiol.2020201160: 31 % of first films show nothing); "bacterial", one lobe filled, with air-filled bronchi
in it; "viral", thickened bronchial walls and a fine net around both hila.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from PIL import Image

from . import bronchi
from .anatomy import Frame, ramp
from .detector import normal
from .lookup import around, enlarged
from .plane import Plane
from .ranges import override, refuse_outside

KINDS = ("normal", "covid", "bacterial", "viral")
VISIBLE = {"normal": 0.0, "covid": 0.69, "bacterial": 1.0, "viral": 1.0}
THRESHOLD = 1.0  # cm of extra path that count as lesion in the mask
# A small child's lungs are shallow: what fills them takes a larger share of the air than in an adult.
SHALLOW = {"bacterial": 2.4, "viral": 2.2}
RAGGED = {"covid": 0.45, "bacterial": 0.35, "viral": 0.35}  # how far an edge follows the texture, over its half-axes
# How gradually a patch begins, adults and children.
SOFT = ({"bacterial": 1.2, "covid": 1.7}, {"bacterial": 1.6, "viral": 1.2})
DENSE = {"covid": 1.3, "bacterial": 1.15, "viral": 1.4}  # of adults
FISSURE = 0.48  # height of the horizontal fissure at the hilum, 0 apex to 1 dome
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
        worse = rng.random()
        bilateral = rng.random() < 0.8
        first = int(rng.choice((-1, 1)))
        for side in (first, -first) if bilateral else (first,):
            for _ in range(2 + int(rng.integers(0, 4)) + int(2 * worse)):
                patches.append(
                    Patch(
                        side,
                        float(np.clip(rng.normal(0.76, 0.19), 0.15, 1.04)),
                        float(np.clip(rng.normal(0.79, 0.15), 0.35, 1.02)),
                        float(rng.uniform(0.05, 0.20) * (0.8 + 0.6 * worse)),
                        float(rng.uniform(0.10, 0.34) * (0.8 + 0.5 * worse)),
                        float(rng.uniform(0.11, 0.29) * (0.7 + 0.7 * worse)),
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
                float(rng.uniform(0.14, 0.23)) * (1.3 if patient.child else 1.0),
                float(rng.uniform(0.30, 0.48)),
                float(rng.uniform(0.28, 0.55)),
            )
        )
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


def fluid(disease: Disease, f: Frame, lungs: dict) -> np.ndarray:
    """Share of the air that free fluid displaces: all below a meniscus that climbs towards the chest wall."""
    out = np.zeros_like(lungs["q"])
    for k, height in enumerate(disease.effusion):
        if height:
            q = np.minimum(lungs["q"], 1)
            q *= q
            q *= q
            level = np.float32(f.dome[k] - 3.0 * f.unit) + np.float32(height) * (np.float32(0.62) + np.float32(0.2) * q)
            above = lungs["y"] - level
            above -= np.float32(0.5 * height) * q * q * q  # at the wall it climbs as a narrow band
            above = np.maximum(above * np.float32(1 / (1.6 * f.unit)) + np.float32(0.4), 0)
            out += np.exp(-above * above) * (lungs["side"] == 2 * k - 1)
    return out


def texture(rng, plane: Plane, cells: tuple[int, ...], unit: float, part, finer: float = 0.62) -> np.ndarray:
    """Cloudy field of mean 0 and sd about 1: noise on ever finer grids, each `finer` times as strong as the one before.

    part: slices of the rows and columns that are wanted. One value for two by two pixels: see `lookup.enlarged`.
    """
    total = normal(rng, (cells[0], cells[0]))
    for k, n in enumerate(cells[1:], start=1):
        total = np.asarray(Image.fromarray(total).resize((n, n), Image.Resampling.BICUBIC))
        total = total + np.float32(finer**k) * normal(rng, (n, n))
    return plane.sample(total / np.float32(total.std()), REACH * unit, part)


def lesion(disease: Disease, patient, plane: Plane, f: Frame, lungs: dict) -> np.ndarray:
    """Extra path through fluid or inflamed tissue on every ray, cm; nothing where no air was.

    A patch replaces a share of the air: its edge is ragged, its inside uneven.
    """
    out = np.zeros(plane.shape, np.float32)
    air = lungs["air"]
    if not disease.visible or disease.strength == 0 or not air.any():
        return out
    rng = np.random.default_rng(disease.seed)
    strength = disease.strength * (SHALLOW if patient.child else DENSE).get(disease.kind, 1.0)
    part = tuple(slice(np.argmax(seen), seen.size - np.argmax(seen[::-1])) for seen in (air.any(1), air.any(0)))
    cells, finer = ((8, 16, 32, 64), 0.62) if patient.child else ((9, 18, 36, 108), 0.52)
    cloud = texture(rng, plane, cells, f.unit, part, finer)
    cloud = np.maximum(cloud, np.float32(-2))  # no edge strays far
    patchy = 0.36 if patient.child else 0.20 if disease.kind == "bacterial" else 0.30  # how uneven it is inside
    fine = texture(rng, plane, (34, 68), f.unit, part)
    if not patient.child:
        fine = np.float32(0.8) - np.abs(fine)  # ridges: lines that form a net
    fine = np.clip(1 + (0.8 if patient.child else 0.45) * fine, 0.3, 2.0)
    least = 0.55 if patient.child else 0.3  # no black pits in a child's filled lung
    uneven = np.clip(1 + patchy * cloud, least, 2.0) * (1 - disease.net) + disease.net * fine
    share = np.zeros_like(cloud)
    soft = SOFT[patient.child].get(disease.kind, 1.5)
    x, y, side, q = (lungs[name][part][::2, ::2] for name in ("x", "y", "side", "q"))  # opacities are smooth
    y = y - np.float32(plane.pitch / 2)  # between two rows
    for p in disease.patches:
        opacity(share, p, disease.kind, soft, f, cloud, x, y, side, q)
    most = np.float32(0.78 if patient.child else 0.97)  # no opacity is whiter than the heart
    share *= uneven
    share *= np.float32(strength)
    share = most * np.tanh(share / most)  # clouds, without an even area where they are whitest
    out[part] = enlarged(share, 2, air[part].shape)
    if any(disease.effusion):
        np.maximum(out, fluid(disease, f, lungs) * np.float32(min(0.9 * strength, 0.95)), out=out)
    out *= air - lungs["vessels"] if "vessels" in lungs else air  # a filled lung hides its vessels
    if disease.kind == "viral":
        out += np.float32((0.6 if patient.child else 0.35) * strength) * bronchi.walls(patient, plane, f, lungs)
    elif disease.kind == "bacterial":
        if patient.child and disease.patches:  # in small children pneumonia begins around the bronchi
            sides = sorted({p.side for p in disease.patches})
            cuffs = bronchi.walls(patient, plane, f, lungs, sides)
            left = np.maximum(1 - out / np.maximum(most * air, np.float32(0.1)), 0)  # none show in filled lung
            out += np.float32(0.8 * strength) * left * cuffs
        out = np.maximum(out - bronchi.bronchogram(patient, plane, f, out, rng), 0)
    return out


def opacity(share, p: Patch, kind: str, soft: float, f: Frame, cloud, x, y, side, q) -> None:
    """Replace a share of the air by one patch, in place; its edge follows the cloud.

    Bacterial: on the right, what fills the upper or the middle lobe ends at the fissure between both.
    """
    ragged = np.float32(RAGGED[kind])
    reach = 1 + soft / 2 - float(ragged * cloud.min())  # nothing is further from the centre than this many half-axes
    inner, outer = p.lateral - reach * p.wide, p.lateral + reach * p.wide
    centre = p.side * f.width * (max(inner, 0) + min(outer, 1.1)) / 2, f.apex - p.height * f.height
    near = around(x, y, centre, f.width * (min(outer, 1.1) - max(inner, 0)) / 2, reach * p.long * f.height)
    dq = (q[near] - np.float32(p.lateral)) * np.float32(1 / p.wide)
    ds = (np.float32(f.apex - p.height * f.height) - y[near]) * np.float32(1 / p.long / f.height)
    distance = np.sqrt(dq * dq + ds * ds) + ragged * cloud[near]
    added = np.float32(p.fill) * ramp((1 + soft / 2 - distance) * np.float32(1 / soft)) * (side[near] == p.side)
    if kind == "bacterial":
        if p.side < 0 and p.height < 0.72:
            s = (np.float32(f.apex - FISSURE * f.height) - y[near]) * np.float32(1 / f.height)
            s -= np.float32(0.09) * q[near] + np.float32(0.03) * cloud[near]
            added *= ramp(np.float32(0.5) + s * np.float32(10 if p.height > FISSURE else -10))
        np.maximum(share[near], added, out=share[near])
    else:
        share[near] += added * (1 - share[near])
