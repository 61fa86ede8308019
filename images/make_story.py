"""Draw the story of lessons 06a and 06b from the facts that they print; no film is in it.

    COURSE_FACTS=simulated.jsonl python .ci/notebooks.py run 06a_shortcuts 06b_repair
    COURSE_FACTS=real.jsonl COURSE_DATA=/path/to/archives python .ci/notebooks.py run 06a_shortcuts 06b_repair
    python images/make_story.py simulated.jsonl real.jsonl

Writes beside this file: shortcuts_story.png, and shortcuts_story.csv with the numbers in it. Called without files, it
draws the picture from the table that is there.
"""

import json
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd

from course_utils import plots

HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE / "shortcuts_story.csv"
# Each part of the story: what was done, and the fact that says how it went.
STORY = {
    "AUC inside: it looks perfect": {
        "whole_auc": "COVID-19 or normal, as in 2020",
        "control_blackened": "the same, lungs blackened",
        "control_header": "the same, from the file header alone",
        "source_rest": "which archive? (no COVID-19 at all)",
    },
    "specificity elsewhere: it fails": {
        "inner_specificity": "other findings of the first archive",
        "outer_specificity": "films of other hospitals",
        "prepared_specificity": "the same, films cropped and equalised",
    },
    "repaired: negatives from the same source": {
        "repair_specificity": "specificity, films of other hospitals",
        "repair_source": "AUC inside, COVID-19 or another finding",
        "same_site": "AUC, pairs of films from the same site",
    },
}
KINDS = {"simulated": ("#0072B2", "o", -0.16), "real": ("#D55E00", "s", 0.16)}  # Okabe and Ito


def read(simulated: str, real: str) -> pd.DataFrame:
    """Return the story's facts from two files of JSON lines, one row a fact and kind of film. Refuses missing facts."""
    rows = []
    for kind, file in (("simulated", simulated), ("real", real)):
        lines = pathlib.Path(file).read_text(encoding="utf-8").splitlines()
        facts = {fact["name"]: fact for fact in map(json.loads, lines) if fact["notebook"].startswith("06")}
        for name in (name for part in STORY.values() for name in part):
            if name not in facts:
                raise SystemExit(f"error: {file} has no fact {name}: run both notebooks, see the top of this file")
            rows.append(
                {"fact": name, "films": kind} | {key: facts[name][key] for key in ("value", "low", "high", "n")}
            )
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame) -> plt.Figure:
    """Return the figure: a line for each step of the story, a mark with its interval for each kind of film."""
    plots.use_style()
    figure, axes = plt.subplots(figsize=(7.6, 5))
    found, place, ticks = table.set_index(["fact", "films"]), 0, {}
    for title, part in STORY.items():
        axes.text(-0.01, place - 0.05, title, fontsize=10, fontweight="bold", va="center", backgroundcolor="white")
        place += 1
        for name, words in part.items():
            for kind, (colour, mark, shift) in KINDS.items():
                fact = found.loc[(name, kind)]
                axes.plot([fact["low"], fact["high"]], [place + shift] * 2, color=colour, lw=2.5, alpha=0.5)
                axes.plot(
                    fact["value"], place + shift, mark, color=colour, ms=7, label=None if ticks else f"{kind} films"
                )
            ticks[words] = place
            place += 1
    axes.axvline(0.5, color="grey", ls=":", lw=1)
    axes.set(yticks=list(ticks.values()), yticklabels=list(ticks), xlim=(-0.03, 1.03), ylim=(place - 0.4, -0.6))
    axes.set(title="What a perfect score was made of", xlabel="AUC (0.5: chance) or specificity, with 95 % interval")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.12), ncol=2)
    return figure


def main(files: list[str]) -> None:
    if files:
        read(*files).round(3).to_csv(TABLE, index=False, lineterminator="\n")
    mime, content = plots.encode(draw(pd.read_csv(TABLE)))
    assert mime == "image/png"
    (HERE / "shortcuts_story.png").write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1:])
