"""Bones: path length through mineral on every ray, in cm of cortical bone.

Ribs, clavicles and arms are hollow tubes along curves in the patient; vertebrae are rounded boxes with denser end
plates, pedicles and a spinous process; the scapula is a thin plate with a thick rim.
"""

from __future__ import annotations

import numpy as np

from . import childbones
from .anatomy import Frame, cavity, chord, ramp
from .plane import TABLE_REACH, TABLE_STEP, Plane, curve


def ribs(patient, plane: Plane, f: Frame, rng: np.random.Generator) -> tuple:
    """Twelve pairs of ribs: from the spine around the chest wall to where cartilage begins."""
    u = f.unit
    table = curve(*cavity(patient, f))
    n = 12
    order = np.arange(n)
    pitch_y = f.height * (0.110 if not patient.child else 0.143)
    start = f.apex + (0.055 - 0.0 * patient.child) * f.height - order * pitch_y * (1 + 0.012 * (order - 4))
    steep = [0.22, 0.30, 0.37, 0.42, 0.50, 0.56, 0.52]
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
        tall = (0.54 if not patient.child else 0.55) * u * np.interp(order, [0, 3, 10], [0.95, 1.0, 0.85])[:, None]
        tall = tall * (1 + 0.08 * np.sin(9 * t + order[:, None])) * np.interp(t, [0, 0.06, 0.9, 1], [0.75, 1, 1, 1.15])
        thin = 0.4 * tall
        radius.append(thin + (tall - thin) * across)
        fade = np.interp(t, [0, 0.45, 0.6, 0.82, 1.0], [1.0, 0.95, 0.80, 0.72, 0.10])
        area = (0.95 if patient.child else 0.33) * u * tall * fade
        path.append(area / radius[-1] * np.interp(order, [0, 1, 2, 8, 10], [0.55, 0.8, 1, 1, 0.7])[:, None])
    args = [np.concatenate(v) for v in (x, y, z, radius, path)]
    return plane.tubes(*args, hollow=0.72)


def clavicles(patient, plane: Plane, f: Frame, lift: float) -> tuple:
    """Two S-shaped clavicles, from the sternum outwards."""
    k = plane.samples(1.5 * f.width)
    t = np.linspace(0, 1, k)[None]
    u = f.unit
    x, y = [], []
    far, up, wide = (0.72, 2.0, 0.40) if patient.child else (1.02, 2.6, 0.58)
    start = f.apex - (0.09 if patient.child else 0.155) * f.height
    for side in (-1, 1):
        y.append(start + (up + 2.6 * lift) * u * t**0.9 + 0.75 * u * np.sin(2 * np.pi * (0.95 * t + 0.02)))
        x.append(side * ((0.20 if patient.child else 0.15) + t * far) * f.width)
    x, y = np.concatenate(x), np.concatenate(y)
    radius = wide * u * np.interp(t, [0, 0.1, 0.35, 0.7, 0.93, 1], [1.4, 1.05, 0.80, 0.95, 1.2, 0.5]) * np.ones_like(x)
    z = f.depth * (0.95 - 0.75 * t**1.5) * np.ones_like(x)
    return plane.tubes(x, y, z, radius, (1.5 if patient.child else 0.85) * u * np.ones_like(x), hollow=0.55)


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
    level = (np.float32(f.apex + 0.06 * f.height) - y) / np.float32(f.height * (0.110 if not patient.child else 0.143))
    level = level * (1 - 0.006 * level)
    v = level - np.floor(level) - np.float32(0.5)  # -0.5 to 0.5 within one vertebra and its disc
    half = np.float32(u) * (1.35 + 0.055 * np.clip(level, -4, 14)) * (1.8 if patient.child else 1.0)
    half = half * (1 + 0.4 * (v * v))
    across = np.abs(x) / half
    body = ramp((1.12 - across) * 3.5) * (0.75 + 0.25 * ramp(across * 1.6 - 0.6))
    gap = 0.42
    plate = ramp((gap + 0.05 - np.abs(v)) * 12)
    rim = np.exp(-(((np.abs(v) - gap + 0.03) / 0.05) ** 2))
    mineral = body * (0.93 + 0.07 * plate if patient.child else 0.60 + 0.20 * plate + 0.20 * rim)
    dx, dv = (np.abs(x) - 0.70 * half) / (0.26 * u), (v + 0.16) / 0.17
    ring = np.sqrt(dx * dx + dv * dv)
    mineral += 0.22 * np.exp(-(((ring - 0.8) / 0.4) ** 2))
    sx, sv = x / (0.24 * u), (v - 0.12) / 0.2
    mineral += 0.25 * np.exp(-((np.sqrt(sx * sx + sv * sv) - 0.6) ** 2) / 0.2)
    reach = 1.0 - ramp((across - 1.0) / 0.8)
    mineral += 0.22 * reach * np.exp(-(((v + 0.2) / 0.13) ** 2)) * (across > 0.8)
    out[:, part] = mineral * np.float32((1.9 if patient.child else 0.48) * u)
    return out


