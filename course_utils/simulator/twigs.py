"""The small vessels and airways of the lungs, too many to be followed one by one.

They are drawn once, as a few maps of what lies around a hilum; a patient gets a map for each side, stretched to the
lung and turned. A map holds what a radiograph resolves out to the pleura: branching vessels, vessels seen end-on as
dots, and bronchi seen end-on as rings beside them (Felson, Chest Roentgenology, 1973).
"""

from __future__ import annotations

import functools
import math

import numpy as np
from PIL import Image

from . import childtwigs
from .detector import normal, smooth, soften
from .plane import Plane

MAPS = 12  # different ones
CELL = 0.05  # cm, side of a pixel of a map
WIDTHS = (1, 2, 3, 5)  # of film pixels, in cells, for which maps are kept
OUT, UP = (-5.0, 13.0), (-16.0, 14.0)  # cm from the hilum that a map covers: from the midline outwards, upwards
STEMS, LEAVING = 130, 20  # of an adult: how many axes there are, and how many of them leave the hilum
THINNEST = 0.027  # cm, radius at which they end
STEPS = 24  # points on a branch
MOST = 1.3  # cm: vessels that cross do not add up to a white knot
GRAIN = (0.07, 0.035)  # cm, sd, adults and children: lobules and all that is too small to be told apart, of two sizes
# Blur of what is thinner than each of the radii (cm), and of what is thicker, sd in cells.
RADII, BLURS = (0.03, 0.05, 0.08, 0.2, 0.2), (0.6, 0.8, 1.0, 1.3, 2.4, 3.6)
LOBULES = (1.3, 2.4)  # blur of the grain
SOLID = 3.3  # path through a vessel over its radius: others lie before and behind it


