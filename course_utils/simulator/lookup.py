"""Work saved: functions of one coordinate are tabulated, organs drawn where they are, smooth ones on fewer pixels."""

from __future__ import annotations

import math

import numpy as np

TABLE_STEP, TABLE_REACH = 0.04, 45.0  # cm
TABLE = np.arange(-TABLE_REACH, TABLE_REACH + TABLE_STEP / 2, TABLE_STEP).astype(np.float32)


class Lookup:
    """Looks up functions of one coordinate for every pixel: a function is tabulated once, every 0.4 mm."""

    def __init__(self, values: np.ndarray):
        self.place = (values + np.float32(TABLE_REACH)) * np.float32(1 / TABLE_STEP)
        self.index = self.place.astype(np.intp)

    def within(self, part) -> Lookup:
        """The same for some of the pixels: slices of rows and columns."""
        out = object.__new__(Lookup)
        out.place, out.index = self.place[part], np.ascontiguousarray(self.index[part])
        return out

    def __call__(self, knots, values) -> np.ndarray:
        """Smooth curve through (knots, values), knots rising, in cm."""
        return self.of(curve(knots, values))

    def of(self, table: np.ndarray) -> np.ndarray:
        """A function by its values at `TABLE`."""
        return np.asarray(table, np.float32).take(self.index, mode="clip")

    def of_sides(self, tables: list[dict[int, np.ndarray]], side: np.ndarray) -> list[np.ndarray]:
        """Pairs of functions by their values at `TABLE`: that of -1 where `side` is negative, else that of 1."""
        index = (side > 0).astype(np.intp)
        index *= TABLE.size
        index += self.index
        pairs = (np.concatenate([table[-1], table[1]], dtype=np.float32) for table in tables)
        return [pair.take(index, mode="clip") for pair in pairs]

    def smooth(self, table: np.ndarray) -> np.ndarray:
        """As `of`, but interpolated between the values of the table: for steep functions."""
        table = np.asarray(table, np.float32)
        rise = np.diff(table, append=table[-1])
        return self.of(table) + (self.place - np.floor(self.place)) * self.of(rise)


def curve(knots, values) -> np.ndarray:
    """Table of a shape-preserving cubic through the knots, constant beyond them (see `slopes`)."""
    x, y = np.asarray(knots, float), np.asarray(values, float)
    h = x[1:] - x[:-1]
    rise = (y[1:] - y[:-1]) / h
    slope = np.array(slopes(h.tolist(), rise.tolist()))
    between = np.array([x[:-1], 1 / h, y[:-1], h * rise, h * (slope[:-1] - rise), h * (slope[1:] - rise)], np.float32)
    places = TABLE.searchsorted(x.astype(np.float32))
    inside = slice(places[0], places[-1])
    table = np.empty(TABLE.size, np.float32)
    table[: inside.start], table[inside.stop :] = y[0], y[-1]
    first, scale, low, line, begin, end = between.repeat(places[1:] - places[:-1], axis=1)
    t = (TABLE[inside] - first) * scale  # 0 to 1 from one knot to the next
    table[inside] = low + t * (line + (1 - t) * ((1 - t) * begin - t * end))
    return table


def slopes(widths: list[float], rises: list[float]) -> list[float]:
    """Slopes at the knots of a shape-preserving cubic, from the width and the rise of each interval.

    Fritsch and Butland, SIAM J. Sci. Stat. Comput. 5 (1984); at both ends that of the parabola through three knots,
    within the bounds that keep the shape.
    """
    inner = []
    for a, b, before, after in zip(widths, widths[1:], rises, rises[1:], strict=False):
        weight = (a + 2 * b) / (3 * (a + b))
        turns = before * after <= 0
        inner.append(0.0 if turns else before * after / (weight * after + (1 - weight) * before))
    return [end_slope(widths[:2], rises[:2]), *inner, end_slope(widths[:-3:-1], rises[:-3:-1])]


def end_slope(h, rise) -> float:
    """Slope at the first knot, from the widths of the first two intervals and how steeply the values rise there."""
    slope = ((2 * h[0] + h[1]) * rise[0] - h[0] * rise[1]) / (h[0] + h[1])
    if slope * rise[0] <= 0:
        return 0.0
    return 3 * rise[0] if rise[0] * rise[1] < 0 and abs(slope) > 3 * abs(rise[0]) else slope


