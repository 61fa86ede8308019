"""Frozen features: each film goes through the backbone once in its life, then waits on disk."""

import os
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


def _place(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / f"{sha256}.npy"


def _compute(missing: pd.DataFrame, folder: Path, name: str, size: int, progress: bool) -> dict[str, np.ndarray]:
    import torch

    model = models.load(name)
    computed = {}
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        torch.inference_mode(),
        bar(total=len(missing), desc="computing features", show=progress) as done,
    ):
        images = pool.map(partial(_read, size=size), missing["path"], missing["sha256"])
        for start in range(0, len(missing), _BATCH):
            hashes = missing["sha256"].iloc[start : start + _BATCH]
            batch = [next(images) for _ in hashes]
            # Full batches only: the same film gets the same bits in any company.
            batch += [batch[-1]] * (_BATCH - len(batch))
            for sha256, vector in zip(hashes, model(models.preprocess(batch, size)).numpy(), strict=False):
                path = _place(folder, sha256)
                with cache.replacing(path) as temporary, open(temporary, "wb") as file:
                    np.save(file, vector)
                computed[sha256] = vector.copy()
            done.update(len(hashes))
    return computed


def _read(path: str, sha256: str, size: int) -> np.ndarray:
    # Small at once: the threads read ahead of the network, and full films would fill the memory.
    return films.resize(films.read(Path(path), sha256), size)
