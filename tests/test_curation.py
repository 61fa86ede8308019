"""Curation loses no row, gives every rejected one its reason, and exports a data set that is whole or not there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from course_utils import archives, curation, datasheet, export, films, fingerprints, groups, splits
from tiny import ACTUALMED, FIGURE1, cohen, encoded, film, kermany, png_of_size, put, table

XRAY = Path(__file__).resolve().parents[2] / "shared" / "xray"
real = pytest.mark.skipif(not XRAY.is_dir(), reason=f"the real X-rays are not here ({XRAY.parent.name}/{XRAY.name})")
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path_factory.mktemp("cache")))


def curate(root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curate, and see that no row is lost."""
    manifest, rejected = curation.curate(root, progress=False)
    assert len(manifest) + len(rejected) == len(archives.rows(root))
    assert list(manifest.columns) == curation.COLUMNS
    assert list(rejected.columns) == ["archive", "row", "filename", "reason", "detail"]
    assert rejected["reason"].notna().all() and rejected["detail"].notna().all()
    assert manifest[["image_id", "path", "label", "patient_id", "group", "source", "sha256"]].notna().all(axis=None)
    return manifest, rejected


def reasons(root: Path) -> dict[str, str]:
    """Return the reason for each rejected file name of an archive."""
    _, rejected = curate(root)
    return dict(zip(rejected["filename"], rejected["reason"], strict=True))


def names(manifest: pd.DataFrame) -> list[str]:
    return [image_id.rpartition("/")[2] for image_id in manifest["image_id"]]


# What is usable, and why the rest is not


def test_every_column_of_the_manifest(tmp_path):
    cohen(
        tmp_path,
        {"patientid": "7", "view": "ap supine", "sex": "F", "age": "61", "filename": "a.png",
         "license": "CC BY", "url": "https://radiopaedia.org/cases/1"},
    )  # fmt: skip
    (row,) = curate(tmp_path)[0].to_dict("records")
    path = tmp_path / archives.COHEN / "images" / "a.png"
    assert row == {
        "image_id": f"{archives.COHEN}/images/a.png", "path": str(path.resolve()), "label": "covid",
        "patient_id": f"{archives.COHEN}/7", "group": f"{archives.COHEN}/7",
        "source": f"{archives.COHEN}/radiopaedia.org", "view": "AP Supine", "sex": "F", "age": 61.0, "licence": "CC BY",
        "sha256": fingerprints.take([path])[0]["sha256"][0], "split": None,
    }  # fmt: skip


def test_what_the_table_says_against_a_row(tmp_path):
    rows = {
        "fine.png": {},
        "ap.png": {"view": "AP"},
        "erect.png": {"view": "AP erect"},
        "lower.png": {"modality": "x-ray"},
        "ct.png": {"modality": "CT", "view": "Axial"},
        "mri.png": {"modality": "MRI"},
        "l.png": {"view": "L"},
        "question.png": {"view": "?"},
        "blank.png": {"view": ""},
        "todo.png": {"finding": "todo"},
        "nobody.png": {"patientid": ""},
        "absent.png": {},
    }
    cohen(tmp_path, *({"filename": name} | row for name, row in rows.items()), {"filename": " "}, films=False)
    for seed, name in enumerate(list(rows)[:-1]):
        put(tmp_path / archives.COHEN / "images" / name, film(seed))
    manifest, rejected = curate(tmp_path)
    assert names(manifest) == ["fine.png", "ap.png", "erect.png", "lower.png"]
    assert rejected[["row", "filename", "reason", "detail"]].to_numpy().tolist() == [
        [6, "ct.png", "CT", "modality CT, view Axial"],
        [7, "mri.png", "not an X-ray", "modality MRI, view PA"],
        [8, "l.png", "lateral view", "view L"],
        [9, "question.png", "view unknown", "view ?"],
        [10, "blank.png", "view unknown", "view blank"],
        [11, "todo.png", "label unusable", "finding todo"],
        [12, "nobody.png", "patient unknown", "no patient id: cannot be kept on one side of a split"],
        [13, "absent.png", "missing file", f"{archives.COHEN}/images/absent.png"],
        [14, None, "missing file", "file name blank"],
    ]


