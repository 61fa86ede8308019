"""The borders of an adult's heart and mediastinum: one smooth curve on each side, from the abdomen to the neck.

On a frontal film each stretch of the border is the side of one convex structure. Right, from above: brachiocephalic
vessels and superior vena cava, azygos vein, ascending aorta, right atrium. Left: subclavian artery, aortic knob,
pulmonary trunk (the aortopulmonary window is the notch between both), auricle and left ventricle. The border is the
envelope of these convex curves, its corners rounded by fat.
"""

from __future__ import annotations

import numpy as np

from .lookup import TABLE

LYING = 1.07  # the heart is wider in a lying patient: more blood returns, the diaphragm stands higher
STEP = 0.2  # cm, between the heights at which the borders are computed
BULK = 0.88  # share of the depth of the chest that the heart takes: lung lies behind it
CORNER = 0.38  # cm, how widely corners between two structures are rounded


def oval(y: np.ndarray, centre: tuple[float, float], wide: float, above: float, below: float = 0.0, power: float = 0.0):
    """How far half an oval around a centre (x, y) reaches at heights y, cm; 0 above and below it.

    wide, above, below: half-axes, cm; `below` is as `above` unless given. power: above its centre the outline falls as
    1 - t ** power instead of as an ellipse, which is the nearly straight upper border of a ventricle.
    """
    t = y - centre[1]
    t = np.minimum(np.abs(t) / np.where(t > 0, above, below or above), 1)
    reach = np.sqrt(1 - t * t)
    if power:
        reach = np.where(y > centre[1], 1 - t**power, reach)
    return np.where(t < 1, centre[0] + wide * reach, 0)


def envelope(*curves, corner: float = CORNER) -> np.ndarray:
    """The outermost of several curves, corners rounded by so many cm."""
    return corner * np.log(sum(np.exp(curve / corner) for curve in curves))


