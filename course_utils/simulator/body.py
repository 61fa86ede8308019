"""The body of an adult around the chest cavity: trunk, arms, muscle and breasts.

Everything is a depth along the ray, in cm, for every pixel.
"""

from __future__ import annotations

import math

import numpy as np

from . import girdle
from .anatomy import Frame, larger, ramp
from .lookup import TABLE, Lookup, around, curve

DEEP = 2.7  # thickness of an arm over half its width: it is deeper than wide
BACK = 0.08  # how much thicker the body is in the middle, where vertebrae and the muscles beside them lie


def trunk(patient, exposure, f: Frame, x, rows: Lookup) -> np.ndarray:
    """Thickness of the body, cm: an oval chest that thins sideways as its lungs do, and the slab of the shoulders."""
    edge = f.width + patient.wall
    u, a, h = f.unit, f.apex, f.height
    reach = edge + 5.0
    chest = f.depth + 0.65 * patient.wall
    levels = [f.dome[0] - 40, f.dome[0] - 12, f.dome[0], a - 0.5 * h, a - 0.15 * h, a + 0.5, a + 4.0]
    rng = np.random.default_rng([patient.seed, 16])  # nobody's sides are straight or mirror each other
    half = np.array([edge * 1.11, edge * 1.09, edge * 1.09, edge + 1.8, edge + 1.2, 0.82 * edge, 0.40 * edge])
    half = rows(levels, half * rng.normal(1.0, 0.025, 7))
    sway = rows(levels, rng.normal(0, 0.6 * u, 7))
    deep = rows(
        [f.dome[0] - 12, f.dome[0], a - 0.5 * h, a - 0.18 * h, a + 1.5, a + 5.0, a + 8.0],
        [1.12 * chest, 1.04 * chest, 1.03 * chest, 0.93 * chest, 0.73 * chest, 0.28 * chest, 0.0],
    )
    aside = np.abs(x - sway)
    r = np.minimum(aside / half, 1)
    r *= r
    oval = deep * deep * (1 - r * r)
    fat = max(patient.wall - 2.5, 0.0)  # pads the shoulders, too
    slope = a + u * (2.2 * exposure.shoulders + 0.1) + 0.3 * fat  # of the trapezius, from neck to shoulder
    high = slope - 2.7
    low = min(a - 0.38 * h, high - 0.5)  # also where low shoulders hang beside short lungs
    levels = [a - 0.8 * h, a - 0.55 * h, low, low + 0.5 * (high - low), low + 0.8 * (high - low)]
    levels += [high, slope - 0.7, slope + 0.8, slope + 2.6, slope + 5.2, slope + 8.5, slope + 12, slope + 17]
    half = rows(
        levels,
        [edge - 0.5, edge + 0.4, edge + 2.0, reach + 0.0, reach + 1.0, reach + 0.6, reach - 1.6]
        + list(u * np.array([14.6, 10.4, 7.2, 6.0, 5.9, 7.4]) * rng.normal(1, 0.03, 6)),  # neck and jaw
    )
    deep = rows(
        [a - 0.8 * h, a - 0.5 * h, a - 0.15 * h, a + 0.5, a + 2.5, a + 5.0, a + 9.0],
        [0.0, 4.2, 6.8 + 0.3 * fat, 6.7 + 0.5 * fat, 6.4 + 0.5 * fat, 7.2 + 0.4 * fat, 8.0 * u],
    )
    r = np.minimum(aside / half, 1)
    r *= r
    r = 1 - r * r
    slab = deep * deep * r * np.sqrt(r)  # it thins out towards its edges, which have no hard rim
    out = 2 * larger(oval, slab)
    out *= Lookup(np.abs(x)).of(1 + BACK * (1 - ramp((TABLE - 0.5 * u) / (6.5 * u))))
    return out


