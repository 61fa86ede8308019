"""A small child's body around the chest: trunk with short neck, raised arms.

Everything is a depth along the ray, in cm, for every pixel.
"""

from __future__ import annotations

import math

import numpy as np

from .anatomy import Frame
from .lookup import around, before
from .plane import bezier

UNEVEN = 0.018  # standard deviation of the depth of soft tissue, relative: fat and bowel lie in lobes
CELLS = (8, 16, 32, 64)  # of that unevenness, on 48 cm
# Half-widths of chest and neck and of the skin, over that of chest and wall, by lung heights above the apex
LEVELS = np.array([-2.0, -1.35, -1.0, -0.72, -0.5, -0.3, -0.12, 0.0, 0.1, 0.2, 0.3, 0.42, 0.6])
CHEST = np.array([1.05, 1.04, 1.03, 1.02, 1.03, 1.03, 1.00, 0.94, 0.84, 0.68, 0.53, 0.43, 0.41])
SKIN = np.array([1.05, 1.04, 1.03, 1.03, 1.04, 1.04, 0.99, 0.90, 0.76, 0.55, 0.42, 0.38, 0.36])
# How much further out raised arms draw the skin
DRAWN = np.array([0, 0, 0, 0.035, 0.07, 0.12, 0.20, 0.28, 0.32, 0.30, 0.16, 0.04, 0.04])
# Where fat parts the muscles: three control points, upwards, as shares of the half-width of the skin with the arms down
# and lung heights above the apex; relative loss of depth; breadth of the dark side, of the unit
PLANES = (
    (((0.97, -1.05), (0.94, -0.50), (1.02, 0.02)), 0.15, 1.3),  # edge of the latissimus
    (((0.70, -0.66), (0.82, -0.36), (1.00, -0.10)), 0.06, 1.6),  # edge of the pectoral, the armpit's front fold
    (((0.98, 0.04), (0.66, 0.12), (0.78, 0.46)), 0.14, 1.2),  # trapezius
    (((0.62, 0.00), (0.40, 0.14), (0.62, 0.44)), 0.10, 1.2),  # triangle at the side of the neck
)
LINES, LOSS, BREADTH = (np.array(values) for values in zip(*PLANES, strict=True))
DARK = 16 / np.sqrt(27)  # makes the greatest loss of b / (1 + b^2)^2 one
FAR = 4  # beyond it, b is as good as nought
WAY = np.linspace(-1.5, 1.6, 512, dtype=np.float32)  # along an upper arm, of its length
ROUND = np.linspace(-1, 1, 9)
RIM = 0.2  # cm: how gradually the body begins at its outline, where there is more fat than muscle


