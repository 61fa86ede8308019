"""The geometry of one exposure: from centimetres in the patient to pixels on the detector.

Patient coordinates in cm: x towards the patient's left (right on the film), y up, z towards the front; the origin lies
in the midline, half-way between lung apex and dome, in the middle plane of the chest. The X-ray tube is a point: what
lies far from the detector is magnified more, by SID / (SID - OID) (source-image and object-image distance; AP heart
12.5 % wider than PA: Chon et al. 2011, PMC3207047).
"""

from __future__ import annotations

import numpy as np
from PIL import Image

DISTANCE = {"PA": 180.0, "AP": 110.0, "AP Supine": 100.0}  # source to detector, cm
SPACING = 0.75  # between samples of a tube, in pixels: wider spacing shows as dots or stripes
TABLE_STEP, TABLE_REACH = 0.02, 60.0  # cm


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
        return max(int(length * 1.1 / (SPACING * self.pitch)) + 2, 4)

    def tubes(self, x, y, z, radius, path, hollow: float = 0.0) -> np.ndarray:
        """Path length (cm) through tubes along curves, such as ribs and vessels.

        Each tube is cut into small pieces; a piece adds its volume, divided by the area of a pixel, to the pixels it is
        projected on. Where a rib runs along the ray its pieces pile up, as they do at the lateral chest wall.

        Args:
            x, y, z: curves, arrays (tubes, samples) in cm. radius: half-width on the film, cm, same shape.
            path: path length through the middle of the tube, cm, same shape.
            hollow: radius of the marrow over the outer radius; its wall is the cortex.

        Returns:
            float32 array of the film's shape.
        """
        m = self.magnification(z)
        column, row = self.project(x, y, z)
        step = np.sqrt(np.gradient(x, axis=1) ** 2 + np.gradient(y, axis=1) ** 2 + 0.35 * np.gradient(z, axis=1) ** 2)
        dc, dr = np.gradient(column, axis=1), np.gradient(row, axis=1)
        norm = np.sqrt(dc**2 + dr**2) + 1e-9
        radius = np.maximum(radius, 0.02)
        wide = radius * m / self.pitch
        across = max(int(2 * float(wide.max()) / SPACING) + 1, 3)
        t = ((np.arange(across) + 0.5) * 2 / across - 1).astype(np.float32)
        profile = np.sqrt(1 - t**2)
        if hollow:
            profile = profile - 0.8 * hollow * np.sqrt(np.maximum(1 - (t / hollow) ** 2, 0))
            profile = profile / profile.mean() * np.pi / 4
        volume = (path * step * radius * (m / self.pitch) ** 2 * 2 / across).astype(np.float32)
        shift_c, shift_r = (-dr / norm * wide).astype(np.float32), (dc / norm * wide).astype(np.float32)
        c = column.astype(np.float32)[..., None] + shift_c[..., None] * t
        r = row.astype(np.float32)[..., None] + shift_r[..., None] * t
        return self.splat(c.ravel(), r.ravel(), (volume[..., None] * profile).ravel())

    def splat(self, column, row, weight) -> np.ndarray:
        """Add weights at fractional pixel positions, shared bilinearly between the four nearest pixels."""
        height, width = self.shape
        inside = (column > 0) & (row > 0) & (column < width - 1) & (row < height - 1)
        column, row, weight = column[inside], row[inside], weight[inside]
        c, r = column.astype(np.int32), row.astype(np.int32)
        fc, fr = column - c, row - r
        index = r * width + c
        low, high = weight * (1 - fr), weight * fr
        out = np.zeros(height * width + width + 2)
        for offset, part in ((0, low * (1 - fc)), (1, low * fc), (width, high * (1 - fc)), (width + 1, high * fc)):
            out[offset : offset + height * width] += np.bincount(index, part, height * width)
        return out[: height * width].reshape(height, width).astype(np.float32)

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


class Rows:
    """Looks up functions of y for every pixel: the function is tabulated once, every 0.2 mm."""

    def __init__(self, values: np.ndarray):
        self.index = ((values + np.float32(TABLE_REACH)) * np.float32(1 / TABLE_STEP)).astype(np.int32)
        np.clip(self.index, 0, int(2 * TABLE_REACH / TABLE_STEP), out=self.index)

    def __call__(self, knots, values, smooth: float = 0.0) -> np.ndarray:
        """Piecewise curve through (knots, values), knots rising, in cm; `smooth`: sd of a Gaussian rounding in cm."""
        return curve(knots, values, smooth)[self.index]


def curve(knots, values, smooth: float = 0.0) -> np.ndarray:
    """Table of a shape-preserving cubic through the knots, constant beyond them."""
    from scipy.interpolate import PchipInterpolator

    at = np.clip(np.arange(-TABLE_REACH, TABLE_REACH + TABLE_STEP / 2, TABLE_STEP), knots[0], knots[-1])
    return PchipInterpolator(knots, values)(at).astype(np.float32)
