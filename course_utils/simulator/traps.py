"""The published traps of covid-chestxray-dataset: each is laid on purpose, and noted for `truth/traps.csv`.

Every trap was found in the real archive of June 2020. A curator who finds all of them here has a chance there.
"""

from dataclasses import replace

import numpy as np

from .adults import ARCHIVE, Case, edited, extra_row, refiled
from .request import Copy, Person, Plan, Request, stream
from .settings import Settings

FLAGS = "intubated intubation_present went_icu in_icu needed_supplemental_O2 extubated".split()
NUMBERS = "offset temperature pO2_saturation leukocyte_count neutrophil_count lymphocyte_count".split()


def lay(plan: Plan, cases: list[Case], settings: Settings) -> None:
    """Lay all traps of the first archive among its cases, then hand films and rows over to the plan."""
    rng = stream(settings.seed, ARCHIVE, "traps")
    ordinary = _Ordinary(cases)
    _stored_oddly(plan, cases, ordinary, settings)
    _retouched(plan, cases, ordinary)
    _named_oddly(plan, ordinary)
    _truncated(plan, cases)
    _masks(plan, cases)
    _lateral_and_ct(plan, cases, settings)
    extra = _filed_twice(plan, cases)
    _absent(plan, cases, settings)
    _cells(plan, cases, rng)
    _labels(plan, cases)
    _without_row(plan, cases, settings)
    plan.requests += [request for case in cases for request in case.requests]
    plan.rows[ARCHIVE] = [row for case in cases for row in case.rows] + extra


def _inside(path: str) -> str:
    return path.partition("/")[2]


class _Ordinary:
    """Frontal films that nothing has happened to yet; each can be taken for one trap only."""

    def __init__(self, cases: list[Case]):
        self.films = [
            (case, i)
            for case in cases
            for i, request in enumerate(case.requests)
            if not case.special and all(name == "mode" for name, *_ in request.edits)
        ]

    def take(self, count: int, suffix: str = "") -> list[tuple[Case, int]]:
        """`count` films, evenly spread, renamed to end in `suffix` if one is given."""
        chosen = _spread(self.films, count)
        self.films = [film for film in self.films if film not in chosen]
        for case, i in chosen:
            stem, _, old = case.requests[i].path.rpartition("/")[2].rpartition(".")
            _rename(case, i, f"{stem}.{suffix or old}")
        return chosen


def _spread(found: list, count: int) -> list:
    """`count` of the entries (or all), evenly spread over the list."""
    places = np.unique(np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int)) if found else []
    return [found[i] for i in places]


def _stored_oddly(plan: Plan, cases: list[Case], ordinary: _Ordinary, settings: Settings) -> None:
    """PNGs called .jpg, palettes; and the RGBA films that `adults` made are noted."""
    for k, (case, i) in enumerate(ordinary.take(settings.scaled(3, least=2), "jpg")):
        mode = ("RGBA", "RGB")[k % 2]
        case.requests[i] = replace(case.requests[i], png=True, edits=(("mode", mode),))
        plan.trap("png_named_jpg", ARCHIVE, [_inside(case.requests[i].path)], [case.number], f"PNG bytes, mode {mode}")
    for case, i in ordinary.take(settings.scaled(2), "png"):
        case.requests[i] = replace(case.requests[i], edits=(("mode", "P"),))
        plan.trap("palette", ARCHIVE, [_inside(case.requests[i].path)], [case.number], "mode P: pixel values are not grey levels")
    for case in cases:
        for r in case.requests:
            if ("mode", "RGBA") in r.edits:
                plan.trap("rgba", ARCHIVE, [_inside(r.path)], [case.number], "four channels")


