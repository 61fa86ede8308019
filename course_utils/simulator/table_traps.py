"""Traps of covid-chestxray-dataset that lie in its table: patient ids, labels, cells, and rows without a film."""

from dataclasses import replace

from .adults import ARCHIVE, Case
from .film_traps import spread
from .request import Copy, Plan
from .settings import Settings

FLAGS = "intubated intubation_present went_icu in_icu needed_supplemental_O2 extubated".split()
NUMBERS = "offset temperature pO2_saturation leukocyte_count neutrophil_count lymphocyte_count".split()
TEXTS = {
    "temperature": "38-39",
    "pO2_saturation": "low 90s",
    "offset": "?",
    "lymphocyte_count": "<0.8",
    "intubated": "Not visible",
    "went_icu": "Would have been stated",
}
TWICE = {
    "identical": ("same_film_identical", "one film, the same bytes, two patient ids; two views are claimed"),
    "re-encoded": ("same_film_reencoded", "the same films saved again: other bytes and pixels, two ids, ARDS dropped"),
    "shared": ("same_file_two_ids", "two patient ids point to the same files"),
}


def lay(plan: Plan, cases: list[Case], settings: Settings) -> list[dict]:
    """Change rows of the cases, note every trap in the plan, and return further rows that end the table."""
    refiled = _filed_twice(plan, cases)
    _absent(plan, cases, settings)
    _todo(plan, cases)
    _cells(plan, cases)
    _labels(plan, cases)
    _suffixes(plan, cases)
    return refiled


def _filed_twice(plan: Plan, cases: list[Case]) -> list[dict]:
    """The same films under two patient ids: the same bytes, other bytes, or the same names."""
    number, refiled = int(cases[-1].number.rstrip("abc")), []
    for case in (case for case in cases if case.special in TWICE):
        number += 3
        trap, detail = TWICE[case.special]
        films, rows = list(case.requests), [row | {"patientid": str(number)} for row in case.rows]
        for i, row in enumerate(rows if case.special != "shared" else []):
            if case.special == "identical":
                row["view"] = "AP Supine" if row["view"] == "PA" else "PA"
                row["filename"] = f"case_{number}_RX-TORACE{i + 1}.{films[i].name.rpartition('.')[2]}"
                copy = Copy(f"{ARCHIVE}/images/{row['filename']}")
            else:
                row["finding"] = "COVID-19"
                row["filename"] = f"{16000 + number}_{i + 2}_1.jpg"
                copy = Copy(f"{ARCHIVE}/images/{row['filename']}", quality=88)
            case.requests[i] = replace(films[i], copies=(copy,))
            films.append(copy)
        files = [film.path.partition("/")[2] for film in films]
        plan.trap(trap, ARCHIVE, files, [case.number, str(number)], detail)
        refiled += rows
    return refiled


def _absent(plan: Plan, cases: list[Case], settings: Settings) -> None:
    covid = [case for case in cases if case.klass == "covid" and not case.special]
    for case in spread(covid[4:], settings.scaled(6, least=2)):
        name = f"removed-{case.number}-{len(case.rows) + 1}.jpg"
        case.add_row(filename=name, folder="images", view="PA", modality="X-ray")
        plan.note("missing_file", case, [f"images/{name}"], "a row without its file")


def _todo(plan: Plan, cases: list[Case]) -> None:
    """Cases that nobody has labelled yet: some have "?" wherever a value is due, some a blank view."""
    todo = [case for case in cases if case.special == "todo"]
    quarter = max(len(todo) // 4, 1)
    for case in todo[:quarter]:
        case.rows[0] |= {"view": "?"} | dict.fromkeys(NUMBERS + FLAGS, "?")
        plan.note("view_unknown", case, case.requests, 'view "?"')
        plan.note("question_mark_in_number", case, case.requests, f'"?" in {", ".join(NUMBERS)}')
    for case in todo[-quarter:]:
        case.rows[0]["view"] = ""
        plan.note("view_missing", case, case.requests, "blank view")
    for case in todo:
        plan.note("todo", case, case.requests, "finding todo: no label")


def _cells(plan: Plan, cases: list[Case]) -> None:
    """Cells that do not hold what their column promises."""
    everyday = [case for case in cases if not case.special]
    for case, (column, text) in zip(spread(everyday, len(TEXTS)), TEXTS.items(), strict=True):
        case.rows[0][column] = text
        plan.note("text_in_number", case, case.requests[:1], f"{column} is {text!r}")
    for case in spread(everyday[5:], 3):
        case.rows[0][""] = "Credit to the simulated contributors, with thanks; none of them exists."
        plan.note("spill_over", case, case.requests[:1], "text in a last column that has no name")
    for case, licence in zip(spread(everyday[3:], 2), (" ", ""), strict=True):
        for row in case.rows:
            row["license"] = licence
    details = {" ": ("licence_is_a_space", "a licence of one space"), "": ("licence_blank", "no licence is stated")}
    for licence, (trap, detail) in details.items():
        plan.trap(trap, ARCHIVE, (), [case.number for case in cases if case.rows[0]["license"] == licence], detail)


def _labels(plan: Plan, cases: list[Case]) -> None:
    for case in cases:
        frontal = [request for request in case.requests if request.projection == "frontal"]
        findings = {request.finding for request in frontal}
        if len(frontal) > 1:
            plan.note("several_films_of_a_patient", case, frontal, f"{len(frontal)} frontal films")
        if "No Finding" in findings and len(findings) > 1:
            plan.note("patient_in_both_classes", case, frontal, " and ".join(sorted(findings)))
        if "COVID-19, ARDS" in findings:
            plan.note("covid_with_ards", case, frontal, 'finding == "COVID-19" misses it')


def _suffixes(plan: Plan, cases: list[Case]) -> None:
    """Letters behind a number are different people of one article here; in Figure1 they are films of one person."""
    letters = [case for case in cases if case.special.startswith("suffix")]
    plan.trap("ids_with_letters", ARCHIVE, (), [case.number for case in letters], "patientid is not a number")
    for stem in dict.fromkeys(case.number[:-1] for case in letters):
        group = [case for case in letters if case.number[:-1] == stem]
        files = [request.path.partition("/")[2] for case in group for request in case.requests]
        ids = [case.number for case in group]
        plan.trap("suffix_is_another_person", ARCHIVE, files, ids, "one article, different people")
