"""A small child's body around the chest: trunk with short neck, raised arms, gas in stomach and bowel.

Everything is a depth along the ray, in cm, for every pixel.
"""

from __future__ import annotations

import math

import numpy as np

from .anatomy import Frame, larger, ramp
from .lookup import Lookup, around, curve

UNEVEN = 0.018  # standard deviation of the depth of soft tissue, relative: fat and bowel lie in lobes
CELLS = (8, 16, 32, 64)  # of that unevenness, on 48 cm
# How much less fat attenuates than muscle: a tenth (ICRU report 44), raised as the display raises it.
FAT = np.float32(0.16)


def trunk(patient, f: Frame, x, rows: Lookup) -> np.ndarray:
    """Trunk and neck, cm."""
    edge, a, h = f.width + patient.wall, f.apex, f.height
    # Belly, lower ribs, waist, armpits and shoulder blades, shoulders that slope to the short neck in a hollow curve.
    knots = [f.dome[0] - d for d in (9.0, 3.0, -0.5)] + [
        a + d * h for d in (-0.62, -0.38, -0.18, 0.0, 0.10, 0.18, 0.26, 0.36, 0.5)
    ]
    half = edge * np.array([1.03, 1.04, 1.04, 1.03, 1.04, 1.05, 1.02, 0.94, 0.76, 0.58, 0.46, 0.41])
    chest = f.depth + 0.65 * patient.wall
    deep = rows(
        [f.dome[0] - 12, f.dome[0], a - 0.5 * h, a - 0.18 * h, a + 0.08 * h, a + 0.3 * h],
        [1.2 * chest, 1.08 * chest, chest, 0.90 * chest, 0.68 * chest, 0.72 * chest],
    )
    r = np.minimum(np.abs(x) / rows.smooth(curve(knots, half)), 1)
    r *= r
    r = 1 - r * r
    return 2 * deep * np.sqrt(r) * (np.float32(0.95) + np.float32(0.05) * r)  # towards the sides the skin fades out


def arm_lift(exposure, side: int) -> float:
    """Direction of one upper arm above the horizontal, radians."""
    return exposure.arms + side * exposure.skew


def arms(patient, exposure, f: Frame, x, y) -> np.ndarray:
    """Chord of both arms, cm: somebody holds them up beside the head, rarely down; they taper towards the elbow.

    A sleeve of fat, darker than the muscle, fades into it: neither is a clean cylinder.
    """
    out = np.zeros_like(x)
    length, radius = 22 * f.unit, 4.0 * f.unit + 0.5 * patient.wall
    for side in (-1, 1):
        lift = arm_lift(exposure, side)
        way = math.cos(lift) * side, math.sin(lift)
        start = side * 0.80 * f.width, f.apex - 0.06 * f.height
        centre = [a + b * length / 2 for a, b in zip(start, way, strict=True)]
        part = around(x, y, centre, *(abs(b) * length / 2 + radius for b in way))
        dx, dy = x[part] - np.float32(start[0]), y[part] - np.float32(start[1])
        along = dx * np.float32(way[0]) + dy * np.float32(way[1])
        across = dx * np.float32(way[1]) - dy * np.float32(way[0])
        along *= np.float32(1 / length)
        beyond = np.minimum(along, 0)  # round about the shoulder
        beyond *= np.float32(length / radius)
        across /= np.float32(radius) * (1 - np.float32(0.30) * np.clip(along, 0, 1))
        across *= across
        across += beyond * beyond
        whole = np.sqrt(np.maximum(1 - across, 0))
        muscle = np.float32(1 - FAT) + np.float32(FAT) * ramp((np.float32(0.85) - across) * np.float32(1.6))
        np.maximum(out[part], np.float32(2 * radius) * whole * muscle, out=out[part])
    return out


def join(soft: np.ndarray, arms: np.ndarray) -> None:
    """Add to the trunk's depth, in place, that of the arms: the larger of both, without a crease where they meet."""
    part = arms > 0
    soft[part] = larger(soft[part] ** 2, arms[part] ** 2)


def bowel_gas(patient, f: Frame, x, y) -> np.ndarray:
    """Gas in stomach and bowel, cm: crying children swallow air. Food takes the lower part of the stomach."""
    u, gas, rng = f.unit, patient.gas, np.random.default_rng(patient.seed + 2)
    bubbles = []  # centre, half-axes, depth, lean
    if gas > 0.6:  # a blown-up stomach fits the left dome, which parts it from the lung as a thin wall
        wide, tall = rng.uniform(2.6, 5.2) * u, rng.uniform(1.6, 3.2) * u
        cx = rng.uniform(0.36, 0.56) * f.width
        cy = f.dome[1] - tall - rng.uniform(0.35, 1.2) * u
        lean = rng.uniform(-0.2, 0.2)
        bubbles.append((cx, cy, wide, tall, rng.uniform(4.0, 9.0) * u * gas, lean))
        for _ in range(int(rng.integers(0, 3))):  # its body, towards the midline, and the bend of the colon above it
            aside, down = rng.uniform(-1.1, 0.9) * wide, rng.uniform(0.3, 1.1) * tall
            size = rng.uniform(0.4, 0.8)
            bubbles.append((cx + aside, cy - down, size * wide, size * tall, rng.uniform(0.8, 3.0) * u * gas, lean))
    loops = [(rng.uniform(0.15, 0.75), rng.uniform(1.6, 5.0))] if gas > 0.25 else []  # mottled: food among the gas
    loops += [(rng.uniform(-0.55, 0.85), rng.uniform(4, 12)) for _ in range(int(rng.integers(0, 1 + int(4 * gas))))]
    for aside, down in loops:
        cx, cy, turn = f.width * aside, f.dome[1] - down * u, rng.uniform(0, 2 * np.pi)
        deep = rng.uniform(0.5, 2.2) * u * gas
        for _ in range(int(rng.integers(3, 9))):
            wide = rng.uniform(0.35, 1.15) * u
            lean = rng.uniform(-0.5, 0.5)
            bubbles.append((cx, cy, wide, wide * rng.uniform(0.6, 1.1), deep * rng.uniform(0.3, 1.0), lean))
            turn += rng.normal(0, 0.9)
            cx, cy = cx + 1.2 * wide * np.cos(turn), cy + 0.9 * wide * np.sin(turn)
    out = np.zeros_like(x)
    for cx, cy, wide, tall, deep, lean in bubbles:
        part = around(x, y, (cx, cy), 1.1 * wide, 1.1 * (tall + abs(lean) * wide))
        dx = (x[part] - np.float32(cx)) / np.float32(wide)
        dy = (y[part] - np.float32(cy) - np.float32(lean * wide) * dx) / np.float32(tall)
        # Folds and neighbours dent every outline.
        dented = np.float32(0.26) * np.sin(np.float32(2.6) * dx + np.float32(1.9) * dy + np.float32(cx))
        dented += np.float32(0.18) * np.sin(np.float32(4.1) * dy - np.float32(2.2) * dx + np.float32(cy))
        inside = np.maximum(np.float32(0.85) + dented - dx * dx - dy * dy, 0)
        inside *= np.float32(0.75) + np.float32(0.35) * dy  # less air lies over the food
        np.maximum(out[part], np.float32(deep) * np.maximum(inside, 0) ** np.float32(0.75), out=out[part])
    return out