def _retouched(plan: Plan, cases: list[Case], ordinary: _Ordinary) -> None:
    """At least one film of every overlay that the archive is known for; then all of them are noted."""
    wanted = [("arrow", "red"), ("letter", "B"), ("words", "PORTABLE"), ("box", "red"), ("tint", "purple"), ("letterbox",)]
    present = {name for case in cases for r in case.requests for name, *_ in r.edits}
    missing = [edit for edit in wanted if edit[0] not in present]
    for edit, (case, i) in zip(missing, ordinary.take(len(missing)), strict=True):
        case.requests[i] = edited(case.requests[i], edit)
    details = {
        "arrow": "an arrow somebody drew, most often at the lesion",
        "letter": "the panel letter of a figure",
        "words": "words on the film that tell how it was taken",
        "box": "a box around the lesion",
        "tint": "a coloured photograph of a film: one channel is not its grey level",
        "letterbox": "black bars around the film",
    }
    for case in cases:
        for r in case.requests:
            for edit in r.edits:
                if edit[0] in details:
                    text = f"{details[edit[0]]}: {edit[1]}" if len(edit) > 1 else details[edit[0]]
                    plan.trap("tinted" if edit[0] == "tint" else f"overlay_{edit[0]}", ARCHIVE, [_inside(r.path)], [case.number], text)


def _rename(case: Case, i: int, name: str) -> None:
    old = case.requests[i].path.rpartition("/")[2]
    case.requests[i] = replace(case.requests[i], path=f"{ARCHIVE}/images/{name}")
    for row in case.rows:
        if row["filename"] == old:
            row["filename"] = name


def _named_oddly(plan: Plan, ordinary: _Ordinary) -> None:
    """Names outside ASCII, and an upper-case suffix."""
    for (case, i), stem in zip(ordinary.take(2, "jpg"), ("radiografía-de-tórax", "RX-torace-già-noto"), strict=True):
        _rename(case, i, f"{stem}-{case.number}.jpg")
        plan.trap("non_ascii_name", ARCHIVE, [_inside(case.requests[i].path)], [case.number], "letters outside ASCII in a file name")
    for case, i in ordinary.take(1, "JPG"):
        plan.trap("upper_case_suffix", ARCHIVE, [_inside(case.requests[i].path)], [case.number], ".JPG")


def _truncated(plan: Plan, cases: list[Case]) -> None:
    case = next(case for case in cases if case.special == "truncated")
    case.requests[0] = replace(case.requests[0], kept=0.55)
    plan.trap("truncated", ARCHIVE, [_inside(case.requests[0].path)], [case.number], "the file ends after 55 % of its bytes")


def _masks(plan: Plan, cases: list[Case]) -> None:
    """Lung masks are published for COVID-19 films only: whoever uses them gives the label away."""
    films = [(case, i) for case in cases for i, r in enumerate(case.requests) if r.finding.startswith("COVID-19") and r.kept == 1]
    chosen = films[::2]
    for case, i in chosen:
        stem = case.requests[i].path.rpartition("/")[2].rpartition(".")[0]
        mask = f"{ARCHIVE}/annotations/lungVAE-masks/{stem}_mask.png"
        case.requests[i] = replace(case.requests[i], lung_mask=mask)
    files = [_inside(case.requests[i].lung_mask) for case, i in chosen]
    plan.trap("masks_of_one_class", ARCHIVE, files, (), "lung masks exist for COVID-19 films only")


def _lateral_and_ct(plan: Plan, cases: list[Case], settings: Settings) -> None:
    """Rows of the same patients that are no frontal films: lateral views, CT slices, and volumes that are not there."""
    covid = [case for case in cases if case.klass == "covid" and not case.special]
    others = [case for case in cases if case.klass == "other" and not case.special]
    axial, coronal = _spread(covid, settings.scaled(14)), _spread(covid[1:], settings.scaled(3))
    lateral = _spread(covid[2:], settings.scaled(6)) + _spread(others, settings.scaled(6))
    for projection, chosen, view in (("lateral", lateral, "L"), ("axial", axial, "Axial"), ("coronal", coronal, "Coronal")):
        for case in chosen:
            first = case.requests[0]
            stem = first.path.rpartition("/")[2].rpartition(".")[0]
            path = f"{ARCHIVE}/images/{stem}-{projection}.{'jpg' if projection == 'lateral' else 'png'}"
            request = replace(first, path=path, projection=projection, view=view, edits=(), copies=(), lung_mask="", png=False)
            case.requests.append(request)
            modality = "X-ray" if projection == "lateral" else "CT"
            case.rows.append(extra_row(case, filename=path.rpartition("/")[2], view=view, modality=modality, finding=first.finding))
            name = "lateral_view" if projection == "lateral" else "ct_slice"
            plan.trap(name, ARCHIVE, [_inside(path)], [case.number], f"view {view}, modality {modality}")
    for case in _spread(covid[3:], settings.scaled(4)):
        name = f"simulated-case-{case.number}-dcm.nii.gz"
        case.rows.append(extra_row(case, filename=name, folder="volumes", view="Axial", modality="CT", finding=case.requests[0].finding))
        plan.trap("volume", ARCHIVE, [f"volumes/{name}"], [case.number], "a CT volume that is a row but no file")


