"""From archives to a manifest: one row per usable film, and a reason for every row that is not.

    python -m course_utils.curation ARCHIVES OUT --per-class 128

writes the tutorials' data set (one folder per class) with its manifest, its rejected rows and its datasheet.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from course_utils import archives, fingerprints, groups

COLUMNS = "image_id path label patient_id group source view sex age licence sha256 split".split()
FRONTAL = {"PA": "PA", "AP": "AP", "AP SUPINE": "AP Supine", "AP ERECT": "AP erect"}
LATERAL = {"L", "LL", "LAT", "LATERAL"}


def curate(folder: Path | None = None, *, progress: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read all archives in a folder (default: `archives.root()`) and sort their rows into usable and rejected.

    Returns the manifest, columns `COLUMNS`, one row per usable frontal film (path: absolute; group: the smallest
    patient_id that belongs together, see `groups`; split: None until `splits` sets it), and the rejected rows with the
    columns archive, row, filename, reason, detail. Accepted and rejected rows add up to the rows read. Reasons: not an
    X-ray, CT, lateral view, view unknown, label unusable, patient unknown, unsafe path, missing file, unreadable,
    duplicate, patient in both classes. Raises what `archives.rows` raises.
    """
    folder = archives.root() if folder is None else Path(folder)
    table = archives.rows(folder)
    judged = [_judge(row) for row in table.itertuples()]
    table[["reason", "detail"]] = pd.DataFrame(judged, index=table.index, columns=["reason", "detail"], dtype=object)
    table["file"] = [_inside(folder, row.archive, row.path) for row in table.itertuples()]
    _reject(table, table["file"].isna(), "unsafe path", table["path"].map(lambda p: f"{p!r} leaves its archive"))
    exists = table["file"].map(lambda f: f is not None and os.path.isfile(f))  # Path.is_file raises for long names
    _reject(table, ~exists, "missing file", table["path"])
    found = _fingerprint(table, progress)
    _reject(table, found["error"].notna(), "unreadable", found["error"])
    _reject_duplicates(table, found)
    _reject_both_classes(table, found)
    usable = table["reason"].isna()
    manifest = pd.DataFrame(
        {
            "image_id": table["path"],
            "path": table["file"].map(str),
            "label": table["label"],
            "patient_id": table["patient_id"],
            "group": found["group"],
            "source": table["archive"] + table["origin"].map(lambda o: f"/{o}" if o else ""),
            "view": table["view"].map(lambda v: FRONTAL.get(str(v).upper(), "unknown")),
            "sex": table["sex"],
            "age": table["age"],
            "licence": table["licence"],
            "sha256": found["sha256"],
            "split": None,
        }
    )[usable].reset_index(drop=True)[COLUMNS]
    rejected = table.loc[~usable, ["archive", "row", "filename", "reason", "detail"]].reset_index(drop=True)
    return manifest, rejected


def tutorial_classes(manifest: pd.DataFrame) -> pd.DataFrame:
    """Keep what the 2020 tutorials took: COVID-19 from the first archive, normal films from the second."""
    archive = manifest["source"].str.split("/").str[0]
    covid = (manifest["label"] == "covid") & (archive == archives.COHEN)
    normal = (manifest["label"] == "normal") & (archive == archives.KERMANY)
    return manifest[covid | normal].reset_index(drop=True)


def balanced(manifest: pd.DataFrame, per_class: int = 128, seed: int = 0) -> pd.DataFrame:
    """Draw the same number of films of every label, seeded and independent of the order of rows; sorted by image_id.

    Raises `ValueError` when there is only one label or a label has too few films.
    """
    counts = manifest["label"].value_counts()
    if len(counts) < 2:
        raise ValueError(
            f"two labels are needed, found {sorted(counts.index) or 'no film at all'}: a class is empty. "
            "See the rejected rows."
        )
    if per_class < 1 or counts.min() < per_class:
        raise ValueError(
            f"{per_class} films per class: the classes have {counts.to_dict()}. Ask for 1 to {counts.min()}."
        )
    rng = np.random.default_rng(seed)
    ordered = manifest.sort_values("image_id")
    chosen = [rows.iloc[rng.permutation(len(rows))[:per_class]] for _, rows in ordered.groupby("label")]
    return pd.concat(chosen).sort_values("image_id", ignore_index=True)


def _judge(row) -> tuple[str | None, str | None]:
    """Return reason and detail for what the table alone says against a row, or (None, None)."""
    view = str(row.view or "").upper()
    if (row.modality or "X-ray").lower() != "x-ray":
        return ("CT" if "CT" in row.modality else "not an X-ray"), f"modality {row.modality}, view {row.view}"
    if view in LATERAL:
        return "lateral view", f"view {row.view}"
    if view not in FRONTAL and not (view == "" and row.archive == archives.FIGURE1):  # which has frontal films only
        return "view unknown", f"view {row.view or 'blank'}"
    if row.label is None:
        return "label unusable", f"finding {row.finding or 'blank'}"
    if row.patient_id is None:
        return "patient unknown", "no patient id: cannot be kept on one side of a split"
    return (None, None) if row.path else ("missing file", "file name blank")


