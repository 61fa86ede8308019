"""The geometry of one exposure: from centimetres in the patient to pixels on the detector.

Patient coordinates in cm: x towards the patient's left (right on the film), y up, z towards the front; the origin lies
in the midline, half-way between lung apex and dome, in the middle plane of the chest. The X-ray tube is a point: what
lies far from the detector is magnified more, by SID / (SID - OID) (source-image and object-image distance; AP heart
12.5 % wider than PA: Chon et al. 2011, PMC3207047).
"""

from __future__ import annotations

import functools
import math

import numpy as np
from PIL import Image, ImageDraw

# Until it has seen a large block freed, glibc hands freed memory back to the system and asks for it again: thousands of
# page faults a film, a sixth of the time (mallopt(3): the thresholds are dynamic, up to 32 MiB). So it is shown one.
np.empty(30 * 2**20, np.uint8)

DISTANCE = {"PA": 180.0, "AP": 110.0, "AP Supine": 100.0}  # source to detector, cm
STRAIGHT = 0.5  # cm: a curve is given as straight steps of about this length
SPACING = 1.15  # between the pieces of a tube, in pixels: wider spacing shows as dots or stripes
WIDE, CLOSER = 6, 1.7  # from this half-width in pixels on, pieces lie closer along a tube: even rows show as a weave
ACROSS = np.unique(np.round(1.35 ** np.arange(25)).astype(int))  # numbers of pieces that a tube is cut into across
NEEDED = np.arange(4 * ACROSS[-3]) / 4 + 0.25
FINE = np.where(NEEDED > 40, 4, np.where(NEEDED > 12, 2, 1))  # and across it
LEVELS = np.minimum(np.searchsorted(ACROSS, NEEDED * FINE), len(ACROSS) - 1).astype(np.int16)  # by 4 * number needed
UNSEEN = len(ACROSS)