def _filed_twice(plan: Plan, cases: list[Case]) -> list[dict]:
    """The same films under two patient ids: the same bytes, other bytes, or the same names."""
    number = int(cases[-1].number.rstrip("abc"))
    extra = []
    for case in (c for c in cases if c.special in ("identical", "re-encoded", "shared")):
        number += 3
        frontal = [r for r in case.requests if r.projection == "frontal"]
        files, names = [_inside(r.path) for r in frontal], {}
        for i, r in enumerate(frontal if case.special != "shared" else []):
            old = r.path.rpartition("/")[2]
            same = case.special == "identical"
            suffix = old.rpartition(".")[2] if same else "jpg"
            names[old] = f"case_{number}_RX-TORACE{i + 1}.{suffix}" if same else f"{16000 + number}_{i + 2}_1.{suffix}"
            copy = Copy(f"{ARCHIVE}/images/{names[old]}", None if same else 88)
            case.requests[case.requests.index(r)] = replace(r, copies=(copy,), png=False)
            files.append(_inside(copy.path))
        rows = refiled(case, str(number), names)
        if case.special == "identical":
            rows[0]["view"] = "AP Supine" if rows[0]["view"] == "PA" else "PA"
        if case.special == "re-encoded":
            for row in rows:
                row["finding"] = "COVID-19"
        extra += rows
        trap, detail = {
            "identical": ("same_film_identical", "one film, the same bytes, two patient ids, and two views are claimed"),
            "re-encoded": ("same_film_reencoded", "the same films saved again: other bytes and pixels, two ids, ARDS dropped"),
            "shared": ("same_file_two_ids", "two patient ids point to the same files"),
        }[case.special]
        plan.trap(trap, ARCHIVE, files, [case.number, str(number)], detail)
    return extra


def _absent(plan: Plan, cases: list[Case], settings: Settings) -> None:
    """Rows whose image is not there."""
    for case in _spread([c for c in cases if c.klass == "covid" and not c.special][4:], settings.scaled(6, least=2)):
        name = f"removed-{case.number}-{len(case.rows) + 1}.jpg"
        row = extra_row(case, filename=name, folder="images", view="PA", modality="X-ray", finding="COVID-19")
        case.rows.append(row)
        plan.trap("missing_file", ARCHIVE, [f"images/{name}"], [case.number], "a row without its file")


