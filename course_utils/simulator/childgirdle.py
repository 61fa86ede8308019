"""A small child's shoulder girdle: clavicles, shoulder blades turned outwards by the raised arms, and upper arms.

Landmarks lie as on supine films with the arms up (Caffey; Keats, Atlas of Normal Roentgen Variants): the clavicle
rises from beside the spine over the apex and ends outside the first ribs; the upper end of the humerus is a funnel
with a rounded end, capped by one growth centre and, from the second year on, a second one (greater tubercle). The
blades are drawn by `childblade`. Lengths follow from the patient's `Frame`; all values are cm of cortical bone.
"""

from __future__ import annotations

import math

import numpy as np

from . import childblade
from .anatomy import Frame, chord
from .childbody import arm_lift, shoulder
from .plane import Plane, gradient


def draw(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> tuple[list[tuple], np.ndarray]:
    """Pieces for `Plane.splat` of all bones of both sides, and the path through the blades."""
    ends, joints, turns = [], [], []
    lifts = np.array([arm_lift(exposure, side) for side in (-1, 1)])
    for side, lift in zip((-1, 1), lifts, strict=True):
        up = np.clip(lift / 1.3, -1, 1.1)  # raising the arm turns the tip outwards and the socket upwards
        joint = shoulder(exposure, f, side) + rng.normal(0, 0.35 * f.unit, 2)
        room = math.asin(min((0.96 * (f.width + patient.wall) - joint[0]) / (10 * f.unit), 1))  # below the skin
        turns.append(min(0.12 + 0.24 * up + rng.normal(0, 0.09), room))
        joints.append(joint)
        high = 0.03 + 0.05 * up + 0.03 * exposure.shoulders + 0.065 * rng.standard_normal()
        far = 0.80 - 0.5 * max(high - 0.08, 0) + 0.04 * rng.standard_normal()
        ends.append((far * f.width, f.apex + high * f.height))
    joints = np.array(joints)
    blades, plates = childblade.draw(plane, f, joints + 0.6 * f.unit, np.array(turns), rng.spawn(1)[0])
    return humeri(patient, plane, f, joints, lifts, rng) + clavicles(plane, f, np.array(ends), rng) + blades, plates


# Along a clavicle: half-width and mineral (of the unit). The inner end is a spongy bulb, the middle slim and solid, the
# outer third a thin plate between two rims of cortex.
ALONG = [0, 0.04, 0.14, 0.30, 0.48, 0.64, 0.76, 0.88, 0.96, 1]
BROAD = [0.28, 0.54, 0.48, 0.34, 0.31, 0.33, 0.40, 0.56, 0.62, 0.38]
SOLID = [0.08, 0.26, 0.34, 0.46, 0.60, 0.62, 0.38, 0.20, 0.14, 0.04]
CREST, UNEVEN = np.array([[0.34], [0.10], [0.22]]), np.array([[1], [1], [0.5]])  # of the borders and a ridge
RIM = [0.02, 0.05, 0.10, 0.20, 0.26, 0.27, 0.22, 0.17, 0.12, 0.02]


def clavicles(plane: Plane, f: Frame, ends: np.ndarray, rng: np.random.Generator) -> list[tuple]:
    """Two S-shaped clavicles from the sternum to the acromion: a hollow bone with the cortex of its two borders.

    ends: outer end of the right and of the left one, (2, 2), cm, x counted outwards from the midline.
    """
    u, out = f.unit, np.array((-1, 1))[:, None, None]
    t = np.linspace(0, 1, plane.samples(0.9 * f.width) + 6)
    t -= 0.13 * np.sin(2 * np.pi * t)  # closer at the rounded ends
    broad, solid, rim = (np.interp(t, ALONG, values) * u for values in (BROAD, SOLID, RIM))
    low = f.apex + rng.normal(-0.13, 0.05) * f.height
    own = 0.7 * rng.standard_normal((5, 1, 1)) + 0.7 * rng.standard_normal((5, 2, 1))
    wave = rng.uniform(0, 6, (7, 2, 1))
    outer, top = ends.T[..., None]
    bent = 0.66 + 0.04 * own[3]  # where the ligaments hold it the outer third turns aside, with a bright crest
    inner = (0.15 + 0.02 * own[1]) * f.width
    x = inner + (outer - inner) * np.sin(0.7 * t) / np.sin(0.7)
    y = (0.34 + 0.22 * own[2]) * np.sin(2 * np.pi * t**1.2) + (0.22 + 0.28 * own[0]) * np.sin(np.pi * t)
    y += (0.5 * own[3] - 0.15) * (np.maximum(t - bent, 0) / 0.32) ** 1.3
    y = low + (top - low) * t + y * u
    dx, dy = gradient(x), gradient(y)
    long = np.hypot(dx, dy)
    wide = broad * (1 + 0.08 * own[4] + 0.05 * np.sin(7 * t + wave[0]) + 0.03 * np.sin(15 * t + wave[1]))
    path = solid * (1 + 0.22 * np.sin(6 * t + wave[2]) + 0.16 * np.sin(17 * t + wave[3]))
    deep = f.depth * (0.90 - 0.80 * t**1.3)
    body = plane.tubes(out[:, 0] * x, y, deep, wide, path, hollow=0.78, marrow=0.6)
    # Upper and lower border, and a ridge that wanders from the lower one to the crest
    x, y, dx, dy, wide = (v[:, None] for v in (x, y, dx / long, dy / long, wide))
    off = np.ones((2, 3, t.size))
    off[:, 1] = -1
    off[:, 2] = np.minimum(1.05 * (t - 0.2) / (bent - 0.2), 1 + (own[0] - 0.35) * (t - bent)) - 0.7
    off *= wide - 0.07 * u
    crest = np.exp(-(((t - bent) / 0.10) ** 2))[:, None] * u * CREST * rng.uniform(0.2, 1.6, (2, 3, 1))
    path = rim * (UNEVEN + 0.6 * np.sin(5 * t + wave[4:].swapaxes(0, 1))) + crest
    path *= np.minimum(rng.uniform(4, 25, (2, 3, 1)) * (1.002 - t), 1)  # they end one before the other
    return [body, plane.tubes(out * (x - dy * off), y + dx * off, deep[None], 0.10 * u + 0.4 * crest, path)]


# Along an upper arm bone: way from the tip, half-width over that of its end, path, and a side's cortex (of the unit)
SHAFT = [0, 0.10, 0.50, 0.90, 1.9, 3.0, 4.9, 8.4, 22]
FLARE = [0.10, 0.42, 0.93, 1.00, 0.93, 0.75, 0.58, 0.52, 0.50]
INNER = [0.10, 0.30, 0.58, 0.64, 0.66, 0.55, 0.54, 0.53, 0.50]
CORTEX = [0, 0, 0.02, 0.06, 0.16, 0.42, 0.60, 0.68, 0.75]
TENT = 0.4  # of the unit: the shaft's end is a low cone


def humeri(patient, plane: Plane, f: Frame, joints, lifts, rng: np.random.Generator) -> list[tuple]:
    """Shafts that flare to a low cone, and the growth centres that cap them: flat ovals that grow into a half ball.

    joints: middle of the right and of the left shoulder joint, x counted outwards, cm, (2, 2). lifts: of the arms above
    the horizontal, radians, (2,).
    """
    u, z = f.unit, -0.3 * f.depth
    out, (cos, sin) = np.array((-1, 1))[:, None, None], (v(lifts)[:, None, None] for v in (np.cos, np.sin))
    right, up = joints.T[..., None, None]

    def place(along, across):  # cm from the joint
        return out * (right + cos * along - sin * across), up + sin * along + cos * across

    grown = float(np.clip((patient.age - 0.5) / 4.0 + rng.normal(0, 0.12), 0, 1))
    head = (0.80 + 0.90 * grown) * u  # half its breadth
    thick = 0.60 + 0.18 * grown  # of a cap over its breadth
    end = (rng.uniform(1.45, 1.65) + 0.30 * grown) * u  # half-width of the shaft's end
    # The plate of cartilage between them is dark, and hides where the raised arm is seen aslant.
    short = 0.75 + 0.25 * np.abs(cos)
    centre = 0.3 * u
    tip = centre + (thick * head + 0.04 * u) * short
    t = np.linspace(0, 1, plane.samples(32 * u)) ** 1.8
    along = 22 * t
    radius, solid, wall = (np.interp(along, SHAFT, values) for values in (FLARE, INNER, CORTEX))
    bow = 0.20 * u * np.sin(np.pi * np.clip(3.7 * t, 0, 1)) + rng.normal(0, 0.5 * u, (2, 1, 1)) * t
    aside = np.array((0, -0.88, 0.88))[:, None] * radius * end  # the cortex at both sides thickens along the shaft
    uneven = 1 + 0.2 * np.sin(rng.uniform(4, 7, (2, 2, 1)) * t**0.5 + rng.uniform(0, 6, (2, 2, 1)))
    paths = np.concatenate(
        [np.broadcast_to(solid, (2, 1, t.size)), wall * uneven * rng.uniform(0.7, 1.2, (2, 2, 1))], 1
    )
    radii = np.stack([radius * end, *2 * [np.full(t.size, 0.22 * u)]])
    shaft = plane.tubes(*place(tip + u * along, bow + aside), z, radii, u * paths, hollow=0.7, marrow=0.8)
    # The front where cartilage turns into bone: a bright line, thick here and thin there
    a, rough = np.linspace(-0.97, 0.97, 13), rng.uniform(0, 6, (2, 2, 1, 1))
    ahead = np.abs(a) * TENT * u
    line = u * np.maximum(0.08 + 0.06 * np.sin(4 * a + rough[0]) + 0.03 * np.sin(9 * a + rough[1]), 0)
    front = plane.tubes(*place(tip + ahead + 0.08 * u, 0.95 * end * a), z, 0.15 * u, line)
    # Head and, smaller, further out and later, the greater tubercle, each with a thin shell
    late = max(grown - 0.25, 0.0)
    sizes = np.array((head, (0.35 + 0.40 * late) * u))[: 1 + (late > 0), None]
    n = len(sizes)
    outer = -np.sign(cos + 1e-9) * np.array((-0.25 * grown, 0.70))[:n, None] * (0.4 * head + 0.6 * end)
    forth = centre + (0.3 + 0.4 * grown) * (1 - short) / 0.25 * head + rng.normal(0, 0.15 * u, (2, n, 1))
    forth = forth + np.array((0, 0.3 * u))[:n, None]
    s, wave = np.linspace(-0.99, 0.99, 15), rng.uniform(0, 6, (2, n, 1))
    flat = 0.3 * grown  # towards the shaft
    breadth = sizes * chord(s - flat * (1 - s * s)) * (1 + 0.04 * np.sin(4 * s + wave))
    places = place(forth + thick * sizes * s, outer + 0 * breadth)
    cap = plane.tubes(*places, z, breadth, (0.26 + 0.20 * grown) * breadth, hollow=0.8, marrow=0.6)
    turn = np.linspace(0, 2 * np.pi, 22)
    ring = 0.96 * sizes * (1 + 0.03 * np.sin(2 * turn + wave) + 0.02 * np.sin(3 * turn + 2 * wave))
    places = place(forth + thick * ring * (np.cos(turn) + flat * np.sin(turn) ** 2), outer + ring * np.sin(turn))
    shell = u * np.maximum(0.06 + 0.04 * np.sin(turn + 3 * wave), 0)
    shells = plane.tubes(*places, z, 0.13 * u, shell)
    # Trabeculae
    n = int(40 + 50 * grown)
    reach, across = rng.uniform(-1, 2.2, (2, n, 1)), rng.uniform(-0.85, 0.85, (2, n, 1))
    fits = np.interp(reach, [-1, 0, 0.7, 2.2], [0.8 * head, 0.8 * head, 0.95 * end, 0.85 * end])
    steps = rng.uniform(0.15, 0.6, (2, n, 1)) * np.array((-0.5, 0.5)) * u
    reach = tip + np.where(reach < 0, 2 * thick * head, u) * reach
    places = place(reach + steps, across * fits * (1 + 0.1 * steps))
    weave = plane.tubes(*places, z, rng.uniform(0.07, 0.12, (2, n, 1)) * u, rng.normal(0, 0.05 * u, (2, n, 1)))
    return [shaft, front, cap, shells, weave]
