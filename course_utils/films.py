"""One film from one file: read safely, as grey values, whatever a stranger put into the archive."""

import hashlib
import io
import os
import stat
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

MAX_BYTES = 64 * 2**20  # the largest published film (4280 x 4095, PNG) has about a third of this
MAX_PIXELS = 50_000_000
MIN_SIDE = 32
FORMATS = ("JPEG", "PNG")
THUMBNAIL = 32  # side of the thumbnails that near-duplicates are found on [pixels]

# `decode` refuses what is too large by itself, and a film whose notes (EXIF) are damaged is still a film.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module="PIL")


class FilmError(ValueError):
    """A file that is not a usable film; the message says why."""


def read_bytes(path: Path, sha256: str | None = None) -> bytes:
    """Return the bytes of an image file.

    sha256: the hash that its manifest gives, to make sure that it is still the same file. Raises `FilmError` when it is
    not, when the file has more than `MAX_BYTES`, or when it cannot be read.
    """
    try:
        status = os.stat(path)
        ordinary = stat.S_ISREG(status.st_mode)  # to read a pipe or a device may never end
        data = Path(path).read_bytes() if ordinary and status.st_size <= MAX_BYTES else b""
    except (OSError, ValueError) as error:  # ValueError: NUL in a name
        raise FilmError(f"cannot be read ({getattr(error, 'strerror', None) or error})") from error
    if not ordinary:
        raise FilmError("not a file")
    if status.st_size > MAX_BYTES:
        size = f"{status.st_size / 2**20:.0f} MiB"
        raise FilmError(f"{size}, more than the {MAX_BYTES // 2**20} MiB that a film may have")
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise FilmError("has changed since the manifest was made: curate the archives again")
    return data


def decode(data: bytes) -> np.ndarray:
    """Decode a JPEG or PNG film (whatever its name says) to grey values.

    Colour is reduced to luminance, transparency is laid on black, palettes are resolved, CMYK is converted, and films
    of more than 8 bits are stretched between their darkest and brightest value. Returns uint8 of shape (height, width).
    Raises `FilmError` for another format, a truncated file, fewer than `MIN_SIDE` pixels a side, or more than
    `MAX_PIXELS` in all (checked on the header, before any pixel is unpacked).
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise FilmError(
                    f"{width} x {height} pixels, more than the {MAX_PIXELS // 10**6} million that a film may have"
                )
            if min(width, height) < MIN_SIDE:
                raise FilmError(f"{width} x {height} pixels, too small for a film")
            image.load()
            return _grey(_upright(image))
    except FilmError:
        raise
    except Image.DecompressionBombError as error:
        raise FilmError("more pixels in its header than any film has") from error
    except Image.UnidentifiedImageError as error:
        raise FilmError("not a JPEG or PNG image") from error
    except Exception as error:  # a damaged file makes Pillow raise nearly anything, such as zlib.error, struct.error
        raise FilmError(f"damaged image ({error})") from error


def read(path: Path, sha256: str | None = None) -> np.ndarray:
    """Read one film from disk as uint8 of shape (height, width); see `read_bytes` and `decode` for what is raised."""
    try:
        return decode(read_bytes(path, sha256))
    except FilmError as error:
        raise FilmError(f"{path}: {error}") from error


def resize(film: np.ndarray, size: int) -> np.ndarray:
    """Resize a film, uint8 of shape (height, width), to (size, size): without its proportions, as the tutorials did."""
    return np.asarray(Image.fromarray(film).resize((size, size), Image.Resampling.BILINEAR))


def thumbnail(film: np.ndarray) -> np.ndarray:
    """Return the film averaged down to (THUMBNAIL, THUMBNAIL), uint8: coarse enough to survive another encoding."""
    return np.asarray(Image.fromarray(film).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX))


def pixel_hash(film: np.ndarray) -> str:
    """Return the SHA-256 of size and grey values: equal for identical pixels, whatever else the files hold."""
    return hashlib.sha256(np.array(film.shape, "<i8").tobytes() + np.ascontiguousarray(film).tobytes()).hexdigest()


def _upright(image: Image.Image) -> Image.Image:
    """Turn a film as its EXIF orientation says; damaged EXIF says nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # as for the image itself: SyntaxError, struct.error and whatever else
        return image


def _grey(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I") or image.mode == "F":
        return _stretch(np.asarray(image, np.float64))
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode in ("RGBA", "LA", "PA"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    return np.asarray(image.convert("L"))


def _stretch(values: np.ndarray) -> np.ndarray:
    low, high = values.min(), values.max()
    if not high > low:
        return np.zeros(values.shape, np.uint8)
    return np.round((values - low) / (high - low) * 255).astype(np.uint8)
