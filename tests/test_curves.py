"""Curves go through the points of scikit-learn's, and their bands hold the truth."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import precision_score, roc_curve

from course_utils import curves, evaluation


def table(n: int = 80, seed: int = 0, shift: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 2
    score = norm.cdf(rng.normal(shift * label, 1) - shift / 2)
    return pd.DataFrame({"image_id": np.arange(n), "label": label, "group": np.arange(n) // 2, "score": score})


def test_the_roc_curve_is_that_of_scikit_learn():
    predictions = table()
    line = curves.roc(predictions, resamples=20)
    false_alarms, found, _ = roc_curve(predictions["label"], predictions["score"], drop_intermediate=False)
    for x, y in zip(line["false_alarms"], line["found"], strict=True):
        assert y == found[false_alarms <= x + 1e-9].max()
    assert line["found"].is_monotonic_increasing and line["found"].iloc[-1] == 1
    assert (line["low"] <= line["high"]).all()


def test_the_frozen_threshold_lies_on_the_roc_curve():
    predictions = table(n=100)  # 50 negative films: their false alarms are points of the grid
    line = curves.roc(predictions, resamples=5)
    cut = evaluation.threshold_for_sensitivity(predictions, 0.8)
    alarms = 1 - evaluation.specificity(predictions, cut).value
    on_curve = np.interp(alarms, line["false_alarms"], line["found"])
    assert on_curve == pytest.approx(evaluation.sensitivity(predictions, cut).value)


def test_precision_is_that_of_scikit_learn():
    predictions = table()
    line = curves.precision_recall(predictions, resamples=20).set_index("found")
    for found in (0.25, 0.5, 0.8, 1.0):
        cut = evaluation.threshold_for_sensitivity(predictions, found)
        expected = precision_score(predictions["label"], predictions["score"] >= cut)
        assert line["right"].iloc[line.index.get_indexer([found], method="nearest")[0]] == pytest.approx(expected)
    assert line["right"].iloc[-1] >= 0.5  # finding all is at least as precise as alarming for all


def test_perfect_scores_make_corners():
    predictions = table().assign(score=lambda t: t["label"] * 0.8 + 0.1)
    assert (curves.roc(predictions, resamples=5)[["found", "low", "high"]] == 1).all(axis=None)
    assert (curves.precision_recall(predictions, resamples=5)[["right", "low", "high"]] == 1).all(axis=None)


def test_bands_hold_the_true_curve():
    grid = np.linspace(0, 1, curves.GRID)
    truth = norm.sf(norm.isf(grid) - 1)
    inside = []
    for seed in range(20):
        line = curves.roc(table(n=200, seed=seed), resamples=100)
        inside.append(((line["low"] <= truth) & (truth <= line["high"]))[10:90].mean())
    assert 0.85 < np.mean(inside) <= 1


def test_the_seed_decides_about_the_band():
    one, two, other = (curves.roc(table(), resamples=30, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert not one["low"].equals(other["low"])


def test_net_benefit_by_hand():
    predictions = pd.DataFrame({"label": [1, 1, 0, 0], "score": [0.9, 0.3, 0.6, 0.1], "group": range(4)})
    made = curves.net_benefit(predictions, np.array([0.2, 0.5, 0.8]))
    assert made["model"].tolist() == pytest.approx([2 / 4 - 1 / 4 * 0.25, 1 / 4 - 1 / 4, 1 / 4])
    assert made["all"].tolist() == pytest.approx([0.5 - 0.5 * 0.25, 0, 0.5 - 0.5 * 4])
    assert (made["none"] == 0).all()
    assert len(curves.net_benefit(predictions)) == 99


@pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0])
def test_impossible_thresholds_are_refused(threshold):
    with pytest.raises(ValueError, match="between 0 and 1"):
        curves.net_benefit(table(), np.array([threshold]))


@pytest.mark.parametrize("draw", [curves.roc, curves.precision_recall, curves.net_benefit])
def test_one_class_has_no_curve(draw):
    with pytest.raises(ValueError, match="both classes; here 80 positive and 0 negative"):
        draw(table().assign(label=1))
