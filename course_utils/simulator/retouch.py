"""What happens to a film after it has left the hospital: arrows, letters, tints, letterboxes, odd files.

Each edit is a tuple of words, such as `("arrow", "red")`. All keep the truth right: a letterbox shifts masks and boxes.
"""

import io
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont

COLOURS = {
    "red": (220, 30, 30),
    "yellow": (235, 215, 40),
    "green": (40, 190, 70),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
}
# Colour of mid-grey on photographs of films; black stays black and white stays white.
TINTS = {"purple": (128, 114, 142), "blue": (112, 125, 145), "warm": (139, 127, 114)}
LEAST = 64  # pixels


class Plate:
    """A film while it is being edited: an image (mode L or RGB), boolean masks of its shape, and its marker boxes."""

    def __init__(
        self, pixels: np.ndarray, masks: dict[str, np.ndarray] | None = None, markers: list[dict] | None = None
    ):
        self.image = Image.fromarray(pixels)
        self.masks = dict(masks or {})
        self.markers = [dict(marker) for marker in markers or []]

    def note(self, kind: str, text: str, box) -> None:
        """Add a marker whose box (x0, y0, x1, y1; half-open) is cut to the image."""
        (x0, y0, x1, y1), (width, height) = box, self.image.size
        cut = [max(int(x0), 0), max(int(y0), 0), min(math.ceil(x1), width), min(math.ceil(y1), height)]
        self.markers.append({"kind": kind, "text": text, "box": cut})

    def resize(self, factor: float) -> None:
        """Shrink or enlarge film, masks and boxes; no side gets shorter than `LEAST` pixels."""
        factor = max(factor, min(LEAST / min(self.image.size), 1))
        size = tuple(round(side * factor) for side in self.image.size)
        if size == self.image.size:
            return
        across, down = (new / old for new, old in zip(size, self.image.size, strict=True))
        self.image = self.image.resize(size, Image.Resampling.BICUBIC)
        for name, mask in self.masks.items():
            self.masks[name] = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))
        for marker in self.markers:
            x0, y0, x1, y1 = marker["box"]
            low, high = (math.floor(x0 * across), math.floor(y0 * down)), (math.ceil(x1 * across), math.ceil(y1 * down))
            marker["box"] = [*low, *(min(end, side) for end, side in zip(high, size, strict=True))]


def apply(plate: Plate, edits: tuple[tuple[str, ...], ...], rng: np.random.Generator) -> Plate:
    """Carry out the edits one after the other; places that an edit leaves open are drawn from `rng`."""
    for name, *words in edits:
        {
            "arrow": _arrow,
            "letter": _letter,
            "words": _words,
            "box": _box,
            "tint": _tint,
            "letterbox": _letterbox,
            "mode": _mode,
        }[name](plate, rng, *words)
    return plate


def resaved(pixels: np.ndarray, quality: int) -> np.ndarray:
    """The pixels after a JPEG of that quality: what a site's films have been through, whatever file they end up in."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


def write(image: Image.Image, path: Path, quality: int, png: bool = False, kept: float = 1.0) -> None:
    """Write a PNG (by suffix, or `png` whatever the suffix says) or a JPEG of `quality`; only a share `kept` of it."""
    stream = io.BytesIO()
    if png or path.suffix.lower() == ".png":
        image.save(stream, "PNG", compress_level=1)
    else:
        image.save(stream, "JPEG", quality=quality)
    data = stream.getvalue()
    path.write_bytes(data[: max(int(len(data) * kept), 1)])


def write_mask(mask: np.ndarray, path: Path) -> None:
    """Write a boolean mask as a PNG of one bit a pixel."""
    height, width = mask.shape
    Image.frombytes("1", (width, height), np.packbits(mask, axis=1).tobytes()).save(path, "PNG", compress_level=1)


def _in_colour(plate: Plate) -> None:
    if plate.image.mode != "RGB":
        plate.image = plate.image.convert("RGB")


def _font(plate: Plate, share: float) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=max(round(share * max(plate.image.size)), 7))


def _target(plate: Plate, rng: np.random.Generator) -> tuple[float, float]:
    """A pixel that somebody would point at: of the lesion if one shows, of the lungs otherwise."""
    for name in ("lesion", "lungs"):
        rows, columns = np.nonzero(plate.masks.get(name, np.zeros((1, 1), dtype=bool)))
        if len(rows):
            chosen = rng.integers(len(rows))
            return float(columns[chosen]), float(rows[chosen])
    return plate.image.width / 2, plate.image.height / 2


def _arrow(plate: Plate, rng: np.random.Generator, colour: str) -> None:
    _in_colour(plate)
    x, y = _target(plate, rng)
    size, (width, height) = max(plate.image.size), plate.image.size
    angle = math.atan2(height / 2 - y, width / 2 - x) + rng.uniform(
        -1, 1
    )  # from the middle, so that it fits on the film
    across, along = np.array([-math.sin(angle), math.cos(angle)]), np.array([math.cos(angle), math.sin(angle)])
    tip = np.array([x, y]) + 0.02 * size * along
    head, tail = tip + 0.035 * size * along, tip + 0.10 * size * along
    draw, thick = ImageDraw.Draw(plate.image), max(round(0.009 * size), 1)
    corners = [tip, head + 0.018 * size * across, head - 0.018 * size * across]
    rim = COLOURS["white" if colour == "black" else "black"]  # so that it is seen on any grey
    draw.polygon([tuple(map(float, corner)) for corner in corners], fill=COLOURS[colour], outline=rim)
    draw.line([*head, *tail], fill=COLOURS[colour], width=thick)
    points = np.array([*corners, tail])
    plate.note("arrow", colour, (*(points.min(axis=0) - thick), *(points.max(axis=0) + thick + 1)))


def _letter(plate: Plate, rng: np.random.Generator, text: str) -> None:
    """A panel letter of a figure: black on a white square in a lower or upper left corner."""
    font, pad = _font(plate, 0.07), max(round(0.01 * max(plate.image.size)), 1)
    left, top, right, bottom = font.getbbox(text)
    width, height = right - left + 2 * pad, bottom - top + 2 * pad
    x, y = 0, 0 if rng.random() < 0.5 else plate.image.height - height
    draw = ImageDraw.Draw(plate.image)
    draw.rectangle([x, y, x + width - 1, y + height - 1], fill="white")
    draw.text((x + pad - left, y + pad - top), text, fill="black", font=font)
    plate.note("letter of a figure", text, (x, y, x + width, y + height))


def _words(plate: Plate, rng: np.random.Generator, text: str) -> None:
    font = _font(plate, rng.uniform(0.035, 0.05))
    left, top, right, bottom = font.getbbox(text)
    draw = ImageDraw.Draw(plate.image)
    for _ in range(20):  # until it lies on nothing that is written there
        x = rng.uniform(0.02, 0.95) * max(plate.image.width - (right - left), 1)
        y = rng.uniform(0.01, 0.08) * plate.image.height
        box = draw.textbbox((x, y), text, font=font)
        if not any(_meet(box, marker["box"]) for marker in plate.markers if marker["kind"] in ("letter", "text")):
            break
    draw.text((x, y), text, fill="white", font=font)
    plate.note("text", text, box)


def _meet(a, b) -> bool:
    """Whether two boxes have a pixel in common."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _box(plate: Plate, rng: np.random.Generator, colour: str) -> None:
    """A rectangle around the lesion, as an author's region of interest."""
    _in_colour(plate)
    x, y = _target(plate, rng)
    half = 0.09 * max(plate.image.size)
    thick = max(round(0.008 * max(plate.image.size)), 1)
    box = [
        max(x - half, 0),
        max(y - half, 0),
        min(x + half, plate.image.width - 1),
        min(y + half, plate.image.height - 1),
    ]
    ImageDraw.Draw(plate.image).rectangle(box, outline=COLOURS[colour], width=thick)
    plate.note("box", colour, (box[0], box[1], box[2] + 1, box[3] + 1))


