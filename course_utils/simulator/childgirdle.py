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
    pieces, ends, joints, turns = [], [], [], []
    for side in (-1, 1):
        lift = arm_lift(exposure, side)
        up = np.clip(lift / 1.3, -1, 1.1)  # raising the arm turns the tip outwards and the socket upwards
        joint = shoulder(exposure, f, side) + rng.normal(0, 0.35 * f.unit, 2)
        room = math.asin(min((0.96 * (f.width + patient.wall) - joint[0]) / (10 * f.unit), 1))  # below the skin
        turns.append(min(0.12 + 0.24 * up + rng.normal(0, 0.09), room))
        joints.append(joint)
        high = 0.03 + 0.05 * up + 0.03 * exposure.shoulders + 0.065 * rng.standard_normal()
        far = 0.80 - 0.5 * max(high - 0.08, 0) + 0.04 * rng.standard_normal()
        ends.append((far * f.width, f.apex + high * f.height))
        pieces += humerus(patient, plane, f, side, joint, lift, rng)
    pieces += clavicles(plane, f, np.array(ends), rng)
    blades, plates = childblade.draw(plane, f, np.array(joints) + 0.6 * f.unit, np.array(turns), rng.spawn(1)[0])
    return pieces + blades, plates


# Along a clavicle: half-width and mineral (of the unit). The inner end is a spongy bulb, the middle slim and solid, the
# outer third a thin plate between two rims of cortex.
ALONG = [0, 0.05, 0.14, 0.30, 0.48, 0.64, 0.76, 0.90, 0.97, 1]
BROAD = [0.44, 0.56, 0.52, 0.40, 0.36, 0.37, 0.44, 0.60, 0.66, 0.60]
SOLID = [0.10, 0.36, 0.48, 0.62, 0.74, 0.70, 0.46, 0.26, 0.20, 0.03]
RIM = [0.02, 0.05, 0.10, 0.20, 0.26, 0.27, 0.22, 0.17, 0.12, 0.02]


def clavicles(plane: Plane, f: Frame, ends: np.ndarray, rng: np.random.Generator) -> list[tuple]:
    """Two S-shaped clavicles from the sternum to the acromion: a hollow bone with the cortex of its two borders.

    ends: outer end of the right and of the left one, (2, 2), cm, x counted outwards from the midline.
    """
    u = f.unit
    t = np.linspace(0, 1, plane.samples(0.9 * f.width) + 8)
    start, both = rng.normal(-0.13, 0.05), rng.standard_normal(5)
    broad, solid = (np.interp(t, ALONG, values) * u for values in (BROAD, SOLID))
    body, borders = [], []
    for side, (outer, top) in zip((-1, 1), ends, strict=True):
        own, wave = 0.7 * both + 0.7 * rng.standard_normal(5), rng.uniform(0, 6, (3, 3))
        bent = 0.66 + 0.04 * own[3]  # where the ligaments hold it the outer third turns aside, with a bright crest
        inner = (0.15 + 0.02 * own[1]) * f.width
        low = f.apex + start * f.height
        x = inner + (outer - inner) * np.sin(0.7 * t) / np.sin(0.7)
        y = (0.34 + 0.22 * own[2]) * np.sin(2 * np.pi * t**1.2) + (0.22 + 0.28 * own[0]) * np.sin(np.pi * t)
        y += (0.5 * own[3] - 0.15) * (np.maximum(t - bent, 0) / 0.32) ** 1.3
        y = low + (top - low) * t + y * u
        dx, dy = gradient(np.stack([x, y]))
        long = np.hypot(dx, dy)
        wide = (
            broad * (1 + 0.08 * own[4]) * (1 + 0.05 * np.sin(7 * t + wave[0, 0]) + 0.03 * np.sin(15 * t + wave[0, 1]))
        )
        body.append(
            (side * x, y, wide, solid * (1 + 0.12 * np.sin(6 * t + wave[1, 0]) + 0.07 * np.sin(17 * t + wave[1, 1])))
        )
        crest = (
            np.exp(-(((t - bent) / 0.10) ** 2)) * np.array([[0.22], [0.05], [0.10]]) * rng.uniform(0.2, 1.6, (3, 1)) * u
        )
        # The third is a ridge that wanders from the lower border to the crest
        off = np.stack([0 * t + 1, 0 * t - 1, np.interp(t, [0.2, bent, 1], [-0.7, 0.35, own[0]])]) * (wide - 0.07 * u)
        uneven = np.array([[1], [1], [0.5]]) + 0.4 * np.sin(5 * t + wave[:, 2:3])
        path = np.stack([np.interp(t * rng.uniform(1, 1.08), ALONG, RIM) for _ in range(3)]) * uneven * u + crest
        borders.append((side * (x - dy / long * off), y + dx / long * off, 0.10 * u + 0.4 * crest, np.maximum(path, 0)))
    deep = f.depth * (0.90 - 0.80 * t**1.3)
    x, y, radius, path = np.array(body).swapaxes(0, 1)
    bone = plane.tubes(x, y, deep, radius, path, hollow=0.78, marrow=0.6)
    x, y, radius, path = (np.concatenate(v) for v in zip(*borders, strict=True))
    return [bone, plane.tubes(x, y, deep, radius, path)]