def arbors(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Arteries and veins of an adult as a film shows them: axes that taper towards the pleura.

    An axis gives off thin side branches at wide angles and hardly turns itself (monopodial, as in casts of the lung:
    Horsfield, Circ. Res. 42 (1978), 593); what leaves the plane of the film is seen shortened, at last as a dot.
    """
    stem = np.arange(STEMS) < LEAVING  # the others come from before or behind what is drawn
    turn = rng.permutation(np.linspace(-1.6, 1.6, STEMS)) + rng.normal(0, 0.1, STEMS)
    away = np.where(stem, rng.uniform(0.5, 3.0, STEMS), 2 + 8 * np.sqrt(rng.random(STEMS)))
    x, y, angle = away * np.cos(turn) + 0.4, 1.3 * away * np.sin(turn), turn + rng.normal(0, 0.3, STEMS)
    rise = rng.normal(0, 0.5, STEMS)
    radius = np.where(stem, rng.uniform(0.05, 0.13, STEMS), rng.uniform(0.035, 0.06, STEMS))
    t = np.linspace(0, 1, STEPS, dtype=np.float32)
    found = []
    while x.size:
        length = (0.45 + 4.5 * radius) * rng.uniform(0.6, 1.5, x.size)
        bend, share = rng.normal(0, 0.28, x.size), rng.beta(5, 1.5, x.size)  # of the blood: most stays in the axis
        drawn = [x, y, angle, rise, radius, bend, length / STEPS]
        x, y, angle, rise, thick, bend, step = np.stack(drawn).astype(np.float32)[..., None]
        heading, step = angle + bend * t, step * np.abs(np.cos(rise))
        px, py = x + np.cumsum(step * np.cos(heading), 1), y + np.cumsum(step * np.sin(heading), 1)
        along = np.broadcast_to(length[:, None] / STEPS, px.shape)
        found.append([v.ravel() for v in (px, py, thick * (1 - 0.06 * t), along)])
        roll = rng.uniform(0, 2 * np.pi, share.size)
        fork = np.stack([0.25 * (1 - share), rng.uniform(-1.2, -0.6, share.size)])
        x, y = (np.tile(v[:, -1], 2) for v in (px, py))
        angle = (heading[:, -1] + fork * np.cos(roll)).ravel()
        rise = (0.9 * rise[:, 0] + fork * np.sin(roll)).ravel()
        radius = np.tile(radius, 2) * np.cbrt(np.concatenate([share, 1 - share]))  # Murray (1926)
        kept = (radius > THINNEST) & (x > -2) & (np.hypot(x, y) < 17)
        x, y, angle, rise, radius = (v[kept] for v in (x, y, angle, rise, radius))
    return tuple(np.concatenate(v) for v in zip(*found, strict=True))


def end_on(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Vessels seen end-on, and bronchi beside some of them: points as from `arbors`."""
    n, rings = 130, 26
    away, turn = 0.3 + rng.gamma(1.6, 2.6, n), rng.uniform(-1.9, 1.9, n)
    x, y, radius = away * np.cos(turn), 1.2 * away * np.sin(turn), rng.uniform(0.06, 0.17, n) / (1 + away / 8)
    dots = x, y, radius, 0.55 * radius
    away, turn, wide = rng.gamma(2.0, 0.8, (22, 1)), rng.uniform(-1.6, 1.9, (22, 1)), rng.uniform(0.18, 0.5, (22, 1))
    along = rng.uniform(0.2, 2.0, (22, 1)) * wide * np.linspace(-1, 1, 9)  # thick vessels and nodes of the hilum
    lean = turn + rng.normal(0, 0.8, (22, 1))
    lumps = away * np.cos(turn) - 0.4 + along * np.cos(lean), 1.3 * away * np.sin(turn) + along * np.sin(lean)
    lumps = [np.broadcast_to(v, along.shape).ravel() for v in (*lumps, wide, 0.045 * wide)]
    *ring, wall = childtwigs.beside(rng, x[:rings], y[:rings], 1.2 * radius[:rings] + 0.06, STEPS)
    return tuple(np.concatenate(v) for v in zip(dots, lumps, (*ring, 0.035 + 0 * wall, 0.5 * wall), strict=True))


@functools.lru_cache(maxsize=2 * len(WIDTHS) * MAPS)
def vessel_map(number: int, child: bool, wide: int) -> Image.Image:
    """A map: path through small vessels, cm, row 0 uppermost, the midline at the left; means over `wide` pixels.

    What is thickest is drawn and blurred first: the blur of what is thinner adds to it.
    """
    if wide > 1:
        return Image.fromarray(soften(np.asarray(vessel_map(number, child, 1)), 0.29 * wide))
    rng = np.random.default_rng([number, 11])
    parts = [childtwigs.points(rng)] if child else [arbors(rng), end_on(rng)]
    x, y, radius, length = (np.concatenate(v, dtype=np.float32) for v in zip(*parts, strict=True))
    columns, rows = (round((high - low) / CELL) for low, high in (OUT, UP))
    column, row = np.floor((x - OUT[0]) / CELL), np.floor((UP[1] - y) / CELL)
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    place, layer = (row * columns + column).astype(int), np.searchsorted(RADII, radius, side="right")
    points = np.zeros((len(BLURS), rows, columns), np.float32)
    volume = np.float32(SOLID * np.pi / CELL**2) * radius**2 * length
    np.add.at(points.reshape(-1), (layer * (rows * columns) + place)[inside], volume[inside])
    out = np.zeros((rows, columns), np.float32)
    for k, thinner in zip(range(len(BLURS))[::-1], (*BLURS[-2::-1], 0), strict=True):
        out += points[k]
        if BLURS[k] in LOBULES:  # white noise, which a blur makes so much weaker
            out += np.float32(GRAIN[child] * 2 * np.sqrt(np.pi) * BLURS[k]) * normal(rng, out.shape)
        out = blurred(out, np.sqrt(BLURS[k] ** 2 - thinner**2))
    out = np.float32(MOST) * np.tanh(out * np.float32(1 / MOST))
    return Image.fromarray(np.maximum(out, 0))


def blurred(image: np.ndarray, sd: float) -> np.ndarray:
    """Gaussian blur, sd in pixels, by the quickest of the ways that look the same."""
    return smooth(image, sd, coarse=2) if sd > 2 else soften(image, sd)


def path(patient, plane: Plane, hilum, unit: float, tall: float) -> np.ndarray:
    """Path through small vessels on every ray, cm, as if nothing but lung lay there.

    Args:
        hilum: function that gives x and y of the hilum of a side, cm. unit, tall: width and height of the lungs over
            those of the maps.
    """
    rng = np.random.default_rng([patient.seed, 12])
    rows, columns = plane.shape
    scale = float(plane.magnification(0.0))
    film = np.array([[plane.cos, -plane.sin], [-plane.sin, -plane.cos]]) * plane.pitch / scale  # pixels to cm
    corner = np.array([plane.left * plane.cos + plane.top * plane.sin, plane.top * plane.cos - plane.left * plane.sin])
    wide = min(WIDTHS, key=lambda wide: abs(wide - plane.pitch / scale / unit / CELL))
    method = Image.Resampling.NEAREST if wide > 1 else Image.Resampling.BILINEAR  # much faster, on small steps as good
    middle = int(np.clip(np.round(-plane.left / plane.pitch), 0, columns))  # the tilt is small
    out = np.zeros(plane.shape, np.float32)
    for side, first, last in ((-1, 0, middle), (1, middle, columns)):
        number = int(rng.integers(MAPS))
        angle, stretch = rng.normal(0, 0.10), rng.lognormal(0, 0.06, 2) * (unit, tall)
        if first == last:
            continue
        cos, sin, (across, down) = math.cos(angle), math.sin(angle), 1 / (stretch * CELL)
        # From cm to pixels of the map
        lung = np.array([[side * cos * across, side * sin * across], [sin * down, -cos * down]])
        x, y = lung @ (corner / scale + film @ (first, 0) - hilum(side))
        (a, b), (c, d) = lung @ film
        matrix = a, b, x - OUT[0] / CELL, c, d, y + UP[1] / CELL
        seen = vessel_map(number, patient.child, wide)
        out[:, first:last] = seen.transform((last - first, rows), Image.Transform.AFFINE, matrix, method)
    return out
