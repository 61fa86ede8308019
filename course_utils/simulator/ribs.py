"""The ribs of an adult: twelve pairs of flat bands from the spine around the chest wall to where cartilage begins.

All ribs lie on one envelope, the wall of the thoracic cavity, so that the edge of the chest is a smooth line. Seen
from the front, the hind part of a rib rises a little, bends at its angle and falls towards the side; the front part
is wider and has less mineral. Shapes: Gray's Anatomy (1918), The Ribs; Kurihara et al., RadioGraphics 19 (1999), "The
ribs: anatomic and radiologic considerations".
"""

from __future__ import annotations

import numpy as np

from .anatomy import Frame, cavity, ramp
from .lookup import TABLE, TABLE_STEP, curve
from .plane import Plane, gradient

ORDER = np.arange(12)
END = np.radians([136, 142, 148, 147, 144, 139, 132, 122, 113, 104, 74, 46])  # 0 at the spine, 180 at the breastbone
FALL = np.array([0.23, 0.33, 0.42, 0.49, 0.54, 0.58, 0.60, 0.60, 0.56, 0.52, 0.50, 0.46])  # over the chest's width
TALL = np.array([0.68, 0.60, 0.55, 0.54, 0.53, 0.52, 0.52, 0.51, 0.50, 0.48, 0.42, 0.34])  # half of a band's, cm
MINERAL = np.array([0.75, 0.85, 0.9, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 0.7, 0.55])
NECK = 2.3  # cm from the midline to where a rib leaves the spine
TOP = -0.2  # the first vertebra's height above the lung apex, in units of `rise`
LATERAL, ANTERIOR = 1.2, 0.3  # mineral at the side and of the front end of a rib, over that of its angle
CARTILAGES = 7  # of the true ribs
TURN = 0.45  # mineral where a rib runs along the wall, relative: else the wall would be one bright line
EDGE = 0.18  # half the thickness of a band, cm


def rise(patient) -> float:
    """Distance from one vertebra to the next in the middle of the chest, cm: it follows the size of the skeleton."""
    return 0.113 * float(np.sqrt(patient.lung_height * 1.47 * patient.lung_width))


def depth_of(order) -> np.ndarray:
    """How far a vertebra (0: the first thoracic) lies below the first, in units of `rise`: each is taller."""
    return order * (0.86 + 0.013 * order)


def order_at(depth) -> np.ndarray:
    """The vertebra at a depth: the inverse of `depth_of`."""
    return (np.sqrt(np.maximum(0.7396 + 0.052 * depth, 0.01)) - 0.86) / 0.026


