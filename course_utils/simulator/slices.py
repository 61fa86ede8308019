"""Pictures that lie in the archives and are no frontal films: lateral views, CT slices, and a warning sign.

They only have to be told apart, not to teach anatomy, so each is a handful of soft ellipses in a unit square (x to the
right, y down), drawn in grey levels from 0 (black) to 1 (white). None has a truth beyond its kind.
"""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage


def draw(projection: str, size: int, rng: np.random.Generator, lesions: bool = False) -> np.ndarray:
    """Draw one such picture.

    Arguments: projection, "lateral", "axial", "coronal" or "warning"; size, the longer side in pixels; lesions, whether
    ground glass shows on a CT slice. Returns uint8 (height, width). Raises ValueError for another projection.
    """
    makers = {"lateral": _lateral, "axial": _axial, "coronal": _coronal}
    if projection == "warning":
        return _warning(size)
    if projection not in makers:
        raise ValueError(f"projection={projection!r} cannot be drawn; it must be one of {', '.join(makers)}, warning")
    width = {"lateral": 0.84, "axial": 1.0, "coronal": 0.95}[projection]
    height = {"lateral": 1.0, "axial": 0.78, "coronal": 1.0}[projection]
    picture = makers[projection](_Canvas(round(size * height), round(size * width), rng), rng, lesions)
    noise = {"lateral": 0.012, "axial": 0.03, "coronal": 0.03}[projection]
    picture = picture + ndimage.gaussian_filter(rng.standard_normal(picture.shape).astype(np.float32), 0.6) * noise * 2
    return (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)


class _Canvas:
    """A unit square of grey levels that ellipses are painted on."""

    def __init__(self, height: int, width: int, rng: np.random.Generator):
        x, y = (np.arange(n, dtype=np.float32) / np.float32(n) for n in (width, height))
        zoom = rng.uniform(0.92, 1.12, 2)  # no two persons are framed alike
        self.x = (x[None] - np.float32(0.5 + rng.uniform(-0.05, 0.05))) / np.float32(zoom[0]) + np.float32(0.5)
        self.y = (y[:, None] - np.float32(0.5 + rng.uniform(-0.05, 0.05))) / np.float32(zoom[1]) + np.float32(0.5)
        self.grey = np.zeros((height, width), dtype=np.float32)

    def ellipse(self, x: float, y: float, a: float, b: float, tilt: float = 0.0, edge: float = 0.06) -> np.ndarray:
        """Coverage (0 to 1) of an ellipse with centre, semi-axes, tilt in radians; `edge` is its softness."""
        dx, dy, a, b = self.x - np.float32(x), self.y - np.float32(y), float(a), float(b)
        cos, sin = np.float32(math.cos(tilt)), np.float32(math.sin(tilt))
        u, v = dx * (cos / a) + dy * (sin / a), dy * (cos / b) - dx * (sin / b)
        return np.clip((1 + 0.5 * edge - np.sqrt(u * u + v * v)) / edge, 0, 1)

    def paint(self, cover: np.ndarray, level: float) -> None:
        self.grey += cover * (np.float32(level) - self.grey)


def _vessels(c: _Canvas, rng: np.random.Generator, lungs: np.ndarray) -> None:
    """Vessels cut across: bright dots of two sizes inside the lungs."""
    height, width = lungs.shape
    for number, radius in ((160, 0.0025), (50, 0.006)):
        dots = np.zeros_like(lungs)
        dots[rng.integers(height, size=number), rng.integers(width, size=number)] = 1
        sd = radius * max(height, width)
        c.grey += (
            np.minimum(ndimage.gaussian_filter(dots, sd) * np.float32(2 * np.pi * sd**2), 1) * lungs * np.float32(0.55)
        )


