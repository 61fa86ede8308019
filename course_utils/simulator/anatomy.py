"""Lungs, heart and diaphragm: how many centimetres of air lie on every ray.

Every organ is a depth along the ray (a chord), in cm, for every pixel. The chest is soft tissue; lungs, trachea and
gas are holes in it; heart, mediastinum and diaphragm take air away from the lungs again. The borders of heart and
mediastinum are one continuous curve on each side, from the neck to the diaphragm.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from . import heart
from .lookup import TABLE, Lookup, columns, curve, lower
from .plane import Plane

DOME = {"PA": 1.2, "AP": 1.9, "AP Supine": 2.4}  # how gradually the domes begin: the sick cannot hold their breath
FUZZ = {"PA": 0.20, "AP": 0.28, "AP Supine": 0.33}  # cm: a beating heart far from the detector has soft borders
BLUNT = 0.7  # cm that the lung is shorter where dome and wall meet: no needle reaches into that angle
ROUND = 0.60  # the chest wall is no clean cylinder: ribs and muscles blur the side of the lung
FOOT, RIM = 2.5, 0.08  # fat and vessels beside the heart: how far they reach, cm; share of the lung that they take
HEART_DEPTH = 4.0  # cm in front of the middle plane (FORBILD thorax phantom)


def chord(r: np.ndarray) -> np.ndarray:
    """Chord of a unit circle at distance r from its centre, over its diameter: sqrt(1 - r^2), 0 outside."""
    out = 1 - r * r
    return np.sqrt(np.maximum(out, 0, out=out))


def ramp(t: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, smooth between."""
    t = np.maximum(t, 0)
    np.minimum(t, 1, out=t)
    out = 3 - 2 * t
    out *= t
    out *= t
    return out


def bell(t: np.ndarray, width: float) -> np.ndarray:
    """1 at 0, falling to 1 / e at `width` on either side; at least exp(-40), as numbers close to 0 are slow."""
    t = t * np.float32(1 / width)
    t *= t
    np.minimum(t, 40, out=t)
    return np.exp(np.negative(t, out=t), out=t)


