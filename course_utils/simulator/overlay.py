"""What is written on the film: marker letter, text, and the frame that collimator and scanner leave."""

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
