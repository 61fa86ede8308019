"""A small child's shoulder girdle: clavicles, shoulder blades turned outwards by the raised arms, and upper arms.

Landmarks lie as on supine films with the arms up (Caffey; Keats, Atlas of Normal Roentgen Variants): the clavicle
rises from beside the spine over the apex to the acromion; of the blade, thin as paper, one sees the lateral border
outside the ribs, the socket, and spine and neck as a Y above the second rib; the upper end of the humerus is a funnel
with one or two round growth centres beside the socket. Lengths follow from the patient's `Frame`; all values are cm of
cortical bone.
"""

from __future__ import annotations

import numpy as np

from .anatomy import Frame, chord
from .childbody import arm_lift
from .plane import Plane, bezier

BLADE = -0.8  # depth of the shoulder blades, of the half-depth of the chest
PLATE = 0.14  # path through a blade, of the unit
EDGE = 20  # samples of a side of a blade's outline


def draw(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> tuple[list[tuple], np.ndarray]:
    """Pieces for `Plane.splat` of all bones of both sides, and the path through the blades."""
    pieces, outlines = [clavicles(exposure, plane, f, rng)], []
    for side in (-1, 1):
        lift = arm_lift(exposure, side)
        up = np.clip(lift / 1.3, -1, 1.1)  # raising the arm turns the tip outwards and the socket upwards
        shift = rng.normal(0, 0.25 * f.unit, 2)
        at = _places(f, up, shift)
        rims, outline = _blade(plane, f, side, at)
        pieces.append(rims)
        outlines.append(outline)
        pieces += humerus(patient, plane, f, side, at(0.86 + 0.02 * up, 0.0 + 0.05 * up), lift, rng)
    return pieces, np.float32(PLATE * f.unit) * plane.fill(outlines)


def _places(f: Frame, up: float, shift: np.ndarray):
    """Points of a blade by half-widths from the midline and lung heights above the apex; it turns about its top."""

    def at(across: float, above: float) -> np.ndarray:
        across += 0.22 * (up - 1) * max(0.0, 0.1 - above)
        return np.array((across * f.width, f.apex + above * f.height)) + shift

    return at


def clavicles(exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> tuple:
    """Two S-shaped clavicles, from the sternum outwards: thick inner end, slim shaft, broad flat outer end."""
    u = f.unit
    t = np.linspace(0, 1, plane.samples(0.9 * f.width))
    start, both = rng.normal(0.0, 0.03), rng.standard_normal(3)
    x, y, radius, path = [], [], [], []
    for side in (-1, 1):
        own = both + 0.45 * rng.standard_normal(3)
        lift = exposure.shoulders + 0.15 * own[0]
        reach = (0.47 + 0.04 * own[1] - 0.06 * lift) * f.width
        dip = (0.25 + 0.14 * own[2]) * u
        x.append(side * (0.20 * f.width + reach * np.sin(1.1 * t) / np.sin(1.1)))
        rise = (1.9 + 1.8 * lift) * u * t
        y.append(f.apex + start * f.height + rise + dip * np.sin(2 * np.pi * t**1.15))
        broad = np.interp(
            t, [0, 0.04, 0.14, 0.35, 0.62, 0.85, 0.97, 1], [0.40, 0.54, 0.48, 0.34, 0.32, 0.45, 0.52, 0.34]
        )
        radius.append(u * (1 + 0.06 * own[1]) * broad)
        path.append(u * np.interp(t, [0, 0.05, 0.2, 0.6, 0.85, 0.97, 1], [0.15, 0.6, 0.95, 1.15, 0.70, 0.36, 0.05]))
    x, y, radius, path = (np.stack(v) for v in (x, y, radius, path))
    return plane.tubes(x, y, f.depth * (0.90 - 0.80 * t**1.3), radius, path, hollow=0.82, marrow=0.12)


def _blade(plane: Plane, f: Frame, side: int, at) -> tuple[tuple, tuple]:
    """Thick edges of a blade as tubes, and its outline in pixels."""
    u = f.unit
    t = np.linspace(0, 1, plane.samples(9 * u))
    socket, neck, acromion = at(0.88, 0.015), at(0.81, 0.01), at(0.83, 0.125)
    tip, fork = at(1.14, -0.43), at(0.75, -0.22)
    lines = (  # begin, bend, end, half-width and path (of the unit) at both ends
        (socket, at(0.96, -0.16), tip, (0.42, 0.34), (0.20, 0.0)),  # lateral border
        (acromion, at(0.80, 0.02), fork, (0.50, 0.12), (0.30, 0.16)),  # spine
        (neck, at(0.82, -0.06), at(0.84, -0.20), (0.75, 0.50), (0.46, 0.0)),  # floor of the fossa, seen from its side
        (at(0.875, 0.07), at(0.85, 0.03), at(0.885, -0.02), (0.26, 0.22), (0.24, 0.20)),  # rim of the socket
        (at(0.80, 0.105), at(0.765, 0.07), neck, (0.42, 0.60), (0.20, 0.28)),  # coracoid
    )
    curves = bezier([points for *points, _, _ in lines], t)
    radius, path = (u * np.stack([np.interp(t, [0, 1], line[k]) for line in lines]) for k in (3, 4))
    path *= np.interp(t, [0, 0.04, 0.96, 1], [0.4, 1.35, 1.35, 0.4])
    z = BLADE * f.depth
    rims = plane.tubes(side * curves[:, 0], curves[:, 1], np.full(path.shape, z), radius, path, hollow=0.7)
    corners = (socket, at(0.96, -0.16), tip), (tip, at(1.20, -0.58), at(1.02, -0.55))
    corners += (at(1.02, -0.55), at(0.80, -0.45), at(0.68, -0.10)), (at(0.68, -0.10), at(0.72, 0.06), socket)
    outline = np.concatenate(list(bezier(corners, np.linspace(0, 1, EDGE))), axis=1)
    return rims, plane.project(side * outline[0], outline[1], z)


def humerus(patient, plane: Plane, f: Frame, side: int, socket, lift: float, rng: np.random.Generator) -> list[tuple]:
    """Shaft with its funnel-shaped end, and the growth centres in the cartilage before it, which grow with age."""
    u, z = f.unit, -0.3 * f.depth
    way = np.array((np.cos(lift), np.sin(lift)))
    square = np.array((-way[1], way[0]))
    grown = float(np.clip((patient.age - 1) / 5, 0, 1))
    head, tubercle = (0.68 + 0.50 * grown) * u, (0.20 + 0.55 * grown) * u
    centre = socket + way * (0.95 + 0.45 * grown) * u + rng.normal(0, 0.10 * u, 2)
    t = np.linspace(0, 1, plane.samples(32 * u)) ** 1.8
    # The plate of cartilage is 2 to 3 mm wide, convex towards the shaft.
    along = 0.72 * head + (0.45 - 0.15 * grown) * u + 20 * u * t
    radius = u * np.interp(t, [0, 0.007, 0.018, 0.036, 0.084, 0.18, 1], [0.30, 1.02, 1.26, 1.26, 0.98, 0.74, 0.68])
    bow = 0.20 * u * np.sin(np.pi * np.clip(3.7 * t, 0, 1))
    x, y = (centre[i] + way[i] * along + square[i] * bow for i in (0, 1))
    solid = 0.95 * u * np.interp(t, [0, 0.018, 0.036, 0.12, 1], [0.8, 0.85, 0.9, 1.2, 1.4])
    pieces = [plane.tubes(side * x[None], y[None], z, radius, solid, hollow=0.84, marrow=0.3)]
    s = np.linspace(-0.97, 0.97, plane.samples(2.4 * u))
    for shift, size in ((-0.30 - 0.10 * grown, head), (0.80, tubercle)):
        middle = centre + square * shift * u
        x, y = (middle[i] + square[i] * s * size for i in (0, 1))
        r = 0.75 * size * chord(s)
        pieces.append(plane.tubes(side * x[None], y[None], z, r, 0.62 * r, hollow=0.6))
    return pieces
