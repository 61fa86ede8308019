"""A small child's bones, ages one to five: gaps of cartilage part what an adult has in one piece.

Proportions after films of children and Caffey's account of what normal ones show: narrow vertebrae with wide discs,
ribs that form loops at the chest wall; shoulders are in `childgirdle`, lower jaw and teeth in `childhead`.
Lengths follow from the patient's `Frame`; all values are cm of cortical bone along the ray.
"""

from __future__ import annotations

import numpy as np

from . import childgirdle, childhead
from .anatomy import Frame, bell, ramp
from .childlungs import cavity
from .lookup import TABLE_REACH, TABLE_STEP
from .plane import Plane, gradient

PITCH = 0.136  # of lung height, from one vertebra to the next: eight ribs or so lie above the diaphragm
TOP = 0.09  # of lung height, first thoracic vertebra above the apex

VEIL = 0.54  # share of the ribs' contrast lost where heart or liver takes the lung's place: they scatter more
LIP = 0.34  # cortex of the thin lower border over that of the band: it roofs the groove of the vessels
LOW_KILOVOLTS = 1.25  # small children are exposed at 60 kV or so, where bone stops more of the beam than at 120 kV


def bones(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator, lungs: dict) -> np.ndarray:
    """Cortical bone on every ray, cm, weighted so that each bone is as visible as on a processed film.

    `lungs`: see `anatomy.lungs`.
    """
    pieces, blades = childgirdle.draw(patient, exposure, plane, f, rng)
    cage = ribs(patient, plane, f, rng)
    pieces += childhead.jaw(exposure, plane, f, rng)
    cage, total = plane.splat(cage, pieces)
    some = np.float32(0.5 * f.unit)
    cage *= np.float32(1 - VEIL) + np.float32(VEIL) * (lungs["air"] + some) / (lungs["full"] + some)
    total += cage
    most = np.float32(1.7 * f.unit)  # the edge of the chest would outshine everything else
    total = most * np.tanh(total / most) + blades
    total += spine(patient, plane, f, rng)
    return total * np.float32(LOW_KILOVOLTS * patient.bone)


# One rib from the spine around the wall to its cartilage: sideways (of the half-width), and depth (of the half-depth).
SIDEWAYS = (0.08, 0.34, 0.66, 0.91, 1.0, 0.92, 0.74, 0.52)
DEPTH = (-0.92, -1.0, -0.86, -0.48, 0.0, 0.46, 0.76, 0.92)
KNOTS = np.linspace(0, 1, len(SIDEWAYS))
OUTER = np.interp(np.arange(12), [0, 1, 2, 3, 5], [0.50, 0.66, 0.77, 0.85, 0.90])  # half-width at the turn, at least
FRONT_FALL = (0.17, 0.30, 0.41, 0.51)  # of lung height, from the turn at the wall to the cartilage


def cubics(t: np.ndarray) -> np.ndarray:
    """A basis of the cubic splines through `KNOTS` at t, (..., knots): powers, and truncated ones but at the ends."""
    beyond = [t, *(np.maximum(t - knot, 0) for knot in KNOTS[2:-2])]
    return np.stack([np.ones_like(t), t, t * t, *(part * part * part for part in beyond)], axis=-1)


BEND = np.linalg.inv(cubics(KNOTS))  # from the value at each knot to that basis


