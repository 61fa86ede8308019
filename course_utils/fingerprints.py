"""What tells films apart or alike: hash of the file, hash of the pixels, thumbnail. Taken once, cached by content."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from course_utils import cache, films
from course_utils.progress import bar

_VERSION = 1  # count up when `films.decode` or what is stored changes


def take(paths: Sequence[Path], progress: bool = True) -> tuple[pd.DataFrame, np.ndarray]:
    """Read every file once and return what identifies its film.

    Returns a table with the columns sha256 (of the file), pixel_hash (of the grey values) and error (why the film is
    unusable, else None; hashes are None then as far as they are not known), in the order of `paths`; and thumbnails,
    uint8 of shape (n, 32, 32), zero where there is an error. Cached in `cache.folder("fingerprints")` under a key of
    all contents. progress: show a bar while films are decoded. Raises `films.FilmError` when a file changes meanwhile.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        files = list(pool.map(_file_hash, paths))
        key = hashlib.sha256(f"{_VERSION}{sorted({h for h, _ in files if h})}".encode()).hexdigest()
        stored = cache.folder("fingerprints") / f"{key}.npz"
        known = _load(stored)
        if known is None:
            unique = {h: path for path, (h, _) in zip(paths, files, strict=True) if h}
            read = pool.map(_fingerprint, unique.values(), unique)
            quick = len(unique) < 100
            found = bar(read, total=len(unique), desc="reading films", show=progress and not quick)
            known = dict(zip(unique, found, strict=True))
            _store(stored, known)
    nothing = ("", "", np.zeros((films.THUMBNAIL, films.THUMBNAIL), np.uint8))
    rows = [(h, *known.get(h, nothing), unread) for h, unread in files]
    table = pd.DataFrame(
        [(h, pixels or None, unread or error or None) for h, pixels, error, _, unread in rows],
        columns=["sha256", "pixel_hash", "error"],
        dtype=object,
    )
    thumbnails = np.array([thumbnail for *_, thumbnail, _ in rows], np.uint8)
    return table, thumbnails.reshape(-1, films.THUMBNAIL, films.THUMBNAIL)


def _file_hash(path: Path) -> tuple[str | None, str | None]:
    try:
        return hashlib.sha256(films.read_bytes(path)).hexdigest(), None
    except films.FilmError as error:
        return None, str(error)


def _fingerprint(path: Path, sha256: str) -> tuple[str, str, np.ndarray]:
    data = films.read_bytes(path, sha256)  # raises when the file has just changed: nothing wrong is stored
    try:
        film = films.decode(data)
    except films.FilmError as error:
        return "", str(error), np.zeros((films.THUMBNAIL, films.THUMBNAIL), np.uint8)
    return films.pixel_hash(film), "", films.thumbnail(film)


def _store(path: Path, known: dict) -> None:
    hashes = list(known)
    pixels, errors, thumbnails = zip(*known.values(), strict=True) if known else ((), (), ())
    with cache.replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(
            file,
            sha256=np.array(hashes, "U64"),
            pixels=np.array(pixels, "U64"),
            errors=np.array(errors, str),
            thumbnails=thumbnails,
        )


def _load(path: Path) -> dict | None:
    data = cache.load_array(path)
    if not isinstance(data, dict) or not {"sha256", "pixels", "errors", "thumbnails"} <= set(data):
        return None
    columns = (data["sha256"], data["pixels"], data["errors"], data["thumbnails"])
    return {str(h): (str(pixels), str(error), thumbnail) for h, pixels, error, thumbnail in zip(*columns, strict=True)}
