"""Write README's tables *Measured*: simulated films as the stored notebooks show them, real ones from a file of facts.

    COURSE_FACTS=real.jsonl COURSE_DATA=/path/to/archives python .ci/notebooks.py run
    python .ci/measured.py real.jsonl

The file's last word on a fact counts.
"""

import json
import re
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
START, END = "<!-- measured: written by .ci/measured.py -->\n", "<!-- end of measured -->"
FACT = re.compile(r"(?m)^✔ (?P<name>\w+): .*? = (?P<value>-?[\d.]+(?: \[[^\]]*\])?)(?:, n = (?P<n>\d+))? \(claimed: ")

# Of each system: its letter, what, what its authors reported, the notebook and its fact.
SYSTEMS = [
    ("A", "*Evaluate*, COVID-19 films right (05)", "5 of 5", "05", "five_covid"),
    ("A", "*Evaluate*, normal films right (05)", "4 of 5", "05", "five_normal"),
    ("B", "accuracy, held-out patients (03)", '"more than 98 %"', "03", "guide_test"),
]
# What each notebook measures: a fact, or several where only simulated films have them, and what it is.
ROWS = {
    "00": {
        "test_auc": "the recipe of 2020, COVID-19 or normal, held-out patients: AUC",
        "test_accuracy": "the same: accuracy",
        "false_alarms": "films without finding from the archives of adults that the same model calls COVID-19",
    },
    "01": {
        "lost_by_filter": "frontal COVID-19 films that the recipe's filter loses",
        "naive_leak": "test films whose patient is in training, random split",
        "coin_lift": "what that leak adds to the AUC for a coin tossed for each patient",
    },
    "02": {
        "tutorial_home": "gain in AUC by the guide's rotation, crop and flip (pneumonia or not, children)",
        "anatomical_abroad": "gain in AUC by small anatomical changes, films changed in the same way",
        "anatomical_coarse": "the same, films of a third of the resolution, a change that the recipe does not hold",
    },
    "03": {
        "linear_probe": "linear probe on frozen features: AUC (pneumonia or not, children)",
        "full": "full fine-tuning: AUC",
        "from_scratch": "the same network from random numbers: AUC",
        "probe_grey": "plain grey values of 32 x 32 pixels, no network: AUC",
    },
    "05": {
        "test_auc": "bacterial or viral pneumonia, children, test set opened once: AUC",
        "adult_auc": "COVID-19 or another finding, archives of adults together, grouped folds: AUC",
    },
    "06a": {
        "whole_auc": "B's design, every film tested by grouped folds: AUC",
        "control_blackened": "the same with the lungs under a black box: AUC",
        "control_corners": "the same from the four corners of the film: AUC",
        "control_header": "the same from the file header (size, bytes, mode), no pixel: AUC",
        "control_view": "the same from the view (PA, AP, lying): AUC",
        "control_shuffled": "the same with labels shuffled among patients, mean of eight shuffles: AUC",
        "source_bacterial": "source classifier: bacterial pneumonia of the one archive or the other: AUC",
        "source_rest": "other findings of the first archive against normals of the second, no COVID-19: AUC",
        "inner_specificity": "B's model on other findings of the first archive: specificity",
        "outer_specificity": "the same on films of other hospitals: specificity",
        "outer_sensitivity": "the same: sensitivity",
        "outer_auc": "the same: AUC",
        "sure_and_wrong": "its median score (1: COVID-19) for adults without COVID-19",
        "dial_honest dial_tied": "twins, held-out patients, AUC: hospital independent of the label, then tied to it",
        "dial_tied dial_reversed": "the tied model: as in training, then with the tie reversed",
    },
    "06b": {
        "cam_best": "Grad-CAM of this model, evidence in the lungs, three most flattering films: multiple of chance",
        "next_specificity": "A's three next steps (new films, more normals, bacterial for normal): best specificity",
        "outline_leak": "lungs cut out by outlines that only COVID-19 films have, one archive: AUC",
        "one_box": "the same films, one box for all: AUC",
        "arrow_prepared": "source classifier after cropping, equalising and saving anew: AUC",
        "site_label": "COVID-19 or another finding inside one archive, from the publishing web site alone: AUC",
        "repair_source": "the same from the films: AUC",
        "same_site": "the same, pairs of films from one site: AUC",
        "repair_specificity": "trained on one archive: specificity on films of other hospitals",
        "repair_last": "all repairs together: AUC inside",
        "repair_outside": "all repairs together: AUC on films of other hospitals",
        "honest_lesion cheat_lesion": "fall of the score without the lesion (1: class distance): honest model, cheat",
        "map_tells twin_tells": "what tells the honest model from the cheat, AUC: Grad-CAM in the lesion, twins",
    },
}


def recorded(path: Path) -> dict[tuple[str, str], str]:
    """Return the facts of a file of JSON lines (see `course_utils.facts`) as (notebook's number, name) -> text."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        fact = json.loads(line)
        text = f"{fact['value']:.3f}"
        if fact["low"] is not None:
            text += f" [{fact['low']:.3f}, {fact['high']:.3f}]"
        found[fact["notebook"].split("_")[0], fact["name"]] = text + _count(fact["n"])
    return found


def stored() -> dict[tuple[str, str], str]:
    """Return the facts that the stored notebooks show, in the same form."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                for fact in FACT.finditer(output.get("text", "")):
                    found[path.stem.split("_")[0], fact["name"]] = fact["value"] + _count(fact["n"])
    return found


def tables(simulated: dict, real: dict) -> str:
    """Return both tables as Markdown. Raises `KeyError` for a fact that no notebook recorded."""
    lines = ["| system | what | its authors | simulated | real |", "|---|---|---|---|---|"]
    for system, what, claimed, *key in SYSTEMS:
        ours, theirs = (_of_five(facts[tuple(key)]) for facts in (simulated, real))
        lines.append(f"| {system} | {what} | {claimed} | {ours} | {theirs} |")
    lines += ["", "The rest:", "", "| notebook | what | simulated | real |", "|---|---|---|---|"]
    for notebook, names, what in ((notebook, *row) for notebook, rows in ROWS.items() for row in rows.items()):
        first, *more = [(notebook, name) for name in names.split()]
        ours = ", ".join(simulated[key].split(", n =")[0] for key in (first, *more)) if more else simulated[first]
        lines.append(f"| {notebook} | {what} | {ours} | {'(simulated only)' if more else real[first]} |")
    return "\n".join(lines) + "\n"


def simulated_column(readme: str) -> list[str]:
    """Return what the tables in a README say of the simulated films."""
    rows = re.findall(r"(?m)^\| .* \|$", readme.partition(START)[2].partition(END)[0])
    return [row.split(" | ")[-2] for row in rows]


def _count(n) -> str:
    return "" if n is None else f", n = {n}"


def _of_five(text: str) -> str:
    share, _, rest = text.partition(" ")
    return f"{float(share) * 5:.0f} of 5 {rest.removesuffix(', n = 5')}" if text.endswith(", n = 5") else text


def main(real: str) -> None:
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(START)
    text = before + START + tables(stored(), recorded(Path(real))) + END + rest.partition(END)[2]
    readme.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
