"""ECG electrodes on the skin, and their cables."""

from __future__ import annotations

import math

import numpy as np

from .plane import Plane
from .tray import Tray

PACE = 0.9  # cm, of the steps of a cable
LEAVES = 8.0  # cm beyond the side of the chest at which cables end
# Where electrodes are stuck: shares of the chest's half-width and of the lungs' height, from the apex down.
PLACES = ((-0.75, 0.10), (0.75, 0.08), (-0.72, 0.95), (0.76, 0.90), (0.10, 0.60), (0.45, 0.75))


def draw(exposure, plane: Plane, f) -> Tray:
    """Electrodes with their cables: a ward uses one of four kinds, and its cables leave the film together."""
    rng, tray = np.random.default_rng(exposure.seed + 2), Tray(plane, f.depth)
    style = rng.choice(("snap", "clip", "pad", "carbon"), p=(0.35, 0.35, 0.15, 0.15))
    side = rng.choice((-1, 1))
    away = np.array(
        (
            (side * (f.width + LEAVES), f.apex - rng.uniform(-0.1, 1.0) * f.height),
            (rng.uniform(-1, 1) * f.width, f.dome[0] - rng.uniform(8, 14)),
        )[int(rng.random() < 0.45)]
    )
    thick = rng.uniform(0.05, 0.08)
    dense = rng.uniform(0.005, 0.012) if style == "carbon" else rng.uniform(0.016, 0.036)
    yoke = away + rng.normal(0, 4, 2) + (-0.35 * away[0] * rng.random(), 4 * rng.random())
    for px, py in PLACES[: int(rng.integers(3, 7))]:
        x, y = px * f.width + rng.normal(0, 2.0), f.apex - py * f.height + rng.normal(0, 2.0)
        c, r = plane.project(x, y, f.depth)
        if not (4 < c < plane.shape[1] - 4 and 4 < r < plane.shape[0] - 4):
            continue
        turn = rng.uniform(0, 2 * np.pi)
        ELECTRODES[style](tray, x, y, turn, rng)
        start = np.array((x, y))
        x, y = cable(start, turn, (yoke + rng.normal(0, 1.0, 2), away), rng)
        waver = np.sin(np.arange(x.size) * rng.uniform(0.1, 0.3)) + np.sin(np.arange(x.size) * rng.uniform(0.5, 0.9))
        tray.curve(x, y, thick, dense * (1 + 0.17 * waver))  # its strands lie closer here and looser there
        tray.close("lead")
    return tray


def cable(start, heading: float, goals, rng) -> np.ndarray:
    """x and y (2, points; cm) of a cable that leaves `start` in a direction (radians) for one goal after the other.

    It is stiff, lies as it fell, and a few have a curl where they were wound up.
    """
    (x, y), bend, points = start.tolist(), 0.0, []
    curl = int(rng.integers(8, 40)) if rng.random() < 0.06 else -100
    turns = int(rng.integers(12, 22))
    chance = rng.normal(0, 0.07, 64).tolist()
    for goal_x, goal_y in np.array(goals).tolist():
        for _ in range(60):
            points.append((x, y))
            dx, dy = goal_x - x, goal_y - y
            if math.hypot(dx, dy) < 3.0:
                break
            bend = 0.85 * bend + chance[len(points) % 64]
            off = math.atan2(dy, dx) - heading
            pull = 0.16 * math.sin(off) + 0.03 * (math.cos(off) < 0)
            heading += bend + (2 * math.pi / turns + bend if curl <= len(points) < curl + turns else pull)
            x, y = x + PACE * math.cos(heading), y + PACE * math.sin(heading)
    return np.array(points).T


def _snap(tray: Tray, x, y, turn, rng) -> None:
    """A steel stud in a faint pad of foam and gel, seen obliquely, and the connector pushed over it."""
    flat, lean = rng.uniform(0.55, 1.0), rng.uniform(0, 2 * np.pi)
    dx, dy = np.cos(turn), np.sin(turn)
    tray.plate(x, y, 1.7, 1.5 * flat, 0.0035, lean)
    tray.plate(x, y, 0.5, 0.5 * flat, 0.035, lean)
    tray.plate(x + 0.12 * np.cos(lean + 1.6), y + 0.12 * np.sin(lean + 1.6), 0.22, 0.2 * flat, 0.07, lean)
    tray.plate(x + 0.25 * dx, y + 0.25 * dy, 0.85, 0.5, 0.008, turn, rng.uniform(2.2, 4))
    tray.line([(x + 0.5 * dx, y + 0.5 * dy), (x + 1.7 * dx, y + 1.7 * dy)], 0.12, 0.03)


def _clip(tray: Tray, x, y, turn, rng) -> None:
    """A spring clip that grips the stud, seen obliquely: jaws, coil and sleeve."""
    dx, dy = np.cos(turn), np.sin(turn)
    tray.plate(x, y, 0.3, 0.3, 0.05)
    tray.plate(x + 0.35 * dx, y + 0.35 * dy, 0.75, 0.42 * rng.uniform(0.5, 1), 0.018, turn, 3.5)
    tray.ring(x, y, 0.42, 0.06, 0.03, rng.uniform(0.6, 1.0))
    tray.ring(x + 0.9 * dx, y + 0.9 * dy, 0.17, 0.07, 0.05)
    tray.line([(x + 0.9 * dx, y + 0.9 * dy), (x + 1.6 * dx, y + 1.6 * dy)], 0.13, 0.035)


def _pad(tray: Tray, x, y, turn, rng) -> None:
    """A small stud on a pad of cloth, with a sleeve over the end of the cable."""
    dx, dy = np.cos(turn), np.sin(turn)
    tray.plate(x, y, 1.9, 1.3, 0.0025, turn, 3.0)
    tray.plate(x, y, 0.38, 0.38, 0.05)
    tray.line([(x, y), (x + 1.1 * dx, y + 1.1 * dy)], 0.22, 0.02)


def _carbon(tray: Tray, x, y, turn, rng) -> None:
    """A translucent electrode: little more than a thin disc of silver."""
    tray.plate(x, y, 1.6, 1.6, 0.002)
    tray.plate(x, y, 0.6, 0.55, 0.012, turn)


ELECTRODES = {"snap": _snap, "clip": _clip, "pad": _pad, "carbon": _carbon}
