"""The body around the chest cavity: trunk, arms, head, muscle, breasts and the gas below the diaphragm.

Everything is a depth along the ray, in cm, for every pixel.
"""

from __future__ import annotations

import math

import numpy as np

from .anatomy import Frame, ramp
from .plane import TABLE, Lookup, around


def trunk(patient, f: Frame, x, rows: Lookup) -> np.ndarray:
    """Thickness of the body along every ray, cm: trunk, neck, shoulders and arms."""
    edge = f.width + patient.wall
    u, a, h = f.unit, f.apex, f.height
    reach = edge + 5.0
    knots = [
        f.dome[0] - 40,
        f.dome[0] - 12,
        f.dome[0],
        a - 0.55 * h,
        a - 0.38 * h,
        a - 0.2 * h,
        a - 0.06 * h,
        a + 0.03 * h,
        a + 0.11 * h,
        a + 0.17 * h,
        a + 0.24 * h,
        a + 0.32 * h,
        a + 30,
    ]
    half = [
        edge * 1.14,
        edge * 1.10,
        edge * 1.07,
        edge + 1.2,
        edge + 3.0,
        reach + 0.4,
        reach,
        reach - 1.8,
        17.0 * u,
        12.0 * u,
        8.6 * u,
        6.8 * u,
        6.4 * u,
    ]
    half = rows(knots, half)
    # Depth, front to back: the shoulders are thinner than the chest, which lets them come out darker than the heart.
    chest = f.depth + 0.65 * patient.wall
    deep = rows(
        [f.dome[0] - 12, f.dome[0], a - 0.5 * h, a - 0.18 * h, a + 0.08 * h, a + 0.3 * h],
        [1.1 * chest, chest, chest, 0.90 * chest, 0.75 * chest, 6.6 * u],
    )
    r = np.minimum(np.abs(x) / half, 1)
    r *= r
    return 2 * deep * np.sqrt(1 - r * r * np.sqrt(np.sqrt(r)))


def limb(x, y, ends, radius) -> np.ndarray:
    """Chord of a round arm whose axis runs between two points on the film, cm."""
    (x0, y0), (x1, y1) = ends
    dx, dy = x1 - x0, y1 - y0
    t = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0, 1)
    gap = (x - x0 - t * dx) ** 2 + (y - y0 - t * dy) ** 2
    return 2 * np.sqrt(np.maximum(radius * radius - gap, 0))


def arms(patient, exposure, f: Frame, x, y) -> np.ndarray:
    """Chord of both arms, cm, which hang beside the chest."""
    out = np.zeros_like(x)
    for side in (-1, 1):
        lift = exposure.arms + 0.12 * side * exposure.rotation / 5
        start = (side * (f.width + 0.5 * patient.wall + 3.0), f.apex - 4.0)
        length, radius = 26 * f.unit, (3.6 * f.unit + 0.35 * patient.wall)
        end = (start[0] + side * length * math.cos(lift), start[1] + length * math.sin(lift))
        centre = [(a + b) / 2 for a, b in zip(start, end, strict=True)]
        part = around(x, y, centre, *(abs(b - a) / 2 + radius for a, b in zip(start, end, strict=True)))
        np.maximum(out[part], limb(x[part], y[part], (start, end), radius), out=out[part])
    return out


def pectorals(patient, f: Frame, y, rows: Lookup, across: Lookup) -> np.ndarray:
    """Extra soft tissue of the pectoral muscles, cm."""
    # The lower border of the pectoral muscle runs from the armpit down and inwards.
    edge = across.of(f.apex - 0.36 * f.height - (f.width + 1 - TABLE) * 0.35)
    out = ramp((y - edge) * np.float32(1 / 3.0))
    out *= across.of((1.6 * patient.muscle + 0.25) * ramp((TABLE - 0.25 * f.width) / 5))
    out *= rows.of(ramp((f.apex + 1 - TABLE) / 5))
    return out


def breasts(patient, f: Frame, x, y) -> np.ndarray:
    """Extra soft tissue of the breasts, cm: rounded below, fading into the chest wall above."""
    r, out = patient.breast, np.zeros_like(x)
    if not r:
        return out
    part = around(x, y, (0, f.apex - 0.78 * f.height), 3 * f.width, 1.7 * r)
    distance, y = np.abs(x[part]), y[part]
    dx = (distance - 0.62 * f.width) / min(1.05 * r, 0.56 * f.width)
    dy = y - f.apex + 0.78 * f.height
    dy = dy / np.where(dy > 0, np.float32(1.7 * r), np.float32(0.95 * r))
    inside = np.maximum(1 - dx * dx - dy * dy, 0)
    fold = ramp(-1.5 * dy)  # a crease below, a gradual beginning elsewhere
    out[part] = np.float32(0.50 * r) * (inside + fold * (np.sqrt(inside) - inside)) * ramp((distance - 1.0) / 6.0)
    return out


def abdominal_gas(patient, f: Frame, x, y, rng) -> np.ndarray:
    """Gas below the left dome and in the colon, cm."""
    u = f.unit
    out = np.zeros_like(x)
    pockets = []
    if patient.gas > 0.45:  # stomach: a few bubbles that have run together
        cx, cy = 0.5 * f.width, f.dome[1] - (2.2 + 1.2 * rng.random()) * u
        for _ in range(3):
            wide = rng.uniform(1.2, 3.0) * u
            pockets.append(
                (
                    cx + rng.normal(0, 1.6) * u,
                    cy + rng.normal(0, 0.5) * u,
                    wide,
                    wide * rng.uniform(0.35, 0.6),
                    4 * u * patient.gas,
                )
            )
    for _ in range(int(rng.integers(2, 8))):
        wide = rng.uniform(0.5, 1.6) * u
        pockets.append(
            (
                f.width * rng.uniform(-0.4, 0.9),
                f.dome[1] - rng.uniform(3, 11) * u,
                wide,
                wide * rng.uniform(0.5, 1),
                2.5 * u * rng.random() * patient.gas,
            )
        )
    for cx, cy, wide, tall, deep in pockets:
        part = around(x, y, (cx, cy), wide, tall)
        dx, dy = (x[part] - np.float32(cx)) / np.float32(wide), (y[part] - np.float32(cy)) / np.float32(tall)
        np.maximum(out[part], np.float32(deep) * np.sqrt(np.maximum(1 - dx * dx - dy * dy, 0)), out=out[part])
    return out
