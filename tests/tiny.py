"""Tiny films and archives for the tests, in the layouts in which the real ones are published."""

import csv
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from course_utils import archives

COHEN = {"patientid": "1", "finding": "COVID-19", "view": "PA", "modality": "X-ray", "folder": "images"}
COHEN |= {"filename": "", "sex": "", "age": "", "offset": "", "url": "", "license": ""}
FIGURE1 = {"patientid": "COVID-1", "offset": "", "sex": "", "age": "", "finding": "COVID-19", "view": "PA"}
FIGURE1 |= {"modality": "X-ray", "artifacts/distortion": "", "notes": ""}
ACTUALMED = {"patientid": "CR.1", "offset": "", "sex": "", "age": "", "finding": "COVID-19", "view": "PA"}
ACTUALMED |= {"modality": "X-ray", "imagename": "", "notes": ""}


def film(seed: int, height: int = 48, width: int = 40) -> np.ndarray:
    """Return a film of 8 x 8 fields of random grey: unlike any other seed's, and alike after another encoding."""
    fields = np.random.default_rng(seed).integers(0, 256, (8, 8), np.uint8)
    return np.kron(fields, np.ones((height // 8, width // 8), np.uint8))


def encoded(image: np.ndarray | Image.Image, kind: str = "PNG", **options) -> bytes:
    """Return the bytes of an image file."""
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """Return a PNG whose header claims a size that its few bytes of pixels do not have."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def put(path: Path, content: bytes | np.ndarray) -> Path:
    """Write a file, and the folders above it; a film is encoded as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else encoded(content))
    return path


def table(path: Path, rows: list[dict], encoding: str = "utf-8") -> Path:
    """Write rows as a CSV file whose header are the keys of the first one."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return put(path, text.getvalue().encode(encoding))


def cohen(root: Path, *rows: dict, films: bool = True, encoding: str = "utf-8") -> Path:
    """Write the first archive; what a row does not say is taken from `COHEN`, each row has a film of its own."""
    full = [COHEN | {"patientid": str(i), "filename": f"film{i}.png"} | row for i, row in enumerate(rows)]
    table(root / archives.COHEN / "metadata.csv", full, encoding)
    for seed, row in enumerate(full):
        if films:
            put(root / archives.COHEN / "images" / row["filename"], film(seed))
    return root


def kermany(root: Path, *names: str, seed: int = 1000) -> Path:
    """Write the second archive from paths such as "train/NORMAL/IM-0001-0001.jpeg"; each has a film of its own."""
    for i, name in enumerate(names):
        put(root / archives.KERMANY / name, encoded(film(seed + i), "JPEG"))
    return root
