"""Whole archives, made on the spot: the four published layouts with their traps, and the truth next to them.

Use:
    folder = archive.make("somewhere", seed=1, rho=0.5)      # chosen knobs
    folder = archive.cached(rho=0)                           # the same, kept in the cache
    folder = archive.default()                               # what the course runs on: all knobs where they are
"""

import contextlib
import dataclasses
import json
import os
import shutil
from collections import Counter
from pathlib import Path

import joblib

from course_utils import cache, simulator
from course_utils.progress import bar

from . import adults, children, confounding, darkroom, externals, film_traps, table_traps, truth
from .request import Person, Plan, Request, stream
from .settings import Settings

TABLES = {
    adults.ARCHIVE: (adults.COLUMNS, "utf-8"),
    externals.FIGURE1: (externals.FIGURE1_COLUMNS, "latin-1"),
    externals.ACTUALMED: (externals.ACTUALMED_COLUMNS, "utf-8"),
}
PAIR_KINDS = {"covid": 12, "bacterial": 6, "viral": 6}  # patients with counterfactual pairs at 140 films a class


def make(
    folder,
    *,
    seed: int = 0,
    rho: float = 1.0,
    strength: float = 1.0,
    films: int = 140,
    size: int = 256,
    processes: int | None = None,
    progress: bool = True,
) -> Path:
    """Write four archives and their truth: the same bytes for the same knobs, on any number of processes.

    Arguments:
        folder: is made here, and appears only when everything is in it. It may be there already if it is empty, or
            holds archives made with the same knobs by the same simulator: then nothing is done.
        seed: whole number from 0. rho: 0 (origin, age, view and overlays say nothing about the label) to 1 (as in 2020:
            every positive an adult from several origins, every normal a child of one hospital).
        strength: of the lesions, 0 to 3. films: usable films of each main class, 12 to 5000; the other numbers follow.
        size: longer side of a film in pixels, 64 to 1024, before its hospital publishes it larger or smaller.
        processes: how many work at it; None takes as many as there are processor cores. progress: show a bar.

    Returns the folder's path. Raises ValueError or TypeError for an impossible knob, with the allowed range, and
    FileExistsError when the folder holds something else.
    """
    settings = Settings(seed, rho, strength, films, size)
    if processes is not None and (not isinstance(processes, int) or isinstance(processes, bool) or processes < 1):
        raise ValueError(f"processes must be a whole number from 1, or None for one a core, not {processes!r}")
    folder = Path(folder)
    if _is_made(folder, settings):
        return folder
    plan = draw_plan(settings)
    with cache.replacing(folder, folder=True) as room:
        _write(room, plan, settings, processes or joblib.cpu_count(), progress)
        with contextlib.suppress(OSError):  # an empty folder would be in the way of a rename on Windows
            folder.rmdir()
    return folder


def default() -> Path:
    """The archives that the course runs on by default: `cached` with every knob where it is."""
    return cached()


def cached(**knobs) -> Path:
    """Archives from the cache, made at first use, and once even if two processes ask at the same time.

    Arguments: knobs of `make`, all but folder, processes and progress. Returns the folder's path. Raises ValueError or
    TypeError for an impossible knob.
    """
    settings = Settings(**knobs)
    folder = cache.folder("simulated") / settings.key()
    if not folder.is_dir():
        with cache.lock(folder):
            if not folder.is_dir():
                for left in folder.parent.glob(f".{folder.name}.*"):  # by a run that was killed: nobody else is at it
                    shutil.rmtree(left, ignore_errors=True)
                make(folder, **dataclasses.asdict(settings))
    return folder


def draw_plan(settings: Settings) -> Plan:
    """Decide every film, row and trap of the archives, without making a picture."""
    plan, n = Plan(), settings.films
    sizes = {"covid": n, "no finding": n // 10, "other": n // 4}
    habits = confounding.Habits(sizes | dict.fromkeys(children.CLASSES, n), settings.rho)
    cases = adults.cases(settings, habits)
    film_traps.lay(plan, cases, settings)
    refiled = table_traps.lay(plan, cases, settings)
    plan.requests += [request for case in cases for request in case.requests]
    plan.rows[adults.ARCHIVE] = [row for case in cases for row in case.rows] + refiled
    children.lay(plan, habits, settings)
    externals.lay_figure1(plan, habits, settings)
    externals.lay_actualmed(plan, habits, settings)
    _refuse_clashes([path for r in plan.requests for path in (r.path, *(copy.path for copy in r.copies))])
    return plan


def _is_made(folder: Path, settings: Settings) -> bool:
    """Whether the folder holds these archives; refuses one that holds anything else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    try:
        made = json.loads((folder / "truth" / "settings.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        made = None
    if made == settings.describe():
        return True
    what = "archives made with other knobs or by another version" if made else "something else"
    raise FileExistsError(f"{folder} holds {what}. Name a new folder, or remove this one first.")


def _refuse_clashes(paths: list[str]) -> None:
    """File names must differ in more than case, and masks are named by stems."""
    count = Counter(path.rpartition(".")[0].casefold() for path in paths)
    if twice := sorted(stem for stem, files in count.items() if files > 1):
        raise RuntimeError(
            f"the plan names these files twice: {', '.join(twice)}. Choose another seed and report this one."
        )


def _write(room: Path, plan: Plan, settings: Settings, processes: int, progress: bool) -> None:
    pairs = _pairs(settings)
    files = [path for r in plan.requests for path in (r.path, r.lung_mask, *truth.mask_paths(r.path).values())]
    for parent in sorted({os.path.dirname(path) for path in files if path} | {"truth/pairs"}):
        (room / parent).mkdir(parents=True, exist_ok=True)
    where = (room, settings.seed, settings.size)
    jobs = [joblib.delayed(darkroom.develop_pairs)(request, *where, other) for request, other in pairs]  # longest first
    jobs += [joblib.delayed(darkroom.develop)(request, *where) for request in plan.requests]
    pool = joblib.Parallel(n_jobs=processes, return_as="generator", batch_size=8 if processes > 1 else 1)
    done = list(bar(pool(jobs), total=len(jobs), desc="simulated films", unit="film", show=progress))
    rows, records = [row for found in done[: len(pairs)] for row in found], done[len(pairs) :]
    for archive, (columns, encoding) in TABLES.items():
        truth.write_table(room / archive / "metadata.csv", columns, plan.rows[archive], encoding)
    truth.write(room, plan, records, rows, settings.describe())


def _pairs(settings: Settings) -> list[tuple[Request, str]]:
    """Patients of their own for counterfactual pairs, and the other site of each."""
    sites, found = list(simulator.SITES), []
    for kind, count in PAIR_KINDS.items():
        for i in range(settings.scaled(count)):
            name = f"{kind}-{i + 1:02d}"
            rng = stream(settings.seed, "pairs", name)
            site, other = rng.permutation([name for name in sites if name != "guangzhou"])[:2]
            person = Person(f"pairs/{name}", int(rng.integers(20, 90)), str(rng.choice(["M", "F"])))
            view = str(rng.choice(["PA", "AP"]))
            path = f"truth/pairs/{name}.png"
            found.append((Request(path, person, kind, kind, str(site), view, strength=settings.strength), str(other)))
    return found
