"""An adult's trachea and main bronchi: air in the middle of the chest, darker than all around it."""

from __future__ import annotations

import numpy as np

from .anatomy import Frame, ramp
from .detector import MU
from .plane import Plane

CARINA = 0.35  # of the lungs' height below the apex: the fifth thoracic vertebra
EMPTY = MU["soft"] / (MU["soft"] - MU["lung"])  # cm of lung that take away as much as a cm of air: it is no lung
FLAT = 0.94  # share of a round tube's path: the back of the trachea is flat


def airways(patient, plane: Plane, f: Frame) -> list[tuple]:
    """Trachea, main bronchi and the first branches of both as pieces for `Plane.splat`: cm of lung of like weight.

    The trachea, some 15 mm wide (Breatnach et al., AJR 142 (1984): men 13 to 25, women 10 to 21), runs down the
    midline until the aortic arch, the more so an unfolded one, pushes it to the right. The right main bronchus is
    short, wide and steep, the left one long and narrow.
    """
    u, old = f.unit, patient.aorta
    rng = np.random.default_rng([patient.seed, 15])
    lean, sway, angle_right, angle_left, wide, clear = rng.standard_normal(6)
    k = plane.samples(f.height)
    t = np.linspace(0, 1, k)
    r = u * (0.72 + 0.07 * wide)
    carina, top = f.apex - CARINA * f.height, f.apex + 0.45 * f.height
    fall = top - carina
    arch = np.exp(-(((t - 0.87) / 0.15) ** 2))  # the aorta pushes it aside
    middle = u * (0.50 * lean * (1 - t) + 0.28 * sway * np.sin(np.pi * t) - (0.15 + 0.5 * old) * t**2 - 0.55 * arch)
    end = middle[-1]
    right, left = 1.05 + 0.10 * angle_right, 0.72 + 0.09 * angle_left  # below the horizontal, radians
    s = 1.5 * r + u * np.array((3.6, 4.6))[:, None] * t  # along the bronchi, which begin within the trachea
    down = carina + 1.3 * r
    x = np.stack([middle, end - s[0] * np.cos(right) + 0.6 * r, end + s[1] * np.cos(left * (0.9 + 0.2 * t)) - 0.6 * r])
    y = np.stack([top - fall * t, down - s[0] * np.sin(right) + r, down - s[1] * np.sin(left * (0.9 + 0.2 * t)) + r])
    waver = 1 + 0.06 * np.sin(9 * t + patient.seed % 7) + 0.04 * np.sin(23 * t + patient.seed % 5)
    radius = np.stack(
        [
            r * waver * np.interp(t, [0, 0.2, 0.7, 0.86, 1], [0.88, 1.02, 0.98, 0.88, 0.86]),
            r * np.interp(t, [0, 0.4, 1], [0.80, 0.78, 0.60]),
            r * np.interp(t, [0, 0.5, 1], [0.70, 0.68, 0.55]),
        ]
    )
    z = np.stack([-0.25 * f.depth * t, *np.full((2, k), -0.25 * f.depth)])
    clear = np.exp(0.15 * clear)  # how much of them shows; little before the vertebrae and behind the heart
    branch = 0.68 * clear * np.sin(np.pi * t**0.7)
    fade = 0.72 * clear * ramp(2.4 * t) * (1 - 0.62 * ramp((t - 0.62) / 0.38))  # aorta and nodes cover its end
    fade = np.stack([fade, branch, branch])
    return [plane.tubes(x, y, z, radius, 2 * FLAT * EMPTY * radius * fade)]
