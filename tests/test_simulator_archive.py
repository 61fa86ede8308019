"""Whole simulated archives: the same bytes every time, every trap really there, truth that fits, nothing half-made."""

import csv
import hashlib
import json
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import stats

from course_utils.simulator import archive, darkroom, retouch
from course_utils.simulator.settings import Settings

SMALL = {"seed": 5, "films": 12, "size": 96, "progress": False}
COHEN, KERMANY = "covid-chestxray-dataset", "chest_xray"
FIGURE1, ACTUALMED = "Figure1-COVID-chestxray-dataset", "Actualmed-COVID-chestxray-dataset"


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Path:
    return archive.make(tmp_path_factory.mktemp("simulated") / "small", processes=1, **SMALL)


@pytest.fixture(scope="session")
def films(small) -> pd.DataFrame:
    return pd.read_csv(small / "truth" / "films.csv", keep_default_na=False)


@pytest.fixture(scope="session")
def traps(small) -> list[dict]:
    with (small / "truth" / "traps.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row | {key: row[key].split(" | ") if row[key] else [] for key in ("files", "patients")} for row in rows]


@pytest.fixture(scope="session")
def table(small) -> pd.DataFrame:
    return pd.read_csv(small / COHEN / "metadata.csv", dtype=str, keep_default_na=False)


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# the same bytes


def test_two_runs_and_two_processes_give_the_same_bytes(small, tmp_path):
    again = archive.make(tmp_path / "again", processes=2, **SMALL)
    assert digest(again) == digest(small)


def test_a_film_made_alone_is_the_film_of_the_archive(small, tmp_path):
    settings = Settings(seed=SMALL["seed"], films=SMALL["films"], size=SMALL["size"])
    request = archive.draw_plan(settings).requests[-3]
    for path in (request.path, *darkroom.truth.mask_paths(request.path).values()):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    darkroom.develop(request, tmp_path, settings.seed, settings.size)
    assert (tmp_path / request.path).read_bytes() == (small / request.path).read_bytes()


def test_another_seed_gives_other_films():
    first, second = (archive.draw_plan(Settings(seed=seed, films=12)) for seed in (1, 2))
    assert {r.path for r in first.requests} != {r.path for r in second.requests}
    assert first.rows[COHEN] != second.rows[COHEN]


def test_files_hold_no_dates_or_other_text(small):
    for path in [*sorted((small / COHEN / "images").glob("*.png")), *sorted((small / "truth" / "pairs").glob("*.png"))]:
        with Image.open(path) as image:
            assert not set(image.info) - {"transparency"}, path.name


# the traps


def image_of(small, trap, i=0) -> Image.Image:
    return Image.open(small / trap["archive"] / trap["files"][i])


def rows_of(table, trap) -> pd.DataFrame:
    names = [Path(file).name for file in trap["files"]]
    return table[table.filename.isin(names) & table.patientid.isin(trap["patients"])]


def has(column, value):
    return lambda small, trap, table: (rows_of(table, trap)[column] == value).any()


def pixels(small, trap, i) -> np.ndarray:
    return np.asarray(image_of(small, trap, i).convert("L"), dtype=float)


def is_coloured(small, trap, table) -> bool:
    pixels = np.asarray(image_of(small, trap).convert("RGB"), dtype=int)
    return bool((np.ptp(pixels, axis=2) > 15).mean() > (0.3 if trap["trap"] == "tinted" else 0.0005))


def is_marked(small, trap, table) -> bool:
    """A box of that kind and text is in markers.json, and something with contrast is inside it on the film."""
    path = f"{trap['archive']}/{trap['files'][0]}"
    kind = {
        "overlay_arrow": "arrow",
        "overlay_letter": "letter of a figure",
        "overlay_words": "text",
        "overlay_box": "box",
    }
    markers = json.loads((small / "truth" / "markers.json").read_text(encoding="utf-8"))[path]
    wanted = (kind[trap["trap"]], trap["detail"].split(": ")[-1])
    boxes = [marker["box"] for marker in markers if (marker["kind"], marker["text"]) == wanted]
    x0, y0, x1, y1 = boxes[-1]
    part = np.asarray(image_of(small, trap).convert("L"), dtype=float)[y0:y1, x0:x1]
    return part.size > 0 and np.ptp(part) > 60


def is_letterboxed(small, trap, table) -> bool:
    grey = pixels(small, trap, 0)
    across = grey[:, :3].max() < 12 and grey[:, -3:].max() < 12
    return bool(across or (grey[:3].max() < 12 and grey[-3:].max() < 12))


def is_unreadable(small, trap, table) -> bool:
    with pytest.raises(OSError, match="truncated|broken|decod|Truncated"):
        image_of(small, trap).load()
    return True


def same_bytes(small, trap, table) -> bool:
    one, two = ((small / trap["archive"] / file).read_bytes() for file in trap["files"])
    views = {tuple(table[table.patientid == number].view) for number in trap["patients"]}
    return one == two and len(views) == 2


def same_film_other_bytes(small, trap, table) -> bool:
    half = len(trap["files"]) // 2
    for i in range(half):
        one, two = pixels(small, trap, i), pixels(small, trap, i + half)
        assert (small / trap["archive"] / trap["files"][i]).read_bytes() != (
            small / trap["archive"] / trap["files"][i + half]
        ).read_bytes()
        assert np.any(one != two) and np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.98
    findings = [set(table[table.patientid == number].finding) for number in trap["patients"]]
    return findings == [{"COVID-19", "COVID-19, ARDS"}, {"COVID-19"}]


def same_names(small, trap, table) -> bool:
    names = [set(table[table.patientid == number].filename) for number in trap["patients"]]
    return names[0] == names[1] and len(names[0]) == len(trap["files"])


def both_classes(small, trap, table) -> bool:
    if trap["archive"] == COHEN:
        findings = set(rows_of(table, trap).finding)
    else:
        other = pd.read_csv(small / trap["archive"] / "metadata.csv", encoding="latin-1", keep_default_na=False)
        findings = set(other[other.patientid.isin(trap["patients"])].finding)
    return any("COVID-19" in f for f in findings) and any(f.lower() == "no finding" for f in findings)


def blank_label(small, trap, table) -> bool:
    other = pd.read_csv(small / trap["archive"] / "metadata.csv", encoding="latin-1", keep_default_na=False)
    name = "imagename" if trap["archive"] == ACTUALMED else "patientid"
    rows = other[other[name].map(lambda value: any(value in file for file in trap["files"]))]
    return len(rows) > 0 and (rows.finding == "").all()


def one_person(small, trap, table) -> bool:
    """By the truth: the persons behind the files."""
    with (small / "truth" / "films.csv").open(encoding="utf-8", newline="") as file:
        persons = {row["path"]: row["patient"] for row in csv.DictReader(file)}
    found = {persons[f"{trap['archive']}/{file}"] for file in trap["files"]}
    different = trap["trap"] in ("suffix_is_another_person", "person_number_recurs")
    return len(found) == (
        len(trap["patients"]) if trap["trap"] == "suffix_is_another_person" else 2 if different else 1
    )


def latin1(small, trap, table) -> bool:
    data = (small / trap["archive"] / "metadata.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError, match="0xb0"):
        data.decode("utf-8")
    return "\N{DEGREE SIGN}" in data.decode("latin-1")


def shifted_prevalence(small, trap, table) -> bool:
    count = {
        (part, kind): len(list((small / KERMANY / part / kind).iterdir()))
        for part in ("train", "test")
        for kind in ("NORMAL", "PNEUMONIA")
    }
    train, test = (count[p, "PNEUMONIA"] / (count[p, "PNEUMONIA"] + count[p, "NORMAL"]) for p in ("train", "test"))
    return train > test + 0.05


def jpeg_tables(small, trap, table) -> bool:
    """The luminance table of every training normal is finer than that of every pneumonia."""
    fine = [image_of(small, trap, i).quantization[0][0] for i in range(len(trap["files"]))]
    rough = [Image.open(p).quantization[0][0] for p in sorted((small / KERMANY / "train" / "PNEUMONIA").iterdir())]
    return len(fine) > 0 and max(fine) < min(rough)


def exists(small, trap, table) -> bool:
    return all((small / trap["archive"] / file).is_file() for file in trap["files"])


def cell_is_text(small, trap, table) -> bool:
    column, text = trap["detail"].split(" is ")
    return rows_of(table, trap)[column].iloc[0] == text.strip("'")


CHECKS = {
    "png_named_jpg": lambda small, trap, table: (
        image_of(small, trap).format == "PNG" and trap["files"][0].endswith("jpg")
    ),
    "palette": lambda small, trap, table: image_of(small, trap).mode == "P",
    "rgba": lambda small, trap, table: image_of(small, trap).mode == "RGBA",
    "tinted": is_coloured,
    "overlay_arrow": is_marked,
    "overlay_letter": is_marked,
    "overlay_words": is_marked,
    "overlay_box": is_marked,
    "overlay_letterbox": is_letterboxed,
    "non_ascii_name": lambda small, trap, table: not trap["files"][0].isascii() and exists(small, trap, table),
    "upper_case_suffix": lambda small, trap, table: (
        image_of(small, trap).format == "JPEG" and ".JPG" in trap["files"][0]
    ),
    "truncated": is_unreadable,
    "masks_of_one_class": exists,
    "lateral_view": has("view", "L"),
    "ct_slice": has("modality", "CT"),
    "volume": lambda small, trap, table: (
        has("folder", "volumes")(small, trap, table) and not exists(small, trap, table)
    ),
    "missing_file": lambda small, trap, table: len(rows_of(table, trap)) == 1 and not exists(small, trap, table),
    "file_without_row": lambda small, trap, table: Path(trap["files"][0]).name not in set(table.filename),
    "warning_picture": exists,
    "same_film_identical": same_bytes,
    "same_film_reencoded": same_film_other_bytes,
    "same_file_two_ids": same_names,
    "view_unknown": has("view", "?"),
    "view_missing": has("view", ""),
    "question_mark_in_number": has("temperature", "?"),
    "text_in_number": cell_is_text,
    "spill_over": lambda small, trap, table: "Credit" in rows_of(table, trap).iloc[0, 28],
    "licence_blank": lambda small, trap, table: (table[table.patientid.isin(trap["patients"])].license == "").all(),
    "licence_is_a_space": lambda small, trap, table: (
        table[table.patientid.isin(trap["patients"])].license == " "
    ).all(),
    "todo": has("finding", "todo"),
    "covid_with_ards": has("finding", "COVID-19, ARDS"),
    "several_films_of_a_patient": one_person,
    "patient_in_both_classes": both_classes,
    "ids_with_letters": lambda small, trap, table: set(trap["patients"]) <= set(table.patientid),
    "suffix_is_another_person": one_person,
    "suffix_is_the_same_person": one_person,
    "suffix_not_given": exists,
    "person_number_recurs": one_person,
    "finding_blank": blank_label,
    "age_is_text": lambda small, trap, table: not trap["detail"].isdigit(),
    "encoding_latin1": latin1,
    "other_column_names": exists,
    "prevalence_shift": shifted_prevalence,
    "jpeg_quality_by_class": jpeg_tables,
}


@pytest.mark.parametrize("name", CHECKS)
def test_every_trap_is_really_there(small, traps, table, name):
    laid = [trap for trap in traps if trap["trap"] == name]
    assert laid, f"no {name} in an archive of {SMALL['films']} films"
    for trap in laid:
        assert CHECKS[name](small, trap, table), trap


def test_every_listed_trap_has_a_check(traps):
    assert {trap["trap"] for trap in traps} == set(CHECKS)


# the layouts


def test_tables_read_as_the_published_ones_do(small, table):
    assert table.shape[1] == 29 and table.columns[-1].startswith("Unnamed") and table.columns[0] == "patientid"
    figure1 = pd.read_csv(small / FIGURE1 / "metadata.csv", encoding="latin-1")
    assert list(figure1.columns[[0, 7, 10, 11]]) == ["patientid", "pO2 saturation", "artifacts/distortion", "notes"]
    for patientid in figure1.patientid:
        assert len(list((small / FIGURE1 / "images").glob(f"{patientid}.*"))) == 1
    actualmed = pd.read_csv(small / ACTUALMED / "metadata.csv")
    assert {"imagename", "artifacts/distortion"} <= set(actualmed.columns) and actualmed.age.isna().all()
    assert sorted(actualmed.imagename) == sorted(p.name for p in (small / ACTUALMED / "images").iterdir())
    assert {p.parent.relative_to(small / KERMANY).as_posix() for p in (small / KERMANY).rglob("*.jpeg")} == {
        f"{part}/{kind}" for part in ("train", "val", "test") for kind in ("NORMAL", "PNEUMONIA")
    }


def test_default_numbers():
    plan = archive.draw_plan(Settings())
    frontal = [r for r in plan.requests if r.projection == "frontal"]
    first = Counter(r.finding.partition(",")[0] for r in frontal if r.path.startswith(COHEN))
    assert 145 <= first["COVID-19"] <= 160 and 12 <= first["No Finding"] <= 18
    assert 35 <= sum(n for finding, n in first.items() if finding not in ("COVID-19", "No Finding", "todo", "")) <= 50
    kinds = Counter(r.kind for r in frontal if r.path.startswith(KERMANY))
    assert kinds == {"normal": 140, "bacterial": 135, "viral": 135}
    assert len(plan.rows[FIGURE1]) in range(50, 61) and len(plan.rows[ACTUALMED]) in range(55, 66)


def test_a_naive_split_leaks_as_in_the_real_archive():
    plan = archive.draw_plan(Settings())
    rows = [r for r in plan.requests if r.path.startswith(COHEN) and r.projection == "frontal"]
    persons = np.array([r.person.key for r in rows if r.finding.startswith("COVID-19")])
    rng, shares = np.random.default_rng(0), []
    for _ in range(200):
        order = rng.permutation(len(persons))
        test, train = persons[order[: len(order) // 5]], set(persons[order[len(order) // 5 :]])
        shares.append(np.mean([person in train for person in test]))
    assert 0.45 < np.mean(shares) < 0.65


# the truth


def test_films_csv_lists_every_picture_once(small, films):
    suffixes = (".jpg", ".jpeg", ".png")
    found = [p.relative_to(small).as_posix() for p in small.rglob("*") if p.suffix.lower() in suffixes]
    found = [path for path in found if not path.startswith("truth/") and "/annotations/" not in path]
    assert sorted(found) == sorted(films.path)


def test_masks_and_markers_fit_their_films(small, films):
    markers = json.loads((small / "truth" / "markers.json").read_text(encoding="utf-8"))
    frontal = films[films.projection == "frontal"]
    assert set(markers) == set(frontal.path) and any(markers.values())
    for film in frontal.itertuples():
        size = (film.width, film.height)
        if film.finding and "truncated" not in film.path:
            assert Image.open(small / film.path).size == size
        lungs, lesion = (Image.open(small / path) for path in (film.lungs, film.lesion))
        assert lungs.size == lesion.size == size and lungs.mode == lesion.mode == "1"
        assert 0.08 < np.asarray(lungs).mean() < 0.75, film.path
        if not film.visible:
            assert not np.asarray(lesion).any(), film.path
        for marker in markers[film.path]:
            x0, y0, x1, y1 = marker["box"]
            assert 0 <= x0 <= x1 <= film.width and 0 <= y0 <= y1 <= film.height, (film.path, marker)
    assert any(np.asarray(Image.open(small / path)).any() for path in frontal.lesion)


@pytest.mark.parametrize("change", ["shrunk", "enlarged", "photographed"])
def test_truth_follows_a_film_that_is_moved(change):
    square = np.zeros((120, 90), np.uint8)
    square[20:50, 10:30] = 255
    plate = retouch.Plate(square, {"lungs": square > 0}, [{"kind": "letter", "text": "R", "box": [10, 20, 30, 50]}])
    if change == "photographed":
        retouch.apply(plate, (("tint", "blue"),), np.random.default_rng(1))
    else:
        plate.resize({"shrunk": 0.7, "enlarged": 1.9}[change])
    bright = np.asarray(plate.image.convert("L")) > 100
    x0, y0, x1, y1 = plate.markers[0]["box"]
    inside = np.zeros_like(bright)
    inside[max(y0 - 1, 0) : y1 + 1, max(x0 - 1, 0) : x1 + 1] = True
    assert bright.any() and not (bright & ~inside).any() and (bright & inside).sum() > 0.7 * inside.sum()
    assert (bright != plate.masks["lungs"]).sum() < 0.15 * bright.sum()


def test_films_differ_in_size_by_site(films):
    films = films.assign(longer=films[["width", "height"]].max(axis=1))
    longer = films[films.projection == "frontal"].groupby("site").longer
    assert (longer.median()[["hannover", "actualmed_dx"]] == SMALL["size"]).all()
    assert longer.max()["radiopaedia"] > 1.4 * SMALL["size"] and longer.min()["journal"] < 0.95 * SMALL["size"]


def test_published_masks_are_those_of_covid_films_only(small, films):
    masks = sorted((small / COHEN / "annotations" / "lungVAE-masks").iterdir())
    stems = {Path(f.path).stem: f for f in films.itertuples() if f.path.startswith(COHEN)}
    assert masks
    for mask in masks:
        film = stems[mask.name.removesuffix("_mask.png")]
        assert film.finding.startswith("COVID-19")
        published, own = np.asarray(Image.open(mask)), np.asarray(Image.open(small / film.lungs))
        assert set(np.unique(published)) == {0, 255} and np.array_equal(published > 0, own)


def test_parameters_are_told_for_every_frontal_film(small, films):
    lines = (small / "truth" / "parameters.jsonl").read_text(encoding="utf-8").splitlines()
    told = {line["path"]: line for line in map(json.loads, lines)}
    frontal = films[(films.projection == "frontal") & (films.copy_of == "")]
    assert set(told) == set(frontal.path)
    for film in frontal.itertuples():
        drawn = told[film.path]
        assert (drawn["patient"]["age"], drawn["patient"]["sex"]) == (film.age, film.sex)
        assert (drawn["site"]["name"], drawn["exposure"]["view"]) == (film.site, film.view)
        assert drawn["disease"]["kind"] == film.kind and drawn["disease"]["visible"] == bool(film.visible)


def test_pairs_differ_only_where_they_may(small):
    pairs = pd.read_csv(small / "truth" / "pairs.csv")
    assert set(pairs.changed) == {"no lesion", "no marker", "other site"}
    for pair in pairs.itertuples():
        base, other = (np.asarray(Image.open(small / p), dtype=int) for p in (pair.base, pair.counterfactual))
        assert base.shape == other.shape
        changed = base != other
        if pair.changed == "no marker":
            allowed = np.zeros_like(changed)
            for marker in json.loads(pair.markers):
                if marker["kind"] == "letter":
                    x0, y0, x1, y1 = marker["box"]
                    allowed[y0:y1, x0:x1] = True
            assert changed.any() and not (changed & ~allowed).any()
        elif pair.changed == "no lesion":
            lesion = np.asarray(Image.open(small / pair.lesion))
            difference = np.abs(base - other)
            assert difference[lesion].mean() > 4 * difference[~lesion].mean()
        else:
            assert pair.site != pair.other_site and changed.mean() > 0.5


def test_the_folder_says_what_it_is(small):
    text = (small / "README.txt").read_text(encoding="utf-8")
    assert "Nobody was X-rayed" in text and "never for diagnosis" in text and "CC0" in text


# the knobs


def association(labels, values) -> tuple[float, float]:
    """Cramer's V and the p-value of independence."""
    counts = pd.crosstab(pd.Series(labels), pd.Series(values)).to_numpy()
    found = stats.contingency.association(counts)
    return found, stats.chi2_contingency(counts).pvalue


@pytest.mark.parametrize("nuisance", ["site", "child", "view"])
def test_rho_ties_label_and_nuisance(nuisance):
    def values(rho):
        frontal = [r for r in archive.draw_plan(Settings(rho=rho)).requests if r.projection == "frontal"]
        used = [r for r in frontal if r.finding.startswith("COVID-19") and r.path.startswith(COHEN)]
        used += [r for r in frontal if r.kind == "normal" and r.path.startswith(KERMANY)]
        return [r.kind for r in used], [r.person.child if nuisance == "child" else getattr(r, nuisance) for r in used]

    honest, middle, tutorial = (association(*values(rho)) for rho in (0, 0.5, 1))
    assert honest[1] > 0.05
    assert honest[0] < middle[0] < tutorial[0]
    if nuisance != "view":  # adults stand or lie, children lie: a view is shared by both
        assert tutorial[0] == pytest.approx(1)


def test_strength_zero_shows_no_lesion(tmp_path):
    settings = Settings(films=12, size=64, strength=0)
    request = next(r for r in archive.draw_plan(settings).requests if r.kind == "bacterial")
    assert not darkroom.expose(request, 0, 64).lesion.any()


@pytest.mark.parametrize(
    ("knob", "value", "allowed"),
    [
        ("rho", 1.2, "from 0.0 to 1.0"),
        ("rho", float("nan"), "from 0.0 to 1.0"),
        ("films", 3, "from 12 to"),
        ("films", 20.5, "whole number"),
        ("size", 8, "from 64 to"),
        ("seed", -1, "from 0 to"),
        ("seed", True, "whole number"),
        ("strength", "strong", "from 0.0 to 3.0"),
        ("processes", 0, "from 1"),
    ],
)
def test_impossible_knobs_are_refused_with_what_is_allowed(tmp_path, knob, value, allowed):
    with pytest.raises((ValueError, TypeError), match=allowed):
        archive.make(tmp_path / "never", **{knob: value})
    assert not (tmp_path / "never").exists()


# nothing half-made


def test_an_interrupted_run_leaves_no_archive_and_is_made_again(small, tmp_path, monkeypatch):
    develop, made = darkroom.develop, []

    def interrupted(request, *where):
        if len(made) == 20:
            raise KeyboardInterrupt
        made.append(request)
        return develop(request, *where)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(darkroom, "develop", interrupted)
        archive.make(tmp_path / "cut", processes=1, **SMALL)
    assert len(made) == 20 and list(tmp_path.iterdir()) == []
    assert digest(archive.make(tmp_path / "cut", processes=1, **SMALL)) == digest(small)


def test_a_folder_is_used_again_or_refused_but_never_overwritten(small, tmp_path):
    before = (small / "truth" / "films.csv").stat().st_mtime_ns
    assert archive.make(small, **SMALL) == small
    assert (small / "truth" / "films.csv").stat().st_mtime_ns == before
    with pytest.raises(FileExistsError, match="other knobs"):
        archive.make(small, **SMALL | {"seed": 6})
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="something else"):
        archive.make(tmp_path, **SMALL)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_archives_are_cached_and_made_once_by_two_at_once(tmp_path, monkeypatch):
    make, calls, found = archive.make, [], []

    def counted(*args, **knobs):
        calls.append(knobs)
        return make(*args, **knobs, processes=1, progress=False)

    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setattr(archive, "make", counted)
    left = tmp_path / "simulated" / f".{Settings(films=12, size=64).key()}.killed" / "half-made"
    left.mkdir(parents=True)
    threads = [threading.Thread(target=lambda: found.append(archive.cached(films=12, size=64))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1 and found[0] == found[1] and (found[0] / COHEN / "metadata.csv").is_file()
    assert archive.cached(films=12, size=64) == found[0] and len(calls) == 1
    assert not left.parent.exists()


def test_default_is_what_the_cache_holds_for_all_knobs_where_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    made = tmp_path / "simulated" / Settings().key()
    made.mkdir(parents=True)
    assert archive.default() == made


def test_the_key_follows_knobs_and_source(monkeypatch):
    assert Settings().key() == Settings().key() != Settings(seed=1).key()
    before = Settings().key()
    monkeypatch.setattr("course_utils.simulator.settings.source_digest", lambda: "another version")
    assert Settings().key() != before
