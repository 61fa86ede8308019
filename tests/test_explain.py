"""Explanations add up to the score, point to where a planted clue is, and change when the model does."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from course_utils import controls, explain, features, models

SIZE = 64


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Films of noise, half of them with a bright square at the upper left, and a network that has learned to tell."""
    rng = np.random.default_rng(0)
    films = rng.integers(60, 120, (40, SIZE, SIZE), dtype=np.uint8)
    answer = np.arange(40) % 2 == 1
    films[answer, 4:24, 4:24] = 255
    backbone = models.load()
    with torch.inference_mode():
        vectors = backbone(models.preprocess(films, SIZE)).numpy()
    classifier = controls.linear(0.1).fit(vectors, answer)
    return films, answer, vectors, classifier, explain.folded(classifier, backbone)


def test_the_folded_network_is_the_pipeline(planted):
    films, _, vectors, classifier, network = planted
    np.testing.assert_allclose(explain.scores(network, films), classifier.decision_function(vectors), atol=1e-3)
    assert not any(parameter.requires_grad for parameter in network.parameters()) and not network.training


@pytest.mark.parametrize(
    "pipeline",
    [
        make_pipeline(StandardScaler()),
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(LogisticRegression()),
        LogisticRegression(),
    ],
)
def test_other_classifiers_are_refused(pipeline):
    with pytest.raises(ValueError, match="StandardScaler and LogisticRegression"):
        explain.folded(pipeline)


def fine_grad_cam(network, films):
    """Grad-CAM on a grid of 4 x 4: at 64 pixels the last layer has only 2 x 2."""
    return explain.grad_cam(network, films, layer=network.backbone.blocks[4])


@pytest.mark.parametrize("method", [fine_grad_cam, explain.occlusion, explain.integrated_gradients])
def test_maps_find_the_planted_square(planted, method):
    films, answer, _, _, network = planted
    maps = method(network, films[answer][:3])
    assert maps.shape == (3, SIZE, SIZE) and maps.dtype == np.float32
    corner = np.zeros((3, SIZE, SIZE), bool)
    corner[:, :28, :28] = True
    assert explain.share(maps, corner).mean() > 2 * corner.mean()
    np.testing.assert_allclose(method(network, films[answer][:1])[0], maps[0], atol=1e-4)  # in any company


def test_the_cells_of_grad_cam_add_up_to_the_score(planted):
    films, _, _, _, network = planted
    from captum.attr import LayerGradCam

    cells = LayerGradCam(network, network.backbone.bn2).attribute(models.preprocess(films[:4], SIZE), target=0)
    total = cells.detach().sum(dim=(1, 2, 3)).numpy() + float(network.head.bias)
    np.testing.assert_allclose(total, explain.scores(network, films[:4]), atol=1e-3)


def test_integrated_gradients_add_up_to_the_difference_from_grey():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 6, 8, 8), nn.Softplus(), nn.AdaptiveAvgPool2d(2), nn.Flatten()  # smooth: few steps are enough
    network = models.Classifier(nn.Sequential(*layers), nn.Linear(24, 1)).eval()
    films = np.random.default_rng(1).integers(0, 256, (3, SIZE, SIZE), dtype=np.uint8)
    with torch.inference_mode():
        batch = models.preprocess(films, SIZE)
        grey = batch.mean(dim=(1, 2, 3), keepdim=True).expand_as(batch)
        difference = (network(batch) - network(grey))[:, 0].numpy()
    np.testing.assert_allclose(explain.integrated_gradients(network, films).sum(axis=(1, 2)), difference, atol=1e-4)


def test_the_share_counts_what_speaks_for():
    maps = np.array([[[3.0, 1.0], [-5.0, 0.0]], [[-1.0, -1.0], [0.0, 0.0]]])
    masks = np.array([[[True, False], [True, False]]] * 2)
    share = explain.share(maps, masks)
    assert share[0] == 0.75 and np.isnan(share[1])
    even = explain.share(np.ones((1, 2, 2)), masks[:1])
    assert even == masks[0].mean()
    with pytest.raises(ValueError, match="are needed"):
        explain.share(maps, masks[:1])


def test_randomising_goes_down_from_the_head_and_leaves_the_model_as_it_is(planted):
    films, answer, _, _, network = planted
    before = [parameter.clone() for parameter in network.parameters()]
    score = explain.scores(network, films[:4])
    original = explain.grad_cam(network, films[answer][:2])
    stages = []
    for stage, broken in explain.randomised(network):
        changed = [
            name
            for (name, new), old in zip(broken.named_parameters(), before, strict=True)
            if not torch.equal(new, old)
        ]
        stages.append(stage)
        assert np.isfinite(explain.scores(broken, films[:4])).all()
        if stage == "head":
            assert changed == ["head.weight"]
    assert stages == ["head", "last convolution", *(f"block {k}" for k in range(6, -1, -1)), "stem"]
    assert sum("conv" in name for name in changed) > 40
    assert explain.similarity(original, explain.grad_cam(broken, films[answer][:2])).max() < 0.95
    assert all(torch.equal(new, old) for new, old in zip(network.parameters(), before, strict=True))
    np.testing.assert_array_equal(explain.scores(network, films[:4]), score)


def test_randomising_is_repeatable(planted):
    films, network = planted[0][:2], planted[-1]
    first, second = (
        [explain.scores(broken, films) for _, broken in explain.randomised(network, seed)] for seed in (3, 3)
    )
    np.testing.assert_array_equal(first, second)
    assert (
        next(explain.randomised(network, 4))[1].head.weight != next(explain.randomised(network, 3))[1].head.weight
    ).any()


def test_similarity_is_the_rank_correlation():
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(3, 5, 5))
    assert explain.similarity(maps, np.exp(maps)) == pytest.approx([1, 1, 1])
    assert explain.similarity(maps, -maps) == pytest.approx([-1, -1, -1])
    assert np.isnan(explain.similarity(maps, np.zeros_like(maps))).all()
    with pytest.raises(ValueError, match="of both is needed"):
        explain.similarity(maps, maps[:2])


@pytest.mark.parametrize("films", [np.zeros((2, 8, 8)), np.zeros((8, 8), np.uint8), np.zeros((0, 8, 8), np.uint8)])
def test_films_of_another_form_are_refused(planted, films):
    with pytest.raises(ValueError, match="uint8 of shape"):
        explain.grad_cam(planted[-1], films)


def test_features_of_masked_films_follow_the_mask(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    films = np.random.default_rng(0).integers(0, 256, (5, SIZE, SIZE), dtype=np.uint8)
    whole = features.of(films, size=SIZE, progress=False)
    black = features.of(controls.blackened(films, controls.box_mask(SIZE)), size=SIZE, progress=False)
    assert whole.shape == (5, 1280) and (whole != black).any(axis=1).all()
    monkeypatch.setattr(features, "_through", lambda *_: pytest.fail("computed again"))
    np.testing.assert_array_equal(features.of(films[[3, 3, 0]], size=SIZE, progress=False), whole[[3, 3, 0]])
    assert features.of(films[:0], size=SIZE).shape == (0, 0)
    with pytest.raises(ValueError, match="uint8 of shape"):
        features.of(films.astype(float))