class Plane:
    """The detector: a grid of pixels and the rays that end on it.

    Args:
        patient, exposure: see `Patient` and `Exposure`.
        size: pixels of the longer side.

    Attributes:
        shape: (rows, columns). pitch: side of a pixel in cm, on the detector.
    """

    def __init__(self, patient, exposure, size: int):
        height = exposure.width * exposure.aspect
        self.pitch = max(exposure.width, height) / size
        self.shape = (round(height / self.pitch), round(exposure.width / self.pitch))
        self.left, self.top = exposure.x - exposure.width / 2, exposure.y + height / 2
        self.view = exposure.view
        self.half_body = patient.lung_depth + patient.wall
        self.turn = float(np.sin(np.radians(exposure.rotation)))
        self.cos, self.sin = (float(f(np.radians(exposure.tilt))) for f in (np.cos, np.sin))
        columns, rows = (np.arange(n) + 0.5 for n in self.shape[::-1])
        self._columns = (self.left + self.pitch * columns).astype(np.float32)
        self._rows = (self.top - self.pitch * rows).astype(np.float32)[:, None]

    def magnification(self, z):
        """Magnification at depth z (cm, front positive) for the view of this exposure."""
        distance = DISTANCE[self.view]
        gap = 1.5 + (self.half_body - z if self.view == "PA" else self.half_body + z)
        return distance / (distance - gap)

    def coordinates(self, z: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Where every ray crosses the plane at depth z: x and y in cm, float32 arrays of the film's shape."""
        scale = float(self.magnification(z))
        cos, sin = self.cos / scale, self.sin / scale  # the tilt is undone
        x = self._columns * cos - float(z * self.turn) + self._rows * sin
        return x, self._rows * cos - self._columns * sin

    def project(self, x, y, z) -> tuple[np.ndarray, np.ndarray]:
        """Pixel coordinates (column, row; floats) of points in the patient."""
        m = self.magnification(z)
        x, y = m * (x + z * self.turn), m * y
        x, y = x * self.cos - y * self.sin, x * self.sin + y * self.cos
        return (x - self.left) / self.pitch - 0.5, (self.top - y) / self.pitch - 0.5

    def samples(self, length: float) -> int:
        """How many points a curve of this length (cm) needs; straight lines between them take its place."""
        return max(round(length / STRAIGHT), 15) + 1

    def tubes(self, x, y, z, radius, path, hollow: float = 0.0, marrow: float = 0.3) -> tuple[np.ndarray, int, tuple]:
        """Tubes along curves, such as ribs and vessels, for `splat`; anything that broadcasts to the shape of x.

        Args:
            x, y, z: curves, arrays (tubes, points) in cm. radius: half-width on the film, cm.
            path: path length through the middle of the tube, cm.
            hollow: radius of the marrow over the outer radius; the wall is the cortex. marrow: its mineral over that
            of the cortex.

        Returns:
            The five values of all points (float32), the number of points of a tube, `hollow` and `marrow`.
        """
        out = np.empty((5, *np.shape(x)), np.float32)
        for to, values in zip(out, (x, y, z, radius, path), strict=True):
            to[...] = values
        return out.reshape(5, -1), out.shape[-1], (hollow, marrow)

    def cut(self, layers) -> tuple[np.ndarray, np.ndarray]:
        """Cut tubes into small pieces, layer by layer; what lies off the film is left out.

        A piece weighs its volume over the area of a pixel. Where a rib runs along the ray its pieces pile up, as they
        do at the lateral chest wall.

        Returns:
            Columns, rows (pixels) and weights (cm) of the pieces, float32 (3, pieces); how many each layer has.
        """
        tubes = [(values, n, (k, *wall)) for k, layer in enumerate(layers) for values, n, wall in layer]
        x, y, z, radius, path = np.concatenate([values for values, *_ in tubes], axis=1)
        counts = [values.shape[1] // n for values, n, _ in tubes]
        points = np.repeat([n for _, n, _ in tubes], counts)  # of every tube
        last = points.cumsum() - 1
        first = last - points + 1
        column, row = self.project(x, y, z)
        scale = self.magnification(z) * np.float32(1 / self.pitch)
        aside = np.maximum(radius, np.float32(0.02)) * scale
        dc, dr = slope(column, first, last), slope(row, first, last)
        unit = aside / np.sqrt(dc * dc + dr * dr + np.float32(1e-9))
        area = path * aside * np.float32(np.pi / 2)
        curve = np.stack([column, row, -dr * unit, dc * unit, area, z * scale])

        inner = np.ones(x.size, bool)
        inner[last] = False
        start = np.flatnonzero(inner)  # of every straight step: all points but the last of a tube
        steps = curve.take(start, axis=1)
        change = curve.take(start + 1, axis=1) - steps
        flat = change[0] ** 2 + change[1] ** 2
        outer = np.sqrt(flat) + np.sqrt(change[2] ** 2 + change[3] ** 2)  # of the tube's edge, in a bend
        wide = np.maximum(aside.take(start), aside.take(start + 1))
        dense = np.where(wide > WIDE, np.float32(CLOSER / SPACING), np.float32(1 / SPACING))
        along = np.maximum(np.ceil(outer * dense - np.float32(0.25)), 1)
        share = 1 / along
        deep = np.sqrt(flat + change[5] ** 2) * share
        change[:5] *= share
        for values in (steps, change):
            values[4] *= deep
        # The weight; by column and by row the place in the middle of the tube, the way to its edge and to the next one.
        rates = np.concatenate([steps[4:5], steps[:4], change[:2]])
        rises = np.concatenate([change[4:5], change[:4]])

        walls = sorted({wall for *_, wall in tubes})
        group = np.repeat(np.repeat([walls.index(wall) * UNSEEN for *_, wall in tubes], counts), points - 1)
        group += LEVELS.take((wide * np.float32(8 / SPACING)).astype(np.intp), mode="clip")
        reach = wide + np.sqrt(flat) + 1
        height, width = self.shape
        seen = (steps[0] > -reach) & (steps[0] < width + reach) & (steps[1] > -reach) & (steps[1] < height + reach)
        order = np.flatnonzero(seen)
        order = order[np.argsort(group[order].astype(np.uint16), kind="stable")]  # small numbers are sorted faster
        many = along[order].astype(np.intp)
        counts = np.bincount(group[order], many).astype(np.intp)
        order = np.repeat(order, many)
        number = np.arange(order.size) - np.repeat(many.cumsum() - many, many)
        samples, rise = rates.take(order, axis=1), rises.take(order, axis=1)
        rise *= number.astype(np.float32) + np.float32(0.5)
        samples[:5] += rise
        weights, middles = samples[0], samples[1:].reshape(3, 2, -1).swapaxes(0, 1)

        out = np.empty((3, int(counts @ np.resize(ACROSS, counts.size))), np.float32)
        start, end, sizes = 0, 0, np.zeros(len(layers), int)
        for group in np.flatnonzero(counts):
            layer, hollow, marrow = walls[group // UNSEEN]
            section, shares = cross_section(int(group) % UNSEEN, hollow, marrow)
            here = slice(start, start + counts[group])
            pieces = out[:, end : end + shares.size * counts[group]].reshape(3, shares.size, -1)
            np.matmul(section, middles[:, :, here], out=pieces[:2])
            np.multiply(shares, weights[here], out=pieces[2])
            start, end = here.stop, end + pieces[0].size
            sizes[layer] += pieces[0].size
        return out, sizes

    def splat(self, *layers) -> np.ndarray:
        """Path length (cm) on every ray, an array a layer, which is a list of tubes: what overlaps in it adds up.

        Each piece of a tube is shared bilinearly between the nearest pixels. One call for all layers is the quickest.
        """
        height, width = self.shape
        out = np.zeros((len(layers), height + 4, width + 2), np.float32)  # the margin takes what falls outside
        if not any(layers):
            return out[:, 4:, 2:]
        pieces, sizes = self.cut(layers)
        places, weight = pieces[:2], pieces[2]
        np.maximum(places, -1, out=places)
        for values, last in zip(places, (width, height), strict=True):
            np.minimum(values, last, out=values)
        corners = np.floor(places)
        places -= corners
        column, row = places
        corners[1] *= width + 2
        corners[1] += corners[0]
        index, ends = corners[1].astype(np.intp), sizes.cumsum()
        for k, (end, size) in enumerate(zip(ends, sizes, strict=True)):
            index[end - size : end] += k * out[0].size + width + 3
        low, high = weight, weight * row
        low -= high
        for start, share in ((0, low), (width + 2, high)):
            right = share * column
            share -= right
            np.add.at(out.ravel()[start:], index, share)
            np.add.at(out.ravel()[start + 1 :], index, right)
        return out[:, 1 : height + 1, 1 : width + 1]

    def box(self, *tubes) -> list[int]:
        """Box [x0, y0, x1, y1] in pixels, half-open, of what the film shows of the tubes; [] if it shows nothing."""
        x, y, z, radius, _ = np.concatenate([values for values, *_ in tubes], axis=1)
        column, row = self.project(x, y, z)
        height, width = self.shape
        seen = (column > -0.5) & (column < width - 0.5) & (row > -0.5) & (row < height - 0.5)
        if not seen.any():
            return []
        wide = (radius * self.magnification(z))[seen] / np.float32(self.pitch)
        places = (column[seen], row[seen])
        low = [max(math.floor((at - wide).min()), 0) for at in places]
        high = [min(math.ceil((at + wide).max()) + 1, end) for at, end in zip(places, (width, height), strict=True)]
        return low + high

    def fill(self, outlines) -> np.ndarray:
        """1 inside any of the outlines (columns, rows in pixels), 0 outside, with smooth edges."""
        out = np.zeros(self.shape, np.float32)
        for column, row in outlines:
            left, top = (max(math.floor(v.min()), 0) for v in (column, row))
            width, height = self.shape[1] - left, self.shape[0] - top
            width, height = min(width, math.ceil(column.max()) + 2 - left), min(height, math.ceil(row.max()) + 2 - top)
            if width > 0 and height > 0:
                image = Image.new("L", (2 * width, 2 * height))
                points = np.stack([2 * (column - left) + 1, 2 * (row - top) + 1], axis=1)
                ImageDraw.Draw(image).polygon(points.ravel().tolist(), fill=255)
                part = out[top : top + height, left : left + width]
                np.maximum(part, np.asarray(image.reduce(2), np.float32) * np.float32(1 / 255), out=part)
        return out

    def sample(self, field: np.ndarray, reach: float, part) -> np.ndarray:
        """A square field that covers x, y from -reach to reach (cm, middle plane), on squares of two by two pixels.

        part: slices of the rows and columns that are wanted. The tilt of the film is left out, which moves the field.
        """
        rows, columns = (slice(at.start, at.stop + (at.stop - at.start) % 2) for at in part)
        cell = 2 * reach / len(field) * self.magnification(0.0)
        left, right = (len(field) / 2 + (self.left + self.pitch * at) / cell for at in (columns.start, columns.stop))
        top, bottom = (len(field) / 2 - (self.top - self.pitch * at) / cell for at in (rows.start, rows.stop))
        box = tuple(min(max(edge, 0), len(field)) for edge in (left, top, right, bottom))
        size = ((columns.stop - columns.start) // 2, (rows.stop - rows.start) // 2)
        return np.asarray(Image.fromarray(field).resize(size, Image.Resampling.BICUBIC, box))


def slope(values: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Change from point to point (central differences) of curves that follow each other, from `first` to `last`."""
    out = np.empty_like(values)
    out[1:-1] = (values[2:] - values[:-2]) * np.float32(0.5)
    out[first] = values[first + 1] - values[first]
    out[last] = values[last] - values[last - 1]
    return out


def gradient(values: np.ndarray) -> np.ndarray:
    """Change from point to point of curves (curves, points): `np.gradient` along the last axis, but faster."""
    step = values[:, 1:] - values[:, :-1]
    return np.concatenate([step[:, :1], (step[:, 1:] + step[:, :-1]) / 2, step[:, -1:]], axis=1)


def bezier(points, t: np.ndarray) -> np.ndarray:
    """Bezier curves from the first to the last of their control points, drawn towards the others (Bernstein form).

    points: (..., points, 2). t: (samples,), from 0 to 1. Returns (..., 2, samples).
    """
    points = np.asarray(points, float)
    n = points.shape[-2] - 1
    weights = np.stack([math.comb(n, k) * t**k * (1 - t) ** (n - k) for k in range(n + 1)])
    return points.swapaxes(-1, -2) @ weights


@functools.cache
def cross_section(level: int, hollow: float, marrow: float) -> tuple[np.ndarray, np.ndarray]:
    """How a round tube is cut into `ACROSS[level]` pieces.

    Returns:
        For every piece what to take of the middle of the tube (1), of the way to its edge (-1 to 1) and of that to the
        next piece: else the pieces and the pixels make a moire; its share of the whole, (pieces, 1).
    """
    n = int(ACROSS[level])
    t = (np.arange(n) + 0.5) * 2 / n - 1
    edges = np.linspace(-1, 1, n + 1)
    area = lambda edges: np.diff(edges * np.sqrt(1 - edges * edges) + np.arcsin(edges))  # noqa: E731 (of a disc)
    share = area(edges)
    if hollow:
        share = share - (1 - marrow) * hollow**2 * area(np.clip(edges / hollow, -1, 1))
    stagger = np.arange(n) * 0.618 % 1 - 0.5
    section = np.stack([np.ones(n), t, stagger], axis=1)
    return section.astype(np.float32), (share / share.sum()).astype(np.float32)[:, None]
