"""What no real archive has: masks, marker boxes and drawn parameters of each film, in a folder beside the archives.

It holds:
    truth/films.csv          one row a file of a film
    truth/traps.csv          one row a trap: what a curator must find
    truth/parameters.jsonl   one line a film: all that was drawn
    truth/markers.json       path -> boxes of letters, words, leads, arrows, in pixels
    truth/masks/             lungs and lesion of each frontal film, one bit a pixel
    truth/pairs/, pairs.csv  the same chest with one thing changed
    truth/settings.json      the knobs, and the versions that made this

Paths in it are relative to the folder that holds the archives.
"""

import csv
import json
from pathlib import Path

from .request import Plan

FILM_COLUMNS = (
    "path patient finding kind visible strength site view projection child age sex "
    "quality width height copy_of lungs lesion"
).split()
PAIR_COLUMNS = "pair patient kind changed site other_site base counterfactual lungs lesion markers".split()
README = """Simulated chest X-ray archives
==============================

Everything in this folder was computed. Nobody was X-rayed, no patient exists, and no published film was used.
The folders have the layout of four public archives, and the traps that were found in those:

    covid-chestxray-dataset, chest_xray, Figure1-COVID-chestxray-dataset, Actualmed-COVID-chestxray-dataset

The names of hosts, hospitals and findings are there because software has to cope with them; they say nothing about
those places. `truth/` tells what is on each film and which traps were laid: look there last.

For teaching only: never for diagnosis, and never as evidence about a disease. Free to use: CC0 1.0.
"""


def mask_paths(path: str) -> dict[str, str]:
    """Where the masks of a film lie, relative to the root, by the film's own path."""
    stem = path.rpartition(".")[0]
    return {name: f"truth/masks/{stem}_{name}.png" for name in ("lungs", "lesion")}


def write(root: Path, plan: Plan, records: list[dict], pairs: list[dict], settings: dict) -> None:
    """Write the tables of the truth folder; `records` and `pairs` come from `darkroom`, in the order of the plan."""
    folder = root / "truth"
    folder.mkdir(exist_ok=True)
    films = [film for record in records for film in record["films"]]
    write_table(folder / "films.csv", FILM_COLUMNS, films)
    traps = [trap | {name: " | ".join(trap[name]) for name in ("files", "patients")} for trap in plan.traps]
    write_table(folder / "traps.csv", ["trap", "archive", "files", "patients", "detail"], traps)
    write_table(folder / "pairs.csv", PAIR_COLUMNS, [pair | {"markers": json.dumps(pair["markers"])} for pair in pairs])
    lines = [json.dumps({"path": r["path"], **r["parameters"]}) for r in records if r["parameters"]]
    (folder / "parameters.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    markers = {film["path"]: r["markers"] for r in records for film in r["films"] if r["parameters"]}
    write_json(folder / "markers.json", markers)
    write_json(folder / "settings.json", settings)
    (root / "README.txt").write_text(README, encoding="utf-8", newline="\n")


def write_table(path: Path, columns: list[str], rows: list[dict], encoding: str = "utf-8") -> None:
    """Write rows as CSV with a header; line ends are the same on every system."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row[column] for column in columns] for row in rows)


def write_json(path: Path, value) -> None:
    """Write JSON with sorted keys."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
