"""The training loop of lesson 04: the same steps as by hand, and it can be stopped, killed, resumed and repeated."""

import contextlib
import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn.metrics import roc_auc_score
from torch.utils.data import DataLoader, RandomSampler

from course_utils import checkpoints
from course_utils.progress import bar

# Fused: all parameters in one pass, on a CPU several times faster than one after the other.
OPTIMISERS = {
    "adamw": partial(torch.optim.AdamW, fused=True),
    "adam": partial(torch.optim.Adam, fused=True),
    "sgd": partial(torch.optim.SGD, momentum=0.9, fused=True),
}
# Each takes the optimiser, its learning rate and the number of steps of the whole run; stepped once a batch.
SCHEDULES = {
    None: lambda optimiser, lr, steps: torch.optim.lr_scheduler.ConstantLR(optimiser, 1.0),
    "cosine": lambda optimiser, lr, steps: torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps),
    "onecycle": lambda optimiser, lr, steps: torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps + 1),
}


class History(NamedTuple):
    """How a training run went.

    table: one row an epoch, with epoch (from 1), train_loss (mean over the films as they were trained on), val_loss,
    val_accuracy, val_auc (NaN when only one class is there), lr (after the epoch), seconds. best_epoch: the one with
    the lowest val_loss. stopped: why it ended, "epochs", "patience" or "interrupted".
    """

    table: pd.DataFrame
    best_epoch: int
    stopped: str


def fit(
    model: torch.nn.Module,
    train: DataLoader,
    val: DataLoader,
    *,
    epochs: int,
    lr: float = 1e-3,
    weight_decay: float = 0.0,
    optimiser: str = "adamw",
    schedule: str | None = None,
    class_weights: Sequence[float] | None = None,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    device: str | torch.device | None = None,
    mixed: bool | None = None,
    seed: int = 0,
    progress: bool = True,
) -> History:
    """Train a model with cross-entropy and leave in it the weights of the epoch with the lowest validation loss.

    model: gives logits of shape (n, 2); only parameters with `requires_grad` are trained. train, val: yield (input,
    label). optimiser: a key of `OPTIMISERS`. schedule: of the learning rate, a key of `SCHEDULES`. class_weights: how
    much a film of class 0 and of class 1 counts. patience: stop after so many epochs without a lower validation loss.
    checkpoint: a folder for `last.pt` and `best.pt`; called again with the same arguments after the process died, the
    run goes on after its last whole epoch and ends with the same bits. Without a schedule, `epochs` may have grown.
    device: the fastest there is unless given. mixed: half precision where that is safe (default: on CUDA only).
    seed: fixes the order of films, random transforms and dropout, whatever seed the loader was made with, as long as
    they draw from torch's generators. The same bits need the same device, versions and number of threads, too.

    An interrupt (the kernel's stop button) ends the run like patience does; before the end of the first epoch it is
    passed on. Raises `ValueError` for impossible arguments or a checkpoint of another run, `FloatingPointError` when
    the loss is not finite, and what `checkpoints.opened` and `checkpoints.identity` raise.
    """
    _refuse(model, train, val, epochs, lr, optimiser, schedule, class_weights, patience, checkpoint)
    device = torch.device(device or best_device())
    mixed = device.type == "cuda" if mixed is None else mixed
    weights = None if class_weights is None else torch.tensor(class_weights, dtype=torch.float32, device=device)
    run = _Run(model.to(device), train, val, epochs, lr, weight_decay, optimiser, schedule, device, mixed)
    folder = contextlib.nullcontext() if checkpoint is None else checkpoints.opened(checkpoint)
    with folder as folder, _seeded(seed, device, run.generators):
        if folder is not None:
            run.settings = {
                "training films": checkpoints.identity(train), "validation films": checkpoints.identity(val),
                "model": _structure(model), "epochs": "any" if schedule is None else epochs, "lr": lr,
                "weight_decay": weight_decay, "optimiser": optimiser, "schedule": schedule, "patience": patience,
                "class_weights": None if class_weights is None else [float(weight) for weight in class_weights],
                "mixed": mixed, "seed": seed,
            }  # fmt: skip
            if (state := checkpoints.load(folder, run.settings)) is not None:
                run.restore(state)
                checkpoints.save(folder, run.state())
                print(f"going on after epoch {run.epoch} of {epochs}")
        stopped = _epochs(run, epochs, weights, patience, folder, progress)
    model.load_state_dict(run.best["model"])
    return History(pd.DataFrame(run.rows), run.best["epoch"], stopped)


