"""What was put on or into the patient: electrodes and cables, tubes, central lines, pacemakers, sternal wires.

Every device is a handful of tubes along curves, in cm of metal equivalent (`detector.MU`), with a box for the truth.
An implant stays with its patient and lies in the same place on each of his films; the rest changes from film to film.
"""

from __future__ import annotations

import numpy as np

from .plane import Plane

IMPLANTS = ("pacemaker", "sternal wires")
DEVICES = ("central line", "chest drain", "breathing tube", "gown snaps")
LEAVES = 8.0  # cm beyond the film's edge at which cables end


def bezier(points, t) -> tuple[np.ndarray, np.ndarray]:
    """Cubic Bezier curve through four control points."""
    w = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return tuple(np.asarray(points, float).T @ w)


class Tray:
    """Collects the devices of one film, and `boxes`, one a device."""

    def __init__(self, plane: Plane, z: float):
        self.plane, self.z = plane, z
        self.boxes: list[dict] = []
        self.pieces: list[tuple] = []  # of the device that is being built
        self.built: list[tuple] = []

    def curve(self, x, y, radius: float, path: float, hollow: float = 0.0) -> None:
        """Add a tube of constant radius along points that lie closely enough (cm)."""
        self.pieces.append(self.plane.tubes(np.asarray(x)[None], np.asarray(y)[None], self.z, radius, path, hollow))

    def line(self, points, radius: float, path: float, hollow: float = 0.0) -> None:
        """Add a tube along a cubic Bezier curve through four control points (cm)."""
        length = float(np.sum(np.hypot(*np.diff(np.asarray(points, float), axis=0).T)))
        t = np.linspace(0, 1, self.plane.samples(1.1 * length))
        self.curve(*bezier(points, t), radius, path, hollow)

    def ring(self, x: float, y: float, r: float, width: float, path: float, stretch: float = 1.0) -> None:
        """Add an ellipse of radius r, `stretch` times as tall."""
        turn = np.linspace(0, 2 * np.pi, self.plane.samples(7 * r * max(stretch, 1)))
        self.curve(x + r * np.cos(turn), y + r * stretch * np.sin(turn), width, path)

    def close(self, kind: str) -> None:
        """Finish a device: what was added since the last one gets one box, unless it lies outside the film."""
        if box := self.plane.box(*self.pieces):
            self.built += self.pieces
            self.boxes.append({"kind": kind, "text": "", "box": box})
        self.pieces = []

    @property
    def path(self) -> np.ndarray:
        """Metal equivalent on every ray, cm."""
        return self.plane.splat(self.built)[0]


def leads(exposure, plane: Plane, f) -> tuple[np.ndarray, list[dict]]:
    """ECG electrodes with their cables; a ward uses one of four kinds of electrode."""
    rng, tray = np.random.default_rng(exposure.seed + 2), Tray(plane, f.depth)
    style = rng.choice(("ring", "snap", "clip", "foam"), p=(0.25, 0.3, 0.3, 0.15))
    side = rng.choice((-1, 1))
    away = (
        (side * (f.width + LEAVES), f.apex - rng.uniform(0.0, 1.0) * f.height),
        (rng.uniform(-1, 1) * f.width, f.dome[0] - rng.uniform(4, 12)),
    )[int(rng.random() < 0.45)]
    thick, dense = rng.uniform(0.07, 0.13), rng.uniform(0.016, 0.045)
    for px, py in ((-0.75, 0.12), (0.75, 0.10), (-0.62, 0.92), (0.74, 0.86), (0.12, 0.55))[: int(rng.integers(3, 6))]:
        x, y = px * f.width + rng.normal(0, 2.0), f.apex - py * f.height + rng.normal(0, 2.0)
        c, r = plane.project(x, y, f.depth)
        if not (4 < c < plane.shape[1] - 4 and 4 < r < plane.shape[0] - 4):
            continue
        _electrode(tray, rng, style, x, y)
        bend = (x + rng.normal(0, 5), y + rng.normal(-3, 5)), (away[0] + rng.normal(0, 6), away[1] + rng.normal(4, 6))
        tray.line([(x, y), *bend, away], thick, dense)
        tray.close("lead")
    return tray.path, tray.boxes


