"""Twins differ in what their name says and in nothing else, and are made once."""

import subprocess
import sys

import numpy as np
import pytest

from course_utils import features, models, twins

SIZE, PATIENTS = 64, 4


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CACHE", str(tmp_path_factory.mktemp("cache")))
        names = ["plain", "no lesion", "no marker", "other hospital", "other view"]
        yield twins.films(PATIENTS, names, size=SIZE, progress=False), twins.truth(PATIENTS, size=SIZE, progress=False)


def test_only_the_named_thing_changes(made):
    films, truth = made
    assert all(pixels.shape == (PATIENTS, SIZE, SIZE) and pixels.dtype == np.uint8 for pixels in films.values())
    plain = films["plain"].astype(int)
    for patient, ill in enumerate(twins.labels(PATIENTS)):
        lesion = np.abs(plain[patient] - films["no lesion"][patient])
        assert lesion.any() == bool(ill)
        marker = np.abs(plain[patient] - films["no marker"][patient])
        box = truth["marker"][patient]
        near = np.zeros_like(box)
        rows, columns = np.nonzero(box)
        near[max(rows.min() - 2, 0) : rows.max() + 3, max(columns.min() - 2, 0) : columns.max() + 3] = True
        assert marker[near].max() > 20 and not marker[~near].any()
        assert np.abs(plain[patient] - films["other hospital"][patient]).mean() > 3
        assert np.abs(plain[patient] - films["other view"][patient]).mean() > 1


def test_truth_lies_where_it_should(made):
    films, truth = made
    ill = twins.labels(PATIENTS).astype(bool)
    assert ill.tolist() == [False, True, False, True]
    assert truth["lesion"][ill].any(axis=(1, 2)).all() and not truth["lesion"][~ill].any()
    assert 0.15 < truth["lungs"].mean() < 0.6 and truth["marker"].any(axis=(1, 2)).all()
    change = np.abs(films["plain"].astype(int) - films["no lesion"])
    assert change[truth["lesion"]].mean() > 3 * change[~truth["lesion"]].mean()


def test_they_are_made_once_and_do_not_depend_on_how_many_or_which(made, tmp_path, monkeypatch):
    films, _ = made
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    fewer = twins.films(2, ["no marker", "plain"], size=SIZE, progress=False)
    for name, pixels in fewer.items():
        np.testing.assert_array_equal(pixels, films[name][:2])
    some = twins.films([3, 1], ["plain", "no lesion"], size=SIZE, progress=False)
    for name, pixels in some.items():
        np.testing.assert_array_equal(pixels, films[name][[3, 1]])
    monkeypatch.setattr(twins, "_patient", lambda *_: pytest.fail("made again"))
    again = twins.films(2, ["plain"], size=SIZE, progress=False)
    np.testing.assert_array_equal(again["plain"], fewer["plain"])


def test_damage_is_mended(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    first = twins.films(2, size=SIZE, progress=False)["plain"]
    (file,) = tmp_path.rglob("plain.npz")
    file.write_bytes(file.read_bytes()[:100])
    np.testing.assert_array_equal(twins.films(2, size=SIZE, progress=False)["plain"], first)


def test_impossible_wishes_are_refused():
    with pytest.raises(ValueError, match="variants \\['upside down'\\] are unknown; there is plain"):
        twins.films(2, ["upside down"])
    with pytest.raises(ValueError, match="two or more"):
        twins.films(1)
    for numbers in ([], [2, -1]):
        with pytest.raises(ValueError, match="numbers from 0"):
            twins.films(numbers)


def test_workers_need_no_torch_and_films_fit_the_network():
    code = "import sys; from course_utils import twins; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert twins.SIZE == models.SIZE and features.of.__defaults__[1] == twins.SIZE
