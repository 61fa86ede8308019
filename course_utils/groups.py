"""Which films must stay together: those of one patient, and those that are the same film under another name."""

from collections.abc import Sequence

import numpy as np
import scipy.fft
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

NEAR = 0.98  # correlation of two thumbnails above which two files are taken for one film
_LOW = 8  # the lowest _LOW x _LOW cosine coefficients of a thumbnail serve as its sketch
_BLOCK = 2048


def near_duplicates(thumbnails: np.ndarray, threshold: float = NEAR) -> np.ndarray:
    """Find all pairs of thumbnails that correlate by more than a threshold.

    thumbnails: uint8 or float, shape (n, side, side). threshold: between 0 and 1. Returns int64 of shape (pairs, 2),
    each row i < j, sorted. Thumbnails of one single grey correlate with nothing.

    Exact, yet 100,000 thumbnails take about a minute on two cores: with thumbnails centred and scaled to length 1,
    the correlation is a dot product. In an orthonormal cosine basis it splits into a . b over the low frequencies plus
    r . s over the rest, and r . s <= |r| |s| (Cauchy-Schwarz). So the short vectors (a, |r|) bound the correlation from
    above, and only the few pairs whose bound passes are compared in full.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"threshold {threshold}: must lie between 0 and 1")
    n = len(thumbnails)
    if n == 0:
        return np.empty((0, 2), np.int64)
    full = _unit(np.asarray(thumbnails, np.float32).reshape(n, -1))
    sketch = _sketch(full.reshape(np.shape(thumbnails)))
    found = [np.empty((0, 2), np.int64)]
    for top in range(0, n, _BLOCK):
        for left in range(top, n, _BLOCK):
            bound = sketch[top : top + _BLOCK] @ sketch[left : left + _BLOCK].T
            i, j = np.nonzero(bound > threshold - 1e-5)
            pairs = np.column_stack([i + top, j + left])
            pairs = pairs[pairs[:, 0] < pairs[:, 1]]
            for part in np.array_split(pairs, len(pairs) // 50_000 + 1):
                correlation = np.einsum("ij,ij->i", full[part[:, 0]], full[part[:, 1]])
                found.append(part[correlation > threshold])
    pairs = np.concatenate(found)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def components(*keys: Sequence, pairs: np.ndarray | None = None) -> np.ndarray:
    """Number the connected components of films that share a key (patient, pixel hash, ...) or form a pair.

    keys: sequences of length n; films with an equal value in any of them belong together. pairs: int, shape (m, 2),
    film numbers that belong together besides. Returns int of shape (n,), numbered by first appearance.
    """
    n = len(keys[0])
    edges = [np.empty((0, 2), np.int64) if pairs is None else np.asarray(pairs, np.int64).reshape(-1, 2)]
    for key in keys:
        _, first, inverse = np.unique(np.asarray(key, str), return_index=True, return_inverse=True)
        edges.append(np.column_stack([np.arange(n), first[inverse]]))
    i, j = np.concatenate(edges).T
    _, number = connected_components(coo_array((np.ones(len(i), bool), (i, j)), shape=(n, n)), directed=False)
    return number


def _unit(vectors: np.ndarray) -> np.ndarray:
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)


def _sketch(thumbnails: np.ndarray) -> np.ndarray:
    low = scipy.fft.dctn(thumbnails, axes=(1, 2), norm="ortho")[:, :_LOW, :_LOW].reshape(len(thumbnails), -1)
    rest = np.sqrt(np.clip((thumbnails**2).sum((1, 2)) - (low**2).sum(1), 0, None))
    return np.ascontiguousarray(np.column_stack([low, rest]), np.float32)
