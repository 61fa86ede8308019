"""A small child's head at the upper edge of the film: chin and face, lower jaw, milk teeth.

Lengths follow from the patient's `Frame`.
"""

from __future__ import annotations

import numpy as np

from .anatomy import Frame
from .lookup import around
from .plane import Plane

# Height above the lower row, length, half-width (of the unit) and density of every tooth
TEETH = np.repeat([(0.0, 1.5, 0.34, 0.7), (1.5, 1.4, 0.36, 1.0), (3.0, 1.1, 0.42, 0.7)], 12, axis=0)
STRANDS = 7  # of the lower jaw


def head_place(exposure, f: Frame) -> tuple[float, float, float, float]:
    """Where the head lies: centre x and y, half-width and half-height of the face, cm."""
    tall = 10.5 * f.unit
    return 2.4 * f.unit * exposure.head, f.apex + exposure.chin + 0.9 * f.unit + tall, 8.6 * f.unit, tall


def head(exposure, f: Frame, x, y) -> np.ndarray:
    """Chin and skull above the short neck, cm of soft tissue."""
    cx, cy, wide, tall = head_place(exposure, f)
    out = np.zeros_like(x)
    part = around(x, y, (cx, cy), wide, tall)
    dx, dy = (x[part] - np.float32(cx)) / np.float32(wide), (y[part] - np.float32(cy)) / np.float32(tall)
    inside = np.maximum(1 - dx * dx - dy * dy, 0)  # the chin's skin is soft, without a line of its own
    # Mouth, tongue and throat lie behind each other: nowhere is the face of even depth.
    uneven = np.sin(np.float32(7) * dy + np.float32(4) * dx * dx + np.float32(9 * exposure.chin))
    uneven += np.sin(np.float32(6) * dx + np.float32(5) * dy + np.float32(9 * exposure.head))
    out[part] = np.float32(22 * f.unit) * (1 + np.float32(0.05) * uneven) * np.sqrt(inside)
    return out


def jaw(exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> list[tuple]:
    """Lower jaw with milk teeth and the buds of the second teeth; some children look aside."""
    u, rng = f.unit, np.random.default_rng(rng.integers(2**32))
    cx, cy, wide, tall = head_place(exposure, f)
    if plane.project(cx, cy - tall, 0.6 * f.depth)[1] < -0.1 * plane.shape[0]:
        return []  # beyond the film
    t = np.radians(np.linspace(-115, 115, plane.samples(38 * u)))
    wave = rng.uniform(0, 6, 3)
    radius = u * (0.85 + 0.60 * np.cos(t) ** 2) * (1 + 0.12 * np.cos(5 * t + wave[1]))
    solid = (
        u
        * np.interp(np.abs(t), [0, 0.9, 1.6, 2.0], [1.25, 1.15, 0.6, 0.2])
        * (1 + 0.25 * np.sin(4 * t + wave[2]) + 0.15 * np.sin(17 * t))
    )
    # Side by side lie strands of unlike density: one tube of this width would show its even rows of pieces.
    aside = np.linspace(-0.88, 0.88, STRANDS)[:, None]
    x = cx + (wide - 1.9 * u + aside * radius) * np.sin(t)
    y = cy - (tall - 2.2 * u + aside * radius) * np.cos(t) + 0.15 * u * np.sin(6 * t + wave[0])
    uneven = 1 + 0.16 * np.sin(rng.uniform(3, 9, (STRANDS, 1)) * t + rng.uniform(0, 6, (STRANDS, 1)))
    shell = 0.40 * np.where(np.abs(aside) > 0.7, 1.10, 0.66) * uneven
    outline = plane.tubes(x, y, 0.6 * f.depth, 0.31 * radius, shell * solid)
    # Lower and upper milk teeth, and the buds of the second ones: no row is whole, no tooth stands as the next.
    n = len(TEETH)
    lift, long, broad, dense = TEETH.T
    angle = np.radians(np.tile(np.linspace(-78, 78, 12), n // 12)) + rng.normal(0, 0.04, n)
    tx = cx + 2.0 * u * exposure.head + 3.4 * u * np.sin(angle) + rng.normal(0, 0.2 * u, n)
    ty = cy - tall + (3.0 + 0.6 * exposure.head**2 + lift + 0.9 * (1 - np.cos(angle))) * u + rng.normal(0, 0.22 * u, n)
    lean = 0.25 * np.sin(angle) * np.where(lift, 1, -1) + rng.normal(0, 0.15, n)
    s = np.linspace(-0.5, 0.5, plane.samples(1.5 * u))
    along = u * long[:, None] * s
    r = u * (broad * rng.uniform(0.7, 1.4, n))[:, None] * ((1 - 0.25 * s) * np.sqrt(1.02 - (1.9 * s) ** 2 * 0.9))
    path = 0.55 * (dense * rng.gamma(4, 0.22, n))[:, None] * r
    x, y = tx[:, None] + lean[:, None] * along, ty[:, None] + along
    # Tongue bone, palate and base of the skull lie behind each other
    fx, fy = rng.normal(0, 2.2 * u, (60, 1)), rng.uniform(2.4, 9.0, (60, 1)) * u
    turn, long = rng.normal(0, 0.7, (60, 1)), rng.uniform(-0.9, 0.9, (60, 1)) * u * np.array((0, 1))
    face = plane.tubes(
        cx + 1.2 * u * exposure.head + fx + long * np.cos(turn),
        cy - tall + fy + long * np.sin(turn),
        0.0,
        rng.uniform(0.2, 0.7, (60, 1)) * u,
        rng.normal(0.10, 0.16, (60, 1)) * u,
    )
    # Trabeculae and sockets: bright and dark streaks along the bone
    at = np.sort(rng.uniform(-1.7, 1.7, 150))
    out = np.interp(at, t, radius) * rng.uniform(-0.8, 0.8, at.size)
    turn = at[:, None] + rng.uniform(0.01, 0.05, (at.size, 1)) * np.array((-1, 1))
    sx, sy = cx + (wide - 1.9 * u + out[:, None]) * np.sin(turn), cy - (tall - 2.2 * u + out[:, None]) * np.cos(turn)
    streaks = plane.tubes(sx, sy, 0.6 * f.depth, 0.11 * u, rng.normal(0, 0.14 * u, (at.size, 1)))
    return [outline, face, streaks, plane.tubes(x, y, 0.5 * f.depth, r, path, hollow=0.6, marrow=0.5)]
