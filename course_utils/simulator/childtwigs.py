"""The small vessels of a child's lungs: short, winding, seen from all sides, crowded around the hilum.

A child's lungs are shallow and its vessels small for the film: they show less as lines than as a mottle of dots, of
short strokes and of rings, densest around the hilum and in the lower zones, down to nothing at the pleura (Caffey's
Pediatric Diagnostic Imaging). Lengths are cm in the maps of `twigs`, which are stretched to the child.
"""

from __future__ import annotations

import numpy as np

VESSELS, FORKS = 1050, 4  # of a map: how many begin, how many times they branch
STEPS = 12  # points on a branch
RINGS, KNOTS = 34, 44  # bronchi seen end-on; thick vessels and nodes of the hilum


def points(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """x, y (cm outwards and above the hilum), radius (cm) and length (cm, along the vessel) of points along them.

    A vessel that runs along the ray is a dot: all of its length lies on few pixels.
    """
    return tuple(np.concatenate(v) for v in zip(branching(rng), knots(rng), rings(rng), strict=True))


def branching(rng: np.random.Generator) -> list[np.ndarray]:
    """Vessels that lead away from the hilum in three dimensions and branch: r^3 = a^3 + b^3 (Murray, 1926)."""
    away = 0.5 + 11.5 * rng.random(VESSELS) ** 0.66
    turn = rng.normal(-0.65, 0.95, VESSELS)  # more of them downwards
    x, y = 0.85 * away * np.cos(turn) - 0.6, 1.15 * away * np.sin(turn)
    angle = np.arctan2(y, x + 1.0) + rng.normal(0, 0.5, VESSELS)
    rise = rng.normal(0, 0.6, VESSELS)
    radius = (0.074 - 0.022 * np.clip(away / 8, 0, 1)) * rng.lognormal(-0.05, 0.32, VESSELS)
    t = np.linspace(0, 1, STEPS, dtype=np.float32)
    found = []
    for _ in range(FORKS):
        n = x.size
        length = rng.uniform(0.3, 1.2, n)
        drawn = [x, y, angle, rise, radius, rng.normal(0, 0.5, n), rng.normal(0, 0.35, n), rng.normal(0, 0.6, n)]
        phase = 6 * rng.random(n)
        drawn = np.stack([*drawn, phase, length / STEPS]).astype(np.float32)[..., None]
        x, y, angle, rise, radius, bend, wave, lift, phase, step = drawn
        heading = angle + bend * t + wave * np.sin(8 * t + phase)
        climb = rise + lift * np.sin(5 * t + phase)
        flat = step * np.cos(climb)
        px, py = x + np.cumsum(flat * np.cos(heading), 1), y + np.cumsum(flat * np.sin(heading), 1)
        thick = radius * (1 - 0.2 * t) * np.minimum(0.4 + 4 * t, 1)
        found.append([v.ravel() for v in (px, py, thick, np.broadcast_to(step, px.shape))])
        share, roll = rng.uniform(0.2, 0.8, n), rng.uniform(0, 2 * np.pi, n)
        ends = (px[:, -1], py[:, -1], heading[:, -1], climb[:, -1])
        x, y, angle, rise = (np.concatenate([v, v]) for v in ends)
        fork = rng.uniform(0.3, 0.9, n)
        fork = np.concatenate([fork * (1 - share), -fork * share])
        angle, rise = angle + fork * np.cos(np.tile(roll, 2)), 0.7 * rise + fork * np.sin(np.tile(roll, 2))
        radius = 0.8 * np.concatenate([radius[:, 0] * np.cbrt(part) for part in (share, 1 - share)])
    return [np.concatenate(v) for v in zip(*found, strict=True)]


def knots(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Thick vessels of the hilum that cross each other and bend out of the plane, and nodes beside them."""
    away, turn = rng.gamma(1.6, 0.8, (KNOTS, 1)), rng.normal(-0.4, 1.2, (KNOTS, 1))
    wide = rng.uniform(0.08, 0.24, (KNOTS, 1)) / (1 + away / 6)
    lean = turn + rng.normal(0, 0.9, (KNOTS, 1))
    t = np.linspace(-1, 1, 9)
    along = rng.uniform(0.2, 3.0, (KNOTS, 1)) * wide * t
    bow = rng.normal(0, 0.6, (KNOTS, 1)) * wide * t * t
    x = away * np.cos(turn) - 0.5 + along * np.cos(lean) - bow * np.sin(lean)
    y = 1.25 * away * np.sin(turn) + along * np.sin(lean) + bow * np.cos(lean)
    return tuple(np.broadcast_to(v, x.shape).ravel() for v in (x, y, 0.8 * wide, 0.11 * wide))


def rings(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Walls of bronchi seen end-on, and the artery, a dot, beside each."""
    away, turn = 0.4 + rng.gamma(1.6, 1.5, RINGS), rng.normal(-0.2, 1.1, RINGS)
    x, y, radius = away * np.cos(turn), 1.2 * away * np.sin(turn), rng.uniform(0.10, 0.20, RINGS) / (1 + away / 8)
    dots = x, y, radius, 0.8 * radius
    *ring, wall = beside(rng, x, y, radius + 0.05, STEPS)
    return tuple(np.concatenate(v) for v in zip(dots, (*ring, 0.04 + 0 * wall, 0.4 * wall), strict=True))


def beside(rng: np.random.Generator, x, y, size, steps: int) -> tuple[np.ndarray, ...]:
    """Circles beside vessels seen end-on, one each: x, y and radius (cm) of so many points on every circle.

    x, y: of the vessels, cm. size: radii of the circles, cm.
    """
    way, t = rng.uniform(0, 2 * np.pi, size.size), np.linspace(0, 2 * np.pi, steps, endpoint=False)
    middle = [at + 1.7 * size * wave(way) for at, wave in ((x, np.cos), (y, np.sin))]
    ring = [(m[:, None] + size[:, None] * wave(t)).ravel() for m, wave in zip(middle, (np.cos, np.sin), strict=True)]
    return *ring, np.repeat(size, steps)
