"""A cache folder that several processes may fill at once and that never holds a half-written file."""

import contextlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import filelock
import numpy as np
import platformdirs


def folder(*parts: str) -> Path:
    """Return a folder of the cache, made if need be.

    `COURSE_CACHE` chooses where the cache lives; unset, it is the user's own cache folder. `parts` are names below it.
    Raises `PermissionError` with the remedy when the folder cannot be made.
    """
    chosen = os.environ.get("COURSE_CACHE")
    base = chosen or platformdirs.user_cache_dir("chest-xray-course", appauthor=False)
    path = Path(base).expanduser().joinpath(*parts)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PermissionError(
            f"the cache folder {path} cannot be made ({error.strerror}). Set COURSE_CACHE to a folder you may write to."
        ) from error
    return path


def lock(path: Path) -> filelock.BaseFileLock:
    """Return a lock beside `path` (a context manager): whoever holds it makes the file, others wait and find it made.

    The operating system frees it when its owner dies, so a killed kernel leaves nothing behind that blocks.
    """
    return filelock.FileLock(path.with_name(path.name + ".lock"))


@contextlib.contextmanager
def replacing(path: Path, *, folder: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its name when the block ends well, and is removed when it fails.

    With `folder=True` the temporary path is an empty folder, and a folder that is at `path` by then stays as it is:
    `FileExistsError` is raised (hold `lock(path)` and look first where several processes may make the same).
    Raises `PermissionError` with the remedy when nothing can be written there.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix=f".{path.name[:50]}.", dir=path.parent))
    except OSError as error:
        raise PermissionError(
            f"{path} cannot be written ({error.strerror}). Choose a folder you may write to (for caches: COURSE_CACHE)."
        ) from error
    temporary = room / path.name
    try:
        if folder:
            temporary.mkdir()
        yield temporary
        if folder and path.exists():
            raise FileExistsError(f"{path} was made by somebody else meanwhile; it was left as it is")
        os.replace(temporary, path)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def load_array(path: Path) -> np.ndarray | dict[str, np.ndarray] | None:
    """Return the array of an .npy file or the arrays of an .npz file, or None where it is missing or damaged.

    None means: make it again. Never unpickles.
    """
    if not path.is_file():
        return None
    try:
        with open(path, "rb") as file:
            content = np.load(file, allow_pickle=False)
            return content if isinstance(content, np.ndarray) else dict(content)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
