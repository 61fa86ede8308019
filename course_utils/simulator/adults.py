"""covid-chestxray-dataset as it stood in June 2020: one table of 29 columns, adults from many hospitals, and its cases.

`film_traps` and `table_traps` add what a curator has to find; here are the cases, their films and their rows.
"""

from dataclasses import dataclass, field

import numpy as np

from .confounding import FILMS_PER_PERSON, Habits, deal, films_per_person
from .origins import ORIGINS
from .request import Person, Request, stream
from .settings import Settings

ARCHIVE = "covid-chestxray-dataset"
# The last column has no name: text that spilled over from `other_notes`.
COLUMNS = (
    "patientid offset sex age finding survival intubated intubation_present went_icu in_icu needed_supplemental_O2 "
    "extubated temperature pO2_saturation leukocyte_count neutrophil_count lymphocyte_count view modality date "
    "location folder filename doi url license clinical_notes other_notes"
).split() + [""]

# What the archive calls its other findings, how often, and the kind of opacity that is drawn for each.
OTHER = {
    "Pneumocystis": (17, "viral"),
    "Streptococcus": (17, "bacterial"),
    "SARS": (16, "viral"),
    "Pneumonia": (14, "bacterial"),
    "Klebsiella": (8, "bacterial"),
    "Mycoplasma Bacterial Pneumonia": (8, "bacterial"),
    "Legionella": (6, "bacterial"),
    "Lipoid": (5, "bacterial"),
    "Varicella": (5, "viral"),
    "ARDS": (4, "viral"),
    "E.Coli": (4, "bacterial"),
    "Bacterial": (4, "bacterial"),
    "Chlamydophila": (2, "bacterial"),
    "Influenza": (2, "viral"),
}
# Words on a film that tell how it was taken.
WORDS = {
    "PA": ("ERECT", "STANDING", "PA"),
    "AP": ("PORTABLE", "AP ERECT", "SEDUTO"),
    "AP Supine": ("PORTABLE", "AP SUPINE", "SUPINO"),
}
KINDS = {"No Finding": "normal", "todo": "covid", "COVID-19": "covid", "COVID-19, ARDS": "covid"}
KINDS |= {finding: kind for finding, (_, kind) in OTHER.items()}
COMPLAINTS = ("fever and dry cough", "dyspnoea on exertion", "fatigue and loss of smell", "sore throat, then fever")
DATES = {
    "covid": ("2020", "March 10, 2020", "Mar 4, 2020"),
    "no finding": ("2020", "2019"),
    "other": ("2011", "2014", "2018"),
}


@dataclass
class Case:
    """One patient as the archive files it: `findings`, one a frontal film; `special`, what a trap needs it for."""

    findings: list[str]
    klass: str
    special: str = ""
    number: str = ""
    origin: str = ""
    person: Person | None = None
    requests: list[Request] = field(default_factory=list)
    rows: list[dict] = field(default_factory=list)

    def add_row(self, **changed: str) -> None:
        """Add a row like the first, with some cells changed."""
        self.rows.append(self.rows[0] | changed)


def cases(settings: Settings, habits: Habits) -> list[Case]:
    """All cases with their frontal films and rows, in the order of their patient ids."""
    rng = stream(settings.seed, ARCHIVE, "cases")
    found = _specials() + _everyday(settings, rng)
    found = [found[i] for i in rng.permutation(len(found))]
    _number(found, rng)
    for klass in ("covid", "no finding", "other"):
        _people([case for case in found if case.klass == klass], klass, settings, habits)
    for case in found:
        _films(case, settings)
    return found


def _specials() -> list[Case]:
    """Cases that are there whatever the number of films, because traps are built on them."""
    covid, none = "COVID-19", "No Finding"
    return [
        Case([covid], "covid", "identical"),
        Case([covid + ", ARDS"] * 3 + [covid], "covid", "re-encoded"),
        Case([covid] * 2, "covid", "shared"),
        Case([covid] * 3, "covid", "shared"),
        Case([none, covid], "covid", "both classes"),
        Case([none, covid, covid], "covid", "both classes"),
        Case([none, covid], "covid", "both classes"),
        Case([covid, none], "covid", "both classes"),
        *[Case([covid], "covid", special) for special in ("suffix 1a", "suffix 1b", "suffix 2a", "suffix 2b")],
        Case(["Pneumonia"], "other", "suffix 3a"),
        Case(["Klebsiella"], "other", "suffix 3b"),
        Case(["Streptococcus"], "other", "suffix 3c"),
        Case([covid], "covid", "truncated"),
    ]


def _everyday(settings: Settings, rng: np.random.Generator) -> list[Case]:
    covid = [["COVID-19"] * films for films in films_per_person(settings.scaled(130), FILMS_PER_PERSON["covid"])]
    for number in range(settings.scaled(2)):
        covid[-1 - 2 * number] = ["COVID-19, ARDS"] * len(covid[-1 - 2 * number])
    others = films_per_person(settings.scaled(38), FILMS_PER_PERSON["other"])
    names = deal({finding: weight for finding, (weight, _) in OTHER.items()}, len(others), rng)
    todo = [Case(["todo"], "covid", "todo") for _ in range(settings.scaled(8, least=2))]
    return (
        [Case(findings, "covid") for findings in covid]
        + [Case(["No Finding"], "no finding") for _ in range(settings.scaled(11, least=2))]
        + [Case([name] * films, "other") for name, films in zip(names, others, strict=True)]
        + todo
    )


