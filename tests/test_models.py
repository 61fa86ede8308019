"""The backbone and its frozen features: right weights, the same bits in any company, computed once."""

import copy
import functools
import hashlib
import io
import os
import pickle
import re
import threading
import types
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import torchvision

from course_utils import features, films, models, weights
from tiny import film, put

SIZE = 64  # pixels; the same code as at 128, four times faster


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def one_backbone(monkeypatch):
    """Load the backbone once for all tests of this module."""
    monkeypatch.setattr(models, "load", lambda *name: LOAD(*name) if name and name[0] != models.LITE0 else BACKBONE)


LOAD = models.load
BACKBONE = models.load()


def manifest(folder: Path, *seeds: int) -> pd.DataFrame:
    paths = [put(folder / f"{seed}.png", film(seed, 80, 64)) for seed in seeds]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return pd.DataFrame({"path": [str(path) for path in paths], "sha256": digests})


def frozen(table: pd.DataFrame) -> np.ndarray:
    return features.frozen(table, size=SIZE, progress=False)


def stored() -> list[Path]:
    return sorted(Path(os.environ["COURSE_CACHE"]).rglob("*.npy"))


def fail(*arguments):
    pytest.fail("computed again")


# The backbone


def test_the_backbone_makes_features_and_is_ready_to_be_frozen():
    assert not BACKBONE.training
    with torch.inference_mode():
        made = BACKBONE(models.preprocess([film(0), film(1, 96, 80)], SIZE))
    assert made.shape == (2, 1280)
    assert made.dtype == torch.float32
    assert made.isfinite().all()


def test_the_weights_are_those_of_the_package():
    weights = torch.load(models.weights_file(), weights_only=True)
    ours = BACKBONE.state_dict()
    assert len(weights) == len(ours) + 2  # all but the classifier
    for name, (theirs, tensor) in zip(ours, weights.items(), strict=False):
        assert name.rpartition(".")[2] == theirs.rpartition(".")[2]  # mean and variance have equal shapes
        assert torch.equal(ours[name], tensor), name


def test_loading_leaves_the_readers_random_numbers_alone():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    LOAD()
    assert torch.equal(torch.rand(3), expected)


def test_an_unknown_backbone_is_refused():
    with pytest.raises(ValueError, match="no backbone 'lenet'; there is efficientnet_lite0, .*densenet161"):
        models.load("lenet")


def test_weights_that_do_not_fit_are_refused(monkeypatch):
    weights = torch.load(models.weights_file(), weights_only=True)
    weights.popitem()
    monkeypatch.setattr(torch, "load", lambda *_, **__: weights)
    with pytest.raises(ValueError, match=r"do not fit efficientnet_lite0 of timm .*requirements\.txt"):
        LOAD()


def test_preprocessing_squeezes_repeats_and_scales():
    black_and_white = np.zeros((80, 60), np.uint8)
    black_and_white[:40] = 255
    batch = models.preprocess([black_and_white], 32)
    assert batch.shape == (1, 3, 32, 32)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(batch[:, 0], batch[:, 1]) and torch.equal(batch[:, 0], batch[:, 2])
    assert (batch[0, 0, :14] == 1).all() and (batch[0, 0, 18:] == -1).all()
    assert models.preprocess([film(0)]).shape[-2:] == (models.SIZE, models.SIZE)


def test_the_fingerprint_tells_weights_and_preprocessing(monkeypatch, tmp_path):
    first = models.fingerprint()
    assert first == models.fingerprint("efficientnet_lite0", models.SIZE) != models.fingerprint(size=SIZE)
    models.fingerprint.cache_clear()
    monkeypatch.setattr(models, "weights_file", lambda name: put(tmp_path / "other.pth", b"other weights"))
    assert models.fingerprint() != first
    models.fingerprint.cache_clear()


# Classifiers


def images(count: int = 2) -> torch.Tensor:
    return models.preprocess([film(seed) for seed in range(count)], SIZE)


