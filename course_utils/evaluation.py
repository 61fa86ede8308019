"""Predictions as a table, and every number with its n and its interval."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binomtest, rankdata

COLUMNS = "image_id label patient_id group split score".split()
_CHUNK = 100  # resamples at a time: 100 x 10,000 weights are 8 MB


class Estimate(NamedTuple):
    """A measured value with its 95 % interval (low, high) and the number of films n behind it."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}], n = {self.n}"


def predictions(manifest: pd.DataFrame, scores: np.ndarray, positive: str = "covid") -> pd.DataFrame:
    """Return the predictions table: image_id, label (1 for `positive`, else 0), patient_id, group, split, score.

    scores: shape (n,), the higher the more likely positive, in the order of the manifest. Raises `ValueError` when the
    length differs or a score is not a number.
    """
    scores = np.asarray(scores, float)
    if scores.shape != (len(manifest),):
        raise ValueError(f"scores of shape {scores.shape} for {len(manifest)} films: one score per film is needed")
    if np.isnan(scores).any():
        raise ValueError(f"{int(np.isnan(scores).sum())} of {len(scores)} scores are not a number")
    table = manifest.assign(label=(manifest["label"] == positive).astype(int), score=scores)
    return table[COLUMNS].reset_index(drop=True)


def auc(table: pd.DataFrame, resamples: int = 2000, seed: int = 0) -> Estimate:
    """Return the area under the ROC curve: the probability that a positive film scores higher than a negative one.

    Computed from ranks (Mann and Whitney 1947), ties counting half. The interval is the 2.5th to 97.5th percentile over
    `resamples` bootstrap draws of whole groups, as films of one patient are not independent; draws with one class only
    are left out. When the classes do not overlap at all every draw gives 1, so the interval shrinks to a point: that
    speaks of the films, not of certainty. Raises `ValueError` when a class is empty.
    """
    label, score, group = _arrays(table)
    positive = label == 1
    if not 0 < positive.sum() < len(label):
        raise ValueError(
            f"AUC needs both classes; here {int(positive.sum())} positive and {int((~positive).sum())} negative films"
        )
    ranks = rankdata(score)
    n_pos, n_neg = int(positive.sum()), int((~positive).sum())
    value = (ranks[positive].sum() - n_pos * (n_pos + 1) / 2) / (n_pos * n_neg)

    order = np.argsort(score, kind="stable")
    label, group = label[order], group[order]
    _, first = np.unique(score[order], return_index=True)  # where each run of tied scores starts
    last = np.append(first[1:], len(score)) - 1

    def weighted(weights: np.ndarray) -> np.ndarray:
        film = weights[:, group]
        pos, neg = np.where(label, film, 0), np.where(label, 0, film)
        below = np.cumsum(neg, axis=1, dtype=np.float64)
        pos_run = np.add.reduceat(pos, first, axis=1, dtype=np.float64)
        neg_run = np.add.reduceat(neg, first, axis=1, dtype=np.float64)
        wins = (pos_run * (below[:, last] - neg_run / 2)).sum(axis=1)
        pairs = pos.sum(axis=1, dtype=np.float64) * neg.sum(axis=1, dtype=np.float64)
        return np.divide(wins, pairs, out=np.full(len(wins), np.nan), where=pairs > 0)

    return Estimate(float(value), *_bootstrap(weighted, group, resamples, seed), len(table))


def accuracy(table: pd.DataFrame, threshold: float = 0.5, resamples: int = 2000, seed: int = 0) -> Estimate:
    """Return the share of films on the right side of a threshold (score >= threshold means positive).

    The interval is bootstrapped by group as in `auc`. When every film is right (or every one wrong) a bootstrap has
    nothing to draw from; the exact binomial interval with one case per group is given then.
    """
    label, score, group = _arrays(table)
    right = (score >= threshold) == (label == 1)
    if right.all() or not right.any():
        count = group.max() + 1
        return Estimate(float(right.mean()), *clopper_pearson(count if right.all() else 0, count), len(table))
    right_per_group, films_per_group = np.bincount(group, right), np.bincount(group)

    def weighted(weights: np.ndarray) -> np.ndarray:
        return (weights @ right_per_group) / (weights @ films_per_group)

    return Estimate(float(right.mean()), *_bootstrap(weighted, group, resamples, seed), len(table))


def clopper_pearson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact binomial interval of a proportion (Clopper and Pearson 1934), for independent cases.

    Raises `ValueError` unless 0 <= successes <= n and n > 0.
    """
    if not (n > 0 and 0 <= successes <= n):
        raise ValueError(f"{successes} of {n}: successes must lie between 0 and n, and n above 0")
    interval = binomtest(int(successes), int(n)).proportion_ci(level, method="exact")
    return float(interval.low), float(interval.high)


def _arrays(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if table.empty:
        raise ValueError("no predictions: the table is empty")
    if table["group"].isna().any():
        raise ValueError(f"{table['group'].isna().sum()} of {len(table)} films have no group to resample by")
    group = pd.factorize(table["group"], sort=True)[0]
    return table["label"].to_numpy(int), table["score"].to_numpy(float), group


def _bootstrap(statistic, group: np.ndarray, resamples: int, seed: int) -> tuple[float, float]:
    """Return percentiles of a statistic of weights, shape (draws, groups): how often each group was drawn."""
    rng = np.random.default_rng(seed)
    n = int(group.max()) + 1
    values = []
    for start in range(0, resamples, _CHUNK):
        draws = min(_CHUNK, resamples - start)
        drawn = rng.integers(0, n, (draws, n)) + np.arange(draws)[:, None] * n
        values.append(statistic(np.bincount(drawn.ravel(), minlength=draws * n).reshape(draws, n).astype(np.float32)))
    low, high = np.nanpercentile(np.concatenate(values), [2.5, 97.5])
    return float(low), float(high)
