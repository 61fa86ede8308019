"""Films from a manifest or from folders: decoded once, in the manifest's order, the same batches for the same seed."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import TensorDataset

import tiny
from course_utils import archives, curation, datasets, export, films, transforms
from tiny import film, put

SIZE = 32


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))


def manifest(folder: Path, count: int = 6) -> pd.DataFrame:
    paths = [put(folder / f"{i}.png", film(i, 80, 64)) for i in range(count)]
    return pd.DataFrame(
        {
            "path": [str(path) for path in paths],
            "label": ["covid" if i % 3 else "normal" for i in range(count)],
            "sha256": [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths],
        }
    )


def batches(loader) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [(images.clone(), labels.clone()) for images, labels in loader]


def equal(first, second) -> bool:
    return all(
        torch.equal(a, b) for one, other in zip(first, second, strict=True) for a, b in zip(one, other, strict=True)
    )


# Decoding


def test_images_are_the_films_squeezed(tmp_path):
    table = manifest(tmp_path)
    made = datasets.images(table, SIZE)
    assert made.shape == (6, 1, SIZE, SIZE) and made.dtype == torch.uint8
    for row, image in enumerate(made):
        np.testing.assert_array_equal(image[0], films.resize(film(row, 80, 64), SIZE))


def test_films_are_decoded_once(tmp_path, monkeypatch):
    table = manifest(tmp_path)
    first = datasets.images(table, SIZE)
    monkeypatch.setattr(films, "read", lambda *_: pytest.fail("decoded again"))
    backwards = datasets.images(table.iloc[::-1], SIZE)
    assert torch.equal(backwards, first.flip(0))
    with pytest.raises(pytest.fail.Exception):
        datasets.images(table, SIZE + 1)  # another size is another picture


@pytest.mark.parametrize("damage", [b"", b"junk" * 300, "cut"])
def test_damaged_caches_are_made_again(tmp_path, damage):
    table = manifest(tmp_path, 2)
    fresh = datasets.images(table, SIZE)
    stored = sorted((tmp_path / "cache").rglob("*.npy"))[0]
    whole = stored.read_bytes()
    stored.write_bytes(whole[:-20] if damage == "cut" else damage)
    assert torch.equal(datasets.images(table, SIZE), fresh)
    assert stored.read_bytes() == whole


def test_a_changed_or_missing_film_is_refused(tmp_path):
    table = manifest(tmp_path)
    put(tmp_path / "1.png", film(77))
    with pytest.raises(films.FilmError, match=r"1\.png: has changed since"):
        datasets.images(table, SIZE)
    (tmp_path / "1.png").unlink()
    with pytest.raises(films.FilmError, match=r"1\.png: cannot be read"):
        datasets.images(table, SIZE)
    assert not list((tmp_path / "cache").rglob(".*"))


def test_no_films_make_no_images(tmp_path):
    assert datasets.images(manifest(tmp_path).head(0), SIZE).shape == (0, 1, SIZE, SIZE)


# The data set


def test_items_are_input_and_label(tmp_path):
    table = manifest(tmp_path)
    data = datasets.Films(table, size=SIZE)
    assert len(data) == 6
    assert [data[i][1] for i in range(6)] == [0, 1, 1, 0, 1, 1]
    torch.testing.assert_close(data[2][0], transforms.plain(SIZE)(datasets.images(table, SIZE)[2]))
    assert datasets.Films(table, size=SIZE, positive="normal")[0][1] == 1


def test_a_label_that_no_film_can_have_is_refused(tmp_path):
    table = manifest(tmp_path)
    with pytest.raises(ValueError, match="positive = 'Covid': .* covid, normal"):
        datasets.Films(table, size=SIZE, positive="Covid")
    assert datasets.Films(table[table["label"] == "normal"], size=SIZE).labels.sum() == 0  # such as healthy adults only


def test_a_draw_fixes_the_random_steps_and_nothing_else(tmp_path):
    data = datasets.Films(manifest(tmp_path), transforms.tutorial(SIZE), SIZE)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, again, other = data[0, 11][0], data[0, 11][0], data[0, 12][0]
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(one, again) and not torch.equal(one, other)


def test_the_identity_changes_with_films_labels_and_transform(tmp_path):
    table = manifest(tmp_path)
    known = datasets.Films(table, size=SIZE).identity
    assert known == datasets.Films(table.copy(), transforms.plain(SIZE), SIZE).identity
    others = [
        datasets.Films(table.iloc[::-1], size=SIZE),
        datasets.Films(table, size=SIZE, positive="normal"),
        datasets.Films(table, transforms.tutorial(SIZE), SIZE),
    ]
    assert len({known} | {other.identity for other in others}) == 4
    by_function = [datasets.Films(table, lambda image: image, SIZE).identity for _ in range(2)]
    assert by_function[0] == by_function[1]  # not where the function happens to lie in memory


# Loaders


def test_batches_are_whole_in_order_and_channels_last(tmp_path):
    data = datasets.Films(manifest(tmp_path), size=SIZE)
    made = batches(datasets.loader(data, batch_size=4))
    assert [len(labels) for _, labels in made] == [4, 2]
    assert made[0][0].is_contiguous(memory_format=torch.channels_last)
    assert torch.cat([labels for _, labels in made]).tolist() == data.labels.tolist()


@pytest.mark.parametrize("shuffle", [False, True])
def test_epochs_differ_and_repeat_with_the_seed(tmp_path, shuffle):
    data = datasets.Films(manifest(tmp_path), transforms.anatomical(SIZE), SIZE)

    def epochs(seed):
        loader = datasets.loader(data, batch_size=4, shuffle=shuffle, seed=seed)
        torch.manual_seed(np.random.default_rng().integers(1000))  # what the reader drew before makes no difference
        return [batches(loader) for _ in range(2)]

    first, second = epochs(3)
    again = epochs(3)
    assert equal(first, again[0]) and equal(second, again[1])
    assert not equal(first, second)
    assert not equal(first, epochs(4)[0])


def test_workers_change_no_batch(tmp_path):
    data = datasets.Films(manifest(tmp_path), transforms.tutorial(SIZE), SIZE)
    alone, helped = (datasets.loader(data, 2, shuffle=True, seed=1, workers=workers) for workers in (0, 2))
    for _ in range(2):
        assert equal(batches(alone), batches(helped))


def test_an_epoch_can_be_repeated_from_the_loaders_generator(tmp_path):
    """What a resumed training needs."""
    data = datasets.Films(manifest(tmp_path), transforms.tutorial(SIZE), SIZE)
    loader = datasets.loader(data, 2, shuffle=True)
    batches(loader)
    state = loader.generator.get_state()
    second = batches(loader)
    resumed = datasets.loader(data, 2, shuffle=True, seed=9)
    resumed.generator.set_state(state)
    assert equal(batches(resumed), second)


def test_shuffling_shows_every_film_once(tmp_path):
    data = datasets.Films(manifest(tmp_path), size=SIZE)
    shuffled = torch.cat([images for images, _ in datasets.loader(data, 4, shuffle=True)])
    plain = torch.stack([data[i][0] for i in range(6)])
    assert not torch.equal(shuffled, plain)
    assert sorted(shuffled.flatten(1).tolist()) == sorted(plain.flatten(1).tolist())


def test_other_data_sets_load_too():
    data = TensorDataset(torch.arange(10.0)[:, None], torch.arange(10))
    first, again = (batches(datasets.loader(data, 4, shuffle=True, seed=2)) for _ in range(2))
    assert equal(first, again)
    assert sorted(torch.cat([labels for _, labels in first]).tolist()) == list(range(10))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size = 0: a whole number from 1 on"),
        ({"batch_size": 2.5}, "batch_size = 2.5"),
        ({"seed": -1}, "seed = -1: a whole number from 0 on"),
        ({"workers": -1}, "workers = -1"),
    ],
)
def test_impossible_numbers_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        datasets.loader(datasets.Films(manifest(tmp_path), size=SIZE), **options)


def test_an_empty_data_set_is_refused(tmp_path):
    with pytest.raises(ValueError, match="the data set is empty"):
        datasets.loader(datasets.Films(manifest(tmp_path).head(0), size=SIZE))


# Folders


def classes(folder: Path) -> Path:
    for i, label in enumerate(["covid", "covid", "normal", "normal"]):
        put(folder / label / f"{i}.png", film(i))
    put(folder / "normal" / "notes.txt", b"not a film")
    shutil.copy(folder / "covid" / "0.png", folder / "covid" / "copy.png")
    return folder


def test_class_folders_become_a_manifest(tmp_path, capsys):
    table = datasets.from_folders(classes(tmp_path / "films"))
    assert list(table.columns) == curation.COLUMNS
    assert list(table["image_id"]) == ["covid/0.png", "covid/1.png", "covid/copy.png", "normal/2.png", "normal/3.png"]
    assert list(table["label"]) == ["covid"] * 3 + ["normal"] * 2
    assert table["group"].nunique() == 4  # the copy belongs to its original
    assert "5 films without manifest.csv: patients are unknown" in capsys.readouterr().out
    assert len(datasets.Films(table, size=SIZE)) == 5


def test_an_exported_folder_is_read_with_its_manifest(tmp_path, capsys):
    tiny.kermany(tmp_path, *(f"train/NORMAL/IM-000{i}-0001.jpeg" for i in range(3)))
    tiny.cohen(tmp_path, *({"age": str(40 + i), "sex": "F"} for i in range(3)))
    found = curation.curate(tmp_path, progress=False)[0]
    found["split"] = ["train", "test"] * 3
    export.write(tmp_path / "out", found, pd.DataFrame(columns=["archive", "row", "filename", "reason", "detail"]))
    table = datasets.from_folders(tmp_path / "out")
    assert capsys.readouterr().out == ""
    expected = found.sort_values("image_id", ignore_index=True)
    for column in sorted(set(curation.COLUMNS) - {"path"}):
        assert [None if pd.isna(v) else v for v in table[column]] == [
            None if pd.isna(v) else v for v in expected[column]
        ], column
    assert all(Path(path).is_relative_to(tmp_path / "out") for path in table["path"])
    assert torch.equal(datasets.images(table, SIZE), datasets.images(expected, SIZE))


def exported(folder: Path, **change) -> Path:
    put(folder / "covid" / "0.png", film(0))
    row = {"image_id": "a", "path": "covid/0.png", "label": "covid", "patient_id": "1", "group": "1", "sha256": "00"}
    tiny.table(folder / "manifest.csv", [{key: value for key, value in (row | change).items() if value is not None}])
    return folder


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"path": "../secret.png"}, ValueError, r"manifest\.csv: the path in row 2 leads out of the folder"),
        ({"path": "covid/9.png"}, FileNotFoundError, r"the film in row 2 is missing: covid.9\.png"),
        ({"group": ""}, ValueError, r"manifest\.csv: group is blank in row 2"),
        ({"sha256": None}, ValueError, r"manifest\.csv: no column 'sha256'"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_refused(tmp_path, change, error, message):
    put(tmp_path / "secret.png", film(1))
    with pytest.raises(error, match=message):
        datasets.from_folders(exported(tmp_path / "films", **change))


def test_a_film_that_is_not_the_manifests_is_refused(tmp_path):
    with pytest.raises(films.FilmError, match="has changed"):
        datasets.images(datasets.from_folders(exported(tmp_path / "films")), SIZE)


def test_folders_without_classes_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere"):
        datasets.from_folders(tmp_path / "nowhere")
    put(tmp_path / "films" / "covid" / "0.png", film(0))
    with pytest.raises(ValueError, match="films of 1 classes found"):
        datasets.from_folders(tmp_path / "films")


# The catch-up call


def small_archives(root: Path) -> Path:
    tiny.cohen(root, *({} for _ in range(8)))
    return tiny.kermany(root, *(f"train/NORMAL/IM-00{i}-0001.jpeg" for i in range(10, 17)))


def test_the_catch_up_call_makes_what_lesson_01_made_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(small_archives(tmp_path / "xray")))
    table = datasets.course()
    assert table["label"].value_counts().to_dict() == {"covid": 7, "normal": 7}
    assert set(table["split"]) == {"train", "val", "test"}
    said = capsys.readouterr().out
    assert said.startswith("Made as in lesson 01: 7 covid and 7 normal films (xray); train ")
    pd.testing.assert_frame_equal(table, datasets.course())
    assert not table["image_id"].equals(datasets.course(seed=1, per_class=5)["image_id"])


def test_the_catch_up_call_needs_both_archives(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(small_archives(tmp_path / "xray")))
    shutil.rmtree(tmp_path / "xray" / archives.KERMANY)
    with pytest.raises(ValueError, match="two labels are needed"):
        datasets.course()
