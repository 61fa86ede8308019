"""Bones: path length through mineral on every ray, in cm of cortical bone.

Ribs are hollow tubes along curves in the patient; vertebrae are rounded boxes with denser end plates, pedicles and a
spinous process. The adult shoulder girdle is in `girdle`, the bones of children in `childbones`.
"""

from __future__ import annotations

import numpy as np

from . import childbones, girdle
from .anatomy import Frame, cavity, ramp
from .lookup import TABLE_REACH, TABLE_STEP, curve
from .plane import Plane


def ribs(patient, plane: Plane, f: Frame, rng: np.random.Generator) -> tuple:
    """Twelve pairs of ribs: from the spine around the chest wall to where cartilage begins."""
    u = f.unit
    table = curve(*cavity(patient, f))
    n = 12
    order = np.arange(n)
    pitch_y = f.height * 0.116
    start = f.apex + 0.055 * f.height - order * pitch_y * (1 + 0.012 * (order - 4))
    steep = [0.24, 0.36, 0.46, 0.54, 0.62, 0.68, 0.62]
    drop = patient.rib_slope * f.height * np.interp(order, [0, 1, 2, 3, 5, 8, 10], steep)
    angle_end = np.radians(np.interp(order, [0, 2, 5, 7, 9, 10], [118, 140, 146, 134, 112, 95]))
    turn = np.radians(5)
    longest = 2.6 * f.width
    k = plane.samples(longest)
    t = np.linspace(0, 1, k)
    x, y, z, radius, path = [], [], [], [], []
    for side in (-1, 1):
        wobble = rng.normal(0, 0.10 * u, n)
        phi = turn + (angle_end[:, None] - turn) * t
        fall = ((1 - np.cos(phi)) / 2) ** np.interp(order, [0, 2], [0.7, 0.95])[:, None]
        yy = (
            (start + wobble)[:, None]
            - drop[:, None] * fall
            + 0.016 * f.height * np.sin(phi * 1.6) * (order[:, None] < 6)
        )
        level = np.clip(((start - 0.42 * drop)[:, None] + TABLE_REACH) / TABLE_STEP, 0, len(table) - 1).astype(int)
        half = np.maximum(table[level] + 0.35 * u, 0.30 * f.width + order[:, None] * 0.06 * f.width)
        x.append(side * (half * np.sin(phi) ** 0.92))
        y.append(yy)
        z.append(-0.98 * f.depth * np.cos(phi))
        # A rib is a flat band: tall where it runs across the film, thin where the chest wall is seen edge-on.
        dx, dy = (np.gradient(v, axis=1) for v in (x[-1], y[-1]))
        across = np.abs(dx) / np.sqrt(dx * dx + dy * dy + 1e-9)
        tall = 0.54 * u * np.interp(order, [0, 3, 10], [0.95, 1.0, 0.85])[:, None]
        tall = tall * (1 + 0.08 * np.sin(9 * t + order[:, None])) * np.interp(t, [0, 0.06, 0.9, 1], [0.75, 1, 1, 1.15])
        thin = 0.4 * tall
        radius.append(thin + (tall - thin) * across)
        fade = np.interp(
            t,
            [0, 0.45, 0.6, 0.82, 1.0],
            [1.0, 0.95, 0.70, 0.50, 0.06],
        )
        area = 0.33 * u * tall * fade
        path.append(area / radius[-1] * np.interp(order, [0, 1, 2, 8, 10], [0.55, 0.8, 1, 1, 0.7])[:, None])
    args = [np.concatenate(v) for v in (x, y, z, radius, path)]
    return plane.tubes(*args, hollow=0.86)


def spine(patient, plane: Plane, f: Frame) -> np.ndarray:
    """Vertebral bodies with end plates, pedicles and spinous processes."""
    x, y = plane.coordinates(-0.72 * f.depth)
    u = f.unit
    x = x - np.float32(patient.scoliosis) * (y / np.float32(f.height)) ** 2
    near = np.abs(x) < 3.6 * u
    columns = np.flatnonzero(near.any(0))
    out = np.zeros_like(x)
    if not columns.size:
        return out
    part = slice(columns[0], columns[-1] + 1)
    x, y = x[:, part], y[:, part]
    level = (np.float32(f.apex + 0.06 * f.height) - y) / np.float32(0.116 * f.height)
    level = level * (1 - 0.006 * level)
    v = level - np.floor(level) - np.float32(0.5)  # -0.5 to 0.5 within one vertebra and its disc
    half = np.float32(u) * (1.35 + 0.055 * np.clip(level, -4, 14))
    half = half * (1 + 0.4 * (v * v))
    across = np.abs(x) / half
    body = ramp((1.12 - across) * 3.5) * (0.75 + 0.25 * ramp(across * 1.6 - 0.6))
    gap = 0.42
    plate = ramp((gap + 0.05 - np.abs(v)) * 12)
    rim = np.exp(-(((np.abs(v) - gap + 0.03) / 0.05) ** 2))
    mineral = body * (0.42 + 0.18 * plate + 0.30 * rim)
    dx, dv = (np.abs(x) - 0.70 * half) / (0.26 * u), (v + 0.16) / 0.17
    ring = np.sqrt(dx * dx + dv * dv)
    knob = 0.36
    mineral += knob * np.exp(-(((ring - 0.8) / 0.4) ** 2))
    sx, sv = x / (0.24 * u), (v - 0.12) / 0.2
    mineral += (knob + 0.03) * np.exp(-((np.sqrt(sx * sx + sv * sv) - 0.6) ** 2) / 0.2)
    reach = 1.0 - ramp((across - 1.0) / 0.8)
    mineral += 0.22 * reach * np.exp(-(((v + 0.2) / 0.13) ** 2)) * (across > 0.8)
    out[:, part] = mineral * np.float32(0.40 * u)
    return out


def bones(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> np.ndarray:
    """Cortical bone on every ray, cm, weighted so that each bone is as visible as on a processed film."""
    if patient.child:
        return childbones.bones(patient, exposure, plane, f, rng)
    pieces, blades = girdle.draw(patient, exposure, plane, f)
    total = plane.splat(ribs(patient, plane, f, rng))
    most = np.float32(0.9 * f.unit)  # the edge of the chest would outshine everything else
    total = most * np.tanh(total / most) + plane.splat(*pieces) + np.float32(0.30 * f.unit) * blades
    total += spine(patient, plane, f)
    return total * np.float32(patient.bone)
