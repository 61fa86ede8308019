"""Vessels: a tree that branches from each hilum."""

from __future__ import annotations

import functools

import numpy as np

from . import pulmonary, twigs
from .anatomy import Frame
from .lookup import ellipse
from .plane import Plane

GENERATIONS = 5
HEIGHT = 19.2  # cm, of average lungs
COARSE = 1.3  # a child's vessels over those of an adult of the same size: fewer generations of them
DRAWN = ((1.0, 2.6), (0.6, 2.4))  # `branches` of an adult and of a child: how widened, how solid
POINTS = 6  # of the curve that a branch follows
# Soft parts of a hilum: centre outwards and above it, half-width, half-height and depth, cm.
CHILD_HILA = ((0.2, 0.4, 1.5, 1.7, 0.5), (0.0, -1.6, 1.5, 2.2, 0.5), (0.4, -6.6, 2.6, 4.6, 0.4))
ADULT_HILA = ((0.3, 0.3, 1.1, 1.4, 0.6), (1.0, -1.8, 0.9, 2.2, 0.5))


def hilum(f: Frame, side: int, child: bool = False) -> tuple[float, float]:
    """Where the vessels enter the lung, cm; the left hilum lies higher, a child's further out: the heart is wide."""
    if child:
        return side * 0.35 * f.width, f.apex - (0.54 if side < 0 else 0.48) * f.height
    return side * 0.27 * f.width, f.apex - (0.52 if side < 0 else 0.47) * f.height


def add_hila(path: np.ndarray, f: Frame, x, y, child: bool) -> None:
    """Add fat, nodes, small vessels at both hila, in children the large vessels, too: cm of soft tissue, soft edges."""
    places = CHILD_HILA if child else ADULT_HILA
    for side in (-1, 1):
        hx, hy = hilum(f, side, child)
        for outwards, lift, wide, tall, deep in places:
            centre = hx + side * outwards * f.unit, hy + lift * f.unit
            part, inside = ellipse(x, y, centre, 2**0.5 * wide * f.unit, 2**0.5 * tall * f.unit)
            inside *= np.float32(deep * f.unit)
            path[part] += inside


@functools.lru_cache(maxsize=2)  # diseases follow the vessels, too
def tree(patient, f: Frame) -> list[np.ndarray]:
    """The vessels of both lungs, by generation, as in `pulmonary.stems`."""
    rng = np.random.default_rng(patient.seed)
    return pulmonary.tree(lambda side: hilum(f, side, patient.child), f.unit, rng, GENERATIONS - patient.child)


def small(patient, plane: Plane, f: Frame) -> np.ndarray:
    """Path through the small vessels of the lungs on every ray, cm."""
    large = COARSE if patient.child else 1.0
    return twigs.path(
        patient, plane, lambda side: hilum(f, side, patient.child), large * f.unit, large * f.height / HEIGHT
    )


def fan(f: Frame, rng, roots: int, thick: float, generations: int = GENERATIONS) -> list:
    """Tubes that fan out from both hila, such as the bronchi of a lobe, by generation.

    Each branch ends in two, thinner by a factor of about 2^(-1/3) each (Murray's law, 1926). Rows as in
    `pulmonary.stems`.
    """
    levels = []
    x, y, angle, radius = [], [], [], []
    for side in (-1, 1):
        hx, hy = hilum(f, side)
        spread = np.linspace(-1.50, 1.25, roots) + rng.normal(0, 0.10, roots)  # more and larger vessels downwards
        x.append(np.full(roots, hx) + rng.normal(0, 0.25, roots) * f.unit)
        y.append(hy - np.linspace(1.6, -1.2, roots) * f.unit)
        angle.append(np.where(side > 0, spread, np.pi - spread))
        radius.append(thick * f.unit * np.interp(spread, [-1.5, 0, 1.3], [1.25, 0.95, 0.75]))
    x, y, angle, radius = (np.concatenate(v) for v in (x, y, angle, radius))
    while True:
        length = f.unit * rng.uniform(1.0, 2.9, x.size)
        bend = rng.normal(0, 0.3, x.size)
        levels.append(np.stack([x, y, 0 * x, angle, 0 * x, bend, length, radius]))
        if len(levels) == generations:
            return levels
        end = angle + bend
        x = (x + length * np.cos(angle + bend / 2)).repeat(2)
        y = (y + length * np.sin(angle + bend / 2)).repeat(2)
        fork = rng.uniform(0.10, 0.75, 2 * end.size)
        fork[1::2] *= -1
        angle = end.repeat(2) + fork
        radius = radius.repeat(2) * rng.uniform(0.58, 0.86, 2 * end.size)


def branches(plane: Plane, levels, widen: float = 1.0, solid: float = 2.0) -> list[tuple]:
    """Pieces for `Plane.splat` of a tree: branches `widen` times as thick, with `solid` radii of path through them."""
    x, y, z, angle, rise, bend, length, radius = np.concatenate(levels, axis=1, dtype=np.float32)[..., None]
    t = np.linspace(0, 1, POINTS, dtype=np.float32)
    turn, flat = angle + bend * t / 2, length * np.cos(rise)
    r = widen * radius * (1 - 0.2 * t)
    ends = np.minimum(np.minimum(t, 1 - t) * length / radius + np.float32(0.35), 1)  # they fade: no cut faces
    curves = x + flat * t * np.cos(turn), y + flat * t * np.sin(turn), z + length * t * np.sin(rise)
    return [plane.tubes(*curves, r, solid * r * ends)]
