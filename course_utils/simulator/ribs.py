"""The ribs: twelve pairs of flat bands from the spine around the chest wall to where cartilage begins.

Each rib lies outside the wall of the thoracic cavity. Seen from the front, its hind part rises a little to the angle,
falls towards the side and turns there, edge-on, into the front part, which is wider, has less mineral and crosses the
hind parts of the ribs below. A child's lie flatter and show more in front. Shapes: Gray's Anatomy (1918), The Ribs;
Kurihara et al., RadioGraphics 19 (1999), "The ribs: anatomic and radiologic considerations".
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from . import anatomy, childlungs
from .anatomy import Frame
from .lookup import TABLE, TABLE_STEP
from .plane import Plane, gradient

ORDER = np.arange(12)
END = np.radians([150, 154, 151, 150, 147, 142, 136, 126, 116, 106, 76, 48])  # 0 at the spine, 180 at the breastbone
FALL = np.array([0.22, 0.28, 0.33, 0.37, 0.40, 0.42, 0.43, 0.43, 0.43, 0.43, 0.43, 0.42])  # over the chest's width
CREST = np.array([0.0, 0.6, 1.0, 1.2, 1.3, 1.3, 1.2, 1.1, 0.9, 0.6, 0.2, -0.3])  # rise from the spine to the angle, cm
WIDEST = np.array([0.50, 0.79, 0.96, 1.05, 1.15, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2])  # over the cavity's half-width
TALL = np.array([0.64, 0.58, 0.54, 0.53, 0.53, 0.53, 0.53, 0.52, 0.51, 0.49, 0.42, 0.35])  # half of a band's, cm
MINERAL = np.array([0.72, 1.05, 1.05, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 0.75, 0.6])
NECK = 1.5  # cm from the midline to where a rib leaves the spine
TOP = 0.05  # the first vertebra's height above the lung apex, in units of `rise`
UNLIKE = np.array([2.0, 1.6, 1.3, *[1.0] * 9])  # how much more the two of an upper pair differ
WHERE = [0, 0.05, 0.12, 0.40, 0.56, 0.68, 0.82, 1.0]  # along a rib; `BROAD` and a cage's `solid` are given there
BROAD = [0.6, 0.8, 1.0, 1.0, 0.95, 1.0, 1.15, 1.1]  # height
TABLES = np.stack([END, CREST, WIDEST, FALL, TALL, MINERAL]).astype(np.float32)
BETWEEN = 2.25  # cm from one rib to the next, where a band is as tall as said above
CARTILAGES = 7  # of the true ribs
COARSE = 5  # of the chest wall's table, one height in so many is enough
THICK = 0.38  # half the thickness of a band, cm: it is seen at the side
OUT = 0.24  # cm, sd of how far a rib lies outside its neighbours: their outlines at the side do not coincide
LIP = 0.028  # cortex of the thin lower border, cm^2: it roofs the groove of the vessels
EDGE = 0.11  # radius of that cortex, cm


class Cage(NamedTuple):
    """In what the ribs of an adult and of a child differ.

    fall: of the hind part, relative. out: cm outside the cavity. uneven: how much one rib differs from the next,
    relative. first: mineral of the first pair, relative, and half-way the second's.
    arch: half-width of the first pair's arch, relative, and half-way the second's; sunk: how much lower it lies, cm.
    ends: where the first pairs end, over `END`: in front much of them is cartilage.
    curve: exponents of a superellipse, depth, width and height: the back is flat up to the angles of the ribs, and the
        less a rib falls at the side, the more its turn stands out from its neighbours'.
    solid: mineral along a rib, where it passes into cartilage little by little. hollow, marrow: see `Plane.tubes`.
    """

    fall: float
    out: float
    uneven: float
    first: float
    arch: float
    sunk: float
    ends: tuple[float, ...]
    curve: tuple[float, float, float]
    solid: tuple[float, ...]
    hollow: float
    marrow: float


ADULT = Cage(
    fall=1.0,
    out=0.38,
    uneven=1.0,
    first=0.7,
    arch=0.85,
    sunk=0.6,
    ends=(1.0, 1.0, 1.0, 1.0),
    curve=(0.80, 0.85, 0.80),
    solid=(0.3, 0.9, 1.1, 1.1, 0.70, 0.50, 0.27, 0.0),
    hollow=0.93,
    marrow=0.09,
)
CHILD = Cage(
    fall=0.6,
    out=0.48,
    uneven=1.0,
    first=0.5,
    arch=1.0,
    sunk=0.0,
    ends=(0.78, 0.88, 0.95, 1.0),
    curve=(0.80, 1.0, 1.0),
    solid=(0.3, 0.8, 1.0, 1.05, 1.0, 0.95, 0.9, 0.0),
    hollow=0.88,
    marrow=0.25,
)


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
    t = np.linspace(0, 1, plane.samples(2.5 * f.width), dtype=np.float32)
    cage, shape = (CHILD, childlungs) if patient.child else (ADULT, anatomy)
    bone = np.hanning(2 * round(2.2 * u / TABLE_STEP / COARSE) + 1)  # it bends less sharply than the lung's apex
    wall = np.convolve(shape.cavity(patient, f)[::COARSE], bone / bone.sum(), "same")
    stature = math.exp(0.08 * rng.standard_normal()) * min(pitch / (BETWEEN * u), 1.1)  # low ones in a low chest
    rib = np.tile(ORDER, 2)
    order, side = rib[:, None].astype(np.float32), np.repeat(np.float32([-1, 1]), 12)[:, None]
    own = rng.normal(0, (0.10, 0.05, 0.04, 0.02, 0), (12, 5))  # where the rib begins, how far it falls, how tall it is,
    own = own[rib] + rng.normal(0, (0.06, 0.04, 0.07, 0.035, 0.17), (24, 5)) * UNLIKE[rib, None]
    own = (cage.uneven * own).astype(np.float32)
    start, fall, tall, reach, weak = own.T[:, :, None]  # where it ends, what mineral it lacks
    end, crest, widest, drop, half_tall, mineral = TABLES[:, rib, None]
    mineral *= np.interp(order, [0, 2], [cage.first, 1])
    widest *= np.interp(order, [0, 2], [cage.arch, 1])
    end *= np.interp(order, range(len(cage.ends) + 1), [*cage.ends, 1])
    sway, swell, waste = (waves(rng, t, end) for _ in range(3))
    low = np.arcsin((NECK * u / (f.width * interp(order, [0, 3], [0.5, 0.9]))) ** (1 / cage.curve[1]))
    phi = low + (end * (1 + np.clip(reach, -0.09, 0.09)) - low) * t
    cos = np.cos(phi)
    back, high = (np.copysign(np.abs(cos) ** p, cos) for p in cage.curve[::2])  # 1: at the spine, -1: in front
    angle = (phi - low) / 0.45
    y = f.apex + (TOP - depth_of(order) + start) * pitch
    y = y - cage.fall * patient.rib_slope * f.width * drop * (1 + fall) * (high[:, :1] - high)
    y = y - cage.sunk * u * np.maximum(1 - order, 0) * np.minimum(2 * t, 1)
    y = y + u * (crest * angle * np.exp(1 - angle) + 0.10 * sway)
    half = least(interp(y, TABLE[::COARSE], wall), f.width * widest)
    half += u * rng.normal(cage.out, OUT * cage.uneven, (24, 1))
    x, z = half * np.sin(phi) ** cage.curve[1], -f.depth * back
    dx, dy, dz = (gradient(v) for v in (x, y, z))
    flat, film, all3 = dx * dx + dz * dz, dx * dx + dy * dy, dx * dx + dy * dy + dz * dz
    seen = dx * dx * all3 / (flat * film + 1e-12)  # 1: the band faces the film, 0: it is seen edge-on
    height = u * stature * half_tall * (1 + tall) * interp(t, WHERE, BROAD) * (1 + 0.09 * swell)
    radius = np.sqrt(height * height * seen + (THICK * u) ** 2 * (1 - np.minimum(seen, 1)))
    solid = interp(t, WHERE, cage.solid)
    fade = solid * mineral * np.exp(-weak) * (1 + 0.15 * waste)
    sideways = bend(patient, f, y, x / half)
    border = 0.9 * height / np.sqrt(flat * all3)  # from the middle of the band to its lower border
    below_x, below_y = side * (x + border * dx * dy) + sideways, y - border * flat
    x = side * x + sideways
    ends = np.stack([x[:, -1], y[:, -1], z[:, -1]]).reshape(3, 2, 12)[..., :CARTILAGES]
    hind = t < 0.7
    lip = [v[:, hind] for v in (below_x, below_y, z, LIP / EDGE * u * fade * solid)]
    return [
        plane.tubes(x, y, z, radius, 0.40 * u * height * fade / radius, hollow=cage.hollow, marrow=cage.marrow),
        plane.tubes(*lip[:3], EDGE * u, lip[3]),
        *cartilage(patient, plane, f, ends),
    ]


def interp(at, knots, values) -> np.ndarray:
    """As `np.interp`, float32."""
    return np.interp(at, knots, values).astype(np.float32)


def least(a, b) -> np.ndarray:
    """The smaller of two lengths, without a kink where they are equal."""
    a, b = a**-4, b**-4
    return (a * a + b * b) ** -0.125


def waves(rng: np.random.Generator, t: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Uneven lines over t (0 to 1), of sd 1, one for each length (radians, (lines, 1)): no rib is ruled."""
    pace, phase = rng.uniform(1, 5, (2, len(length), 1)) * length, rng.uniform(0, 2 * np.pi, (2, len(length), 1))
    return np.sin((pace * t + phase).astype(np.float32)).sum(0)


def bend(patient, f: Frame, y, q) -> np.ndarray:
    """Where a bowed spine takes the ribs, cm sideways: all of its bow at the spine (q = 0), part of it at the wall."""
    return patient.scoliosis * (y / f.height) ** 2 * (1 - 0.6 * np.minimum(np.abs(q), 1))


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