def test_a_blank_view_is_frontal_in_the_third_archive_alone(tmp_path):
    rows = [FIGURE1 | {"patientid": f"COVID-{i}", "view": view} for i, view in enumerate(["", "AP erect", "L"])]
    table(tmp_path / archives.FIGURE1 / "metadata.csv", rows, "latin-1")
    for i in range(3):
        put(tmp_path / archives.FIGURE1 / "images" / f"COVID-{i}.jpg", encoded(film(i), "JPEG"))
    manifest, rejected = curate(tmp_path)
    assert manifest["view"].tolist() == ["unknown", "AP erect"]
    assert rejected["reason"].tolist() == ["lateral view"]


def test_actualmed_is_curated_from_its_schema(tmp_path):
    rows = [("CR.1", "COVID-19"), ("CR.2", "No finding"), ("DX.3", ""), ("DX.4", "No finding"), ("DX.4", "COVID-19")]
    rows = [
        ACTUALMED | {"patientid": patient, "finding": finding, "imagename": f"{patient}.{i}.png"}
        for i, (patient, finding) in enumerate(rows)
    ]
    table(tmp_path / archives.ACTUALMED / "metadata.csv", rows)
    for i, row in enumerate(rows):
        rgba = np.dstack([film(i)] * 3 + [np.full_like(film(i), 255)])
        put(tmp_path / archives.ACTUALMED / "images" / row["imagename"], rgba)
    manifest, rejected = curate(tmp_path)
    assert manifest["label"].tolist() == ["covid", "normal", "covid"]
    assert manifest["age"].isna().all() and set(manifest["source"]) == {archives.ACTUALMED}
    assert rejected["reason"].tolist() == ["label unusable", "patient in both classes"]


def test_a_table_without_rows_gives_an_empty_manifest(tmp_path):
    put(tmp_path / archives.COHEN / "metadata.csv", b"patientid,finding,view,filename\n")
    manifest, rejected = curate(tmp_path)
    assert manifest.empty and rejected.empty


def test_rows_of_which_none_is_usable(tmp_path):
    manifest, rejected = curate(cohen(tmp_path, {"view": "L"}, {"filename": "gone.png"}, films=False))
    assert manifest.empty
    assert rejected["reason"].tolist() == ["lateral view", "missing file"]


def test_course_data_is_the_default(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(cohen(tmp_path, {}, {})))
    assert len(curation.curate()[0]) == 2


# Hostile files


def test_hostile_images_are_unreadable(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8)
    hostile = {
        "bomb.png": png_of_size(60_000, 60_000),
        "cut.jpg": encoded(noise, "JPEG")[:5000],
        "cut.png": encoded(noise)[:20_000],
        "gif.png": encoded(film(0), "GIF"),
        "tiff.png": encoded(film(0), "TIFF"),
        "text.png": b"404: Not Found",
        "empty.png": b"",
        "tiny.png": encoded(np.zeros((8, 8), np.uint8)),
    }
    cohen(tmp_path, *({"filename": name} for name in hostile), {"filename": "huge.png"}, {}, films=False)
    images = tmp_path / archives.COHEN / "images"
    for name, content in hostile.items():
        put(images / name, content)
    with open(images / "huge.png", "wb") as file:
        file.truncate(films.MAX_BYTES + 1)
    put(images / "film9.png", film(1))
    manifest, rejected = curate(tmp_path)
    assert names(manifest) == ["film9.png"]
    assert set(rejected["reason"]) == {"unreadable"}
    detail = dict(zip(rejected["filename"], rejected["detail"], strict=True))
    assert detail["bomb.png"] == "more pixels in its header than any film has"
    assert detail["huge.png"] == "64 MiB, more than the 64 MiB that a film may have"
    assert detail["text.png"] == detail["gif.png"] == "not a JPEG or PNG image"
    assert detail["cut.jpg"].startswith("damaged image")


def test_odd_but_good_images_are_used(tmp_path):
    grey = [Image.fromarray(film(seed)) for seed in range(6)]
    odd = {
        "png.jpg": encoded(grey[0]),
        "sixteen.png": encoded(film(1).astype(np.uint16) * 257),
        "palette.png": encoded(grey[2].convert("P")),
        "rgba.png": encoded(grey[3].convert("RGBA")),
        "cmyk.jpg": encoded(grey[4].convert("CMYK"), "JPEG"),
        "animated.png": encoded(grey[5], save_all=True, append_images=[grey[0]]),
    }
    cohen(tmp_path, *({"filename": name} for name in odd), films=False)
    for name, content in odd.items():
        put(tmp_path / archives.COHEN / "images" / name, content)
    assert names(curate(tmp_path)[0]) == list(odd)


