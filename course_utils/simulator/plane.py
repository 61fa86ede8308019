"""The geometry of one exposure: from centimetres in the patient to pixels on the detector.

Patient coordinates in cm: x towards the patient's left (right on the film), y up, z towards the front; the origin lies
in the midline, half-way between lung apex and dome, in the middle plane of the chest. The X-ray tube is a point: what
lies far from the detector is magnified more, by SID / (SID - OID) (source-image and object-image distance; AP heart
12.5 % wider than PA: Chon et al. 2011, PMC3207047).
"""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image, ImageDraw

# Until it has seen a large block freed, glibc hands freed memory back to the system and asks for it again: thousands of
# page faults a film, a sixth of the time (mallopt(3): the thresholds are dynamic, up to 32 MiB). So it is shown one.
np.empty(30 * 2**20, np.uint8)

DISTANCE = {"PA": 180.0, "AP": 110.0, "AP Supine": 100.0}  # source to detector, cm
SPACING = 0.95  # between samples of a tube, in pixels: wider spacing shows as dots or stripes
ACROSS = np.unique(np.round(1.35 ** np.arange(25)).astype(int))  # numbers of pieces that a tube is cut into across
LEVELS = np.searchsorted(ACROSS, np.arange(4 * ACROSS[-2]) / 4 + 0.25).astype(np.uint8)  # by 4 * the number needed
UNSEEN = len(ACROSS)
TABLE_STEP, TABLE_REACH = 0.04, 60.0  # cm
TABLE = np.arange(-TABLE_REACH, TABLE_REACH + TABLE_STEP / 2, TABLE_STEP)


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
        columns = (self.left + self.pitch * (np.arange(self.shape[1]) + 0.5)).astype(np.float32)
        rows = (self.top - self.pitch * (np.arange(self.shape[0]) + 0.5)).astype(np.float32)[:, None]
        cos, sin = np.float32(self.cos), np.float32(self.sin)
        self._x, self._y = columns * cos + rows * sin, rows * cos - columns * sin  # the tilt undone

    def magnification(self, z):
        """Magnification at depth z (cm, front positive) for the view of this exposure."""
        distance = DISTANCE[self.view]
        gap = 1.5 + (self.half_body - z if self.view == "PA" else self.half_body + z)
        return distance / (distance - gap)

    def coordinates(self, z: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Where every ray crosses the plane at depth z: x and y in cm, float32 arrays of the film's shape."""
        scale = np.float32(1 / self.magnification(z))
        return self._x * scale - np.float32(z * self.turn), self._y * scale

    def project(self, x, y, z) -> tuple[np.ndarray, np.ndarray]:
        """Pixel coordinates (column, row; floats) of points in the patient."""
        m = self.magnification(z)
        x, y = m * (x + z * self.turn), m * y
        x, y = x * self.cos - y * self.sin, x * self.sin + y * self.cos
        return (x - self.left) / self.pitch - 0.5, (self.top - y) / self.pitch - 0.5

    def samples(self, length: float) -> int:
        """How many samples a curve of this length (cm) needs."""
        return max(int(length * 1.08 / (SPACING * self.pitch)) + 2, 4)

    def tubes(self, x, y, z, radius, path, hollow: float = 0.0) -> tuple[np.ndarray, ...]:
        """Cut tubes along curves, such as ribs and vessels, into small pieces for `splat`.

        A piece weighs its volume over the area of a pixel. Where a rib runs along the ray its pieces pile up, as they
        do at the lateral chest wall.

        Args:
            x, y, z: curves, arrays (tubes, samples) in cm. radius: half-width on the film, cm, same shape.
            path: path length through the middle of the tube, cm, same shape.
            hollow: radius of the marrow over the outer radius; the wall is the cortex.

        Returns:
            Columns, rows (pixels) and weights (cm) of all pieces, float32.
        """
        x, y, z, radius, path = (np.asarray(v, np.float32) for v in (x, y, z, radius, path))
        scale = self.magnification(z) / np.float32(self.pitch)
        column, row = self.project(x, y, z)
        dc, dr = slope(column), slope(row)
        length = dc * dc + dr * dr + np.float32(1e-9)  # of a step on the film, pixels
        aside = np.maximum(radius, np.float32(0.02)) * scale
        volume = path * aside * np.float32(np.pi / 2)
        length, deep = np.sqrt(length), (slope(z) * scale) ** 2 if z.ndim else 0
        volume *= np.sqrt(length * length + deep)
        need = LEVELS.take((aside * np.float32(8 / SPACING)).astype(np.intp), mode="clip")
        height, width = self.shape
        need[(column < -aside - 1) | (column > width + aside) | (row < -aside - 1) | (row > height + aside)] = UNSEEN
        aside /= length
        counts = np.bincount(need.ravel(), minlength=UNSEEN + 1)[:UNSEEN]
        order = np.argsort(need, axis=None, kind="stable")[: counts.sum()]
        samples = [v.take(order) for v in (column, row, -dr * aside, dc * aside, dc, dr, volume)]
        out = np.empty((3, int(counts @ ACROSS)), np.float32)
        start = end = 0
        for level in np.flatnonzero(counts):
            t, stagger, share = cross_section(int(level), hollow)
            column, row, aside, down, dc, dr, volume = (v[start : start + counts[level]] for v in samples)
            c, r, weight = out[:, end : end + t.size * column.size].reshape(3, t.size, -1)
            np.add(aside * t, dc * stagger, out=c)
            np.add(down * t, dr * stagger, out=r)
            np.multiply(volume, share, out=weight)
            c += column
            r += row
            start, end = start + column.size, end + weight.size
        return tuple(out)

    def splat(self, *pieces) -> np.ndarray:
        """Path length (cm) on every ray: pieces of `tubes`, each shared bilinearly between the four nearest pixels."""
        column, row, weight = (np.concatenate(v) for v in zip(*pieces, strict=True))
        height, width = self.shape
        wide = width + 2  # one pixel of margin on each side takes what falls outside
        for values, last in ((column, width + 1), (row, height + 1)):
            values += np.float32(1)
            np.clip(values, 0, last, out=values)
        c, r = column.astype(np.int32), row.astype(np.int32)
        column -= c
        row -= r
        r *= np.int32(wide)
        r += c
        index = r.astype(np.intp)
        low_right, high = weight * column, weight * row
        high_right = high * column
        cells = (height + 3) * wide
        out = np.bincount(index, weight - low_right - high + high_right, cells)
        out[1:] += np.bincount(index, low_right - high_right, cells)[:-1]
        out[wide:] += np.bincount(index, high - high_right, cells)[:-wide]
        out[wide + 1 :] += np.bincount(index, high_right, cells)[: -wide - 1]
        return out.reshape(height + 3, wide)[1 : height + 1, 1 : width + 1].astype(np.float32)

    def fill(self, outlines) -> np.ndarray:
        """1 inside any of the outlines (columns, rows in pixels), 0 outside, with smooth edges."""
        height, width = self.shape
        image = Image.new("L", (2 * width, 2 * height))
        for column, row in outlines:
            ImageDraw.Draw(image).polygon(
                list(zip((2 * column + 1).tolist(), (2 * row + 1).tolist(), strict=True)), fill=255
            )
        return np.asarray(image.reduce(2), np.float32) / 255

    def sample(self, field: np.ndarray, reach: float) -> np.ndarray:
        """A square field that covers x, y from -reach to reach (cm, middle plane), sampled at every pixel."""
        n = field.shape[0]
        scale = n / (2 * reach) / self.magnification(0.0)
        a, b = self.pitch * self.cos * scale, -self.pitch * self.sin * scale
        d, e = self.pitch * self.sin * scale, self.pitch * self.cos * scale
        c = (self.left * self.cos + self.top * self.sin) * scale + n / 2
        f = -(self.top * self.cos - self.left * self.sin) * scale + n / 2
        image = Image.fromarray(np.ascontiguousarray(field, np.float32))
        size = (self.shape[1], self.shape[0])
        return np.asarray(image.transform(size, Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR))


def slope(values: np.ndarray) -> np.ndarray:
    """Change from sample to sample along the last axis (central differences)."""
    out = np.empty_like(values)
    out[..., 1:-1] = (values[..., 2:] - values[..., :-2]) * 0.5
    out[..., 0], out[..., -1] = values[..., 1] - values[..., 0], values[..., -1] - values[..., -2]
    return out


@functools.cache
def cross_section(level: int, hollow: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How a round tube is cut into `ACROSS[level]` pieces.

    Returns:
        Places across (-1 to 1), along (in steps: else the pieces and the pixels make a moire), and shares of the whole.
    """
    n = int(ACROSS[level])
    t = (np.arange(n) + 0.5) * 2 / n - 1
    share = np.sqrt(1 - t * t)
    if hollow:
        share = share - 0.7 * hollow * np.sqrt(np.maximum(1 - (t / hollow) ** 2, 0))
    return tuple(v.astype(np.float32)[:, None] for v in (t, np.arange(n) * 0.618 % 1 - 0.5, share / share.sum()))


class Rows:
    """Looks up functions of y for every pixel: the function is tabulated once, every 0.4 mm."""

    def __init__(self, values: np.ndarray):
        self.index = ((values + np.float32(TABLE_REACH)) * np.float32(1 / TABLE_STEP)).astype(np.intp)

    def __call__(self, knots, values) -> np.ndarray:
        """Smooth curve through (knots, values), knots rising, in cm."""
        return curve(knots, values).take(self.index, mode="clip")


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
    at = np.arange(x[0], x[-1] + 0.1, 0.1)
    k = np.clip(np.searchsorted(x, at, "right") - 1, 0, len(h) - 1)
    t = np.minimum((at - x[k]) / h[k], 1)
    bend = t * (1 - t) * h[k] * ((1 - t) * (slopes[k] - rise[k]) - t * (slopes[k + 1] - rise[k]))
    return np.interp(TABLE, at, y[k] + t * h[k] * rise[k] + bend).astype(np.float32)


def end_slope(h, rise) -> float:
    """Slope at the first knot, from the widths of the first two intervals and how steeply the values rise there."""
    slope = ((2 * h[0] + h[1]) * rise[0] - h[0] * rise[1]) / (h[0] + h[1])
    if slope * rise[0] <= 0:
        return 0.0
    return 3 * rise[0] if rise[0] * rise[1] < 0 and abs(slope) > 3 * abs(rise[0]) else slope