def larger(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The larger of two depths, both given squared, without a crease where they are equal."""
    return np.sqrt(np.sqrt(a * a + b * b))


@dataclasses.dataclass(frozen=True)
class Frame:
    """Sizes of this patient at this inspiration, cm: what all organs are placed by."""

    width: float
    height: float
    depth: float
    apex: float
    dome: tuple[float, float]  # top of the right and of the left dome
    unit: float  # 1 for an adult of average size


def frame(patient, exposure) -> Frame:
    """Place apex and domes: a deep breath lowers the domes and opens the chest a little."""
    breath = exposure.inspiration - 0.5
    height = patient.lung_height * (1 + 0.22 * breath)
    width = patient.lung_width * (1 + 0.04 * breath)
    apex = 0.5 * patient.lung_height
    right = apex - height
    return Frame(width, height, patient.lung_depth, apex, (right, right - patient.dome), patient.lung_width / 12.7)


@functools.lru_cache(maxsize=2)
def cavity(patient, f: Frame) -> np.ndarray:
    """Half-width of the thoracic cavity at the heights of `TABLE`, cm; read-only."""
    s = np.array([1.45, 1.2, 1.0, 0.8, 0.6, 0.42, 0.28, 0.17, 0.09, 0.04, 0.012, 0.0])
    w = np.array([0.90, 0.965, 0.99, 1.0, 0.975, 0.92, 0.835, 0.73, 0.595, 0.47, 0.35, 0.24])
    w = w + patient.shape * 0.05 * np.clip(0.75 - s, -0.3, 0.5) * (s > 0.05)
    w[:-1] += np.random.default_rng([patient.seed, 5]).normal(0, 0.012, 11)
    table = curve(f.apex - s * f.height, w * f.width)
    table.flags.writeable = False
    return table


def walls(patient, f: Frame) -> dict[int, np.ndarray]:
    """Half-width of the cavity by side at the heights of `TABLE`, cm: ribs dent the lung, no side is like the other."""
    rng = np.random.default_rng([patient.seed, 17])
    table = cavity(patient, f)
    s = (f.apex - TABLE) / f.height
    levels = f.apex - np.linspace(1.3, 0.05, 10) * f.height
    out, below = {}, f.unit * ramp((s - 0.05) / 0.2)
    for side in (-1, 1):
        phase = s * rng.uniform(7, 9) + rng.uniform(0, 1)  # ribs that cross the side of the chest
        deep = np.interp(TABLE, levels, 0.05 * rng.gamma(2, 0.5, 10))
        sway = curve(levels[::3], rng.normal(0, 0.12, 4))
        out[side] = table + below * (sway - deep * np.cos(2 * np.pi * phase))
    return out


def straightened(patient, plane: Plane, f: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Where every ray crosses the middle plane, x and y in cm, straightened along a bowed spine."""
    x, y = plane.coordinates(0.0)
    x -= np.float32(0.4 * patient.scoliosis / f.height**2) * y[:, y.shape[1] // 2, None] ** 2  # the film hardly tilts
    return x, y


def lungs(patient, exposure, plane: Plane, f: Frame, without=frozenset()) -> dict[str, np.ndarray]:
    """Air-filled depth of both lungs on every ray and what shapes it.

    Returns:
        Arrays of the film's shape: `full`, depth of the cavity (cm); `air`, what heart, mediastinum and diaphragm leave
        of it (cm); `side`, -1 right and 1 left lung; `q`, 0 midline to 1 chest wall; `x`, `y`,
        coordinates straightened along the spine (cm). Where there is no lung, `side` is 0 and `q` 2.
    """
    x, y = everywhere = straightened(patient, plane, f)
    wall = walls(patient, f)
    box = lower(y, f.apex), columns(x, max(float(table.max()) for table in wall.values()))
    x, y = x[box], y[box]
    rows = Lookup(y)
    side = np.sign(x)
    (half,) = rows.of_sides([wall], side)
    distance = np.abs(x)
    across = Lookup(distance)
    q = distance / half
    s = (f.apex - TABLE) / f.height
    shallow = np.clip(s / 0.40, 0, 1)  # the apex is
    full = np.maximum(1 - q * q * q, 0)
    full *= np.float32(1 + ROUND) / (np.sqrt(full) + np.float32(ROUND))
    full *= rows.of(2 * f.depth * (1 - 0.30 * ramp((s - 0.5) / 0.5)) * np.sqrt(shallow * (2 - shallow)))
    full *= across.of(0.63 + 0.37 * ramp((TABLE - 1.5 * f.unit) / (5.0 * f.unit)))

    spine = 4.6 * f.unit  # half of what it takes, cm
    part = np.s_[:, columns(x, spine)]
    if "heart" not in without:
        xh, yh = (v[box] for v in plane.coordinates(HEART_DEPTH * f.unit))
        tables = heart.borders(patient, f, exposure.view == "AP Supine")
        reach = max(float(table[k].max()) for table in (tables[0], tables[2]) for k in (-1, 1))
        part = np.s_[:, columns(xh, max(reach + FOOT * f.unit, spine))]
    taken = across.within(part).of(0.9 * np.exp(-((TABLE / (2.2 * f.unit)) ** 2)))  # by the spine
    behind = np.float32(0.91) + np.float32(0.14) * taken
    if "heart" not in without:
        heart_rows = Lookup(yh[part])
        edge, share, aorta, soft = heart_rows.of_sides(tables, side[part])
        inside = edge - side[part] * xh[part]
        foot = np.maximum(1 + inside * np.float32(1 / FOOT / f.unit), 0)
        foot *= np.float32(RIM) * foot
        np.maximum(inside, 0, out=inside)
        soft *= np.float32(FUZZ[exposure.view])
        inside *= inside / (inside + soft)
        inside /= heart_rows(
            [f.apex - f.height, f.apex - 0.55 * f.height, f.apex - 0.3 * f.height, f.apex],
            [5.2 * f.unit, 4.2 * f.unit, 2.6 * f.unit, 2.0 * f.unit],
        )
        organ = chord(1 - np.minimum(inside, 1))
        organ *= share
        np.maximum(organ, np.minimum(foot, np.float32(RIM)), out=organ)
        behind += np.float32(0.10) * ramp((aorta - distance[part]) * np.float32(2.5 / f.unit))  # seen through the heart
        taken += organ - taken * organ  # lung lies behind the ventricles and before the spine: brightest is the middle
    taken *= behind
    air = full.copy()
    air[part] -= full[part] * taken
    domes = [dome_height(patient, f, TABLE, top, k) for k, top in zip((-1, 1), f.dome, strict=True)]
    blunt = np.float32(BLUNT * f.unit)
    part = lower(y, np.max(domes) + blunt)  # rows where the diaphragm shows
    across = across.within(part)
    below = diaphragm(domes, f, side[part], across)
    below -= y[part]
    below += blunt * ramp((q[part] - np.float32(0.82)) * np.float32(5.5))
    np.maximum(below, 0, out=below)
    below *= np.float32(4 * f.depth / f.unit / DOME[exposure.view])
    np.sqrt(below, out=below)
    middle = across.of(2.0 * f.unit * (1 - ramp((TABLE - 5 * f.unit) / (6 * f.unit))))  # little lung lies behind it
    below += middle * below / (below + np.float32(1.5 * f.unit))
    lowest = air[part]
    np.minimum(lowest, full[part] - below, out=lowest)  # the heart lies on the dome: the larger one takes the lung
    np.maximum(air, 0, out=air)
    out = dict(zip("xy", everywhere, strict=True))
    for name, values, beyond in (("full", full, 0), ("air", air, 0), ("side", side, 0), ("q", q, 2)):
        out[name] = np.full(plane.shape, beyond, np.float32)
        out[name][box] = values
    return out


def diaphragm(domes, f: Frame, side: np.ndarray, across: Lookup) -> np.ndarray:
    """Height of the diaphragm on every ray, y in cm, from that of its right and left half at `TABLE` from the midline.

    One half runs into the other. side, across: as in `lungs`; `Lookup` of the distance from the midline.
    """
    right, left = domes
    out = side * across.of((left - right) * (ramp(TABLE / (6 * f.unit) + 0.5) - 0.5))
    out += across.of((left + right) / 2)
    return out


def dome_height(patient, f: Frame, distance, top: float, side: int) -> np.ndarray:
    """Height of the top of one half of the diaphragm, y in cm, by distance from the midline."""
    rng = np.random.default_rng([patient.seed, 6, side + 1])  # from flat to steep, smooth to scalloped
    peak = f.width * ((0.50 if side < 0 else 0.53) + 0.05 * rng.standard_normal())
    steep = float(np.clip(0.20 + 0.05 * rng.standard_normal(), 0.06, 0.32))
    t = (distance - peak) / (f.width - peak)
    fall = steep * t * t * (0.72 + 0.48 * np.tanh(1.5 * t))
    return top - f.height * (fall + 0.005 * rng.standard_normal() * np.sin(rng.uniform(3, 6) * t))
