"""The backbone and its frozen features: right weights, the same bits in any company, computed once."""

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from course_utils import features, films, models
from tiny import film, put

SIZE = 64  # pixels; the same code as at 128, four times faster


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def one_backbone(monkeypatch):
    """Load the backbone once for all tests of this module."""
    monkeypatch.setattr(models, "load", lambda name: BACKBONE if name in models.NAMES else LOAD(name))


LOAD = models.load
BACKBONE = models.load()


def manifest(folder: Path, *seeds: int) -> pd.DataFrame:
    paths = [put(folder / f"{seed}.png", film(seed, 80, 64)) for seed in seeds]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return pd.DataFrame({"path": [str(path) for path in paths], "sha256": digests})


def frozen(table: pd.DataFrame) -> np.ndarray:
    return features.frozen(table, size=SIZE, progress=False)


def stored() -> list[Path]:
    return sorted(Path(os.environ["COURSE_CACHE"]).rglob("*.npy"))


def fail(*arguments):
    pytest.fail("computed again")


# The backbone


def test_the_backbone_makes_features_and_is_ready_to_be_frozen():
    assert not BACKBONE.training
    with torch.inference_mode():
        made = BACKBONE(models.preprocess([film(0), film(1, 96, 80)], SIZE))
    assert made.shape == (2, 1280)
    assert made.dtype == torch.float32
    assert made.isfinite().all()


def test_the_weights_are_those_of_the_package():
    weights = torch.load(models.weights_file(), weights_only=True)
    ours = BACKBONE.state_dict()
    assert len(weights) == len(ours) + 2  # all but the classifier
    for name, (theirs, tensor) in zip(ours, weights.items(), strict=False):
        assert name.rpartition(".")[2] == theirs.rpartition(".")[2]  # mean and variance have equal shapes
        assert torch.equal(ours[name], tensor), name


def test_loading_leaves_the_readers_random_numbers_alone():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    LOAD()
    assert torch.equal(torch.rand(3), expected)


def test_an_unknown_backbone_is_refused():
    with pytest.raises(ValueError, match="no backbone 'resnet50'; there is efficientnet_lite0"):
        models.load("resnet50")


def test_weights_that_do_not_fit_are_refused(monkeypatch):
    weights = torch.load(models.weights_file(), weights_only=True)
    weights.popitem()
    monkeypatch.setattr(torch, "load", lambda *_, **__: weights)
    with pytest.raises(ValueError, match=r"do not fit timm .*requirements\.txt"):
        LOAD()


def test_preprocessing_squeezes_repeats_and_scales():
    black_and_white = np.zeros((80, 60), np.uint8)
    black_and_white[:40] = 255
    batch = models.preprocess([black_and_white], 32)
    assert batch.shape == (1, 3, 32, 32)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(batch[:, 0], batch[:, 1]) and torch.equal(batch[:, 0], batch[:, 2])
    assert (batch[0, 0, :14] == 1).all() and (batch[0, 0, 18:] == -1).all()
    assert models.preprocess([film(0)]).shape[-2:] == (models.SIZE, models.SIZE)


def test_the_fingerprint_tells_weights_and_preprocessing(monkeypatch, tmp_path):
    first = models.fingerprint()
    assert first == models.fingerprint("efficientnet_lite0", models.SIZE) != models.fingerprint(size=SIZE)
    models.fingerprint.cache_clear()
    monkeypatch.setattr(models, "weights_file", lambda: put(tmp_path / "other.pth", b"other weights"))
    assert models.fingerprint() != first
    models.fingerprint.cache_clear()


# Features


def test_features_are_those_of_the_backbone(tmp_path):
    table = manifest(tmp_path, *range(3))
    with torch.inference_mode():
        expected = BACKBONE(models.preprocess([film(seed, 80, 64) for seed in range(3)], SIZE)).numpy()
    np.testing.assert_allclose(frozen(table), expected, rtol=1e-4, atol=1e-5)


def test_features_are_computed_once(tmp_path, monkeypatch):
    table = manifest(tmp_path, *range(4))
    fresh = frozen(table)
    assert fresh.shape == (4, 1280) and fresh.dtype == np.float32
    assert len(np.unique(fresh, axis=0)) == 4
    monkeypatch.setattr(features, "_compute", fail)
    np.testing.assert_array_equal(frozen(table), fresh)
    again = table.iloc[[2, 0, 2]]
    np.testing.assert_array_equal(frozen(again), fresh[[2, 0, 2]])


