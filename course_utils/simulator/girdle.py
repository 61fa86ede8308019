"""The adult shoulder girdle: clavicles, shoulder blades and upper arms, as paths through bone on every ray.

The blade is a thin plate whose lateral border, spine, neck and coracoid are thick. Landmarks lie as on an erect PA
film: the clavicle's inner end below the lung apex, its outer end above the humeral head, the blade's tip at the 7th rib
(Gray's Anatomy, 1918, The Clavicle, The Scapula, The Humerus).
"""

from __future__ import annotations

import functools

import numpy as np

from .anatomy import Frame, bell, ramp
from .lookup import ellipse, enlarged
from .plane import Plane, bezier

SHEET = 0.20  # mineral of the blade's thin plate on a ray, cm
TUBULAR = {"hollow": 0.84, "marrow": 0.2}  # see `Plane.tubes`
SHAFT = {"hollow": 0.88, "marrow": 0.15}  # of a clavicle: spongy inside
HANGING = -1.40  # radians: the lowest direction of an arm that hangs beside the chest
ARM = -0.2  # depth of the humerus over that of the chest: behind the middle plane
HEAD = {"hollow": 0.92, "marrow": 0.30}  # of a humerus: a thin cortex that runs into spongy bone
BALL_AT = 1.75, 0.1  # the middle of a humeral head, outwards and above the socket, cm
BALL = 2.6, 1.3  # its spongy part: radius, cm, and mineral through its middle, cm
MESH = 0.18  # how uneven that is: beams and gaps of spongy bone
ENDS = (0, 0.12, 0.45, 0.85, 1)  # along a thick part of the blade: half-widths and paths, relative
BORDER_WIDTH, BORDER_PATH = (1.4, 1.2, 1.0, 0.8, 0.6), (0.3, 1.0, 0.7, 0.4, 0.15)
ACROMION = (0.6, 0.9, 1.1, 1.0, 0.7), (0.0, 0.6, 1.0, 0.8, 0.1)
CORACOID = (1.0, 1.0, 1.0, 1.0, 0.5), (0.0, 0.4, 0.9, 1.0, 0.4)
COLLUM = (0.3, 0.7, 1.0, 1.1, 0.9), (0.0, 0.6, 1.1, 0.9, 0.0)


