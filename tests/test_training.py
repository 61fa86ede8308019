"""Training repeats itself, survives being killed at any moment, and refuses what would go wrong unnoticed."""

import contextlib
import math
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset

import victim
from course_utils import checkpoints, training

COLUMNS = "epoch train_loss val_loss val_accuracy val_auc lr seconds".split()


def fit(model=None, train=None, val=None, **options):
    """Train the victim's model; return it and its history."""
    parts = victim.parts()
    model, train, val = (
        given if given is not None else part for given, part in zip((model, train, val), parts, strict=True)
    )
    options = {"epochs": 4, "lr": 0.01, "progress": False, "device": "cpu"} | options
    return model, training.fit(model, train, val, **options)


def same(one, other) -> bool:
    """Return whether two nested structures of tensors, numbers and strings are equal bit by bit."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one if name != "seconds")
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (one != one and other != other)


def saved(folder, name="last.pt"):
    return torch.load(folder / name, weights_only=True)


# The loop


def test_the_loop_is_the_one_by_hand():
    model, train, val = victim.parts()
    train.generator.manual_seed(3)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        optimiser = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.0)
        losses = []
        for _ in range(3):
            model.train()
            for points, labels in train:
                loss = F.cross_entropy(model(points), labels)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            model.eval()
            with torch.no_grad():
                logits, labels = zip(*[(model(points), labels) for points, labels in val], strict=True)
            losses.append(F.cross_entropy(torch.cat(logits), torch.cat(labels)).item())
    _, history = fit(epochs=3, seed=3)
    assert history.table["val_loss"].tolist() == losses


def test_the_history_says_what_happened():
    model, history = fit(epochs=6, lr=0.05)
    table = history.table
    assert list(table.columns) == COLUMNS
    assert table["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert history.best_epoch == table["epoch"][table["val_loss"].idxmin()]
    assert history.stopped == "epochs"
    _, _, val = victim.parts()
    scores = training.predict(model, val)
    labels = val.dataset.labels.numpy()
    best = table.set_index("epoch").loc[history.best_epoch]
    assert ((scores >= 0.5) == labels).mean() == pytest.approx(best["val_accuracy"])
    assert -np.log(np.where(labels, scores, 1 - scores)).mean() == pytest.approx(best["val_loss"], abs=1e-6)
    assert (scores[labels == 1][:, None] > scores[labels == 0]).mean() == pytest.approx(best["val_auc"])


def test_it_learns():
    _, history = fit(epochs=40, lr=0.02)
    assert history.table["val_auc"].max() > 0.85
    assert history.table["train_loss"].iloc[-1] < 0.75 * history.table["train_loss"].iloc[0]


@pytest.mark.parametrize("optimiser", sorted(training.OPTIMISERS))
@pytest.mark.parametrize("schedule", list(training.SCHEDULES))
def test_the_rate_follows_its_schedule(optimiser, schedule):
    _, history = fit(epochs=5, optimiser=optimiser, schedule=schedule)
    rates = history.table["lr"]
    if schedule is None:
        assert (rates == 0.01).all()
    else:
        assert rates.iloc[-1] < 1e-4 and rates.max() > 0.005


def test_class_weights_shift_the_balance():
    _, train, val = victim.parts()
    means = []
    for weights in ([9, 1], None, [1, 9]):
        model, history = fit(class_weights=weights, epochs=20)
        means.append(training.predict(model, val).mean())
    assert means[0] < means[1] - 0.1 and means[1] < means[2] - 0.1


def test_weighted_losses_are_weighted_over_all_films():
    model, history = fit(class_weights=[1, 3], epochs=1)
    _, _, val = victim.parts()
    logits, labels = training.outputs(model, val, torch.device("cpu"))
    expected = F.cross_entropy(logits, labels, weight=torch.tensor([1.0, 3.0])).item()
    assert history.table["val_loss"][0] == pytest.approx(expected, abs=1e-7)


def test_frozen_parameters_stay():
    model, _, _ = victim.parts()
    model[0].requires_grad_(False)
    before = model[0].weight.clone()
    model, _ = fit(model)
    assert torch.equal(model[0].weight, before)
    assert not torch.equal(model[4].weight, victim.parts()[0][4].weight)


def test_patience_stops_and_the_best_weights_stay():
    model, history = fit(epochs=200, lr=0.05, patience=3)
    assert history.stopped == "patience"
    assert len(history.table) == history.best_epoch + 3 < 200
    _, short = fit(epochs=history.best_epoch, lr=0.05)
    assert same(short.table["val_loss"].tolist(), history.table["val_loss"][: history.best_epoch].tolist())
    model_short, _ = fit(epochs=history.best_epoch, lr=0.05)
    assert same(model.state_dict(), model_short.state_dict())


def test_half_precision_learns_the_same():
    _, full = fit(epochs=10, mixed=False)
    _, half = fit(epochs=10, mixed=True)
    assert half.table["val_loss"].iloc[-1] == pytest.approx(full.table["val_loss"].iloc[-1], abs=0.1)
    assert half.table["val_loss"].iloc[-1] != full.table["val_loss"].iloc[-1]


@pytest.mark.skipif(training.best_device() == "cpu", reason="no accelerator here")
def test_an_accelerator_learns_the_same():
    _, cpu = fit(epochs=5)
    _, other = fit(epochs=5, device=training.best_device(), mixed=False)
    assert other.table["val_loss"].tolist() == pytest.approx(cpu.table["val_loss"].tolist(), abs=1e-2)


# Repeating


def test_a_seed_repeats_the_run_and_leaves_the_readers_random_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, first = fit(seed=1)
    assert torch.equal(torch.rand(3), expected)
    two, second = fit(seed=1)
    other, third = fit(seed=2)
    assert same(one.state_dict(), two.state_dict()) and same(first.table.to_dict(), second.table.to_dict())
    assert not same(one.state_dict(), other.state_dict())


def test_the_seed_of_the_loader_does_not_matter():
    model, train, val = victim.parts()
    train.generator.manual_seed(77)
    next(iter(train))
    used, _ = fit(model, train, val)
    fresh, _ = fit()
    assert same(used.state_dict(), fresh.state_dict())


@pytest.fixture
def threads():
    """Yield the function that sets torch's number of threads; afterwards it is as it was."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_the_same_number_of_threads_gives_the_same_bits_and_another_the_same_scores(threads):
    def run(count):
        threads(count)
        generator = torch.Generator().manual_seed(0)
        images, labels = torch.randn(32, 3, 48, 48, generator=generator), torch.arange(32) % 2
        films = TensorDataset(images + labels[:, None, None, None], labels)
        torch.manual_seed(0)
        layers = [nn.Conv2d(3, 32, 3, stride=2), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU()]
        model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(64, 2))
        val = DataLoader(films, 16)
        fit(model, DataLoader(films, 16, shuffle=True, generator=torch.Generator()), val, lr=1e-3)
        return model.state_dict(), training.predict(model, val)

    runs = {count: [run(count) for _ in range(3)] for count in (1, 2)}
    for (first, scores), *others in runs.values():
        for state, again in others:
            assert same(first, state) and np.array_equal(scores, again)
    assert np.abs(runs[1][0][1] - runs[2][0][1]).max() < 0.05


