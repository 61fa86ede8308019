"""A small training run for other processes to start, and to kill: everything that can be random in one is in it."""

from pathlib import Path

import torch
from torch.utils.data import DataLoader, Dataset

from course_utils import training


class Noisy(Dataset):
    """Points of two classes that overlap, with random noise added whenever one is read."""

    def __init__(self, count: int, noise: float = 0.0, seed: int = 0):
        generator = torch.Generator().manual_seed(seed)
        self.labels = torch.arange(count) % 2
        self.points = torch.randn(count, 4, generator=generator) + self.labels[:, None]
        self.noise = noise
        self.identity = f"noisy {count} {noise} {seed}"

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.points[index] + self.noise * torch.randn(4), int(self.labels[index])


def parts(seed: int = 0):
    """Return a model with dropout and batch norm, a training loader that shuffles and adds noise, and a plain one."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = torch.nn.Linear(4, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(), torch.nn.Dropout(0.3)
        model = torch.nn.Sequential(*layers, torch.nn.Linear(16, 2))
    train = DataLoader(Noisy(26, 0.3), 8, shuffle=True, generator=torch.Generator())
    return model, train, DataLoader(Noisy(20, seed=1), 8)


def run(folder: str, epochs: int, schedule: str | None = "cosine", started=None):
    """Train into a folder; `started` is a pipe into which a word goes when everything is ready to begin."""
    torch.set_num_threads(1)
    model, train, val = parts()
    options = {"epochs": epochs, "lr": 0.01, "weight_decay": 0.1, "schedule": schedule, "class_weights": [1, 2]}
    if started is not None:
        started.send("ready")
    return model, training.fit(model, train, val, checkpoint=Path(folder), device="cpu", progress=False, **options)
