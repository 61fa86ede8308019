"""Where the films come from: the four public archives, in the layout in which their authors publish them.

    covid-chestxray-dataset/{metadata.csv, images/}            github.com/ieee8023/covid-chestxray-dataset
    chest_xray/{train, val, test}/{NORMAL, PNEUMONIA}/         Kermany et al., Mendeley Data rscbjbr9sj
    Figure1-COVID-chestxray-dataset/{metadata.csv, images/}    github.com/agchung/Figure1-COVID-chestxray-dataset
    Actualmed-COVID-chestxray-dataset/{metadata.csv, images/}  github.com/agchung/Actualmed-COVID-chestxray-dataset

Each may be absent or partial. `rows` reads whichever are there into one table with the same columns for all of them; it
judges nothing (that is what `curation` does).
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from course_utils import labels, tables

COHEN = "covid-chestxray-dataset"
KERMANY = "chest_xray"
FIGURE1 = "Figure1-COVID-chestxray-dataset"
ACTUALMED = "Actualmed-COVID-chestxray-dataset"
NAMES = (COHEN, KERMANY, FIGURE1, ACTUALMED)
COLUMNS = (
    "archive row filename path finding label modality view patient_id offset sex age licence origin".split()
)  # of the table that `rows` returns
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png"}


def source() -> str:
    """Return where films come from: "simulated", "published", or the name of the folder in `COURSE_DATA`."""
    chosen = os.environ.get("COURSE_DATA") or "simulated"
    return chosen if chosen in ("simulated", "published") else Path(chosen).expanduser().resolve().name


def root() -> Path:
    """Return the folder that holds the archives, as the environment variable `COURSE_DATA` chooses it.

    Unset or "simulated": archives made on this machine at first use. A path: a folder that holds at least one of
    `NAMES`. Raises `FileNotFoundError` when the folder is missing or holds none of them, `PermissionError` when it may
    not be read, `NotImplementedError` for "published".
    """
    chosen = os.environ.get("COURSE_DATA") or "simulated"
    if chosen == "simulated":
        from course_utils.simulator import archive

        return archive.default()
    if chosen == "published":
        raise NotImplementedError(
            "COURSE_DATA=published: the course cannot download the archives yet. Fetch them yourself from the "
            "addresses in course_utils/archives.py, put them into one folder, and set COURSE_DATA to that folder."
        )
    folder = Path(chosen).expanduser().resolve()
    if not os.path.isdir(folder):
        raise FileNotFoundError(
            f"COURSE_DATA={chosen}: there is no folder {folder}. Set it to a folder that holds {' or '.join(NAMES)}, "
            "or unset it to use simulated films."
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise PermissionError(f"COURSE_DATA={chosen}: you may not read {folder}. Ask its owner for the right to.")
    if not present(folder):
        raise FileNotFoundError(
            f"COURSE_DATA={chosen}: {folder} holds none of {', '.join(NAMES)}. Point it to their parent folder."
        )
    return folder


def present(folder: Path) -> list[str]:
    """Return the names of the archives that are in a folder, in the order of `NAMES`."""
    return [name for name in NAMES if (Path(folder) / name).is_dir()]


def rows(folder: Path | None = None) -> pd.DataFrame:
    """Read what the archives in a folder (default: `root()`) say about their films, one row per published row.

    Columns: archive; row (as a spreadsheet numbers it, or None where there is no table); filename (as published) and
    path (relative to the folder, None when it is left blank); finding (as published) and label (see
    `labels.from_finding`); modality, view, sex ("M", "F" or None), age [years] and offset (days since symptoms; both
    NaN when blank or not a number), licence, origin (web site that first published the film), patient_id (unique across
    archives).

    Raises `FileNotFoundError` when no archive is there, `ValueError` when a table cannot be read or lacks a column.
    """
    folder = root() if folder is None else Path(folder)
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        COHEN: _cohen, KERMANY: _kermany, FIGURE1: _figure1, ACTUALMED: _actualmed
    }  # fmt: skip
    names = present(folder)
    if not names:
        raise FileNotFoundError(f"{folder} holds none of {', '.join(NAMES)}")
    tables = [readers[name](folder / name).assign(archive=name) for name in names]
    table = pd.concat([t.reindex(columns=list(COLUMNS)).astype(object) for t in tables], ignore_index=True)
    table["patient_id"] = table.archive + "/" + table.patient_id
    table["path"] = table.archive + "/" + table.path
    return table.where(table.notna(), None).astype({"age": float, "offset": float})


def unlisted(folder: Path, table: pd.DataFrame) -> list[str]:
    """Return the image files (paths relative to the folder, sorted) that lie in an archive but in no row of `rows`."""
    found = {
        path.relative_to(folder).as_posix()
        for name in present(folder)
        for path in (folder / name / "images").glob("*")
        if path.suffix.lower() in IMAGE_SUFFIXES
    }
    return sorted(found - set(table["path"].dropna()))


def _number(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce")


def _sex(column: pd.Series) -> pd.Series:
    return column.where(column.isin(["M", "F"]), None)


def _in_images(filename: pd.Series, subfolder: str | pd.Series = "images") -> pd.Series:
    return (subfolder + "/" + filename).where(filename.notna(), None)


def _cohen(folder: Path) -> pd.DataFrame:
    optional = ("offset", "sex", "age", "modality", "folder", "url", "license")  # not in every version, or not needed
    required = {c: (c, None) for c in optional} | {c: (c,) for c in ("patientid", "finding", "view", "filename")}
    table = tables.read(folder / "metadata.csv", required)
    # Versions before May 2020 have no column `modality` and say "CT" in `view`; before `folder`, all was in images/.
    by_view = table["view"].map(lambda v: "CT" if v in ("CT", "Axial", "Coronal") else "X-ray")
    place = table["folder"].where(table["folder"].notna(), "images")
    return table.assign(
        modality=table.modality.where(table.modality.notna(), by_view),
        path=_in_images(table.filename, place),
        label=table.finding.map(labels.from_finding),
        patient_id=table.patientid,  # letters at its end tell different patients of one article apart
        age=_number(table.age), offset=_number(table.offset), sex=_sex(table.sex),
        licence=table.license,
        origin=table.url.map(_site_name),
    )  # fmt: skip


def _kermany(folder: Path) -> pd.DataFrame:
    files = [
        path
        for part in ("train", "val", "test")
        for kind in ("NORMAL", "PNEUMONIA")
        for path in sorted((folder / part / kind).glob("*"))
        if path.suffix.lower() in IMAGE_SUFFIXES
    ]
    if not files:
        raise ValueError(
            f"{folder}: no image in {{train,val,test}}/{{NORMAL,PNEUMONIA}}/. Unpack the archive there once more."
        )
    names = [p.name for p in files]
    return pd.DataFrame(
        {
            "filename": names,
            "path": [p.relative_to(folder).as_posix() for p in files],
            "finding": [_kermany_finding(p) for p in files],
            "label": [labels.from_finding(_kermany_finding(p)) for p in files],
            "modality": "X-ray",
            "view": "AP",  # "anterior-posterior" for all films, say the authors
            "patient_id": [_kermany_patient(n) for n in names],
            "licence": "CC BY 4.0",
        },
        dtype=object,
    )


def _kermany_finding(path: Path) -> str:
    if path.parent.name == "NORMAL":
        return "NORMAL"
    return next((kind for kind in ("bacteria", "virus") if f"_{kind}_" in path.name.lower()), "PNEUMONIA")


def _kermany_patient(filename: str) -> str:
    """Return the patient in a file's name. When in doubt two films are one patient's: wrongly merged costs a film or
    two, wrongly split leaks. So person7_bacteria and person7_virus are one, and so are IM-0115 and NORMAL2-IM-0115."""
    person = re.match(r"(person\d+)_", filename)
    image = re.match(r"(?:NORMAL2-)?(IM-\d+)", filename)
    found = person or image
    return found.group(1) if found else Path(filename).stem


def _figure1(folder: Path) -> pd.DataFrame:
    required = {c: (c,) for c in ("patientid", "finding", "view")}
    required |= {c: (c, None) for c in ("sex", "age", "modality", "offset")}
    table = tables.read(folder / "metadata.csv", required)
    files = {p.stem: p.name for p in sorted((folder / "images").glob("*")) if p.suffix.lower() in IMAGE_SUFFIXES}
    # The table does not say which suffix.
    filename = table.patientid.map(lambda p: files.get(p, f"{p}.jpg"), na_action="ignore")
    return table.assign(
        filename=filename,
        path=_in_images(filename),
        label=table.finding.map(labels.from_finding),
        patient_id=table.patientid.str.replace(r"[a-z]$", "", regex=True),  # letters tell films of one patient apart
        age=_number(table.age), offset=_number(table.offset), sex=_sex(table.sex),
    )  # fmt: skip


def _actualmed(folder: Path) -> pd.DataFrame:
    required = {c: (c,) for c in ("patientid", "finding", "view", "imagename")}
    required |= {c: (c, None) for c in ("sex", "age", "modality", "offset")}
    table = tables.read(folder / "metadata.csv", required)
    return table.assign(
        filename=table.imagename,
        path=_in_images(table.imagename),
        label=table.finding.map(labels.from_finding),
        patient_id=table.patientid,
        age=_number(table.age), offset=_number(table.offset), sex=_sex(table.sex),
    )  # fmt: skip


def _site_name(url: str | None) -> str | None:
    """Return the web site that first showed a film, such as "radiopaedia.org"; None when the address is blank."""
    host = urlsplit(url or "").hostname
    return host.removeprefix("www.") if host else None
