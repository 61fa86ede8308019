"""Frozen features: each film goes through the backbone once in its life, then waits on disk."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from course_utils import cache, films, models
from course_utils.progress import bar

_BATCH = 32


def frozen(
    manifest: pd.DataFrame, name: str = "efficientnet_lite0", size: int = models.SIZE, progress: bool = True
) -> np.ndarray:
    """Return the frozen features of the films of a manifest, float32 of shape (n, features), in its order.

    Each film's features are cached in `cache.folder("features", ...)` under the hash of the file, the model with its
    weights, and the preprocessing. name, size: see `models`. progress: show a bar while features are computed.
    Raises `films.FilmError` when a film cannot be read any more or its file has changed since it was curated.
    """
    folder = cache.folder("features", models.fingerprint(name, size))
    first_row = manifest.drop_duplicates("sha256")
    known = {h: cache.load_array(_place(folder, h)) for h in first_row["sha256"]}
    missing = first_row[[known[h] is None for h in first_row["sha256"]]]
    if len(missing):
        known.update(_compute(missing, folder, name, size, progress))
    return np.stack([known[h] for h in manifest["sha256"]]) if len(manifest) else np.empty((0, 0), np.float32)


def of(
    images: np.ndarray, name: str = "efficientnet_lite0", size: int = models.SIZE, progress: bool = True
) -> np.ndarray:
    """Return the frozen features of films that are in memory, float32 of shape (n, features), in their order.

    images: uint8 of shape (n, height, width), such as films that were masked, cropped or simulated. Features are cached
    as in `frozen`, under the hash of a film's pixels, so the same pixels are never computed twice. name, size,
    progress: see `frozen`. Raises `ValueError` for another type or shape.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 3:
        raise ValueError(
            f"images of type {images.dtype} and shape {images.shape}: uint8 of shape (n, height, width) is needed"
        )
    folder = cache.folder("features", models.fingerprint(name, size), "pixels")
    hashes = [films.pixel_hash(image) for image in images]
    unique = dict(zip(hashes, images, strict=True))
    known = {h: cache.load_array(_place(folder, h)) for h in unique}
    missing = [h for h in unique if known[h] is None]
    if missing:
        small = (films.resize(unique[h], size) for h in missing)
        known.update(_through(missing, small, folder, name, size, progress))
    return np.stack([known[h] for h in hashes]) if len(images) else np.empty((0, 0), np.float32)


def _place(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / f"{sha256}.npy"


def _compute(missing: pd.DataFrame, folder: Path, name: str, size: int, progress: bool) -> dict[str, np.ndarray]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        images = pool.map(partial(_read, size=size), missing["path"], missing["sha256"])
        return _through(list(missing["sha256"]), images, folder, name, size, progress)


def _through(
    hashes: list[str], images: Iterator[np.ndarray], folder: Path, name: str, size: int, progress: bool
) -> dict[str, np.ndarray]:
    """Send images, in the order of their hashes, through the backbone, and store what comes out."""
    import torch

    model = models.load(name)
    computed = {}
    with torch.inference_mode(), bar(total=len(hashes), desc="computing features", show=progress) as done:
        for start in range(0, len(hashes), _BATCH):
            part = hashes[start : start + _BATCH]
            batch = [next(images) for _ in part]
            # Full batches only: the same film gets the same bits in any company.
            batch += [batch[-1]] * (_BATCH - len(batch))
            for key, vector in zip(part, model(models.preprocess(batch, size)).numpy(), strict=False):
                path = _place(folder, key)
                with cache.replacing(path) as temporary, open(temporary, "wb") as file:
                    np.save(file, vector)
                computed[key] = vector.copy()
            done.update(len(part))
    return computed


def _read(path: str, sha256: str, size: int) -> np.ndarray:
    # Small at once: the threads read ahead of the network, and full films would fill the memory.
    return films.resize(films.read(Path(path), sha256), size)
