"""Gas in a small child's stomach and bowel: cm of it on every ray."""

from __future__ import annotations

import math

import numpy as np

from .anatomy import Frame
from .lookup import around, ellipse, enlarged

# Gas and food too fine to be told apart: middle (over the half-width of the chest; u below the left dome), half-width
# (over that of the chest), half-height and depth, u
HAZE = ((0.55, 6.0, 0.75, 7.0, 3.8), (0.2, 11, 0.9, 8.0, 2.2), (-0.35, 14, 0.8, 6.0, 1.2))


def bowel_gas(patient, f: Frame, x, y) -> np.ndarray:
    """Gas in stomach and bowel, cm: crying children swallow air. The liver, on the right, holds none.

    Gas and food in stomach and small bowel make the left side darker than the liver; then a bubble in the stomach,
    under the left dome, which parts it from the lung as a thin wall, and the colon with its haustra.
    """
    u, gas, rng = f.unit, patient.gas, np.random.default_rng(patient.seed + 2)
    top = f.dome[1] - 0.5 * u
    film, first = np.zeros_like(x), int((y[:, [0, -1]].min(1) > top + 4 * u).sum()) // 2 * 2
    below = film[first:]
    if len(below) < 2:
        return film
    x, y = (v[first::2, ::2] + (v[1, 1] - v[0, 0]) / 2 for v in (x, y))  # soft: half the rows do
    out = np.zeros_like(x)
    if gas > 0.3:
        wide, tall = rng.uniform(2.6, 5.0) * u, rng.uniform(1.5, 3.0) * u
        centre = rng.uniform(0.44, 0.60) * f.width, top - tall - rng.uniform(0.3, 1.2) * u
        bubble(out, x, y, centre, (wide, tall), rng.uniform(3.0, 6.0) * u * gas, 2.2, rng)
    for _ in range(int(rng.integers(0, 1 + int(6 * max(gas - 0.3, 0))))):  # loops of the small bowel
        centre = f.width * rng.uniform(-0.35, 0.75), top - rng.uniform(7, 14) * u
        axes = rng.uniform(1.4, 3.0) * u, rng.uniform(0.9, 1.5) * u
        pouch(out, x, y, centre, axes, rng.normal(0, 0.6), rng.uniform(0.8, 2.2) * u * gas, rng)
    if gas > 0.2:  # the colon, from the flexure at the spleen down and towards the middle, pouch by pouch
        n, size, deep = int(rng.integers(3, 8)), rng.uniform(1.1, 1.9) * u, rng.uniform(1.0, 2.5) * u * gas
        place, turn = np.array((0.75 * f.width, top - rng.uniform(3, 6) * u)), rng.uniform(-2.7, -1.7)
        for _ in range(n):
            long, wide, much = np.exp(0.2 * rng.standard_normal(3))
            pouch(out, x, y, place, (long * size, 1.2 * wide * size), turn, deep * much, rng)
            turn = np.clip(turn + rng.normal(-0.15, 0.35), -3.5, -1.5)
            place = place + 1.05 * long * size * np.array((math.cos(turn), math.sin(turn)))
            if place[0] < -0.3 * f.width:
                break
    for across, down, wide, tall, deep in HAZE:
        centre = f.width * (across + 0.1 * rng.standard_normal()), top - down * u
        deep *= (0.6 + 0.3 * gas) * rng.uniform(0.6, 1.2)
        part, inside = ellipse(x, y, centre, wide * f.width, tall * u)
        inside *= inside
        inside *= np.float32(deep * u)
        out[part] += inside
    below[:] = enlarged(out, 2, below.shape)
    return film


def pouch(out, x, y, centre, size, turn: float, deep: float, rng) -> None:
    """Add one pouch of the bowel, in place, cm: a fold stays where it meets the next one.

    size: half-axes along and across the bowel, cm. turn: where that leads, radians.
    """
    part = around(x, y, centre, *(2 * [1.3 * max(size)]))
    along, across = np.float32([math.cos(turn), math.sin(turn)]), np.float32([-math.sin(turn), math.cos(turn)])
    dx, dy = x[part] - np.float32(centre[0]), y[part] - np.float32(centre[1])
    along, across = ((dx * way[0] + dy * way[1]) / np.float32(n) for way, n in zip((along, across), size, strict=True))
    bend, phase = np.float32(rng.uniform(0, 6, 2))
    along += np.float32(0.20) * np.sin(np.float32(2.0) * across + bend)
    across += np.float32(0.17) * np.sin(np.float32(2.3) * along + phase)
    inside = np.maximum(1 - along * along - across * across, 0)
    inside /= inside + np.float32(0.7)
    inside *= np.float32(1.7 * deep)
    np.maximum(out[part], inside, out=out[part])


def bubble(out, x, y, centre, size, deep: float, rough: float, rng) -> None:
    """Add an irregular bubble of gas, in place, cm: folds dent it, less air lies over the food in its lower part.

    size: half-axes, cm. deep: cm. rough: of the folds, radians on a half-axis.
    """
    part = around(x, y, centre, 1.3 * size[0], 1.3 * size[1])
    dx = (x[part] - np.float32(centre[0])) / np.float32(size[0])
    dy = (y[part] - np.float32(centre[1])) / np.float32(size[1])
    folds = np.zeros_like(dx)
    for pace in rough * np.array([0.7, 1.1, 2.0]):
        turn, phase = rng.uniform(0, 2 * np.pi, 2)
        way = np.float32(pace * np.cos(turn)), np.float32(pace * np.sin(turn))
        folds += np.float32(0.30 * (rough / pace) ** 0.5) * np.sin(way[0] * dx + way[1] * dy + np.float32(phase))
    inside = np.maximum(np.float32(0.85) + folds - dx * dx - dy * dy, 0)
    inside *= np.clip(np.float32(0.6) + np.float32(0.5) * dy + np.float32(0.3) * folds, 0.15, 1)
    out[part] += np.float32(deep) * inside / (inside + np.float32(0.4))