# Checkpoints


def test_a_run_goes_on_where_it_was(tmp_path, capsys):
    _, whole = victim.run(tmp_path / "whole", 6, schedule=None)
    victim.run(tmp_path / "parts", 2, schedule=None)
    capsys.readouterr()
    model, history = victim.run(tmp_path / "parts", 6, schedule=None)
    assert capsys.readouterr().out == "going on after epoch 2 of 6\n"
    assert same(saved(tmp_path / "parts"), saved(tmp_path / "whole"))
    assert same(saved(tmp_path / "parts", "best.pt"), saved(tmp_path / "whole", "best.pt"))
    assert same(history.table.to_dict(), whole.table.to_dict()) and history.best_epoch == whole.best_epoch


def test_a_finished_run_is_not_trained_again(tmp_path, monkeypatch):
    model, history = fit(checkpoint=tmp_path, patience=1, epochs=50, lr=0.1)
    assert history.stopped == "patience"
    monkeypatch.setattr(training, "_train_epoch", lambda *arguments: pytest.fail("trained again"))
    again, second = fit(checkpoint=tmp_path, patience=1, epochs=50, lr=0.1)
    assert same(model.state_dict(), again.state_dict())
    pd.testing.assert_frame_equal(history.table, second.table)
    assert second[1:] == history[1:]