def arms(patient, exposure, f: Frame, x, y, soft: np.ndarray) -> None:
    """Join both arms, which hang beside the chest, to the thickness of the trunk, cm, in place.

    Blunt at the sides, they are thickest where the deltoid muscle covers the humerus, and run into the shoulder.
    """
    u, wall = f.unit, patient.wall
    rng = np.random.default_rng([patient.seed, 19])
    for side in (-1, 1):
        angle = girdle.direction(exposure, side)
        cos, sin = math.cos(angle), math.sin(angle)
        start = girdle.socket(exposure, f, side) + (2.6 * u + 1.2 * u * cos, 1.2 * u * sin)  # near the humeral head
        start[0] *= side
        cos *= side
        far = 40 * u
        along = [0, 5, 11, 18, 26, 33, 40]  # cm: deltoid, biceps and triceps, elbow
        wide = np.array([4.4, 4.9, 4.5, 4.2, 3.9, 3.6, 3.9]) * u * rng.normal(1, 0.03, 7)
        wide += wall * np.array([0.24, 0.28, 0.3, 0.3, 0.28, 0.2, 0.1])
        centre = (start[0] + cos * far / 2, start[1] + sin * far / 2)
        part = around(x, y, centre, abs(cos) * far / 2 + wide.max(), abs(sin) * far / 2 + wide.max())
        if not x[part].size:  # beside the film
            continue
        dx, dy = x[part] - np.float32(start[0]), y[part] - np.float32(start[1])
        t = np.maximum(dx * np.float32(cos) + dy * np.float32(sin), 0)
        gap = (dx - t * np.float32(cos)) ** 2 + (dy - t * np.float32(sin)) ** 2
        r = Lookup(t).of(curve(np.multiply(along, u), wide))
        r *= r
        gap /= r
        chord = np.float32(DEEP * DEEP) * r * np.maximum(1 - gap * gap * gap, 0)  # squared
        soft[part] = larger(soft[part] ** 2, chord)


def pectorals(patient, f: Frame, x, y, rows: Lookup) -> np.ndarray:
    """Extra soft tissue of the pectoral muscles, cm."""
    across = Lookup(np.abs(x))
    # The lower border of the pectoral muscle runs from the armpit down and inwards.
    edge = across.of(f.apex - 0.36 * f.height - (f.width + 1 - TABLE) * 0.35)
    out = ramp((y - edge) * np.float32(1 / 3.0))
    out *= across.of((1.6 * patient.muscle + 0.25) * ramp((TABLE - 0.25 * f.width) / 5))
    out *= rows.of(ramp((f.apex + 1 - TABLE) / 5))
    return out


def breasts(patient, f: Frame, x, y) -> np.ndarray:
    """Extra soft tissue of the breasts, cm: fading into the chest wall above, rounded below; no two are alike.

    Many hang lower than the dome, so that only a haze and a fold cross the lower lungs.
    """
    r, out = patient.breast, np.zeros_like(x)
    if not r:
        return out
    rng = np.random.default_rng([patient.seed, 7])
    sag, firm = rng.uniform(0.56, 0.88), rng.uniform(0.2, 1.0)
    for side in (-1, 1):
        size = r * rng.normal(1.0, 0.06)
        level = f.apex - (sag + rng.normal(0, 0.02)) * f.height
        middle = side * f.width * rng.normal(0.64, 0.03)
        wide = min(1.05 * size, 0.58 * f.width)
        part = around(x, y, (middle, level), wide, 1.8 * size)
        dx, dy = (x[part] - np.float32(middle)) * np.float32(1 / wide), y[part] - np.float32(level)
        dy *= np.float32(1 / size) * np.where(dy > 0, np.float32(0.56), np.float32(1.1))
        dx *= 1 + np.float32(0.22) * dy  # narrower towards the armpit
        inside = np.maximum(1 - dx * dx - dy * dy, 0)
        fold = np.float32(firm) * ramp(-1.5 * dy)  # a faint crease below, a gradual beginning elsewhere
        out[part] += np.float32(0.42 * size) * inside * (inside + fold * (1 - inside))
    return out
