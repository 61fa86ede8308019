"""Explanations: which pixels speak for the score of a classifier, by three methods of captum, and checks of them.

A map is float32 of the shape of its film. Above 0, a pixel speaks for the positive class.
"""

import copy
from collections.abc import Iterator

import numpy as np
import torch
from captum.attr import IntegratedGradients, LayerAttribution, LayerGradCam, Occlusion
from scipy.stats import rankdata
from torch import nn

from course_utils import models

STEPS = 32  # on the way of integrated gradients; with fewer their sum is far from what it should be
_BATCH = 8  # films at a time: gradients need all layers of the network in memory


def folded(classifier, backbone: nn.Module | None = None) -> models.Classifier:
    """Return one differentiable network from the frozen backbone and a classifier that was fitted to its features.

    classifier: a pipeline of scikit-learn, `StandardScaler` and `LogisticRegression` for two classes, fitted. The
    standardisation and the weights become one linear layer behind the backbone (default: `models.load()`), so that
    images of shape (n, 3, size, size) give log-odds of shape (n, 1). The backbone is frozen. Raises
    `ValueError` for another pipeline.
    """
    parts = [type(step).__name__ for _, step in getattr(classifier, "steps", [])]
    if parts != ["StandardScaler", "LogisticRegression"] or len(getattr(classifier[-1], "classes_", ())) != 2:
        raise ValueError(f"a fitted StandardScaler and LogisticRegression for two classes are needed, not {parts}")
    scaler, regression = classifier
    weight = regression.coef_ / scaler.scale_
    bias = regression.intercept_ - weight @ scaler.mean_
    backbone = models.load() if backbone is None else backbone
    head = nn.Linear(weight.shape[1], 1)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight))
        head.bias.copy_(torch.from_numpy(bias))
    return models.Classifier(backbone, head).eval().requires_grad_(False)


def scores(model: nn.Module, films: np.ndarray) -> np.ndarray:
    """Return the log-odds of films, uint8 of shape (n, size, size), as float32 of shape (n,)."""
    with torch.inference_mode():
        return model(models.preprocess(films, films.shape[-1]))[:, 0].numpy()


def grad_cam(model: nn.Module, films: np.ndarray, layer: nn.Module | None = None) -> np.ndarray:
    """Return Grad-CAM maps (Selvaraju and colleagues 2017) of films, uint8 of shape (n, size, size).

    Each channel of a layer is weighted by how much the score rises with its mean, and summed: the parts of the film
    whose features speak for the positive class. layer: one of the model's modules (default: the last with a height and
    a width, where a map has size / 32 cells a side); maps are spread to the film's size bilinearly.
    """
    layer = model.backbone.bn2 if layer is None else layer
    method, side = LayerGradCam(model, layer), films.shape[-2:]
    cells = _in_batches(films, lambda batch: method.attribute(batch, target=0))
    return LayerAttribution.interpolate(cells, side, interpolate_mode="bilinear")[:, 0].numpy()


def occlusion(model: nn.Module, films: np.ndarray, window: int = 32, stride: int = 16) -> np.ndarray:
    """Return occlusion maps (Zeiler and Fergus 2014): how far the score falls when a grey square hides a place.

    films: uint8 of shape (n, size, size). window, stride: of the square and of its steps [pixels]. Where squares
    overlap their effects are averaged. The grey is the mean of the film.
    """
    method, square, step = Occlusion(model), (3, window, window), (3, stride, stride)
    maps = _in_batches(films, lambda batch: method.attribute(batch, square, step, baselines=_grey(batch), target=0))
    return maps[:, 0].numpy()


