"""The adult shoulder girdle: clavicles, shoulder blades and upper arms, as paths through bone on every ray.

The blade is a thin plate whose lateral border, spine and coracoid are thick; landmarks lie as on an erect PA film:
the clavicle's inner end below the lung apex, its outer end above the humeral head, the blade's tip at the 7th rib.
"""

from __future__ import annotations

import numpy as np

from .anatomy import Frame, chord
from .plane import Plane

BEND = 24  # samples of a blade's outline


def draw(patient, exposure, plane: Plane, f: Frame) -> tuple[list[tuple], np.ndarray]:
    """Pieces for `Plane.splat` of all bones of both sides, and the blades: 1 inside, 0 outside.

    `exposure.spread` turns the blades off the lungs (1) or leaves them on it (0); `exposure.shoulders` lifts both.
    """
    pieces, outlines = [], []
    for side in (-1, 1):
        joint = _joint(exposure, f, side)
        rims, outline = _blade(plane, exposure, f, side, joint)
        pieces += [_clavicle(plane, exposure, f, side, joint), rims, _arm(plane, exposure, f, side, joint)]
        outlines.append(outline)
    return pieces, plane.fill(outlines)


def _joint(exposure, f: Frame, side: int) -> np.ndarray:
    """Middle of the socket, cm; the shoulder turned towards the film's edge lies lower."""
    lift = exposure.shoulders + 0.04 * side * exposure.rotation
    return np.array(((0.66 + 0.20 * exposure.spread) * f.width + 6.4 * f.unit, f.apex + (1.2 * lift - 3.4) * f.unit))


def _spline(points, t) -> np.ndarray:
    """Quadratic Bezier curve through three control points, array (2, samples)."""
    weights = np.stack([(1 - t) ** 2, 2 * t * (1 - t), t**2])
    return np.asarray(points, float).T @ weights


def _clavicle(plane: Plane, exposure, f: Frame, side: int, joint: np.ndarray) -> tuple:
    """An S from the sternum to above the humeral head; turning the patient moves its inner end (through its depth)."""
    u, t = f.unit, np.linspace(0, 1, plane.samples(1.4 * f.width))[None]
    inner = np.array((1.9 * u, f.apex - (3.9 - 0.8 * exposure.shoulders) * u))
    outer = joint + np.array((0.6 * u, 3.2 * u))
    x = inner[0] + (outer[0] - inner[0]) * t
    y = inner[1] + (outer[1] - inner[1]) * t**0.85 + 0.55 * u * np.sin(2 * np.pi * (0.95 * t + 0.02))
    radius = 0.52 * u * np.interp(t, [0, 0.08, 0.3, 0.7, 0.93, 1], [1.5, 1.25, 0.85, 0.9, 1.15, 0.7])
    path = 1.1 * u * np.interp(t, [0, 0.06, 0.25, 0.9, 1], [0.35, 0.7, 1.0, 1.0, 0.5])
    return plane.tubes(side * x, y, f.depth * (0.95 - 0.85 * t**1.5), radius, path, hollow=0.72)


def _blade(plane: Plane, exposure, f: Frame, side: int, joint: np.ndarray) -> tuple[tuple, tuple]:
    """Thick rims of a blade as tubes, and its outline in pixels."""
    u, t = f.unit, np.linspace(0, 1, plane.samples(15 * f.unit))
    at = lambda dx, dy: joint + np.array((dx * u, dy * u))  # noqa: E731
    tip = at(-3.6 + 0.8 * exposure.spread, -10.8)
    corner = at(-6.2, 2.6)
    rims = (
        ((at(-0.7, -1.2), at(-2.2, -4.5), tip), 0.48, 0.50),  # lateral border
        ((corner, at(-6.6, -4.0), tip), 0.20, 0.24),  # medial border
        ((corner, at(-4.0, 3.4), at(-1.9, 1.8)), 0.14, 0.35),  # upper border
        ((at(-6.0, 0.0), at(-2.6, 1.6), at(1.9, 2.9)), 0.40, 0.72),  # spine, ending as acromion
        ((at(-1.4, 1.0), at(-1.6, 2.2), at(-0.6, 2.0)), 0.50, 0.95),  # coracoid
        ((at(-0.35, 1.7), at(-0.75, 0.0), at(-0.35, -1.7)), 0.26, 1.0),  # rim of the socket
    )
    curves = np.stack([_spline(points, t) for points, *_ in rims])
    radius, path = (np.stack([np.full(t.size, rim[k] * u) for rim in rims]) for k in (1, 2))
    x, y, z = side * curves[:, 0], curves[:, 1], np.full(radius.shape, -0.8 * f.depth)
    s = np.linspace(0, 1, BEND)
    outline = [_spline(rims[k][0], s)[:, :: (-1 if k == 0 else 1)] for k in (2, 0, 1)]
    outline = np.concatenate([outline[0], _spline(rims[0][0], s), _spline(rims[1][0], s)[:, ::-1]], axis=1)
    rim_pieces = plane.tubes(x, y, z, radius, path, hollow=0.6)
    return rim_pieces, plane.project(side * outline[0], outline[1], -0.8 * f.depth)


def _arm(plane: Plane, exposure, f: Frame, side: int, joint: np.ndarray) -> tuple:
    """Head and shaft of the humerus; the head is spongy with a thin cortex, the shaft a thick tube."""
    u, k = f.unit, plane.samples(24 * f.unit)
    centre = joint + np.array((1.9 * u, 0.0))
    down = exposure.arms
    along = np.stack([np.linspace(-2.2 * u, 2.0 * u, k), np.linspace(1.2 * u, 20 * u, k)])
    radius = np.stack(
        [
            2.3 * u * chord(np.linspace(-0.98, 0.80, k)),
            u * np.interp(along[1], [1.2 * u, 4.5 * u, 20 * u], [1.75, 1.2, 1.05]),
        ]
    )
    path = radius * np.array([[0.7], [1.2]])
    x, y = centre[0] + np.cos(down) * along, centre[1] + np.sin(down) * along
    return plane.tubes(side * x, y, np.full_like(along, -0.2 * f.depth), radius, path, hollow=0.85)
