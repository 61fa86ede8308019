"""Twins: simulated patients filmed several times at the same moment, each time with one thing changed.

No hospital can do that. It makes two experiments possible: a nuisance that goes with the label as closely as one likes,
and the question what it is about a film that moves a score.
"""

import hashlib
import json
from collections.abc import Sequence

import joblib
import numpy as np

from course_utils import cache, simulator
from course_utils import films as reading
from course_utils.progress import bar
from course_utils.simulator import settings

# Two hospitals for training and one that stays unseen, in `simulator.SITES`.
HOME, OTHER, UNSEEN = "hannover", "eurorad", "sirm"
# What a variant changes: hospital, view, parts left out.
VARIANTS = {
    "plain": (HOME, "PA", ()),
    "other hospital": (OTHER, "PA", ()),
    "other view": (HOME, "AP", ()),
    "no marker": (HOME, "PA", ("marker",)),
    "no lesion": (HOME, "PA", ("lesion",)),
    "unseen": (UNSEEN, "PA", ()),
    "unseen, other view": (UNSEEN, "AP", ()),
    "unseen, no marker": (UNSEEN, "PA", ("marker",)),
}
SIZE = 128  # pixels, what the network sees: `models.SIZE`; this module runs in processes that should not load torch
STRENGTH = 2.0  # of the lesions, where 1 is what the archives have: clear enough to be learnt from some dozens of films


def labels(patients: int) -> np.ndarray:
    """Return the labels of the patients, int of shape (patients,): every second one has COVID-19 (1), visibly."""
    return np.arange(patients) % 2


def films(
    patients: int | Sequence[int],
    variants: Sequence[str] = ("plain",),
    seed: int = 0,
    size: int = SIZE,
    progress: bool = True,
) -> dict[str, np.ndarray]:
    """Return films of simulated patients, variant -> uint8 of shape (patients, size, size), squeezed to a square.

    patients: how many, from 2 on, or the numbers of some, counted from 0: a number is always the same patient.
    variants: names in `VARIANTS`. seed: of the patients. Films are cached in `cache.folder("twins", ...)`, one file a
    variant. progress: show a bar while they are made. Raises `ValueError` for an unknown variant, too few patients, or
    a number below 0.
    """
    stored = _stored(patients, variants, seed, size, progress)
    return {name: stored[name]["films"] for name in variants}


def truth(patients: int, seed: int = 0, size: int = SIZE, progress: bool = True) -> dict[str, np.ndarray]:
    """Return what is on the plain films: "lungs", "lesion" and "marker" -> bool of shape (patients, size, size).

    The marker's mask is the box around its letter. See `films` for the arguments and for what is raised.
    """
    stored = _stored(patients, ("plain",), seed, size, progress)["plain"]
    return {name: stored[name] for name in ("lungs", "lesion", "marker")}


def _stored(patients, variants, seed, size, progress) -> dict[str, dict[str, np.ndarray]]:
    if unknown := [name for name in variants if name not in VARIANTS]:
        raise ValueError(f"variants {unknown} are unknown; there is {', '.join(VARIANTS)}")
    if isinstance(patients, int):
        if patients < 2:
            raise ValueError(f"patients = {patients}: two or more are needed, one of each label")
        patients = range(patients)
    numbers = [int(number) for number in patients]
    if not numbers or min(numbers) < 0:
        raise ValueError(f"patients = {numbers}: numbers from 0 are needed, at least one")
    what = [numbers, seed, size, STRENGTH, VARIANTS, settings.Settings().describe()]
    folder = cache.folder("twins", hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16])
    found = {name: cache.load_array(folder / f"{name}.npz") for name in variants}
    missing = [name for name in variants if found[name] is None]
    if missing:
        jobs = (joblib.delayed(_patient)(k, tuple(missing), seed, size) for k in numbers)
        pool = joblib.Parallel(n_jobs=joblib.cpu_count(), return_as="generator")
        made = list(bar(pool(jobs), total=len(numbers), desc="simulated patients", show=progress))
        for name in missing:
            found[name] = {part: np.stack([films_[name][part] for films_ in made]) for part in made[0][name]}
            with cache.replacing(folder / f"{name}.npz") as temporary, open(temporary, "wb") as file:
                np.savez_compressed(file, **found[name])
    return found


def _patient(number: int, variants: tuple[str, ...], seed: int, size: int) -> dict[str, dict[str, np.ndarray]]:
    """Return the films of one patient: all draws come before the variant is known, so only it makes a difference."""
    rng = np.random.default_rng([seed, number])
    patient = simulator.draw_patient(rng, child=False)
    kind = "covid" if number % 2 else "normal"
    disease = simulator.draw_disease(rng, kind, patient, strength=STRENGTH, visible=bool(number % 2))
    moment = int(rng.integers(2**32))
    made = {}
    for name in sorted(variants, key=lambda name: VARIANTS[name][1]):  # the chest is kept while the view stays
        hospital, view, without = VARIANTS[name]
        exposure = simulator.draw_exposure(
            np.random.default_rng(moment), simulator.SITES[HOME], patient, view=view, leads=False, tube=False
        )
        film = simulator.render(patient, disease, simulator.SITES[hospital], exposure, size=size, without=without)
        made[name] = {"films": reading.resize(film.pixels, size)}
        if name == "plain":
            marker = np.zeros(film.pixels.shape, bool)
            for x0, y0, x1, y1 in (found["box"] for found in film.markers):
                marker[y0:y1, x0:x1] = True
            masks = {"lungs": film.lungs, "lesion": film.lesion, "marker": marker}
            made[name] |= {key: reading.resize(mask.astype(np.uint8) * 255, size) > 127 for key, mask in masks.items()}
    return made
