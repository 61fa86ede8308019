"""The second look at a test set is seen, whoever takes it and however the films are ordered."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from course_utils import ledger


def manifest(n: int = 12) -> pd.DataFrame:
    names = [f"film{i:02d}" for i in range(n)]
    return pd.DataFrame(
        {
            "image_id": names,
            "sha256": names,
            "patient_id": names,
            "group": names,
            "label": ["covid", "normal"] * (n // 2),
            "split": ["train", "val", "test"] * (n // 3),
        }
    )


def opened(table, note="a model", **options):
    """Open the test set; return its films and the warnings that came with it."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        return ledger.open_test(table, note, **options), [str(one.message) for one in said]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))


def test_the_first_look_is_free_and_the_second_warns():
    films, said = opened(manifest())
    assert films["image_id"].tolist() == ["film02", "film05", "film08", "film11"] and not said
    again, said = opened(manifest(), "another model")
    pd.testing.assert_frame_equal(films, again)
    assert len(said) == 1 and "4 films was opened 1 time before (last for: a model)" in said[0]
    _, said = opened(manifest(), "a third")
    assert "opened 2 times before (last for: another model)" in said[0]


def test_other_training_films_or_another_order_make_no_new_test_set():
    opened(manifest())
    fewer = manifest().query("split != 'train'").sample(frac=1, random_state=0)
    assert opened(fewer)[1]


@pytest.mark.parametrize(
    "change",
    [{"label": "covid"}, {"sha256": [f"other{i}" for i in range(12)]}, {"split": ["test", "val", "train"] * 4}],
    ids=["labels", "films", "split"],
)
def test_other_films_or_labels_are_another_test_set(change):
    opened(manifest())
    assert not opened(manifest().assign(**change))[1]


def test_the_record_is_a_file_to_read(tmp_path):
    opened(manifest(), "größer als 0,3\nfür alle", folder=tmp_path / "records")
    opened(manifest(), "zwei", folder=tmp_path / "records")
    [place] = (tmp_path / "records").glob("*.jsonl")
    assert ledger.openings(place) == ["größer als 0,3\nfür alle", "zwei"]
    assert len(place.read_text(encoding="utf-8").splitlines()) == 2


def test_looks_at_the_same_time_are_all_recorded(tmp_path):
    with warnings.catch_warnings(), ThreadPoolExecutor(8) as pool:
        warnings.simplefilter("ignore")
        list(pool.map(lambda number: ledger.open_test(manifest(), f"look {number}", folder=tmp_path), range(16)))
    [place] = tmp_path.glob("*.jsonl")
    assert sorted(ledger.openings(place)) == sorted(f"look {number}" for number in range(16))


def test_a_damaged_record_is_no_blank_one(tmp_path):
    opened(manifest(), folder=tmp_path)
    next(tmp_path.glob("*.jsonl")).write_text('{"no', encoding="utf-8")
    with pytest.raises(ValueError, match="is damaged. Delete it if you know"):
        opened(manifest(), folder=tmp_path)


@pytest.mark.parametrize(
    ("change", "note", "message"),
    [
        ({}, " ", "the note is empty"),
        ({"split": "train"}, "a model", "no film of the manifest has split == 'test'"),
        ({"group": "one"}, "a model", "lie in more than one split"),
    ],
)
def test_what_cannot_be_opened_is_refused(tmp_path, change, note, message):
    with pytest.raises(ValueError, match=message):
        opened(manifest().assign(**change), note, folder=tmp_path)
    assert not list(tmp_path.glob("*.jsonl"))