def predict(model: torch.nn.Module, loader: DataLoader, device: str | torch.device | None = None) -> np.ndarray:
    """Return the probability of class 1 for every film of a loader, float64 of shape (n,), in the order of its dataset.

    device: where to compute; the model stays there. Unless given, where the model is. The model's mode (train or eval)
    is left as it was. Raises `ValueError` when the loader shuffles or leaves films out, as scores would not belong to
    the rows of the manifest then.
    """
    if isinstance(loader.sampler, RandomSampler) or loader.drop_last:
        raise ValueError(
            "the loader shuffles its films or drops the last ones, so scores would not fit the rows of the manifest: "
            "make it with shuffle=False and drop_last=False"
        )
    device = torch.device(device) if device is not None else next(model.parameters()).device
    logits, _ = outputs(model.to(device), loader, device)
    return logits.double().softmax(dim=1)[:, 1].numpy()


def outputs(model: torch.nn.Module, loader: DataLoader, device: torch.device, mixed: bool = False):
    """Return logits, float32 of shape (n, 2), and labels, of shape (n,), in evaluation mode and on the CPU."""
    before = model.training
    model.eval()
    logits, labels = [], []
    try:
        with torch.inference_mode(), _precision(device, mixed):
            for inputs, label in loader:
                logits.append(model(_placed(inputs, device)).float().cpu())
                labels.append(label.cpu())
    finally:
        model.train(before)
    return torch.cat(logits), torch.cat(labels)


def best_device() -> str:
    """Return the fastest device that this machine has: "cuda", "mps" or "cpu"."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


class _Run:
    """What changes while a model trains, and how to put it into a checkpoint and back."""

    def __init__(self, model, train, val, epochs, lr, weight_decay, optimiser, schedule, device, mixed):
        self.model, self.train, self.val, self.device, self.mixed = model, train, val, device, mixed
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimiser = OPTIMISERS[optimiser](trained, lr=lr, weight_decay=weight_decay)
        self.schedule = SCHEDULES[schedule](self.optimiser, lr, epochs * len(train))
        half = mixed and _half(device) is torch.float16
        self.scaler = torch.amp.GradScaler(device.type, enabled=half)
        self.generators = [loader.generator for loader in (train, val) if loader.generator is not None]
        self.settings: dict = {}
        self.epoch, self.rows = 0, []
        self.best = {"epoch": 0, "val_loss": math.inf, "model": _copied(model)}

    def state(self) -> dict:
        cuda = torch.cuda.get_rng_state_all() if self.device.type == "cuda" else []
        random = {"torch": torch.get_rng_state(), "cuda": cuda, "loaders": [g.get_state() for g in self.generators]}
        parts = {name: getattr(self, name).state_dict() for name in ("model", "optimiser", "schedule", "scaler")}
        return parts | {
            "settings": self.settings, "epoch": self.epoch, "rows": self.rows, "best": self.best, "random": random
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        for name in ("model", "optimiser", "schedule", "scaler"):
            getattr(self, name).load_state_dict(state[name])
        self.epoch, self.rows, self.best = state["epoch"], state["rows"], state["best"]
        torch.set_rng_state(state["random"]["torch"])
        if self.device.type == "cuda" and state["random"]["cuda"]:
            torch.cuda.set_rng_state_all(state["random"]["cuda"])
        for generator, saved in zip(self.generators, state["random"]["loaders"], strict=True):
            generator.set_state(saved)


def _epochs(run: _Run, epochs: int, weights, patience: int | None, folder: Path | None, progress: bool) -> str:
    """Train epoch after epoch, saving each, until one of the reasons to stop, which is returned."""
    steps = len(run.train)
    with bar(total=epochs * steps, initial=run.epoch * steps, desc="training", show=progress) as done:
        try:
            while run.epoch < epochs:
                if patience is not None and run.epoch - run.best["epoch"] >= patience:
                    return "patience"
                start = time.perf_counter()
                train_loss = _train_epoch(run, weights, done)
                row = {"epoch": run.epoch + 1, "train_loss": train_loss} | _validated(run, weights)
                if not math.isfinite(train_loss + row["val_loss"]):
                    raise FloatingPointError(
                        f"the loss is {train_loss} on training and {row['val_loss']} on validation films in epoch "
                        f"{row['epoch']}: try a lower lr, and look for inputs that are not finite"
                    )
                row |= {"lr": run.schedule.get_last_lr()[0], "seconds": time.perf_counter() - start}
                if row["val_loss"] < run.best["val_loss"]:
                    run.best = {"epoch": row["epoch"], "val_loss": row["val_loss"], "model": _copied(run.model)}
                run.rows = [*run.rows, row]
                run.epoch += 1
                if folder is not None:
                    checkpoints.save(folder, run.state())
                done.set_postfix(val_loss=f"{row['val_loss']:.3f}", best=run.best["epoch"])
        except KeyboardInterrupt:
            if not run.best["epoch"]:
                raise
            print(f"interrupted in epoch {run.epoch + 1}: the model holds the weights of epoch {run.best['epoch']}")
            return "interrupted"
    return "epochs"


def _train_epoch(run: _Run, weights: torch.Tensor | None, done) -> float:
    """Take one step for each batch; return the mean loss of the films, before the step that each was part of."""
    run.model.train()
    losses, counts = [], []  # stay on the device until the end, so that a GPU need not wait for each batch
    for inputs, labels in run.train:
        inputs, labels = _placed(inputs, run.device), labels.to(run.device, non_blocking=True)
        with _precision(run.device, run.mixed):
            loss = F.cross_entropy(run.model(inputs), labels, weight=weights)
        run.optimiser.zero_grad()
        run.scaler.scale(loss).backward()
        run.scaler.step(run.optimiser)
        run.scaler.update()
        run.schedule.step()
        losses.append(loss.detach())
        counts.append(torch.tensor(len(labels)) if weights is None else weights[labels].sum())
        done.update()
    losses, counts = (torch.stack(values).cpu().double() for values in (losses, counts))
    return float((losses * counts).sum() / counts.sum())


def _validated(run: _Run, weights: torch.Tensor | None) -> dict:
    logits, labels = outputs(run.model, run.val, run.device, run.mixed)
    loss = F.cross_entropy(logits, labels, weight=None if weights is None else weights.cpu())
    both = 0 < labels.sum() < len(labels)
    finite = bool(torch.isfinite(logits).all())
    auc = roc_auc_score(labels.numpy(), (logits[:, 1] - logits[:, 0]).numpy()) if both and finite else math.nan
    accuracy = (logits.argmax(dim=1) == labels).double().mean()
    return {"val_loss": float(loss), "val_accuracy": float(accuracy), "val_auc": float(auc)}


@contextlib.contextmanager
def _seeded(seed: int, device: torch.device, generators: list[torch.Generator]) -> Iterator[None]:
    """Seed torch for as long as the block runs; afterwards the reader's own random numbers go on where they were."""
    devices = range(torch.cuda.device_count()) if device.type == "cuda" else []
    with torch.random.fork_rng(devices), torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
        torch.manual_seed(seed)
        for generator in generators:
            generator.manual_seed(seed)
        yield