def _tint(plate: Plate, rng: np.random.Generator, name: str) -> None:
    """A film photographed from a light box: a little askew, darker towards the corners, and grey takes a colour."""
    _askew(plate, rng)
    size = plate.image.size
    x, y = (np.linspace(-1, 1, side) for side in size)
    light = 255 * (1 - rng.uniform(0.05, 0.35) * (0.5 * (x[None] ** 2 + y[:, None] ** 2)))
    dimmed = ImageChops.multiply(plate.image.convert("L"), Image.fromarray(light.round().astype(np.uint8)))
    plate.image = dimmed
    levels = np.arange(256) / 255
    tables = []
    for middle in TINTS[name]:
        gain = (middle - 127.5) * 4 / 255
        tables += np.clip(255 * (levels + gain * levels * (1 - levels)), 0, 255).round().astype(int).tolist()
    plate.image = plate.image.convert("RGB").point(tables)


def _askew(plate: Plate, rng: np.random.Generator) -> None:
    """Turn and shear the film by a few degrees, as a hand that holds the camera does; masks and boxes with it."""
    (width, height), (turn, shear) = plate.image.size, np.radians(rng.normal(0, 1.5, 2))
    grow = 1 + rng.uniform(-0.02, 0.03)
    matrix = np.array([[np.cos(turn), -np.sin(turn + shear)], [np.sin(turn), np.cos(turn + shear)]]) / grow
    middle = np.array([width, height]) / 2
    shift = middle - matrix @ middle
    data = (*matrix[0], shift[0], *matrix[1], shift[1])  # from the place on the photograph to that on the film
    size, affine = plate.image.size, Image.Transform.AFFINE
    plate.image = plate.image.transform(size, affine, data, Image.Resampling.BICUBIC)
    for name, mask in plate.masks.items():
        plate.masks[name] = np.asarray(Image.fromarray(mask).transform(size, affine, data, Image.Resampling.NEAREST))
    back = np.linalg.inv(matrix)
    for marker in plate.markers:
        x0, y0, x1, y1 = marker["box"]
        corners = (np.array([(x0, y0), (x1, y0), (x0, y1), (x1, y1)]) - shift) @ back.T
        low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
        box = [*np.clip(low, 0, size), *np.clip(high, 0, size)]
        marker["box"] = [int(value) for value in box]


def _letterbox(plate: Plate, rng: np.random.Generator) -> None:
    """Black bars left and right or above and below, as slides and web pages add them."""
    width, height = plate.image.size
    bar = round(rng.uniform(0.06, 0.14) * max(width, height))
    dx, dy = (bar, 0) if rng.random() < 0.6 else (0, bar)
    boxed = Image.new(plate.image.mode, (width + 2 * dx, height + 2 * dy))
    boxed.paste(plate.image, (dx, dy))
    plate.image = boxed
    plate.masks = {name: np.pad(mask, ((dy, dy), (dx, dx))) for name, mask in plate.masks.items()}
    for marker in plate.markers:
        marker["box"] = [value + shift for value, shift in zip(marker["box"], (dx, dy, dx, dy), strict=True)]


def _mode(plate: Plate, rng: np.random.Generator, mode: str) -> None:
    """Another way to store the same picture: RGB, RGBA (opaque), or a palette of 128 colours."""
    image = plate.image.convert("RGB")
    if mode == "P":
        image = plate.image.convert("L").quantize(128, dither=Image.Dither.NONE)
    plate.image = image.convert("RGBA") if mode == "RGBA" else image
