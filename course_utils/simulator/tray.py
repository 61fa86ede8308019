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

    def line(self, points, radius: float, path: float, hollow: float = 0.0) -> None:
        """Add a tube along a Bezier curve with these control points (cm)."""
        length = float(np.sum(np.hypot(*np.diff(np.asarray(points, float), axis=0).T)))
        t = np.linspace(0, 1, self.plane.samples(1.1 * length))
        self.curve(*bezier(points, t), radius, path, hollow)

    def wire(self, points, radius: float, path: float, rng) -> None:
        """A line whose strands lie closer here and looser there: its density wavers by a third."""
        length = float(np.sum(np.hypot(*np.diff(np.asarray(points, float), axis=0).T)))
        t = np.linspace(0, 1, self.plane.samples(1.1 * length))
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

    @property
    def path(self) -> np.ndarray:
        """Metal equivalent on every ray, cm."""
        out = self.plane.splat(self.built)[0]
        for path, power, corners in self.plates:
            lay(out, path, power, corners)
        return out


def lay(out: np.ndarray, path: float, power: float, corners: np.ndarray) -> None:
    """Add a superellipse to `out`, with smooth edges: corners are its centre and the ends of two axes (pixels)."""
    (column, row), (a, b) = corners[:, 0], (corners[:, 1:] - corners[:, :1]).T
    size = [math.ceil(reach) + 1 for reach in np.abs(a) + np.abs(b)]
    left, top = (max(int(at) - reach, 0) for at, reach in zip((column, row), size, strict=True))
    part = out[top : max(int(row) + size[1] + 1, 0), left : max(int(column) + size[0] + 1, 0)]
    if part.size:
        x = (np.arange(left, left + part.shape[1]) - column)[None]
        y = (np.arange(top, top + part.shape[0]) - row)[:, None]
        scale = 1 / (a[0] * b[1] - a[1] * b[0])
        u, v = np.abs((b[1] * x - b[0] * y) * scale), np.abs((a[0] * y - a[1] * x) * scale)
        inside = (1 - (u**power + v**power) ** (1 / power)) * min(np.hypot(*a), np.hypot(*b)) + 0.5
        part += np.float32(path) * np.clip(inside, 0, 1).astype(np.float32)
