"""Traps of covid-chestxray-dataset that lie in its image files: stored, named or drawn upon oddly, or no frontal film.

Each was found in the real archive of June 2020. A curator who finds all of them here has a chance there.
"""

from dataclasses import replace

import numpy as np

from .adults import ARCHIVE, WORDS, Case
from .request import Person, Plan, Request, stream
from .settings import Settings

# One of each overlay is laid even in a small archive.
OVERLAYS = (
    ("arrow", "red"),
    ("letter", "B"),
    ("words",),
    ("box", "red"),
    ("tint", "purple"),
    ("letterbox",),
)
DETAILS = {
    "arrow": "an arrow somebody drew, most often at the lesion",
    "letter": "the panel letter of a figure",
    "words": "words that tell how the film was taken",
    "box": "a box around the lesion",
    "tint": "a coloured photograph of a film: one channel is not its grey level",
    "letterbox": "black bars around the film",
}


def lay(plan: Plan, cases: list[Case], settings: Settings) -> None:
    """Change requests of the cases, add further ones with their rows, and note every trap in the plan."""
    ordinary = _Ordinary(cases)
    _stored_oddly(plan, ordinary, settings)
    _drawn_upon(plan, cases, ordinary)
    _named_oddly(plan, ordinary)
    _four_channels(plan, cases)
    _truncated(plan, cases)
    _masks(plan, cases)
    _no_frontal_films(plan, cases, settings)
    _without_row(plan, cases, settings)


def spread(found: list, count: int) -> list:
    """`count` of the entries (or all, if there are fewer), evenly spread over the list."""
    places = np.unique(np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int)) if found else []
    return [found[i] for i in places]


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
        chosen = spread(self.films, count)
        self.films = [film for film in self.films if film not in chosen]
        for case, i in chosen:
            if suffix:
                case.requests[i] = replace(case.requests[i], edits=())  # a JPEG holds no RGBA
                _rename(case, i, f"{case.requests[i].name.rpartition('.')[0]}.{suffix}")
        return chosen


def _rename(case: Case, i: int, name: str) -> None:
    old = case.requests[i].name
    case.requests[i] = replace(case.requests[i], path=f"{ARCHIVE}/images/{name}")
    for row in case.rows:
        if row["filename"] == old:
            row["filename"] = name


def _stored_oddly(plan: Plan, ordinary: _Ordinary, settings: Settings) -> None:
    for k, (case, i) in enumerate(ordinary.take(settings.scaled(3, least=2), "jpg")):
        mode = ("RGBA", "RGB")[k % 2]
        case.requests[i] = replace(case.requests[i], png=True, edits=(("mode", mode),))
        plan.note("png_named_jpg", case, [case.requests[i]], f"PNG bytes, mode {mode}")
    for case, i in ordinary.take(settings.scaled(2), "png"):
        case.requests[i] = replace(case.requests[i], edits=(("mode", "P"),))
        plan.note("palette", case, [case.requests[i]], "mode P: pixel values are not grey levels")


def _drawn_upon(plan: Plan, cases: list[Case], ordinary: _Ordinary) -> None:
    present = {name for case in cases for request in case.requests for name, *_ in request.edits}
    missing = [edit for edit in OVERLAYS if edit[0] not in present]
    for edit, (case, i) in zip(missing, ordinary.take(len(missing)), strict=True):
        request = case.requests[i]
        edit = (*edit, WORDS[request.view][0]) if edit == ("words",) else edit
        case.requests[i] = replace(request, edits=(edit, *request.edits))
    for case in cases:
        for request in case.requests:
            for name, *words in request.edits:
                if name in DETAILS:
                    trap = "tinted" if name == "tint" else f"overlay_{name}"
                    plan.note(trap, case, [request], ": ".join([DETAILS[name], *words]))


def _named_oddly(plan: Plan, ordinary: _Ordinary) -> None:
    stems = ("radiografía-de-tórax", "RX-torace-già-noto")
    for (case, i), stem in zip(ordinary.take(2, "jpg"), stems, strict=True):
        _rename(case, i, f"{stem}-{case.number}.jpg")
        plan.note("non_ascii_name", case, [case.requests[i]], "letters outside ASCII in a file name")
    for case, i in ordinary.take(1, "JPG"):
        plan.note("upper_case_suffix", case, [case.requests[i]], ".JPG")


