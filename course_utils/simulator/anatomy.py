"""Soft tissue and air: how many centimetres of each lie on every ray.

Every organ is a depth along the ray (a chord), in cm, for every pixel. The chest is soft tissue; lungs, trachea and
gas are holes in it; heart, mediastinum and diaphragm take air away from the lungs again. The borders of heart and
mediastinum are one continuous curve on each side, from the neck to the diaphragm.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from .plane import Plane, Rows

HEART_DEPTH = 4.0  # cm in front of the middle plane (FORBILD thorax phantom)
LYING = 1.04  # the heart is wider in a lying patient: more blood returns, the diaphragm stands higher


def chord(r: np.ndarray) -> np.ndarray:
    """Chord of a unit circle at distance r from its centre, over its diameter: sqrt(1 - r^2), 0 outside."""
    return np.sqrt(np.maximum(1 - r * r, 0))


def ramp(t: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)


@dataclasses.dataclass(frozen=True)
class Frame:
    """Sizes of this patient at this inspiration, cm: what all organs are placed by."""

    width: float
    height: float
    depth: float
    apex: float
    dome: tuple[float, float]  # top of the right and of the left dome
    unit: float  # 1 for an adult of average size

    @property
    def half_body(self) -> float:
        return self.depth


def frame(patient, exposure) -> Frame:
    """Place apex and domes: a deep breath lowers the domes and opens the chest a little."""
    breath = exposure.inspiration - 0.5
    height = patient.lung_height * (1 + 0.22 * breath)
    width = patient.lung_width * (1 + 0.04 * breath)
    apex = 0.5 * patient.lung_height
    right = apex - height
    return Frame(width, height, patient.lung_depth, apex, (right, right - patient.dome), patient.lung_width / 12.7)


def cavity(patient, f: Frame) -> tuple[list, list]:
    """Half-width of the thoracic cavity from the diaphragm (first) to the apex: knots in y and values, both in cm."""
    s = np.array([1.45, 1.2, 1.0, 0.8, 0.6, 0.42, 0.28, 0.17, 0.09, 0.04, 0.012, 0.0])
    if patient.child:
        w = np.array([1.05, 1.03, 1.0, 0.96, 0.895, 0.80, 0.69, 0.57, 0.46, 0.37, 0.31, 0.28])
    else:
        w = np.array([1.0, 1.01, 1.0, 0.985, 0.94, 0.87, 0.775, 0.665, 0.55, 0.45, 0.375, 0.33])
    w = w - patient.shape * 0.05 * np.clip(0.75 - s, -0.3, 0.5) * -1 * (s > 0.05)
    return list(f.apex - s * f.height), list(w * f.width)


def body(patient, exposure, plane: Plane, f: Frame, x, rows: Rows) -> np.ndarray:
    """Thickness of the body along every ray, cm: trunk, neck, shoulders and arms."""
    trunk = f.width + patient.wall
    u, a, h = f.unit, f.apex, f.height
    if patient.child:
        knots = [f.dome[0] - 20, f.dome[0] - 4, f.dome[0], a - 0.62 * h, a - 0.3 * h, a - 0.05 * h, a + 0.04 * h, a + 0.12 * h, a + 0.22 * h, a + 0.35 * h, a + h]
        half = [trunk * 1.0, trunk * 1.0, trunk, trunk, trunk * 0.98, trunk * 0.99, trunk * 0.96, trunk * 0.88, 0.76 * trunk, 0.66 * trunk, 0.62 * trunk]
    else:
        reach = trunk + 5.0
        knots = [f.dome[0] - 40, f.dome[0] - 12, f.dome[0], a - 0.55 * h, a - 0.38 * h, a - 0.2 * h, a - 0.06 * h, a + 0.03 * h, a + 0.11 * h, a + 0.17 * h,
                 a + 0.24 * h, a + 0.32 * h, a + 30]
        half = [trunk * 1.14, trunk * 1.10, trunk * 1.07, trunk + 1.2, trunk + 3.0, reach + 0.4, reach, reach - 1.8, 17.0 * u, 12.0 * u, 8.6 * u, 6.8 * u, 6.4 * u]
    half = rows(knots, half)
    # Depth, front to back: the shoulders are thinner than the chest, which lets them come out darker than the heart.
    chest = f.depth + 0.65 * patient.wall
    deep = rows([f.dome[0] - 12, f.dome[0], a - 0.5 * h, a - 0.18 * h, a + 0.08 * h, a + 0.3 * h],
                [1.1 * chest, chest, chest, 0.90 * chest, 0.75 * chest, 0.66 * chest if patient.child else 6.6 * u])
    r = np.minimum(np.abs(x) / half, 1)
    r = r * r
    return 2 * deep * np.sqrt(1 - r * r * np.sqrt(np.sqrt(r)))


def limb(x, y, ends, radius) -> np.ndarray:
    """Chord of a round arm whose axis runs between two points on the film, cm."""
    (x0, y0), (x1, y1) = ends
    dx, dy = x1 - x0, y1 - y0
    t = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0, 1)
    gap = (x - x0 - t * dx) ** 2 + (y - y0 - t * dy) ** 2
    return 2 * np.sqrt(np.maximum(radius * radius - gap, 0))


def arms(patient, exposure, f: Frame, x, y) -> np.ndarray:
    """Chord of both arms, cm: raised in small children, hanging beside the chest otherwise."""
    out = np.zeros_like(x)
    for side in (-1, 1):
        lift = exposure.arms + 0.12 * side * exposure.rotation / 5
        start = (side * (f.width + 0.4 * patient.wall), f.apex - 0.6 * f.unit)
        length, radius = 26 * f.unit, (3.6 * f.unit + 0.35 * patient.wall)
        if patient.child:
            start = (side * (0.92 * f.width), f.apex)
            radius = 4.6 * f.unit + 0.6 * patient.wall
        else:
            start = (side * (f.width + 0.5 * patient.wall + 3.0), f.apex - 4.0)
        end = (start[0] + side * length * np.cos(lift), start[1] + length * np.sin(lift))
        out = np.maximum(out, limb(x, y, (start, end), radius))
    return out


def chin_height(exposure, f: Frame) -> float:
    """Where the chin of a small child lies, y in cm: some look up, some down."""
    return f.apex + (3.6 + 1.8 * np.random.default_rng(exposure.seed + 5).standard_normal()) * f.unit


def head(exposure, f: Frame, x, y) -> np.ndarray:
    """Chin and skull above a small child's short neck, cm of soft tissue."""
    dx, dy = x / (10.0 * f.unit), (y - chin_height(exposure, f) - 9.5 * f.unit) / (9.5 * f.unit)
    return np.float32(24 * f.unit) * chord(np.sqrt(dx * dx + dy * dy))


