"""Controls: what can be told without the lungs, from the file alone, or when the labels mean nothing?

A model that answers its question as well under a control as without it has not answered it from the lungs.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils import archives, evaluation, films, models

# Top, bottom, left and right of a box that holds the lungs of nearly any frontal film, as shares of height and width.
# It is the same for every film: a box made from a mask would tell for which films there was one. Lesson 06a measures
# what share of published lung masks it covers.
LUNGS = (0.05, 0.95, 0.05, 0.95)
HEADER = "width height ratio bytes bits grey png".split()


def box_mask(size: int, box: Sequence[float] = LUNGS) -> np.ndarray:
    """Return a mask, bool of shape (size, size), that is true inside a box.

    box: top, bottom, left, right, as shares of the side from 0 to 1. Raises `ValueError` for a box without an inside.
    """
    top, bottom, left, right = box
    if not (0 <= top < bottom <= 1 and 0 <= left < right <= 1):
        raise ValueError(f"box = {tuple(box)}: 0 <= top < bottom <= 1 and 0 <= left < right <= 1 are needed")
    mask = np.zeros((size, size), bool)
    mask[round(top * size) : round(bottom * size), round(left * size) : round(right * size)] = True
    return mask


def corner_mask(size: int, share: float = 0.15) -> np.ndarray:
    """Return a mask, bool of shape (size, size), that is true in four corners, squares of `share` of the side each.

    Raises `ValueError` unless share is above 0 and up to 0.5.
    """
    if not 0 < share <= 0.5:
        raise ValueError(f"share = {share}: a share of the side above 0 and up to 0.5 is needed")
    side = round(share * size)
    near = np.arange(size) < side
    near |= near[::-1]
    return near[:, None] & near[None, :]


def blackened(images: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return films with every pixel of a mask set to black.

    images: uint8 of shape (n, height, width). mask: bool of shape (height, width) for all, or (n, height, width).
    Raises `ValueError` when the shapes do not fit.
    """
    images, mask = np.asarray(images), np.asarray(mask, bool)
    if images.ndim != 3 or mask.shape not in (images.shape, images.shape[1:]):
        raise ValueError(f"a mask of shape {mask.shape} does not fit images of shape {images.shape}")
    return np.where(mask, np.uint8(0), images)


def headers(manifest: pd.DataFrame) -> pd.DataFrame:
    """Return what the file of each film tells before a single pixel is unpacked, in the order of the manifest.

    Columns `HEADER`: width and height [pixels], ratio of width to height, bytes of the file, bits per pixel, grey (1
    when it has no colour channels) and png (1, or 0 for JPEG). Raises `films.FilmError` when a film cannot be opened.
    """
    rows = []
    for path in manifest["path"]:
        try:
            with Image.open(path, formats=films.FORMATS) as image:
                (width, height), grey, png = image.size, image.mode == "L", image.format == "PNG"
            size = os.path.getsize(path)
        except OSError as error:
            raise films.FilmError(f"{path}: its header cannot be read ({error})") from error
        rows.append((width, height, width / height, size, 8 * size / (width * height), float(grey), float(png)))
    return pd.DataFrame(rows, columns=HEADER, index=manifest.index, dtype=float)


def published_masks(manifest: pd.DataFrame, size: int = models.SIZE) -> tuple[np.ndarray, np.ndarray]:
    """Return the lung masks that the first archive publishes, and for which films there is one.

    They lie in its folder annotations/lungVAE-masks, are squeezed to a square as films are, and come as bool of shape
    (n, size, size), all false where there is none, and bool of shape (n,), in the order of the manifest. They exist for
    some films of that archive and for none of any other. A mask that cannot be read counts as missing.
    """
    masks, known = np.zeros((len(manifest), size, size), bool), np.zeros(len(manifest), bool)
    for k, path in enumerate(map(Path, manifest["path"])):
        found = path.parent.parent / "annotations" / "lungVAE-masks" / f"{path.stem}_mask.png"
        if path.parent.parent.name == archives.COHEN and found.is_file():
            try:
                masks[k] = films.resize(films.read(found), size) > 127
            except films.FilmError:
                continue
            known[k] = masks[k].any()
    return masks, known