def humerus(patient, plane: Plane, f: Frame, side: int, joint, lift: float, rng: np.random.Generator) -> list[tuple]:
    """Shaft that flares to a rounded end, and the growth centres that cap it: balls that grow with age."""
    u, z = f.unit, -0.3 * f.depth
    way = np.array((math.cos(lift), math.sin(lift)))
    square = np.array((-way[1], way[0]))
    grown = float(np.clip((patient.age - 0.5) / 4.0 + rng.normal(0, 0.12), 0, 1))
    head = (0.70 + 0.85 * grown) * u
    thick = 0.90 - 0.22 * grown * abs(way[0])  # of a cap over its breadth, least from the side
    end = (rng.uniform(1.40, 1.60) + 0.30 * grown) * u  # half-width of the shaft's end
    # The plate of cartilage between them is dark, and hides where the raised arm is seen aslant.
    short = 0.75 + 0.25 * abs(way[0])
    centre = joint + way * 0.3 * u
    base = centre + way * ((thick - 0.05) * head + (0.08 + 0.10 * grown) * u) * short
    t = np.linspace(0, 1, plane.samples(36 * u)) ** 1.8
    along = 22 * u * t
    dome = rng.uniform(1.1, 1.4) * u * short
    rim = np.minimum(along / dome, 1)
    radius = end * np.sqrt(rim * (2 - rim) * 0.95 + 0.05)
    radius *= np.interp(along / u, [0.6, 1.5, 2.6, 4.5, 8, 22], [1, 0.95, 0.75, 0.58, 0.52, 0.50])
    bow = 0.20 * u * np.sin(np.pi * np.clip(3.7 * t, 0, 1)) + rng.normal(0, 0.5 * u) * t
    x, y = (base[i] + way[i] * along + square[i] * bow for i in (0, 1))
    solid = u * np.interp(along / u, [0, 0.4, 1.2, 3, 22], [0.14, 0.60, 0.66, 0.55, 0.50])
    aside = np.array((0, -0.88, 0.88))[:, None] * radius  # the cortex at both sides thickens along the shaft
    wall = u * np.interp(along / u, [0.6, 1.4, 3, 6, 22], [0, 0.1, 0.4, 0.65, 0.75]) * rng.uniform(0.7, 1.2, (2, 1))
    wall *= 1 + 0.2 * np.sin(rng.uniform(4, 7, (2, 1)) * t**0.5 + rng.uniform(0, 6, (2, 1)))
    x, y = (side * (x + square[0] * aside), y + square[1] * aside)
    radius, solid = np.stack([radius] + 2 * [np.full_like(t, 0.22 * u)]), np.stack([solid, *wall])
    shaft = plane.tubes(x, y, z, radius, solid, hollow=0.7, marrow=0.8)
    # The front where cartilage turns into bone: a bright line, thick here and thin there
    a = np.linspace(-0.94, 0.94, plane.samples(3 * u))
    rough = rng.uniform(0, 6, 3)
    ahead = dome * (1 - np.sqrt(1 - a * a)) + 0.07 * u * np.sin(9 * a + rough[0])
    front = u * np.maximum(0.20 + 0.16 * np.sin(4 * a + rough[1]) + 0.10 * np.sin(11 * a + rough[2]), 0)
    x, y = (base[i] + way[i] * (ahead + 0.12 * u) + square[i] * end * 0.95 * a for i in (0, 1))
    line = plane.tubes(side * x, y, z, 0.16 * u, front)
    # Head and, smaller, further out and later, the greater tubercle: balls, each with a thin wavy shell
    late = max(grown - 0.25, 0.0)
    sizes = np.array((head, (0.35 + 0.40 * late) * u * (late > 0)))[: 1 + (late > 0), None]
    out = -np.sign(way[0] or 1) * np.array((-0.25 * grown, 0.70))[: len(sizes)] * (0.4 * head + 0.6 * end)
    ahead = (
        rng.normal((0.3 + 0.4 * grown) * (1 - short) / 0.25 * head, 0.15 * u, len(sizes))
        + np.array((0, 0.3 * u))[: len(sizes)]
    )
    place = centre + way * ahead[:, None] + square * out[:, None]
    s = np.linspace(-0.99, 0.99, plane.samples(4 * u))
    wave = rng.uniform(0, 6, (len(sizes), 1))
    flat = 0.22 * grown  # towards the shaft
    r = sizes * chord(s - flat * (1 - s * s)) * (1 + 0.04 * np.sin(4 * s + wave))
    x, y = (place[:, i, None] + way[i] * thick * sizes * s for i in (0, 1))
    cap = plane.tubes(side * x, y, z, r, (0.26 + 0.20 * grown) * r, hollow=0.8, marrow=0.5)
    turn = np.linspace(0, 2 * np.pi, plane.samples(6 * u))
    ring = 0.95 * sizes * (1 + 0.03 * np.sin(2 * turn + wave) + 0.02 * np.sin(3 * turn + 2 * wave))
    along = np.cos(turn) + flat * np.sin(turn) ** 2
    x, y = (place[:, i, None] + way[i] * thick * ring * along + square[i] * ring * np.sin(turn) for i in (0, 1))
    shell = 0.07 * u * np.maximum(0.9 + 0.6 * np.sin(turn + 3 * wave) + 0.2 * np.sin(3 * turn + wave), 0)
    shells = plane.tubes(side * x, y, z, 0.17 * u, shell)
    # Trabeculae
    n = int(40 + 50 * grown)
    reach, across = rng.uniform(-head, 2.2 * u, n), rng.uniform(-0.85, 0.85, n)
    fits = np.interp(reach, [-head, 0, 0.5 * u, 2.2 * u], [0.8 * head, 0.8 * end, end, 0.75 * end])
    steps = np.array((-0.5, 0.5)) * rng.uniform(0.15, 0.6, (n, 1)) * u
    x, y = (
        base[i] + way[i] * (reach[:, None] + steps) + square[i] * (across * fits)[:, None] * (1 + 0.1 * steps)
        for i in (0, 1)
    )
    weave = plane.tubes(side * x, y, z, rng.uniform(0.07, 0.13, (n, 1)) * u, rng.normal(0, 0.04 * u, (n, 1)))
    return [shaft, line, cap, shells, weave]