def _inside(folder: Path, archive: str, path: str | None) -> Path | None:
    """Return the file with links resolved, or None when it lies outside its archive."""
    try:
        home, file = (os.path.realpath(folder / p) for p in (archive, path or archive))
    except ValueError:  # NUL in a name
        return None
    return Path(file) if Path(file).is_relative_to(home) else None


def _reject(table: pd.DataFrame, where: pd.Series, reason: str, detail: pd.Series) -> None:
    """Give a reason to rows that have none yet."""
    where = where.astype(bool) & table["reason"].isna()
    table.loc[where, "reason"] = reason
    table.loc[where, "detail"] = detail[where]


def _fingerprint(table: pd.DataFrame, progress: bool) -> pd.DataFrame:
    """Return sha256, pixel_hash, error and group of the rows that are still usable; None elsewhere."""
    usable = table.index[table["reason"].isna()]
    found, thumbnails = fingerprints.take(list(table.loc[usable, "file"]), progress)
    found.index = usable
    readable = found["error"].isna().to_numpy()
    seen = found[readable]
    patients = table.loc[seen.index, "patient_id"]
    if len(seen):
        pairs = groups.near_duplicates(thumbnails[readable])
        number = groups.components(patients, seen["pixel_hash"], pairs=pairs)
        found.loc[seen.index, "group"] = patients.groupby(number).transform("min")
    return found.reindex(table.index).reindex(columns=["sha256", "pixel_hash", "error", "group"]).astype(object)


def _reject_duplicates(table: pd.DataFrame, found: pd.DataFrame) -> None:
    films = table[table["reason"].isna()].join(found["pixel_hash"])  # assign() would add rows to an empty table
    if films.empty:
        return
    same = films.groupby("pixel_hash")
    labels = same["label"].transform(lambda column: " and ".join(sorted(set(column))))
    _reject(table, (same["label"].transform("nunique") > 1).reindex(table.index, fill_value=False), "label unusable",
            ("the same film is labelled " + labels).reindex(table.index))  # fmt: skip
    first = same["path"].transform("first") + " of " + same["patient_id"].transform("first")
    _reject(table, films["pixel_hash"].duplicated().reindex(table.index, fill_value=False), "duplicate",
            ("same pixels as " + first).reindex(table.index))  # fmt: skip


def _reject_both_classes(table: pd.DataFrame, found: pd.DataFrame) -> None:
    """Reject the other films of patients with COVID-19 in any row, under any id: not clean negatives, nor positives."""
    covid = table["patient_id"].isin(set(table.loc[table["label"] == "covid", "patient_id"].dropna()))
    covid |= found["group"].isin(set(found.loc[covid, "group"].dropna()))
    detail = "labelled " + table["label"].astype(str) + ", but the patient has COVID-19 in another row"
    _reject(table, covid & (table["label"] != "covid"), "patient in both classes", detail)


def left_out(manifest: pd.DataFrame, subset: pd.DataFrame) -> pd.DataFrame:
    """Return the usable films that a subset leaves out, as rejected rows with the reason "not drawn"."""
    films = manifest[~manifest["image_id"].isin(subset["image_id"])]
    name = films["image_id"].str.split("/")
    return pd.DataFrame(
        {
            "archive": name.str[0],
            "row": None,
            "filename": name.str[-1],
            "reason": "not drawn",
            "detail": "usable, labelled " + films["label"],
        }
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.curation", description="Curate archives into one folder per class."
    )
    parser.add_argument("archives", type=Path, help=f"folder that holds {archives.COHEN} and {archives.KERMANY}")
    parser.add_argument("out", type=Path, help="folder to make; it must not exist yet")
    parser.add_argument(
        "--per-class", type=int, default=128, help="films per class (default: 128, as the tutorial had)"
    )
    parser.add_argument("--seed", type=int, default=0, help="which films are drawn (default: 0)")
    chosen = parser.parse_args(arguments)
    from course_utils import export

    try:
        manifest, rejected = curate(chosen.archives)
        subset = balanced(tutorial_classes(manifest), chosen.per_class, chosen.seed)
        unlisted = archives.unlisted(chosen.archives, archives.rows(chosen.archives))
        export.write(chosen.out, subset, pd.concat([rejected, left_out(manifest, subset)]), unlisted=unlisted)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(
        f"{len(subset)} films of {subset['label'].nunique()} classes written to {chosen.out}; "
        f"{len(rejected)} rows rejected and {len(manifest) - len(subset)} usable films not drawn, see rejected.csv"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