def columns(x, reach: float) -> slice:
    """The columns, at least one, that hold all pixels whose x (cm) is within `reach` of the midline, and few others."""
    found = np.flatnonzero((np.abs(x[::8]) < reach + 0.5).any(0))
    return slice(found[0], found[-1] + 1) if found.size else slice(1)


def lower(y, level: float) -> slice:
    """The rows, one at least, that hold all pixels whose y (cm) lies below a level, and few others."""
    return slice(min(int((np.minimum(y[:, 0], y[:, -1]) > level).sum()), len(y) - 1), None)


def before(values, at: float) -> int:
    """How many of evenly spaced values, rising or falling, come before `at`."""
    n, first, last = len(values), float(values[0]), float(values[-1])
    return min(max(math.ceil((at - first) * (n - 1) / ((last - first) or 1.0)), 0), n)


def around(x, y, centre, wide: float, tall: float) -> tuple[slice, slice]:
    """The rows and columns that hold all pixels within `wide` and `tall` (cm) of a centre (x, y), and few others.

    x, y: coordinates of all pixels, cm, as `Plane.coordinates` gives them or bent by less than half a centimetre.
    """
    left, right = centre[0] - wide - 0.5, centre[0] + wide + 0.5
    high, low = centre[1] + tall + 0.5, centre[1] - tall - 0.5
    # x rises along every row, y falls along every column: the outermost ones and the middle tell where they are met.
    lines = [x[row] for row in (0, len(x) // 2, -1)]
    columns = min(before(line, left) for line in lines), max(before(line, right) for line in lines)
    lines = y[:, 0], y[:, -1]
    rows = min(before(line, high) for line in lines), max(before(line, low) for line in lines)
    return tuple(slice(first, max(first, last)) for first, last in (rows, columns))


def ellipse(x, y, centre, wide: float, tall: float) -> tuple[tuple[slice, slice], np.ndarray]:
    """Rows and columns around a small ellipse with half-axes `wide` and `tall` (cm), and 1 - r^2 there: 1 in its
    middle, 0 on its border and beyond. How the film is tilted matters for its place, not for its shape.
    """
    down = y[:, min(before(x[len(x) // 2], centre[0]), x.shape[1] - 1)]
    low, row, high = (before(down, centre[1] + lift) for lift in (tall, 0, -tall))
    along = x[min(row, len(y) - 1)]
    left, right = (before(along, centre[0] + aside) for aside in (-wide, wide))
    dx = (along[left:right] - np.float32(centre[0])) * np.float32(1 / wide)
    dy = (down[low:high] - np.float32(centre[1])) * np.float32(1 / tall)
    inside = (1 - dy * dy)[:, None] - dx * dx
    return (slice(low, high), slice(left, right)), np.maximum(inside, 0, out=inside)


def reduced(image: np.ndarray, step: int) -> np.ndarray:
    """Means over squares of `step` pixels, or over what is there of a square at the lower and right edge."""
    for axis in (0, 1) if step > 1 else ():
        lines = image.swapaxes(0, axis)
        whole = len(lines) - len(lines) % step
        means = lines[:whole:step] + lines[1:whole:step]
        for k in range(2, step):
            means += lines[k:whole:step]
        means *= np.float32(1 / step)
        if whole < len(lines):
            means = np.concatenate([means, lines[whole:].mean(0, keepdims=True)])
        image = means.swapaxes(0, axis)
    return image


def enlarged(image: np.ndarray, step: int, shape: tuple[int, int]) -> np.ndarray:
    """The opposite of `reduced`: an image of `shape`, interpolated linearly."""
    for axis in (1, 0) if step > 1 else ():
        lines = image.swapaxes(0, axis)  # along the rows, then down the columns
        n, lines = len(lines), np.concatenate([lines[:1], lines, lines[-1:]])
        image = np.empty((n * step, image.shape[1]) if axis == 0 else (image.shape[0], n * step), np.float32)
        places = [divmod((k + 0.5) / step + 0.5, 1) for k in range(step)]
        parts = {share: np.float32(share) * lines for share in {s for _, far in places for s in (far, 1 - far)}}
        for k, (low, far) in enumerate(places):
            first = int(low)
            near, next_one = parts[1 - far][first : first + n], parts[far][first + 1 : first + 1 + n]
            np.add(near, next_one, out=image.swapaxes(0, axis)[k::step])
    return image[: shape[0], : shape[1]]
