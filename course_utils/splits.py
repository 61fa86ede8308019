"""Train, validation and test: splits that keep together what belongs together, and one that does not, to learn from."""

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, train_test_split


def grouped(manifest: pd.DataFrame, seed: int = 0, folds: int = 5) -> pd.DataFrame:
    """Return the manifest, sorted by image_id, with `split` set: no group in two splits, labels in like proportions.

    One of `folds` parts (scikit-learn's `StratifiedGroupKFold`) becomes the test set, one the validation set, the
    others the training set. The same films give the same split whatever order they come in. Raises `ValueError` for
    fewer than 3 folds, or when a label has fewer groups than there are folds.
    """
    if folds < 3:
        raise ValueError(f"{folds} folds: train, validation and test need 3 folds or more")
    table = manifest.sort_values("image_id", ignore_index=True)
    groups = table.groupby("label")["group"].nunique()
    if table.empty or (groups < folds).any():
        few = ", ".join(f"{n} of {label!r}" for label, n in groups.items() if n < folds) or "no films"
        raise ValueError(
            f"a split into {folds} folds needs {folds} groups of every label; here: {few}. "
            "Use more films or fewer folds."
        )
    # Groups are numbered at random here, because shuffle=True of scikit-learn 1.6 (Colab's) does not stratify.
    number, names = pd.factorize(table["group"], sort=True)
    number = np.random.default_rng(seed).permutation(len(names))[number]
    parts = [rows for _, rows in StratifiedGroupKFold(folds).split(table, table["label"], number)]
    table["split"] = "train"
    table.loc[parts[0], "split"] = "test"
    table.loc[parts[1], "split"] = "val"
    check(table)
    return table


def naive(manifest: pd.DataFrame, seed: int = 0, test: float = 0.2) -> pd.DataFrame:
    """Return the manifest with `split` set film by film ("train" or "test"), as most tutorials do: it may leak.

    test: share of films that go into the test set, between 0 and 1. Labels are stratified. Meant to be compared with
    `grouped`, never to be trained on in earnest; `check` refuses it when it leaks.
    """
    table = manifest.sort_values("image_id", ignore_index=True)
    _, held_out = train_test_split(table.index, test_size=test, random_state=seed, stratify=table["label"])
    return table.assign(split="train").assign(split=lambda t: t["split"].mask(t.index.isin(held_out), "test"))


def leaked(manifest: pd.DataFrame, by: str = "patient_id") -> pd.Series:
    """Return, for each film of the test set, whether another film with the same value of `by` is in training (bool)."""
    test = manifest[manifest["split"] == "test"]
    return test[by].isin(set(manifest.loc[manifest["split"] == "train", by]))


def check(manifest: pd.DataFrame) -> None:
    """Refuse a split that shares a group, a patient or a film (file) between two of its parts.

    Raises `ValueError` that names how many are shared, and one of them.
    """
    for column, what in (("group", "group"), ("patient_id", "patient"), ("sha256", "film"), ("image_id", "film")):
        parts = manifest.groupby(column)["split"].nunique(dropna=False)
        shared = sorted(parts.index[parts > 1])
        if shared:
            raise ValueError(
                f"{len(shared)} {what}s lie in more than one split (such as {shared[0]}): "
                "a model would be tested on what it was trained on. Make the split with splits.grouped."
            )