def learning(model) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def classifier(**options) -> models.Classifier:
    """A classifier on a backbone of its own: tests change its weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "load", LOAD)
        return models.classifier(**options)


def trained(model, steps: int = 2):
    optimiser = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    for _ in range(steps):
        model.train()
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(images()), torch.tensor([0, 1])).backward()
        optimiser.step()
    return model


def test_a_new_head_is_all_that_learns():
    model = classifier()
    assert learning(model) == {"head.logits.weight", "head.logits.bias"}
    before = copy.deepcopy(model.state_dict())
    after = trained(model).state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == learning(model)  # no running statistics among them: they are no parameters, and moved unseen
    assert model(images()).shape == (2, 2)


@pytest.mark.parametrize("train", ["last", "all"])
def test_what_learns_moves_and_what_is_frozen_keeps_still(train):
    model = classifier(train=train)
    before = copy.deepcopy(model.state_dict())
    after = trained(model).state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert len(learning(model) - changed) < 5  # a gradient may happen to be zero, such as a bias before another norm
    moved = {name.rpartition(".")[0] for name in changed if name.endswith("running_mean")}
    assert moved == {name.rpartition(".")[0] for name in after if name.endswith("running_mean")
                     and name.replace("running_mean", "weight") in learning(model)}  # fmt: skip
    assert ("backbone.conv_stem.weight" in changed) == (train == "all")
    assert {"backbone.conv_head.weight", "head.logits.weight"} <= changed


def test_freezing_by_hand_keeps_statistics_still_as_well():
    model = classifier(train="all")
    model.backbone.requires_grad_(False)
    assert not any(part.training for part in model.train().backbone.modules())
    assert model.head.training
    assert not model.eval().head.training


def test_the_trap_that_the_classifier_avoids():
    """Frozen weights alone do not keep a network still."""
    backbone = LOAD().requires_grad_(False)
    before = copy.deepcopy(backbone.state_dict())
    with torch.no_grad():
        backbone.train()(images())
    assert any(not torch.equal(before[name], value) for name, value in backbone.state_dict().items())


def test_heads_are_built_by_name_and_start_from_the_seed():
    assert list(dict(models.head(8, 3).named_children())) == ["logits"]
    full = models.head(8, 3, hidden=5, dropout=0.5)
    assert list(dict(full.named_children())) == ["dropout", "hidden", "relu", "logits"]
    assert full(torch.zeros(4, 8)).shape == (4, 3)
    heads = []
    for _ in range(2):
        torch.manual_seed(3)
        heads.append(models.head(8).logits.weight)
    assert torch.equal(*heads)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train": "some"}, "train = 'some': there is head, last, all"),
        ({"classes": 1}, "classes=1"),
        ({"hidden": 0}, "hidden=0"),
        ({"dropout": 1.0}, "dropout=1.0"),
    ],
)
def test_impossible_classifiers_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        models.classifier(**options)


# torchvision's models


@pytest.mark.parametrize("name", models.TORCHVISION)
def test_every_backbone_gives_up_its_classifier(name):
    with torch.device("meta"):  # shapes without the work
        model = models._build(name)
        made = model.eval()(torch.zeros(2, 3, 64, 64))
    assert made.shape == (2, model.num_features)
    stage = models.last_stage(model)
    count = sum(parameter.numel() for part in stage for parameter in part.parameters())
    assert 0 < count < sum(parameter.numel() for parameter in model.parameters())


def test_system_b_with_random_weights():
    model = models.tutorial_b(pretrained=False)
    assert [type(layer).__name__ for layer in model.head] == ["Linear", "ReLU", "Linear"]
    assert model.head.hidden.in_features == 2208
    assert learning(model) == {f"head.{layer}.{part}" for layer in ("hidden", "logits") for part in ("weight", "bias")}
    before = copy.deepcopy(model.backbone.state_dict())
    small = torch.nn.functional.interpolate(images(), 32)
    torch.nn.functional.cross_entropy(model.train()(small), torch.tensor([0, 1])).backward()
    assert all(torch.equal(before[name], value) for name, value in model.backbone.state_dict().items())


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Path:
    """torch's folder for weights, empty; the network is cut."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))

    def cut(address, timeout):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", cut)
    models.fingerprint.cache_clear()
    return tmp_path / "torch" / "hub" / "checkpoints"


