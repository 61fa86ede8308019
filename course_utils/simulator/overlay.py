"""What is written on the film: marker letter, caption, and the frame that collimator and scanner leave.

The patient's right is on the left of the film: R and D (destra, derecha) stand there, L and I (izquierda) opposite.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .detector import soften
from .plane import Plane

# What radiographers write on a film, by language and view; one is chosen. Who stands for a PA film needs no words.
CAPTIONS = {
    "": {},
    "en": {
        "AP": (("PORTABLE", "AP ERECT"), ("MOBILE", "AP SITTING"), ("AP PORTABLE",), ("AP SEMI ERECT",)),
        "AP Supine": (("PORTABLE", "AP SUPINE"), ("MOBILE", "SUPINE"), ("AP SUPINE",)),
    },
    "it": {
        "AP": (("SEDUTO",), ("SEDUTO", "A LETTO"), ("SEMISEDUTO",)),
        "AP Supine": (("SUPINO",), ("SUPINO", "A LETTO"), ("CLINO",)),
    },
}
FRAMED, ODD = 0.6, 0.06  # share of films with a frame, at sites that have one and at others but bare ones
CUT = 0.12  # share of lead letters that lie half outside the film
GREYS = {"black": 0.0, "line": 0.0, "white": 0.98, "shutter": 0.03}
PORTABLE = ("AP", "AP Supine")  # taken with a mobile unit, whose collimator leaves no neat frame


@functools.lru_cache(maxsize=256)
def glyphs(text: str, height: int, bold: bool = False) -> np.ndarray:
    """Text as an array of 0 to 1, `height` pixels high for a capital letter; bold as letters of lead are."""
    big = ImageFont.load_default(size=max(int(height * 4 / 0.72), 8))
    stroke = height // 5 if bold else 0
    box = big.getbbox(text, stroke_width=stroke)
    image = Image.new("L", (box[2] - box[0] + 8, box[3] - box[1] + 8))
    ImageDraw.Draw(image).text((4 - box[0], 4 - box[1]), text, font=big, fill=255, stroke_width=stroke)
    if text == "I":  # with serifs: a bare stroke is no letter
        left, top, right, bottom = image.getbbox()
        wide, thick = (bottom - top) // 2, right - left
        letter = Image.new("L", (wide + 8, image.height))
        letter.paste(image.crop((left, 0, right, image.height)), (4 + (wide - thick) // 2, 0))
        for edge in (top, bottom - thick):
            letter.paste(255, (4, edge, 4 + wide, edge + thick))
        image = letter
    image = image.resize((max(image.width // 4, 1), max(image.height // 4, 1)), Image.Resampling.BOX)
    return np.asarray(image, np.float32) / 255


def stamp(film: np.ndarray, ink: np.ndarray, x: int, y: int, grey: float, within, ground=None) -> list[int]:
    """Write ink on the film (values 0 to 1, changed in place), moved inside the box `within`; returns its own box.

    Boxes are [x0, y0, x1, y1] in pixels, half-open.
    """
    left, top, right, bottom = within
    ink = ink[: bottom - top, : right - left]
    x, y = int(np.clip(x, left, right - ink.shape[1])), int(np.clip(y, top, bottom - ink.shape[0]))
    box = [x, y, x + ink.shape[1], y + ink.shape[0]]
    part = film[y : box[3], x : box[2]]
    if ground is not None:
        part[:] = ground
    part += ink * (np.float32(grey) - part)
    return box


def marker(film: np.ndarray, site, exposure, plane: Plane) -> dict:
    """The side marker: plain letter, letter on a black tag, or a letter of lead: see `lead`."""
    rng = np.random.default_rng(exposure.seed + 1)
    height = max(round(site.letter_size / plane.pitch * 0.72), 4)
    left, top, right, bottom = within = field(site, exposure, plane.shape)
    place, grey, ground = site.letter_place, 0.97, None
    if site.letter_style == "lead":
        ink, cut = lead(rng, site.letter, height, outer=place[0] < 0.5)
        if cut:
            place = (round(place[0]), place[1])
    else:
        ink = glyphs(site.letter, height, bold=site.letter_style == "boxed")
        if site.letter_style == "boxed":
            ink, ground = np.pad(ink, 2), 0.03
    x, y = (at + rng.normal(0, sd) for at, sd in zip(place, site.letter_spread, strict=True))
    x, y = left + x * (right - left), top + y * (bottom - top)
    box = stamp(film, ink, round(x - ink.shape[1] / 2), round(y - ink.shape[0] / 2), grey, within, ground)
    return {"kind": "letter", "text": site.letter, "box": box}


def lead(rng: np.random.Generator, letter: str, height: int, outer: bool) -> tuple[np.ndarray, bool]:
    """A letter of lead on tape: crooked, blurred by its distance from the detector, darker where it is lifted or thin.

    Args:
        outer: whether the nearer edge of the film is the left one: few letters lie half outside.

    Returns:
        Ink of 0 to 1, and whether a part is cut off.
    """
    turned = Image.fromarray(glyphs(letter, height, bold=True))
    turned = turned.rotate(float(rng.normal(0, 12)), Image.Resampling.BILINEAR, expand=True)
    ink = soften(np.pad(np.asarray(turned), 1), 0.3 + 0.02 * height)
    slopes, brightest = rng.normal(0, 0.14, 2), rng.uniform(0.72, 1.0)
    across, down = (slope * np.linspace(-1, 1, n) for slope, n in zip(slopes, ink.shape, strict=True))
    ink *= np.clip(brightest + across[:, None] + down, 0.45, 1)
    cut = rng.random() < CUT
    if cut:
        lost = round(rng.uniform(0.2, 0.5) * ink.shape[1])
        ink = ink[:, lost:] if outer else ink[:, : ink.shape[1] - lost]
    return ink, cut


def text(film: np.ndarray, site, exposure, plane: Plane) -> list[dict]:
    """The lines of a caption in the upper corner opposite to the marker, inside the frame."""
    choices = CAPTIONS[site.language].get(exposure.view, ((),))
    lines = choices[exposure.seed % len(choices)]
    within = field(site, exposure, plane.shape)
    margin = round(0.02 * max(plane.shape))
    boxes, y = [], within[1] + margin
    for line in lines:
        ink = glyphs(line, max(round(0.019 * max(plane.shape)), 5))
        x = within[2] - margin - ink.shape[1] if site.letter_place[0] < 0.5 else within[0] + margin
        boxes.append({"kind": "text", "text": line, "box": stamp(film, ink, x, y, 0.95, within)})
        y += ink.shape[0] + 1
    return boxes


@dataclasses.dataclass(frozen=True)
class Frame:
    """What surrounds the exposed field: `style` ("none", "black", "line", "white" or "shutter"), widths of the left,
    upper, right and lower edge in pixels, and how far the field is turned (tangent of the angle)."""

    style: str
    edges: tuple[int, int, int, int] = (0, 0, 0, 0)
    turn: float = 0.0


def frame(site, exposure, shape: tuple[int, int]) -> Frame:
    """The frame of one film: its site's, on most films of a site that has one; on few of others, bare ones excepted."""
    rng = np.random.default_rng(exposure.seed + 4)
    chance, style, askew = rng.random(3)
    name = site.border
    if name == "none":
        name, chance = "black" if style < 0.6 else "line", chance * FRAMED / ODD
    if name == "bare" or chance > FRAMED or (name == "shutter" and exposure.view in PORTABLE):
        return Frame("none")
    height, width = shape
    wide = np.abs(rng.normal(0, 0.03, 4)) * (rng.random(4) < 0.75)
    edges = tuple(round(e) for e in np.minimum(wide, (0.07, 0.03, 0.07, 0.03)) * (width, height, width, height))
    return Frame(name, edges, np.tan(np.radians(rng.normal(0, 1.5))) if askew < 0.4 else 0.0)


