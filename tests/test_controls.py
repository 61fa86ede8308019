"""Controls take away what they say, for every film alike, and a probe never sees the group that it judges."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from course_utils import archives, controls, evaluation, films
from tiny import encoded, film, put


def manifest(n: int = 60, groups: int = 20) -> pd.DataFrame:
    """Return films of two labels in two sources; each group has one label and lies in one source."""
    group = np.arange(n) % groups
    return pd.DataFrame(
        {
            "image_id": [f"{k:03}.png" for k in np.random.default_rng(0).permutation(n)],
            "label": np.where(group % 2, "covid", "normal"),
            "patient_id": [f"p{g}" for g in group],
            "group": [f"g{g:02}" for g in group],
            "source": np.where(group < 10, "first", "second"),
            "split": None,
        }
    )


def test_boxes_and_corners_are_where_they_should_be():
    box = controls.box_mask(100, (0.1, 0.9, 0.2, 0.7))
    assert box.sum() == 80 * 50 and box[10:90, 20:70].all()
    corners = controls.corner_mask(100, 0.1)
    assert corners.sum() == 4 * 100 and corners[0, 0] and corners[99, 99] and corners[0, 99] and not corners[50, 0]
    np.testing.assert_array_equal(corners, corners[::-1, ::-1])
    assert not (controls.box_mask(128) & controls.corner_mask(128, 0.05)).any()


@pytest.mark.parametrize("box", [(0.5, 0.5, 0, 1), (0.9, 0.1, 0, 1), (-0.1, 1, 0, 1), (0, 1, 0, 1.1)])
def test_a_box_without_inside_is_refused(box):
    with pytest.raises(ValueError, match="box = .* are needed"):
        controls.box_mask(10, box)


@pytest.mark.parametrize("share", [0, 0.6, -1])
def test_corners_that_are_no_corners_are_refused(share):
    with pytest.raises(ValueError, match="above 0 and up to 0.5"):
        controls.corner_mask(10, share)


def test_what_is_blackened_is_black_and_the_rest_stays():
    images = np.random.default_rng(0).integers(1, 256, (3, 8, 8), dtype=np.uint8)
    mask = controls.box_mask(8, (0.25, 0.75, 0.25, 0.75))
    black = controls.blackened(images, mask)
    assert black.dtype == np.uint8 and not black[:, mask].any()
    np.testing.assert_array_equal(black[:, ~mask], images[:, ~mask])
    own = np.stack([mask, ~mask, np.zeros_like(mask)])
    np.testing.assert_array_equal(controls.blackened(images, own)[2], images[2])
    with pytest.raises(ValueError, match="does not fit"):
        controls.blackened(images, mask[:4])


def test_headers_tell_what_the_files_are(tmp_path):
    paths = [
        put(tmp_path / "a.png", film(1, 80, 64)),
        put(tmp_path / "b.jpg", encoded(np.zeros((32, 40, 3), np.uint8), "JPEG")),
    ]
    found = controls.headers(pd.DataFrame({"path": map(str, paths)}, index=[7, 3]))
    assert list(found.columns) == controls.HEADER and list(found.index) == [7, 3]
    assert found.loc[7, ["width", "height", "grey", "png"]].tolist() == [64, 80, 1, 1]
    assert found.loc[3, ["width", "height", "grey", "png"]].tolist() == [40, 32, 0, 0]
    size = paths[0].stat().st_size
    assert found.loc[7, "bytes"] == size and found.loc[7, "bits"] == pytest.approx(8 * size / 80 / 64)


def test_a_file_without_header_is_reported(tmp_path):
    path = put(tmp_path / "a.png", b"no image")
    with pytest.raises(films.FilmError, match="a.png: its header cannot be read"):
        controls.headers(pd.DataFrame({"path": [str(path)]}))


def test_masks_are_found_beside_the_films_of_the_first_archive_only(tmp_path):
    mask = np.zeros((60, 40), np.uint8)
    mask[:30] = 255
    for archive in (archives.COHEN, archives.FIGURE1):
        put(tmp_path / archive / "annotations" / "lungVAE-masks" / "one_mask.png", mask)
    put(tmp_path / archives.COHEN / "annotations" / "lungVAE-masks" / "broken_mask.png", b"no image")
    names = [
        (archives.COHEN, "one.jpg"),
        (archives.COHEN, "two.jpg"),
        (archives.FIGURE1, "one.jpg"),
        (archives.COHEN, "broken.png"),
    ]
    table = pd.DataFrame({"path": [str(tmp_path / archive / "images" / name) for archive, name in names]})
    masks, known = controls.published_masks(table, 16)
    assert known.tolist() == [True, False, False, False]
    assert masks[0, :8].all() and not masks[0, 8:].any() and not masks[1:].any()


def test_labels_are_shuffled_among_groups():
    table = manifest()
    mixed = controls.shuffled(table, seed=1)
    assert (mixed["label"] != table["label"]).any()
    assert (mixed.groupby("group")["label"].nunique() == 1).all(), "films of one group keep one label"
    assert mixed["label"].value_counts().to_dict() == table["label"].value_counts().to_dict()
    pd.testing.assert_frame_equal(mixed.drop(columns="label"), table.drop(columns="label"))
    other_order = controls.shuffled(table.iloc[::-1], seed=1)
    pd.testing.assert_frame_equal(other_order.iloc[::-1], mixed)
    assert (controls.shuffled(table, seed=2)["label"] != mixed["label"]).any()


def test_labels_change_hands_within_a_source_only():
    table = manifest()
    mixed = controls.shuffled(table, within="source")
    assert (mixed["label"] != table["label"]).any()
    pd.testing.assert_series_equal(
        mixed.groupby("source")["label"].value_counts(), table.groupby("source")["label"].value_counts()
    )
    tied = table.assign(source=table["label"])
    pd.testing.assert_frame_equal(controls.shuffled(tied, within="source"), tied)
    with pytest.raises(ValueError, match="no column 'hospital'"):
        controls.shuffled(table, within="hospital")


def test_folds_keep_groups_together_and_do_not_depend_on_the_order():
    table = manifest()
    fold = controls.folds(table)
    assert sorted(set(fold)) == [0, 1, 2, 3, 4]
    assert (pd.Series(fold).groupby(table["group"]).nunique() == 1).all()
    assert all(set(table["label"][fold == k]) == {"covid", "normal"} for k in range(5))
    order = np.random.default_rng(0).permutation(len(table))
    np.testing.assert_array_equal(controls.folds(table.iloc[order]), fold[order])
    assert (controls.folds(table, seed=1) != fold).any()
    with pytest.raises(ValueError, match="5 folds need 5 groups of 'covid' and of the rest; there are 10 and 3"):
        controls.folds(table[(table["label"] == "covid") | table["group"].isin(["g00", "g02", "g04"])])


def test_a_probe_finds_what_is_there_and_nothing_else():
    table = manifest(200, 100)
    rng = np.random.default_rng(0)
    answer = (table["label"] == "covid").to_numpy()
    noise = rng.normal(size=(200, 5))
    found = controls.probe(noise + 3 * answer[:, None], table)
    assert list(found.columns) == evaluation.COLUMNS and found["image_id"].tolist() == table["image_id"].tolist()
    assert evaluation.auc(found).value > 0.99
    assert evaluation.auc(controls.probe(noise, table)).value == pytest.approx(0.5, abs=0.15)
    # A number that names the group would give the label away to whoever has seen the group.
    names = pd.get_dummies(table["group"]).to_numpy(float)
    assert evaluation.auc(controls.probe(names, table)).value < 0.6


def test_a_probe_takes_other_models_and_weights():
    table = manifest(200, 100)
    answer = (table["label"] == "covid").to_numpy(float)[:, None]
    tree = make_pipeline(DecisionTreeClassifier(max_depth=1))
    assert evaluation.auc(controls.probe(answer, table, model=tree)).value == 1
    towards = np.where(table["label"] == "covid", 50.0, 1.0)
    noise = np.random.default_rng(0).normal(size=(200, 3))
    plain, weighted = controls.probe(noise, table), controls.probe(noise, table, weights=towards)
    assert weighted["score"].mean() > 0.9 > plain["score"].mean()
