"""Splits keep together what belongs together, whatever the order of rows, and are refused when they do not."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from course_utils import splits


def manifest(groups_per_label: int = 40, seed: int = 0, **per_label) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        {"label": label, "patient_id": f"{label}{g}", "group": f"{label}{g // 2 * 2}"}  # two patients are one group
        for label in ("covid", "normal")
        for g in range(2 * per_label.get(label, groups_per_label))
        for _ in range(rng.integers(1, 4))
    ]
    table = pd.DataFrame(rows)
    ids = [f"{i:05d}.png" for i in rng.permutation(len(table))]
    return table.assign(image_id=ids, sha256=[f"hash{i}" for i in ids], split=None)


@pytest.mark.parametrize("seed", range(5))
def test_a_grouped_split_shares_no_group_and_keeps_the_proportions(seed):
    split = splits.grouped(manifest(), seed)
    assert (split.groupby("group")["split"].nunique() == 1).all()
    share = split["split"].value_counts(normalize=True)
    assert share.to_dict() == pytest.approx({"train": 0.6, "val": 0.2, "test": 0.2}, abs=0.03)
    covid = split.groupby("split")["label"].apply(lambda labels: (labels == "covid").mean())
    assert covid.to_dict() == pytest.approx(dict.fromkeys(covid.index, (split["label"] == "covid").mean()), abs=0.05)
    assert not splits.leaked(split).any()


@pytest.mark.parametrize("make", [splits.grouped, splits.naive])
def test_a_split_does_not_depend_on_the_order_of_rows(make):
    table = manifest()
    shuffled = table.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(make(table, 3), make(shuffled, 3))
    assert make(table, 3)["image_id"].is_monotonic_increasing
    assert table["split"].isna().all(), "the manifest itself stays as it was"


@pytest.mark.parametrize("make", [splits.grouped, splits.naive])
def test_the_seed_decides(make):
    table = manifest()
    assert make(table, 0)["split"].tolist() == make(table, 0)["split"].tolist()
    assert make(table, 0)["split"].tolist() != make(table, 1)["split"].tolist()


@pytest.mark.parametrize(
    ("make", "expected"), [(splits.grouped, "103714b25b62c234"), (splits.naive, "cfb7478093ef5a6a")]
)
def test_the_split_is_the_same_with_every_release_of_the_libraries(make, expected):
    split = make(manifest(groups_per_label=6), seed=0)
    digest = hashlib.sha256("".join(split["image_id"] + split["split"]).encode()).hexdigest()
    assert digest[:16] == expected


def test_small_classes_are_in_every_part():
    for seed in range(20):
        split = splits.grouped(manifest(covid=5, normal=30), seed)
        assert set(split.loc[split["label"] == "covid", "split"]) == {"train", "val", "test"}


def test_groups_that_part_a_patient_are_refused():
    with pytest.raises(ValueError, match=r"\d+ patients lie in more than one split"):
        splits.grouped(manifest().assign(group=lambda table: table["image_id"]))


def test_too_few_groups_are_refused():
    with pytest.raises(ValueError, match=r"needs 5 groups of every label; here: 4 of 'covid'"):
        splits.grouped(manifest(covid=4))
    assert set(splits.grouped(manifest(covid=4), folds=4)["split"]) == {"train", "val", "test"}


def test_an_empty_manifest_is_refused():
    with pytest.raises(ValueError, match="no films"):
        splits.grouped(manifest().iloc[:0])


@pytest.mark.parametrize("folds", [2, 1, 0])
def test_too_few_folds_are_refused(folds):
    with pytest.raises(ValueError, match="3 folds or more"):
        splits.grouped(manifest(), folds=folds)


def test_a_naive_split_leaks_and_is_refused():
    split = splits.naive(manifest())
    assert split["split"].value_counts(normalize=True)["test"] == pytest.approx(0.2, abs=0.01)
    patients = split.groupby("patient_id")["split"].nunique()
    in_both = split["patient_id"].isin(patients.index[patients == 2]) & (split["split"] == "test")
    assert splits.leaked(split).sum() == in_both.sum() > 10
    with pytest.raises(ValueError, match=r"\d+ groups lie in more than one split"):
        splits.check(split)


@pytest.mark.parametrize(
    ("column", "what"), [("group", "group"), ("patient_id", "patient"), ("sha256", "film"), ("image_id", "film")]
)
def test_every_way_to_share_is_refused(column, what):
    table = pd.DataFrame(
        {name: list("abcd") for name in ("image_id", "patient_id", "group", "sha256")}
        | {"label": "covid", "split": ["train", "train", "val", "test"]}
    )
    splits.check(table)
    table.loc[3, column] = "a"
    with pytest.raises(ValueError, match=rf"1 {what}s lie in more than one split \(such as a\)"):
        splits.check(table)


def test_a_film_without_a_split_beside_one_with_a_split_is_refused():
    table = splits.grouped(manifest())
    shared = table["group"].mode()[0]
    table.loc[table.index[table["group"] == shared][0], "split"] = None
    with pytest.raises(ValueError, match=f"such as {shared}"):
        splits.check(table)


def test_leaked_can_be_asked_by_any_column():
    table = pd.DataFrame({"split": ["train", "test", "test"], "patient_id": list("aab"), "group": list("xyx")})
    assert splits.leaked(table).tolist() == [True, False]
    assert splits.leaked(table, by="group").tolist() == [False, True]
