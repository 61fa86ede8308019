"""A small child's shoulder girdle: clavicles, shoulder blades turned outwards by the raised arms, and upper arms.

Landmarks lie as on supine films with the arms up (Caffey; Keats, Atlas of Normal Roentgen Variants): the clavicle
rises from beside the spine over the apex to the acromion; of the blade, thin as paper, one sees the lateral border
outside the ribs, the socket, and spine and neck as a Y above the second rib; the upper end of the humerus is a funnel
capped by a half-round growth centre beside the socket. Lengths follow from the patient's `Frame`; all values are cm of
cortical bone.
"""

from __future__ import annotations

import numpy as np

from .anatomy import Frame, chord
from .childbody import arm_lift
from .plane import Plane, bezier

BLADE = -0.8  # depth of the shoulder blades, of the half-depth of the chest
PLATE = 0.11  # path through a blade, of the unit
EDGE = 20  # samples of a side of a blade's outline


def draw(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> tuple[list[tuple], np.ndarray]:
    """Pieces for `Plane.splat` of all bones of both sides, and the path through the blades."""
    pieces, outlines, ends = [], [], []
    for side in (-1, 1):
        lift = arm_lift(exposure, side)
        up = np.clip(lift / 1.3, -1, 1.1)  # raising the arm turns the tip outwards and the socket upwards
        at = _places(f, up, rng.normal(0, 0.25 * f.unit, 2))
        above = 0.08 + 0.045 * up + 0.045 * exposure.shoulders  # of the acromion
        rims, outline = _blade(plane, f, side, at, above)
        pieces.append(rims)
        outlines.append(outline)
        ends.append(at(0.79, above + 0.01))
        pieces += humerus(patient, plane, f, side, at(0.90, 0.035 + 0.02 * up), lift, rng)
    pieces.append(clavicles(plane, f, np.array(ends), rng))
    return pieces, np.float32(PLATE * f.unit) * plane.fill(outlines)


def _places(f: Frame, up: float, shift: np.ndarray):
    """Points of a blade by half-widths from the midline and lung heights above the apex; it turns about its top."""

    def at(across: float, above: float) -> np.ndarray:
        across += 0.22 * (up - 1) * max(0.0, 0.1 - above)
        return np.array((across * f.width, f.apex + above * f.height)) + shift

    return at


def clavicles(plane: Plane, f: Frame, ends: np.ndarray, rng: np.random.Generator) -> tuple:
    """Two S-shaped clavicles from the sternum to the acromion: thick inner end, slim shaft, broad flat outer end.

    ends: outer end of the right and of the left one, (2, 2), cm, x counted outwards from the midline.
    """
    u = f.unit
    t = np.linspace(0, 1, plane.samples(0.9 * f.width))
    start, both = rng.normal(-0.07, 0.02), rng.standard_normal(3)
    x, y, radius, path = [], [], [], []
    for side, (outer, top) in zip((-1, 1), ends, strict=True):
        own = 0.8 * both + 0.5 * rng.standard_normal(3)
        inner = (0.16 + 0.02 * own[1]) * f.width
        x.append(side * (inner + (outer - inner) * np.sin(1.1 * t) / np.sin(1.1)))
        low = f.apex + start * f.height
        bend = (0.55 + 0.12 * own[2]) * np.sin(2 * np.pi * t**1.2) + (0.25 + 0.40 * own[0]) * np.sin(np.pi * t)
        y.append(low + (top - low) * t + bend * u)
        broad = np.interp(
            t, [0, 0.04, 0.14, 0.35, 0.62, 0.85, 0.97, 1], [0.40, 0.58, 0.50, 0.35, 0.31, 0.39, 0.40, 0.24]
        )
        radius.append(u * (1 + 0.06 * own[1]) * broad)
        path.append(u * np.interp(t, [0, 0.05, 0.2, 0.6, 0.85, 0.97, 1], [0.10, 0.45, 0.90, 1.30, 0.85, 0.40, 0.05]))
    x, y, radius, path = (np.stack(v) for v in (x, y, radius, path))
    return plane.tubes(x, y, f.depth * (0.90 - 0.80 * t**1.3), radius, path, hollow=0.74, marrow=0.25)


def _blade(plane: Plane, f: Frame, side: int, at, above: float) -> tuple[tuple, tuple]:
    """Thick edges of a blade as tubes, and its outline in pixels. above: see `draw`."""
    u = f.unit
    t = np.linspace(0, 1, plane.samples(9 * u))
    socket, tip, corner = at(0.89, -0.03), at(1.07, -0.43), at(0.64, -0.05)
    lines = (  # begin, bend, end, half-width and path (of the unit) at both ends and between
        (at(0.875, 0.055), at(0.86, -0.07), at(0.91, -0.22), (0.50, 0.80, 0.15), (0.40, 0.66, 0.10)),  # neck
        (at(0.90, 0.03), at(0.89, -0.17), tip, (0.34, 0.26, 0.12), (0.70, 0.60, 0.16)),  # lateral border
        (at(0.79, above), at(0.87, 0.03), at(0.67, -0.13), (0.40, 0.46, 0.18), (0.45, 0.62, 0.20)),  # spine, acromion
        (at(0.75, 0.05), at(0.79, 0.085), at(0.87, 0.0), (0.34, 0.42, 0.34), (0.40, 0.46, 0.30)),  # coracoid
        (at(0.77, 0.02), at(0.70, 0.02), corner, (0.20, 0.17, 0.14), (0.20, 0.16, 0.14)),  # upper border
    )
    curves = bezier([points for *points, _, _ in lines], t)
    radius, path = (u * np.stack([np.interp(t, [0, 0.45, 1], line[k]) for line in lines]) for k in (3, 4))
    rounded = np.sqrt(np.minimum(1, np.minimum(t, 1 - t) * 5 + 0.01))  # no square ends
    radius, path = radius * rounded, path * rounded
    z = BLADE * f.depth
    rims = plane.tubes(side * curves[:, 0], curves[:, 1], np.full(path.shape, z), radius, path, hollow=0.5, marrow=0.6)
    corners = (socket, at(0.93, -0.17), tip), (tip, at(1.09, -0.53), at(0.97, -0.50))
    corners += (at(0.97, -0.50), at(0.78, -0.38), corner), (corner, at(0.72, 0.03), socket)
    outline = np.concatenate(list(bezier(corners, np.linspace(0, 1, EDGE))), axis=1)
    return rims, plane.project(side * outline[0], outline[1], z)


def humerus(patient, plane: Plane, f: Frame, side: int, socket, lift: float, rng: np.random.Generator) -> list[tuple]:
    """Shaft with its funnel-shaped end, and the growth centre that caps it, half round; it grows with age."""
    u, z = f.unit, -0.3 * f.depth
    way = np.array((np.cos(lift), np.sin(lift)))
    square = np.array((-way[1], way[0]))
    grown = float(np.clip((patient.age - 1) / 5, 0, 1))
    head, thick = (1.00 + 0.45 * grown) * u, (0.46 + 0.36 * grown) * u
    centre = socket + way * (0.35 * u + thick) + rng.normal(0, 0.08 * u, 2)
    t = np.linspace(0, 1, plane.samples(32 * u)) ** 1.8
    # The plate of cartilage is 2 to 3 mm wide, convex towards the shaft.
    along = 0.94 * thick + (0.16 - 0.08 * grown) * u + 20 * u * t
    end = 1.20 + 0.25 * grown
    radius = [0.30, 0.9 * end, end, 0.96 * end, 0.98, 0.76, 0.68]
    radius = u * np.interp(t, [0, 0.005, 0.018, 0.036, 0.084, 0.18, 1], radius)
    bow = 0.20 * u * np.sin(np.pi * np.clip(3.7 * t, 0, 1))
    x, y = (centre[i] + way[i] * along + square[i] * bow for i in (0, 1))
    solid = 0.95 * u * np.interp(t, [0, 0.018, 0.036, 0.12, 1], [0.8, 0.85, 0.9, 1.2, 1.4])
    pieces = [plane.tubes(side * x[None], y[None], z, radius, solid, hollow=0.84, marrow=0.3)]
    s = np.linspace(-0.97, 0.97, plane.samples(3 * u))
    # Rounder towards the socket than towards the plate: its middle line bends towards the socket.
    bend = 0.25 * thick * (2 * s * s - 1)
    x, y = (centre[i] + square[i] * s * head + way[i] * bend for i in (0, 1))
    r = thick * chord(s) * (1 + 0.12 * rng.normal() * s)
    solid = 0.75 * u * chord(s) + 0.05 * u
    return [*pieces, plane.tubes(side * x[None], y[None], z, r, solid, hollow=0.88, marrow=0.45)]
