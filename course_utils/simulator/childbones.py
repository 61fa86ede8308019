"""A small child's bones, ages one to five: gaps of cartilage part what an adult has in one piece.

Proportions after films of children and Caffey's account of what normal ones show: narrow vertebrae with wide discs,
ribs that form loops at the chest wall; shoulders are in `childgirdle`, lower jaw and teeth in `childhead`.
Lengths follow from the patient's `Frame`; all values are cm of cortical bone along the ray.
"""

from __future__ import annotations

import numpy as np

from . import childgirdle, childhead, ribs
from .anatomy import Frame, bell, ramp
from .plane import Plane

PITCH = 0.136  # of lung height, from one vertebra to the next: eight ribs or so lie above the diaphragm
TOP = 0.09  # of lung height, first thoracic vertebra above the apex

VEIL = 0.54  # share of the ribs' contrast lost where heart or liver takes the lung's place: they scatter more
LOW_KILOVOLTS = 1.25  # small children are exposed at 60 kV or so, where bone stops more of the beam than at 120 kV


def bones(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator, lungs: dict) -> np.ndarray:
    """Cortical bone on every ray, cm, weighted so that each bone is as visible as on a processed film.

    `lungs`: see `anatomy.lungs`.
    """
    pieces, blades = childgirdle.draw(patient, exposure, plane, f, rng)
    pieces += childhead.jaw(exposure, plane, f, rng)
    cage, total = plane.splat(ribs.draw(patient, plane, f, rng), pieces)
    some = np.float32(0.5 * f.unit)
    cage *= np.float32(1 - VEIL) + np.float32(VEIL) * (lungs["air"] + some) / (lungs["full"] + some)
    total += cage
    most = np.float32(1.7 * f.unit)  # the edge of the chest would outshine everything else
    total = most * np.tanh(total / most) + blades
    total += spine(patient, plane, f, rng)
    return total * np.float32(LOW_KILOVOLTS * patient.bone)


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
