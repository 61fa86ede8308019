"""A small child's shoulder girdle: clavicles, shoulder blades turned outwards by the raised arms, and upper arms.

Landmarks lie as on supine films with the arms up (Caffey; Keats, Atlas of Normal Roentgen Variants): the clavicle
rises from beside the spine over the apex to the acromion; of the blade, thin as paper, one sees the lateral border
outside the ribs, the socket, and the spine as a wedge over two or three ribs; the upper end of the humerus is a funnel
capped by a small oval growth centre beside the socket. Lengths follow from the patient's `Frame`; all values are cm of
cortical bone.
"""

from __future__ import annotations

import math

import numpy as np

from .anatomy import Frame, chord
from .childbody import arm_lift, shoulder
from .lookup import enlarged
from .plane import Plane, bezier, gradient

BLADE = -0.8  # depth of the shoulder blades, of the half-depth of the chest
PLATE = 0.25  # path through a blade, of the unit
EDGE = 20  # samples of a side of a blade's outline


def draw(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> tuple[list[tuple], np.ndarray]:
    """Pieces for `Plane.splat` of all bones of both sides, and the path through the blades."""
    pieces, outlines, ends = [], [], []
    for side in (-1, 1):
        lift = arm_lift(exposure, side)
        up = np.clip(lift / 1.3, -1, 1.1)  # raising the arm turns the tip outwards and the socket upwards
        at = _places(f, up, rng.normal(0, 0.25 * f.unit, 2), np.clip(rng.normal(0, 0.12), -0.25, 0.25))
        above = 0.015 + 0.02 * up + 0.03 * exposure.shoulders  # of the acromion
        rims, outline = _blade(plane, f, side, at, above, rng)
        pieces.append(rims)
        outlines.append(outline)
        aside, rise = 0.04 * rng.standard_normal() - 0.02 * up, 0.03 * rng.standard_normal()
        ends.append(at(0.80 + aside, above + rise))
        pieces += humerus(patient, plane, f, side, shoulder(exposure, f, side), lift, rng)
    pieces += clavicles(plane, f, np.array(ends), rng)
    blades = np.float32(PLATE * f.unit) * plane.fill(outlines)
    return pieces, enlarged(np.ascontiguousarray(blades[::3, ::3]), 3, blades.shape)


def _places(f: Frame, up: float, shift: np.ndarray, turn: float):
    """Points of a blade by half-widths from the midline and lung heights above the apex; it turns about its top.

    turn: of this side, radians, positive with the tip outwards.
    """
    hinge = 0.74 * f.width
    cos, sin = math.cos(turn), math.sin(turn)

    def at(across, above) -> np.ndarray:
        across = across - 0.06 + 0.16 * (up - 1) * np.maximum(0.05 - above, 0)
        x, y = across * f.width - hinge, above * f.height
        return np.stack((hinge + x * cos - y * sin + shift[0], f.apex + y * cos + x * sin + shift[1]), axis=-1)

    return at


def clavicles(plane: Plane, f: Frame, ends: np.ndarray, rng: np.random.Generator) -> list[tuple]:
    """Two S-shaped clavicles from the sternum to the acromion: thick inner end, slim shaft, broad flat outer end.

    ends: outer end of the right and of the left one, (2, 2), cm, x counted outwards from the midline.
    """
    u = f.unit
    t = np.linspace(0, 1, plane.samples(0.9 * f.width))
    start, both = rng.normal(-0.13, 0.05), rng.standard_normal(3)
    x, y, radius, path = [], [], [], []
    for side, (outer, top) in zip((-1, 1), ends, strict=True):
        own = 0.8 * both + 0.5 * rng.standard_normal(3)
        inner = (0.15 + 0.02 * own[1]) * f.width
        x.append(side * (inner + (outer - inner) * np.sin(0.7 * t) / np.sin(0.7)))
        low = f.apex + start * f.height
        bend = (0.22 + 0.12 * own[2]) * np.sin(2 * np.pi * t**1.2) + (0.30 + 0.20 * own[0]) * np.sin(np.pi * t)
        wave = rng.uniform(0, 6, 4)  # no bone has borders of even distance or brightness
        y.append(low + (top - low) * t + (bend + 0.05 * np.sin(11 * t + wave[0])) * u)
        broad = np.interp(
            t, [0, 0.05, 0.15, 0.35, 0.60, 0.78, 0.93, 1], [0.50, 0.62, 0.48, 0.28, 0.23, 0.32, 0.50, 0.46]
        )
        broad = broad * (1 + 0.09 * np.sin(9 * t + wave[1]) + 0.04 * np.sin(19 * t + wave[2]))
        radius.append(u * (1 + 0.10 * own[1]) * broad)
        solid = np.interp(t, [0, 0.05, 0.2, 0.45, 0.72, 0.86, 0.95, 1], [0.0, 0.20, 0.50, 0.85, 0.80, 0.50, 0.20, 0.0])
        path.append(0.75 * u * solid * (1 + 0.20 * np.sin(8 * t + wave[3]) + 0.15 * np.sin(21 * t + wave[0])))
    x, y, radius, path = (np.stack(v) for v in (x, y, radius, path))
    z = f.depth * (0.90 - 0.80 * t**1.3)
    body = plane.tubes(x, y, z, radius, path, hollow=0.6, marrow=0.75)
    # The cortex of either border is thick in the middle, and nowhere the same.
    dx, dy = gradient(x), gradient(y)
    out = np.stack([-dy, dx]) / np.sqrt(dx * dx + dy * dy)
    wall = np.interp(t, [0.05, 0.2, 0.45, 0.7, 0.9], [0, 0.3, 0.75, 0.7, 0]) * u
    edges = []
    for border in (-0.8, 0.8):
        own = wall * (0.65 + 0.40 * np.sin(rng.uniform(3, 7, (2, 1)) * t + rng.uniform(0, 6, (2, 1))))
        edges.append((x + border * radius * out[0], y + border * radius * out[1], own))
    x, y, path = (np.concatenate(v) for v in zip(*edges, strict=True))
    return [body, plane.tubes(x, y, z, 0.13 * u, path)]


# Begin, bend and end of the thick parts of a blade, as half-widths from the midline and lung heights above the apex;
# half-width and path (of the unit) at the begin, between, and at the end
LINES = np.array(
    [
        ((0.74, 0.08), (0.77, 0.04), (0.82, 0.00), (0.30, 0.14), (0.34, 0.22), (0.30, 0.14)),  # socket
        ((0.79, 0.06), (0.75, 0.01), (0.65, -0.08), (0.80, 0.30), (0.56, 0.48), (0.20, 0.25)),  # neck
        ((0.77, 0.03), (0.69, -0.05), (0.45, -0.25), (0.34, 0.20), (0.22, 0.62), (0.05, 0.06)),  # spine
        ((0.71, -0.01), (0.77, 0.05), (0.81, 0.10), (0.30, 0.12), (0.40, 0.30), (0.46, 0.22)),  # acromion
        ((0.74, 0.05), (0.70, 0.09), (0.66, 0.07), (0.34, 0.16), (0.52, 0.24), (0.40, 0.24)),  # coracoid
        ((0.80, -0.05), (0.88, -0.12), (0.98, -0.37), (0.32, 0.26), (0.24, 0.22), (0.16, 0.10)),  # lateral border
    ]
)
ACROMION, BORDER = 3, 5
# Outline: lateral border, tip, medial border and upper border, three control points each; the tip is added.
OUTLINE = np.array(
    [
        [(0.80, -0.05), (0.88, -0.12), (0, 0)],
        [(0, 0), (0.01, -0.09), (-0.16, -0.13)],
        [(-0.16, -0.13), (0.72, -0.36), (0.66, -0.10)],
        [(0.66, -0.10), (0.74, 0.03), (0.80, -0.05)],
    ]
)
BY_TIP = np.array([(0, 0, 1), (1, 1, 1), (1, 0, 0), (0, 0, 0)], bool)


def _blade(plane: Plane, f: Frame, side: int, at, above: float, rng: np.random.Generator) -> tuple[tuple, tuple]:
    """Thick parts of a blade as tubes, and its outline in pixels. above: see `draw`."""
    t = np.linspace(0, 1, plane.samples(9 * f.unit))
    tip = np.array((min(rng.normal(1.03, 0.04), 1.10), rng.normal(-0.41, 0.04)))  # it stays below the skin
    points = LINES[:, :3].copy()
    points[ACROMION, 2, 1], points[BORDER, 2] = above, tip
    points[:, 1:] += rng.normal(0, 0.012, (len(points), 2, 2))
    curves = bezier(at(points[..., 0], points[..., 1]), t)
    middle = 1 - np.abs(t - 0.45) / np.where(t < 0.45, 0.45, 0.55)
    shares = np.stack([(1 - middle) * (t < 0.45), middle, (1 - middle) * (t >= 0.45)])
    shares *= f.unit * np.sqrt(np.minimum(1, np.minimum(t, 1 - t) * 5 + 0.01))  # no square ends
    radius, path = (LINES[:, 3:, k] @ shares for k in (0, 1))
    path *= rng.uniform(0.9, 1.6, (len(path), 1))
    z = BLADE * f.depth
    rims = plane.tubes(side * curves[:, 0], curves[:, 1], z, radius, path, hollow=0.8, marrow=0.5)
    corners = OUTLINE + BY_TIP[..., None] * tip
    outline = np.concatenate(list(bezier(at(corners[..., 0], corners[..., 1]), np.linspace(0, 1, EDGE))), axis=1)
    return rims, plane.project(side * outline[0], outline[1], z)


def humerus(patient, plane: Plane, f: Frame, side: int, socket, lift: float, rng: np.random.Generator) -> list[tuple]:
    """Shaft that widens to its end, and the growth centre that caps it: a faint small oval that grows with age."""
    u, z = f.unit, -0.3 * f.depth
    way = np.array((math.cos(lift), math.sin(lift)))
    square = np.array((-way[1], way[0]))
    grown = float(np.clip((patient.age - 1) / 4.5 + rng.normal(0, 0.15), 0, 1))
    head, thick = (0.74 + 0.84 * grown) * u, (0.52 + 0.66 * grown) * u
    centre = socket + way * (0.15 * u + thick) + rng.normal(0, 0.12 * u, 2)
    # The plate of cartilage is a wavy dark line that narrows with age; the shaft rises into it as a dome.
    gap, dome, end = (0.12 - 0.10 * grown) * u, (0.30 + 0.20 * grown) * u, rng.uniform(1.25, 1.45) + 0.25 * grown
    base = centre + way * (0.85 * thick + gap)
    t = np.linspace(0, 1, plane.samples(36 * u)) ** 1.8
    along = 22 * u * t
    rim = np.minimum(along / dome, 1)
    radius = u * end * np.sqrt(rim * (2 - rim) * 0.6 + 0.4)
    radius *= np.interp(along / u, [0.3, 1.0, 2.2, 4.5, 22], [1, 0.92, 0.70, 0.50, 0.42])
    bow = 0.20 * u * np.sin(np.pi * np.clip(3.7 * t, 0, 1)) + rng.normal(0, 0.5 * u) * t
    x, y = (base[i] + way[i] * along + square[i] * bow for i in (0, 1))
    solid = u * np.interp(along / u, [0, 0.25, 1, 3, 22], [0.25, 0.75, 0.70, 0.80, 0.95])
    aside = np.array((0, -0.86, 0.86))[:, None] * radius  # the cortex at both sides thickens along the shaft
    wall = u * np.interp(along / u, [0.5, 1.2, 3, 6, 22], [0, 0.2, 0.7, 1.1, 1.3]) * rng.uniform(0.7, 1.2, (2, 1))
    wall *= 1 + 0.2 * np.sin(rng.uniform(4, 7, (2, 1)) * t**0.5 + rng.uniform(0, 6, (2, 1)))
    x, y = (side * (x + square[0] * aside), y + square[1] * aside)
    radius, solid = np.stack([radius] + 2 * [np.full_like(t, 0.17 * u)]), np.stack([solid, *wall])
    shaft = plane.tubes(x, y, z, radius, solid, hollow=0.7, marrow=0.8)
    # An oval at first, in the end half a ball with a flat base; two shells of unlike outline blur its edge
    s = np.linspace(-0.99, 0.97, plane.samples(4 * u))
    half_ball = chord(0.55 * (s - 0.82)) * np.sqrt(np.minimum(1, 6 * (1 - s)))
    r = head * (chord(s) + (0.3 + 0.5 * grown) * (half_ball - chord(s)))
    wave = rng.uniform(0, 6, (2, 1))
    shells = np.array([[0.82], [1.06]]) * r * (1 + 0.05 * np.sin(5 * s + wave) + 0.03 * np.sin(11 * s + 2 * wave))
    lean = (rng.normal(0, 0.12, (2, 1)) + 0.05 * s) * head
    x, y = (centre[i] + way[i] * thick * s + square[i] * lean for i in (0, 1))
    cap = plane.tubes(side * x, y, z, shells, (0.19 + 0.12 * grown) * r / head * u, hollow=0.8, marrow=0.5)
    # Trabeculae
    n = int(60 + 60 * grown)
    reach, across = rng.uniform(-2 * thick, 2.2 * u, n), rng.uniform(-0.85, 0.85, n)
    fits = np.interp(reach, [-2 * thick, -thick, 0, 0.5 * u, 2.2 * u], [0.4 * head, head, 0.9 * head, end * u, 0.7 * u])
    steps = np.array((-0.5, 0.5)) * rng.uniform(0.15, 0.6, (n, 1)) * u
    x, y = (
        base[i] + way[i] * (reach[:, None] + steps) + square[i] * (across * fits)[:, None] * (1 + 0.1 * steps)
        for i in (0, 1)
    )
    weave = plane.tubes(side * x, y, z, 0.09 * u, rng.normal(0, 0.05 * u, (n, 1)))
    return [shaft, cap, weave]