def _ground_glass(c: _Canvas, rng: np.random.Generator, lungs: np.ndarray) -> None:
    """Hazy patches along the outer wall of the lungs."""
    rim = lungs * (1 - ndimage.gaussian_filter(lungs, 0.06 * max(lungs.shape)) ** 2)
    patches = np.zeros_like(lungs)
    for _ in range(rng.integers(3, 8)):
        x, y = rng.uniform(0.12, 0.88), rng.uniform(0.35, 0.85)
        patches = np.maximum(patches, c.ellipse(x, y, *rng.uniform(0.05, 0.12, 2), rng.uniform(0, 3), edge=0.8))
    c.grey += np.float32(0.34) * patches * rim


def _axial(c: _Canvas, rng: np.random.Generator, lesions: bool) -> np.ndarray:
    wide, deep = rng.uniform(0.40, 0.46), rng.uniform(0.36, 0.42)
    c.paint(
        c.ellipse(0.5, 0.70, 0.62, 0.30, edge=0.01) - c.ellipse(0.5, 0.685, 0.61, 0.30, edge=0.01), 0.35
    )  # the table
    c.paint(c.ellipse(0.5, 0.5, wide, deep, edge=0.02), 0.42)  # fat
    c.paint(c.ellipse(0.5, 0.5, wide - 0.025, deep - 0.035, edge=0.02), 0.62)  # muscle
    lungs = np.zeros_like(c.grey)
    for side in (-1, 1):
        lungs = np.maximum(
            lungs, c.ellipse(0.5 + side * 0.45 * wide, 0.5, 0.40 * wide, 0.80 * deep, -side * 0.15, edge=0.03)
        )
    heart = c.ellipse(0.5 + 0.13 * wide, 0.43, 0.42 * wide, 0.42 * deep, 0.5, edge=0.05)
    lungs = lungs * (1 - heart)
    c.paint(lungs, 0.07)
    for rib in np.linspace(0.3, 2 * np.pi - 0.3, 14) + rng.uniform(-0.1, 0.1):
        x, y = 0.5 + (wide - 0.045) * np.sin(rib), 0.5 - (deep - 0.055) * np.cos(rib)
        c.paint(c.ellipse(x, y, 0.012, 0.032, rib + 1.4, edge=0.3), 0.97)
    c.paint(c.ellipse(0.5, 0.5 + 0.62 * deep, 0.055, 0.06, edge=0.15), 0.92)  # vertebra
    c.paint(c.ellipse(0.5, 0.5 + 0.62 * deep + 0.08, 0.015, 0.05, edge=0.3), 0.95)
    c.paint(c.ellipse(0.5 + 0.10, 0.5 + 0.45 * deep, 0.03, 0.036, edge=0.1), 0.68)  # descending aorta
    c.paint(c.ellipse(0.5, 0.5 + 0.30 * deep, 0.014, 0.014, edge=0.2), 0.05)  # airway
    _vessels(c, rng, lungs)
    if lesions:
        _ground_glass(c, rng, lungs)
    return ndimage.gaussian_filter(c.grey, 0.5)


def _coronal(c: _Canvas, rng: np.random.Generator, lesions: bool) -> np.ndarray:
    wide = rng.uniform(0.38, 0.44)
    c.paint(c.ellipse(0.5, 0.75, wide, 0.72, edge=0.02), 0.42)
    c.paint(c.ellipse(0.5, 0.75, wide - 0.03, 0.68, edge=0.02), 0.60)
    lungs = np.zeros_like(c.grey)
    for side in (-1, 1):
        lung = c.ellipse(0.5 + side * 0.48 * wide, 0.56, 0.40 * wide, 0.44, -side * 0.06, edge=0.03)
        lungs = np.maximum(lungs, lung * (1 - c.ellipse(0.5 + side * 0.5 * wide, 0.98, 0.5 * wide, 0.2, edge=0.03)))
    lungs = lungs * (1 - c.ellipse(0.53, 0.66, 0.3 * wide, 0.20, 0.4, edge=0.05))
    c.paint(lungs, 0.07)
    for y in np.linspace(0.16, 0.80, 9):
        for side in (-1, 1):
            c.paint(
                c.ellipse(
                    0.5 + side * (0.88 * wide) * np.sqrt(max(1 - ((y - 0.75) / 0.70) ** 2, 0)), y, 0.014, 0.02, edge=0.3
                ),
                0.95,
            )
    c.paint(c.ellipse(0.5, 0.28, 0.02, 0.17, edge=0.15), 0.05)  # trachea
    _vessels(c, rng, lungs)
    if lesions:
        _ground_glass(c, rng, lungs)
    return ndimage.gaussian_filter(c.grey, 0.5)


