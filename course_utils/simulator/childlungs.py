"""A small child's lungs, heart and diaphragm: how many centimetres of air lie on every ray."""

from __future__ import annotations

import functools

import numpy as np

from . import heart
from .anatomy import HEART_DEPTH, Frame, chord, ramp, straightened
from .lookup import TABLE, before, columns, curve, lower
from .plane import Plane

FUZZ = 0.11  # cm: the heart beats twice a second and lies far from the detector
# cm, of an adult's size, below the top of a dome: where the liver fills the chest below the heart.
FRONT = 2.2
CORNER = 0.66  # cm, how widely corners between two structures are rounded: by a child's soft fat


@functools.lru_cache(maxsize=2)
def cavity(patient, f: Frame) -> np.ndarray:
    """Half-width of the thoracic cavity at the heights of `TABLE`, cm; read-only."""
    s = np.array([1.45, 1.2, 1.0, 0.8, 0.6, 0.42, 0.28, 0.17, 0.09, 0.04, 0.012, 0.0])
    w = np.array([1.05, 1.04, 1.015, 0.965, 0.90, 0.825, 0.74, 0.64, 0.53, 0.42, 0.33, 0.26])
    w = w + (patient.shape - 0.2) * 0.12 * np.clip(0.75 - s, -0.3, 0.5) * (s > 0.05)
    table = curve(f.apex - s * f.height, w * f.width)
    table.flags.writeable = False
    return table


def mediastinum(patient, f: Frame) -> tuple[np.ndarray, dict[int, np.ndarray], dict[int, np.ndarray]]:
    """The two borders of mediastinum and heart, from the abdomen to the neck: convex structures, as in `heart.borders`.

    Right, from above: vessels, thymus, right atrium. Left: vessels, thymus, pulmonary trunk, ventricle.
    The thymus is large in the second year of life and seldom seen after the fourth (Caffey's Pediatric Diagnostic
    Imaging).

    Returns:
        Heights, cm; at these, by side, -1 right and 1 left, distance of the border from the midline, cm, and how soft
        it is, 1: as usual.
    """
    h, u = f.height, f.unit
    rng = np.random.default_rng([patient.seed, 4])  # no two hearts are alike: fat, great vessels, thymus
    z = rng.standard_normal(18)
    y = np.arange(f.dome[1] - 12, f.apex + 12, heart.STEP)
    s = (f.apex - y) / h
    at = lambda level: f.apex - level * h  # noqa: E731
    wide, turn = 2 * f.width * patient.heart, patient.heart_turn
    right, left = max(wide * (0.40 - 0.02 * turn + 0.03 * z[0]), 4.8 * u), wide * (0.66 + 0.02 * turn)
    gland = float(np.clip(0.40 + 0.28 * (3 - patient.age) + 0.4 * z[1], 0, 1.3)) + 0.3 * patient.muscle
    lobes = np.minimum(gland * np.exp(0.6 * z[2:4]), 1.7)  # to the right and to the left, over u
    slope = 0.25 * u * ramp((s - 0.05) / 0.4)  # great vessels and thymus widen downwards

    vessels = np.interp(s, [0, 0.02, 0.06, 0.14, 0.3, 0.45, 0.6], [3.3, 2.6, 2.2, 2.2, 2.4, 2.5, 0]) + 0.25 * z[4]
    thymus = heart.oval(y, (0.9 * u, at(0.27 + 0.03 * z[5])), (0.5 + 1.1 * lobes[0]) * u, 0.22 * h, 0.26 * h, 1.7)
    low = 0.73 + 0.02 * z[6]
    atrium = heart.oval(y, (0.35 * right, at(low)), 0.65 * right, (low - 0.36) * h, 0.42 * h, 2.3)
    edges = {-1: rounded(vessels * u + slope, thymus, atrium)}

    vessels = np.interp(s, [0, 0.02, 0.06, 0.14, 0.26, 0.45, 0.6], [3.4, 2.8, 2.5, 2.4, 2.2, 2.1, 0]) + 0.25 * z[7]
    thymus = heart.oval(y, (0.9 * u, at(0.26 + 0.03 * z[8])), (0.6 + 1.2 * lobes[1]) * u, 0.22 * h, 0.28 * h, 1.7)
    trunk = heart.oval(y, (0.15 * left, at(0.42 + 0.01 * z[9])), (0.31 + 0.05 * z[10]) * left, 0.16 * h, 0.24 * h)
    low = max(0.90 + 0.7 * (f.dome[0] - f.dome[1]) / h - 0.05 * turn + 0.03 * z[11], 0.7)  # on the dome
    power = max(1.8 + 0.3 * turn + 0.25 * z[12], 1.35)
    ventricle = heart.oval(y, (0.3 * left, at(low)), 0.7 * left, (low - 0.37) * h, 0.32 * h, power)
    edges[1] = rounded(vessels * u + slope, thymus, trunk, ventricle)
    if patient.age < 4 and abs(z[13]) > 1.5:  # a thymus like a sail, on one side
        sail = np.interp(s - 0.03 * z[5], [0.03, 0.33, 0.45], [2.2, 4.0 + 0.5 * z[8], 1.0]) * u
        side = 1 if z[13] < 0 else -1
        edges[side] = rounded(edges[side], sail)

    soft = {}
    for side, k in ((-1, 14), (1, 16)):
        for wave in (1, 2):  # fat and the lobes of the thymus make the edges wavy
            pace = (1.1 + 0.2 * z[k]) * wave / u
            edges[side] += 0.13 / wave**1.6 * u * z[k + wave - 1] * np.sin(pace * y + 9 * z[k])
        soft[side] = np.exp(np.interp(s, np.linspace(0, 1.2, 28), rng.normal(0, 0.4, 14).repeat(2)))
        soft[side] *= 1 + 2.0 * np.exp(-(((s - 0.48) / 0.07) ** 2))  # the hilum's vessels cross it
    return y, edges, soft