def renamed(monkeypatch, network: torch.nn.Module, name: str, old_style: bool = False) -> tuple[str, bytes]:
    """Return file name and content of weights, and make torchvision expect their hash."""
    state = network.state_dict()
    if old_style:  # as files from before 2018
        state = {re.sub(r"(denselayer\d+\.(?:norm|relu|conv))(?=[12]\.)", r"\1.", key): v for key, v in state.items()}
        state = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    content = io.BytesIO()
    torch.save(state, content)
    digest = hashlib.sha256(content.getvalue()).hexdigest()[:8]
    known = types.SimpleNamespace(IMAGENET1K_V1=types.SimpleNamespace(url=f"https://weights.test/{name}-{digest}.pth"))
    monkeypatch.setattr(torchvision.models, "get_model_weights", lambda name: known)
    return f"{name}-{digest}.pth", content.getvalue()


def test_weights_on_disk_are_used(hub, monkeypatch):
    network = torchvision.models.mobilenet_v3_small(weights=None).eval()
    file, content = renamed(monkeypatch, network, "mobilenet_v3_small")
    put(hub / file, content)
    torch.manual_seed(4)
    expected_random = torch.rand(2)
    torch.manual_seed(4)
    model = LOAD("mobilenet_v3_small")
    assert torch.equal(torch.rand(2), expected_random)
    network.classifier[-1] = torch.nn.Identity()
    grey = (images() + 1) / 2
    mean, sd = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.inference_mode():
        made, expected = model(images()), network((grey - mean[:, None, None]) / sd[:, None, None])
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-5)
    assert models.fingerprint("mobilenet_v3_small", SIZE).startswith(f"mobilenet_v3_small-{SIZE}px-")


def test_features_of_another_backbone(hub, monkeypatch, tmp_path):
    network = torchvision.models.mobilenet_v3_small(weights=None)
    file, content = renamed(monkeypatch, network, "mobilenet_v3_small")
    put(hub / file, content)
    made = features.frozen(manifest(tmp_path, 0, 1), "mobilenet_v3_small", SIZE, progress=False)
    assert made.shape == (2, 1024)


def test_old_files_of_densenets_fit(hub, monkeypatch):
    small = functools.partial(torchvision.models.DenseNet, 8, (2, 2), 8)
    monkeypatch.setattr(torchvision.models, "get_model", lambda name, weights: small())
    network = small()
    file, content = renamed(monkeypatch, network, "densenet121", old_style=True)
    put(hub / file, content)
    ours = LOAD("densenet121").network.state_dict()
    assert ours.keys() == {name for name in network.state_dict() if not name.startswith("classifier")}
    assert all(torch.equal(ours[name], value) for name, value in network.state_dict().items() if name in ours)


def test_missing_weights_are_fetched_once(hub, monkeypatch):
    network = torchvision.models.mobilenet_v3_small(weights=None)
    file, content = renamed(monkeypatch, network, "mobilenet_v3_small")
    asked = []

    def answer(address, timeout):
        asked.append(address)
        reply = io.BytesIO(content)
        reply.headers = {"Content-Length": str(len(content))}
        return reply

    monkeypatch.setattr("urllib.request.urlopen", answer)
    assert weights.file("mobilenet_v3_small") == weights.file("mobilenet_v3_small") == hub / file
    assert (hub / file).read_bytes() == content
    assert asked == [f"https://weights.test/{file}"]