def _cells(plan: Plan, cases: list[Case], rng: np.random.Generator) -> None:
    """Cells that do not hold what their column promises."""
    todo = [case for case in cases if case.special == "todo"]
    for case in todo[: max(len(todo) // 2, 1)]:
        case.rows[0] |= {"view": "?"} | dict.fromkeys(NUMBERS + FLAGS, "?")
        files = [_inside(case.requests[0].path)]
        plan.trap("view_unknown", ARCHIVE, files, [case.number], 'view "?"')
        plan.trap("question_mark_in_number", ARCHIVE, files, [case.number], f'"?" in {", ".join(NUMBERS)}')
    for case in todo[len(todo) // 2 + 1 :] or todo[-1:]:
        case.rows[0]["view"] = ""
        plan.trap("view_missing", ARCHIVE, [_inside(case.requests[0].path)], [case.number], "blank view")
    everyday = [case for case in cases if not case.special]
    texts = {"temperature": "38-39", "pO2_saturation": "low 90s", "offset": "?", "lymphocyte_count": "<0.8", "intubated": "Not visible"}
    texts["went_icu"] = "Would have been stated"
    for case, (column, text) in zip(_spread(everyday, len(texts)), texts.items(), strict=True):
        case.rows[0][column] = text
        plan.trap("text_in_number", ARCHIVE, [_inside(case.requests[0].path)], [case.number], f"{column} is {text!r}")
    for case in _spread(everyday[5:], 3):
        case.rows[0][""] = "Credit to the simulated contributors, with thanks; none of them exists."
        plan.trap("spill_over", ARCHIVE, [_inside(case.requests[0].path)], [case.number], "text in a last column without a name")
    blank = [case for case in everyday if case.rows[0]["license"] == ""]
    for row in blank[len(blank) // 2].rows:
        row["license"] = " "
    plan.trap("licence_is_a_space", ARCHIVE, (), [blank[len(blank) // 2].number], "a licence of one space")
    blank = [case.number for case in cases if case.rows[0]["license"] == ""]
    plan.trap("licence_blank", ARCHIVE, (), blank, "nothing allows these films to be passed on")


def _labels(plan: Plan, cases: list[Case]) -> None:
    """Traps that lie in labels and patient ids."""
    for case in cases:
        frontal = [r for r in case.requests if r.projection == "frontal"]
        files, findings = [_inside(r.path) for r in frontal], {r.finding for r in frontal}
        if len(frontal) > 1:
            plan.trap("several_films_of_a_patient", ARCHIVE, files, [case.number], f"{len(frontal)} frontal films")
        if "No Finding" in findings and len(findings) > 1:
            plan.trap("patient_in_both_classes", ARCHIVE, files, [case.number], " and ".join(sorted(findings)))
        if "todo" in findings:
            plan.trap("todo", ARCHIVE, files, [case.number], "finding todo: no label")
        if "COVID-19, ARDS" in findings:
            plan.trap("covid_with_ards", ARCHIVE, files, [case.number], 'finding == "COVID-19" misses it')
    letters = [case for case in cases if case.special.startswith("suffix")]
    for stem in dict.fromkeys(case.number[:-1] for case in letters):
        group = [case for case in letters if case.number[:-1] == stem]
        files = [_inside(case.requests[0].path) for case in group]
        plan.trap("suffix_is_another_person", ARCHIVE, files, [case.number for case in group], "one article, different people")
    plan.trap("ids_mix_numbers_and_letters", ARCHIVE, (), [case.number for case in letters], "patientid is not a number")


def _without_row(plan: Plan, cases: list[Case], settings: Settings) -> None:
    """Files that no row mentions; one of them is no film at all."""
    rng = stream(settings.seed, ARCHIVE, "without a row")
    pattern = next(case.requests[0] for case in cases if case.klass == "covid" and not case.special)
    for i in range(3):
        name = f"{rng.bytes(4).hex().upper()}-{rng.bytes(2).hex().upper()}.jpeg"
        person = Person(f"{ARCHIVE}/unlisted {i + 1}", int(rng.integers(30, 80)), str(rng.choice(["M", "F"])), pattern.person.child)
        request = Request(f"{ARCHIVE}/images/{name}", person, "", "covid", pattern.site, strength=settings.strength)
        plan.requests.append(replace(request, quality=pattern.quality))
        plan.trap("file_without_row", ARCHIVE, [f"images/{name}"], (), "a film that no row mentions")
    warning = replace(request, path=f"{ARCHIVE}/images/FAFA-{rng.bytes(2).hex().upper()}-warning.jpg", projection="warning", kind="normal")
    plan.requests.append(warning)
    plan.trap("file_without_row", ARCHIVE, [_inside(warning.path)], (), "a warning sign, not a film")
    plan.trap("warning_picture", ARCHIVE, [_inside(warning.path)], (), "a warning sign, not a film")