def test_no_path_leaves_its_archive(tmp_path):
    kermany(tmp_path, "train/NORMAL/IM-0001-0001.jpeg")
    put(tmp_path / "secret.png", film(0))
    put(tmp_path / (archives.COHEN + "2") / "secret.png", film(0))
    leaving = [
        "../../secret.png",
        "../../chest_xray/train/NORMAL/IM-0001-0001.jpeg",
        f"../../{archives.COHEN}2/secret.png",
        "../" * 60 + str(tmp_path / "secret.png")[1:],
    ]
    absolute = str(tmp_path / "secret.png")
    cohen(tmp_path, *({"filename": name} for name in [*leaving, absolute]), {"folder": "/", "filename": "etc/passwd"},
          {"folder": "../..", "filename": "secret.png"}, films=False)  # fmt: skip
    found = reasons(tmp_path)
    assert {found[name] for name in leaving} == {"unsafe path"}
    assert found["secret.png"] == "unsafe path"
    assert found[absolute] == found["etc/passwd"] == "missing file"  # below images/ as any other name
    assert names(curate(tmp_path)[0]) == ["IM-0001-0001.jpeg"]


@posix
def test_links_are_followed_inside_the_archive_only(tmp_path):
    put(tmp_path / "elsewhere" / "secret.png", film(0))
    files = ["good.png", "link.png", "outside.png", "circle.png", "round.png", "dangling.png", "folder/secret.png"]
    cohen(tmp_path, *({"filename": name} for name in files), films=False)
    images = tmp_path / archives.COHEN / "images"
    put(images / "sub" / "good.png", film(1))
    put(images / "good.png", film(2))
    (images / "link.png").symlink_to(images / "sub" / "good.png")
    (images / "outside.png").symlink_to(tmp_path / "elsewhere" / "secret.png")
    (images / "circle.png").symlink_to(images / "round.png")
    (images / "round.png").symlink_to(images / "circle.png")
    (images / "dangling.png").symlink_to(images / "nowhere.png")
    (images / "folder").symlink_to(tmp_path / "elsewhere")
    found = reasons(tmp_path)
    assert found == {
        "outside.png": "unsafe path", "folder/secret.png": "unsafe path",
        "circle.png": "missing file", "round.png": "missing file", "dangling.png": "missing file",
    }  # fmt: skip
    assert names(curate(tmp_path)[0]) == ["good.png", "link.png"]


@posix
def test_an_archive_may_itself_be_a_link(tmp_path):
    cohen(tmp_path / "disk", {})
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / archives.COHEN).symlink_to(tmp_path / "disk" / archives.COHEN)
    assert names(curate(tmp_path / "here")[0]) == ["film0.png"]


def test_what_is_no_file_is_missing(tmp_path):
    odd = ["folder.png", "nul\0.png", "long" * 1000 + ".png", "trailing/", "con:1?.png"]
    cohen(tmp_path, *({"filename": name} for name in odd), {"filename": "fifo.png"}, films=False)
    images = tmp_path / archives.COHEN / "images"
    (images / "folder.png").mkdir(parents=True)
    if os.name == "posix":
        os.mkfifo(images / "fifo.png")
    found = reasons(tmp_path)
    assert found.pop("nul\0.png") == "unsafe path"
    assert set(found.values()) == {"missing file"}
    assert len(found) == 5


@posix
def test_odd_names_are_used(tmp_path):
    odd = ["Thorax Müller 肺.png", "back\\slash.png", "a b'c&d;e.png", "a" * 240 + ".png", "-rf.png", "no_suffix"]
    manifest, _ = curate(cohen(tmp_path, *({"filename": name} for name in odd)))
    assert names(manifest) == odd
    export.write(tmp_path / "out", manifest, pd.DataFrame(columns=["archive", "row", "filename", "reason", "detail"]))
    written = sorted(p.name for p in (tmp_path / "out" / "covid").iterdir())
    assert len(written) == len(odd)
    assert all(name.isascii() and len(name) < 200 and name.endswith(".png") for name in written)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are Unicode")
