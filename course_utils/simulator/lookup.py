"""Work saved: functions of one coordinate are tabulated once, and an organ is drawn only where it is."""

from __future__ import annotations

import numpy as np

TABLE_STEP, TABLE_REACH = 0.04, 60.0  # cm
TABLE = np.arange(-TABLE_REACH, TABLE_REACH + TABLE_STEP / 2, TABLE_STEP)


class Lookup:
    """Looks up functions of one coordinate for every pixel: a function is tabulated once, every 0.4 mm."""

    def __init__(self, values: np.ndarray):
        self.place = (values + np.float32(TABLE_REACH)) * np.float32(1 / TABLE_STEP)
        self.index = self.place.astype(np.intp)

    def __call__(self, knots, values) -> np.ndarray:
        """Smooth curve through (knots, values), knots rising, in cm."""
        return self.of(curve(knots, values))

    def of(self, table: np.ndarray) -> np.ndarray:
        """A function by its values at `TABLE`."""
        return table.astype(np.float32).take(self.index, mode="clip")

    def smooth(self, knots, values) -> np.ndarray:
        """The curve through (knots, values) interpolated between the values of its table: for steep ones."""
        table = curve(knots, values)
        rise = np.diff(table, append=table[-1]).astype(np.float32)
        return self.of(table) + (self.place - self.index).astype(np.float32) * self.of(rise)


def curve(knots, values) -> np.ndarray:
    """Table of a shape-preserving cubic through the knots, constant beyond them.

    Slopes at the knots: Fritsch and Butland, SIAM J. Sci. Stat. Comput. 5 (1984); at both ends that of the parabola
    through three knots, within the bounds that keep the shape.
    """
    x, y = np.asarray(knots, float), np.asarray(values, float)
    h = np.diff(x)
    rise = np.diff(y) / h
    before, after = rise[:-1], rise[1:]
    weight = (h[:-1] + 2 * h[1:]) / (3 * (h[:-1] + h[1:]))
    turns = before * after <= 0
    slopes = np.zeros_like(x)
    slopes[1:-1] = np.where(turns, 0, before * after / np.where(turns, 1, weight * after + (1 - weight) * before))
    slopes[0], slopes[-1] = end_slope(h[:2], rise[:2]), end_slope(h[:-3:-1], rise[:-3:-1])
    t = np.arange(32)[:, None] / 32
    bend = h * (1 - t) * (slopes[:-1] - rise) - h * t * (slopes[1:] - rise)
    at, value = x[:-1] + h * t, y[:-1] + t * (h * rise + (1 - t) * bend)
    at, value = (np.append(v.T.ravel(), last) for v, last in ((at, x[-1]), (value, y[-1])))
    return np.interp(TABLE, at, value).astype(np.float32)


def end_slope(h, rise) -> float:
    """Slope at the first knot, from the widths of the first two intervals and how steeply the values rise there."""
    slope = ((2 * h[0] + h[1]) * rise[0] - h[0] * rise[1]) / (h[0] + h[1])
    if slope * rise[0] <= 0:
        return 0.0
    return 3 * rise[0] if rise[0] * rise[1] < 0 and abs(slope) > 3 * abs(rise[0]) else slope


def around(x, y, centre, wide: float, tall: float) -> tuple[slice, slice]:
    """The rows and columns that hold all pixels within `wide` and `tall` (cm) of a centre (x, y), and few others.

    x, y: coordinates of all pixels, cm, as `Plane.coordinates` gives them or bent by less than half a centimetre.
    """
    found = []
    for values, at, reach in ((y[:, [0, -1]].T, centre[1], tall), (x[[0, len(x) // 2, -1]], centre[0], wide)):
        near = np.flatnonzero((values.max(0) > at - reach - 0.5) & (values.min(0) < at + reach + 0.5))
        found.append(slice(int(near[0]), int(near[-1]) + 1) if near.size else slice(0, 0))
    return tuple(found)
