"""Numbers agree with scikit-learn and scipy, and intervals cover the truth as often as they say."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, roc_auc_score

from course_utils import evaluation


def table(n: int = 60, groups: int = 25, seed: int = 0, digits: int | None = None) -> pd.DataFrame:
    """Return predictions whose groups hold films of both classes; rounded to few digits, scores are tied."""
    rng = np.random.default_rng(seed)
    label = rng.permutation(np.arange(n) % 3 == 0).astype(int)
    score = rng.normal(label, 1.2)
    score = score if digits is None else score.round(digits)
    group = [f"g{number}" for number in rng.integers(0, groups, n)]
    ids = [f"{i}.png" for i in range(n)]
    return pd.DataFrame(
        {"image_id": ids, "label": label, "patient_id": ids, "group": group, "split": "test", "score": score}
    )


def draws_of_groups(predictions: pd.DataFrame, resamples: int, seed: int):
    """Yield the tables that the bootstrap draws: whole groups, with replacement, from the same random numbers."""
    members = [rows for _, rows in predictions.groupby("group", sort=True)]
    rng = np.random.default_rng(seed)
    for start in range(0, resamples, evaluation._CHUNK):
        chunk = rng.integers(0, len(members), (min(evaluation._CHUNK, resamples - start), len(members)))
        for drawn in chunk:
            yield pd.concat([members[number] for number in drawn])


@pytest.mark.parametrize("digits", [None, 1, 0], ids=["no ties", "some ties", "many ties"])
@pytest.mark.parametrize("seed", range(5))
def test_auc_is_that_of_scikit_learn(seed, digits):
    predictions = table(seed=seed, digits=digits)
    expected = roc_auc_score(predictions["label"], predictions["score"])
    assert evaluation.auc(predictions, resamples=10).value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("digits", [None, 0], ids=["no ties", "many ties"])
def test_the_interval_of_the_auc_is_that_of_resampling_by_hand(digits):
    predictions = table(digits=digits)
    values = [
        roc_auc_score(drawn["label"], drawn["score"])
        for drawn in draws_of_groups(predictions, 150, seed=4)
        if drawn["label"].nunique() == 2
    ]
    estimate = evaluation.auc(predictions, resamples=150, seed=4)
    assert (estimate.low, estimate.high) == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])), abs=1e-12)
    assert estimate.n == 60


def test_draws_of_one_class_are_left_out():
    predictions = table().iloc[:6].assign(group=list("abcdef"), label=[1, 0, 0, 0, 0, 0], score=[2, 1, 3, 0, 0, 2])
    drawn = [d for d in draws_of_groups(predictions, 300, seed=0) if d["label"].nunique() == 2]
    assert 100 < len(drawn) < 250
    expected = np.percentile([roc_auc_score(d["label"], d["score"]) for d in drawn], [2.5, 97.5])
    assert evaluation.auc(predictions, resamples=300)[1:3] == pytest.approx(tuple(expected), abs=1e-12)


def test_the_interval_of_the_accuracy_is_that_of_resampling_by_hand():
    predictions = table()
    values = [
        accuracy_score(drawn["label"], drawn["score"] >= 0.3) for drawn in draws_of_groups(predictions, 150, seed=2)
    ]
    estimate = evaluation.accuracy(predictions, threshold=0.3, resamples=150, seed=2)
    assert estimate.value == pytest.approx(accuracy_score(predictions["label"], predictions["score"] >= 0.3))
    assert (estimate.low, estimate.high) == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])), abs=1e-6)


def test_a_score_at_the_threshold_is_positive():
    predictions = table().iloc[:2].assign(label=[1, 0], score=[0.5, 0.5])
    assert evaluation.accuracy(predictions).value == 0.5


def test_groups_that_move_together_widen_the_interval():
    alone = table(n=60, groups=10_000)
    together = pd.concat([alone.assign(image_id=alone["image_id"] + str(copy)) for copy in range(5)])
    by_film = evaluation.auc(together.assign(group=together["image_id"]))
    by_group = evaluation.auc(together)
    assert by_group.value == by_film.value
    assert by_group.high - by_group.low > 1.8 * (by_film.high - by_film.low)  # sqrt(5) is 2.2
    assert (by_group.low, by_group.high) == pytest.approx(evaluation.auc(alone)[1:3], abs=1e-9)


def test_intervals_cover_the_truth():
    # 100 groups of two films that share a patient's shift. True AUC: P(positive > negative) of normal scores.
    rng = np.random.default_rng(0)
    shift, spread = 1.0, np.sqrt(1 + 0.5)
    from scipy.stats import norm

    truth = norm.cdf(shift / (np.sqrt(2) * spread))
    group = np.repeat(np.arange(100), 2)
    label = group % 2
    right = norm.cdf(shift / 2 / spread)  # accuracy at the threshold in the middle
    covered = np.zeros(2)
    trials = 200
    for trial in range(trials):
        score = shift * label + rng.normal(0, np.sqrt(0.5), 100)[group] + rng.normal(0, 1, 200)
        predictions = pd.DataFrame({"label": label, "score": score, "group": group})
        auc = evaluation.auc(predictions, resamples=200, seed=trial)
        accuracy = evaluation.accuracy(predictions, threshold=shift / 2, resamples=200, seed=trial)
        covered += [auc.low <= truth <= auc.high, accuracy.low <= right <= accuracy.high]
    # 95 % of 200, and four standard deviations of that count below and above: 0.89 to 1; a bootstrap covers a bit less.
    assert (covered / trials >= 0.88).all() and (covered / trials <= 0.995).all(), covered / trials


def test_the_seed_decides_and_the_order_of_films_does_not():
    predictions = table(digits=1)
    assert evaluation.auc(predictions, seed=1) == evaluation.auc(predictions, seed=1)
    assert evaluation.auc(predictions, seed=1) != evaluation.auc(predictions, seed=2)
    shuffled = predictions.sample(frac=1, random_state=0)
    assert evaluation.auc(shuffled, seed=1) == pytest.approx(evaluation.auc(predictions, seed=1), abs=1e-12)


def test_perfect_scores():
    predictions = table().assign(score=lambda t: t["label"])
    assert evaluation.auc(predictions)[:3] == (1, 1, 1)
    accuracy = evaluation.accuracy(predictions)
    groups = predictions["group"].nunique()
    assert groups < len(predictions)
    assert accuracy == (1, *evaluation.clopper_pearson(groups, groups), 60)
    assert accuracy.low < 0.9
    wrong = evaluation.accuracy(predictions.assign(score=1 - predictions["label"]))
    assert wrong == (0, *evaluation.clopper_pearson(0, groups), 60)


@pytest.mark.parametrize("label", [0, 1])
def test_an_empty_class_has_no_auc(label):
    with pytest.raises(ValueError, match=f"both classes; here {60 * label} positive and {60 - 60 * label} negative"):
        evaluation.auc(table().assign(label=label))


@pytest.mark.parametrize("measure", [evaluation.auc, evaluation.accuracy])
def test_no_predictions_have_no_value(measure):
    with pytest.raises(ValueError, match="the table is empty"):
        measure(table().iloc[:0])


@pytest.mark.parametrize("measure", [evaluation.auc, evaluation.accuracy])
def test_films_without_a_group_are_refused(measure):
    predictions = table()
    predictions.loc[7, "group"] = None
    with pytest.raises(ValueError, match="1 of 60 films have no group"):
        measure(predictions)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(10, 10, 0.692, 1), (5, 5, 0.478, 1), (195, 200, 0.943, 0.992), (9, 10, 0.555, 0.997), (0, 10, 0, 0.308)],
)
def test_exact_intervals(successes, n, low, high):
    assert evaluation.clopper_pearson(successes, n) == pytest.approx((low, high), abs=5e-4)


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match=f"{successes} of {n}"):
        evaluation.clopper_pearson(successes, n)


def manifest() -> pd.DataFrame:
    return table(n=4).assign(label=["covid", "normal", "bacterial", "covid"], path="x").drop(columns="score")


def test_predictions_follow_the_manifest():
    made = evaluation.predictions(manifest(), [0.9, 0.1, 0.2, 0.8])
    assert list(made.columns) == evaluation.COLUMNS
    assert made["label"].tolist() == [1, 0, 0, 1]
    assert made["score"].tolist() == [0.9, 0.1, 0.2, 0.8]
    assert evaluation.predictions(manifest(), np.zeros(4), positive="bacterial")["label"].tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("scores", "message"),
    [([1, 2, 3], "one score per film"), (np.zeros((4, 1)), "one score per film"), ([1, 2, np.nan, 4], "1 of 4 scores")],
)
def test_scores_that_do_not_fit_are_refused(scores, message):
    with pytest.raises(ValueError, match=message):
        evaluation.predictions(manifest(), scores)


def test_an_estimate_reads_well():
    assert str(evaluation.Estimate(0.98765, 0.9, 1.0, 52)) == "0.988 [0.900, 1.000], n = 52"


# Thresholds, subgroups, differences


def test_any_metric_has_an_interval():
    predictions = table()
    metric = evaluation.weighted(roc_auc_score)
    estimate = evaluation.bootstrapped(predictions, metric, resamples=400)
    exact = evaluation.auc(predictions, resamples=2000)
    assert estimate.value == pytest.approx(exact.value) and estimate.n == 60
    assert (estimate.low, estimate.high) == pytest.approx((exact.low, exact.high), abs=0.04)


def test_the_average_precision_is_that_of_scikit_learn():
    predictions = table(digits=1)
    expected = average_precision_score(predictions["label"], predictions["score"])
    estimate = evaluation.average_precision(predictions, resamples=50)
    assert estimate.value == pytest.approx(expected) and estimate.low < expected < estimate.high


def test_sensitivity_and_specificity_are_exact():
    predictions = table().iloc[:10].assign(label=[1] * 4 + [0] * 6, score=[0.9, 0.5, 0.5, 0.1] + [0.5, 0.4] * 3)
    assert evaluation.sensitivity(predictions, 0.5) == (0.75, *evaluation.clopper_pearson(3, 4), 4)
    assert evaluation.specificity(predictions, 0.5) == (0.5, *evaluation.clopper_pearson(3, 6), 6)
    with pytest.raises(ValueError, match="there is no positive film"):
        evaluation.sensitivity(predictions.assign(label=0), 0.5)
    with pytest.raises(ValueError, match="there is no negative film"):
        evaluation.specificity(predictions.assign(label=1), 0.5)


@pytest.mark.parametrize("least", [0.05, 0.5, 0.9, 0.95, 1.0])
@pytest.mark.parametrize("digits", [None, 1, 0], ids=["no ties", "some ties", "many ties"])
def test_the_threshold_finds_enough_and_no_higher_one_does(least, digits):
    predictions = table(digits=digits)
    cut = evaluation.threshold_for_sensitivity(predictions, least)
    assert evaluation.sensitivity(predictions, cut).value >= least - 1e-12
    higher = predictions["score"][predictions["score"] > cut]
    assert all(evaluation.sensitivity(predictions, one).value < least for one in higher)


def test_youden_has_the_largest_sum():
    predictions = table()

    def both(cut):
        return evaluation.sensitivity(predictions, cut).value + evaluation.specificity(predictions, cut).value

    best = both(evaluation.youden(predictions))
    assert best == pytest.approx(max(both(cut) for cut in predictions["score"]))


@pytest.mark.parametrize("least", [0, 1.1, -1, float("nan")])
def test_impossible_shares_are_refused(least):
    with pytest.raises(ValueError, match="a share above 0 and up to 1"):
        evaluation.threshold_for_sensitivity(table(), least)


@pytest.mark.parametrize(
    ("prevalence", "expected"), [(0.5, 0.98), (0.2, 0.925), (0.05, 0.721), (0.01, 0.331), (0.001, 0.047), (0, 0)]
)
def test_predictive_values_of_a_test_of_98_percent(prevalence, expected):
    assert evaluation.positive_predictive_value(0.98, 0.98, prevalence) == pytest.approx(expected, abs=5e-4)


def test_predictive_values_of_many_prevalences():
    made = evaluation.positive_predictive_value(0.9, 1.0, np.array([0, 0.1, 1]))
    assert np.isnan(made[0]) and made[1:].tolist() == [1, 1]


def test_a_difference_is_narrower_than_what_it_is_between():
    one = table(n=200, groups=200)
    other = one.assign(score=one["score"] + np.random.default_rng(1).normal(0, 0.2, len(one)))
    estimate = evaluation.difference(one, other)
    single = evaluation.auc(one)
    assert estimate.value == pytest.approx(single.value - evaluation.auc(other).value)
    assert estimate.low < estimate.value < estimate.high
    assert estimate.high - estimate.low < 0.5 * (single.high - single.low)
    back = evaluation.difference(other, one.sample(frac=1, random_state=0))
    assert back[:3] == pytest.approx((-estimate.value, -estimate.high, -estimate.low), abs=1e-9)
    assert evaluation.difference(one, one)[:3] == (0, 0, 0)


@pytest.mark.parametrize("column", ["image_id", "label", "group"])
def test_differences_need_the_same_films(column):
    one = table()
    other = one.assign(**{column: one[column].tolist()[1:] + one[column].tolist()[:1]})
    other = one.assign(image_id=other["image_id"] + "x") if column == "image_id" else other
    with pytest.raises(ValueError, match=f"the two tables differ in {column}"):
        evaluation.difference(one, other)
    with pytest.raises(ValueError, match="the two tables differ"):
        evaluation.difference(one, one.iloc[:-1])


def test_subgroups_show_n_and_hide_what_is_too_few():
    predictions = table(n=120).assign(sex=["F"] * 80 + ["M"] * 20 + [None] * 20)
    made = evaluation.subgroups(predictions, "sex", 0.5, least=10).set_index("sex")
    assert made["films"].to_dict() == {"F": 80, "M": 20, "unknown": 20}
    assert made["positive"].sum() == predictions["label"].sum()
    women = predictions[predictions["sex"] == "F"]
    assert made.loc["F", "auc"] == evaluation.auc(women)
    assert made.loc["F", "sensitivity"] == evaluation.sensitivity(women, 0.5)
    assert made.loc["M", ["auc", "sensitivity"]].isna().all()
    assert (made.loc["M", "specificity"] is None) == (20 - made.loc["M", "positive"] < 10)
    with pytest.raises(ValueError, match="no column 'age' in the predictions"):
        evaluation.subgroups(predictions, "age", 0.5)


@pytest.mark.parametrize(
    "measure",
    [
        evaluation.average_precision,
        evaluation.youden,
        evaluation.threshold_for_sensitivity,
        lambda table: evaluation.difference(table, table),
    ],
    ids=["average_precision", "youden", "threshold", "difference"],
)
def test_measures_of_both_classes_need_both(measure):
    with pytest.raises(ValueError, match="both classes; here 60 positive and 0 negative"):
        measure(table().assign(label=1))


def test_auc_within_takes_pairs_of_one_value_only():
    predictions = table(80).assign(site=lambda t: np.where(np.arange(len(t)) % 3, "a", "b"))
    pairs = [
        (above > below) + (above == below) / 2
        for _, part in predictions.groupby("site")
        for above in part.loc[part["label"] == 1, "score"]
        for below in part.loc[part["label"] == 0, "score"]
    ]
    found = evaluation.auc_within(predictions, "site")
    assert found.value == pytest.approx(np.mean(pairs)) and found.n == 80 and found.low < found.value < found.high
    same = evaluation.auc_within(predictions.assign(site="a"), "site")
    assert same.value == pytest.approx(evaluation.auc(predictions).value)


def test_auc_within_is_blind_to_what_only_the_sites_differ_in():
    predictions = table(200).assign(site=lambda t: np.where(t["label"] == 1, "ill", "well"))
    mixed = predictions["site"].where(np.arange(200) % 2 == 0, "both")
    predictions = predictions.assign(site=mixed, score=(mixed == "ill") * 1.0)
    assert evaluation.auc(predictions).value > 0.7
    assert evaluation.auc_within(predictions, "site").value == 0.5
    with pytest.raises(ValueError, match="no value of 'image_id' has films of both classes"):
        evaluation.auc_within(predictions, "image_id")
    with pytest.raises(ValueError, match="no column 'hospital'"):
        evaluation.auc_within(predictions, "hospital")