def test_weights_that_cannot_be_had_name_the_file_and_where_to_put_it(hub):
    with pytest.raises(weights.MissingWeights, match="not on this machine") as raised:
        LOAD("densenet161")
    said = str(raised.value)
    assert "https://download.pytorch.org/models/densenet161-8d451a50.pth" in said
    assert str(hub) in said and "efficientnet_lite0" in said
    with pytest.raises(weights.MissingWeights):
        models.tutorial_b()  # no other model in its place


@pytest.mark.parametrize("reply", [b"<html>Please log in</html>", b""])
def test_something_else_from_the_network_is_not_kept(hub, monkeypatch, reply):
    def answer(address, timeout):
        response = io.BytesIO(reply)
        response.headers = {}
        return response

    monkeypatch.setattr("urllib.request.urlopen", answer)
    with pytest.raises(weights.MissingWeights, match="its SHA-256 differs"):
        weights.file("resnet18")
    assert [path.suffix for path in hub.iterdir()] in ([], [".lock"])


def test_a_connection_that_breaks_leaves_nothing(hub, monkeypatch):
    class Breaks(io.BytesIO):
        headers = {"Content-Length": "100"}

        def read(self, size=-1):
            raise TimeoutError("timed out")

    monkeypatch.setattr("urllib.request.urlopen", lambda address, timeout: Breaks())
    with pytest.raises(weights.MissingWeights, match="timed out"):
        weights.file("resnet18")
    assert [path.suffix for path in hub.iterdir()] in ([], [".lock"])


def test_another_file_on_disk_is_refused(hub):
    put(hub / "densenet161-8d451a50.pth", b"other weights")
    with pytest.raises(ValueError, match=r"densenet161-8d451a50\.pth is damaged or another file: delete it"):
        LOAD("densenet161")


def test_a_file_that_would_run_code_is_refused(hub, monkeypatch):
    content = pickle.dumps(Path("x"), protocol=2)
    file = f"resnet18-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    known = types.SimpleNamespace(IMAGENET1K_V1=types.SimpleNamespace(url=f"https://weights.test/{file}"))
    monkeypatch.setattr(torchvision.models, "get_model_weights", lambda name: known)
    put(hub / file, content)
    with pytest.raises(ValueError, match=r"resnet18-.*\.pth is damaged"):
        LOAD("resnet18")


# Features


def test_features_are_those_of_the_backbone(tmp_path):
    table = manifest(tmp_path, *range(3))
    with torch.inference_mode():
        expected = BACKBONE(models.preprocess([film(seed, 80, 64) for seed in range(3)], SIZE)).numpy()
    np.testing.assert_allclose(frozen(table), expected, rtol=1e-4, atol=1e-5)


def test_features_are_computed_once(tmp_path, monkeypatch):
    table = manifest(tmp_path, *range(4))
    fresh = frozen(table)
    assert fresh.shape == (4, 1280) and fresh.dtype == np.float32
    assert len(np.unique(fresh, axis=0)) == 4
    monkeypatch.setattr(features, "_compute", fail)
    np.testing.assert_array_equal(frozen(table), fresh)
    again = table.iloc[[2, 0, 2]]
    np.testing.assert_array_equal(frozen(again), fresh[[2, 0, 2]])


def test_a_film_has_the_same_bits_in_any_company_and_order(tmp_path, monkeypatch):
    table = manifest(tmp_path, *range(35))  # more than a batch
    together = frozen(table)
    for company in ([34], [3, 34, 0], list(range(34, -1, -1))):
        monkeypatch.setenv("COURSE_CACHE", str(tmp_path / f"cache of {len(company)} films"))
        np.testing.assert_array_equal(frozen(table.iloc[company]), together[company])


def test_only_what_is_missing_is_computed(tmp_path, monkeypatch):
    table = manifest(tmp_path, *range(6))
    first = frozen(table.iloc[:4])
    compute = features._compute
    asked = []
    monkeypatch.setattr(
        features, "_compute", lambda missing, *rest: asked.extend(missing.index) or compute(missing, *rest)
    )
    both = frozen(table)
    assert asked == [4, 5]
    np.testing.assert_array_equal(both[:4], first)