def draw(patient, exposure, plane: Plane, f: Frame) -> tuple[list[tuple], np.ndarray]:
    """Pieces for `Plane.splat` of all bones of both sides, and the mineral of thin blades and round heads, cm.

    `exposure.spread` turns the blades off the lungs (1) or leaves them on it (0); `exposure.shoulders` lifts both.
    """
    rng = np.random.default_rng([patient.seed, 9])
    own = rng.standard_normal(6)  # the patient's; and what differs between the sides
    pieces, outlines, heads = [], [], []
    for side in (-1, 1):
        shape = own + 0.4 * rng.standard_normal(6)
        joint = socket(exposure, f, side, shape[0])
        rims, outline = _blade(plane, exposure, f, side, joint, shape)
        pieces += [_clavicle(plane, exposure, f, side, joint, shape), *rims, *_arm(plane, exposure, f, side, joint)]
        outlines.append(outline)
        heads.append((side * (joint[0] + BALL_AT[0] * f.unit), joint[1] + BALL_AT[1] * f.unit))
    sheet = plane.fill(outlines)
    sheet *= np.float32(SHEET * f.unit)
    x, y = plane.coordinates(ARM * f.depth)
    for centre in heads:
        part, inside = ellipse(x, y, centre, BALL[0] * f.unit, BALL[0] * f.unit)
        mesh = rng.standard_normal([n // 2 + 1 for n in inside.shape], np.float32)
        inside *= inside
        sheet[part] += np.float32(BALL[1] * f.unit) * inside * (1 + np.float32(MESH) * enlarged(mesh, 2, inside.shape))
    return pieces, sheet


def socket(exposure, f: Frame, side: int, lift: float = 0.0) -> np.ndarray:
    """Middle of the shoulder's socket, cm; the shoulder turned towards the film's edge lies lower."""
    lift = exposure.shoulders + 0.04 * side * exposure.rotation + 0.1 * lift
    return np.array((0.55 * f.width + (7.6 + 0.9 * exposure.spread) * f.unit, f.apex + (2.4 * lift - 3.6) * f.unit))


@functools.lru_cache(maxsize=2)
def direction(exposure, side: int) -> float:
    """Direction of an arm above the horizontal, radians, if it were the left one: nobody holds both alike.

    A hanging arm rests against the flank, which leads it outwards.
    """
    return max(exposure.arms, HANGING) + 0.14 * abs(np.random.default_rng([exposure.seed, 20 + side]).standard_normal())


def _clavicle(plane: Plane, exposure, f: Frame, side: int, joint: np.ndarray, shape) -> tuple:
    """An S from the breastbone to above the humeral head: a thick inner end, a slim shaft, a flat outer end.

    Turning the patient moves its inner end (through its depth).
    """
    u, t = f.unit, (1 - np.cos(np.linspace(0, np.pi, plane.samples(1.9 * f.width))))[None] / 2
    inner = np.array((2.1 * u, f.apex - (4.6 - 0.8 * exposure.shoulders) * u))
    outer = joint + np.array((0.6 * u, 3.1 * u))
    x = inner[0] + (outer[0] - inner[0]) * t
    bow = (0.50 + 0.40 * shape[1]) * np.sin(np.pi * t) + (0.60 + 0.28 * shape[2]) * np.sin(2 * np.pi * t)
    y = inner[1] + (outer[1] - inner[1]) * t + u * bow
    thick = 1 + 0.07 * shape[3]
    where = [0, 0.02, 0.07, 0.13, 0.26, 0.42, 0.60, 0.80, 0.93, 0.985, 1]
    radius = thick * u * np.interp(t, where, [0.32, 0.80, 1.10, 1.04, 0.72, 0.50, 0.44, 0.52, 0.74, 0.66, 0.25])
    area = thick * u * u * np.interp(t, where, [0.02, 0.11, 0.22, 0.28, 0.26, 0.24, 0.22, 0.22, 0.21, 0.16, 0.03])
    knob = bell(t - 0.76, 0.05) - 0.6 * bell(t - 0.15, 0.06)  # conoid tubercle and rhomboid fossa: below
    radius, y = radius + 0.13 * u * knob, y - 0.13 * u * knob
    uneven = np.sin(19 * t + 9 * shape[4]) + np.sin(31 * t + 9 * shape[5])
    radius, area = radius * (1 + 0.07 * uneven), area * (1 + 0.14 * np.roll(uneven, 3))
    return plane.tubes(side * x, y, f.depth * (0.85 - 0.85 * t**1.3), radius, area / radius, **SHAFT)


def _blade(plane: Plane, exposure, f: Frame, side: int, joint: np.ndarray, shape) -> tuple[list[tuple], tuple]:
    """Thick parts of a blade as tubes, and its outline in pixels; turned away, it is seen narrow."""
    u, t = f.unit, np.linspace(0, 1, plane.samples(12 * f.unit))
    narrow = 1 - 0.42 * exposure.spread
    at = lambda dx, dy: joint + np.array((dx * narrow * u, dy * u))  # noqa: E731
    tip, corner, root = at(-5.6, -11.2), at(-8.1, 1.3), at(-8.2, -0.6)
    waist = at(-3.6 + 0.7 * shape[4], -4.0), at(-3.6 - 0.7 * shape[5], -8.8)  # of the lateral border: it is hollow
    inner = at(-8.7 + 0.3 * shape[5], -3.0), at(-8.4 - shape[4], -14.0)
    roof = joint + np.array((1.1 * u, 2.7 * u))  # where the spine becomes the acromion
    rims = (  # control points, half-width and path (cm) of a curve, and how they change along it
        ((at(-0.7, -1.4), *waist, tip), 0.34, 0.24, BORDER_WIDTH, BORDER_PATH),  # lateral
        ((corner, *inner, tip), 0.16, 0.08, (1, 1, 1, 1, 1), (0.1, 0.5, 1, 0.6, 1)),  # medial
        ((corner, at(-7.7, 3.0), at(-4.6, 1.6), at(-2.6, 1.0)), 0.14, 0.09, (1, 1, 1, 1, 1), (0.1, 0.5, 1, 1, 0.5)),
        ((root, at(-5.4, 0.6), at(-2.0, 2.6), roof), 0.50, 0.85, (1.6, 1.3, 1.0, 1.1, 1.1), (0.05, 0.25, 0.6, 1, 0.5)),
        ((at(-0.6, 2.1), roof, roof + (1.0 * u, 0.5 * u), roof + (2.5 * u, -0.5 * u)), 0.75, 0.90, *ACROMION),
        ((at(-3.6, 0.4), at(-2.9, 1.4), at(-1.9, 1.9), at(-0.6, 1.6)), 0.62, 0.70, *CORACOID),
        ((at(-4.4, -0.7), at(-3.0, -0.4), at(-1.6, -0.2), at(-0.1, 0.0)), 1.2, 0.28, *COLLUM),
    )
    curves = bezier([points for points, *_ in rims], t)
    outline = np.concatenate([curves[2][:, ::-1], curves[1], curves[0][:, ::-1]], axis=1)
    hats = np.array([np.interp(t, ENDS, one) for one in np.eye(len(ENDS))])
    radius = np.array([np.multiply(width * u, shape) for _, width, _, shape, _ in rims]) @ hats
    path = np.array([np.multiply(solid * u, shape) for _, _, solid, _, shape in rims]) @ hats
    turn = np.stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)])
    # The rim of the socket, and the tip of the coracoid, which points at the tube.
    middles = np.array([joint - (0.2 * u, 0), at(0.2 * shape[4] - 2.1, 0.2 * shape[5] + 1.5)])
    halves = u * np.array([(0.25 + 0.40 * (1 - exposure.spread), 1.75), (0.95, 0.62)])
    rings = middles[..., None] + halves[..., None] * turn
    curves = np.concatenate([curves, rings])
    thin = 1 - 0.45 * np.abs(turn[1])
    radius = np.concatenate([radius, np.stack([0.26 * u * thin, 0.17 * u * thin])])
    wall = 0.55 + 0.45 * turn[0]  # the hind rim hides the front one
    path = np.concatenate([path, np.stack([0.24 * u * wall, 0.30 * u * (0.7 - 0.3 * turn[1])])])
    back = np.full(radius.shape, -0.8 * f.depth)
    values = side * curves[:, 0], curves[:, 1], back, radius, path
    ridges, shells = ([v[rows] for v in values] for rows in ([0, 6], [1, 2, 3, 4, 5, 7, 8]))
    pieces = [plane.tubes(*ridges), plane.tubes(*shells, **TUBULAR)]
    return pieces, plane.project(side * outline[0], outline[1], -0.8 * f.depth)