def _lateral(c: _Canvas, rng: np.random.Generator, lesions: bool) -> np.ndarray:
    front = rng.uniform(0.05, 0.09)
    c.paint(c.ellipse(0.5, 0.62, 0.46 - front, 0.68, 0.05, edge=0.05), 0.66)
    c.paint(c.ellipse(0.30, 0.04, 0.30, 0.16, edge=0.3), 0.75)  # shoulders
    c.grey -= np.float32(0.40) * c.ellipse(0.53, 0.47, 0.34, 0.40, 0.10, edge=0.35)  # both lungs, one behind the other
    c.grey -= np.float32(0.14) * c.ellipse(0.30, 0.36, 0.10, 0.20, 0.2, edge=0.7)  # clear space behind the sternum
    c.grey -= np.float32(0.10) * c.ellipse(0.66, 0.66, 0.10, 0.17, edge=0.8)  # and behind the heart
    c.grey += np.float32(0.30) * c.ellipse(0.40, 0.66, 0.19, 0.17, -0.5, edge=0.4)  # heart
    for shift in (0.0, rng.uniform(0.02, 0.04)):  # two domes
        c.paint(0.7 * c.ellipse(0.50, 1.02 + shift, 0.44, 0.24, edge=0.06), 0.82)
    for step in range(11):  # spine, brighter above than below
        y = 0.10 + 0.08 * step
        x = 0.80 + 0.05 * np.sin(1.2 * step / 3)
        c.grey += np.float32(0.17 - 0.008 * step) * c.ellipse(x, y, 0.055, 0.033, edge=0.25)
    for step in range(7):  # ribs slant down to the front
        c.grey += np.float32(0.06) * c.ellipse(0.55, 0.22 + 0.09 * step, 0.36, 0.012, -0.45, edge=0.8)
    c.grey += np.float32(0.10) * c.ellipse(0.17, 0.45, 0.014, 0.22, 0.12, edge=0.5)  # sternum
    c.paint(c.ellipse(0.56, 0.20, 0.022, 0.14, 0.15, edge=0.6) * 0.3, 0.2)  # trachea
    c.grey = ndimage.gaussian_filter(c.grey, 0.006 * max(c.grey.shape))
    if rng.random() < 0.5:
        c.grey = c.grey[:, ::-1]
    return c.grey * rng.uniform(0.9, 1.05)


def _warning(size: int) -> np.ndarray:
    """The sign that stands in for a film that was taken back."""
    image = Image.new("L", (size, round(0.6 * size)), 255)
    pen = ImageDraw.Draw(image)
    pen.polygon(
        [(0.16 * size, 0.06 * size), (0.05 * size, 0.26 * size), (0.27 * size, 0.26 * size)],
        outline=0,
        width=max(size // 64, 1),
    )
    pen.text((0.147 * size, 0.11 * size), "!", fill=0, font=ImageFont.load_default(size=max(round(0.12 * size), 8)))
    font = ImageFont.load_default(size=max(round(0.06 * size), 7))
    for line, text in enumerate(("IMAGE REMOVED", "at the request", "of the hospital")):
        pen.text((0.32 * size, (0.08 + 0.09 * line) * size), text, fill=0, font=font)
    return np.asarray(image)
