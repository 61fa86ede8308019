"""Bones: path length through mineral on every ray, in cm of cortical bone.

Ribs, clavicles and arms are hollow tubes along curves in the patient; vertebrae are rounded boxes with denser end
plates, pedicles and a spinous process; the scapula is a thin plate with a thick rim.
"""

from __future__ import annotations

import numpy as np

from .anatomy import Frame, cavity, chin_height, chord, ramp
from .plane import Plane, Rows, curve, TABLE_REACH, TABLE_STEP


def ribs(patient, plane: Plane, f: Frame, rng: np.random.Generator) -> tuple:
    """Twelve pairs of ribs: from the spine around the chest wall to where cartilage begins."""
    u = f.unit
    table = curve(*cavity(patient, f))
    n = 11
    order = np.arange(n)
    pitch_y = f.height * (0.101 if not patient.child else 0.105)
    start = f.apex + (0.055 - 0.0 * patient.child) * f.height - order * pitch_y * (1 + 0.012 * (order - 4))
    drop = patient.rib_slope * f.height * np.interp(order, [0, 1, 2, 3, 5, 8, 10], [0.21, 0.28, 0.34, 0.39, 0.47, 0.55, 0.50])
    angle_end = np.radians(np.interp(order, [0, 2, 5, 7, 9, 10], [118, 140, 146, 134, 112, 95]))
    turn = np.radians(11)
    longest = 2.6 * f.width
    k = plane.samples(longest)
    t = np.linspace(0, 1, k)
    x, y, z, radius, path = [], [], [], [], []
    for side in (-1, 1):
        wobble = rng.normal(0, 0.10 * u, n)
        phi = turn + (angle_end[:, None] - turn) * t
        fall = ((1 - np.cos(phi)) / 2) ** np.interp(order, [0, 1, 3], [0.8, 1.05, 1.25])[:, None]
        yy = (start + wobble)[:, None] - drop[:, None] * fall + 0.016 * f.height * np.sin(phi * 1.6) * (order[:, None] < 6)
        level = np.clip(((start - 0.42 * drop)[:, None] + TABLE_REACH) / TABLE_STEP, 0, len(table) - 1).astype(int)
        half = np.maximum(table[level] + 0.35 * u, 0.30 * f.width + order[:, None] * 0.06 * f.width)
        x.append(side * (half * np.sin(phi) ** 0.92))
        y.append(yy)
        z.append(-0.98 * f.depth * np.cos(phi))
        tall = (0.62 if not patient.child else 0.66) * u * np.interp(order, [0, 3, 10], [0.95, 1.0, 0.85])[:, None]
        radius.append(tall * (1 + 0.10 * np.sin(9 * t + order[:, None])) * np.interp(t, [0, 0.06, 0.9, 1], [0.7, 1, 1, 1.15]))
        fade = np.interp(t, [0, 0.45, 0.6, 0.96, 1.0], [1.0, 0.95, 0.72, 0.66, 0.15])
        path.append((0.85 if patient.child else 0.58) * u * fade * np.interp(order, [0, 1, 2, 8, 9], [0.5, 0.75, 1, 1, 0.6])[:, None] * np.ones_like(phi))
    args = [np.concatenate(v) for v in (x, y, z, radius, path)]
    return plane.tubes(*args, hollow=0.72)


def clavicles(patient, plane: Plane, f: Frame, lift: float) -> tuple:
    """Two S-shaped clavicles, from the sternum outwards."""
    k = plane.samples(1.5 * f.width)
    t = np.linspace(0, 1, k)[None]
    u = f.unit
    x, y = [], []
    for side in (-1, 1):
        rise = (2.6 + 2.6 * lift) * u
        y.append(f.apex - 0.155 * f.height + rise * t + 0.55 * u * np.sin(2 * np.pi * (0.95 * t + 0.02)))
        x.append(side * (0.15 * f.width + t * (1.10 * f.width)))
    x, y = np.concatenate(x), np.concatenate(y)
    radius = 0.66 * u * np.interp(t, [0, 0.1, 0.35, 0.7, 1], [1.3, 1.05, 0.85, 0.95, 1.2]) * np.ones_like(x)
    z = f.depth * (0.95 - 0.75 * t**1.5) * np.ones_like(x)
    return plane.tubes(x, y, z, radius, (0.85 if patient.child else 0.6) * u * np.ones_like(x), hollow=0.6)


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
    level = (np.float32(f.apex + 0.06 * f.height) - y) / np.float32(f.height * (0.101 if not patient.child else 0.105))
    level = level * (1 - 0.006 * level)
    v = level - np.floor(level) - np.float32(0.5)  # -0.5 to 0.5 within one vertebra and its disc
    half = np.float32(u) * (1.35 + 0.055 * np.clip(level, -4, 14)) * (1.12 if patient.child else 1.0)
    half = half * (1 + 0.9 * (v * v))
    across = np.abs(x) / half
    body = ramp((1 - across) * 6) * (0.75 + 0.25 * ramp(across * 1.6 - 0.6))
    gap = 0.38 if patient.child else 0.41
    plate = ramp((gap + 0.02 - np.abs(v)) * 25)
    rim = np.exp(-(((np.abs(v) - gap + 0.03) / 0.045) ** 2))
    mineral = body * plate * (0.55 + 0.55 * rim)
    dx, dv = (np.abs(x) - 0.70 * half) / (0.26 * u), (v + 0.16) / 0.17
    ring = np.sqrt(dx * dx + dv * dv)
    mineral += 0.38 * np.exp(-(((ring - 0.8) / 0.35) ** 2))
    sx, sv = x / (0.24 * u), (v - 0.12) / 0.2
    mineral += 0.5 * np.exp(-((np.sqrt(sx * sx + sv * sv) - 0.6) ** 2) / 0.2)
    reach = 1.0 - ramp((across - 1.0) / 0.8)
    mineral += 0.22 * reach * np.exp(-(((v + 0.2) / 0.13) ** 2)) * (across > 0.8)
    out[:, part] = mineral * np.float32((0.95 if patient.child else 0.45) * u)
    return out


