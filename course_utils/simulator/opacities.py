"""What a disease adds to the film: centimetres of fluid-filled lung on every ray."""

from __future__ import annotations

import numpy as np
from PIL import Image

from . import bronchi
from .anatomy import Frame, ramp
from .detector import normal
from .disease import Disease, Patch
from .lookup import around, enlarged
from .plane import Plane

THRESHOLD = 1.0  # cm of extra path that count as lesion in the mask
# A small child's lungs are shallow: what fills them takes a larger share of the air than in an adult.
SHALLOW = {"bacterial": 2.4, "viral": 2.2}
# How far an edge follows the texture, over its half-axes, adults and children.
RAGGED = ({"covid": 0.48, "bacterial": 0.45, "viral": 0.35}, {"bacterial": 0.42, "viral": 0.35})
# Of the cloud, so that no edge strays far and no round hole opens in a patch, adults and children.
LIMITS = ({"covid": (-1.6, 0.8), "bacterial": (-1.8, 0.8)}, {})
# How gradually a patch begins, adults and children.
SOFT = ({"bacterial": 1.5, "covid": 2.2, "viral": 2.2}, {"bacterial": 1.4, "viral": 1.5})
LINES = np.float32(0.28)  # how much denser than the haze between them the septa of an adult's lung are
DENSE = {"bacterial": 1.15, "viral": 1.4}  # of adults
FULL = {"child": 0.78, "covid": 0.76, "bacterial": 0.97, "viral": 0.97}  # of the air: none is whiter than the heart
FISSURE = 0.48  # height of the horizontal fissure at the hilum, 0 apex to 1 dome
REACH = 24.0  # cm, half-side of the square that textures cover


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


def texture(rng, plane: Plane, cells: tuple[int, ...], unit: float, part, fall: float = 0.62) -> np.ndarray:
    """Cloudy field of mean 0 and sd about 1: noise on ever finer grids, each `fall` times as strong as the last.

    part: slices of the rows and columns that are wanted. One value for two by two pixels: see `lookup.enlarged`.
    """
    total = normal(rng, (cells[0], cells[0]))
    for k, n in enumerate(cells[1:], start=1):
        total = np.asarray(Image.fromarray(total).resize((n, n), Image.Resampling.BICUBIC))
        total = total + np.float32(fall**k) * normal(rng, (n, n))
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
    if patient.child or disease.kind == "bacterial":
        cloud = texture(rng, plane, (8, 16, 32, 64, 128), f.unit, part)
    else:  # haze
        cloud = texture(rng, plane, (9, 18, 36, 72), f.unit, part, fall=0.55)
    cloud = np.clip(cloud, *LIMITS[patient.child].get(disease.kind, (-2, None)))
    if patient.child:
        uneven = np.clip(1 + np.float32(0.36) * cloud, 0.55, 2.0)  # no black pits in a child's filled lung
    else:
        uneven = np.clip(1 + np.float32(0.22) * cloud, 0.3, 2.0)
    if disease.net:
        fine = texture(rng, plane, (60, 120) if patient.child else (80, 160), f.unit, part)
        if patient.child:
            uneven += np.float32(disease.net) * (np.clip(1 + np.float32(0.45) * fine, 0.3, 2.0) - uneven)
        else:  # septa: thin lines where the noise changes its sign
            uneven += disease.net * LINES * (1 / (1 + np.float32(12) * fine * fine) - np.float32(0.42))
    share = np.zeros_like(cloud)
    x, y, side, q = (lungs[name][part][::2, ::2] for name in ("x", "y", "side", "q"))  # opacities are smooth
    y = y - np.float32(plane.pitch / 2)  # between two rows
    for p in disease.patches:
        opacity(share, p, disease.kind, patient.child, f, cloud, x, y, side, q)
    most = np.float32(FULL["child" if patient.child else disease.kind])
    share *= uneven
    share *= np.float32(strength)
    share = most * np.tanh(share / most)  # clouds, without an even area where they are whitest
    out[part] = enlarged(share, 2, air[part].shape)
    if any(disease.effusion):
        np.maximum(out, fluid(disease, f, lungs) * np.float32(min(0.9 * strength, 0.95)), out=out)
    out *= air - lungs["vessels"] if "vessels" in lungs else air  # a filled lung hides its vessels
    if disease.kind == "viral":
        out += np.float32((1.6 if patient.child else 0.35) * strength) * bronchi.walls(patient, plane, f, lungs)
        if patient.child:  # haze, at most half as white as a rib; none before the heart
            most = np.float32(0.30) * air
            shown = air / np.maximum(lungs["full"], np.float32(0.1))
            out = most * np.tanh(out / np.maximum(most, np.float32(0.01))) * shown * shown
    elif disease.kind == "bacterial":
        if patient.child and disease.patches:  # in small children pneumonia begins around the bronchi
            cuffs = bronchi.walls(patient, plane, f, lungs)
            left = np.maximum(1 - out / np.maximum(most * air, np.float32(0.1)), 0)  # none show in filled lung
            out += np.float32(2.0 * strength) * left * cuffs
        out = np.maximum(out - bronchi.bronchogram(patient, plane, f, out, rng), 0)
    return out


def opacity(share, p: Patch, kind: str, child: bool, f: Frame, cloud, x, y, side, q) -> None:
    """Replace a share of the air by one patch, in place; its edge follows the cloud.

    Bacterial: on the right, what fills the upper or the middle lobe ends at the fissure between both; a child's lobes
    are small, what lies beyond is hazy, too.
    """
    soft, ragged = SOFT[child].get(kind, 1.5), np.float32(RAGGED[child].get(kind, 0.45))
    reach = 1 + soft / 2 - float(ragged * cloud.min())  # nothing is further from the centre than this many half-axes
    inner, outer = p.lateral - reach * p.wide, p.lateral + reach * p.wide
    centre = p.side * f.width * (max(inner, 0) + min(outer, 1.1)) / 2, f.apex - p.height * f.height
    near = around(x, y, centre, f.width * (min(outer, 1.1) - max(inner, 0)) / 2, reach * p.long * f.height)
    dq = (q[near] - np.float32(p.lateral)) * np.float32(1 / p.wide)
    ds = (np.float32(f.apex - p.height * f.height) - y[near]) * np.float32(1 / p.long / f.height)
    distance = np.sqrt(dq * dq + ds * ds) + ragged * cloud[near]
    added = np.float32(p.fill) * ramp((1 + soft / 2 - distance) * np.float32(1 / soft)) * (side[near] == p.side)
    if kind == "bacterial":
        if p.side < 0 and p.height < 0.72 and not (child and abs(p.height - FISSURE) > p.long):
            steep, wavy, beyond = (4, 0.05, np.float32(0.25)) if child else (10, 0.03, 0)
            s = (np.float32(f.apex - FISSURE * f.height) - y[near]) * np.float32(1 / f.height)
            s -= np.float32(0.09) * q[near] + np.float32(wavy) * cloud[near]
            if child:
                s += np.float32(0.24) * q[near] * (np.float32(0.9) - q[near])  # it bulges
            kept = ramp(np.float32(0.5) + s * np.float32(steep if p.height > FISSURE else -steep))
            added *= beyond + (1 - beyond) * kept
        np.maximum(share[near], added, out=share[near])
    else:
        share[near] += added * (1 - share[near])