def test_a_name_that_is_no_unicode_is_used_and_exported(tmp_path):
    kermany(tmp_path, "train/NORMAL/IM-0001-0001.jpeg")
    folder = os.fsencode(tmp_path / archives.KERMANY / "train" / "NORMAL")
    with open(folder + b"/IM-0002-M\xfcller.jpeg", "wb") as file:
        file.write(encoded(film(1), "JPEG"))
    with open(folder + b"/broken\xff.jpeg", "wb") as file:
        file.write(b"")
    manifest, rejected = curate(tmp_path)
    assert manifest["patient_id"].tolist() == ["chest_xray/IM-0001", "chest_xray/IM-0002"]
    export.write(tmp_path / "out", manifest, rejected)
    assert len(list((tmp_path / "out" / "normal").iterdir())) == 2
    assert "broken\\udcff.jpeg" in (tmp_path / "out" / "rejected.csv").read_text(encoding="utf-8")


# Duplicates, groups and patients in both classes


def test_the_same_pixels_under_two_ids_are_one_film_and_one_group(tmp_path):
    cohen(tmp_path, {"patientid": "78"}, {"patientid": "201"}, {"patientid": "201", "filename": "more.png"},
          {"patientid": "9"})  # fmt: skip
    images = tmp_path / archives.COHEN / "images"
    put(images / "film1.png", encoded(Image.fromarray(film(0)).convert("RGB")))  # another file, the same pixels
    manifest, rejected = curate(tmp_path)
    assert names(manifest) == ["film0.png", "more.png", "film3.png"]
    assert [group.rpartition("/")[2] for group in manifest["group"]] == ["201", "201", "9"]
    assert rejected.loc[0, ["filename", "reason", "detail"]].tolist() == [
        "film1.png", "duplicate", f"same pixels as {archives.COHEN}/images/film0.png of {archives.COHEN}/78",
    ]  # fmt: skip


def test_films_of_one_grey_are_joined_by_their_pixels(tmp_path):
    cohen(tmp_path, {"patientid": "1"}, {"patientid": "2"}, {"patientid": "2"}, {"patientid": "3"})
    for name, grey in (("film0.png", 7), ("film1.png", 7), ("film3.png", 8)):
        put(tmp_path / archives.COHEN / "images" / name, np.full((40, 40), grey, np.uint8))
    manifest, _ = curate(tmp_path)
    assert names(manifest) == ["film0.png", "film2.png", "film3.png"]
    assert [group.rpartition("/")[2] for group in manifest["group"]] == ["1", "1", "3"]


def test_a_file_named_by_two_rows_is_used_once(tmp_path):
    manifest, rejected = curate(cohen(tmp_path, *[{"filename": "a.png", "patientid": i} for i in ("285", "339")]))
    assert names(manifest) == ["a.png"]
    assert rejected["reason"].tolist() == ["duplicate"]


def test_a_film_in_another_encoding_joins_its_patients(tmp_path):
    cohen(tmp_path, {"patientid": "97"}, {"patientid": "178", "filename": "again.jpg"}, {"patientid": "5"})
    copy = Image.fromarray(film(0)).resize((80, 100))
    put(tmp_path / archives.COHEN / "images" / "again.jpg", encoded(copy, "JPEG", quality=60))
    manifest, rejected = curate(tmp_path)
    assert rejected.empty
    assert [group.rpartition("/")[2] for group in manifest["group"]] == ["178", "178", "5"]


def test_the_same_pixels_with_two_labels_are_used_as_neither(tmp_path):
    cohen(tmp_path, {"finding": "SARS", "filename": "a.png"}, {"finding": "Streptococcus", "filename": "b.png"}, {})
    put(tmp_path / archives.COHEN / "images" / "b.png", film(0))
    manifest, rejected = curate(tmp_path)
    assert names(manifest) == ["film2.png"]
    assert rejected["detail"].tolist() == ["the same film is labelled bacterial and viral"] * 2
    assert set(rejected["reason"]) == {"label unusable"}


@pytest.mark.parametrize(
    "covid_row",
    [{}, {"view": "L"}, {"modality": "CT", "view": "Axial"}, {"filename": "missing.png"}],
    ids=["frontal", "lateral", "CT", "missing"],
)
def test_a_patient_with_covid_in_any_row_gives_no_negatives(tmp_path, covid_row):
    one = {"patientid": "313b"}
    cohen(tmp_path, one | covid_row, one | {"finding": "No Finding"}, {"patientid": "313a", "finding": "No Finding"})
    (tmp_path / archives.COHEN / "images" / "missing.png").unlink(missing_ok=True)
    manifest, rejected = curate(tmp_path)
    assert manifest.loc[manifest["label"] == "normal", "patient_id"].tolist() == [f"{archives.COHEN}/313a"]
    assert rejected.iloc[-1][["filename", "reason", "detail"]].tolist() == [
        "film1.png", "patient in both classes", "labelled normal, but the patient has COVID-19 in another row",
    ]  # fmt: skip


