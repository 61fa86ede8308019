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


def tube(exposure, plane: Plane, f) -> Tray:
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
    return tray


def others(patient, exposure, plane: Plane, f) -> Tray:
    """Everything named in `patient.implants` and `exposure.devices`."""
    tray = Tray(plane, 0.4 * f.depth)
    for seed, names in ((patient.seed, patient.implants), (exposure.seed, exposure.devices)):
        for name in names:
            rng = np.random.default_rng([seed, (IMPLANTS + DEVICES).index(name)])
            DRAW[name](tray, f, rng)
    return tray


def _pacemaker(tray: Tray, f, rng) -> None:
    side = 1 if rng.random() < 0.8 else -1
    x, y = side * (0.62 * f.width + rng.normal(0, 0.8)), f.apex - 0.24 * f.height + rng.normal(0, 0.8)
    wide, tall, turn = rng.uniform(2.0, 2.4), rng.uniform(1.7, 2.0), rng.normal(0, 0.35)
    down = np.array((np.sin(turn), -np.cos(turn)))  # of the can
    across = np.array((-down[1], down[0]))
    for share, path in ((1.0, 0.07), (0.97, 0.05), (0.93, 0.04), (0.88, 0.03)):  # a flat can with rounded edges
        tray.plate(x, y, share * wide, share * tall, path, turn, 2.5)
    for _ in range(6):  # battery and circuit, which hardly show through it
        at = np.array((x, y)) + rng.uniform(-0.45, 0.5) * tall * down + rng.uniform(-0.5, 0.5) * wide * across
        tray.plate(*at, *rng.uniform(0.1, 0.35, 2) * wide, rng.uniform(0.005, 0.03), turn, 3.0)
    header = np.array((x, y)) - 1.05 * tall * down + 0.15 * wide * across
    tray.plate(*header, 0.60 * wide, 0.35 * tall, 0.04, turn, 3.0)  # epoxy: fainter than the can
    enter = np.array((side * 0.50 * f.width, f.apex - 2.6))  # the subclavian vein, behind the clavicle
    cava = np.array((-2.2 * f.unit, f.apex - 0.20 * f.height))
    atrium = np.array((-3.2 * f.unit, f.apex - 0.72 * f.height))
    ventricle = np.array((0.34 * f.width, f.dome[1] + 1.8)) + rng.normal(0, 0.4, 2)
    valve = np.array((0.2, f.dome[0] + 2.6))
    low = ventricle - (0.12 * f.width, 0.6)
    right = [(atrium - (0.7, 0.0), atrium + (-0.2, -1.6), atrium + (1.2, -0.6))] * (rng.random() < 0.6)
    for n, course in enumerate([(atrium, valve, low, ventricle), *right]):
        plug = header - side * (0.35 + 0.1 * n) * wide * across * np.sign(-down[1])
        slack = np.array((x, y)) + rng.normal(0, 0.25, 2)
        coil = [slack + (-side * 1.5 * wide, 1.6 * tall), slack - (side * 1.7 * wide, 1.2 * tall)]
        coil += [slack - (0.0, 2.3 * tall), slack + (side * 2.0 * wide, -1.0 * tall), slack + (side * wide, 2.4 * tall)]
        tray.wire([plug, *coil, enter], 0.07, 0.045, rng)
        tray.wire([enter, (enter + cava) / 2 + (0, 0.8), cava + (side * 0.6, 1.2), cava], 0.07, 0.045, rng)
        tray.wire([cava, cava - (0.3, 2.5), *course], 0.07, 0.045, rng)
        tray.plate(*course[-1], 0.16, 0.10, 0.05, rng.uniform(0, 3))
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
