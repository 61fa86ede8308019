"""A small child's lungs, heart and diaphragm: how many centimetres of air lie on every ray."""

from __future__ import annotations

import numpy as np

from .anatomy import HEART_DEPTH, Frame, chord, ramp, straightened
from .lookup import TABLE, Lookup, curve
from .plane import Plane


def cavity(patient, f: Frame) -> tuple[list, list]:
    """Half-width of the thoracic cavity from the diaphragm (first) to the apex: knots in y and values, both in cm."""
    s = np.array([1.45, 1.2, 1.0, 0.8, 0.6, 0.42, 0.28, 0.17, 0.09, 0.04, 0.012, 0.0])
    w = np.array([1.04, 1.03, 1.0, 0.975, 0.935, 0.875, 0.80, 0.70, 0.60, 0.50, 0.42, 0.36])
    w = w + patient.shape * 0.14 * np.clip(0.75 - s, -0.3, 0.5) * (s > 0.05)
    return list(f.apex - s * f.height), list(w * f.width)


def mediastinum(patient, f: Frame) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """The two borders of mediastinum and heart, below the diaphragm to the neck: knots in y and x, cm.

    Right: right atrium, superior vena cava, thymus. Left: ventricle, thymus.
    """
    h, u = f.height, f.unit
    wide = 2 * f.width * patient.heart
    turn = patient.heart_turn
    right, left = wide * (0.335 - 0.02 * turn), wide * (0.665 + 0.02 * turn)
    right = max(0.92 * right, 3.7 * u)  # the right atrium stands beside the spine
    thymus = 0.10 + 0.45 * patient.muscle + 0.12 * max(0, 3 - patient.age)
    right_border = [
        (1.2, 0.9 * right),
        (1.03, 0.97 * right),
        (0.82, right),
        (0.62, 0.90 * right),
        (0.46, 0.70 * right + 0.6 * thymus),
        (0.30, 2.4 * u + 0.9 * thymus),
        (0.16, 2.2 * u + 0.5 * thymus),
        (0.07, 2.1 * u),
        (0.025, 2.7 * u),
        (0.0, 3.9 * u),
    ]
    left_border = [
        (1.25, 0.92 * left),
        (1.08, 0.985 * left),
        (0.90, left),
        (0.72, 0.90 * left),
        (0.54, 0.66 * left),
        (0.40, 0.44 * left + thymus),
        (0.26, 3.0 * u + thymus),
        (0.14, 2.7 * u + 0.4 * thymus),
        (0.07, 2.1 * u),
        (0.025, 2.7 * u),
        (0.0, 3.9 * u),
    ]
    borders = {-1: right_border, 1: left_border}
    rng = np.random.default_rng([patient.seed, 4])  # no two hearts are alike: fat, great vessels, thymus
    found = {}
    for side, border in borders.items():
        level, reach = np.transpose(border)
        found[side] = f.apex - level * h, reach * (1 + 0.022 * rng.standard_normal(reach.size))
    return found


def lungs(patient, plane: Plane, f: Frame, without=frozenset()) -> dict[str, np.ndarray]:
    """Air-filled depth of both lungs on every ray and what shapes it: as `anatomy.lungs`."""
    x, y = straightened(patient, plane, f)
    rows = Lookup(y)
    half = rows.smooth(curve(*cavity(patient, f)))
    side = np.copysign(np.float32(1), x)
    distance = np.abs(x)
    across = Lookup(distance)
    q = distance / half
    s = (f.apex - TABLE) / f.height
    shallow = np.clip(s / 0.22, 0, 1)  # the apex is
    full = np.sqrt(np.maximum(1 - q * q, 0))
    full *= np.float32(0.8) + np.float32(0.2) * full  # a small chest is round, shallow at its sides
    shallow = (shallow * (2 - shallow)) ** 0.75
    full *= rows.smooth(2 * f.depth * (1 + 0.10 * ramp((s - 0.4) / 0.6)) * shallow)
    full *= across.of(0.75 + 0.25 * ramp((TABLE - 1.5 * f.unit) / (6.0 * f.unit)))

    right, left = (dome_height(f, TABLE, top, k) for k, top in zip((-1, 1), f.dome, strict=True))
    below = side * across.of((left - right) * (ramp(TABLE / (6 * f.unit) + 0.5) - 0.5))  # one runs into the other
    below += across.of((left + right) / 2)
    below -= y
    sunk = ramp(below * np.float32(1 / (6.0 * f.unit)) + 1)
    np.maximum(below, 0, out=below)
    taken = across.of(1 - ramp((TABLE - 0.9 * f.unit) / (2.6 * f.unit)))  # by the spine
    behind = np.float32(0.61) + np.float32(0.22) * taken
    if "heart" not in without:
        xh, yh = plane.coordinates(HEART_DEPTH * f.unit)
        heart_rows = Lookup(yh)
        borders = mediastinum(patient, f)
        edge = np.where(side < 0, *(heart_rows(*borders[k]) for k in (-1, 1)))
        inside = np.maximum(edge - side * xh, 0)
        inside /= heart_rows(
            [f.apex - f.height, f.apex - 0.55 * f.height, f.apex - 0.3 * f.height, f.apex],
            [6.0 * f.unit, 4.6 * f.unit, 2.6 * f.unit, 2.0 * f.unit],
        )
        taken = np.maximum(taken, chord(1 - np.minimum(inside, 1)))
    behind += (np.float32(0.97) - behind) * sunk  # towards the diaphragm less and less lung lies behind the heart
    taken *= behind
    middle = across.of(1.5 * f.unit * (1 - ramp((TABLE - 3 * f.unit) / (5 * f.unit))))  # little lung lies behind it
    below += middle * below / (below + np.float32(f.unit))
    below *= below / (below + np.float32(0.08))  # a small child breathes fast: the edge moves a little
    below *= np.float32(4 * f.depth / f.unit / 1.25)
    taken *= full
    np.sqrt(below, out=below)
    air = full - np.maximum(taken, below)  # the heart lies on the dome: the lung behind both loses to the larger one
    np.maximum(air, 0, out=air)
    return {"x": x, "y": y, "full": full, "air": air, "side": side, "q": q}


def dome_height(f: Frame, distance, top: float, side: int) -> np.ndarray:
    """Height of the top of one half of the diaphragm, y in cm, by distance from the midline."""
    peak = f.width * (0.46 if side < 0 else 0.52)
    t = (distance - peak) / (f.width - peak)
    return top - f.height * np.where(t > 0, 0.155 * t * t * (1 + 0.5 * t * t), 0.06 * t * t)
