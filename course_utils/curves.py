"""The curves behind the figures: each a table with one row a point, and a band that was resampled by group."""

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve, roc_curve

from course_utils import calibration, evaluation

GRID = 101  # points of a curve


def roc(table: pd.DataFrame, resamples: int = 500, seed: int = 0) -> pd.DataFrame:
    """Return the ROC curve: the share of positive films found against the share of false alarms, at any threshold.

    Columns: false_alarms (1 - specificity; a grid from 0 to 1), found (sensitivity), low and high (the middle 95 % of
    bootstrap draws of whole groups, point by point). Raises `ValueError` when a class is empty.
    """
    grid = np.linspace(0, 1, GRID)

    def found(label: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
        false_alarms, found, _ = roc_curve(label, score, sample_weight=weight, drop_intermediate=False)
        return found[np.searchsorted(false_alarms, grid + 1e-9, side="right") - 1]  # no more false alarms than that

    return _with_band(table, found, "false_alarms", grid, "found", resamples, seed)


def precision_recall(table: pd.DataFrame, resamples: int = 500, seed: int = 0) -> pd.DataFrame:
    """Return the precision-recall curve: the share of alarms that are right, against the share of positives found.

    Columns: found (recall, sensitivity; a grid above 0 up to 1), right (precision, positive predictive value at this
    table's prevalence), low, high as in `roc`. Raises `ValueError` when a class is empty.
    """
    grid = np.linspace(0, 1, GRID)[1:]

    def right(label: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
        right, found, _ = precision_recall_curve(label, score, sample_weight=weight)
        return right[::-1][np.searchsorted(found[::-1], grid - 1e-9)]  # at the highest threshold that finds so many

    return _with_band(table, right, "found", grid, "right", resamples, seed)


def net_benefit(table: pd.DataFrame, thresholds: np.ndarray | None = None) -> pd.DataFrame:
    """Return the decision curve (Vickers and Elkin 2006): what acting on the model is worth, against two plain rules.

    thresholds: probabilities from which one would act (above 0, below 1; default 0.01 to 0.99). A threshold of 0.1 says
    that missing one patient is as bad as nine false alarms. Columns: threshold, model, all (act on everybody), none:
    true positives a film, minus false positives a film at that rate of exchange. Raises `ValueError` when a class is
    empty or a score or a threshold is no probability.
    """
    thresholds = np.linspace(0.01, 0.99, 99) if thresholds is None else np.asarray(thresholds, float)
    if ((thresholds <= 0) | (thresholds >= 1)).any():
        raise ValueError("thresholds of a decision curve must lie between 0 and 1, both excluded")
    label, _, _ = evaluation.arrays(table)
    act = calibration.probabilities(table) >= thresholds[:, None]
    exchange = thresholds / (1 - thresholds)
    model = (act & (label == 1)).mean(axis=1) - (act & (label == 0)).mean(axis=1) * exchange
    everybody = label.mean() - (1 - label.mean()) * exchange
    return pd.DataFrame({"threshold": thresholds, "model": model, "all": everybody, "none": 0.0})


def _with_band(table, statistic, x: str, grid: np.ndarray, y: str, resamples: int, seed: int) -> pd.DataFrame:
    label, score, group = evaluation.arrays(table)
    value = statistic(label, score, np.ones(len(label)))
    drawn = [statistic(label, score, weight) for weight in evaluation.draws(label, group, resamples, seed)]
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return pd.DataFrame({x: grid, y: value, "low": low, "high": high})