def rounded(*curves) -> np.ndarray:
    """The outermost of several curves, corners rounded, cm."""
    return heart.envelope(*curves, corner=CORNER) - 0.5 * CORNER


class Rows:
    """Looks up functions of the height for all rays of a film, which is tilted little: to first order along a row.

    x, y: where the rays cross a plane, cm.
    """

    STEP = 0.2  # cm, on either side: over it a function is taken as straight

    def __init__(self, x, y):
        self.shape, middle, last = x.shape, before(x[len(x) // 2], 0.0), x.shape[1] - 1
        self.halves = []
        for side, part in ((-1, slice(0, middle)), (1, slice(middle, None))):
            centre = min((middle if side < 0 else middle + last) // 2, last)
            self.halves.append((side, part, y[:, centre], y[0, part] - y[0, centre]))

    def __call__(self, knots, values) -> np.ndarray:
        """Straight lines through (knots, values), knots rising, in cm; by side where `values` is a dictionary."""
        out = np.empty(self.shape, np.float32)
        for side, part, heights, aside in self.halves:
            own = values[side] if isinstance(values, dict) else values
            low, high = (np.interp(heights + step, knots, own)[:, None] for step in (-self.STEP, self.STEP))
            np.multiply(((high - low) / (2 * self.STEP)).astype(np.float32), aside, out=out[:, part])
            out[:, part] += ((high + low) / 2).astype(np.float32)
        return out


def lungs(patient, plane: Plane, f: Frame, without=frozenset()) -> dict[str, np.ndarray]:
    """Air-filled depth of both lungs on every ray and what shapes it: as `anatomy.lungs`."""
    x, y = everywhere = straightened(patient, plane, f)
    wall = cavity(patient, f)
    box = lower(y, f.apex), columns(x, float(wall.max()))
    out = {name: np.zeros(plane.shape, np.float32) for name in ("full", "air", "side", "q")}
    out["q"] += 2  # where there is no lung
    x, y, full, air, side, q = (v[box] for v in (x, y, *out.values()))
    rows = Rows(x, y)
    np.copysign(np.float32(1), x, out=side)
    np.divide(np.abs(x), rows(TABLE, wall), out=q)
    s = np.linspace(-0.1, 2, 200)
    shallow = np.clip(s / 0.46, 0, 1)  # the apex is
    np.subtract(1, q * q, out=full)
    np.sqrt(np.maximum(full, 0, out=full), out=full)
    full *= np.float32(0.8) + np.float32(0.2) * full  # a small chest is round, shallow at its sides
    shallow = (shallow * (2 - shallow)) ** 0.75
    deep = 2 * f.depth * (1 + 0.10 * ramp((s - 0.4) / 0.4) - 0.04 * ramp((s - 0.75) / 0.35)) * shallow
    full *= np.maximum(rows((f.apex - s * f.height)[::-1], deep[::-1]), 0)
    along = x[len(x) // 2]
    beside = ramp((np.abs(along) - 1.5 * f.unit) / (8 * f.unit))  # least lung lies beside the mediastinum
    full *= (0.58 + 0.42 * beside).astype(np.float32)

    spine = 3.5 * f.unit
    part = np.s_[:, columns(x, spine)]
    if "heart" not in without:
        xh, yh = (v[box] for v in plane.coordinates(HEART_DEPTH * f.unit))
        heights, edges, soft = mediastinum(patient, f)
        part = np.s_[:, columns(xh, max(spine, *(float(edges[k].max()) for k in (-1, 1))))]
    aside = np.abs(x[part] - np.float32(0.4 * f.unit))  # the aorta lies on the left of the spine
    taken = ramp((np.float32(spine) - aside) * np.float32(1 / (spine - 0.9 * f.unit)))
    behind = np.float32(0.70) + np.float32(0.20) * taken
    if "heart" not in without:
        xh = xh[part]
        rows = Rows(xh, yh[part])
        inside = rows(heights, edges)
        inside -= np.abs(xh)
        np.maximum(inside, 0, out=inside)
        inside *= inside / (inside + np.float32(FUZZ) * rows(heights, soft))
        deep = np.interp((f.apex - yh[:, yh.shape[1] // 2]) / f.height, [0, 0.3, 0.55, 1], [2.0, 2.6, 4.6, 6.0])
        inside *= (1 / (f.unit * deep[:, None])).astype(np.float32)
        taken = np.maximum(taken, chord(1 - np.minimum(inside, 1)))
    taken *= behind
    air[...] = full
    air[part] -= full[part] * taken
    part = lower(y, max(f.dome))  # rows where the diaphragm shows
    x, step = x[part], 0.2
    aside = x[:, :1] - x[len(x) // 2, 0]  # a film is tilted little: to first order, as in `Rows`
    right, left = (diaphragm(f, x[len(x) // 2] + way) for way in (-step, step))
    below = ((left - right) / (2 * step)).astype(np.float32) * aside
    below -= y[part]
    below += ((left + right) / 2).astype(np.float32)
    np.maximum(below, 0, out=below)
    below *= below / (below + np.float32(0.08))  # a small child breathes fast: the edge moves a little
    below *= np.float32(1 / f.unit)
    # Behind the domes less and less lung lies; near the midline, below the heart, the liver soon fills the chest.
    full_below, lowest = full[part], air[part]
    lung = full_below * (0.26 + 0.45 * ramp((np.abs(along) - 4 * f.unit) / (7 * f.unit))).astype(np.float32)
    lung -= lowest
    lung *= np.minimum(below * np.float32(1 / FRONT), 1)
    lowest += lung
    below *= np.float32(1.2 * f.depth)
    np.sqrt(below, out=below)
    below /= np.maximum(full_below, np.float32(0.1))
    np.subtract(1, below, out=below)
    lowest *= np.maximum(below, 0, out=below)
    return dict(zip("xy", everywhere, strict=True)) | out


def diaphragm(f: Frame, x: np.ndarray) -> np.ndarray:
    """Height of the diaphragm, y in cm, at distances x from the midline, cm: one dome runs into the other."""
    domes = []
    for top, peak in zip(f.dome, (0.48 * f.width, 0.52 * f.width), strict=True):
        t = (np.abs(x) - peak) / (f.width - peak)
        domes.append(top - f.height * np.where(t > 0, 0.155 * t * t * (1 + 0.5 * t * t), 0.08 * t * t))
    right, left = domes
    return right + (left - right) * ramp(x / (6 * f.unit) + 0.5)


def fade(f: Frame, lungs: dict) -> np.ndarray:
    """How much of the vessels shows: a child's are too thin at the pleura, the apex and the diaphragm."""
    away = lungs["q"] + np.abs(lungs["y"][:, :1] - np.float32(f.apex - 0.48 * f.height)) / np.float32(f.height)
    return np.float32(1.5) - np.float32(1.0) * ramp((away - np.float32(0.25)) * np.float32(1.5))
