"""Figures are shown with words, stay small, and are the same bytes every time."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from course_utils import plots


@pytest.fixture(autouse=True)
def style():
    with plt.rc_context():
        plt.switch_backend("agg")
        plots.use_style()
        yield
    plt.close("all")


def curve():
    figure, axes = plt.subplots()
    axes.plot([0, 1, 2], [0, 1, 4])
    axes.set(title="Growth", xlabel="time [s]", ylabel="size [cm]")
    return figure


def noise(side: float):
    figure = plt.figure(figsize=(side, side), layout="none")
    axes = figure.add_axes([0, 0, 1, 1])
    axes.imshow(np.random.default_rng(0).integers(0, 256, (900, 900)), cmap="gray")
    return figure


@pytest.fixture
def shown(monkeypatch):
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda data, **options: bundles.append((data, options)))
    return bundles


def test_words_go_with_the_picture(shown):
    figure = curve()
    plots.show(figure, alt="A curve that rises\n   ever faster & reaches <4>.")
    (picture, options), (words, _) = shown
    alt = "A curve that rises ever faster & reaches <4>."
    assert picture["text/plain"] == options["metadata"]["image/png"]["alt"] == alt
    assert "rises ever faster &amp; reaches &lt;4&gt;." in words["text/html"]
    assert not plt.fignum_exists(figure.number)


@pytest.mark.parametrize("alt", ["", "   ", "a plot"])
def test_a_figure_without_words_is_refused(alt, shown):
    with pytest.raises(ValueError, match="needs a description"):
        plots.show(curve(), alt=alt)
    assert not shown


def test_same_figure_same_bytes():
    assert plots.encode(curve()) == plots.encode(curve())


def test_a_curve_is_a_small_png():
    mime, content = plots.encode(curve())
    assert mime == "image/png" and len(content) < 40_000
    picture = Image.open(io.BytesIO(content))
    assert picture.size == (700, 360)
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)  # opaque: reads in a dark theme too


def test_a_picture_of_noise_becomes_a_jpeg_within_the_limit():
    mime, content = plots.encode(noise(5.5))
    assert mime == "image/jpeg" and len(content) <= plots.IMAGE_BYTES


def test_grey_stays_grey_beside_a_map():
    rng = np.random.default_rng(0)
    film = rng.integers(0, 220, (64, 64))
    film[40:50, 20:40] += 30  # a bright patch: few pixels for a palette to care about
    figure, panels = plt.subplots(1, 2, figsize=(3, 1.5), layout="none")
    for place, axes in enumerate(panels):
        axes.set_position([place / 2, 0, 0.5, 1])
        axes.imshow(film, cmap="gray", vmin=0, vmax=255)
        axes.axis("off")
    panels[1].imshow(rng.random((8, 8)), cmap="inferno", alpha=0.55, interpolation="bilinear")
    _, content = plots.encode(figure)
    shown = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), int)
    assert np.ptp(shown[:, :140], axis=2).max() <= 3  # of 255; the map begins at 150
    assert np.ptp(shown[:, 150:], axis=2).max() > 100


def test_a_picture_that_cannot_be_made_small_is_refused():
    with pytest.raises(ValueError, match="draw it smaller"):
        plots.encode(noise(12))


def test_gallery_shows_every_film_with_its_caption():
    films = [np.full((40, 30), grey, np.uint8) for grey in range(5)]
    figure = plots.gallery(films, [f"film {number}" for number in range(5)], columns=3)
    used = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in used] == [f"film {number}" for number in range(5)]
    assert [axes.images[0].get_array()[0, 0] for axes in used] == list(range(5))
    assert {axes.images[0].get_clim() for axes in used} == {(0, 255)}
    with pytest.raises(ValueError):
        plots.gallery(films, ["one caption"])


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2 (0 black to 1 white)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_labels_have_colours_of_their_own_that_stand_out_from_the_page():
    assert len(set(plots.LABELS.values())) == len(plots.LABELS)
    for colour in plots.LABELS.values():
        assert 1.05 / (luminance(colour) + 0.05) >= 2.5, colour