def test_a_checkpoint_changes_nothing(tmp_path):
    with_one, history = fit(checkpoint=tmp_path)
    without, plain = fit()
    assert same(with_one.state_dict(), without.state_dict())
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".pt") == ["best.pt", "last.pt"]
    best = saved(tmp_path, "best.pt")
    assert best["epoch"] == history.best_epoch and same(best["model"], dict(with_one.state_dict()))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_at_20_random_moments_a_run_ends_with_the_same_bits(tmp_path, monkeypatch):
    epochs = 80
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.path.dirname(__file__), os.environ.get("PYTHONPATH", "")]))
    context = multiprocessing.get_context("forkserver")  # its processes have torch already: no start takes long
    context.set_forkserver_preload(["victim", "torch._dynamo"])

    def start(name):
        ready, started = context.Pipe(duplex=False)
        process = context.Process(target=victim.run, args=(str(tmp_path / name), epochs), kwargs={"started": started})
        process.start()
        assert ready.poll(60)
        return process

    whole = start("whole")
    begun = time.monotonic()
    whole.join(120)
    assert whole.exitcode == 0
    an_epoch = (time.monotonic() - begun) / epochs
    moments, kills, reached = random.Random(4), 0, set()
    while kills < 20:
        process = start("killed")
        process.join(moments.uniform(0, 8 * an_epoch))  # the first epoch takes a few times longer
        process.kill()
        process.join()
        if process.exitcode == 0:  # it reached its end first: one more whole run to compare, then from the start again
            assert same(saved(tmp_path / "killed"), saved(tmp_path / "whole"))
            shutil.rmtree(tmp_path / "killed")
            continue
        assert process.exitcode == -signal.SIGKILL
        kills += 1
        reached.add(saved(tmp_path / "killed")["epoch"] if (tmp_path / "killed" / "last.pt").exists() else 0)
    assert len(reached) > 3, reached  # it got on between the kills
    last = start("killed")
    last.join(120)
    assert last.exitcode == 0
    for name in ("last.pt", "best.pt"):
        assert same(saved(tmp_path / "killed", name), saved(tmp_path / "whole", name))
    left = {path.name for path in (tmp_path / "killed").iterdir()}
    assert left == {path.name for path in (tmp_path / "whole").iterdir()} <= {"last.pt", "best.pt", "last.pt.lock"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("write", range(1, 6))
@pytest.mark.parametrize("moment", ["before", "within", "after"])
def test_killed_around_the_writing_of_a_checkpoint(tmp_path, write, moment):
    victim.run(tmp_path / "whole", 4)
    child = os.fork() if torch.get_num_threads() == 1 else pytest.skip("a fork of many threads may hang")
    if not child:
        count, replace = 0, os.replace

        def deadly(source, target):
            nonlocal count
            count += 1
            if count == write:
                if moment == "within":
                    with open(source, "r+b") as file:
                        file.truncate(1000)
                if moment == "after":
                    replace(source, target)
                os.kill(os.getpid(), signal.SIGKILL)
            replace(source, target)

        os.replace = deadly
        with contextlib.suppress(BaseException):
            victim.run(tmp_path / "killed", 4)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    victim.run(tmp_path / "killed", 4)
    for name in ("last.pt", "best.pt"):
        assert same(saved(tmp_path / "killed", name), saved(tmp_path / "whole", name))


class Interrupting(victim.Noisy):
    """Noisy points that press the stop button at one of the readings."""

    def __init__(self, *arguments, at: int):
        super().__init__(*arguments)
        self.left = at

    def __getitem__(self, index):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt
        return super().__getitem__(index)


def interrupted_in(epoch: int, **options):
    train = DataLoader(Interrupting(26, 0.3, at=26 * (epoch - 1) + 12), 8, shuffle=True, generator=torch.Generator())
    return fit(train=train, **options)


def test_an_interrupt_keeps_the_best_model(capsys):
    model, history = interrupted_in(4)
    assert history.stopped == "interrupted" and len(history.table) == 3
    assert (
        f"interrupted in epoch 4: the model holds the weights of epoch {history.best_epoch}" in capsys.readouterr().out
    )
    whole, _ = fit(epochs=history.best_epoch)
    assert same(model.state_dict(), whole.state_dict())


def test_an_interrupt_before_the_first_epoch_ends_is_passed_on():
    with pytest.raises(KeyboardInterrupt):
        interrupted_in(1)


def test_an_interrupted_run_goes_on_when_it_is_called_again(tmp_path):
    model, _ = interrupted_in(3, checkpoint=tmp_path)
    again, history = fit(model, checkpoint=tmp_path)
    whole, _ = fit()
    assert same(again.state_dict(), whole.state_dict()) and len(history.table) == 4


# What is refused

CHANGES = {
    "lr": ({"lr": 0.02}, "lr was 0.01, now 0.02"),
    "weight_decay": ({"weight_decay": 0.5}, "weight_decay was 0.0, now 0.5"),
    "optimiser": ({"optimiser": "sgd"}, "optimiser was adamw, now sgd"),
    "schedule": ({"schedule": "cosine"}, "schedule was None, now cosine"),
    "class_weights": ({"class_weights": [1, 2]}, r"class_weights was None, now \[1.0, 2.0\]"),
    "patience": ({"patience": 3}, "patience was None, now 3"),
    "mixed": ({"mixed": True}, "mixed was False, now True"),
    "seed": ({"seed": 1}, "seed was 0, now 1"),
    "films": ({"train": DataLoader(victim.Noisy(26, 0.3, seed=9), 8, shuffle=True)}, "training films was"),
    "transform": ({"train": DataLoader(victim.Noisy(26, 0.1), 8, shuffle=True)}, "training films was"),
    "batches": ({"train": DataLoader(victim.Noisy(26, 0.3), 4, shuffle=True)}, "training films was"),
    "order": ({"train": DataLoader(victim.Noisy(26, 0.3), 8)}, "training films was"),
    "validation films": ({"val": DataLoader(victim.Noisy(18, seed=1), 8)}, "validation films was"),
    "model": ({"model": torch.nn.Linear(4, 2)}, "model was"),
    "what is frozen": ({"model": victim.parts()[0].requires_grad_(False).append(torch.nn.Linear(2, 2))}, "model was"),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_a_run_does_not_go_on_with_something_else(tmp_path, change, message):
    fit(epochs=1, checkpoint=tmp_path)
    before = (tmp_path / "last.pt").read_bytes()
    with pytest.raises(ValueError, match=f"holds another run: .*{message}"):
        fit(epochs=2, checkpoint=tmp_path, **change)
    assert (tmp_path / "last.pt").read_bytes() == before


def test_a_schedule_fixes_the_epochs(tmp_path):
    fit(epochs=2, schedule="cosine", checkpoint=tmp_path)
    with pytest.raises(ValueError, match="epochs was 2, now 3"):
        fit(epochs=3, schedule="cosine", checkpoint=tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", None], ids=["empty", "text", "truncated"])
def test_a_damaged_checkpoint_is_refused(tmp_path, content):
    fit(epochs=1, checkpoint=tmp_path)
    last = tmp_path / "last.pt"
    last.write_bytes(last.read_bytes()[:-500] if content is None else content)
    with pytest.raises(ValueError, match="is damaged or was not written by this course.*Delete the folder"):
        fit(epochs=2, checkpoint=tmp_path)


def test_a_checkpoint_that_runs_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    torch.save({"settings": Evil()}, tmp_path / "last.pt")
    with pytest.raises(ValueError, match="damaged or was not written by this course"):
        fit(checkpoint=tmp_path)
    assert not (tmp_path / "ran").exists()


def test_one_run_at_a_time(tmp_path):
    with checkpoints.opened(tmp_path), pytest.raises(RuntimeError, match="another process is training into"):
        fit(checkpoint=tmp_path)
    fit(checkpoint=tmp_path, epochs=1)


def test_a_file_is_no_checkpoint_folder(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(NotADirectoryError, match="is a file: name a folder"):
        fit(checkpoint=tmp_path / "run")


def test_data_that_do_not_say_who_they_are_are_refused(tmp_path):
    val = DataLoader([(torch.zeros(4), 0), (torch.ones(4), 1)], 2)
    fit(val=val)
    with pytest.raises(TypeError, match="a list does not say which films it holds"):
        fit(val=val, checkpoint=tmp_path)


def test_who_data_are():
    def key(*tensors, **options):
        return checkpoints.identity(DataLoader(TensorDataset(*tensors), **({"batch_size": 2} | options)))

    points, labels = torch.rand(6, 3), torch.arange(6) % 2
    assert key(points, labels) == key(points.clone(), labels.clone())
    others = [key(points + 1, labels), key(points, 1 - labels), key(points, labels, batch_size=3)]
    others += [key(points, labels, shuffle=True), key(points, labels, drop_last=True), key(points.view(3, 6).T, labels)]
    assert key(points, labels) not in others and len(set(others)) == 6
    halves = [Subset(TensorDataset(points, labels), np.arange(start, start + 3)) for start in (0, 3)]
    assert checkpoints.identity(DataLoader(halves[0])) != checkpoints.identity(DataLoader(halves[1]))


BAD = {
    "optimiser": ({"optimiser": "adamx"}, "no optimiser 'adamx'; there is 'adamw', 'adam', 'sgd'"),
    "schedule": ({"schedule": "linear"}, "no schedule 'linear'; there is None, 'cosine', 'onecycle'"),
    "epochs": ({"epochs": 0}, "epochs=0, .* must be above 0"),
    "lr": ({"lr": math.nan}, "lr=nan, .* must be above 0"),
    "patience": ({"patience": 0}, "patience=0: all must be above 0"),
    "class_weights": ({"class_weights": [1]}, r"class_weights=\[1\]: two numbers"),
    "zero weight": ({"class_weights": [0, 1]}, "two numbers above 0"),
    "no batch": ({"train": DataLoader(victim.Noisy(5), 8, drop_last=True)}, "train yields no batch"),
    "no film": ({"val": DataLoader(victim.Noisy(0), 8)}, "val yields no batch"),
    "all frozen": ({"model": victim.parts()[0].requires_grad_(False)}, "no parameter of the model has requires_grad"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_impossible_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fit(**options)


def test_workers_with_a_memory_are_refused_with_a_checkpoint(tmp_path):
    loader = DataLoader(victim.Noisy(8), 4, num_workers=1, persistent_workers=True)
    with pytest.raises(ValueError, match="persistent_workers=False"):
        fit(val=loader, checkpoint=tmp_path)


def test_a_loss_that_is_not_finite_stops_the_run():
    points = torch.rand(8, 4)
    points[5, 2] = math.inf
    with pytest.raises(FloatingPointError, match="the loss is .* in epoch 1: try a lower lr"):
        fit(train=DataLoader(TensorDataset(points, torch.arange(8) % 2), 4))


def test_one_class_has_no_auc():
    _, history = fit(val=DataLoader(TensorDataset(torch.rand(4, 4), torch.ones(4, dtype=torch.long)), 4))
    assert history.table["val_auc"].isna().all() and history.table["val_loss"].notna().all()


# Predictions


def test_predictions_are_in_order_and_the_same_in_any_company():
    model, _, val = victim.parts()
    model.train()
    scores = training.predict(model, val)
    assert model.training
    assert scores.dtype == np.float64 and scores.shape == (20,)
    alone = training.predict(model, DataLoader(val.dataset, 1))
    assert alone == pytest.approx(scores, abs=1e-6)
    with torch.no_grad():
        expected = torch.softmax(model.eval()(val.dataset.points), 1)[:, 1].numpy()
    assert scores == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"drop_last": True}], ids=str)
def test_scores_that_would_not_fit_the_manifest_are_refused(options):
    with pytest.raises(ValueError, match=re.escape("make it with shuffle=False and drop_last=False")):
        training.predict(victim.parts()[0], DataLoader(victim.Noisy(9), 4, **options))