def draw(patient, plane: Plane, f: Frame, rng: np.random.Generator) -> list[tuple]:
    """Pieces for `Plane.splat` of all ribs and of what has calcified of their cartilage."""
    u, pitch = f.unit, rise(patient)
    k = plane.samples(2.5 * f.width)
    t = np.linspace(0, 1, k)
    smooth = np.hanning(2 * int(2.2 * u / TABLE_STEP) + 1)  # bone bends less sharply than the lung's apex
    wall = np.convolve(curve(*cavity(patient, f)), smooth / smooth.sum(), "same")
    own = rng.normal(0, (0.10, 0.05, 0.04), (12, 3))  # where the rib begins, how far it falls, how tall it is
    stature = np.exp(0.08 * rng.standard_normal())
    sides = []
    for side in (-1, 1):
        start, fall, tall = (own + rng.normal(0, (0.06, 0.04, 0.05), (12, 3))).T[:, :, None]
        first = NECK * u / (f.width * np.interp(ORDER, [0, 3], [0.55, 0.9]))
        low = np.arcsin(first) * 0.9
        phi = low[:, None] + (END * (1 + 0.03 * fall[:, 0]) - low)[:, None] * t
        sin, cos = np.sin(phi), np.cos(phi)
        drop = (patient.rib_slope * 2 * f.width * FALL)[:, None] * (1 + fall)
        y = f.apex + (TOP - depth_of(ORDER)[:, None] + start) * pitch
        y = y - drop * ((1 - cos) / 2 - (1 - cos[:, :1]) / 2) + 0.30 * u * np.sin(phi * 1.5)
        half = np.interp(y, TABLE, wall) + 0.25 * u
        x, z = half * sin**0.95, -0.98 * f.depth * cos
        dx, dy, dz = (gradient(v) for v in (x, y, z))
        flat, film, all3 = dx * dx + dz * dz, dx * dx + dy * dy, dx * dx + dy * dy + dz * dz
        seen = np.abs(dx) * np.sqrt(all3 / (flat * film + 1e-12))  # 1: the band faces the film, 0: it is seen edge-on
        height = u * stature * TALL[:, None] * (1 + tall) * (1 + 0.05 * np.sin(7 * t + ORDER[:, None]))
        height = height * np.interp(t, [0, 0.07, 0.2, 0.6, 0.92, 1], [0.70, 0.95, 1.0, 0.90, 1.18, 1.0])
        radius = np.sqrt((height * seen) ** 2 + (EDGE * u) ** 2)
        room = (half - np.abs(x) + EDGE * u) / (np.abs(dy) / np.sqrt(film + 1e-12) + 0.05)  # no band leaves the wall
        radius = np.minimum(radius, room)
        fade = np.interp(
            t, [0, 0.05, 0.15, 0.40, 0.65, 0.93, 1.0], [0.45, 0.8, 1.0, LATERAL, ANTERIOR + 0.1, ANTERIOR, 0.0]
        )
        sunk = np.interp(y, [f.dome[0] - 3 * u, f.dome[0] + u], [0.7, 1.0])
        fade = fade * (TURN + (1 - TURN) * ramp((half - np.abs(x)) / (1.3 * u)))
        area = 0.36 * u * height * fade * sunk * MINERAL[:, None]
        sides.append((side * x, y, z, radius, area / radius))
    x, y, z, radius, path = (np.concatenate(v) for v in zip(*sides, strict=True))
    ends = np.stack([x[:, -1], y[:, -1], z[:, -1]]).reshape(3, 2, 12)[..., :CARTILAGES]
    return [plane.tubes(x, y, z, radius, path, hollow=0.86, marrow=0.35), *cartilage(patient, plane, f, ends)]


def cartilage(patient, plane: Plane, f: Frame, ends: np.ndarray) -> list[tuple]:
    """Chalk in the cartilage between the front ends of the ribs (x, y, z by side and rib, cm) and the breastbone.

    It comes with age and first at the first rib (King, British J. Radiology 12, 1939); in many it never shows.
    """
    rng = np.random.default_rng([patient.seed, 10])
    amount = float(np.clip((patient.age - 40) / 40, 0, 1)) * rng.gamma(0.8, 0.7)
    if amount < 0.1:
        return []
    u, specks = f.unit, 9
    along = rng.uniform(0, 0.75, (2, CARTILAGES, specks)) ** 1.4  # 0 at the rib, 1 at the breastbone
    inner = np.sign(ends[0]) * 2.2 * u, ends[1] + u * np.linspace(-1.2, 3.0, CARTILAGES), ends[2]
    x, y, z = (a[..., None] + (b - a)[..., None] * along for a, b in zip(ends, inner, strict=True))
    y = y + 0.45 * u * rng.choice((-1, 0, 1), along.shape, p=(0.4, 0.2, 0.4))  # at the borders rather than in between
    length = u * rng.uniform(0.05, 0.35, along.shape)
    first = np.where(np.arange(CARTILAGES) == 0, 1.5, 1.0)[:, None]
    solid = u * np.minimum(amount, 1.2) * first * rng.gamma(1.0, 0.09, along.shape)
    ends = [np.stack([v - w, v + w], -1).reshape(-1, 2) for v, w in ((x, length), (y, 0.4 * length), (z, 0))]
    radius, path = (np.repeat(v.reshape(-1, 1), 2, 1) for v in (u * rng.uniform(0.08, 0.2, along.shape), solid))
    return [plane.tubes(*ends, radius, path)]