def _arm(plane: Plane, exposure, f: Frame, side: int, joint: np.ndarray) -> list[tuple]:
    """Humerus: a round head and neck of spongy bone, and a shaft of thick cortex."""
    u, k = f.unit, plane.samples(20 * f.unit)
    long = max(1.0, 1.05 * f.height / (19.2 * u))  # narrow lungs of tall people
    along = (33 * long * np.linspace(0, 1, k) ** 2.2 - 2.36)[None]  # the head is round, the shaft straight
    head = np.sqrt(np.maximum(2.36**2 - np.minimum(along, 0) ** 2, 0.01))
    radius = u * np.minimum(
        head,
        np.interp(along, [0, 0.8, 1.8, 3.2, 5.5, 9, 22 * long, 31 * long], [2.36, 2.3, 2.1, 1.6, 1.22, 1.24, 1.08, 3]),
    )
    spongy = np.interp(along, [-2.36, 1.5, 4.5], [0.40, 0.34, 0.0])
    solid = np.interp(along, [0.5, 4, 7, 24 * long, 30 * long], [0.0, 0.6, 0.72, 0.6, 0.0])
    lateral = 0.70 * ramp((along + 2.4) / 9) + 0.2 * np.sin(along / 7)  # the head sits on the inner side of the shaft
    down, centre = direction(exposure, side), joint + np.array(BALL_AT) * u
    along = along * u
    x = centre[0] + np.cos(down) * along - np.sin(down) * lateral * u
    y = centre[1] + np.sin(down) * along + np.cos(down) * lateral * u
    head, shaft = along[0] < 5 * u, along[0] > 0.3 * u
    z = np.full_like(along, ARM * f.depth)
    return [
        plane.tubes(*(v[:, part] for v in (side * x, y, z, radius, path * radius)), **wall)
        for part, path, wall in ((head, spongy, HEAD), (shaft, solid, {"hollow": 0.68, "marrow": 0.15}))
    ]