def _electrode(tray: Tray, rng, style: str, x: float, y: float) -> None:
    if style in ("ring", "foam"):
        tray.ring(x, y, 0.75 if style == "ring" else 1.5, 0.13, 0.06 if style == "ring" else 0.01)
    if style == "clip":  # a spring clip seen obliquely: two loops and a tail
        turn = rng.uniform(0, 2 * np.pi)
        dx, dy = 0.8 * np.cos(turn), 0.8 * np.sin(turn)
        tray.ring(x + dx, y + dy, 0.55, 0.14, 0.09, rng.uniform(0.5, 1.3))
        tray.ring(x - 0.4 * dx, y - 0.4 * dy, 0.40, 0.12, 0.10, rng.uniform(0.5, 1.3))
        tray.line([(x - dx, y - dy), (x, y), (x + dy, y - dx), (x + 1.6 * dx, y + 1.6 * dy)], 0.10, 0.10)
    tray.ring(x, y, 0.2, 0.22, 0.08)


def tube(exposure, plane: Plane, f) -> tuple[np.ndarray, list[dict]]:
    """An endotracheal tube (its opaque line and faint walls) or a gastric tube."""
    rng, tray = np.random.default_rng(exposure.seed + 3), Tray(plane, 0.0)
    if rng.random() < 0.5:
        end, x = f.apex - 0.27 * f.height, rng.normal(0, 0.3)
        points = [(x + rng.normal(0, 1), f.apex + 14), (x, f.apex + 8), (x, f.apex + 3), (x, end)]
        tray.line(points, 0.12, 0.075)
        tray.line(np.array(points) + (0.35, 0), 0.55, 0.012, hollow=0.8)
    else:
        low = f.dome[1] - 4
        tray.line([(rng.normal(0, 0.4), f.apex + 14), (0.6, f.apex), (-0.6, 0.0), (0.9, low + 3)], 0.16, 0.06)
        tray.line([(0.9, low + 3), (1.4, low + 0.5), (3.0, low - 1), (5.5, low + rng.normal(0, 1))], 0.16, 0.06)
    tray.close("tube")
    return tray.path, tray.boxes


def others(patient, exposure, plane: Plane, f) -> tuple[np.ndarray, list[dict]]:
    """Everything named in `patient.implants` and `exposure.devices`."""
    tray = Tray(plane, 0.4 * f.depth)
    for seed, names in ((patient.seed, patient.implants), (exposure.seed, exposure.devices)):
        for name in names:
            rng = np.random.default_rng([seed, (IMPLANTS + DEVICES).index(name)])
            DRAW[name](tray, f, rng)
    return tray.path, tray.boxes


def _pacemaker(tray: Tray, f, rng) -> None:
    side = 1 if rng.random() < 0.8 else -1
    x, y = side * (0.62 * f.width + rng.normal(0, 0.8)), f.apex - 0.27 * f.height + rng.normal(0, 0.8)
    wide, tall = rng.uniform(1.7, 2.2), rng.uniform(1.8, 2.6)
    for row in np.arange(-tall, tall, 0.15):  # the can: rows of metal, rounded at the corners
        half = wide * (1 - abs(row / tall) ** 4) ** 0.25
        t = np.linspace(-half, half, tray.plane.samples(2 * half))
        tray.curve(x + t, np.full_like(t, y + row), 0.16, 0.08)
    tray.ring(x, y, wide, 0.10, 0.12, tall / wide)
    enter = (side * 4.0, f.apex - 2.0)
    ends = [(0.40 * f.width, f.dome[1] + 1.5)] + [(-0.20 * f.width, f.dome[0] + 7.0)] * (rng.random() < 0.6)
    for end in ends:
        tray.line([(x, y + tall), (x - side * 3, y + tall + 3), (enter[0] + side * 2, enter[1]), enter], 0.09, 0.09)
        middle = (-2.6, f.apex - 0.35 * f.height), (-3.4, f.apex - 0.85 * f.height)
        tray.line([enter, *middle, end], 0.09, 0.09)
    tray.close("pacemaker")


