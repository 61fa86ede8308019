"""From a cached film to the network's input: unchanged, or changed at random as tutorials do, or as hospitals do.

Every recipe takes a film, uint8 of shape (1, height, width), and returns float32 of shape (3, size, size) in [-1, 1]:
what `models.load` expects. Given several tensors, as in `recipe(film, Mask(lungs))`, it moves masks exactly as the
film.
"""

import torch
from torchvision.transforms import InterpolationMode, v2

from course_utils import models

BILINEAR = InterpolationMode.BILINEAR
SIDES = (16, 1024)  # allowed sides of the input [pixels]


class RandomGamma(v2.Transform):
    """Bend the tone curve: grey values in [0, 1] to the power of gamma, drawn from [low, high] for each film."""

    def __init__(self, low: float, high: float):
        super().__init__()
        if not 0 < low <= high:
            raise ValueError(f"gamma from {low} to {high}: both must be above 0, the lower one first")
        self.low, self.high = low, high

    def make_params(self, flat_inputs: list) -> dict[str, float]:
        return {"gamma": float(torch.empty(()).uniform_(self.low, self.high))}

    def transform(self, inpt, params: dict[str, float]):
        return self._call_kernel(v2.functional.adjust_gamma, inpt, gamma=params["gamma"])


def plain(size: int = models.SIZE) -> v2.Compose:
    """Return the recipe without any randomness: for validation, for testing, and for use.

    size: side of the result [pixels], within `SIDES`, in this and all other recipes; `ValueError` when it is not.
    """
    return v2.Compose([*_start(size), *_end()])


def tutorial(size: int = models.SIZE) -> v2.Compose:
    """Return rotation, crop and flip, with the values that beginner guides of 2020 took over from photographs.

    Up to 30 degrees either way, the corners black; a crop of 8 to 100 % of the area, stretched by 3/4 to 4/3, enlarged
    to the full size (torchvision's defaults); left and right swapped half of the time.
    """
    start, turn = _start(size), v2.RandomRotation(30, interpolation=BILINEAR)
    return v2.Compose([*start, turn, v2.RandomResizedCrop(size, antialias=True), v2.RandomHorizontalFlip(), *_end()])


def anatomical(size: int = models.SIZE) -> v2.Compose:
    """Return changes that a second film of the same patient might show: nothing is mirrored, no lung base is lost.

    Rotation up to 7 degrees, shifts up to 5 % of a side, zoom 0.9 to 1.1; brightness and contrast within 15 %, gamma
    0.8 to 1.25, noise with a standard deviation of 2 % of the grey scale. The ranges lie within those that published
    chest X-ray models train with (torchxrayvision, COVID-Net), which are wider.
    """
    move = v2.RandomAffine(7, translate=(0.05, 0.05), scale=(0.9, 1.1), interpolation=BILINEAR)
    expose = [v2.ColorJitter(brightness=0.15, contrast=0.15), RandomGamma(0.8, 1.25), v2.GaussianNoise(sigma=0.02)]
    return v2.Compose([*_start(size), move, *expose, *_end()])


RECIPES = {"none": plain, "tutorial": tutorial, "anatomical": anatomical}


def _start(size: int) -> list[v2.Transform]:
    if not (isinstance(size, int) and SIDES[0] <= size <= SIDES[1]):
        raise ValueError(f"size = {size!r}: the side of the input must be a whole number from {SIDES[0]} to {SIDES[1]}")
    # To float first: rounding to 256 grey values after each step would add up.
    return [v2.Resize((size, size), antialias=True), v2.ToDtype(torch.float32, scale=True)]


def _end() -> list[v2.Transform]:
    return [v2.Normalize([0.5], [0.5]), v2.RGB()]
