"""A small child's bones, ages one to five: gaps of cartilage part what an adult has in one piece.

Proportions after films of children and Caffey's account of what normal ones show: narrow vertebrae with wide discs,
ribs that form loops at the chest wall, shoulder blades turned outwards by the raised arms, a funnel-shaped upper end of
the humerus with one or two round growth centres above it, lower jaw and milk teeth at the upper edge of the film.
Lengths follow from the patient's `Frame`; all values are cm of cortical bone along the ray.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from .anatomy import Frame, cavity, chord, ramp
from .childbody import arm_lift, head_place
from .lookup import TABLE_REACH, TABLE_STEP, curve
from .plane import Plane, gradient

PITCH = 0.134  # of lung height, from one vertebra to the next: eight to nine ribs lie above the diaphragm
TOP = 0.07  # of lung height, first thoracic vertebra above the apex

LOW_KILOVOLTS = 1.25  # small children are exposed at 60 kV or so, where bone stops more of the beam than at 120 kV


def bones(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> np.ndarray:
    """Cortical bone on every ray, cm, weighted so that each bone is as visible as on a processed film."""
    pieces, blades = shoulders(patient, exposure, plane, f, rng)
    pieces += [ribs(patient, plane, f, rng), clavicles(patient, exposure, plane, f, rng)]
    pieces += jaw(exposure, plane, f, rng)
    total = plane.splat(pieces)[0]
    most = np.float32(2.6 * f.unit)  # the edge of the chest would outshine everything else
    total = most * np.tanh(total / most)
    x = np.abs(plane.coordinates(-0.8 * f.depth)[0])  # a blade is thin at its inner border, thicker outwards
    total += np.float32(0.46 * f.unit) * blades * ramp((x - np.float32(0.58 * f.width)) / np.float32(0.45 * f.width))
    total += spine(patient, plane, f, rng)
    return total * np.float32(LOW_KILOVOLTS * patient.bone)


# One rib from the spine around the wall to its cartilage: sideways (of the half-width), and depth (of the half-depth).
SIDEWAYS = (0.08, 0.34, 0.66, 0.90, 1.0, 0.95, 0.78, 0.55)
DEPTH = (-0.92, -1.0, -0.86, -0.48, 0.0, 0.46, 0.76, 0.92)
BEND = CubicSpline(np.linspace(0, 1, len(SIDEWAYS)), np.eye(len(SIDEWAYS)))  # what each knot adds to the curve
FRONT_FALL = (0.12, 0.235, 0.345, 0.46)  # of lung height, from the turn at the wall to the cartilage


def ribs(patient, plane: Plane, f: Frame, rng: np.random.Generator) -> tuple:
    """Twelve pairs of ribs: flat behind, a narrow turn at the wall, steep in front; no two sides alike."""
    u, n = f.unit, 12
    table = curve(*cavity(patient, f))
    order = np.arange(n)
    start = f.apex + (TOP - PITCH * order) * f.height
    slant = np.interp(order, [0, 2, 4, 6, 8, 11], [0.00, 0.01, 0.06, 0.13, 0.20, 0.26]) + 0.035
    slant = slant + 0.45 * (patient.rib_slope - 1.1)  # of the posterior part, as the spine bends back
    sideways = np.array(SIDEWAYS)
    arch = 0.035 * np.sin(np.pi * np.minimum(sideways, 1))[:, None]
    last = np.interp(order, [0, 2, 5, 7, 9, 11], [0.85, 1.0, 1.0, 0.95, 0.75, 0.55])
    k = plane.samples(2.3 * f.width)
    t = np.linspace(0, 1, k)
    x, y, z, radius, path = [], [], [], [], []
    for side in (-1, 1):
        lift = rng.normal(0, 0.10 * u, n) + rng.normal(0, 0.15 * u)
        tilt = slant + rng.normal(0, 0.012, n) + rng.normal(0, 0.02)
        front = np.interp(order, [0, 2, 6], [0.6, 0.9, 1.0]) * (patient.rib_slope / 1.1) * (1 + rng.normal(0, 0.08, n))
        rise = np.broadcast_to(arch, (len(sideways), n)) - tilt * np.minimum(sideways, 1)[:, None] ** 2
        rise = np.concatenate([rise[:4], rise[3] - np.array(FRONT_FALL)[:, None] * front])
        at = (last * (1 + rng.normal(0, 0.03, n)))[:, None] * t
        at = np.minimum(at, 1)
        shape = BEND(at)
        yy = (start + lift)[:, None] + f.height * np.einsum("rtk,kr->rt", shape, rise)
        level = start + f.height * rise[4]
        level = np.clip((level + TABLE_REACH) / TABLE_STEP, 0, len(table) - 1).astype(int)
        half = np.maximum(table[level] + 0.05 * u, (0.36 + 0.05 * order) * f.width)[:, None]
        x.append(side * half * (shape @ sideways))
        y.append(yy)
        z.append(f.depth * (shape @ np.array(DEPTH)))
        # A rib is a flat band: tall where it runs across the film, thin where the chest wall is seen edge-on.
        dx, dy = gradient(x[-1]), gradient(yy)
        across = np.abs(dx) / np.sqrt(dx * dx + dy * dy + 1e-9)
        size = 1 + 0.08 * rng.standard_normal(n)[:, None]
        tall = 0.47 * u * size * np.interp(order, [0, 3, 8, 11], [0.95, 1.0, 0.95, 0.7])[:, None]
        tall = tall * np.interp(t, [0, 0.07, 0.3, 0.85, 1], [0.72, 0.9, 1.0, 1.05, 1.25])
        thin = 0.38 * tall
        radius.append(thin + (tall - thin) * across)
        fade = np.interp(t, [0, 0.10, 0.2, 0.4, 0.58, 0.72, 0.9, 1.0], [0.2, 0.75, 1.0, 0.95, 0.9, 0.62, 0.56, 0.15])
        weight = np.interp(order, [0, 1, 2, 7, 9, 11], [0.42, 0.70, 0.95, 1, 0.7, 0.5])[:, None]
        path.append(0.55 * u * tall * fade * weight / radius[-1])
    return plane.tubes(*(np.concatenate(v) for v in (x, y, z, radius, path)), hollow=0.85)


def clavicles(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> tuple:
    """Two S-shaped clavicles, from the sternum outwards; raised arms turn their outer ends along the ray (a ring)."""
    u = f.unit
    t = np.linspace(0, 1, plane.samples(1.1 * f.width))[None]
    x, y = [], []
    for side in (-1, 1):
        lift = exposure.shoulders + 0.12 * rng.standard_normal()
        reach = (0.54 + 0.06 * rng.standard_normal() - 0.10 * lift) * f.width
        along = np.sin(np.minimum(t * (1.25 + 0.25 * lift), np.pi / 2))
        x.append(side * (0.17 * f.width + reach * along))
        rise = (1.2 + 2.2 * lift) * u * along
        y.append(f.apex - 0.035 * f.height + rise + 0.55 * u * np.sin(2 * np.pi * (0.95 * t + 0.02)))
    x, y = np.concatenate(x), np.concatenate(y)
    radius = 0.42 * u * np.interp(t, [0, 0.1, 0.35, 0.7, 0.9, 1], [1.45, 1.15, 0.85, 1.05, 1.1, 0.8]) * np.ones_like(x)
    z = f.depth * (0.90 - 0.85 * t**1.4) * np.ones_like(x)
    path = 1 * u * np.interp(t, [0, 0.15, 0.65, 1], [0.35, 1, 1, 0.15]) * np.ones_like(x)
    return plane.tubes(x, y, z, radius, path, hollow=0.85)


def spine(patient, plane: Plane, f: Frame, rng: np.random.Generator) -> np.ndarray:
    """Vertebral bodies with end plates and wide discs, pedicles, transverse and spinous processes."""
    x, y = plane.coordinates(-0.72 * f.depth)
    u = np.float32(f.unit)
    x = x - np.float32(patient.scoliosis) * (y / np.float32(f.height)) ** 2
    columns = np.flatnonzero((np.abs(x) < 4.2 * u).any(0))
    out = np.zeros_like(x)
    if not columns.size:
        return out
    part = slice(columns[0], columns[-1] + 1)
    x, y = x[:, part], y[:, part]
    # The neck's vertebrae are lower, those of the loins taller.
    level = (np.float32(f.apex + (TOP + 0.5 * PITCH) * f.height) - y) / np.float32(f.height * PITCH)
    level = level * (1 - 0.008 * level) + np.float32(0.04 * rng.standard_normal()) * np.sin(level)
    number = np.floor(level)
    v = level - number - np.float32(0.5)  # -0.5 top to 0.5 bottom of one vertebra and its disc
    half = np.float32(1.04) * u * np.interp(level, [-4, -0.5, 1, 13], [1.15, 1.32, 1.58, 1.85]).astype(np.float32)
    across = np.abs(x) / (half * (0.93 + 0.5 * v * v))
    wide = ramp((1.22 - across) * 2.6)
    body = wide * ramp((0.47 - np.abs(v)) * 7)
    plate = wide * np.exp(-(((np.abs(v) - 0.345) / 0.055) ** 2))
    wall = np.exp(-(((across - 0.94) / 0.09) ** 2)) * ramp((0.42 - np.abs(v)) * 8)
    ring = np.sqrt(((across - 0.80) / 0.15) ** 2 + ((v + 0.10) / 0.24) ** 2)
    pedicle = np.exp(-(((ring - 0.85) / 0.38) ** 2))
    knob = np.exp(-(((across - 1.42) / 0.34) ** 2) - ((v + 0.14 - 0.1 * across) / 0.17) ** 2) * ramp((level + 1.0) * 2)
    spur = np.exp(-((x / (0.22 * u)) ** 2) - ((v - 0.30) / 0.20) ** 2)
    mineral = 0.51 * wide + 0.21 * body + 0.12 * plate + 0.05 * wall + 0.28 * pedicle + 0.68 * knob + 0.18 * spur
    out[:, part] = mineral * (1.35 * u)
    return out


def shoulders(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> tuple[list, np.ndarray]:
    """Shoulder blades (thin plates with thick edges, a ridge and a neck) and upper arms, and the plates themselves."""
    u, w, h, a = f.unit, f.width, f.height, f.apex
    k = plane.samples(10 * u)
    t = np.linspace(0, 1, k)
    bell = np.stack([(1 - t) ** 2, 2 * t * (1 - t), t**2])
    pieces, outlines = [], []
    for side in (-1, 1):
        lift = arm_lift(exposure, side)
        up = np.clip(lift / 1.3, -1, 1.1)  # raising the arm turns the tip outwards and the socket upwards
        jitter = rng.normal(0, 0.25 * u, 2)
        point = lambda px, py: np.array((px * w, a + py * h)) + jitter  # noqa: B023, E731
        socket = point(0.91 + 0.02 * up, -0.04 + 0.05 * up)
        tip = point(0.93 + 0.10 * up, -0.50 + 0.08 * up)
        inner = point(0.58, -0.02)
        roof = point(0.91, 0.04 + 0.06 * up)
        ridge = point(0.72, -0.20)
        lines = [
            (socket, 0.5 * (socket + tip) + np.array((1.3 * u, 0.2 * u)), tip, 0.38, 0.28),
            (inner, 0.5 * (inner + tip) + np.array((-0.9 * u, -0.6 * u)), tip, 0.25, 0.06),
            (ridge, 0.5 * (ridge + roof) + np.array((0.8 * u, -0.5 * u)), roof, 0.30, 0.30),
            (socket + np.array((-0.8 * u, -2.7 * u)), socket + np.array((-1.0 * u, -1.0 * u)), socket, 0.62, 0.8),
            (socket + np.array((-0.7 * u, -0.6 * u)), roof + np.array((-1.6 * u, -0.9 * u)), roof, 0.36, 0.55),
        ]
        curves = np.stack([np.stack([p, c, q]).T @ bell for p, c, q, *_ in lines])
        radius = np.stack([np.full(k, r * u) for *_, r, _ in lines]) * np.interp(t, [0, 0.5, 1], [0.5, 0.8, 1.1])
        path = 0.9 * np.stack([np.full(k, d * u) for *_, d in lines])
        depth = np.full((len(lines), k), -0.8 * f.depth)
        pieces.append(plane.tubes(side * curves[:, 0], curves[:, 1], depth, radius, path))
        rim = np.concatenate([curves[0], curves[1][:, ::-1]], axis=1)
        outlines.append(plane.project(side * rim[0], rim[1], -0.8 * f.depth))
        pieces += humerus(patient, plane, f, side, socket, lift, rng)
    return pieces, plane.fill(outlines)


def humerus(patient, plane: Plane, f: Frame, side: int, socket, lift: float, rng: np.random.Generator) -> list[tuple]:
    """Shaft with its funnel-shaped end, and the growth centres between it and the socket, which grow with age."""
    u = f.unit
    way = np.array((np.cos(lift), np.sin(lift)))
    square = np.array((-way[1], way[0]))
    grown = float(np.clip((patient.age - 1) / 5, 0, 1))
    centre = socket + way * 1.35 * u + rng.normal(0, 0.12 * u, 2)
    k = plane.samples(13 * u)
    t = np.linspace(0, 1, k)
    first = (0.7 + 0.75 * grown) * u
    along = first + 12 * u * t
    radius = u * np.interp(t, [0, 0.012, 0.05, 0.13, 0.3, 1], [0.5, 1.25, 1.30, 1.0, 0.72, 0.66])
    bow = 0.25 * u * np.sin(np.pi * np.clip(2.2 * t, 0, 1))
    x, y = (centre[i] + way[i] * along + square[i] * bow for i in (0, 1))
    level = np.full((1, k), -0.3 * f.depth)
    solid = 0.8 * u * np.interp(t, [0, 0.02, 0.06, 0.2, 1], [1.1, 0.95, 0.8, 1.15, 1.3])
    pieces = [plane.tubes(side * x[None], y[None], level, radius[None], solid[None], hollow=0.82)]
    n = plane.samples(2.4 * u)
    s = np.linspace(-0.97, 0.97, n)
    for shift, size in ((-0.35 - 0.15 * grown, 0.62 + 0.55 * grown), (0.75, 0.25 + 0.6 * grown)):
        middle = centre + square * shift * u
        flat = 0.75 * size * u
        x, y = (middle[i] + square[i] * s * size * u for i in (0, 1))
        r = flat * chord(s)
        pieces.append(
            plane.tubes(side * x[None], y[None], np.full((1, n), -0.3 * f.depth), r[None], 0.62 * r[None], hollow=0.6)
        )
    return pieces


def jaw(exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> list[tuple]:
    """Lower jaw with milk teeth and the buds of the second teeth; some children look aside."""
    u = f.unit
    cx, cy, wide, tall = head_place(exposure, f)
    t = np.radians(np.linspace(-115, 115, plane.samples(38 * u)))
    x = cx + (wide - 0.9 * u) * np.sin(t)
    y = cy - (tall - 0.8 * u) * np.cos(t)
    level = np.full_like(t, 0.6 * f.depth)
    radius = u * (0.65 + 0.35 * np.cos(t) ** 2) * (1 + 0.12 * np.cos(5 * t + 1))
    solid = 0.85 * u * np.interp(np.abs(t), [0, 0.9, 1.6, 2.0], [1, 0.8, 0.35, 0.1])
    pieces = [plane.tubes(x[None], y[None], level[None], radius[None], solid[None], hollow=0.75)]
    m = plane.samples(1.5 * u)
    s = np.linspace(-0.5, 0.5, m)
    angle = np.radians(np.linspace(-78, 78, 12)) + rng.normal(0, 0.03, 12)
    shift = 2.0 * u * exposure.head
    base = cy - tall + (2.3 + 0.6 * exposure.head**2) * u
    for lift, long, broad, dense in ((0.0, 1.2, 0.33, 1.3), (1.5, 1.2, 0.36, 1.5), (3.0, 0.9, 0.45, 0.9)):
        tx = cx + shift + 3.4 * u * np.sin(angle)
        ty = base + lift * u + 0.9 * u * (1 - np.cos(angle)) + rng.normal(0, 0.10 * u, 12)
        lean = 0.25 * np.sin(angle)[:, None] * (1 if lift else -1)
        px = tx[:, None] + lean * s * long * u
        py = ty[:, None] + s * long * u
        r = broad * u * (1 - 0.25 * s + 0 * px) * np.sqrt(1.02 - (1.9 * s) ** 2 * 0.9)
        pieces.append(plane.tubes(px, py, np.full_like(px, 0.5 * f.depth), r, 1.3 * dense * r, hollow=0.0))
    return pieces
