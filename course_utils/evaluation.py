"""Predictions as a table, and every number with its n and its interval."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, roc_curve

COLUMNS = "image_id label patient_id group split score".split()
_CHUNK = 16  # resamples at a time: for 10,000 films they fit into a processor's cache


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
    label, score, group = arrays(table)
    value, weighted = _auc(label, score, group)
    return Estimate(value, *_bootstrap(weighted, group, resamples, seed), len(table))


def auc_within(table: pd.DataFrame, by: str, resamples: int = 500, seed: int = 0) -> Estimate:
    """Return the AUC over those pairs of a positive and a negative film that have the same value in a column.

    by: such as "source". What differs between the values, and not within them, cannot help the score here. Values with
    one class only have no pair and do not count; n is the number of films with a partner. The interval is bootstrapped
    by group as in `auc`. Raises `ValueError` when there is no such column or no pair.
    """
    if by not in table:
        raise ValueError(f"no column {by!r} in the predictions; there are {', '.join(table.columns)}")
    label, score, group = arrays(table)
    place = table[by].astype(str).to_numpy()
    sides = [[np.flatnonzero((place == value) & (label == side)) for side in (1, 0)] for value in sorted(set(place))]
    sides = [(positive, negative) for positive, negative in sides if len(positive) and len(negative)]
    if not sides:
        raise ValueError(f"no value of {by!r} has films of both classes")
    above = [np.sign(score[positive][:, None] - score[negative]) / 2 + 0.5 for positive, negative in sides]

    def share(weight: np.ndarray) -> float:
        wins = sum(weight[p] @ wins @ weight[n] for (p, n), wins in zip(sides, above, strict=True))
        pairs = sum(weight[p].sum() * weight[n].sum() for p, n in sides)
        return wins / pairs if pairs else np.nan

    drawn = [share(weight) for weight in draws(label, group, resamples, seed)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    films = sum(len(positive) + len(negative) for positive, negative in sides)
    return Estimate(float(share(np.ones(len(label)))), float(low), float(high), films)


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


def average_precision(table: pd.DataFrame, resamples: int = 500, seed: int = 0) -> Estimate:
    """Return the area under the precision-recall curve (scikit-learn's step-wise sum); chance gives the prevalence."""
    return bootstrapped(table, weighted(average_precision_score), resamples, seed)


def bootstrapped(table: pd.DataFrame, statistic: Callable, resamples: int = 500, seed: int = 0) -> Estimate:
    """Return any statistic of the predictions with an interval resampled by group, as in `auc`.

    statistic: takes label, score and weight, each of shape (n,), such as `sklearn.metrics` functions with
    `sample_weight`; weight says how often a film was drawn. Raises `ValueError` when a class is empty; draws with one
    class only are left out.
    """
    label, score, group = arrays(table)
    value = float(statistic(label, score, np.ones(len(label))))
    drawn = [statistic(label, score, weight) for weight in draws(label, group, resamples, seed)]
    return Estimate(value, *(float(v) for v in np.percentile(drawn, [2.5, 97.5])), len(table))


def sensitivity(table: pd.DataFrame, threshold: float) -> Estimate:
    """Return the share of positive films that score at or above a threshold, with its exact interval.

    The exact interval (see `clopper_pearson`) takes films for independent; where patients have several films, compare
    it with `accuracy` of the positive films, whose interval is resampled by group. Raises `ValueError` when there is no
    positive film.
    """
    return _share(table[table["label"] == 1]["score"] >= threshold, "positive")


def specificity(table: pd.DataFrame, threshold: float) -> Estimate:
    """Return the share of negative films that score below a threshold, with its exact interval, as in `sensitivity`."""
    return _share(table[table["label"] == 0]["score"] < threshold, "negative")


def threshold_for_sensitivity(table: pd.DataFrame, least: float = 0.95) -> float:
    """Return the highest threshold at which at least a share `least` (above 0, up to 1) of positive films is found.

    Choose it on validation films and keep it for the test. Raises `ValueError` when a class is empty.
    """
    if not 0 < least <= 1:
        raise ValueError(f"least = {least}: a share above 0 and up to 1 is needed")
    label, score, _ = arrays(table)
    positive = np.sort(score[label == 1])[::-1]
    return float(positive[int(np.ceil(least * len(positive) - 1e-9)) - 1])


def youden(table: pd.DataFrame) -> float:
    """Return the threshold with the largest sum of sensitivity and specificity (Youden 1950), the highest of several.

    It weighs a missed patient like a false alarm. Raises `ValueError` when a class is empty.
    """
    label, score, _ = arrays(table)
    false_alarms, found, thresholds = roc_curve(label, score, drop_intermediate=False)
    return float(thresholds[np.argmax(found - false_alarms)])


def positive_predictive_value(sensitivity: float, specificity: float, prevalence):
    """Return the probability of disease after a positive result (Bayes' theorem), for one prevalence or an array.

    All are shares from 0 to 1. Where no result is ever positive it is NaN.
    """
    true = np.asarray(prevalence) * sensitivity
    false = (1 - np.asarray(prevalence)) * (1 - specificity)
    return np.divide(true, true + false, out=np.full(np.shape(true), np.nan), where=true + false > 0)[()]


def difference(table: pd.DataFrame, other: pd.DataFrame, resamples: int = 2000, seed: int = 0) -> Estimate:
    """Return the AUC of a table minus the AUC of another for the same films, on the same draws of groups.

    Two intervals that overlap may still belong to models that differ: both are tested on the same, partly easy and
    partly hard, patients. Raises `ValueError` when the tables hold other films or labels, or a class is empty.
    """
    one, two = (t.sort_values("image_id", ignore_index=True) for t in (table, other))
    for column in ("image_id", "label", "group"):
        if len(one) != len(two) or not (one[column] == two[column]).all():
            raise ValueError(f"the two tables differ in {column}: both must hold predictions for the same films")
    label, score, group = arrays(one)
    (first, weighted), (second, other_weighted) = _auc(label, score, group), _auc(label, two["score"].to_numpy(), group)
    low, high = _bootstrap(lambda weights: weighted(weights) - other_weighted(weights), group, resamples, seed)
    return Estimate(first - second, low, high, len(one))


def subgroups(table: pd.DataFrame, by: str, threshold: float, least: int = 20) -> pd.DataFrame:
    """Return one row for each value of a column `by`: films, positive, and AUC, sensitivity, specificity as `Estimate`.

    Films without a value make up the row "unknown". An estimate from fewer than `least` films of a class it needs is
    None: it would say nothing. Rows are sorted by value. Raises `ValueError` when the table has no such column.
    """
    if by not in table:
        raise ValueError(f"no column {by!r} in the predictions; there are {', '.join(table.columns)}")
    rows = []
    for value, part in table.groupby(table[by].astype(object).where(table[by].notna(), "unknown"), observed=True):
        positive = int(part["label"].sum())
        enough = positive >= least, len(part) - positive >= least
        rows.append(
            {
                by: value,
                "films": len(part),
                "positive": positive,
                "auc": auc(part) if all(enough) else None,
                "sensitivity": sensitivity(part, threshold) if enough[0] else None,
                "specificity": specificity(part, threshold) if enough[1] else None,
            }
        )
    return pd.DataFrame(rows)


def draws(label: np.ndarray, group: np.ndarray, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each film was drawn, float of shape (n,), for draws of whole groups that hold both classes."""
    rng = np.random.default_rng(seed)
    count = int(group.max()) + 1
    for _ in range(resamples):
        weight = np.bincount(rng.integers(0, count, count), minlength=count)[group].astype(float)
        if 0 < (weight * label).sum() < weight.sum():
            yield weight


def weighted(metric: Callable) -> Callable:
    """Return a metric of scikit-learn in the form that `bootstrapped` takes."""
    return lambda label, score, weight: metric(label, score, sample_weight=weight)


def arrays(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return label, score and number of the group, of shape (n,) each. Raises `ValueError` when a class is empty."""
    label, score, group = _arrays(table)
    if not 0 < label.sum() < len(label):
        raise ValueError(
            f"this measure needs both classes; here {label.sum()} positive and {(1 - label).sum()} negative films"
        )
    return label, score, group


def _share(hits: pd.Series, what: str) -> Estimate:
    if hits.empty:
        raise ValueError(f"there is no {what} film")
    return Estimate(float(hits.mean()), *clopper_pearson(int(hits.sum()), len(hits)), len(hits))


def _auc(label: np.ndarray, score: np.ndarray, group: np.ndarray) -> tuple[float, Callable]:
    """Return the AUC, and a function that gives it for weights of shape (draws, groups)."""
    order = np.argsort(score, kind="stable")
    positive, negative = (order[label[order] == side] for side in (1, 0))
    lower = np.searchsorted(score[negative], score[positive], side="left")  # negative films below each positive one
    tied = np.searchsorted(score[negative], score[positive], side="right")
    value = (lower + tied).sum() / 2 / (len(positive) * len(negative))

    def weighted(weights: np.ndarray) -> np.ndarray:
        # Films in rows, draws in columns: rows are copied and added whole. Counts up to 2**24 are exact in float32.
        by_group = np.ascontiguousarray(weights.T)
        pos = by_group[group[positive]]
        below = np.zeros((len(negative) + 1, len(weights)), np.float32)
        np.cumsum(by_group[group[negative]], axis=0, out=below[1:])
        wins = np.einsum("ij,ij->j", pos, below[lower], dtype=np.float64)
        if (lower != tied).any():
            wins = (wins + np.einsum("ij,ij->j", pos, below[tied], dtype=np.float64)) / 2
        pairs = pos.sum(axis=0, dtype=np.float64) * below[-1]
        return np.divide(wins, pairs, out=np.full(len(wins), np.nan), where=pairs > 0)

    return float(value), weighted


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
