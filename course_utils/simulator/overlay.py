"""What lies on the patient or is written on the film: marker letter, text, ECG leads and cables, tubes."""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .plane import Plane


@functools.lru_cache(maxsize=256)
def glyphs(text: str, height: int) -> np.ndarray:
    """Text as an array of 0 to 1, `height` pixels high for a capital letter."""
    big = ImageFont.load_default(size=max(int(height * 4 / 0.72), 8))
    box = big.getbbox(text)
    image = Image.new("L", (box[2] - box[0] + 8, box[3] - box[1] + 8))
    ImageDraw.Draw(image).text((4 - box[0], 4 - box[1]), text, font=big, fill=255)
    image = image.resize((max(image.width // 4, 1), max(image.height // 4, 1)), Image.Resampling.BOX)
    return np.asarray(image, np.float32) / 255


def stamp(film: np.ndarray, ink: np.ndarray, x: int, y: int, grey: float, ground: float | None = None) -> list[int]:
    """Write ink on the film (values 0 to 1, changed in place), moved inside it; returns the box [x0, y0, x1, y1]."""
    height, width = film.shape
    ink = ink[:height, :width]
    x, y = int(np.clip(x, 0, width - ink.shape[1])), int(np.clip(y, 0, height - ink.shape[0]))
    box = [x, y, x + ink.shape[1], y + ink.shape[0]]
    part = film[y : box[3], x : box[2]]
    if ground is not None:
        part[:] = ground
    part += ink * (np.float32(grey) - part)
    return box


def marker(film: np.ndarray, site, exposure, plane: Plane) -> dict:
    """The side marker: plain letter, letter on a black tag, or a lead letter that is turned a little and less white."""
    rng = np.random.default_rng(exposure.seed + 1)
    height, width = film.shape
    ink = glyphs(site.letter, max(round(site.letter_size / plane.pitch * 0.72), 4))
    grey, ground = 0.97, None
    if site.letter_style == "boxed":
        ink, ground = np.pad(ink, 2), 0.03
    if site.letter_style == "lead":
        turned = Image.fromarray(ink).rotate(float(rng.normal(0, 12)), Image.Resampling.BILINEAR, expand=True)
        ink, grey = np.asarray(turned), 0.88
    x, y = (place + rng.normal(0, sd) for place, sd in zip(site.letter_place, site.letter_spread, strict=True))
    box = stamp(film, ink, round(x * width - ink.shape[1] / 2), round(y * height - ink.shape[0] / 2), grey, ground)
    return {"kind": "letter", "text": site.letter, "box": box}


def text(film: np.ndarray, site, exposure, plane: Plane) -> list[dict]:
    """Burned-in lines in the corner opposite to the marker."""
    height, width = film.shape
    right = site.letter_place[0] < 0.5
    boxes, y = [], round(0.02 * height)
    for line in site.text:
        ink = glyphs(line, max(round(0.016 * height), 4))
        x = width - ink.shape[1] - round(0.02 * width) if right else round(0.02 * width)
        boxes.append({"kind": "text", "text": line, "box": stamp(film, ink, x, y, 0.95)})
        y += ink.shape[0] + 1
    return boxes


def box_of(path: np.ndarray) -> list[int]:
    """Smallest box around what is there."""
    rows, columns = np.flatnonzero(path.max(1) > 0), np.flatnonzero(path.max(0) > 0)
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1] if rows.size else [0, 0, 0, 0]


def bezier(points, t) -> tuple[np.ndarray, np.ndarray]:
    """Cubic Bezier curve through four control points."""
    w = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return tuple(np.asarray(points, float).T @ w)


def leads(exposure, plane: Plane, f) -> tuple[np.ndarray, list[dict]]:
    """ECG electrodes with their cables: metal path in cm, and their boxes."""
    rng = np.random.default_rng(exposure.seed + 2)
    total, boxes = np.zeros(plane.shape, np.float32), []
    k = plane.samples(45)
    t = np.linspace(0, 1, k)
    ring = np.linspace(0, 2 * np.pi, plane.samples(6))
    gather = rng.uniform(-1, 1) * f.width, f.dome[0] - rng.uniform(4, 12)
    for px, py in ((-0.75, 0.12), (0.75, 0.10), (-0.62, 0.92), (0.74, 0.86), (0.12, 0.55))[: int(rng.integers(3, 6))]:
        x, y = px * f.width + rng.normal(0, 1.5), f.apex - py * f.height + rng.normal(0, 1.5)
        c, r = plane.project(x, y, f.depth)
        if not (4 < c < plane.shape[1] - 4 and 4 < r < plane.shape[0] - 4):
            continue
        level = lambda n: np.full((1, n), f.depth)  # noqa: E731
        rings = [
            plane.tubes(
                (x + r * np.cos(ring))[None],
                (y + r * np.sin(ring))[None],
                level(ring.size),
                np.full((1, ring.size), wide),
                np.full((1, ring.size), thick),
            )
            for r, wide, thick in ((0.75, 0.13, 0.06), (0.2, 0.22, 0.08))
        ]
        bx, by = bezier(
            [
                (x, y),
                (x + rng.normal(0, 4), y - rng.uniform(2, 6)),
                (gather[0] + rng.normal(0, 5), gather[1] + 8),
                gather,
            ],
            t,
        )
        cable = plane.tubes(bx[None], by[None], level(k), np.full((1, k), 0.09), np.full((1, k), 0.022))
        one = plane.splat(*rings, cable)
        total += one
        boxes.append({"kind": "lead", "text": "", "box": box_of(one)})
    return total, boxes


def tube(exposure, plane: Plane, f) -> tuple[np.ndarray, list[dict]]:
    """An endotracheal or gastric tube: metal-equivalent path of its radio-opaque line, cm, and its box."""
    rng = np.random.default_rng(exposure.seed + 3)
    t = np.linspace(0, 1, plane.samples(50))
    end = f.apex - 0.27 * f.height if rng.random() < 0.5 else f.dome[1] - 4
    x = 0.3 * np.sin(3 * t) + (np.clip(t - 0.75, 0, 1) * 9 if end < f.dome[1] else 0) + rng.normal(0, 0.3)
    y = f.apex + 14 + (end - f.apex - 14) * t
    path = plane.splat(
        plane.tubes(x[None], y[None], np.zeros((1, t.size)), np.full((1, t.size), 0.16), np.full((1, t.size), 0.06))
    )
    return path, [{"kind": "tube", "text": "", "box": box_of(path)}]


def collimate(film: np.ndarray, site, exposure) -> None:
    """Darken or frame the film's border as the site does, in place."""
    rng = np.random.default_rng(exposure.seed + 4)
    height, width = film.shape
    if site.border == "none" or rng.random() < 0.4:
        return
    edges = np.clip(np.abs(rng.normal(0.02, 0.012, 4)), 0, 0.06) * (width, width, height, height)
    left, right, top, bottom = (round(e) for e in edges)
    grey = {"black": 0.0, "white": 0.98, "shutter": 0.03}[site.border]
    for part in (film[:, :left], film[:, width - right :], film[:top], film[height - bottom :]):
        part[:] = grey