def shoulder(patient, plane: Plane, f: Frame, lift: float, spread: float) -> tuple[list[tuple], np.ndarray]:
    """Upper arms and rims of the shoulder blades, and the blades themselves, thin plates.

    `spread` 0: shoulder blades over the lungs (AP) to 1: turned off them (PA).
    """
    u, pieces, outlines = f.unit, [], []
    k = plane.samples(16 * u)
    t = np.linspace(0, 1, k)
    bell = np.stack([(1 - t) ** 2, 2 * t * (1 - t), t**2])
    for side in (-1, 1):
        if patient.child:  # raised arms turn the lower tip outwards
            upper, lower, joint = (
                np.array(p)
                for p in (
                    (0.60 * f.width, f.apex + 0.07 * f.height),
                    (1.10 * f.width, f.apex - 0.58 * f.height),
                    (0.96 * f.width, f.apex + 0.08 * f.height),
                )
            )
        else:
            edge, top = (0.62 + 0.24 * spread) * f.width, f.apex - 0.05 * f.height
            upper, lower = (
                np.array((edge + 0.4 * u, top + 0.8 * u)),
                np.array((edge + (1.4 + 1.6 * spread) * u, top - 12.5 * u)),
            )
            joint = np.array((edge + 6.8 * u, top + 0.3 * u))
        neck = joint - np.array((1.5 * u, 2.0 * u))
        sides = [
            (upper, upper - np.array((1.1 * u, 7 * u)), lower, 0.16),
            (lower, 0.5 * (lower + neck) + np.array((-0.6 * u, 0.9 * u)), neck, 0.30),
            (
                upper - np.array((0.2 * u, 2.4 * u)),
                upper + np.array((3.2 * u, -0.2 * u)),
                joint + np.array((0.8 * u, 1.6 * u)),
                0.34,
            ),
        ]
        curves = np.stack([np.stack([p, c, q]).T @ bell for p, c, q, _ in sides])
        radius = np.stack([np.full(k, r * u) for *_, r in sides])
        x, y, z = side * curves[:, 0], curves[:, 1], np.full((3, k), -0.8 * f.depth)
        pieces.append(plane.tubes(x, y, z, radius, (1.0 if patient.child else 0.8) * radius, hollow=0.5))
        rim = np.concatenate([curves[0], curves[1], upper[:, None] + np.array([[3.0 * u], [0.2 * u]])], axis=1)
        outlines.append(plane.project(side * rim[0], rim[1], -0.8 * f.depth))
        pieces.append(
            upper_arm(
                patient, plane, f, side, joint + np.array((1.6 * u, -0.4 * u)), lift if patient.child else -1.38, k
            )
        )
    return pieces, plane.fill(outlines)


def upper_arm(patient, plane: Plane, f: Frame, side: int, centre, direction: float, k: int) -> tuple:
    """Head and shaft of the humerus; in a child a growth plate parts them."""
    u = f.unit
    gap = 0.2 * u if patient.child else 0.0
    big = 0.75 if patient.child else 1.0
    along = np.stack([big * np.linspace(-1.9 * u, 1.5 * u, k), np.linspace(big * 1.5 * u + gap, 18 * u, k)])
    radius = np.stack(
        [
            big * 2.2 * u * chord(np.linspace(-0.97, 0.75, k)),
            big * u * np.interp(along[1], [1.6 * u, 4.5 * u, 18 * u], [1.8, 1.1, 0.95]),
        ]
    )
    x = side * (centre[0] + np.cos(direction) * along)
    return plane.tubes(
        x,
        centre[1] + np.sin(direction) * along,
        np.full_like(along, -0.2 * f.depth),
        radius,
        (1.1 if patient.child else 0.7) * radius,
        hollow=0.75,
    )


def bones(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> np.ndarray:
    """Cortical bone on every ray, cm, weighted so that each bone is as visible as on a processed film."""
    if patient.child:
        return childbones.bones(patient, exposure, plane, f, rng)
    pieces, blades = shoulder(patient, plane, f, exposure.arms, exposure.spread)
    pieces += [ribs(patient, plane, f, rng), clavicles(patient, plane, f, exposure.shoulders)]
    total = plane.splat(*pieces)
    most = np.float32((1.5 if patient.child else 0.8) * f.unit)  # the edge of the chest would outshine everything else
    total = most * np.tanh(total / most)
    total += np.float32(0.13 * f.unit) * blades + spine(patient, plane, f)
    return total * np.float32(patient.bone)
