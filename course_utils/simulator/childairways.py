"""A small child's larynx, trachea and main bronchi."""

from __future__ import annotations

import numpy as np

from .anatomy import Frame
from .plane import Plane


def airways(patient, plane: Plane, f: Frame) -> list[tuple]:
    """The airways as pieces for `Plane.splat`, air, cm; the trachea, 6 to 8 mm wide, bends to the right.

    Diameters by age: Griscom and Wohl, AJR 146 (1986). What heart and spine hide is drawn fainter.
    """
    u, h = f.unit, f.height
    rng = np.random.default_rng([patient.seed, 7])
    k = plane.samples(0.85 * h)
    t = np.linspace(0, 1, k)
    r = 0.5 * (0.53 + 0.05 * patient.age)
    top, carina = f.apex + 0.50 * h, f.apex - (0.33 + 0.02 * rng.standard_normal()) * h
    bend = (0.40 + 0.20 * rng.standard_normal()) * u  # to the right
    x0 = -0.35 * u  # of the carina
    right, left = (1 + 0.1 * rng.standard_normal(2)) * u
    x = np.stack([x0 * t - bend * np.sin(np.pi * t**1.3), x0 - 2.9 * right * t**1.05, x0 + 3.6 * left * t])
    y = np.stack(
        [top + (carina + 0.2 * u - top) * t, carina + 0.3 * u - 3.4 * u * t**0.9, carina + 0.3 * u - 2.7 * u * t**0.9]
    )
    radius = np.stack([r * np.interp(t, [0, 0.1, 1], [0.7, 1, 1.05]), r * (0.85 - 0.2 * t), r * (0.78 - 0.2 * t)])
    z = np.stack([0.15 - 0.4 * t, np.full(k, -0.25), np.full(k, -0.25)]) * f.depth
    fade = np.stack([np.interp(t, [0, 0.25, 0.5, 0.75, 1], [0.2, 1.7, 2.6, 2.4, 0.7]), 1.2 * (1 - t), 1.1 * (1 - t)])
    fade *= 0.95 * np.exp(0.2 * rng.standard_normal())
    return [plane.tubes(x, y, z, 1.2 * radius, radius * fade)]  # the wall moves and is soft
