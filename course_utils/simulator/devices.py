"""What was put into the patient or lies on the chest: tubes, central lines, pacemakers, sternal wires, snaps.

An implant stays with its patient and lies in the same place on each of his films; the rest changes from film to film.
Sizes are those of common products.
"""

from __future__ import annotations

import numpy as np

from .leads import LEAVES
from .plane import Plane
from .tray import Tray

IMPLANTS = ("pacemaker", "sternal wires")
DEVICES = ("central line", "chest drain", "breathing tube", "gown snaps")


def tube(exposure, plane: Plane, f) -> tuple[np.ndarray, list[dict]]:
    """An endotracheal or a gastric tube: an opaque line in faint walls."""
    rng, tray = np.random.default_rng(exposure.seed + 3), Tray(plane, 0.0)
    if rng.random() < 0.5:
        end, x = f.apex - 0.27 * f.height, rng.normal(0, 0.3)
        points = [(x + rng.normal(0, 1), f.apex + 14), (x, f.apex + 8), (x, f.apex + 3), (x, end)]
        tray.line(points, 0.08, 0.06)
        tray.line(np.array(points) + (0.35, 0), 0.55, 0.012, hollow=0.8)
    else:
        low, x = f.dome[1] - 4, rng.normal(0, 0.4, 3)
        gullet = [(x[0], f.apex + 14), (0.6 + x[1], f.apex), (x[2] - 0.6, 0.0), (0.9, low + 3)]
        stomach = [gullet[-1], (1.4, low + 0.5), (3.0, low - 1), (5.5, low + rng.normal(0, 1))]
        for points in (gullet, stomach):
            tray.line(points, 0.07, 0.032)
            tray.line(points, 0.22, 0.009, hollow=0.7)
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
    x, y = side * (0.62 * f.width + rng.normal(0, 0.8)), f.apex - 0.24 * f.height + rng.normal(0, 0.8)
    wide, tall, turn = rng.uniform(2.1, 2.5), rng.uniform(1.9, 2.3), rng.normal(0, 0.35)
    down = np.array((np.sin(turn), -np.cos(turn)))  # of the can
    tray.plate(x, y, wide, tall, 0.07, turn, 2.6)
    tray.plate(x, y, 0.93 * wide, 0.93 * tall, 0.03, turn, 2.8)  # the can is thickest away from its seam
    tray.plate(*(np.array((x, y)) + 0.45 * tall * down), 0.82 * wide, 0.38 * tall, 0.10, turn, 3.6)  # battery
    across = np.array((-down[1], down[0]))
    for k in range(6):  # circuit
        at = np.array((x, y)) - rng.uniform(0.15, 0.6) * tall * down + (0.25 * k - 0.6) * wide * across
        tray.plate(*at, *rng.uniform(0.05, 0.2, 2) * wide, rng.uniform(0.02, 0.12), turn, 5.0)
    header = np.array((x, y)) - 1.12 * tall * down
    tray.plate(*header, 0.62 * wide, 0.3 * tall, 0.03, turn, 4.0)
    enter = np.array((side * 4.0, f.apex - 2.0))
    ends = [(0.40 * f.width, f.dome[1] + 1.5)] + [(-0.20 * f.width, f.dome[0] + 7.0)] * (rng.random() < 0.6)
    for end in ends:
        loop = [(x - side * 1.5 * wide, y + rng.normal(0, 1)), (x, y - 1.9 * tall), (x + side * 2.4 * wide, y + tall)]
        tray.wire([header, *loop, (x - side, y + 2.0 * tall), enter + (side * 2, 0.4), enter], 0.07, 0.045, rng)
        middle = (-2.6, f.apex - 0.35 * f.height), (-3.4 + rng.normal(0, 0.4), f.apex - 0.85 * f.height)
        tray.wire([enter, enter - (side * 2.5, 0.5), *middle, end], 0.07, 0.045, rng)
        tray.plate(*end, 0.16, 0.10, 0.05, rng.uniform(0, 3))
    tray.close("pacemaker")


def _sternal_wires(tray: Tray, f, rng) -> None:
    """Loops around the sternum, one below the other and much alike, each closed by a twist that is bent to a side."""
    number = int(rng.integers(4, 8))
    top, step = f.apex - 0.20 * f.height, 0.52 * f.height / number
    t = np.linspace(0, 2 * np.pi, 40)
    size, lean = rng.uniform(0.50, 0.65), rng.normal(0, 0.12)
    for k in range(number):
        x, y = rng.normal(0, 0.12), top - (k + rng.uniform(-0.12, 0.12)) * step
        wide, tall = size * rng.normal(1.0, 0.08), size * rng.uniform(0.45, 0.75)
        turn, phase = lean + rng.normal(0, 0.12), rng.uniform(0, 2 * np.pi)
        u = wide * (np.cos(t) + 0.10 * np.cos(2 * t + phase))
        v = tall * (np.sin(t) + 0.10 * np.sin(3 * t + phase))
        tray.curve(x + u * np.cos(turn) - v * np.sin(turn), y + u * np.sin(turn) + v * np.cos(turn), 0.06, 0.10)
        knot = np.array((x + rng.normal(0, 0.10), y - tall))
        tail = knot + (rng.normal(0, 0.12), -rng.uniform(0.15, 0.32))
        tray.line([knot, 0.5 * (knot + tail) + rng.normal(0, 0.05, 2), tail], 0.10, 0.13)
    tray.close("sternal wires")


def _central_line(tray: Tray, f, rng) -> None:
    side = -1 if rng.random() < 0.7 else 1
    neck = rng.random() < 0.6
    enter = (side * 4.5, f.apex + 6.0) if neck else (side * 0.95 * f.width, f.apex - 0.5)
    tip = (-2.4 * f.unit + rng.normal(0, 0.3), f.apex - rng.uniform(0.38, 0.55) * f.height)
    join = (side * 3.4, f.apex - 2.2), (-2.2 * f.unit, f.apex - 0.22 * f.height)
    tray.line([enter, *join, tip], rng.uniform(0.08, 0.12), rng.uniform(0.022, 0.045))
    hub = (enter[0] + side * rng.uniform(2, 5), enter[1] + rng.uniform(-3, 3))
    out = (side * (f.width + LEAVES), enter[1] + rng.normal(0, 4))
    tray.line([enter, hub, (0.5 * (hub[0] + out[0]), out[1]), out], 0.16, 0.035)
    tray.close("central line")


def _chest_drain(tray: Tray, f, rng) -> None:
    side = rng.choice((-1, 1))
    enter, low = side * (f.width + 5), f.apex - rng.uniform(0.65, 0.9) * f.height
    points = [(enter, low - 3), (side * 0.9 * f.width, low), (side * 0.6 * f.width, low + 4)]
    points.append((side * rng.uniform(0.45, 0.7) * f.width, f.apex - rng.uniform(0.15, 0.5) * f.height))
    start, turn = np.array(points[:2])
    tail = [start, 2 * start - turn, (side * (f.width + LEAVES), low - rng.uniform(3, 14))]
    for part in (points, tail):  # an opaque line in a wall of plastic
        tray.line(part, 0.34, 0.03, hollow=0.75)
        tray.line(part, 0.09, 0.06)
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
        tray.plate(x, y, 0.5, 0.5, 0.02)
        tray.ring(x, y, 0.36, 0.10, 0.04)
    tray.close("gown snaps")


DRAW = {
    "pacemaker": _pacemaker,
    "sternal wires": _sternal_wires,
    "central line": _central_line,
    "chest drain": _chest_drain,
    "breathing tube": _breathing_tube,
    "gown snaps": _gown_snaps,
}
