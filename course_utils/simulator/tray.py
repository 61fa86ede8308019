"""Where devices are put together: wires, tubes and plates, in cm of metal equivalent (`detector.MU`), and boxes."""

from __future__ import annotations

import math

import numpy as np

from .plane import Plane, bezier


class Tray:
    """Collects the devices of one film, and `boxes`, one a device."""

    def __init__(self, plane: Plane, z: float):
        self.plane, self.z = plane, z
        self.boxes: list[dict] = []
        self.pieces: list[tuple] = []  # of the device that is being built
        self.built: list[tuple] = []
        self.plates: list[tuple] = []  # path, power, corners in pixels: see `lay`

    def curve(self, x, y, radius: float, path, hollow: float = 0.0) -> None:
        """Add a tube of constant radius along points that lie closely enough (cm); path may be one value a point."""
        self.pieces.append(self.plane.tubes(np.asarray(x)[None], np.asarray(y)[None], self.z, radius, path, hollow))

    def samples(self, points) -> int:
        """How many points a Bezier curve with these control points (cm) needs."""
        return self.plane.samples(1.1 * sum(map(math.dist, points[:-1], points[1:])))

    def line(self, points, radius: float, path: float, hollow: float = 0.0) -> None:
        """Add a tube along a Bezier curve with these control points (cm)."""
        t = np.linspace(0, 1, self.samples(points))
        self.curve(*bezier(points, t), radius, path, hollow)

    def wire(self, points, radius: float, path: float, rng) -> None:
        """A line whose strands lie closer here and looser there: its density wavers by a third."""
        t = np.linspace(0, 1, self.samples(points))
        waver = np.sin(rng.uniform(3, 9) * t + rng.uniform(0, 6)) + np.sin(rng.uniform(12, 25) * t)
        self.curve(*bezier(points, t), radius, path * (1 + 0.17 * waver))

    def ring(self, x: float, y: float, r: float, width: float, path: float, stretch: float = 1.0) -> None:
        """Add an ellipse of radius r, `stretch` times as tall."""
        turn = np.linspace(0, 2 * np.pi, self.plane.samples(7 * r * max(stretch, 1)))
        self.curve(x + r * np.cos(turn), y + r * stretch * np.sin(turn), width, path)

    def plate(self, x: float, y: float, wide: float, tall: float, path: float, turn: float = 0.0, power=2.0) -> None:
        """Add a flat plate: a superellipse (power 2: an ellipse, more: a box) with these half-axes (cm), turned."""
        c, s = math.cos(turn), math.sin(turn)
        x = x + np.array((0.0, wide * c, -tall * s, -wide * c, tall * s))
        y = y + np.array((0.0, wide * s, tall * c, -wide * s, -tall * c))
        self.pieces.append(self.plane.tubes(x[None], y[None], self.z, 0.01, 0.0))  # no metal, but for the box
        self.plates.append((path, power, np.stack(self.plane.project(x[:3], y[:3], self.z))))

    def close(self, kind: str) -> None:
        """Finish a device: what was added since the last one gets one box, unless it lies outside the film."""
        if box := self.plane.box(*self.pieces):
            self.built += [piece for piece in self.pieces if piece[0][4].any()]  # plates are drawn by themselves
            self.boxes.append({"kind": kind, "text": "", "box": box})
        self.pieces = []


def metal(plane: Plane, trays: list[Tray]) -> np.ndarray:
    """Metal equivalent of all trays on every ray, cm."""
    out = plane.splat([piece for tray in trays for piece in tray.built])[0]
    for plate in (plate for tray in trays for plate in tray.plates):
        lay(out, *plate)
    return out


def lay(out: np.ndarray, path: float, power: float, corners: np.ndarray) -> None:
    """Add a superellipse to `out`, with smooth edges: corners are its centre and the ends of two axes (pixels)."""
    (column, *xs), (row, *ys) = corners.tolist()
    (ax, bx), (ay, by) = [x - column for x in xs], [y - row for y in ys]
    wide, tall = math.ceil(abs(ax) + abs(bx)) + 1, math.ceil(abs(ay) + abs(by)) + 1
    left, top = max(int(column) - wide, 0), max(int(row) - tall, 0)
    part = out[top : max(int(row) + tall + 1, 0), left : max(int(column) + wide + 1, 0)]
    if part.size:
        x = (np.arange(left, left + part.shape[1]) - column) / (ax * by - ay * bx)
        y = (np.arange(top, top + part.shape[0])[:, None] - row) / (ax * by - ay * bx)
        x, y = x.astype(np.float32), y.astype(np.float32)
        u, v = np.abs(by * x - bx * y), np.abs(ax * y - ay * x)
        inside = (1 - (u**power + v**power) ** (1 / power)) * min(math.hypot(ax, ay), math.hypot(bx, by)) + 0.5
        part += path * np.minimum(np.maximum(inside, 0), 1)