def shuffled(manifest: pd.DataFrame, seed: int = 0, within: str | None = None) -> pd.DataFrame:
    """Return the manifest with its labels dealt out anew among groups: what is learned from it is leak or luck.

    Films of one group that shared a label share one afterwards. within: a column, such as "source"; labels then change
    hands only between groups that have the same value there, so whatever that column alone explains stays explained. A
    group that lies in several of its values, or has several labels, is cut into as many parts. Rows keep their order;
    the result does not depend on it. Raises `ValueError` when there is no such column.
    """
    if within is not None and within not in manifest:
        raise ValueError(f"no column {within!r} in the manifest; there are {', '.join(manifest.columns)}")
    place = manifest[within].astype(str) if within else pd.Series("", manifest.index)
    part = pd.Series(list(zip(place, manifest["group"], manifest["label"], strict=True)), manifest.index)
    rng, dealt = np.random.default_rng(seed), {}
    for value in sorted(set(place)):
        parts = sorted({p for p in part if p[0] == value})
        labels = [label for _, _, label in parts]
        dealt |= dict(zip(parts, rng.permutation(np.array(labels, dtype=object)), strict=True))
    return manifest.assign(label=part.map(dealt))


def folds(manifest: pd.DataFrame, positive: str = "covid", seed: int = 0, count: int = 5) -> np.ndarray:
    """Return the number of the fold, 0 to count - 1, of each film: no group in two folds, labels in like proportions.

    Raises `ValueError` when one of the two classes, `positive` and the rest, has fewer groups than there are folds.
    """
    answer = (manifest["label"] == positive).to_numpy()
    groups = [manifest.loc[side, "group"].nunique() for side in (answer, ~answer)]
    if min(groups) < count:
        raise ValueError(
            f"{count} folds need {count} groups of {positive!r} and of the rest; there are {groups[0]} and {groups[1]}"
        )
    # Sorted and numbered at random here, as in `splits`: the same films give the same folds in any order.
    order = np.argsort(manifest["image_id"].to_numpy(), kind="stable")
    number, names = pd.factorize(manifest["group"].to_numpy()[order], sort=True)
    number = np.random.default_rng(seed).permutation(len(names))[number]
    fold = np.empty(len(manifest), int)
    for k, (_, rows) in enumerate(StratifiedGroupKFold(count).split(order, answer[order], number)):
        fold[order[rows]] = k
    return fold


def linear(C: float = 0.01):
    """Return the classifier of lessons 00 and 05, not yet fitted: standardised features and a logistic regression."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000))


def probe(
    vectors: np.ndarray,
    manifest: pd.DataFrame,
    positive: str = "covid",
    model=None,
    seed: int = 0,
    weights: np.ndarray | None = None,
) -> pd.DataFrame:
    """Return predictions for every film, each by a model that has seen no film of its group (five folds).

    vectors: numbers about each film, shape (n, k), in the order of the manifest. positive: the label that counts as 1.
    model: a pipeline of scikit-learn that ends in a classifier (default: `linear`); it is fitted once a fold. seed: of
    the folds. weights: of the films in training, shape (n,). Returns what `evaluation.predictions` does, and raises
    what `folds` raises.
    """
    vectors, fold = np.asarray(vectors, float), folds(manifest, positive, seed)
    answer, scores = (manifest["label"] == positive).to_numpy(), np.empty(len(manifest))
    model = linear() if model is None else model
    for k in range(fold.max() + 1):
        learn = fold != k
        options = {} if weights is None else {f"{model.steps[-1][0]}__sample_weight": np.asarray(weights)[learn]}
        model.fit(vectors[learn], answer[learn], **options)
        scores[~learn] = model.predict_proba(vectors[~learn])[:, 1]
    return evaluation.predictions(manifest, scores, positive)