def _sternal_wires(tray: Tray, f, rng) -> None:
    top, step = f.apex - 0.26 * f.height, rng.uniform(0.085, 0.11) * f.height
    for k in range(int(rng.integers(5, 8))):
        x, y, r = 0.2 + rng.normal(0, 0.25), top - k * step, rng.uniform(0.7, 1.1)
        tray.ring(x, y, r, 0.06, 0.10, rng.uniform(0.35, 0.7))
        tray.line([(x, y), (x + 0.3, y - 0.4), (x + rng.normal(0, 0.4), y - 0.7), (x, y - 0.9)], 0.08, 0.12)
    tray.close("sternal wires")


def _central_line(tray: Tray, f, rng) -> None:
    side = -1 if rng.random() < 0.7 else 1
    neck = rng.random() < 0.6
    enter = (side * 4.5, f.apex + 6.0) if neck else (side * 0.95 * f.width, f.apex - 0.5)
    tip = (-2.4 * f.unit + rng.normal(0, 0.3), f.apex - rng.uniform(0.38, 0.55) * f.height)
    join = (side * 3.4, f.apex - 2.2), (-2.2 * f.unit, f.apex - 0.22 * f.height)
    tray.line([enter, *join, tip], rng.uniform(0.10, 0.16), rng.uniform(0.05, 0.09))
    hub = (enter[0] + side * rng.uniform(2, 5), enter[1] + rng.uniform(-3, 3))
    out = (side * (f.width + LEAVES), enter[1] + rng.normal(0, 4))
    tray.line([enter, hub, (0.5 * (hub[0] + out[0]), out[1]), out], 0.16, 0.035)
    tray.close("central line")


def _chest_drain(tray: Tray, f, rng) -> None:
    side = rng.choice((-1, 1))
    enter, low = side * (f.width + 5), f.apex - rng.uniform(0.65, 0.9) * f.height
    points = [(enter, low - 3), (side * 0.9 * f.width, low), (side * 0.6 * f.width, low + 4)]
    points.append((side * rng.uniform(0.45, 0.7) * f.width, f.apex - rng.uniform(0.15, 0.5) * f.height))
    tray.line(points, 0.34, 0.03, hollow=0.75)
    tray.line(points, 0.09, 0.08)
    tray.close("chest drain")


def _breathing_tube(tray: Tray, f, rng) -> None:
    """Corrugated tubing of a ventilator or an oxygen mask that lies across a shoulder or the neck."""
    side, width = rng.choice((-1, 1)), rng.uniform(0.5, 1.1)
    start = (rng.normal(0, 2), f.apex + rng.uniform(4, 8))
    end = (side * (f.width + LEAVES), f.apex - rng.uniform(-4, 12))
    points = [start, (side * 5, f.apex + rng.uniform(-4, 4)), (side * 10, f.apex + rng.uniform(-4, 4)), end]
    tray.line(points, width, 0.035 * width, hollow=0.82)
    if rng.random() < 0.5:
        tray.line(np.array(points) + rng.normal(0, 2.5, (4, 2)), 0.3, 0.02, hollow=0.7)
    tray.close("breathing tube")


def _gown_snaps(tray: Tray, f, rng) -> None:
    side = rng.choice((-1, 1))
    for k in range(int(rng.integers(2, 5))):
        x, y = side * (0.75 * f.width + rng.normal(0, 1) + 1.2 * k), f.apex + 1.5 - 0.6 * k + rng.normal(0, 0.5)
        tray.ring(x, y, 0.38, 0.12, 0.10)
    tray.close("gown snaps")


DRAW = {
    "pacemaker": _pacemaker,
    "sternal wires": _sternal_wires,
    "central line": _central_line,
    "chest drain": _chest_drain,
    "breathing tube": _breathing_tube,
    "gown snaps": _gown_snaps,
}
