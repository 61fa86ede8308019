"""Files with the weights of torchvision's models: found on disk, or fetched, or an error that says what to do."""

import hashlib
import http.client
import shutil
import urllib.request
from pathlib import Path

from tqdm.auto import tqdm

from course_utils import cache

SECONDS = 15  # without any answer, then we say so: a room of students on a closed network should not wait for long


class MissingWeights(FileNotFoundError):
    """Weights that are neither on this machine nor to be had; the message says which file to put where."""


def file(name: str) -> Path:
    """Return the file with the ImageNet weights of a torchvision model, fetched if it is not here.

    name: as in `torchvision.models`, such as "densenet161". The file lies in torch's own folder for such files
    (`torch.hub.get_dir()`, which the environment variable TORCH_HOME moves), so that other programs find it, too. The
    eight digits in its name are the start of its SHA-256 and are compared. Raises `MissingWeights` when it can not be
    fetched, `ValueError` when the file on disk is not the one it should be.
    """
    import torch
    import torchvision

    address = torchvision.models.get_model_weights(name).IMAGENET1K_V1.url
    path = Path(torch.hub.get_dir()) / "checkpoints" / address.rpartition("/")[2]
    if not path.is_file():
        with _lock(path):
            if not path.is_file():
                _fetch(address, path, name)
    elif not _genuine(path, path.name):
        raise ValueError(f"{path} is damaged or another file: delete it, and fetch {address} again")
    return path


def _lock(path: Path):
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PermissionError(
            f"the folder {path.parent} cannot be made ({error.strerror}). Set TORCH_HOME to one you may write to."
        ) from error
    return cache.lock(path)


def _fetch(address: str, path: Path, name: str) -> None:
    try:
        with cache.replacing(path) as temporary:
            with urllib.request.urlopen(address, timeout=SECONDS) as response, open(temporary, "wb") as target:
                length = int(response.headers.get("Content-Length") or 0) or None
                with tqdm.wrapattr(response, "read", total=length, desc=f"fetching {path.name}") as source:
                    shutil.copyfileobj(source, target)
            if not _genuine(temporary, path.name):
                raise OSError("what came is another file: its SHA-256 differs")
    except (OSError, http.client.HTTPException) as error:  # URLError and time-outs are OSErrors
        raise MissingWeights(
            f"The weights of {name} are not on this machine and could not be fetched ({error}). Fetch {address} "
            f"where there is a network, and put {path.name} into {path.parent}. Or choose 'efficientnet_lite0', whose "
            "weights are installed."
        ) from error


def _genuine(path: Path, name: str) -> bool:
    """Return whether a file is the one that its name tells: densenet161-8d451a50.pth has a hash that starts so."""
    with open(path, "rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return digest.startswith(name.rpartition("-")[2].removesuffix(".pth"))