def mediastinum(patient, f: Frame, lying: bool = False) -> dict[int, tuple[list, list]]:
    """The two borders of mediastinum and heart, from below the diaphragm to the neck: knots in y and x, cm.

    Right: right atrium, superior vena cava. Left: ventricle, auricle, pulmonary trunk, aortic knob, subclavian artery.
    """
    h, u = f.height, f.unit
    wide = 2 * f.width * patient.heart * (LYING if lying else 1.0)
    turn = patient.heart_turn
    right, left = wide * (0.335 - 0.02 * turn), wide * (0.665 + 0.02 * turn)
    knob = (2.95 + 0.9 * patient.aorta) * u
    svc = (2.6 + 0.5 * patient.aorta) * u
    top = 0.62 * f.width * 0.45
    y = lambda s: f.apex - s * h  # noqa: E731
    if patient.child:
        thymus = 0.25 + 0.35 * patient.muscle + 0.12 * max(0, 3 - patient.age)
        r = [(1.3, 0.6 * right), (1.05, 0.80 * right), (0.82, right), (0.62, 0.88 * right), (0.46, 0.62 * right + thymus), (0.30, 2.2 * u + thymus),
             (0.16, 2.2 * u + 0.5 * thymus), (0.07, 2.1 * u), (0.02, 2.4 * u), (0.0, 2.9 * u)]
        l = [(1.35, 0.7 * left), (1.08, 0.92 * left), (0.90, left), (0.72, 0.90 * left), (0.54, 0.66 * left), (0.40, 0.48 * left + thymus), (0.26, 2.4 * u + thymus),
             (0.14, 2.2 * u + 0.4 * thymus), (0.07, 2.1 * u), (0.02, 2.4 * u), (0.0, 2.9 * u)]
    else:
        r = [(1.3, 0.6 * right), (1.04, 0.82 * right), (0.82, right), (0.66, 0.93 * right), (0.53, svc + 0.5), (0.42, svc + 0.1),
             (0.25, svc), (0.12, 2.5 * u), (0.05, 2.6 * u), (0.015, top), (0.0, 1.25 * top)]
        l = [(1.35, 0.72 * left), (1.10, 0.95 * left), (0.95, left), (0.80, left * (0.88 + 0.05 * turn)), (0.66, 0.68 * left + 0.1), (0.53, 4.0 * u),
             (0.44, 3.6 * u), (0.37, 3.1 * u), (0.30, knob), (0.24, knob * 0.97), (0.17, 2.7 * u), (0.11, 2.4 * u), (0.05, 2.6 * u),
             (0.015, top), (0.0, 1.25 * top)]
    return {-1: ([y(s) for s, _ in r], [v for _, v in r]), 1: ([y(s) for s, _ in l], [v for _, v in l])}


