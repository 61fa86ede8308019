"""Checkpoints: all that a training run needs to go on after it was killed, in one file that is never half-written."""

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import filelock
import torch
from torch.utils.data import DataLoader, Subset, TensorDataset

from course_utils import cache

LAST, BEST = "last.pt", "best.pt"


@contextlib.contextmanager
def opened(folder: str | Path) -> Iterator[Path]:
    """Make a run's folder and keep other processes out of it for as long as the block runs.

    What a killed run left half-written is removed. Raises `NotADirectoryError` when a file has that name, and
    `RuntimeError` when another process trains into the folder now.
    """
    folder = Path(folder).expanduser()
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"checkpoint={folder} is a file: name a folder, which will hold {LAST} and {BEST}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        held = cache.lock(folder / LAST).acquire(timeout=0)
    except filelock.Timeout:
        raise RuntimeError(
            f"another process is training into {folder} now: wait for it, or choose another folder"
        ) from None
    with held:
        for left in [room for name in (LAST, BEST) for room in folder.glob(f".{name}.*")]:
            shutil.rmtree(left, ignore_errors=True)
        yield folder


def save(folder: Path, state: dict) -> None:
    """Write a run's state: `last.pt` holds all of it, `best.pt` only the best epoch's weights, for other programs.

    state: tensors, numbers, strings, and dicts and lists of them; `state["best"]` holds weights and epoch. Either file
    is replaced in one step. `last.pt` comes first, and alone decides from where a run goes on.
    """
    for name, content in ((LAST, state), (BEST, state["best"])):
        with cache.replacing(folder / name) as temporary:
            torch.save(content, temporary)


def load(folder: Path, settings: dict) -> dict | None:
    """Return the state of the run in a folder, on the CPU, or None when none was saved there.

    settings: what must not have changed since. Raises `ValueError` that names what has, or says that the file is
    damaged. Never unpickles code.
    """
    path = folder / LAST
    if not path.is_file():
        return None
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        before = state["settings"]
    except Exception as error:  # torch.load documents none: a damaged file raises whatever its parser trips over
        raise ValueError(
            f"{path} is damaged or was not written by this course ({type(error).__name__}). "
            f"Delete the folder {folder} to start again."
        ) from error
    changed = [name for name in sorted(before | settings) if before.get(name) != settings.get(name)]
    if changed:
        what = "; ".join(f"{name} was {before.get(name)}, now {settings.get(name)}" for name in changed)
        raise ValueError(
            f"{folder} holds another run: {what}. Use what it was started with, or another folder; "
            "delete the folder to start again."
        )
    return state


def identity(loader: DataLoader) -> str:
    """Return a short key of what a loader yields: its films, their labels, their preparation, its batches.

    The dataset says who it is (`identity`, a string: `datasets.Films` does), or is a `TensorDataset`, or a `Subset` of
    either. Raises `TypeError` for any other.
    """
    order = type(loader.sampler).__name__
    text = f"{_of_dataset(loader.dataset)} {loader.batch_size} {loader.drop_last} {order}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _of_dataset(dataset) -> str:
    if isinstance(dataset, Subset):
        return f"{_of_dataset(dataset.dataset)} {[int(index) for index in dataset.indices]}"
    if isinstance(dataset, TensorDataset):
        digest = hashlib.sha256()
        for tensor in dataset.tensors:
            digest.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy())
        return digest.hexdigest()
    if isinstance(name := getattr(dataset, "identity", None), str):
        return name
    raise TypeError(
        f"a {type(dataset).__name__} does not say which films it holds, so a run could go on with others unnoticed: "
        "use datasets.Films, a TensorDataset, give it an attribute `identity` (a string), or leave checkpoint out"
    )