def shoulder(patient, plane: Plane, f: Frame, lift: float, spread: float) -> list[tuple]:
    """Scapulae and upper arms; `spread` 0: shoulder blades over the lungs (AP) to 1: turned off them (PA)."""
    u = f.unit
    out = []
    k = plane.samples(22 * u)
    t = np.linspace(0, 1, k)
    up = 1.0 if patient.child else 0.0
    for side in (-1, 1):
        shift = (0.70 + 0.26 * spread + 0.03 * up) * f.width
        top = f.apex - 0.02 * f.height
        joint = (shift + 4.9 * u, top - 1.6 * u + 1.2 * up)
        medial = [(shift + 0.2 * u, top + 0.4 * u), (shift - 1.2 * u, top - 5 * u), (shift + (0.4 + 1.6 * spread) * u, top - 13.0 * u)]
        lateral = [medial[2], (shift + (2.6 + 1.2 * spread) * u, top - 8 * u), (joint[0] - 1.0 * u, joint[1] - 1.4 * u)]
        ridge = [(medial[1][0] + 0.2 * u, top - 2.6 * u), (shift + 2.4 * u, top - 0.6 * u), (joint[0] + 0.6 * u, top + 1.0 * u)]
        lines, radii = [], []
        for points, radius in ((medial, 0.22), (lateral, 0.42), (ridge, 0.5)):
            p = np.array(points)
            b = np.stack([(1 - t) ** 2, 2 * t * (1 - t), t**2])
            mid = 2 * p[1] - 0.5 * (p[0] + p[2])
            lines.append((side * (p[0, 0] * b[0] + mid[0] * b[1] + p[2, 0] * b[2]), p[0, 1] * b[0] + mid[1] * b[1] + p[2, 1] * b[2]))
            radii.append(np.full(k, radius * u))
        x, y = (np.stack([line[i] for line in lines]) for i in (0, 1))
        radius = np.stack(radii)
        out.append(plane.tubes(x, y, np.full_like(x, -0.85 * f.depth), radius, 1.5 * radius, hollow=0.6))
        arm = lift if patient.child else -1.35
        hx, hy = side * (joint[0] + 1.9 * u), joint[1] - 0.2 * u
        length = 20 * u
        gap = (1.4 if patient.child else 0.0) * u  # the growth plate: a gap between head and shaft
        ax, ay = side * np.cos(arm), np.sin(arm)
        along = np.concatenate([np.linspace(-1.9 * u, 1.4 * u, k), np.linspace(1.6 * u + 0.3 * gap, length, k)]).reshape(2, k)
        head = 2.3 * u * chord(np.linspace(-0.98, 0.98, k))
        shaft = u * np.interp(along[1], [1.6 * u, 4 * u, length], [2.0, 1.15, 1.0])
        radius = np.stack([head, shaft])
        out.append(plane.tubes(hx + ax * along, hy + ay * along, np.full_like(along, -0.2 * f.depth), radius, 0.8 * radius, hollow=0.8))
    return out


def jaw(exposure, plane: Plane, f: Frame) -> tuple:
    """Lower jaw of a small child, which reaches into the film."""
    t = np.linspace(-1, 1, plane.samples(14 * f.unit))[None]
    chin = chin_height(exposure, f)
    radius = np.full_like(t, 0.75 * f.unit)
    return plane.tubes(4.6 * f.unit * t, chin + (0.7 + 4.5 * t**2) * f.unit, np.full_like(t, 0.6 * f.depth), radius, 1.4 * radius, hollow=0.6)


def bones(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> np.ndarray:
    """Cortical bone on every ray, cm, weighted so that each bone is as visible as on a processed film."""
    pieces = [ribs(patient, plane, f, rng), clavicles(patient, plane, f, exposure.shoulders)]
    pieces += shoulder(patient, plane, f, exposure.arms, exposure.spread)
    if patient.child:
        pieces.append(jaw(exposure, plane, f))
    total = plane.splat(*pieces)
    total = np.float32(1.6) * np.tanh(total / np.float32(1.6))
    total += spine(patient, plane, f)
    return total * np.float32(patient.bone)
