"""Measure what the course's speed rests on, into build/bench.md.

    python .ci/bench.py            all rows
    python .ci/bench.py films auc  only rows whose name holds one of the words
    python .ci/bench.py memory     only the peak memory of each notebook

A row compares our way with the plain one. Both are timed in turns in one run, at least five times each, and the medians
are compared: a ratio says the same on a slower or busier machine, a number of seconds does not.
"""

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
os.environ["TQDM_DISABLE"] = "1"


class Row(NamedTuple):
    """One comparison: what is done, our way and the plain way, and what our way's seconds mean in words."""

    what: str
    ours: tuple[str, Callable[[], object]]
    plain: tuple[str, Callable[[], object]]
    words: Callable[[float], str]
    plain_share: float = 1.0  # the part of the work that the plain way is timed on; its time is scaled up


ROWS: dict[str, Callable[[], Row]] = {}


def row(make: Callable[[], Row]) -> Callable[[], Row]:
    """Register a function that prepares a row; its name is the row's name."""
    ROWS[make.__name__] = make
    return make


def films(count: int, size: int) -> list[np.ndarray]:
    """Return `count` simulated films, the same every time."""
    from course_utils import simulator

    found = []
    for number in range(count):
        rng = np.random.default_rng(number)
        patient = simulator.draw_patient(rng)
        disease = simulator.draw_disease(rng, "covid" if number % 2 else "normal", patient)
        site = simulator.SITES[sorted(simulator.SITES)[number % len(simulator.SITES)]]
        found.append(simulator.render(patient, disease, site, simulator.draw_exposure(rng, site, patient), size).pixels)
    return found


@row
def frozen_features() -> Row:
    import torch

    from course_utils import models

    torch.set_num_threads(joblib.cpu_count())
    batch, model = models.preprocess(films(8, 160) * 4), models.load()
    plain_batch, plain_model = batch.contiguous(), models.load().to(memory_format=torch.contiguous_format)

    def forward(model, batch):
        with torch.inference_mode():
            return model(batch)

    return Row(
        f"frozen features of 32 films at {models.SIZE} px",
        ("channels_last", lambda: forward(model, batch)),
        ("PyTorch's default layout", lambda: forward(plain_model, plain_batch)),
        lambda seconds: f"{32 / seconds:.0f} films/s",
    )


@row
def features_again() -> Row:
    from course_utils import archives, curation, features

    cache = tempfile.TemporaryDirectory(prefix="chest-xray-bench-")
    manifest = curation.curate(archives.root())[0].head(64)

    def computed():
        cache.cleanup()
        with_cache(cache.name)

    def with_cache(folder):
        before = os.environ.get("COURSE_CACHE")
        os.environ["COURSE_CACHE"] = folder
        try:
            return features.frozen(manifest, progress=False)
        finally:
            os.environ.pop("COURSE_CACHE") if before is None else os.environ.update(COURSE_CACHE=before)

    with_cache(cache.name)
    return Row(
        "frozen features of 64 films of a manifest",
        ("read from the cache", lambda: with_cache(cache.name)),
        ("computed", computed),
        lambda seconds: f"{seconds / 64 * 1000:.2f} ms a film",
    )


@row
def near_duplicates() -> Row:
    from course_utils import groups
    from course_utils.films import thumbnail

    # As alike as chest films are: drawn with the mean and the covariance of the thumbnails of simulated films.
    count, side = 20_000, 32
    real = np.stack([thumbnail(film).ravel() for film in films(200, 64)]).astype(np.float64)
    drawn = np.random.default_rng(0).normal(0, 1, (count, len(real))) @ (real - real.mean(0)) / np.sqrt(len(real) - 1)
    thumbnails = np.clip(real.mean(0) + drawn, 0, 255).astype(np.uint8).reshape(-1, side, side)

    def every_pair(share: float):
        full = thumbnails.reshape(count, -1).astype(np.float32)
        full -= full.mean(axis=1, keepdims=True)
        full /= np.linalg.norm(full, axis=1, keepdims=True)
        for top in range(0, int(count * share), 1000):
            np.argwhere(full[top : top + 1000] @ full.T > groups.NEAR)

    return Row(
        f"near-duplicates among {count:,} thumbnails",
        ("groups.near_duplicates", lambda: groups.near_duplicates(thumbnails)),
        ("every correlation in full", lambda: every_pair(0.25)),
        lambda seconds: f"{seconds * 25:.0f} s for 100,000 (pairs grow with the square)",
        plain_share=0.25,
    )