def trunk(patient, exposure, f: Frame, x, y) -> np.ndarray:
    """Chest, neck, shoulders and upper arms, cm.

    The muscles that leave the chest for the arm (latissimus behind, pectoral in front) are thinner than it and end in
    fat and skin: they close the armpit in a hollow curve.
    """
    rng = np.random.default_rng([exposure.seed, 11])
    a, h, wall = f.apex, f.height, patient.wall
    edge, chest, over = f.width + wall, f.depth + 0.65 * wall, 0.06 * h
    knots, along, heights = a + LEVELS * h, x[len(x) // 2], y[:, y.shape[1] // 2]
    levels = f.dome[0] - 12, f.dome[0], *(a + np.array((-0.5, -0.18, 0.08, 0.3)) * h)
    deep = rounded(heights, levels, (1.2, 1.08, 1, 0.90, 0.68, 0.72), over) * np.float32(2 * chest)
    r = x * (1 / rounded(heights, knots, edge * CHEST, over))
    r *= r
    out = (1 - r * (np.float32(0.5) + np.float32(0.5) * r)) * (deep * deep)
    split = before(along, 0.0)
    for k, columns in ((-1, slice(0, split)), (1, slice(split, None))):
        heights = y[:, min(before(along, 0.9 * k * edge), x.shape[1] - 1)]  # at the outline, as the film may be tilted
        up = math.sin(arm_lift(exposure, k))
        skin = rounded(heights, knots, edge * (SKIN + up * DRAWN + rng.normal(0, 0.018, 13)), over)
        # Half the depth of the muscles beside the chest
        flesh = rounded(heights, a + np.array([-1.1, -0.6, -0.25, 0, 0.3]) * h, (0.28, 0.34, 0.42, 0.42, 0.20), over)
        flesh *= np.float32(2 * chest)
        r = x[:, columns] * (1 / skin)
        r *= r
        r *= np.float32(0.4) + np.float32(0.6) * r
        out[:, columns] = blended(out[:, columns], (1 - r) * (flesh * flesh), 4.0)
    for k in (-1, 1):
        part, arm = upper_arm(patient, exposure, f, x, y, k, rng)
        out[part] = blended(out[part], arm, 10.0)
    np.sqrt(np.maximum(out, 0, out=out), out=out)
    out *= out / (out + np.float32(RIM)) * np.float32(1 + RIM / 10)
    part_muscles(out, f, edge, x, y, rng)
    return out


def rounded(heights: np.ndarray, knots, values, over: float) -> np.ndarray:
    """Straight lines through (knots, values), their corners rounded over `over` (cm): a column of float32, by row."""
    return np.interp(heights[:, None] + over * ROUND, knots, values).mean(1, keepdims=True).astype(np.float32)


def part_muscles(out: np.ndarray, f: Frame, edge: float, x, y, rng: np.random.Generator) -> None:
    """Make the body (cm) thinner, in place, on one side of the edges of its muscles: a sharp step that runs out.

    edge: half-width of chest and wall, cm.
    """
    heights, along = y[:, y.shape[1] // 2], x[len(x) // 2]
    lines = bezier(LINES + rng.normal(0, (0.04, 0.06), (2, len(LINES), 3, 2)), np.linspace(0, 1, 12))
    lines[:, :, 1].sort()
    lines[:, :, 0] *= edge * np.interp(lines[:, :, 1], LEVELS, SKIN)
    lines[:, :, 1] = f.apex + f.height * lines[:, :, 1]
    losses = DARK * LOSS * np.minimum(rng.gamma(2, 0.5, (2, len(LINES))), 1.5)
    scales = 1 / (BREADTH * f.unit)
    for side, sides, deep in zip((-1, 1), lines, losses, strict=True):
        for (wide, high), loss, scale in zip(sides, deep, scales, strict=True):
            rows = slice(before(heights, high[-1]), before(heights, high[0]))
            ends = sorted(before(along, side * at) for at in (wide.min() - 0.5, wide.max() + FAR / scale))
            part = rows, slice(*ends)
            where = (scale * np.interp(heights[rows], high, wide)).astype(np.float32)[:, None]
            b = np.maximum(x[part] * np.float32(side * scale) - where, 0)
            fall = 1 + b * b
            fall *= fall
            b /= fall
            b *= np.interp(heights[rows], high[[0, 4, 8, 11]], [0, loss, loss, 0]).astype(np.float32)[:, None]
            out[part] *= 1 - b


def blended(a: np.ndarray, b: np.ndarray, hollow: float) -> np.ndarray:
    """The larger of two squared depths, negative outside of a body, cm^2; a hollow curve where their outlines meet."""
    gap = a - b
    return np.float32(0.5) * (a + b + np.sqrt(gap * gap + np.float32(hollow * hollow)))


def arm_lift(exposure, side: int) -> float:
    """Direction of one upper arm above the horizontal, radians."""
    return exposure.arms + side * exposure.skew


def shoulder(exposure, f: Frame, side: int) -> np.ndarray:
    """Middle of a shoulder joint, x counted outwards, cm: raising the arm moves it upwards and inwards."""
    up = math.sin(arm_lift(exposure, side))
    return np.array(((0.91 + 0.08 * up) * f.width, f.apex + (0.07 * up - 0.07) * f.height))


def upper_arm(patient, exposure, f: Frame, x, y, side: int, rng) -> tuple[tuple, np.ndarray]:
    """Where an arm lies, and its squared depth there, negative outside: a cone that tapers towards the elbow, cm^2."""
    lift = arm_lift(exposure, side)
    way = math.cos(lift) * side, math.sin(lift)
    length, radius = 22 * f.unit, (4.0 * f.unit + 0.35 * patient.wall) * math.exp(rng.normal(0, 0.08))
    start = shoulder(exposure, f, side) * (side, 1)
    centre = [a + b * length / 2 for a, b in zip(start, way, strict=True)]
    part = around(x, y, centre, *(abs(b) * length / 2 + 3.3 * radius for b in way))
    dx, dy = x[part] - np.float32(start[0]), y[part] - np.float32(start[1])
    across = dx * np.float32(way[1] * side) - dy * np.float32(way[0] * side)  # towards the armpit
    along = dx * np.float32(way[0] / length) + dy * np.float32(way[1] / length)
    up = max(way[1], 0)
    beyond = np.minimum(along - np.float32(0.22), 0)  # its muscles reach the flank, in a curve towards the chest
    beyond *= beyond
    across += np.float32(0.65 * length * up) * beyond
    beyond *= beyond
    beyond *= np.float32(((0.38 - 0.13 * up) * length / radius) ** 4)
    # Half-width by the way from the joint, of the outer and of the inner half
    bulge = 1 + 0.05 * np.sin(WAY * rng.uniform(5, 9) + rng.uniform(0, 6)) - 0.30 * np.clip(WAY, 0, 1)
    # The deltoid swells its upper third, on the outer side, the triceps the middle of the lower one.
    outer = bulge + rng.uniform(0.10, 0.20) / (1 + ((WAY - 0.16) / 0.16) ** 2)
    inner = bulge + rng.uniform(0.03, 0.12) / (1 + ((WAY - 0.45) / 0.20) ** 2)
    along -= np.float32(WAY[0])
    along *= np.float32(1 / (WAY[1] - WAY[0]))
    np.maximum(along, 0, out=along)
    np.minimum(along, WAY.size - 1, out=along)
    along += np.float32(WAY.size) * (across > 0)
    index = along.astype(np.intp)
    across *= across
    across *= (1 / np.square(radius * np.concatenate([outer, inner]))).take(index)
    across += beyond
    return part, np.float32(5.5 * radius * radius) * (1 - across)