def test_a_patient_in_both_classes_is_found_behind_two_ids(tmp_path):
    cohen(tmp_path, {"patientid": "1"}, {"patientid": "2", "filename": "again.jpg", "finding": "ARDS"},
          {"patientid": "2", "finding": "No Finding"}, {"patientid": "3", "finding": "No Finding"})  # fmt: skip
    put(tmp_path / archives.COHEN / "images" / "again.jpg", encoded(film(0), "JPEG", quality=60))
    manifest, rejected = curate(tmp_path)
    assert names(manifest) == ["film0.png", "film3.png"]
    assert rejected["reason"].tolist() == ["patient in both classes"] * 2


def test_patients_of_different_archives_are_different(tmp_path):
    cohen(tmp_path, {"patientid": "person1"})
    kermany(tmp_path, "train/PNEUMONIA/person1_virus_1.jpeg")
    manifest, _ = curate(tmp_path)
    assert manifest["group"].tolist() == [f"{archives.COHEN}/person1", "chest_xray/person1"]


def test_the_order_of_rows_does_not_change_groups(tmp_path):
    rows = [{"patientid": str(i % 5), "filename": f"{i}.png"} for i in range(12)]
    for name, order in (("a", rows), ("b", rows[::-1])):
        cohen(tmp_path / name, *order, films=False)
        for i in range(12):
            put(tmp_path / name / archives.COHEN / "images" / f"{i}.png", film(i % 9))
    a, b = (curate(tmp_path / name)[0].set_index("sha256")["group"].sort_index() for name in "ab")
    pd.testing.assert_series_equal(a, b)


# Fingerprints and their cache


def test_fingerprints_are_taken_once(tmp_path, monkeypatch):
    cohen(tmp_path, {}, {}, {"filename": "broken.png"})
    put(tmp_path / archives.COHEN / "images" / "broken.png", b"text")
    first = curate(tmp_path)
    monkeypatch.setattr(films, "decode", lambda data: pytest.fail("decoded again"))
    second = curate(tmp_path)
    pd.testing.assert_frame_equal(first[0], second[0])
    pd.testing.assert_frame_equal(first[1], second[1])


def test_a_changed_film_is_read_again(tmp_path):
    cohen(tmp_path, {}, {})
    before, _ = curate(tmp_path)
    again = encoded(Image.fromarray(film(0)).convert("RGB"))
    put(tmp_path / archives.COHEN / "images" / "film1.png", again)
    assert before["image_id"].tolist() == [f"{archives.COHEN}/images/film{i}.png" for i in (0, 1)]
    assert reasons(tmp_path) == {"film1.png": "duplicate"}


@pytest.mark.parametrize("damage", [b"", b"junk" * 100, "cut", "zeros", "other arrays", "one array"])
def test_damaged_fingerprints_are_taken_again(tmp_path, damage):
    root = cohen(tmp_path / "data", {}, {"patientid": "0", "filename": "copy.png"})
    put(root / archives.COHEN / "images" / "copy.png", encoded(Image.fromarray(film(0)).convert("LA")))
    before = curate(root)
    (stored,) = Path(os.environ["COURSE_CACHE"]).rglob("*.npz")
    whole = stored.read_bytes()
    with open(stored, "wb") as file:
        if damage == "other arrays":
            np.savez(file, a=np.zeros(3))
        elif damage == "one array":
            np.save(file, np.zeros(3))
        else:
            file.write({"cut": whole[:-100], "zeros": bytes(len(whole))}.get(damage, damage))
    after = curate(root)
    pd.testing.assert_frame_equal(before[0], after[0])
    pd.testing.assert_frame_equal(before[1], after[1])
    assert after[1]["reason"].tolist() == ["duplicate"]
    curate(root)
    assert fingerprints._load(stored) is not None


def test_a_film_that_changes_while_it_is_read_spoils_nothing(tmp_path, monkeypatch):
    root = cohen(tmp_path, {}, {})
    read = films.read_bytes
    monkeypatch.setattr(films, "read_bytes", lambda path, sha256=None: read(path, sha256 and "0" * 64))
    with pytest.raises(films.FilmError, match="has changed"):
        curation.curate(root, progress=False)
    assert not list(Path(os.environ["COURSE_CACHE"]).rglob("*.npz"))


