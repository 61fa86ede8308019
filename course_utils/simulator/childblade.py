"""A small child's shoulder blade, which the raised arm has turned out from behind the ribs.

On supine films with the arms up (Caffey; Keats, Atlas of Normal Roentgen Variants) most of it lies outside the ribs: a
plate thin as paper down to the sixth or seventh rib, with a fine lateral border and a rounded lower angle; spongy at
the neck; the spine seen along its edge, two thin lines that meet below the acromion and run inwards over the ribs; the
coracoid a faint oval between acromion and clavicle. All values are cm of cortical bone.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .anatomy import Frame
from .plane import Plane, bezier

DEPTH = -0.8  # of the shoulder blades, of the half-depth of the chest
PLATE = 0.33  # path through the plate, of the unit
HIDDEN = 0.12  # share of blades that can hardly be told from the muscles
WOVEN = 26  # trabeculae that can be seen
SOFT = ImageFilter.BoxBlur(2)  # no stairs at the edge of the plate
# Begin, bend and end of the thick parts, in units from the middle of the joint along the lateral border and towards the
# midline; half-width and path (of the unit) at the begin, between, and at the end
LINES = np.array(
    [
        ((0.3, 1.1), (1.4, 1.1), (2.8, 1.55), (0.90, 0.20), (0.84, 0.34), (0.45, 0.38)),  # acromion and neck
        ((2.6, 1.20), (4.3, 2.5), (6.5, 4.00), (0.11, 0.42), (0.13, 0.54), (0.10, 0.38)),  # spine, lower lip
        ((2.5, 1.85), (4.2, 2.9), (6.4, 4.05), (0.11, 0.34), (0.12, 0.46), (0.09, 0.32)),  # spine, upper lip
        ((2.85, 1.20), (2.2, 1.5), (2.75, 1.90), (0.15, 0.36), (0.18, 0.54), (0.13, 0.34)),  # where both meet
        ((6.2, 3.85), (7.2, 4.4), (8.6, 4.90), (0.12, 0.26), (0.11, 0.24), (0.08, 0.04)),  # spine, over the ribs
        ((1.9, 0.9), (3.0, 1.4), (4.6, 2.1), (0.50, 0.14), (0.90, 0.26), (0.40, 0.06)),  # neck
        ((2.3, -0.25), (1.5, 0.8), (1.3, 2.3), (0.11, 0.14), (0.10, 0.16), (0.09, 0.10)),  # socket
        ((-0.2, 3.4), (0.6, 4.5), (1.9, 3.2), (0.38, 0.14), (0.56, 0.18), (0.40, 0.12)),  # coracoid
        ((2.3, -0.2), (5.6, 0.9), (10.4, 0.1), (0.16, 0.20), (0.14, 0.18), (0.11, 0.10)),  # lateral border
        ((10.3, 0.1), (11.8, 0.3), (11.2, 2.6), (0.11, 0.10), (0.11, 0.12), (0.10, 0.04)),  # lower angle
    ]
)
# Outline in the same units: lateral border, lower angle, medial border, upper border, socket and its lower rim, three
# control points each
OUTLINE = bezier(
    [
        [(2.3, -0.25), (5.6, 0.9), (10.4, 0.1)],
        [(10.4, 0.1), (11.8, 0.3), (11.2, 2.6)],
        [(11.2, 2.6), (8.0, 6.6), (2.8, 7.2)],
        [(2.8, 7.2), (1.5, 5.0), (1.6, 3.0)],
        [(1.6, 3.0), (0.9, 2.0), (1.4, 1.2)],
        [(1.4, 1.2), (1.6, 0.2), (2.3, -0.25)],
    ],
    np.linspace(0, 1, 16),
)
OUTLINE = OUTLINE.swapaxes(1, 2).reshape(-1, 2)


def draw(plane: Plane, f: Frame, joints, turns, rng: np.random.Generator) -> tuple[list[tuple], np.ndarray]:
    """Pieces of the thick parts of both blades for `Plane.splat`, and the path through their plates.

    joints: middle of the right and of the left shoulder joint, x counted outwards, cm, (2, 2). turns: of the lower
    angles outwards, radians, (2,).
    """
    u, z = f.unit, DEPTH * f.depth
    cos, sin = np.cos(turns), np.sin(turns)
    # Where a unit along the lateral border and one towards the midline lead; it is seen aslant
    ways = np.array([(sin, -cos), (-cos, -sin)]).transpose(2, 0, 1) * (u * rng.normal(1, 0.05, (2, 1, 1)))
    ways[:, 1] *= rng.uniform(0.85, 1.05, (2, 1))
    out = np.array((-1.0, 1.0))
    ways[..., 0] *= out[:, None]
    joints = np.stack([out * joints[:, 0], joints[:, 1]], axis=1)[:, None]
    clear = np.where(rng.random(2) < HIDDEN, 0.35, 1.0) * rng.uniform(0.75, 1.2, 2)

    t = np.linspace(0, 1, plane.samples(9 * u))
    points = LINES[:, :3] + rng.normal(0, 0.08, (2, len(LINES), 3, 2))
    curves = bezier((points.reshape(2, -1, 2) @ ways + joints).reshape(points.shape), t)
    middle = 1 - np.abs(t - 0.45) / np.where(t < 0.45, 0.45, 0.55)
    shares = np.stack([(1 - middle) * (t < 0.45), middle, (1 - middle) * (t >= 0.45)])
    shares *= u * np.sqrt(np.minimum(1, np.minimum(t, 1 - t) * 5 + 0.01))  # no square ends
    radius, path = (LINES[:, 3:, k] @ shares for k in (0, 1))
    own = rng.uniform((0.9, 5, 0), (1.4, 9, 6), (2, len(LINES), 3))
    own[..., 0] *= clear[:, None]
    own[:, 1:4, 0] *= np.clip(0.3 + 3 * turns, 0.3, 1)[:, None]  # arm down: along the shoulder's upper border
    path = path * own[..., :1] * (1 + 0.2 * np.sin(own[..., 1:2] * t + own[..., 2:]))
    thick = plane.tubes(curves[:, :, 0], curves[:, :, 1], z, radius, path, hollow=0.8, marrow=0.75)
    # Trabeculae fan out from the neck
    along, across, long = rng.uniform((2.2, 0, 0.3), (6.5, 1, 0.9), (2, WOVEN, 3)).transpose(2, 0, 1)
    step = long * np.array((-0.5, 0.5))[:, None, None]
    ends = np.stack([along + step, 1 + 2.4 * across + (0.7 * across - 0.1) * step], axis=-1) @ ways + joints
    x, y = ends.transpose(3, 1, 2, 0)
    fine = rng.normal(0.03, 0.11, (2, WOVEN)) * clear[:, None] * u * (1.2 - 0.12 * along)
    weave = plane.tubes(x, y, z, 0.08 * u, fine[..., None])

    plates = np.zeros(plane.shape, np.float32)
    x, y = (np.concatenate([[(0, 0), (1, 0), (0, 1)], OUTLINE]) @ ways + joints).transpose(2, 0, 1)
    for places, most in zip(np.stack(plane.project(x, y, z), axis=-1), PLATE * u * clear, strict=True):
        _plate(plates, places[3:], places[:3], most)
    return [thick, weave], plates


def _plate(plates: np.ndarray, outline: np.ndarray, axes: np.ndarray, most: float) -> None:
    """Add the plate of one blade to a film: thinner towards the midline and the lower angle.

    outline: (points, 2), pixels. axes: pixels of the joint, and of one unit along both axes, (3, 2). most: path through
    its thickest part, cm.
    """
    left, top = (max(int(edge) - 2, 0) for edge in outline.min(axis=0))
    right, bottom = (min(int(edge) + 3, n) for edge, n in zip(outline.max(axis=0), plates.shape[::-1], strict=True))
    if left >= right or top >= bottom:
        return
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).polygon((outline - (left, top)).ravel().tolist(), fill=255)
    (a, b), (c, d) = axes[1:] - axes[0]
    per_row, per_column = (v / (a * d - b * c) for v in (0.035 * c - 0.11 * a, 0.11 * b - 0.035 * d))
    rows = 1.25 + per_row * (np.arange(top, bottom) - axes[0, 1])
    thick = rows.astype(np.float32)[:, None] + (per_column * (np.arange(left, right) - axes[0, 0])).astype(np.float32)
    thick.clip(0.15, 1, out=thick)
    thick *= np.asarray(image.filter(SOFT))
    thick *= np.float32(most / 255)
    plates[top:bottom, left:right] += thick
