"""*Chest X-Ray Images (Pneumonia)* as Kaggle spread it: folders instead of a table, children of one hospital."""

import numpy as np

from .adults import overlay_edits
from .confounding import FILMS_PER_PERSON, Habits, deal, films_per_person
from .origins import ORIGINS
from .request import Person, Plan, Request, stream
from .settings import Settings

ARCHIVE = "chest_xray"
# Films at 140 of the main class, and the share of persons in train, val and test. Fewer pneumonias than normals are
# held out, so that their prevalence shifts between train and test, as in the original (74 % against 62 %).
CLASSES = {
    "child normal": (140, "NORMAL", "normal", (0.66, 0.04, 0.30)),
    "child bacterial": (135, "PNEUMONIA", "bacterial", (0.80, 0.02, 0.18)),
    "child viral": (135, "PNEUMONIA", "viral", (0.80, 0.02, 0.18)),
}
PARTS = ("train", "val", "test")
FINDINGS = {"normal": "NORMAL", "bacterial": "bacteria", "viral": "virus"}  # as folder and file names say it


def lay(plan: Plan, habits: Habits, settings: Settings) -> None:
    """Plan all films of the archive and note its traps."""
    numbers = {"child normal": 115, "child bacterial": 1, "child viral": 1}
    for klass in CLASSES:
        plan.requests += _films(plan, klass, numbers[klass], habits, settings)
    _traps(plan)


def _films(plan: Plan, klass: str, number: int, habits: Habits, settings: Settings) -> list[Request]:
    count, folder, kind, shares = CLASSES[klass]
    rng = stream(settings.seed, ARCHIVE, klass)
    persons = films_per_person(settings.scaled(count), FILMS_PER_PERSON[klass])
    persons = [persons[i] for i in rng.permutation(len(persons))]
    parts = sorted(deal(dict(zip(PARTS, shares, strict=True)), len(persons), rng), key=PARTS.index)
    if "val" not in parts:
        parts[parts.index("test")] = "val"
    origins = deal(habits.origins[klass], len(persons), rng, persons)
    if settings.rho == 1 and klass == "child normal":
        # Of the real normals, those for training were saved finely; the few of the test folder that were seen, not.
        origins = ["children, fine" if part == "train" else "children, coarse" for part in parts]
    sexes = deal(habits.men[klass], len(persons), rng, persons)
    views = iter(deal(habits.views[klass], sum(persons), rng))
    overlays = iter(deal(habits.overlays[klass], sum(persons), rng))
    films, serial = [], 30
    for films_of, part, origin, sex in zip(persons, parts, origins, sexes, strict=True):
        number += int(rng.integers(1, 4 if kind == "normal" else 9))
        site = ORIGINS[origin]
        person = Person(f"{ARCHIVE}/{kind}/{number}", habits.age(klass, site.child, rng), sex, site.child)
        files = [f"{part}/{folder}/{_name(kind, number, i, serial + i)}" for i in range(films_of)]
        for file in files:
            view = "AP" if site.child else next(views)
            films.append(
                Request(
                    path=f"{ARCHIVE}/{file}",
                    person=person,
                    finding=FINDINGS[kind],
                    kind=kind,
                    site=site.site,
                    view=view,
                    strength=settings.strength * float(rng.uniform(0.85, 1.15)),
                    quality=site.quality,
                    edits=overlay_edits(next(overlays), view, rng),
                )
            )
        serial += films_of
        if films_of > 1:
            name = files[0].rpartition("/")[2]
            patient = name[: name.index("-0001")] if kind == "normal" else name.partition("_")[0]
            plan.trap("several_films_of_a_patient", ARCHIVE, files, [patient], f"{films_of} films")
    return films


def _name(kind: str, number: int, i: int, serial: int) -> str:
    """A file name as the archive builds them: it holds the patient's number, and for pneumonias a serial number."""
    if kind == "normal":
        prefix = "NORMAL2-IM" if number > 260 else "IM"
        again = f"-{i:04d}" if i else ""
        return f"{prefix}-{number:04d}-0001{again}.jpeg"
    return f"person{number}_{FINDINGS[kind]}_{serial}.jpeg"


def _traps(plan: Plan) -> None:
    films = [r for r in plan.requests if r.path.startswith(f"{ARCHIVE}/")]
    by_number: dict[str, dict[str, list[str]]] = {}
    for r in films:
        name = r.path.rpartition("/")[2]
        if name.startswith("person"):
            by_number.setdefault(name.partition("_")[0], {}).setdefault(r.kind, []).append(r.path.partition("/")[2])
    for person, kinds in by_number.items():
        if len(kinds) > 1:
            files = [path for paths in kinds.values() for path in paths]
            plan.trap("person_number_recurs", ARCHIVE, files, [person], "one number, a bacterial and a viral film")
    shares = {}
    for part in PARTS:
        here = [r for r in films if r.path.split("/")[1] == part]
        shares[part] = np.mean([r.kind != "normal" for r in here])
    text = ", ".join(f"{part} {share:.0%}" for part, share in shares.items())
    plan.trap("prevalence_shift", ARCHIVE, (), (), f"share of pneumonia: {text}")
    fine = [r.path.partition("/")[2] for r in films if r.quality == ORIGINS["children, fine"].quality]
    plan.trap("jpeg_quality_by_class", ARCHIVE, fine, (), "normals for training were saved at another JPEG quality")