def test_two_processes_may_fill_the_same_cache(tmp_path):
    root = cohen(tmp_path, *({} for _ in range(30)))
    code = "import sys; from course_utils import curation; m, r = curation.curate(sys.argv[1]); print(len(m), len(r))"
    command = [sys.executable, "-c", code, str(root)]
    project = Path(__file__).parent.parent
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=project) for _ in range(2)]
    assert [process.communicate(timeout=60)[0] for process in running] == ["30 0\n"] * 2
    left = [p.name for p in Path(os.environ["COURSE_CACHE"]).rglob("*") if p.is_file()]
    assert len(left) == 1 and left[0].endswith(".npz")


def test_a_cache_in_the_way_of_a_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(put(tmp_path / "file", b"")))
    with pytest.raises(PermissionError, match="COURSE_CACHE"):
        curation.curate(cohen(tmp_path, {}))


# Subset, export, datasheet and command line


@pytest.fixture
def root(tmp_path) -> Path:
    rows = [{"patientid": str(i // 2), "license": "CC BY" if i % 2 else ""} for i in range(9)]
    rows += [{"finding": "No Finding"}, {"finding": "SARS"}, {"view": "L", "url": "https://a.org/|x"}]
    cohen(tmp_path / "data", *rows)
    normal = [f"train/NORMAL/IM-{i:04d}-0001.jpeg" for i in range(8)]
    return kermany(tmp_path / "data", *normal, "train/PNEUMONIA/person1_virus_1.jpeg")


def test_the_tutorials_classes(root):
    manifest, _ = curate(root)
    chosen = curation.tutorial_classes(manifest)
    archive = chosen["source"].str.partition("/")[0]
    assert set(zip(chosen["label"], archive, strict=True)) == {("covid", archives.COHEN), ("normal", archives.KERMANY)}
    assert chosen["label"].value_counts().to_dict() == {"covid": 9, "normal": 8}


def test_the_balanced_subset_is_seeded_and_independent_of_order(root):
    classes = curation.tutorial_classes(curate(root)[0])
    subset = curation.balanced(classes, 5)
    assert subset["label"].value_counts().to_dict() == {"covid": 5, "normal": 5}
    assert subset["image_id"].is_monotonic_increasing and subset["image_id"].is_unique
    pd.testing.assert_frame_equal(curation.balanced(classes.sample(frac=1, random_state=1), 5), subset)
    assert names(curation.balanced(classes, 5, seed=1)) != names(subset)
    assert len(curation.balanced(classes, 8)) == 16


@pytest.mark.parametrize("per_class", [9, 0, -1])
def test_a_subset_that_cannot_be_drawn_is_refused(root, per_class):
    classes = curation.tutorial_classes(curate(root)[0])
    with pytest.raises(ValueError, match=r"classes have \{'covid': 9, 'normal': 8\}. Ask for 1 to 8"):
        curation.balanced(classes, per_class)


@pytest.mark.parametrize(("label", "found"), [("covid", r"\['covid'\]"), ("none", "no film at all")])
def test_an_empty_class_is_refused(root, label, found):
    manifest, _ = curate(root)
    with pytest.raises(ValueError, match=f"two labels are needed, found {found}: a class is empty"):
        curation.balanced(manifest[manifest["label"] == label], 1)


def test_export_writes_one_folder_per_class(root, tmp_path):
    manifest, rejected = curate(root)
    subset = curation.balanced(curation.tutorial_classes(manifest), 4)
    export.write(tmp_path / "out", subset, rejected)
    written = pd.read_csv(tmp_path / "out" / "manifest.csv", dtype={"split": object})
    assert list(written.columns) == curation.COLUMNS
    pd.testing.assert_frame_equal(
        written.drop(columns="path"), subset.drop(columns="path"), check_dtype=False, check_exact=True
    )
    for original, row in zip(subset["path"], written.itertuples(), strict=True):
        copy = tmp_path / "out" / row.path
        assert copy.read_bytes() == Path(original).read_bytes()
        assert copy.parent == tmp_path / "out" / row.label
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "DATASHEET.md", "covid", "manifest.csv", "normal", "rejected.csv",
    ]  # fmt: skip
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.csv").read_text()
    assert len(pd.read_csv(tmp_path / "out" / "rejected.csv")) == len(rejected)


def test_torchvision_reads_the_export(root, tmp_path):
    from torchvision.datasets import ImageFolder

    manifest, rejected = curate(root)
    odd = root / archives.COHEN / "images" / "film0.png"
    shutil.copy(odd, odd.with_suffix(".gif"))  # a PNG under a name that torchvision would pass over
    manifest.loc[0, ["image_id", "path"]] = [manifest.loc[0, "image_id"][:-3] + "gif", str(odd.with_suffix(".gif"))]
    export.write(tmp_path / "out", manifest, rejected)
    read = ImageFolder(tmp_path / "out")
    assert read.classes == ["covid", "normal", "viral"]
    assert len(read) == len(manifest)
    assert read[0][0].size == (40, 48)


def test_equal_names_are_kept_apart(tmp_path):
    manifest, rejected = curate(cohen(tmp_path / "data", {"filename": "a/film.png"}, {"filename": "b/film.png"}))
    export.write(tmp_path / "out", manifest, rejected)
    assert len(list((tmp_path / "out" / "covid").iterdir())) == 2


def test_export_is_the_same_bytes_every_time(root, tmp_path):
    manifest, rejected = curate(root)
    for name in ("a", "b"):
        export.write(tmp_path / name, manifest, rejected)
    a, b = ({p.relative_to(tmp_path / name): p for p in (tmp_path / name).rglob("*.*")} for name in "ab")
    assert set(a) == set(b)
    assert all(a[name].read_bytes() == b[name].read_bytes() for name in a)


@pytest.mark.parametrize("there", [False, True], ids=["new", "empty folder"])
def test_an_export_that_fails_leaves_nothing(root, tmp_path, there):
    manifest, rejected = curate(root)
    if there:
        (tmp_path / "out").mkdir()
    before = sorted(tmp_path.rglob("*"))
    manifest.loc[manifest.index[-1], "path"] = str(tmp_path / "gone.png")
    with pytest.raises(FileNotFoundError, match=r"gone\.png"):
        export.write(tmp_path / "out", manifest, rejected)
    assert sorted(tmp_path.rglob("*")) == before


@posix
def test_a_killed_export_leaves_no_folder_that_looks_whole(root, tmp_path):
    code = """
import os, signal, sys, shutil
from course_utils import curation, export
manifest, rejected = curation.curate(sys.argv[1])
copy = shutil.copyfile
def copy_three(source, target, count=[]):
    count.append(copy(source, target))
    if len(count) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
export.shutil.copyfile = copy_three
export.write(sys.argv[2], manifest, rejected)
"""
    command = [sys.executable, "-c", code, str(root), str(tmp_path / "out")]
    assert subprocess.run(command, cwd=Path(__file__).parent.parent).returncode == -9
    assert not (tmp_path / "out").exists()
    manifest, rejected = curate(root)
    export.write(tmp_path / "out", manifest, rejected)
    assert (tmp_path / "out" / "DATASHEET.md").exists()


def test_an_export_overwrites_nothing(root, tmp_path):
    manifest, rejected = curate(root)
    (tmp_path / "out").mkdir()
    export.write(tmp_path / "out", manifest, rejected)  # an empty folder is taken
    put(tmp_path / "a file", b"mine")
    for taken in ("out", "a file"):
        with pytest.raises(FileExistsError, match=f"{taken} exists and is not an empty folder"):
            export.write(tmp_path / taken, manifest, rejected)
    assert (tmp_path / "a file").read_bytes() == b"mine"


def test_an_empty_manifest_is_not_exported(root, tmp_path):
    manifest, rejected = curate(root)
    with pytest.raises(ValueError, match="no film to write"):
        export.write(tmp_path / "out", manifest.iloc[:0], rejected)
    assert not (tmp_path / "out").exists()


def test_the_datasheet_counts(root):
    manifest, rejected = curate(root)
    lines = datasheet.text(manifest, rejected, unlisted=["a.png", "b.png"]).splitlines()
    assert lines[2] == "*For teaching only; never for diagnosis.*"
    assert f"| covid | {archives.COHEN} | 9 | 5 | 5 |" in lines
    assert "| normal | chest_xray | 8 | 8 | 8 |" in lines
    assert "| CC BY | 4 |" in lines and "| CC BY 4.0 | 9 |" in lines and "| not stated | 7 |" in lines
    assert f"| {archives.COHEN} | lateral view | 1 |" in lines
    assert "## Rejected: 1 rows" in lines
    assert any(line.startswith("Besides, 2 image files") for line in lines)
    assert sum(line.startswith("- ") for line in lines) == len(datasheet.LIMITS)
    assert all(line.startswith("| ") and line.endswith(" |") for line in lines if "|" in line)


def test_the_datasheet_without_rejected_rows_or_ages(root):
    manifest, rejected = curate(root)
    text = datasheet.text(manifest, rejected.iloc[:0])
    assert "## Rejected: 0 rows" in text
    assert "| covid | 0 | unknown | unknown | unknown |" in text
    assert "nan" not in text.lower().split()


def test_the_datasheet_keeps_its_tables_whatever_the_archive_says(root):
    manifest, rejected = curate(root)
    manifest.loc[0, "licence"] = "CC|BY\n# Heading\r\n"
    assert "| CC\\|BY # Heading | 1 |" in datasheet.text(manifest, rejected).splitlines()


def run(*arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "course_utils.curation", *map(str, arguments)]
    environment = os.environ | {"PYTHONWARNINGS": "error::FutureWarning"}
    return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent, env=environment)


def test_the_command_line_accounts_for_every_row(root, tmp_path):
    ran = run(root, tmp_path / "out", "--per-class", "3")
    assert ran.returncode == 0, ran.stderr
    assert "6 films of 2 classes written" in ran.stdout
    manifest = pd.read_csv(tmp_path / "out" / "manifest.csv")
    rejected = pd.read_csv(tmp_path / "out" / "rejected.csv")
    assert manifest["label"].value_counts().to_dict() == {"covid": 3, "normal": 3}
    assert len(manifest) + len(rejected) == len(archives.rows(root))
    assert rejected["reason"].value_counts().to_dict() == {"not drawn": 14, "lateral view": 1}
    left_out = rejected[rejected["reason"] == "not drawn"]
    drawn = set(names(manifest))
    assert not drawn & set(left_out["filename"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "out"], "error: .*holds none of covid-chestxray-dataset"),
        (["data", "out", "--per-class", "99"], "error: 99 films per class: .*Ask for 1 to 8"),
        (["data", "data", "--per-class", "2"], "error: .*exists and is not an empty folder"),
    ],
)
def test_the_command_line_says_what_is_wrong(root, tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert curation.main(arguments) == 1
    errors = capsys.readouterr().err
    assert re.search(message, errors)
    assert "Traceback" not in errors
    assert not (tmp_path / "out").exists()


# The real archives


@pytest.fixture(scope="module")
def published():
    return (*curation.curate(XRAY, progress=False), archives.rows(XRAY))


@real
def test_no_row_of_the_real_archives_is_lost(published):
    manifest, rejected, rows = published
    assert len(manifest) + len(rejected) == len(rows)
    first = rejected[rejected["archive"] == archives.COHEN]["reason"].value_counts()
    assert (first["CT"], first["lateral view"], first["view unknown"]) == (84, 58, 39)
    assert (rejected["reason"] == "unreadable").sum() == 0
    assert manifest["label"].value_counts().min() >= 10
    assert set(manifest["label"]) == {"covid", "normal", "bacterial", "viral", "other"}


@real
def test_patients_of_the_real_archives_are_in_one_class_and_one_split(published):
    manifest, rejected, rows = published
    covid = set(rows.loc[rows["label"] == "covid", "patient_id"])
    assert not set(manifest.loc[manifest["label"] != "covid", "patient_id"]) & covid
    assert (rejected["reason"] == "patient in both classes").sum() >= 6
    two = manifest[manifest["label"].isin(["covid", "normal"])]
    assert not splits.leaked(splits.grouped(two), by="group").any()
    assert splits.leaked(splits.naive(two)).mean() > 0.2


@real
def test_near_duplicates_of_the_real_archives_are_those_of_brute_force(published):
    manifest, _, _ = published
    chosen = manifest[manifest["source"].str.startswith(archives.FIGURE1)]
    _, thumbnails = fingerprints.take([Path(p) for p in chosen["path"]], progress=False)
    correlation = np.corrcoef(thumbnails.reshape(len(thumbnails), -1).astype(float))
    expected = np.argwhere(np.triu(correlation > groups.NEAR, 1))
    np.testing.assert_array_equal(groups.near_duplicates(thumbnails), expected)
    assert len(expected) > 0