@row
def bootstrap_auc() -> Row:
    from sklearn.metrics import roc_auc_score

    from course_utils import evaluation

    rng, count = np.random.default_rng(0), 10_000
    label = rng.integers(0, 2, count)
    score = label + rng.normal(0, 1.2, count)
    table = pd.DataFrame({"label": label, "score": score, "group": rng.integers(0, count // 2, count)})
    members = table.groupby("group").indices
    groups = list(members)

    def loop(resamples: int):
        for _ in range(resamples):
            drawn = np.concatenate([members[group] for group in rng.choice(groups, len(groups))])
            roc_auc_score(label[drawn], score[drawn])

    return Row(
        "2,000 resamples by group of the AUC of 10,000 predictions",
        ("evaluation.auc", lambda: evaluation.auc(table, resamples=2000)),
        ("a loop over scikit-learn's roc_auc_score", lambda: loop(100)),
        lambda seconds: f"{seconds:.2f} s",
        plain_share=0.05,
    )


def mixed_films(count: int, size: int) -> float:
    """Simulate films of adults and children, healthy and ill, one after the other; return the median CPU seconds."""
    from course_utils import simulator

    hospitals, times = sorted(set(simulator.SITES) - {"guangzhou"}), []
    for number in range(count):
        rng, child = np.random.default_rng(number), number % 3 == 0
        patient = simulator.draw_patient(rng, child=child)
        disease = simulator.draw_disease(rng, simulator.KINDS[number % 4], patient)
        site = simulator.SITES["guangzhou" if child else hospitals[number % len(hospitals)]]
        exposure = simulator.draw_exposure(rng, site, patient, "AP" if child else simulator.VIEWS[number // 2 % 3])
        start = time.process_time()
        simulator.render(patient, disease, site, exposure, size)
        times.append(time.process_time() - start)
    return statistics.median(times)


@row
def simulated_film() -> Row:
    medians: list[float] = []
    return Row(
        "simulating 60 mixed films on one core",
        ("256 px", lambda: medians.append(mixed_films(60, 256))),
        ("512 px", lambda: mixed_films(15, 512)),
        lambda _: f"{statistics.median(medians) * 1000:.0f} ms of CPU a film of 256 px (median)",
        plain_share=0.25,
    )


@row
def default_archives() -> Row:
    from course_utils.simulator import archive
    from course_utils.simulator.settings import Settings

    def make(**knobs):
        with tempfile.TemporaryDirectory(prefix="chest-xray-bench-") as folder:
            archive.make(Path(folder) / "archives", progress=False, **knobs)

    pictures = [len(archive.draw_plan(Settings(**knobs)).requests) for knobs in ({"films": 16}, {})]
    return Row(
        f"making the default archives, {pictures[1]} pictures of 256 px and their truth",
        ("2 processes", lambda: make(processes=2)),
        (f"1 process (timed on {pictures[0]} pictures)", lambda: make(films=16, processes=1)),
        lambda seconds: f"{seconds:.0f} s",
        plain_share=pictures[0] / pictures[1],
    )


def head_and_films():
    """Return 64 films as network input, labels, a frozen backbone, and a function that trains a fresh head.

    train(inputs, epochs) steps through batches of 32 in a fixed order; inputs are features, or films for the backbone.
    """
    import torch

    from course_utils import models

    torch.set_num_threads(joblib.cpu_count())
    inputs = models.preprocess(films(16, 160) * 4)
    inputs += 0.05 * torch.randn(inputs.shape, generator=torch.Generator().manual_seed(0))  # no two alike
    labels, backbone = torch.arange(64) % 2, models.load()

    def train(inputs, epochs=20):
        torch.manual_seed(0)
        head = models.head(1280)
        model = head if inputs.ndim == 2 else models.Classifier(backbone, head).freeze().train()
        optimiser, order = torch.optim.AdamW(head.parameters()), torch.Generator().manual_seed(0)
        for _ in range(epochs):
            for batch in torch.randperm(64, generator=order).split(32):
                optimiser.zero_grad()
                torch.nn.functional.cross_entropy(model(inputs[batch]), labels[batch]).backward()
                optimiser.step()
        return model.eval()

    @torch.inference_mode()
    def features():
        return torch.cat([backbone(batch) for batch in inputs.split(32)])

    cached = features().clone()
    answers = [train(given)(given).argmax(dim=1) for given in (cached, inputs)]
    if not torch.equal(*answers):
        raise RuntimeError("the head on cached features answers differently from the head on repeated passes")
    return inputs, cached, features, train


@row
def head_on_cached_features() -> Row:
    inputs, cached, _, train = head_and_films()
    return Row(
        "20 epochs of a head for 64 films at 128 px, equal answers",
        ("on cached features", lambda: train(cached)),
        ("through the frozen backbone", lambda: train(inputs, epochs=2)),
        lambda seconds: f"{seconds / 20 * 1000:.1f} ms an epoch",
        plain_share=0.1,
    )


@row
def head_with_one_pass() -> Row:
    inputs, _, features, train = head_and_films()
    return Row(
        "the same, with the one pass that fills the cache",
        ("one pass, then 20 epochs", lambda: train(features().clone())),
        ("through the frozen backbone", lambda: train(inputs, epochs=2)),
        lambda seconds: f"{seconds:.2f} s in all",
        plain_share=0.1,
    )


@row
def loader_and_model() -> Row:
    import torch

    from course_utils import archives, curation, datasets, models, transforms

    torch.set_num_threads(joblib.cpu_count())
    manifest = curation.curate(archives.root())[0].head(64)
    loader = datasets.loader(datasets.Films(manifest, transforms.anatomical()), shuffle=True)
    batches, model = [images for images, _ in loader], models.load()

    def eat():
        with torch.inference_mode():
            for images in batches:
                model(images)

    return Row(
        f"64 films at {models.SIZE} px, anatomical recipe",
        ("served by datasets.loader, no workers", lambda: list(loader)),
        ("one forward pass of the network", eat),
        lambda seconds: f"{64 / seconds:.0f} films/s served",
    )


@row
def training_fit() -> Row:
    import torch

    from course_utils import archives, curation, datasets, models, training

    torch.set_num_threads(joblib.cpu_count())
    manifest = curation.curate(archives.root())[0].head(72)
    manifest["label"] = ["covid", "normal"] * 36
    train, val = datasets.Films(manifest.head(64)), datasets.Films(manifest.tail(8))
    inputs = torch.stack([image for image, _ in train]).contiguous(memory_format=torch.channels_last)

    def fit():
        model = models.classifier(train="all")
        loaders = datasets.loader(train, shuffle=True), datasets.loader(val)
        training.fit(model, *loaders, epochs=2, device="cpu", progress=False)

    def bare():
        model = models.classifier(train="all")
        optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
        model.train()
        for _ in range(2):
            for batch in torch.randperm(64).split(32):
                optimiser.zero_grad()
                torch.nn.functional.cross_entropy(model(inputs[batch]), train.labels[batch]).backward()
                optimiser.step()

    return Row(
        f"fine-tuning all of Lite0, 2 epochs of 64 films at {models.SIZE} px",
        ("training.fit from a loader, 8 films validated", fit),
        ("a bare loop over tensors in memory", bare),
        lambda seconds: f"{128 / seconds:.0f} films/s",
    )


# The kernel's own high-water mark. (getrusage would carry over that of the process which started the kernel.)
PEAK = 'print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])'


def memory() -> list[str]:
    """Return a table of the largest memory that each notebook's kernel ever held; needs Linux."""
    import nbformat

    import notebooks

    lines = ["", "| notebook | peak memory |", "|---|---|"]
    for path in sorted(notebooks.NOTEBOOKS.glob("*.ipynb")):
        print(f"memory of {path.stem} ...", end=" ", flush=True)
        notebook = nbformat.read(path, as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
        notebooks.execute(notebook, notebooks.NOTEBOOKS)
        size = int(notebook.cells[-1].outputs[0].text) * 1024 / 1e9
        lines.append(f"| {path.stem} | {size:.2f} GB |")
        print(f"{size:.2f} GB", flush=True)
    return lines


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(one: Row) -> tuple[float, float]:
    """Return the median seconds of our way and of the plain way, timed in turns after one round that is not counted."""
    one.ours[1](), one.plain[1]()
    times = [(seconds(one.ours[1]), seconds(one.plain[1]) / one.plain_share) for _ in range(ROUNDS)]
    ours, plain = zip(*times, strict=True)
    return statistics.median(ours), statistics.median(plain)


def main(words: list[str]) -> int:
    chosen = {name: make for name, make in ROWS.items() if not words or any(word in name for word in words)}
    remember = (not words or "memory" in words) and sys.platform == "linux"
    if not chosen and not remember:
        raise SystemExit(f"error: no row is named like {', '.join(words)}; there are {', '.join([*ROWS, 'memory'])}")
    lines = [
        f"Python {platform.python_version()}, {platform.machine()}, {joblib.cpu_count()} cores; "
        f"median of {ROUNDS} rounds, in turns. Compare the ratios: seconds depend on the machine.",
        "",
        "| what | our way | plain way | plain / ours | that is |",
        "|---|---|---|---|---|",
    ]
    for name, make in chosen.items():
        print(f"{name} ...", end=" ", flush=True)
        one = make()
        ours, plain = measure(one)
        cells = [f"{one.ours[0]}: {ours:.3g} s", f"{one.plain[0]}: {plain:.3g} s", f"{plain / ours:.2g}"]
        lines.append(f"| {' | '.join([one.what, *cells, one.words(ours)])} |")
        print(f"{plain / ours:.2g}", flush=True)
    if remember:
        lines += memory()
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "bench.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("written to build/bench.md")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