def integrated_gradients(model: nn.Module, films: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """Return integrated gradients (Sundararajan and colleagues 2017) of films, uint8 of shape (n, size, size).

    The gradient of the score is averaged on the straight way from a film of even grey (the film's own mean) to the
    film, and multiplied by the difference between both. With many steps, the sum of a map is the difference of both
    scores.
    """
    method, options = IntegratedGradients(model), {"target": 0, "n_steps": steps, "internal_batch_size": _BATCH}
    maps = _in_batches(films, lambda batch: method.attribute(batch, _grey(batch), **options))
    return maps.sum(dim=1).numpy().astype(np.float32)


def share(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return the share of the evidence for the positive class that lies inside masks, float of shape (n,).

    maps: shape (n, height, width); what speaks against (below 0) is left out. masks: bool of the same shape. Compare
    with the share of the area, `masks.mean(axis=(1, 2))`, which is what a map that knows nothing gets. A map without
    any evidence for the class gives NaN. Raises `ValueError` when the shapes differ.
    """
    maps, masks = np.asarray(maps, float), np.asarray(masks, bool)
    if maps.shape != masks.shape or maps.ndim != 3:
        raise ValueError(f"maps of shape {maps.shape} and masks of shape {masks.shape}: (n, height, width) are needed")
    speaks_for = np.clip(maps, 0, None)
    total = speaks_for.sum(axis=(1, 2))
    inside = (speaks_for * masks).sum(axis=(1, 2))
    return np.divide(inside, total, out=np.full(len(maps), np.nan), where=total > 0)


def randomised(model: models.Classifier, seed: int = 0) -> Iterator[tuple[str, nn.Module]]:
    """Yield (name, model) with more and more of its weights replaced by random ones, from the head down to the stem.

    The check of Adebayo and colleagues (2018): a map that stays as it was shows the film, not the model. The model that
    is given stays as it is. Weights of convolutions and linear layers are drawn from a normal distribution with the
    mean and the standard deviation that they had; the statistics of batch normalisation stay, so that signals keep
    their size. Yields one model and changes it further: use it before you ask for the next.
    """
    model = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(seed)
    backbone = model.backbone
    stages = [("head", model.head), ("last convolution", backbone.conv_head)]
    stages += [(f"block {k}", backbone.blocks[k]) for k in reversed(range(len(backbone.blocks)))]
    for name, stage in [*stages, ("stem", backbone.conv_stem)]:
        for part in stage.modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                weight = part.weight.data
                noise = torch.randn(weight.shape, generator=generator) * weight.std() + weight.mean()
                part.weight.data = noise.contiguous(memory_format=torch.channels_last) if noise.ndim == 4 else noise
        yield name, model


def similarity(maps: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of each map with its partner, float of shape (n,): 1 the same order of pixels.

    maps, others: shape (n, height, width). A map without any difference between its pixels gives NaN. Raises
    `ValueError` when the shapes differ.
    """
    if np.shape(maps) != np.shape(others) or np.ndim(maps) != 3:
        raise ValueError(f"maps of shape {np.shape(maps)} and {np.shape(others)}: (n, height, width) of both is needed")
    found = []
    for one, other in zip(maps, others, strict=True):
        ranks = [rankdata(values.ravel()) for values in (one, other)]
        flat = any(np.ptp(rank) == 0 for rank in ranks)
        found.append(np.nan if flat else np.corrcoef(*ranks)[0, 1])
    return np.array(found)


def _in_batches(films: np.ndarray, method) -> torch.Tensor:
    """Return what a method makes of films, uint8 of shape (n, height, width), in batches that fit into memory."""
    films = np.asarray(films)
    if films.dtype != np.uint8 or films.ndim != 3 or not len(films) or films.shape[1] != films.shape[2]:
        raise ValueError(
            f"films of type {films.dtype} and shape {films.shape}: uint8 of shape (n, size, size) is needed"
        )
    parts = (films[start : start + _BATCH] for start in range(0, len(films), _BATCH))
    return torch.cat([method(models.preprocess(part, part.shape[-1])).detach() for part in parts])


def _grey(batch: torch.Tensor) -> torch.Tensor:
    """Return films of even grey, each the mean of its film: neither bone nor air."""
    return batch.mean(dim=(1, 2, 3), keepdim=True).expand_as(batch)