def field(site, exposure, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest upright box inside the frame, [x0, y0, x1, y1] in pixels: all of the film where there is no frame."""
    drawn, (height, width) = frame(site, exposure, shape), shape
    left, top, right, bottom = drawn.edges
    x, y = (math.ceil(abs(drawn.turn) * side / 2) for side in (height, width))
    return left + x, top + y, width - right - x, height - bottom - y


def collimate(film: np.ndarray, site, exposure) -> None:
    """Darken or frame the film's border as the site does, in place."""
    drawn, (height, width) = frame(site, exposure, film.shape), film.shape
    if drawn.style == "none":
        return
    soft = 0.006 * max(film.shape) if drawn.style == "shutter" else 1.0  # of the edge, pixels
    x, y = np.arange(width, dtype=np.float32)[None], np.arange(height, dtype=np.float32)[:, None]
    across, along = drawn.turn * (y - height / 2), drawn.turn * (x - width / 2)
    left, top, right, bottom = drawn.edges
    sides = (x - left - across, width - right - x + across, y - top + along, height - bottom - y - along)
    inside = functools.reduce(np.minimum, sides)  # distance from the frame [pixels]
    if drawn.style == "line":
        film += np.clip(1.5 - np.abs(inside - 1), 0, 1) * (np.float32(0.92) - film)
    film -= np.clip(0.5 - inside / np.float32(soft), 0, 1) * (film - np.float32(GREYS[drawn.style]))