def test_a_film_has_the_same_bits_in_any_company_and_order(tmp_path, monkeypatch):
    table = manifest(tmp_path, *range(35))  # more than a batch
    together = frozen(table)
    for company in ([34], [3, 34, 0], list(range(34, -1, -1))):
        monkeypatch.setenv("COURSE_CACHE", str(tmp_path / f"cache of {len(company)} films"))
        np.testing.assert_array_equal(frozen(table.iloc[company]), together[company])


def test_only_what_is_missing_is_computed(tmp_path, monkeypatch):
    table = manifest(tmp_path, *range(6))
    first = frozen(table.iloc[:4])
    compute = features._compute
    asked = []
    monkeypatch.setattr(
        features, "_compute", lambda missing, *rest: asked.extend(missing.index) or compute(missing, *rest)
    )
    both = frozen(table)
    assert asked == [4, 5]
    np.testing.assert_array_equal(both[:4], first)


def test_threads_change_next_to_nothing(tmp_path, monkeypatch):
    table = manifest(tmp_path, *range(3))
    made = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            monkeypatch.setenv("COURSE_CACHE", str(tmp_path / f"cache{threads}"))
            made.append(frozen(table))
    finally:
        torch.set_num_threads(before)
    np.testing.assert_allclose(made[0], made[1], rtol=1e-4, atol=1e-5)


def test_no_films_have_no_features():
    assert frozen(pd.DataFrame({"path": [], "sha256": []}, dtype=object)).shape[0] == 0


@pytest.mark.parametrize("what", ["changed", "gone", "damaged"])
def test_a_film_that_is_no_longer_there_is_refused(tmp_path, what):
    table = manifest(tmp_path, 0, 1)
    path = Path(table["path"][1])
    if what == "gone":
        path.unlink()
        message = r"1\.png: cannot be read"
    elif what == "changed":
        put(path, film(5))
        message = r"1\.png: has changed since the manifest was made"
    else:
        put(path, b"text")
        table.loc[1, "sha256"] = hashlib.sha256(b"text").hexdigest()
        message = r"1\.png: not a JPEG or PNG"
    with pytest.raises(films.FilmError, match=message):
        frozen(table)
    assert stored() == []


@pytest.mark.parametrize("damage", [b"", b"junk" * 2000, "cut"])
def test_damaged_features_are_computed_again(tmp_path, damage):
    table = manifest(tmp_path, 0, 1)
    fresh = frozen(table)
    whole = stored()[0].read_bytes()
    stored()[0].write_bytes(whole[:-50] if damage == "cut" else damage)
    np.testing.assert_array_equal(frozen(table), fresh)
    assert stored()[0].read_bytes() == whole


def test_a_crash_in_the_middle_of_writing_leaves_no_half_features(tmp_path, monkeypatch):
    table = manifest(tmp_path, 0, 1)
    save = np.save

    def half(file, vector):
        file.write(b"\x93NUMPY half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", half)
    with pytest.raises(OSError, match="No space left"):
        frozen(table)
    assert [p for p in Path(os.environ["COURSE_CACHE"]).rglob("*") if p.is_file()] == []
    monkeypatch.setattr(np, "save", save)
    assert frozen(table).shape == (2, 1280)


def test_a_cache_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(put(tmp_path / "file", b"")))
    with pytest.raises(PermissionError, match="COURSE_CACHE"):
        frozen(manifest(tmp_path, 0))


def test_two_at_once_may_fill_the_same_cache(tmp_path, monkeypatch):
    table = manifest(tmp_path, *range(5))
    both_have_looked = threading.Barrier(2, timeout=60)
    compute = features._compute

    def compute_together(*arguments):
        both_have_looked.wait()
        return compute(*arguments)

    monkeypatch.setattr(features, "_compute", compute_together)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(frozen, [table, table])
    np.testing.assert_array_equal(first, second)
    monkeypatch.setattr(features, "_compute", fail)
    np.testing.assert_array_equal(frozen(table), first)
    assert [path.name for path in stored()] == sorted(f"{digest}.npy" for digest in table["sha256"])
    assert not list(Path(os.environ["COURSE_CACHE"]).rglob(".*"))


def test_a_classifier_learns_on_the_features(tmp_path):
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    rows = []
    for i in range(40):
        noise = rng.integers(60, 120, (64, 64))
        noise[:, :32] += 80 * (i % 2)  # one half brighter: for every second film
        rows.append(put(tmp_path / f"{i}.png", noise.astype(np.uint8)))
    table = pd.DataFrame({"path": map(str, rows), "sha256": [hashlib.sha256(p.read_bytes()).hexdigest() for p in rows]})
    made, label = frozen(table), np.arange(40) % 2
    assert LogisticRegression().fit(made[:20], label[:20]).score(made[20:], label[20:]) == 1
