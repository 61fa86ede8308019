"""Near-duplicates are found exactly, and what belongs together is joined."""

import io

import numpy as np
import pytest
from PIL import Image

from course_utils import films, groups
from tiny import film


def brute_force(thumbnails: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    with np.errstate(invalid="ignore"):
        correlation = np.corrcoef(thumbnails.reshape(len(thumbnails), -1).astype(np.float64))
    return [tuple(pair) for pair in np.argwhere(np.triu(correlation > threshold, 1)).tolist()]


def family(rng: np.random.Generator, members: int, noise: float) -> np.ndarray:
    """Return variants of one smooth random thumbnail."""
    base = films.thumbnail(films.resize(rng.integers(0, 256, (6, 6), np.uint8), 64)).astype(float)
    return np.clip(base + rng.normal(0, noise, (members, *base.shape)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.98, 0.999])
def test_pairs_are_those_of_brute_force(threshold):
    rng = np.random.default_rng(0)
    thumbnails = np.concatenate([family(rng, 4, noise) for noise in np.linspace(0.5, 40, 40)])
    thumbnails = thumbnails[rng.permutation(len(thumbnails))]
    expected = brute_force(thumbnails, threshold)
    found = groups.near_duplicates(thumbnails, threshold)
    assert len(expected) > 5
    assert [tuple(pair) for pair in found.tolist()] == expected


def test_pairs_are_those_of_brute_force_across_blocks(monkeypatch):
    monkeypatch.setattr(groups, "_BLOCK", 7)
    rng = np.random.default_rng(1)
    thumbnails = np.concatenate([family(rng, 3, 2) for _ in range(10)])[rng.permutation(30)]
    expected = brute_force(thumbnails, groups.NEAR)
    assert sum(j // 7 > i // 7 for i, j in expected) > 10
    assert [tuple(pair) for pair in groups.near_duplicates(thumbnails).tolist()] == expected


def test_detail_that_the_sketch_does_not_see_counts_too():
    rng = np.random.default_rng(2)
    base = family(rng, 1, 0)[0].astype(float)
    rough = np.where(np.indices(base.shape).sum(0) % 2, 8.0, -8.0)  # the finest checkerboard: in no low frequency
    pair = np.clip(np.stack([base * 0.5 + 60 + rough, base * 0.5 + 60 - rough]), 0, 255)
    correlation = np.corrcoef(pair.reshape(2, -1))[0, 1]
    assert 0.8 < correlation < groups.NEAR
    assert len(groups.near_duplicates(pair)) == 0
    assert len(groups.near_duplicates(pair, correlation - 0.001)) == 1


def another_encoding(image: np.ndarray, size: tuple[int, int], quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).resize(size, Image.Resampling.LANCZOS).convert("RGB").save(file, "JPEG", quality=quality)
    return films.decode(file.getvalue())


def test_copies_in_another_encoding_are_found_and_nothing_else():
    originals = [film(seed, 240, 200) for seed in range(20)]
    copies = [
        another_encoding(image, (150, 200), quality) for image, quality in zip(originals, range(35, 95, 3), strict=True)
    ]
    found = groups.near_duplicates(np.stack([films.thumbnail(image) for image in originals + copies]))
    assert found.tolist() == [[i, i + 20] for i in range(20)]


def test_brightness_and_contrast_do_not_matter():
    base = family(np.random.default_rng(3), 1, 0)[0].astype(float)
    assert len(groups.near_duplicates(np.stack([base, base * 0.4 + 30]))) == 1
    assert len(groups.near_duplicates(np.stack([base, 255 - base]))) == 0


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_films_of_one_grey_are_like_nothing(n):
    found = groups.near_duplicates(np.full((n, 32, 32), 77, np.uint8))
    assert found.shape == (0, 2)
    assert found.dtype == np.int64


@pytest.mark.parametrize("threshold", [0, 1, -0.5, 2, float("nan")])
def test_a_threshold_that_is_no_correlation_is_refused(threshold):
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        groups.near_duplicates(np.zeros((2, 32, 32)), threshold)


def test_components_join_over_every_key_and_pair():
    patient = ["a", "a", "b", "c", "d", "e", "f"]
    pixels = ["1", "2", "2", "3", "4", "5", "6"]  # a and b share a film
    joined = groups.components(patient, pixels, pairs=np.array([[3, 4], [6, 4]]))  # c, d and f look alike
    assert joined.tolist() == [0, 0, 0, 1, 1, 2, 1]


def test_components_without_pairs_and_with_a_chain():
    keys = [str(i // 2) for i in range(100)], [str((i + 1) // 2) for i in range(100)]
    assert set(groups.components(*keys)) == {0}
    assert groups.components(keys[0]).tolist() == [i // 2 for i in range(100)]


def test_components_are_the_same_films_whatever_their_order():
    rng = np.random.default_rng(4)
    patient, pixels = rng.integers(0, 60, (2, 100)).astype(str)
    pairs = rng.integers(0, 100, (10, 2))
    together = np.equal.outer(*[groups.components(patient, pixels, pairs=pairs)] * 2)
    order = rng.permutation(100)
    shuffled = groups.components(patient[order], pixels[order], pairs=np.argsort(order)[pairs])
    np.testing.assert_array_equal(np.equal.outer(shuffled, shuffled), together[order][:, order])
    assert 1 < len(set(shuffled)) < 60
