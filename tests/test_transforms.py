"""Recipes of augmentation: always the network's input, masks moved with their films, no lung lost, no mirror."""

import pickle

import pytest
import torch
from torchvision import tv_tensors

from course_utils import models, transforms
from tiny import film

SIZE = 48


def grey(seed: int = 0, height: int = 64, width: int = 48) -> torch.Tensor:
    return torch.from_numpy(film(seed, height, width))[None]


def numbered(height: int = 64, width: int = 64) -> tv_tensors.Mask:
    """A mask whose every pixel has a number from 1 on, so that it can be recognised after a transform."""
    return tv_tensors.Mask(torch.arange(1, height * width + 1).view(1, height, width))


@pytest.mark.parametrize("name", transforms.RECIPES)
def test_every_recipe_makes_the_networks_input(name):
    for shape in ((64, 48), (48, 48), (40, 96)):
        made = transforms.RECIPES[name](SIZE)(grey(0, *shape))
        assert made.shape == (3, SIZE, SIZE) and made.dtype == torch.float32
        assert -1 <= made.min() < made.max() <= 1
        assert torch.equal(made[0], made[1]) and torch.equal(made[0], made[2])


def test_plain_changes_nothing_but_the_scale():
    film_48 = grey(3, 48, 48)
    torch.testing.assert_close(transforms.plain(SIZE)(film_48)[:1], film_48 / 127.5 - 1)
    first, second = (transforms.plain(SIZE)(grey()) for _ in range(2))
    assert torch.equal(first, second)


def test_plain_is_what_features_are_computed_from():
    image = film(0, 80, 64)
    size = 32
    cached = torch.from_numpy(models.films.resize(image, size).copy())[None]
    torch.testing.assert_close(transforms.plain(size)(cached), models.preprocess([image], size)[0])


@pytest.mark.parametrize("name", ["tutorial", "anatomical"])
def test_random_recipes_differ_from_film_to_film_and_repeat_with_a_seed(name):
    recipe, image = transforms.RECIPES[name](SIZE), grey()
    torch.manual_seed(1)
    first, second = recipe(image), recipe(image)
    torch.manual_seed(1)
    assert torch.equal(recipe(image), first)
    assert not torch.equal(first, second)
    assert torch.equal(grey(), image)  # the cached film is left as it was


def moved(name: str, draws: int = 40):
    """Return for each draw which pixel of the original stands at each place (0: none), as rows and columns."""
    recipe = transforms.RECIPES[name](64)
    torch.manual_seed(0)
    masks = [recipe(tv_tensors.Image(grey(0, 64, 64)), numbered())[1][0] for _ in range(draws)]
    return [(mask, (mask - 1) // 64, (mask - 1) % 64) for mask in masks]


def mirrored(rows: torch.Tensor, columns: torch.Tensor) -> bool:
    """Return whether the middle of the film is mirrored: the sign of the area that two steps span."""
    right = columns[32, 40] - columns[32, 32], rows[32, 40] - rows[32, 32]
    down = columns[40, 32] - columns[32, 32], rows[40, 32] - rows[32, 32]
    return bool(right[0] * down[1] - right[1] * down[0] < 0)


def test_anatomical_keeps_sides_and_nearly_all_of_the_film():
    for mask, rows, columns in moved("anatomical"):
        assert not mirrored(rows, columns)
        assert rows[48, 32] > rows[16, 32]
        seen = mask[mask > 0]
        assert (seen.max() - 1) // 64 >= 64 * 0.85  # the lower border, where the lung bases lie
        assert (mask > 0).float().mean() > 0.7


def test_tutorial_mirrors_half_of_the_films_and_loses_parts():
    found = moved("tutorial", 60)
    share = sum(mirrored(rows, columns) for _, rows, columns in found) / len(found)
    assert 0.3 < share < 0.7
    assert min(((mask[mask > 0] - 1) // 64).max() for mask, _, _ in found) < 40  # some crops end above the middle


def test_anatomical_changes_the_exposure_too():
    flat = torch.full((1, 64, 64), 128, dtype=torch.uint8)
    torch.manual_seed(0)
    middles = torch.stack([transforms.anatomical(64)(flat)[0, 24:40, 24:40] for _ in range(30)])
    assert middles.mean(dim=(1, 2)).std() > 0.02
    assert 0.02 < middles.std(dim=(1, 2)).mean() < 0.06  # noise: 2 % of the grey scale, which is 2 wide here


def test_gamma_bends_the_tone_curve_within_its_range():
    step, image = transforms.RandomGamma(0.8, 1.25), torch.full((1, 8, 8), 0.5)
    values = torch.stack([step(image)[0, 0, 0] for _ in range(50)])
    assert 0.5**1.25 <= values.min() < 0.48 and 0.52 < values.max() <= 0.5**0.8
    mask = tv_tensors.Mask(torch.ones(1, 8, 8))
    assert torch.equal(step(mask), mask)


def test_recipes_can_be_sent_to_workers_and_name_their_values():
    for make in transforms.RECIPES.values():
        recipe = make(SIZE)
        assert repr(pickle.loads(pickle.dumps(recipe))) == repr(recipe)
        assert "0x" not in repr(recipe)
    assert "low=0.8, high=1.25" in repr(transforms.anatomical())


@pytest.mark.parametrize("size", [0, 15, 1025, 64.0, "128"])
@pytest.mark.parametrize("name", transforms.RECIPES)
def test_impossible_sizes_are_refused(name, size):
    with pytest.raises(ValueError, match="a whole number from 16 to 1024"):
        transforms.RECIPES[name](size)


def test_impossible_gammas_are_refused():
    for low, high in ((0, 1), (2, 1), (-1, 1)):
        with pytest.raises(ValueError, match="both must be above 0"):
            transforms.RandomGamma(low, high)
