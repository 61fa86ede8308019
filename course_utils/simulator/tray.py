"""Where devices are put together: wires, tubes and plates, in cm of metal equivalent (`detector.MU`), and boxes."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from .plane import Plane


def bezier(points, t) -> tuple[np.ndarray, np.ndarray]:
    """Bezier curve through the first and the last of its control points, drawn towards the others (Bernstein form)."""
    points = np.asarray(points, float)
    n = len(points) - 1
    return tuple(points.T @ np.stack([math.comb(n, k) * t**k * (1 - t) ** (n - k) for k in range(n + 1)]))


def covered(column, row, shape) -> np.ndarray:
    """Share of every pixel that lies inside an outline (columns, rows in pixels)."""
    image = Image.new("L", (2 * shape[1], 2 * shape[0]))
    points = np.stack([2 * column + 1, 2 * row + 1], axis=1)
    ImageDraw.Draw(image).polygon(points.ravel().tolist(), fill=255)
    return np.asarray(image.reduce(2), np.float32) * np.float32(1 / 255)


class Tray:
    """Collects the devices of one film, and `boxes`, one a device."""

    def __init__(self, plane: Plane, z: float):
        self.plane, self.z = plane, z
        self.boxes: list[dict] = []
        self.pieces: list[tuple] = []  # of the device that is being built
        self.built: list[tuple] = []
        self.plates: list[tuple] = []  # path, outline in pixels

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
        t = np.linspace(0, 2 * np.pi, 48)
        u, v = (np.sign(w) * np.abs(w) ** (2 / power) for w in (np.cos(t), np.sin(t)))
        u, v = u * wide, v * tall
        x, y = x + u * np.cos(turn) - v * np.sin(turn), y + u * np.sin(turn) + v * np.cos(turn)
        self.pieces.append(self.plane.tubes(x[None], y[None], self.z, 0.01, 0.0))
        self.plates.append((path, *self.plane.project(x, y, self.z)))

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
        for path, column, row in self.plates:
            left, top = (max(math.floor(v.min()), 0) for v in (column, row))
            part = out[top : math.ceil(row.max()) + 2, left : math.ceil(column.max()) + 2]
            if part.size:
                part += np.float32(path) * covered(column - left, row - top, part.shape)
        return out
