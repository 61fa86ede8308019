"""Two more hospitals, each with both classes and a look of its own: Figure1 and Actualmed, in their layouts."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from .confounding import Habits, blend, deal, films_per_person
from .request import Person, Plan, Request, stream
from .settings import Settings

FIGURE1 = "Figure1-COVID-chestxray-dataset"
ACTUALMED = "Actualmed-COVID-chestxray-dataset"
_FIRST = "patientid offset sex age finding survival temperature".split() + ["pO2 saturation", "view", "modality"]
FIGURE1_COLUMNS = [*_FIRST, "artifacts/distortion", "notes"]
ACTUALMED_COLUMNS = [*_FIRST, "imagename", "artifacts/distortion", "notes"]
# Films by finding at 140 of the main class. Figure1 really has 35, 3, 2 and 15; more normals make a score mean more.
FIGURE1_FILMS = {"COVID-19": 33, "No finding": 9, "Pneumonia": 2, "": 11}
ACTUALMED_FILMS = {"COVID-19": 22, "No finding": 27, "": 11}
KINDS = {"COVID-19": ("covid",), "No finding": ("normal",), "Pneumonia": ("bacterial",), "": ("normal", "covid")}

# Habits by finding, after the published tables: 26 of 58 COVID-19 films of Actualmed are AP, 4 of 127 normals; the
# prefix of the file name (CR or DX, the detector) is as lopsided. Other findings have the habits of both.
VIEWS = {"COVID-19": {"PA": 0.55, "AP": 0.45}, "No finding": {"PA": 0.97, "AP": 0.03}}
DETECTORS = {"COVID-19": {"CR": 0.60, "DX": 0.40}, "No finding": {"CR": 0.19, "DX": 0.81}}
NOTES = {"COVID-19": "", "No finding": "Negative (covid-19 viral infection is excluded)", "": "Inconclusive"}
AGE_TEXTS = ("{0}", "{0}+", "early {1}s", "mid {1}s", "")


def lay_figure1(plan: Plan, habits: Habits, settings: Settings) -> None:
    """Plan Figure1: named by patient id, a letter for each film of the same patient; ages are text, much is blank."""
    rng, rows = stream(settings.seed, FIGURE1), []
    persons = list(_persons(FIGURE1_FILMS, {1: 42, 2: 5, 3: 1}, settings, rng, both=1))
    views = blend(VIEWS, FIGURE1_FILMS, settings.rho)
    dealt = {f: iter(deal(views[f], sum(p.count(f) for p in persons), rng)) for f in FIGURE1_FILMS}
    for number, findings in enumerate(persons, start=1):
        base = f"COVID-{number:05d}"
        person = _person(f"{FIGURE1}/{base}", findings, habits, rng)
        shared = {"age": str(rng.choice(AGE_TEXTS)).format(person.age, person.age // 10 * 10)}
        shared["sex"] = person.sex if rng.random() < 0.5 else ""
        suffix = "png" if rng.random() < 0.1 else "jpg"
        for letter, finding in zip("abc" if len(findings) > 1 else [""], findings, strict=False):
            view = next(dealt[finding])
            edits = (("tint", "warm"),) if rng.random() < 0.08 else ()
            path = f"{FIGURE1}/images/{base}{letter}.{suffix}"
            plan.requests.append(_request(path, person, finding, "figure1", view, edits, settings, rng))
            rows.append(_figure1_row(f"{base}{letter}", finding, view, bool(edits), rng) | shared)
    # The byte 0xb0 (a degree sign in Latin-1) is no UTF-8: one such cell is enough to stop a reader that expects it.
    rows[len(rows) // 3] |= {"temperature": "38+", "notes": "Simulated. Fever of 38 °C, cough, short of breath."}
    plan.rows[FIGURE1] = rows
    _figure1_traps(plan, rows)


def _figure1_row(patientid: str, finding: str, view: str, tinted: bool, rng: np.random.Generator) -> dict:
    row = dict.fromkeys(FIGURE1_COLUMNS, "") | {"patientid": patientid, "finding": finding, "modality": "X-ray"}
    row["view"] = view.replace("AP", "AP erect") if rng.random() < 0.33 else ""
    row["offset"] = str(rng.integers(0, 22)) if rng.random() < 0.35 else ""
    row["temperature"] = f"{rng.normal(38.3, 0.8):.1f}" if rng.random() < 0.1 else ""
    row["pO2 saturation"] = str(rng.choice(["58", "86", "91-92", "low 90s"])) if rng.random() < 0.2 else ""
    row["artifacts/distortion"] = "slight uneven colour tint" if tinted else ""
    row["notes"] = f"Simulated. {'Film of a later day' if patientid[-1] in 'bc' else 'Fever and dry cough for a week'}."
    return row


def lay_actualmed(plan: Plan, habits: Habits, settings: Settings) -> None:
    """Plan Actualmed: `imagename`, not `filename`; "No finding" in another spelling; inconclusive films left blank."""
    rng, rows = stream(settings.seed, ACTUALMED), []
    persons = list(_persons(ACTUALMED_FILMS, {1: 200, 2: 12, 3: 2, 4: 1}, settings, rng, both=4))
    views, detectors = (blend(table, ACTUALMED_FILMS, settings.rho) for table in (VIEWS, DETECTORS))
    dealt = {
        finding: zip(*(deal(habit[finding], count, rng) for habit in (views, detectors)), strict=True)
        for finding, count in Counter(finding for findings in persons for finding in findings).items()
    }
    numbers = rng.permutation(np.arange(1, 5 * len(persons)))[: len(persons)]
    for number, findings in zip(numbers, persons, strict=True):
        person = _person(f"{ACTUALMED}/ANON{number}", findings, habits, rng)
        for finding in findings:
            view, detector = next(dealt[finding])
            day = f"2020{rng.integers(3, 5):02d}{rng.integers(13, 22):02d}"
            device, moment, film = rng.integers((10**8, 10**9, 10**9), (10**9, 10**10, 10**10))
            name = f"{detector}.1.2.840.99999.{device}.{day}{moment}.{film}.png"
            edits = (("mode", str(rng.choice(["RGB", "RGBA"]))),)
            path, site = f"{ACTUALMED}/images/{name}", f"actualmed_{detector.lower()}"
            plan.requests.append(_request(path, person, finding, site, view, edits, settings, rng))
            row = dict.fromkeys(ACTUALMED_COLUMNS, "") | {"patientid": f"ANON{number}", "finding": finding}
            row |= {"view": view, "modality": "X-ray", "imagename": name}
            rows.append(row | {"notes": f"{NOTES[finding]}, date taken (YYYYMMDD): {day}"})
    plan.rows[ACTUALMED] = sorted(rows, key=lambda row: row["imagename"])
    _actualmed_traps(plan, plan.rows[ACTUALMED])


def _request(path, person, finding, site, view, edits, settings: Settings, rng: np.random.Generator) -> Request:
    kind, strength = str(rng.choice(KINDS[finding])), settings.strength * float(rng.uniform(0.85, 1.15))
    return Request(path, person, finding, kind, site, view, strength=strength, edits=edits)


def _persons(
    films: dict[str, int], shares: dict[int, float], settings: Settings, rng: np.random.Generator, both: int
) -> Iterator[list[str]]:
    """The findings of each person's films, persons in random order; `both` of them have a normal film first."""
    persons = [["No finding", "COVID-19"] for _ in range(both)]
    for finding, count in films.items():
        left = settings.scaled(count, least=3) - (both if finding in ("COVID-19", "No finding") else 0)
        persons += [[finding] * n for n in films_per_person(max(left, 1), shares)]
    for i in rng.permutation(len(persons)):
        yield persons[i]