def lungs(patient, exposure, plane: Plane, f: Frame, without=frozenset()) -> dict[str, np.ndarray]:
    """Air-filled depth of both lungs on every ray and what shapes it.

    Returns:
        Arrays of the film's shape: `full`, depth of the cavity (cm); `air`, what heart, mediastinum and diaphragm leave
        of it (cm); `side`, -1 right and 1 left lung; `q`, 0 in the midline to 1 at the chest wall; `s`, 0 at the apex to
        1 at the dome.
    """
    x, y = plane.coordinates(0.0)
    bend = np.float32(patient.scoliosis) * (y / np.float32(f.height)) ** 2
    x = x - bend * np.float32(0.4)
    rows = Rows(y)
    half = rows(*cavity(patient, f))
    side = np.where(x < 0, np.float32(-1), np.float32(1))
    distance = np.abs(x)
    q = distance / half
    s = (np.float32(f.apex) - y) / np.float32(f.height)
    r = np.maximum(1 - q * q * q, 0)
    full = 2 * f.depth * np.sqrt(r) * (1 - np.float32(0.15) * ramp((s - 0.4) / 0.6))
    full *= np.float32(0.55) + np.float32(0.45) * ramp((distance - 1.5 * f.unit) / (6.0 * f.unit))
    full *= np.sqrt(np.clip(s / 0.22, 0, 1) * (2 - np.clip(s / 0.22, 0, 1)))  # the apex is shallow
    full *= s > 0

    taken = np.zeros_like(x)
    if "heart" not in without:
        xh, yh = plane.coordinates(HEART_DEPTH * f.unit)
        heart_rows = Rows(yh)
        for k, (knots, border) in mediastinum(patient, f, exposure.view == "AP Supine").items():
            inside = heart_rows(knots, border) - k * xh
            curvature = heart_rows([f.apex - f.height, f.apex - 0.55 * f.height, f.apex - 0.3 * f.height, f.apex], [6.0 * f.unit, 4.6 * f.unit, 2.6 * f.unit, 2.0 * f.unit])
            part = chord(1 - np.clip(inside / curvature, 0, 1)) * (side == k)
            taken += part
    spine = 1 - ramp((distance - 0.9 * f.unit) / (3.2 * f.unit))
    taken = np.maximum(taken, spine)
    air = full * (1 - taken * ((0.66 if patient.child else 0.82) + 0.18 * spine))
    right, left = (dome_height(patient, f, distance, top, k) for k, top in zip((-1, 1), f.dome))
    below = right + (left - right) * ramp(x / (6 * f.unit) + 0.5) - y
    air = air - 2 * np.sqrt(np.maximum(below, 0) / np.float32((0.9 if patient.child else 0.6) / f.depth * f.unit))
    air = np.maximum(air, 0)
    return {"x": x, "y": y, "full": full, "rows": rows, "air": air, "side": side, "q": q, "s": s}


