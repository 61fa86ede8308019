"""Draw the pictures of the simulator that the course shows; all films in them are simulated.

    python images/make_figures.py

Writes beside this file: simulated_films.png (a contact sheet), simulated_mean_films.png (the mean film of each class
and age group), simulated_difficulty.png (COVID-19 against normal by lesion strength) and simulated_shortcuts.png
with its table simulated_shortcuts.csv (what a model learns when the hospital goes with the label). It takes some
minutes.
"""

import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm.auto import tqdm

from course_utils import models, simulator

HERE = pathlib.Path(__file__).resolve().parent
SIZE = 128  # pixels, what the network sees
PATIENTS = 320  # of the shortcut experiment, half of them with COVID-19
SPLITS = 20
STRENGTHS = (0.5, 1.0, 1.5, 2.2)
RHO = (0.5, 0.75, 0.9, 1.0)
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")  # Okabe and Ito: readable for the colour-blind


def shot(
    seed: int, kind: str, site: str, strength: float = 1.0, child: bool = False, view: str = "PA", size: int = 192
) -> np.ndarray:
    """Pixels of one film; the same seed is the same patient, whatever else changes."""
    rng = np.random.default_rng(seed)
    patient = simulator.draw_patient(rng, child=child)
    exposure = simulator.draw_exposure(rng, simulator.SITES[site], patient, view=view)
    disease = simulator.draw_disease(rng, kind, patient, strength=strength)
    return simulator.render(patient, disease, simulator.SITES[site], exposure, size=size).pixels


def square(pixels: np.ndarray, size: int = SIZE) -> np.ndarray:
    """A film squeezed to a square, as networks are fed."""
    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BILINEAR))


def features(films: list[np.ndarray]) -> np.ndarray:
    """Features of a frozen EfficientNet-Lite0 at 128 px, (films, 1280)."""
    net = models.load()
    with torch.inference_mode():
        batches = [models.preprocess(films[i : i + 32], SIZE) for i in range(0, len(films), 32)]
        return np.concatenate([net(batch).numpy() for batch in batches])


