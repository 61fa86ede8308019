"""Do scores mean what they say? Of the films that score 0.8, eight in ten should be positive."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from scipy.stats import rankdata

from course_utils import evaluation


def curve(table: pd.DataFrame, bins: int = 5) -> pd.DataFrame:
    """Return the calibration curve: films sorted by score into bins of like size, and what became of each bin.

    Columns: score (mean of the bin), positive (share of positive films), low and high (exact 95 % interval of that
    share, films taken for independent), films. Films of equal score stay in one bin, so there may be fewer bins.
    Raises `ValueError` when a class is empty or a score is no probability.
    """
    label, _, _ = evaluation.arrays(table)
    score = probabilities(table)
    part = ((rankdata(score) - 0.5) * bins // len(score)).astype(int)
    grouped = pd.DataFrame({"score": score, "label": label}).groupby(part)
    made = grouped.agg(
        score=("score", "mean"), positive=("label", "mean"), films=("label", "size"), hits=("label", "sum")
    )
    intervals = [evaluation.clopper_pearson(k, n) for k, n in zip(made["hits"], made["films"], strict=True)]
    made[["low", "high"]] = intervals
    return made[["score", "positive", "low", "high", "films"]].reset_index(drop=True)


def error(table: pd.DataFrame, bins: int = 5) -> float:
    """Return the expected calibration error: the mean distance of `curve` from the diagonal, weighted by films.

    0 is perfect. With few films it is above 0 for a perfect model, too, and it depends on the number of bins.
    """
    made = curve(table, bins)
    return float(np.average((made["score"] - made["positive"]).abs(), weights=made["films"]))


def temperature(table: pd.DataFrame) -> float:
    """Return the temperature that makes the scores of a validation set as likely as possible (Guo and colleagues 2017).

    Log-odds divided by the temperature: above 1 the model was too sure, below 1 not sure enough. The order of scores
    stays. It is searched between 0.05 and 100. Raises `ValueError` when a class is empty or a score is no probability.
    """
    label, _, _ = evaluation.arrays(table)
    odds, side = logit(probabilities(table)), 2 * label - 1

    def surprise(log_temperature: float) -> float:
        return float(np.logaddexp(0, -side * odds / np.exp(log_temperature)).mean())

    found = minimize_scalar(surprise, bounds=np.log([0.05, 100]), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def softened(table: pd.DataFrame, temperature: float) -> pd.DataFrame:
    """Return the predictions with the log-odds of every score divided by a temperature (above 0)."""
    if not temperature > 0:
        raise ValueError(f"temperature = {temperature}: it must be above 0")
    return table.assign(score=expit(logit(probabilities(table)) / temperature))


def probabilities(table: pd.DataFrame) -> np.ndarray:
    """Return the scores, which must be probabilities: 0 and 1 become the next to them, as certainty has no log-odds.

    That is 1e-15 away, or as near as the nearest other score, so that the order stays. Raises `ValueError` for a score
    outside 0 to 1.
    """
    score = table["score"].to_numpy(float)
    if ((score < 0) | (score > 1)).any():
        raise ValueError(f"scores from {score.min():g} to {score.max():g} are no probabilities: those lie in 0 to 1")
    unsure = score[(score > 0) & (score < 1)]
    return np.clip(score, unsure.min(initial=1e-15), unsure.max(initial=1 - 1e-15))