def _four_channels(plan: Plan, cases: list[Case]) -> None:
    for case in cases:
        for request in case.requests:
            if ("mode", "RGBA") in request.edits:
                plan.note("rgba", case, [request], "four channels")


def _truncated(plan: Plan, cases: list[Case]) -> None:
    case = next(case for case in cases if case.special == "truncated")
    case.requests[0] = replace(case.requests[0], kept=0.55)
    plan.note("truncated", case, case.requests, "the file ends after 55 % of its bytes")


def _masks(plan: Plan, cases: list[Case]) -> None:
    """Lung masks are published for COVID-19 films only: whoever uses them gives the label away."""
    films = [(case, i) for case in cases for i, r in enumerate(case.requests) if r.finding.startswith("COVID-19")]
    masks = []
    for case, i in films[::2]:
        stem = case.requests[i].name.rpartition(".")[0]
        masks.append(f"annotations/lungVAE-masks/{stem}_mask.png")
        case.requests[i] = replace(case.requests[i], lung_mask=f"{ARCHIVE}/{masks[-1]}")
    plan.trap("masks_of_one_class", ARCHIVE, masks, (), "lung masks exist for COVID-19 films only")


def _no_frontal_films(plan: Plan, cases: list[Case], settings: Settings) -> None:
    """Lateral views, CT slices, and CT volumes that are not there, of the same patients."""
    covid = [case for case in cases if case.klass == "covid" and not case.special]
    others = [case for case in cases if case.klass == "other" and not case.special]
    chosen = {
        "lateral": spread(covid[2:], settings.scaled(6)) + spread(others, settings.scaled(6)),
        "axial": spread(covid, settings.scaled(14)),
        "coronal": spread(covid[1:], settings.scaled(3)),
    }
    for projection, some in chosen.items():
        view, modality = {"lateral": ("L", "X-ray"), "axial": ("Axial", "CT"), "coronal": ("Coronal", "CT")}[projection]
        for case in some:
            first = case.requests[0]
            name = f"{first.name.rpartition('.')[0]}-{projection}.{'jpg' if projection == 'lateral' else 'png'}"
            plain = {"edits": (), "lung_mask": "", "png": False}
            request = replace(first, path=f"{ARCHIVE}/images/{name}", projection=projection, view=view, **plain)
            case.requests.append(request)
            case.add_row(filename=name, view=view, modality=modality)
            trap = "lateral_view" if projection == "lateral" else "ct_slice"
            plan.note(trap, case, [request], f"view {view}, modality {modality}")
    for case in spread(covid[3:], settings.scaled(4)):
        name = f"simulated-case-{case.number}-dcm.nii.gz"
        case.add_row(filename=name, folder="volumes", view="Axial", modality="CT")
        plan.note("volume", case, [f"volumes/{name}"], "a CT volume that has a row but no file")


def _without_row(plan: Plan, cases: list[Case], settings: Settings) -> None:
    """Files that no row mentions; one of them is no film at all."""
    rng = stream(settings.seed, ARCHIVE, "without a row")
    first = next(case.requests[0] for case in cases if case.klass == "covid" and not case.special)
    for i in range(4):
        stem = f"{rng.bytes(4).hex()}-{rng.bytes(2).hex()}".upper()
        if i < 3:
            age, sex = int(rng.integers(30, 80)), str(rng.choice(["M", "F"]))
            person = Person(f"{ARCHIVE}/unlisted {i + 1}", 4 if first.person.child else age, sex, first.person.child)
            path, kind, projection = f"{ARCHIVE}/images/{stem}.jpeg", "covid", "frontal"
        else:
            path, kind, projection = f"{ARCHIVE}/images/{stem}-warning.jpg", "normal", "warning"
            plan.trap("warning_picture", ARCHIVE, [path.partition("/")[2]], (), "a warning sign, not a film")
        request = Request(path, person, "", kind, first.site, projection=projection, strength=settings.strength)
        plan.requests.append(replace(request, quality=first.quality))
        plan.trap("file_without_row", ARCHIVE, [path.partition("/")[2]], (), f"no row mentions it ({projection})")