def ribs(patient, plane: Plane, f: Frame, rng: np.random.Generator) -> list[tuple]:
    """Twelve pairs of ribs: flat behind, a narrow turn at the wall, steep in front; no two sides alike."""
    u, n = f.unit, 12
    table = cavity(patient, f)
    order = np.arange(n)
    start = f.apex + (TOP - PITCH * order) * f.height
    slant = np.interp(order, [0, 2, 4, 6, 8, 11], [0.14, 0.15, 0.19, 0.24, 0.29, 0.34])
    slant = slant + 0.42 * (patient.rib_slope - 1.1)  # of the posterior part, as the spine bends back
    sideways = np.array(SIDEWAYS)
    arch = 0.035 * np.sin(np.pi * np.minimum(sideways, 1) ** 0.8)[:, None]
    last = np.interp(order, [0, 2, 5, 7, 9, 11], [0.52, 0.9, 1.0, 0.86, 0.62, 0.42])
    k = plane.samples(2.3 * f.width)
    t = np.linspace(0, 1, k)
    x, y, z, radius, path, lips = [], [], [], [], [], []
    hind = t < 0.5
    edge_on = rng.uniform(0.42, 0.68)  # how much of their height is seen there, by the slant of the rays
    sharp = np.interp(t, [0.02, 0.1, 0.3, 0.42, 0.5], [0, 1, 1.1, 0.7, 0])
    for side in (-1, 1):
        lift = rng.normal(0, 0.18 * u, n) + rng.normal(0, 0.15 * u)
        tilt = slant + rng.normal(0, 0.017, n) + rng.normal(0, 0.02)
        front = np.interp(order, [0, 2, 6], [0.6, 0.9, 1.0]) * (0.25 + 0.75 * patient.rib_slope / 1.1)
        front = front * (1 + rng.normal(0, 0.08, n))
        rise = np.broadcast_to(arch, (len(sideways), n)) - tilt * np.minimum(sideways, 1)[:, None] ** 2.2
        rise = np.concatenate([rise[:4], rise[3] - np.array(FRONT_FALL)[:, None] * front])
        at = (last * (1 + rng.normal(0, 0.03, n)))[:, None] * t
        at = np.minimum(at, 1)
        shape = cubics(at) @ BEND
        yy = (start + lift)[:, None] + f.height * np.einsum("rtk,kr->rt", shape, rise)
        level = start + f.height * rise[4]
        level = np.clip((level + TABLE_REACH) / TABLE_STEP, 0, len(table) - 1).astype(int)
        half = np.maximum(table[level] + (0.08 + 0.12 * rng.standard_normal(n)) * u, OUTER * f.width)[:, None]
        x.append(side * half * (shape @ sideways))
        y.append(yy)
        z.append(f.depth * (shape @ np.array(DEPTH)))
        # A rib is a flat band: tall where it runs across the film, thin where the chest wall is seen edge-on.
        dx, dy = gradient(x[-1]), gradient(yy)
        across = np.abs(dx) / np.sqrt(dx * dx + dy * dy + 1e-9)
        size = 1 + 0.11 * rng.standard_normal(n)[:, None]
        tall = 0.365 * u * size * np.interp(order, [0, 3, 8, 11], [0.95, 1.0, 0.95, 0.7])[:, None]
        tall = tall * np.interp(t, [0, 0.07, 0.3, 0.85, 1], [0.72, 0.9, 1.0, 1.1, 1.6])
        tall = tall * (1 + 0.07 * np.sin(rng.uniform(12, 22, (n, 1)) * t + rng.uniform(0, 6, (n, 1))))
        thin = edge_on * tall
        radius.append(thin + (tall - thin) * across)
        fade = np.interp(t, [0, 0.1, 0.4, 0.5, 0.58, 0.72, 0.88, 1], [0.50, 0.72, 0.75, 0.70, 0.52, 0.52, 0.40, 0.0])
        weight = np.interp(order, [0, 1, 2, 6, 8, 11], [0.36, 0.62, 0.90, 1, 0.66, 0.40])[:, None]
        weight = weight * (1 + 0.13 * rng.standard_normal((n, 1)))
        for deep, low, high in ((0.15, 5, 11), (0.12, 25, 60)):  # spongy bone is mottled
            weight = weight * (1 + deep * np.sin(rng.uniform(low, high, (n, 1)) * t + rng.uniform(0, 6, (n, 1))))
        dz = gradient(z[-1])
        steep = np.sqrt(1 + np.minimum(dz * dz / (dx * dx + dy * dy + 1e-9), 3.0))
        mineral = u * fade * weight * (0.6 + 0.4 * steep)
        path.append(0.70 * tall * mineral / radius[-1])
        border = 0.88 * np.sign(dx) * radius[-1] / np.sqrt(dx * dx + dy * dy + 1e-9)  # from the middle to the lower one
        lip = x[-1] + border * dy, yy - border * dx, z[-1], LIP * mineral * sharp
        lips.append([v[:, hind] for v in lip])
    lips = [np.concatenate(v) for v in zip(*lips, strict=True)]
    bands = plane.tubes(*(np.concatenate(v) for v in (x, y, z, radius, path)), hollow=0.84, marrow=0.38)
    return [bands, plane.tubes(*lips[:3], 0.07 * u, lips[3])]