def _person(key: str, findings: list[str], habits: Habits, rng: np.random.Generator) -> Person:
    klass = "covid" if "COVID-19" in findings else "no finding"
    return Person(key, habits.age(klass, False, rng), str(deal(habits.men[klass], 1, rng)[0]))


def _figure1_traps(plan: Plan, rows: list[dict]) -> None:
    stems: dict[str, list[dict]] = {}
    for row in rows:
        stems.setdefault(row["patientid"].rstrip("abc"), []).append(row)
    paths = {
        r.path.rpartition("/")[2].partition(".")[0]: r.path.partition("/")[2]
        for r in plan.requests
        if r.path.startswith(FIGURE1)
    }
    for group in stems.values():
        files, ids = [paths[row["patientid"]] for row in group], [row["patientid"] for row in group]
        findings = {row["finding"] for row in group} - {""}
        if len(group) > 1:
            plan.trap("suffix_is_the_same_person", FIGURE1, files, ids, "one patient, a letter for each film")
        if {"No finding", "COVID-19"} <= findings:
            plan.trap("patient_in_both_classes", FIGURE1, files, ids, "COVID-19 and No finding")
    for row in rows:
        if row["finding"] == "":
            plan.trap("finding_blank", FIGURE1, [paths[row["patientid"]]], [row["patientid"]], "no label")
        if row["age"] and not row["age"].isdigit():
            plan.trap("age_is_text", FIGURE1, [paths[row["patientid"]]], [row["patientid"]], row["age"])
    plan.trap("encoding_latin1", FIGURE1, ["metadata.csv"], (), "not UTF-8: holds the byte 0xb0")
    pngs = [path for path in paths.values() if path.endswith(".png")]
    plan.trap("suffix_not_given", FIGURE1, pngs, (), "the table names patients, not files: most are .jpg, these .png")


def _actualmed_traps(plan: Plan, rows: list[dict]) -> None:
    by_person: dict[str, list[dict]] = {}
    for row in rows:
        by_person.setdefault(row["patientid"], []).append(row)
        if row["finding"] == "":
            plan.trap(
                "finding_blank",
                ACTUALMED,
                [f"images/{row['imagename']}"],
                [row["patientid"]],
                "inconclusive, says the note",
            )
    for number, group in by_person.items():
        files = [f"images/{row['imagename']}" for row in group]
        if {"No finding", "COVID-19"} <= {row["finding"] for row in group}:
            plan.trap("patient_in_both_classes", ACTUALMED, files, [number], "COVID-19 and No finding")
        if len(group) > 1:
            plan.trap("several_films_of_a_patient", ACTUALMED, files, [number], f"{len(group)} films")
    plan.trap(
        "other_column_names", ACTUALMED, ["metadata.csv"], (), 'imagename, not filename; "No finding", not "No Finding"'
    )
