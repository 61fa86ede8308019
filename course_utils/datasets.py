"""From a manifest, or a folder with one folder per class, to batches: decoded once, changed at random after that."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from numbers import Integral
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset, RandomSampler, SequentialSampler, default_collate

from course_utils import archives, cache, curation, films, labels, models, splits, tables, transforms
from course_utils.progress import bar

_VERSION = 1  # count up when `films.decode` or `films.resize` changes
_FOLDER_COLUMNS = {"image_id", "path", "label", "patient_id", "group", "sha256"}  # a manifest without them is none


def images(manifest: pd.DataFrame, size: int = models.SIZE, progress: bool = True) -> torch.Tensor:
    """Return the films of a manifest, uint8 of shape (n, 1, size, size), in its order: decoded once in their life.

    A film is squeezed to a square. Each is cached in `cache.folder("images", ...)` under the hash of its file. size:
    side [pixels]. progress: show a bar while films are decoded. Raises `films.FilmError` when a film cannot be read any
    more or its file has changed since it was curated.
    """
    folder = cache.folder("images", f"{size}px-v{_VERSION}")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        read = pool.map(partial(_cached, folder, size), manifest["path"], manifest["sha256"])
        small = list(bar(read, total=len(manifest), desc="reading films", show=progress and len(manifest) >= 100))
    return torch.from_numpy(np.stack(small)[:, None] if small else np.empty((0, 1, size, size), np.uint8))


def _cached(folder: Path, size: int, path: str, sha256: str) -> np.ndarray:
    place = folder / sha256[:2] / f"{sha256}.npy"
    film = cache.load_array(place)
    if not isinstance(film, np.ndarray) or film.shape != (size, size) or film.dtype != np.uint8:
        film = films.resize(films.read(Path(path), sha256), size)
        with cache.replacing(place) as temporary, open(temporary, "wb") as file:
            np.save(file, film)
    return film


class Films(Dataset):
    """The films of a manifest with their labels, held in memory: item i is (float32 (3, size, size), 1 or 0).

    manifest: see `curation`; label 1 stands for `positive`, 0 for all others. transform: what happens to a film, uint8
    of shape (1, size, size), each time it is asked for; default: `transforms.plain`. An item asked for as (i, draw)
    takes its random steps from the seed `draw` and leaves torch's random numbers as they were. Raises `ValueError` when
    `positive` is neither among the manifest's labels nor among the course's.
    """

    def __init__(
        self,
        manifest: pd.DataFrame,
        transform: Callable | None = None,
        size: int = models.SIZE,
        positive: str = "covid",
        progress: bool = True,
    ):
        found = sorted(set(manifest["label"]))
        if positive not in found and positive not in labels.LABELS:
            raise ValueError(f"positive = {positive!r}: no film has this label; the manifest's are {', '.join(found)}")
        self.transform = transforms.plain(size) if transform is None else transform
        self.images = images(manifest, size, progress)
        self.labels = torch.tensor((manifest["label"] == positive).to_numpy(int))
        steps = re.sub(r"0x[0-9a-f]+", "", repr(self.transform))  # a function's address says nothing about it
        content = [list(manifest["sha256"]), self.labels.tolist(), size, steps]
        self.identity = hashlib.sha256(repr(content).encode()).hexdigest()  # which films these are, for checkpoints

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, item: int | tuple[int, int]) -> tuple[torch.Tensor, int]:
        index, draw = item if isinstance(item, tuple) else (item, None)
        if draw is None:
            return self.transform(self.images[index]), int(self.labels[index])
        before = torch.get_rng_state()
        torch.default_generator.manual_seed(draw)
        try:
            return self[index]
        finally:
            torch.set_rng_state(before)


class _WithDraws:
    """Makes a sampler send a seed for its random steps along with each film, so that no worker needs its own."""

    def __iter__(self) -> Iterator[tuple[int, int]]:
        draws = torch.randint(2**63 - 1, (len(self),), generator=self.generator)
        for index in super().__iter__():
            yield index, int(draws[index])


class _InOrder(_WithDraws, SequentialSampler):
    def __init__(self, dataset: Dataset, generator: torch.Generator):
        super().__init__(dataset)
        self.generator = generator


class _Shuffled(_WithDraws, RandomSampler):
    pass


def loader(
    dataset: Dataset, batch_size: int = 32, shuffle: bool = False, seed: int = 0, workers: int = 0
) -> DataLoader:
    """Return a `DataLoader` whose epochs differ, and which repeats them exactly when it is made again with its seed.

    dataset: `Films`; others work as in any `DataLoader`, with no promise about random steps of their own. batch_size: 1
    or more; the last batch may be smaller. shuffle: another order in each epoch. seed: 0 or more, starts
    `loader.generator`, which decides order and random steps. workers: processes that prepare batches (0: this one);
    their number changes no batch. Batches of images are laid out channels-last. Raises `ValueError` for an empty data
    set and for impossible numbers.
    """
    for name, value, least in (("batch_size", batch_size, 1), ("seed", seed, 0), ("workers", workers, 0)):
        if not isinstance(value, Integral) or value < least:
            raise ValueError(f"{name} = {value!r}: a whole number from {least} on is needed")
    if len(dataset) == 0:
        raise ValueError("the data set is empty: there is no film to load")
    generator = torch.Generator().manual_seed(int(seed))
    drawn = isinstance(dataset, Films)
    order = (_Shuffled if drawn else RandomSampler) if shuffle else (_InOrder if drawn else None)
    return DataLoader(
        dataset,
        batch_size=int(batch_size),
        sampler=order(dataset, generator=generator) if order else None,
        num_workers=int(workers),
        collate_fn=_collate,
        generator=generator,
    )


def _collate(batch: list):
    return [
        part.contiguous(memory_format=torch.channels_last) if torch.is_tensor(part) and part.ndim == 4 else part
        for part in default_collate(batch)
    ]


def from_folders(folder: Path) -> pd.DataFrame:
    """Return the manifest of a folder that holds one folder of films per class, sorted by image_id.

    With `manifest.csv` in it (`export.write` puts it there) that is read, and its paths are made absolute. Without,
    each folder's name is the label of the films in it, and nobody knows who the patients are: films of equal bytes
    count as one patient's, all others as different patients', and a printed line says so. Raises `FileNotFoundError`
    when the folder or a film is missing, `ValueError` when there are no classes, or the table lacks a column or points
    outside.
    """
    folder = Path(folder).expanduser().resolve()
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}: give the folder that holds one folder per class")
    if (folder / "manifest.csv").is_file():
        return _read_manifest(folder)
    rows = [
        {"image_id": path.relative_to(folder).as_posix(), "path": str(path), "label": path.parent.name}
        for path in sorted(folder.glob("*/*"))
        if path.suffix.lower() in archives.IMAGE_SUFFIXES
    ]
    if len({row["label"] for row in rows}) < 2:
        raise ValueError(
            f"{folder}: films of {len({row['label'] for row in rows})} classes found, two or more are needed. "
            f"Put the films ({', '.join(sorted(archives.IMAGE_SUFFIXES))}) into one folder per class."
        )
    table = pd.DataFrame(rows).reindex(columns=curation.COLUMNS).astype(object)
    table["sha256"] = [hashlib.sha256(films.read_bytes(path)).hexdigest() for path in table["path"]]
    table["patient_id"] = table["group"] = table.groupby("sha256")["image_id"].transform("min")
    print(f"{len(table)} films without manifest.csv: patients are unknown, a split of these films may leak.")
    return table.where(table.notna(), None).sort_values("image_id", ignore_index=True)


def _read_manifest(folder: Path) -> pd.DataFrame:
    file = folder / "manifest.csv"
    columns = {name: (name,) if name in _FOLDER_COLUMNS else (name, None) for name in curation.COLUMNS}
    table = tables.read(file, columns)
    for column in sorted(_FOLDER_COLUMNS):
        if table[column].isna().any():
            raise ValueError(f"{file}: {column} is blank in row {table.loc[table[column].isna(), 'row'].iloc[0]}")
    places = {row: (folder / path).resolve() for row, path in zip(table["row"], table["path"], strict=True)}
    for row, place in places.items():
        if not place.is_relative_to(folder):
            raise ValueError(f"{file}: the path in row {row} leads out of the folder")
        if not place.is_file():
            raise FileNotFoundError(f"{file}: the film in row {row} is missing: {place.relative_to(folder)}")
    table = table.assign(path=[str(place) for place in places.values()], age=pd.to_numeric(table["age"]).astype(float))
    return table.sort_values("image_id", ignore_index=True)[curation.COLUMNS]


def course(seed: int = 0, per_class: int = 128) -> pd.DataFrame:
    """Return what lessons 00 and 01 make, and say so: COVID-19 or normal, balanced, split by group.

    seed: which films are drawn, and how they are split. per_class: films of each label, fewer where the archives have
    fewer. Returns the manifest with `split` set. Raises what `curation`, `splits` and `archives` raise.
    """
    taken = curation.tutorial_classes(curation.curate()[0])
    available = int(taken["label"].value_counts().min())
    complete = taken["label"].nunique() == 2  # else `balanced` says what is missing
    chosen = min(per_class, available) if complete else per_class
    table = splits.grouped(curation.balanced(taken, chosen, seed), seed)
    parts = table["split"].value_counts()
    print(
        f"Made as in lesson 01: {chosen} covid and {chosen} normal films ({archives.source()}); "
        f"train {parts['train']}, val {parts['val']}, test {parts['test']}, no patient in two of them."
    )
    return table