def fit(x: np.ndarray, y: np.ndarray):
    """Logistic regression on standardised features."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=3000)).fit(x, y)


def contact_sheet() -> None:
    """Forty films: adults of all hospitals, then children."""
    adults = [s for s in simulator.SITES if s != "guangzhou"]
    tiles = []
    for k in range(40):
        child = k >= 30
        kind = (
            ("normal", "covid", "covid", "bacterial", "viral")[k % 5]
            if not child
            else ("normal", "bacterial", "viral")[k % 3]
        )
        site = "guangzhou" if child else adults[(k * 4 + k // 9) % len(adults)]
        view = "AP" if child else simulator.VIEWS[(0, 0, 1, 0, 2)[(k + k // 5) % 5]]
        tile = Image.fromarray(shot(100 + k, kind, site, child=child, view=view, size=256))
        tile.thumbnail((128, 128), Image.Resampling.LANCZOS)
        frame = Image.new("L", (132, 132), 64)
        frame.paste(tile, ((132 - tile.width) // 2, (132 - tile.height) // 2))
        tiles.append(np.asarray(frame))
    sheet = np.concatenate([np.concatenate(tiles[i : i + 10], 1) for i in range(0, 40, 10)])
    Image.fromarray(sheet).quantize(96).save(HERE / "simulated_films.png", optimize=True)


def mean_films() -> None:
    """The mean of forty films of each class and age group."""
    groups = [("adult", k) for k in simulator.KINDS] + [("child", k) for k in simulator.KINDS if k != "covid"]
    figure, axes = plt.subplots(1, len(groups), figsize=(11, 2.4), layout="constrained")
    for axis, (age, kind) in zip(axes, groups, strict=True):
        child = age == "child"
        site, view = ("guangzhou", "AP") if child else ("hannover", "PA")
        mean = np.mean([square(shot(500 + k, kind, site, child=child, view=view)) for k in range(40)], axis=0)
        axis.imshow(mean, cmap="gray", vmin=0, vmax=255)
        axis.set(title=f"{age}, {kind}", xticks=[], yticks=[])
    figure.suptitle("Mean of 40 simulated films of each class (128 × 128 pixels)")
    figure.savefig(HERE / "simulated_mean_films.png", dpi=90)


def difficulty() -> None:
    """AUC of COVID-19 against normal films of one hospital, one film a patient, by lesion strength."""
    half = PATIENTS // 2
    labels = np.repeat((0, 1), half)
    normal = features([square(shot(1000 + k, "normal", "hannover")) for k in range(half)])
    rows = []
    for strength in tqdm(STRENGTHS, desc="difficulty"):
        covid = features([square(shot(3000 + k, "covid", "hannover", strength)) for k in range(half)])
        x = np.concatenate([normal, covid])
        scores = []
        for split in range(SPLITS):
            test = halves(labels, split)
            scores.append(roc_auc_score(labels[test], fit(x[~test], labels[~test]).decision_function(x[test])))
        rows.append((strength, *summary(scores)))
    table = pd.DataFrame(rows, columns=["strength", "auc", "low", "high"])
    print(table.round(3).to_string(index=False))
    figure, axis = plt.subplots(figsize=(5.6, 3.6), layout="constrained")
    axis.errorbar(
        table.strength,
        table.auc,
        [table.auc - table.low, table.high - table.auc],
        marker="o",
        color=COLOURS[0],
        capsize=3,
    )
    axis.axhline(0.845, color="grey", linestyle="--", label="ceiling when 31 % show nothing")
    axis.set(
        title=f"COVID-19 against normal, one hospital ({half} + {half} films,\n"
        f"simulated; mean and central 95 % of {SPLITS} splits)",
        xlabel="lesion strength (1: default)",
        ylabel="AUC on held-out patients",
        ylim=(0.45, 1),
    )
    axis.legend(loc="lower right")
    figure.savefig(HERE / "simulated_difficulty.png", dpi=90)


def halves(labels: np.ndarray, seed: int) -> np.ndarray:
    """True for a third of the patients of each class: the test set of one split."""
    rng = np.random.default_rng(seed)
    test = np.zeros(len(labels), bool)
    for label in (0, 1):
        members = np.flatnonzero(labels == label)
        test[rng.choice(members, len(members) // 3, replace=False)] = True
    return test


def summary(scores: list[float]) -> tuple[float, float, float]:
    """Mean and central 95 %."""
    return float(np.mean(scores)), *map(float, np.percentile(scores, (2.5, 97.5)))


def shortcuts() -> None:
    """A hospital's look goes with the label in training with probability rho: what the model is worth elsewhere."""
    labels = np.repeat((0, 1), PATIENTS // 2)
    kinds = np.where(labels, "covid", "normal")
    seen = {}
    for site in tqdm(("hannover", "eurorad", "sirm"), desc="shortcuts"):
        seen[site] = features([square(shot(6000 + k, kind, site, strength=1.2)) for k, kind in enumerate(kinds)])
    both = np.stack([seen["hannover"], seen["eurorad"]])
    rows = []
    for rho in RHO:
        scores: dict[str, list[float]] = {"internal": [], "decorrelated": [], "reversed": [], "new site": []}
        for split in range(SPLITS):
            test, rng = halves(labels, split), np.random.default_rng(1000 + split)
            match = {p: (rng.random(PATIENTS) < p).astype(int) for p in (rho, 0.5, 1 - rho)}
            at = {p: both[np.where(hit, labels, 1 - labels), np.arange(PATIENTS)] for p, hit in match.items()}
            model = fit(at[rho][~test], labels[~test])
            for name, x in (
                ("internal", at[rho]),
                ("decorrelated", at[0.5]),
                ("reversed", at[1 - rho]),
                ("new site", seen["sirm"]),
            ):
                scores[name].append(roc_auc_score(labels[test], model.decision_function(x[test])))
        rows += [(rho, name, *summary(values)) for name, values in scores.items()]
    table = pd.DataFrame(rows, columns=["rho", "tested on", "auc", "low", "high"])
    table.round(3).to_csv(HERE / "simulated_shortcuts.csv", index=False)
    print(table.round(3).to_string(index=False))
    figure, axis = plt.subplots(figsize=(6, 3.6), layout="constrained")
    for colour, marker, (name, part) in zip(COLOURS, "os^D", table.groupby("tested on", sort=False), strict=True):
        axis.errorbar(
            part.rho,
            part.auc,
            [part.auc - part.low, part.high - part.auc],
            color=colour,
            marker=marker,
            capsize=3,
            label=name,
        )
    axis.axhline(0.5, color="grey", linestyle=":")
    axis.set(
        title=f"A planted shortcut: hospital and label agree with probability ρ\n"
        f"({PATIENTS} simulated patients, mean and central 95 % "
        f"of {SPLITS} splits)",
        xlabel="ρ, share of training films whose hospital matches their class",
        ylabel="AUC",
        ylim=(0, 1.02),
    )
    axis.legend(title="tested on")
    figure.savefig(HERE / "simulated_shortcuts.png", dpi=90)


if __name__ == "__main__":
    torch.set_num_threads(1)
    contact_sheet()
    mean_films()
    difficulty()
    shortcuts()
