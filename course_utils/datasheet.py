"""A datasheet for a data set, written from its tables (after Gebru et al., Datasheets for Datasets, CACM 2021)."""

from collections.abc import Sequence

import pandas as pd

LIMITS = (
    "Where every COVID-19 film comes from one archive and every normal film from another, a model can tell the "
    "archives apart instead of the disease (DeGrave et al., Nat Mach Intell 2021).",
    "The films of chest_xray are of children of one to five years from one hospital; those of covid-chestxray-dataset "
    "are mostly of adults, taken from publications and web sites all over the world.",
    "A COVID-19 label says that the patient had COVID-19, not that this film shows it.",
    "Patients are told apart by what the archives say and by alike films; a patient published twice with different "
    "films stays undetected.",
    "Films are JPEG and PNG copies of varying size and quality, some with arrows and letters drawn in; their grey "
    "values cannot be compared.",
)


def text(manifest: pd.DataFrame, rejected: pd.DataFrame, unlisted: Sequence[str] = ()) -> str:
    """Return the datasheet as Markdown: counts, sources, licences, what was rejected and why, and the known limits.

    manifest, rejected: as `curation.curate` returns them, or parts of it. unlisted: image files that no table names.
    """
    by_source = manifest.assign(archive=manifest["source"].str.split("/").str[0])
    counts = by_source.groupby(["label", "archive"]).agg(
        films=("image_id", "size"), patients=("patient_id", "nunique"), groups=("group", "nunique")
    )
    ages = by_source.groupby("label")["age"].agg(known="count", median="median", youngest="min", oldest="max").round(0)
    views = pd.crosstab(manifest["label"], manifest["view"])
    reasons = rejected.value_counts(["archive", "reason"], sort=False).rename("rows")
    licences = manifest["licence"].fillna("not stated").value_counts().rename_axis("licence").rename("films")
    parts = [
        "# Datasheet",
        "*For teaching only; never for diagnosis.*",
        f"{len(manifest)} frontal chest X-rays of {manifest['patient_id'].nunique()} patients, "
        f"in {manifest['label'].nunique()} classes. "
        "Patients that share a film form one group; a split must keep groups whole.",
        _section("Counts", counts.reset_index()),
        _section("Origins", by_source["source"].value_counts().rename_axis("source").rename("films").reset_index()),
        _section("Age in years, where known", ages.reset_index()),
        _section("Views", views.reset_index()),
        _section("Licences, as the archives state them", licences.reset_index()),
        "A film without a stated licence may be looked at and learned from, but not passed on.",
        _section(f"Rejected: {len(rejected)} rows", reasons.reset_index()),
        f"Besides, {len(unlisted)} image files in the archives are named by no row and were not read.",
        "## Known limits",
        "\n".join(f"- {limit}" for limit in LIMITS),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, table: pd.DataFrame) -> str:
    lines = [table.columns, ["---"] * len(table.columns), *table.itertuples(index=False)]
    rows = ("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)
    return f"## {title}\n\n" + "\n".join(rows)


def _cell(value) -> str:
    if pd.isna(value):
        return "unknown"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return " ".join(text.replace("|", "\\|").split())
