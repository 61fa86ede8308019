"""A data set that can be handed on: one folder per class, the manifest, the rejected rows and a datasheet."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from course_utils import archives, cache, datasheet


def write(out: Path, manifest: pd.DataFrame, rejected: pd.DataFrame, *, unlisted: Sequence[str] = ()) -> None:
    """Write films into one folder per label (the layout of `torchvision.datasets.ImageFolder`) and describe them.

    out: a folder that does not exist yet or is empty. It receives `<label>/<archive>__<name>`, copied byte for byte (a
    PNG named .jpg stays one: the readers of this package and of torchvision go by content), `manifest.csv` with paths
    relative to it, `rejected.csv` and `DATASHEET.md`. Everything is written to a temporary folder first, so `out` is
    either complete or not there. Raises `FileExistsError` when it holds something, `ValueError` for an empty manifest.
    """
    out = Path(out).resolve()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} exists and is not an empty folder: choose another name, or remove it first")
    if manifest.empty:
        raise ValueError("no film to write: the manifest is empty")
    table = manifest.assign(path=_names(manifest))
    with cache.replacing(out, folder=True) as temporary:
        for label in sorted(set(table["label"])):
            (temporary / label).mkdir()
        for original, name in zip(manifest["path"], table["path"], strict=True):
            shutil.copyfile(original, temporary / name)
        for name, content in (("manifest.csv", table), ("rejected.csv", rejected)):
            # A file's name need not be Unicode everywhere: its odd bytes are written as \udcXX.
            content.to_csv(temporary / name, index=False, lineterminator="\n", errors="backslashreplace")
        datasheet_text = datasheet.text(table, rejected, unlisted)
        (temporary / "DATASHEET.md").write_text(datasheet_text, encoding="utf-8", newline="\n")
        if out.exists():
            out.rmdir()


def _names(manifest: pd.DataFrame) -> list[str]:
    """Return a safe name for each film: label, archive and file name; the file's hash tells equal names apart."""
    names = []
    for row in manifest.itertuples():
        archive, *_, filename = row.image_id.split("/")
        safe = re.sub(r"[^\w.-]+", "_", Path(filename).stem, flags=re.ASCII)[:100]
        names.append(f"{row.label}/{archive}__{safe}__{row.sha256[:8]}{_suffix(Path(row.path))}")
    return names


def _suffix(path: Path) -> str:
    """Return the suffix of a file; where `ImageFolder` would pass it over, the one that its content deserves."""
    suffix = path.suffix.lower()
    if suffix in archives.IMAGE_SUFFIXES:
        return suffix
    with open(path, "rb") as file:
        return ".png" if file.read(4) == b"\x89PNG" else ".jpg"
