"""Calibration finds what is wrong with scores that were spoiled on purpose, and leaves good ones alone."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve

from course_utils import calibration, evaluation


def calibrated(n: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Return predictions whose scores are the probabilities that their labels were drawn with."""
    rng = np.random.default_rng(seed)
    score = rng.uniform(0.02, 0.98, n)
    label = (rng.random(n) < score).astype(int)
    return pd.DataFrame({"image_id": np.arange(n), "label": label, "group": np.arange(n), "score": score})


def too_sure(table: pd.DataFrame, factor: float) -> pd.DataFrame:
    return table.assign(score=expit(logit(table["score"]) * factor))


@pytest.mark.parametrize("factor", [0.25, 1.0, 3.0, 10.0])
def test_the_temperature_undoes_what_was_done(factor):
    assert calibration.temperature(too_sure(calibrated(), factor)) == pytest.approx(factor, rel=0.12)


def test_softened_scores_keep_their_order_and_come_back():
    table = calibrated(200)
    soft = calibration.softened(table, 3.0)
    assert (soft["score"].rank() == table["score"].rank()).all()
    assert (abs(soft["score"] - 0.5) < abs(table["score"] - 0.5)).all()
    assert calibration.softened(soft, 1 / 3.0)["score"].to_numpy() == pytest.approx(table["score"].to_numpy())
    assert evaluation.auc(soft) == evaluation.auc(table)


def test_scores_nearer_to_certainty_than_usual_keep_their_order():
    scores = [0.0, 1e-200, 1e-40, 1e-17, 0.3, 1 - 4e-16, 1 - 2e-16]
    table = pd.DataFrame({"label": [0, 1, 0, 1, 0, 1, 1], "score": scores, "group": range(7)})
    soft = calibration.softened(table, 3.0)
    assert (np.diff(soft["score"])[1:] > 0).all() and np.isfinite(logit(soft["score"])).all()


def test_certainty_can_be_softened():
    table = calibrated(4).assign(label=[0, 1, 0, 1], score=[0.0, 1.0, 1.0, 0.3])
    soft = calibration.softened(table, calibration.temperature(table))["score"]
    assert soft.between(0, 1, inclusive="neither").all()


def test_the_curve_is_that_of_scikit_learn():
    table = calibrated(500)
    made = calibration.curve(table, bins=5)
    positive, score = calibration_curve(table["label"], table["score"], n_bins=5, strategy="quantile")
    assert made["positive"].to_numpy() == pytest.approx(positive, abs=0.02)  # a film on an edge may change its bin
    assert made["score"].to_numpy() == pytest.approx(score, abs=0.01)
    assert made["films"].tolist() == [100] * 5
    assert (made["low"] < made["positive"]).all() and (made["positive"] < made["high"]).all()
    first = made.iloc[0]
    hits = round(first["positive"] * first["films"])
    assert (first["low"], first["high"]) == pytest.approx(evaluation.clopper_pearson(hits, 100))


def test_tied_scores_share_a_bin():
    table = calibrated(40).assign(score=np.repeat([0.2, 0.7], 20))
    assert calibration.curve(table, bins=5)["films"].tolist() == [20, 20]
    assert calibration.curve(table.assign(score=0.4))["films"].tolist() == [40]


def test_the_error_is_small_for_good_scores_and_large_for_bad_ones():
    good = calibrated()
    assert calibration.error(good) < 0.02
    assert calibration.error(too_sure(good, 10)) > 0.15
    assert calibration.error(good.assign(score=good["label"])) == pytest.approx(0, abs=1e-12)
    assert calibration.error(good.assign(score=1 - good["label"])) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "use", [calibration.temperature, calibration.curve, lambda table: calibration.softened(table, 2)], ids=range(3)
)
@pytest.mark.parametrize("score", [-0.1, 1.1, 37.0])
def test_scores_that_are_no_probabilities_are_refused(use, score):
    table = calibrated(10)
    table.loc[3, "score"] = score
    with pytest.raises(ValueError, match="are no probabilities"):
        use(table)


@pytest.mark.parametrize("temperature", [0, -1, np.nan])
def test_impossible_temperatures_are_refused(temperature):
    with pytest.raises(ValueError, match="must be above 0"):
        calibration.softened(calibrated(5), temperature)


def test_one_class_cannot_be_calibrated():
    with pytest.raises(ValueError, match="both classes; here 0 positive and 9 negative"):
        calibration.temperature(calibrated(9).assign(label=0))