def borders(patient, f, lying: bool = False) -> tuple[dict[int, np.ndarray], ...]:
    """How far heart and mediastinum reach to the right (-1) and to the left (1), and how deep they are there.

    Args:
        patient: an adult `Patient`. f: its `Frame`. lying: the film is taken lying.

    Returns:
        By side and at the heights of `TABLE`: distance of the border from the midline, cm; share of the depth of the
        chest that is taken there; distance of the border of what lies beside the spine, on the left the descending
        aorta, cm; how soft the border is, 1: as usual, more at the hilum, whose vessels cross it.
    """
    rng = np.random.default_rng([patient.seed, 4])  # no two borders are alike
    z = rng.standard_normal(24)
    y = np.arange(f.dome[1] - 12, f.apex + 12, STEP)
    s = (f.apex - y) / f.height
    u, old, turn = f.unit, patient.aorta, patient.heart_turn
    at = lambda level: f.apex - level * f.height  # noqa: E731
    wide = 2 * f.width * patient.heart * (LYING if lying else 1.0)
    right, left = wide * (0.335 - 0.02 * turn), wide * (0.665 + 0.02 * turn)

    vessels = np.interp(s, [0, 0.015, 0.05, 0.11, 0.25, 0.42, 0.55], [3.3, 2.8, 2.5, 2.2, 2.4, 2.5, 0])
    vessels = (vessels + 0.35 * old + 0.25 * z[0]) * u
    azygos = oval(y, (1.9 * u, at(0.33)), 0.7 * u, 0.8 * u)
    ascending = oval(y, (0.6 * u, at(0.42)), (1.5 + 1.7 * old + 0.25 * z[1]) * u, (3.2 + old) * u)
    low = f.dome[0] + (3.6 + 0.5 * z[2]) * u
    atrium = oval(y, (0.45 * right, low), 0.55 * right, max(at(0.44) - low, 4 * u), 6.5 * u, 2.0 + 0.2 * z[1])
    cava = np.where(y < low, 2.5 * u, 0)  # inferior
    edges = {-1: envelope(vessels, azygos, ascending, atrium, cava)}

    artery = np.interp(s, [0, 0.015, 0.05, 0.11, 0.2, 0.3, 0.5, 0.6], [3.3, 2.8, 2.4, 2.0, 1.9, 2.0, 2.1, 0])
    artery = (artery + 0.25 * old + 0.15 * z[3]) * u
    high = at(0.285 - 0.03 * old + 0.012 * z[4])
    radius = (1.68 + 0.48 * old + 0.12 * z[5]) * u
    knob = oval(y, ((1.6 + 0.50 * old) * u, high), radius, 1.15 * radius, 1.5 * radius)
    aorta = np.interp(y, [f.dome[0] - 3, high - 1.5 * u, high], [1.6 * u, (2.3 + 0.8 * old) * u, 0])
    trunk = oval(y, (0.35 * left - 2 * u, at(0.43 + 0.01 * z[6])), (2.2 + 0.2 * z[7]) * u, (3.7 + 0.3 * z[8]) * u)
    low = f.dome[1] + (1.8 + 0.8 * turn + 0.5 * z[9]) * u
    tall = max(at(0.45) - low, 4 * u)
    ventricle = oval(y, (0.35 * left, low), 0.65 * left, tall, (4.6 + 0.5 * z[10]) * u, 1.8 + 0.3 * turn + 0.25 * z[11])
    base = np.where(y < f.dome[1], 0.88 * left, 0)  # the heart rests on the diaphragm: no lung lies below it
    edges[1] = envelope(artery, knob, aorta, trunk, ventricle, base)

    depth = {
        -1: np.interp(s, [0, 0.1, 0.3, 0.42, 0.52], [0.55, 0.44, 0.52 + 0.2 * old, 0.6 + 0.2 * old, BULK]),
        1: np.interp(s, [0, 0.1, 0.2, 0.25, 0.34, 0.38, 0.43, 0.5], [0.5, 0.34, 0.5, 0.85, 0.85, 0.7, 0.75, BULK]),
    }
    for side, k in ((-1, 12), (1, 15)):  # fat makes the edges wavy
        for wave in (1, 2, 3):
            edges[side] += (
                0.09 / wave * u * z[k + wave - 1] * np.sin(2 * np.pi * y / ((7.0 + z[k]) / wave * u) + 9 * z[k])
            )
    for side, low, pad in ((-1, f.dome[0], z[18]), (1, f.dome[1], z[19])):  # fat fills the angle above the diaphragm
        size = (0.22 + 0.25 * (side > 0)) * np.exp(0.7 * pad) * u
        edges[side] += size * np.exp(-np.maximum(y - low, 0) / (1.2 * size + 0.3 * u))
    beside = {
        -1: np.interp(s, [0.36, 0.45, 0.7, 1.0], [1.8 * u, (1.4 + 0.2 * z[20]) * u, 0.9 * u, 0.7 * u]),  # oesophagus
        1: np.interp(s, [0.25, 0.4, 1.0], [(2.3 + 0.9 * old) * u, (2.1 + 0.9 * old) * u, (1.5 + 0.6 * old) * u]),
    }
    for k in (-1, 1):
        beside[k] = beside[k] + 0.12 * u * np.sin(2 * np.pi * y / ((5 + z[21]) * u) + 9 * z[22 + (k > 0)])
    soft = {}
    for k in (-1, 1):
        uneven = rng.normal(0, 0.6, 14).repeat(2)  # by stretches of the border
        soft[k] = np.exp(np.interp(s, np.linspace(0, 1.2, 28), uneven))
        soft[k] *= 1 + (1.0 + 0.5 * k) * np.exp(-(((y - f.dome[k > 0] - u) / (2 * u)) ** 2))  # fat pads
        soft[k] *= 1 + 2.5 * np.exp(-(((s - (0.50 if k < 0 else 0.46)) / 0.07) ** 2))
    return tuple({k: np.interp(TABLE, y, values[k]) for k in (-1, 1)} for values in (edges, depth, beside, soft))