def dome_height(patient, f: Frame, distance, top: float, side: int) -> np.ndarray:
    """Height of the top of one half of the diaphragm, y in cm, by distance from the midline."""
    peak = f.width * (0.46 if side < 0 else 0.52)
    t = (distance - peak) / (f.width - peak)
    fall = np.where(t > 0, 0.155 * t * t * (1 + 0.5 * t * t), 0.06 * t * t)
    return np.float32(top) - np.float32(f.height) * fall.astype(np.float32)


def pectorals(patient, f: Frame, x, y) -> np.ndarray:
    """Extra soft tissue of the pectoral muscles, cm."""
    distance = np.abs(x)
    # The lower border of the pectoral muscle runs from the armpit down and inwards.
    edge = f.apex - 0.36 * f.height - (f.width + 1 - distance) * 0.35
    return np.float32(1.6 * patient.muscle + 0.25) * ramp((y - edge) / 3.0) * ramp((distance - 0.25 * f.width) / 5) * ramp((f.apex + 1 - y) / 5)


def breasts(patient, f: Frame, x, y) -> np.ndarray:
    """Extra soft tissue of the breasts, cm: rounded below, fading into the chest wall above."""
    r = patient.breast
    if not r:
        return np.zeros_like(x)
    distance = np.abs(x)
    dx = (distance - 0.62 * f.width) / min(1.05 * r, 0.56 * f.width)
    dy = y - f.apex + 0.78 * f.height
    dy = dy / np.where(dy > 0, np.float32(1.7 * r), np.float32(0.95 * r))
    inside = np.maximum(1 - dx * dx - dy * dy, 0)
    fold = ramp(-1.5 * dy)  # a crease below, a gradual beginning elsewhere
    return np.float32(0.50 * r) * (inside + fold * (np.sqrt(inside) - inside)) * ramp((distance - 1.0) / 6.0)


def abdominal_gas(patient, f: Frame, x, y, rng) -> np.ndarray:
    """Gas below the left dome and in the colon, cm."""
    u = f.unit
    out = np.zeros_like(x)
    pockets = []
    if patient.gas > 0.45:  # stomach: a few bubbles that have run together
        cx, cy = 0.5 * f.width, f.dome[1] - (2.2 + 1.2 * rng.random()) * u
        for _ in range(3):
            wide = rng.uniform(1.2, 3.0) * u
            pockets.append((cx + rng.normal(0, 1.6) * u, cy + rng.normal(0, 0.5) * u, wide, wide * rng.uniform(0.35, 0.6), 4 * u * patient.gas))
    for _ in range(int(rng.integers(2, 8))):
        wide = rng.uniform(0.5, 1.6) * u
        pockets.append((f.width * rng.uniform(-0.4, 0.9), f.dome[1] - rng.uniform(3, 11) * u, wide, wide * rng.uniform(0.5, 1), 2.5 * u * rng.random() * patient.gas))
    for cx, cy, wide, tall, deep in pockets:
        dx, dy = (x - np.float32(cx)) / np.float32(wide), (y - np.float32(cy)) / np.float32(tall)
        np.maximum(out, np.float32(deep) * np.sqrt(np.maximum(1 - dx * dx - dy * dy, 0)), out=out)
    return out