def _number(found: list[Case], rng: np.random.Generator) -> None:
    """Give patient ids: rising with gaps; letters after the number tell different people of one article apart."""
    shared, number = {}, 1
    for case in found:
        group = case.special[:-1] if case.special.startswith("suffix") else ""
        if not group or group not in shared:
            number += int(rng.integers(1, 4))
            if group:
                shared[group] = number
        case.number = f"{shared[group]}{case.special[-1]}" if group else str(number)
    found.sort(key=lambda case: (int(case.number.rstrip("abc")), case.number))


def _people(found: list[Case], klass: str, settings: Settings, habits: Habits) -> None:
    rng = stream(settings.seed, ARCHIVE, "people", klass)
    sizes = [len(case.findings) for case in found]
    origins = deal(habits.origins[klass], len(found), rng, sizes)
    sexes = deal(habits.men[klass], len(found), rng, sizes)
    for case, origin, sex in zip(found, origins, sexes, strict=True):
        case.origin = origin
        child = ORIGINS[origin].child
        age = habits.age(klass, child, rng)
        case.person = Person(f"{ARCHIVE}/{case.number}", age, sex, child)
    films = [(case, i) for case in found for i in range(len(case.findings))]
    views = iter(deal(habits.views[klass], len(films), rng))
    overlays = iter(deal(habits.overlays[klass], len(films), rng))
    for case, i in films:
        case.requests.append(_request(case, i, next(views), next(overlays), settings))


def _request(case: Case, i: int, view: str, overlay: str, settings: Settings) -> Request:
    origin = ORIGINS[case.origin]
    rng = stream(settings.seed, ARCHIVE, "film", case.number, str(i))
    name = origin.name(rng, int(case.number.rstrip("abc")), i + 1)
    if case.number[-1].isalpha():
        stem, _, suffix = name.rpartition(".")
        name = f"{stem}-{case.number[-1]}.{suffix}"
    modes = ("RGB", "RGBA") if name.lower().endswith("png") else ("RGB", "")
    mode = modes[int(rng.random() < 0.45)]
    return Request(
        path=f"{ARCHIVE}/images/{name}",
        person=case.person,
        finding=case.findings[i],
        kind=KINDS[case.findings[i]],
        site=origin.site,
        view="AP" if origin.child else view,
        strength=settings.strength * float(rng.uniform(0.85, 1.15)),
        quality=origin.quality,
        edits=overlay_edits(overlay, view, rng) + ((("mode", mode),) if mode else ()),
    )


def overlay_edits(overlay: str, view: str, rng: np.random.Generator) -> tuple[tuple[str, ...], ...]:
    """The edit that an overlay stands for, with the colour or text that this film gets; none for ""."""
    choices = {
        "arrow": ("red", "yellow", "green", "black", "white"),
        "letter": ("A", "B", "C", "D"),
        "words": WORDS[view],
        "box": ("red",),
        "tint": ("purple", "blue", "warm"),
    }
    if not overlay:
        return ()
    return ((overlay, str(rng.choice(choices[overlay]))),) if overlay in choices else ((overlay,),)


def _films(case: Case, settings: Settings) -> None:
    """Write a row for each film, as the archive's contributors would: much is blank."""
    rng = stream(settings.seed, ARCHIVE, "rows", case.number)
    history = _history(case, rng)
    offset = int(rng.integers(0, 12))
    for request in case.requests:
        row = history | {"offset": "" if history["offset"] == "" else str(offset), "finding": request.finding}
        row |= {"view": request.view, "filename": request.path.rpartition("/")[2]}
        row["clinical_notes"] = notes(case, offset, rng)
        row["temperature"] = f"{rng.normal(38.3, 0.8):.1f}" if rng.random() < 0.10 else ""
        row["pO2_saturation"] = str(rng.integers(78, 99)) if rng.random() < 0.16 else ""
        case.rows.append(row)
        offset += int(rng.integers(1, 7))


def _history(case: Case, rng: np.random.Generator) -> dict:
    """The columns that are the same in all rows of a case; about as many cells are blank as in the real table."""
    origin, number = ORIGINS[case.origin], int(case.number.rstrip("abc"))
    row = dict.fromkeys(COLUMNS, "")
    row |= {"patientid": case.number, "modality": "X-ray", "folder": "images"}
    row |= {"url": f"https://{origin.url.format(case=number)}", "license": str(rng.choice(origin.licences))}
    row["location"] = f"{origin.location} (simulated)"
    row["offset"] = "" if rng.random() < 0.24 else "0"
    row["sex"] = "" if rng.random() < 0.09 else case.person.sex
    row["age"] = "" if rng.random() < 0.20 else str(case.person.age)
    row["date"] = "" if rng.random() < 0.24 else str(rng.choice(DATES[case.klass]))
    row["doi"] = f"10.5555/simulated.{number:04d}" if rng.random() < 0.40 else ""
    row["survival"] = str(rng.choice(["Y", "Y", "Y", "N"])) if rng.random() < 0.37 else ""
    if rng.random() < 0.36:
        answers = rng.choice(["Y", "N"], 3)
        row |= {"intubated": str(answers[0]), "intubation_present": str(answers[1]), "in_icu": str(answers[2])}
    row["went_icu"] = str(rng.choice(["Y", "N"])) if rng.random() < 0.44 else ""
    if rng.random() < 0.05:
        row |= {name: f"{rng.uniform(0.4, 9):.1f}" for name in COLUMNS if name.endswith("_count")}
    row["other_notes"] = f"Simulated case {number}: nobody was X-rayed." if rng.random() < 0.5 else ""
    return row


def notes(case: Case, offset: int, rng: np.random.Generator) -> str:
    """A short clinical note; it never names the finding, which would make the table a shortcut of its own."""
    who = "child" if case.person.child else {"M": "man", "F": "woman"}[case.person.sex]
    return (
        f"Simulated. {case.person.age}-year-old {who}, day {offset}: {rng.choice(COMPLAINTS)}. Film taken in hospital."
    )
