"""The vessels of the lungs: the large ones of both hila in their places, and how they branch.

On each side the pulmonary artery, a soft hump over the bronchus on the left, descends as the interlobar artery beside
the heart; segmental arteries and the veins of the upper and lower lobe leave or reach the hilum in fixed directions.
"""

from __future__ import annotations

import numpy as np

THINNEST = 0.035  # cm, the radius below which a branch is not followed
# From the hilum, cm: start (outwards, up), direction above the horizontal and bend (degrees), length and radius (cm;
# the right interlobar artery is 13 to 16 mm wide), and whether it branches at its end.
RIGHT = (
    (0.0, 0.6, -50, -34, 3.8, 0.60, True),  # interlobar artery
    (-0.6, 1.0, 62, -12, 2.2, 0.46, True),  # truncus anterior
    (-0.2, -0.4, 52, 6, 3.2, 0.36, True),  # upper lobe vein
    (0.4, 0.7, 24, -14, 2.2, 0.27, True),  # anterior segment
    (1.0, -0.6, 2, -16, 1.8, 0.27, True),  # superior segment of the lower lobe
    (0.9, -1.6, -30, -8, 2.2, 0.28, True),  # middle lobe
    (-0.4, -3.0, -28, -14, 2.6, 0.36, True),  # lower lobe vein
    (0.7, -2.9, -74, 10, 2.2, 0.30, True),  # medial basal segment
)
LEFT = (
    (-1.9, -0.4, 64, -122, 3.9, 0.92, False),  # pulmonary artery over the main bronchus
    (0.9, 0.4, -56, -24, 4.6, 0.66, True),  # interlobar artery
    (-0.2, 1.2, 68, -10, 2.2, 0.40, True),  # apicoposterior segment
    (0.5, 0.9, 30, -12, 2.2, 0.31, True),  # anterior segment
    (0.0, -0.6, 44, 8, 3.0, 0.35, True),  # upper lobe vein
    (1.2, -0.4, 0, -16, 1.8, 0.27, True),  # superior segment of the lower lobe
    (1.3, -1.8, -28, -8, 2.2, 0.31, True),  # lingula
    (0.3, -3.4, -26, -12, 2.8, 0.40, True),  # lower lobe vein
    (1.8, -3.4, -72, 8, 2.2, 0.34, True),  # anterior basal segment
)


def stems(hilum, unit: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The large vessels of both sides, somewhat different in everybody.

    Args:
        hilum: function that gives x and y of the hilum of a side, cm. unit: size of the patient, 1: average.

    Returns:
        Array (8, vessels): x, y, z of the start (cm), direction and rise towards the front (radians), bend (radians),
        length and radius (cm); bool (vessels,): those that branch.
    """
    table = np.array(RIGHT + LEFT)
    side = np.repeat([-1.0, 1.0], [len(RIGHT), len(LEFT)])
    z = rng.standard_normal((6, side.size))
    out, up, angle, bend, length, radius, branches = table.T
    centre = np.array([hilum(k) for k in (-1, 1)])[(side > 0).astype(int)].T
    x = centre[0] + side * (out + 0.22 * z[0]) * unit
    y = centre[1] + (up + 0.25 * z[1]) * unit
    angle = np.radians(angle) + 0.13 * z[2]
    angle, bend = np.where(side > 0, angle, np.pi - angle), side * (np.radians(bend) + 0.08 * z[3])
    length = length * unit * np.exp(0.12 * z[4])
    radius = radius * unit * np.exp(0.08 * z[5] + 0.14 * rng.standard_normal())  # some have large hila
    rise = np.where(branches > 0, 0.45 * rng.standard_normal(side.size), 0)
    return np.stack([x, y, np.zeros_like(x), angle, rise, bend, length, radius]), branches > 0


def tree(hilum, unit: float, rng: np.random.Generator, generations: int) -> list[np.ndarray]:
    """The vessels of both lungs, one array (8, branches) for each generation, as `stems` describes them.

    Each branch ends in two. Their radii a, b and that of the parent r: r^3 = a^3 + b^3; the angle between the branch a
    and the parent's direction: cos = (r^4 + a^4 - b^4) / (2 r^2 a^2). Both make the flow cheapest: Murray, J. Gen.
    Physiol. 9 (1926), 835.
    """
    level, branching = stems(hilum, unit, rng)
    levels = [level]
    level = level[:, branching]
    for _ in range(generations - 1):
        x, y, z, angle, rise, bend, length, radius = level
        flat, turn = length * np.cos(rise), angle + bend / 2
        ends = np.array([x + flat * np.cos(turn), y + flat * np.sin(turn), z + length * np.sin(rise)])
        share = rng.uniform(0.22, 0.78, x.size)
        roll = rng.uniform(0, 2 * np.pi, x.size)  # the plane of the fork
        both = [ends, angle + bend, rise, roll, 0.8 * radius]  # the parent has tapered
        ends, heading, rise, roll, r = (np.concatenate([v, v], axis=-1) for v in both)
        thick, other = (r * np.cbrt(np.concatenate(v)) for v in ((share, 1 - share), (1 - share, share)))
        fork = np.arccos(np.clip((r**4 + thick**4 - other**4) / (2 * r * r * thick * thick), 0.3, 1))
        fork[x.size :] *= -1
        left = ends[0] > 0
        side = np.where(left, 1.0, -1.0)
        outwards = np.arctan2(ends[1] - np.where(left, hilum(1)[1], hilum(-1)[1]), ends[0] - side * unit)
        heading = heading + fork * np.cos(roll)
        heading += 0.22 * ((outwards - heading + np.pi) % (2 * np.pi) - np.pi)
        lift = np.clip(0.75 * rise + fork * np.sin(roll), -1.3, 1.3)
        long = unit * (0.75 + 4.2 * thick / unit) * rng.uniform(0.65, 1.35, r.size)
        level = np.concatenate([ends, [heading, lift, rng.normal(0, 0.28, r.size), long, thick]])
        level = level[:, thick > THINNEST * unit]
        levels.append(level)
    return levels