def test_threads_change_next_to_nothing(tmp_path, monkeypatch):
    table = manifest(tmp_path, *range(3))
    made = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            monkeypatch.setenv("COURSE_CACHE", str(tmp_path / f"cache{threads}"))
            made.append(frozen(table))
    finally:
        torch.set_num_threads(before)
    np.testing.assert_allclose(made[0], made[1], rtol=1e-4, atol=1e-5)


def test_no_films_have_no_features():
    assert frozen(pd.DataFrame({"path": [], "sha256": []}, dtype=object)).shape[0] == 0


@pytest.mark.parametrize("what", ["changed", "gone", "damaged"])
def test_a_film_that_is_no_longer_there_is_refused(tmp_path, what):
    table = manifest(tmp_path, 0, 1)
    path = Path(table["path"][1])
    if what == "gone":
        path.unlink()
        message = r"1\.png: cannot be read"
    elif what == "changed":
        put(path, film(5))
        message = r"1\.png: has changed since the manifest was made"
    else:
        put(path, b"text")
        table.loc[1, "sha256"] = hashlib.sha256(b"text").hexdigest()
        message = r"1\.png: not a JPEG or PNG"
    with pytest.raises(films.FilmError, match=message):
        frozen(table)
    assert stored() == []


@pytest.mark.parametrize("damage", [b"", b"junk" * 2000, "cut"])
def test_damaged_features_are_computed_again(tmp_path, damage):
    table = manifest(tmp_path, 0, 1)
    fresh = frozen(table)
    whole = stored()[0].read_bytes()
    stored()[0].write_bytes(whole[:-50] if damage == "cut" else damage)
    np.testing.assert_array_equal(frozen(table), fresh)
    assert stored()[0].read_bytes() == whole


def test_a_crash_in_the_middle_of_writing_leaves_no_half_features(tmp_path, monkeypatch):
    table = manifest(tmp_path, 0, 1)
    save = np.save

    def half(file, vector):
        file.write(b"\x93NUMPY half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", half)
    with pytest.raises(OSError, match="No space left"):
        frozen(table)
    assert [p for p in Path(os.environ["COURSE_CACHE"]).rglob("*") if p.is_file()] == []
    monkeypatch.setattr(np, "save", save)
    assert frozen(table).shape == (2, 1280)


def test_a_cache_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(put(tmp_path / "file", b"")))
    with pytest.raises(PermissionError, match="COURSE_CACHE"):
        frozen(manifest(tmp_path, 0))


def test_two_at_once_may_fill_the_same_cache(tmp_path, monkeypatch):
    table = manifest(tmp_path, *range(5))
    both_have_looked = threading.Barrier(2, timeout=60)
    compute = features._compute

    def compute_together(*arguments):
        both_have_looked.wait()
        return compute(*arguments)

    monkeypatch.setattr(features, "_compute", compute_together)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(frozen, [table, table])
    np.testing.assert_array_equal(first, second)
    monkeypatch.setattr(features, "_compute", fail)
    np.testing.assert_array_equal(frozen(table), first)
    assert [path.name for path in stored()] == sorted(f"{digest}.npy" for digest in table["sha256"])
    assert not list(Path(os.environ["COURSE_CACHE"]).rglob(".*"))


def test_a_classifier_learns_on_the_features(tmp_path):
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    rows = []
    for i in range(40):
        noise = rng.integers(60, 120, (64, 64))
        noise[:, :32] += 80 * (i % 2)  # one half brighter: for every second film
        rows.append(put(tmp_path / f"{i}.png", noise.astype(np.uint8)))
    table = pd.DataFrame({"path": map(str, rows), "sha256": [hashlib.sha256(p.read_bytes()).hexdigest() for p in rows]})
    made, label = frozen(table), np.arange(40) % 2
    assert LogisticRegression().fit(made[:20], label[:20]).score(made[20:], label[20:]) == 1
