"""Gas below the diaphragm of an adult: the bubble of the stomach and loops of the colon.

Bubbles are lobes that have run together; folds of mucosa and haustra spoil their outline.
"""

from __future__ import annotations

import numpy as np

from .anatomy import Frame, dome_height, ramp
from .lookup import ellipse


def gas(patient, exposure, f: Frame, x, y) -> np.ndarray:
    """Gas in stomach and colon on every ray, cm.

    Nearly half have a bubble in the stomach, below the dome; gas rises: upright it ends on a level of fluid.
    """
    u, rng = f.unit, np.random.default_rng(patient.seed + 2)
    erect = exposure.view == "PA"
    dome = lambda across: float(dome_height(patient, f, across, f.dome[1], 1))  # noqa: E731
    pockets = []  # centre x, y, half-axes, depth, height of the fluid
    if rng.random() < 0.25 + 0.42 * patient.gas:  # stomach
        wide = rng.uniform(1.2, 4.2) * u
        tall = wide * rng.uniform(0.4, 0.9)
        out_by, deep = rng.uniform(0.34, 0.66) * f.width, rng.uniform(0.8, 2.6) * u
        below = rng.uniform(0.5, 1.2) * u
        fluid = dome(out_by) - below - rng.uniform(1.1, 2.0) * tall
        for k, size in ((0.0, 1.0), (rng.choice((-1, 1)) * rng.uniform(0.5, 0.9), rng.uniform(0.4, 0.8))):
            across = out_by + k * wide
            centre = across, dome(across) - below - size * tall
            pockets.append((*centre, size * wide, size * tall, deep, fluid))
    if rng.random() < 0.25 + 0.40 * patient.gas:  # splenic flexure, beside the stomach
        out_by = f.width * rng.uniform(0.50, 0.72)
        centre = out_by, dome(out_by) - rng.uniform(2.5, 5.5) * u
        pockets += _loop(rng, centre, int(rng.integers(2, 6)), 1.5 * u, (0.7 * u, 1.9 * u), rng.uniform(0.6, 2.2) * u)
    if rng.random() < 0.25 + 0.40 * patient.gas:  # another loop of the colon
        centre = f.width * rng.uniform(-0.6, 0.7), f.dome[1] - rng.uniform(5, 13) * u
        pockets += _loop(rng, centre, int(rng.integers(2, 7)), 1.2 * u, (0.4 * u, 1.5 * u), rng.uniform(0.3, 1.4) * u)
    out = np.zeros_like(x)
    for cx, cy, wide, tall, deep, level in pockets:
        cy = min(cy, f.dome[1] - tall - 0.5 * u)  # below the dome, not in the heart
        cx = min(cx, 0.84 * f.width - wide)
        part, inside = ellipse(x, y, (cx, cy), 1.2 * wide, 1.2 * tall)
        dx, dy = x[part] * np.float32(1 / u), y[part] * np.float32(1 / u)
        waves = np.sin(1.5 * dx + 0.9 * dy + cx) + np.sin(2.3 * dy - 1.1 * dx + cy) + np.sin(3.1 * dx + 0.7 * dy - cy)
        inside = np.maximum(inside - np.float32(0.10) * (3 + waves), 0)  # folds spoil the outline
        bubble = inside * np.float32(2.1 * deep) / (inside + np.float32(1.2))  # the stomach's wall is not seen edge-on
        if erect and level > -np.inf:
            bubble *= ramp((dy - np.float32(level / u)) * np.float32(1.6) + np.float32(0.06) * waves)
        np.maximum(out[part], bubble, out=out[part])
    return out


def _loop(rng, centre, bubbles: int, stride: float, wide: tuple, deep: float) -> list[tuple]:
    """Bubbles in a chain that wanders: centre x, y, half-axes and depth of each, cm, no level of fluid."""
    (x, y), angle, chain = centre, rng.uniform(0, 2 * np.pi), []
    for _ in range(bubbles):
        half = wide[0] + (wide[1] - wide[0]) * rng.beta(1, 1.6)
        chain.append((x, y, half, half * rng.uniform(0.5, 1.0), deep * rng.uniform(0.3, 1.0), -np.inf))
        angle += rng.normal(0, 0.6)
        step = stride * rng.uniform(0.5, 1.4)
        x, y = x + step * np.cos(angle), y + 0.6 * step * np.sin(angle)
    return chain