def _half(device: torch.device) -> torch.dtype:
    native = device.type != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if native else torch.float16


def _precision(device: torch.device, mixed: bool):
    return torch.autocast(device.type, dtype=_half(device), enabled=mixed)


def _placed(inputs: torch.Tensor, device: torch.device) -> torch.Tensor:
    # Convolutions on a CPU are three times faster with the channels last.
    layout = torch.channels_last if inputs.ndim == 4 else torch.contiguous_format
    return inputs.to(device, non_blocking=True, memory_format=layout)


def _copied(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone().cpu() for name, tensor in model.state_dict().items()}


def _structure(model: torch.nn.Module) -> str:
    """Return a key of a model's tensors and of which are trained; their values come from the checkpoint."""
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    parts = [(name, tuple(tensor.shape), name in trained) for name, tensor in model.state_dict().items()]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _refuse(model, train, val, epochs, lr, optimiser, schedule, class_weights, patience, checkpoint) -> None:
    """Raise `ValueError` for what cannot be trained."""
    for name, value, known in (("optimiser", optimiser, OPTIMISERS), ("schedule", schedule, SCHEDULES)):
        if value not in known:
            raise ValueError(f"no {name} {value!r}; there is {', '.join(map(repr, known))}")
    if epochs < 1 or not lr > 0 or (patience is not None and patience < 1):
        raise ValueError(f"epochs={epochs}, lr={lr}, patience={patience}: all must be above 0")
    if class_weights is not None and (len(class_weights) != 2 or min(class_weights) <= 0):
        raise ValueError(
            f"class_weights={list(class_weights)}: two numbers above 0 are needed, for class 0 and class 1"
        )
    for name, loader in (("train", train), ("val", val)):
        if not len(loader):
            raise ValueError(f"{name} yields no batch: are there films in it, and more than one batch with drop_last?")
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError("no parameter of the model has requires_grad, so there is nothing to train")
    if checkpoint is not None and (train.persistent_workers or val.persistent_workers):
        raise ValueError(
            "workers that live on between epochs keep random numbers that a checkpoint cannot hold: make the loader "
            "with persistent_workers=False, or leave checkpoint out"
        )