def spine(patient, plane: Plane, f: Frame, rng: np.random.Generator) -> np.ndarray:
    """Vertebral bodies with end plates and wide discs, pedicles, transverse and spinous processes."""
    x, y = plane.coordinates(-0.72 * f.depth)
    u = np.float32(f.unit)
    bow = np.float32(patient.scoliosis / f.height**2)
    out = np.zeros_like(x)
    columns = np.flatnonzero((np.abs(x[::16] - bow * y[::16] ** 2) < 4 * u).any(0))
    if not columns.size:
        return out
    part = slice(columns[0], columns[-1] + 1)
    y = y[:, part]
    x = x[:, part] - bow * y * y
    # The neck's vertebrae are lower, those of the loins taller.
    level = (np.float32(f.apex + (TOP + 0.5 * PITCH) * f.height) - y) / np.float32(f.height * PITCH)
    level = level * (1 - 0.008 * level) + np.float32(0.04 * rng.standard_normal()) * np.sin(level)
    number = np.floor(level)
    own = rng.normal(1, 0.25, (4, 32)).astype(np.float32)  # no two vertebrae are alike
    body_own, plate_own, ring_own, wedge_own = own.take(number.astype(np.intp) + 12, axis=1, mode="clip")
    v = level - number - np.float32(0.5)  # -0.5 top to 0.5 bottom of one vertebra and its disc
    half = np.interp(level, [-4, -0.5, 1, 13], [1.15, 1.32, 1.50, 1.68]).astype(np.float32)
    half *= u * np.float32(1.06 + 0.06 * rng.standard_normal())
    across = np.abs(x) / (half * (0.95 + 0.4 * v * v))
    wide = ramp((1.30 - across) * 2.2)
    # The rays cross the discs at a slant but near the middle of the film: the end plates open to ellipses.
    level *= np.float32(0.02)
    bowed = np.abs(v - (level - np.float32(0.10)) * np.maximum(1 - across * across, 0))
    body = ramp((1.08 - across) * 5) * ramp((0.43 - bowed) * 12)
    plate = ramp((1.04 - across) * 5) * bell(bowed - 0.385, 0.030)
    ring = np.sqrt(((across - 0.80) / 0.19) ** 2 + ((v + 0.12) / 0.24) ** 2)
    pedicle = bell(ring - 0.85, 0.27) * (np.float32(0.65) + np.float32(0.7) * (across - 0.8 - v))
    # Transverse process, head and neck of the rib lie behind each other: a wedge beside each pedicle.
    slope = (v + np.float32(0.20) - (np.float32(0.30) - level) * (across - 1)) / (np.float32(0.20) + 0.03 * across)
    slope *= slope
    wedge = bell(slope, 1.0) * ramp((1.95 - across) * 1.8) * ramp((across - 0.85) * 4)
    spur = bell(x, 0.20 * f.unit) * bell(v - 0.30, 0.20)
    mineral = 0.36 * wide + 0.13 * body * body_own + 0.16 * plate * plate_own + 0.20 * pedicle * ring_own
    mineral += 0.28 * wedge * wedge_own + 0.17 * spur * body_own
    mineral *= 1 + np.float32(0.45) * ramp((number - 7) * np.float32(0.4))  # the lowest are the largest
    out[:, part] = mineral * (1.3 * u)
    return out
