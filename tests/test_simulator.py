"""The simulator of one film: the same bytes every time, a truth that was drawn, pairs that differ where they may."""

import dataclasses
import hashlib
import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import binary_dilation

from course_utils import simulator
from course_utils.simulator import anatomy, childgirdle, detector, overlay, tone, vessels
from course_utils.simulator import exposure as exposures
from course_utils.simulator import patient as patients
from course_utils.simulator.plane import Plane

SIZE = 128


def case(
    kind="covid", site="rsna", view="PA", child=False, seed=0, strength=1.0, patient=None, disease=None, exposure=None
):
    """Everything `render` needs, drawn from one seed."""
    rng = np.random.default_rng(seed)
    person = simulator.draw_patient(rng, child=child, **(patient or {}))
    visible = {} if kind == "normal" else {"visible": True}
    illness = simulator.draw_disease(rng, kind, person, strength=strength, **visible, **(disease or {}))
    place = simulator.SITES[site]
    shot = simulator.draw_exposure(rng, place, person, view=view, **(exposure or {}))
    return person, illness, place, shot


def digest(seed: int) -> str:
    kind = simulator.KINDS[seed % 4]
    film = simulator.render(*case(kind, seed=seed, view=simulator.VIEWS[seed % 3], child=seed % 5 == 0), size=SIZE)
    return hashlib.sha256(film.pixels.tobytes() + film.lungs.tobytes() + film.lesion.tobytes()).hexdigest()


def widths(film):
    """Of the heart and of the chest, in pixels: a wide gap between the lungs, and the widest lungs."""
    rows = [np.flatnonzero(row) for row in film.lungs]
    most = max(r.size for r in rows)
    rows = [r for r in rows if r.size > 0.7 * most]  # not below the domes
    gaps = [int(np.diff(r).max()) for r in rows]
    return np.percentile(gaps, 90), max(int(r[-1] - r[0]) for r in rows)  # the last rows are cut by a dome


def test_same_arguments_give_the_same_bytes_in_one_process_or_two():
    seeds = list(range(6))
    here = [digest(s) for s in seeds]
    assert here == [digest(s) for s in reversed(seeds)][::-1]
    with ProcessPoolExecutor(2) as pool:
        assert here == list(pool.map(digest, seeds))
    assert len(set(here)) == len(seeds)


def test_import_is_light():
    code = (
        "import sys, course_utils.simulator as s; print(sorted({'torch', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


@pytest.mark.parametrize("size", [97, 256])
def test_film_has_the_promised_shape_and_types(size):
    film = simulator.render(*case(), size=size)
    assert film.pixels.dtype == np.uint8 and film.lungs.dtype == bool and film.lesion.dtype == bool
    assert film.pixels.shape == film.lungs.shape == film.lesion.shape and max(film.pixels.shape) == size
    assert json.loads(json.dumps(film.parameters)) == json.loads(json.dumps(film.parameters, sort_keys=True))
    assert {"patient", "disease", "site", "exposure"} <= set(film.parameters)
    for mark in film.markers:
        x0, y0, x1, y1 = mark["box"]
        assert 0 <= x0 < x1 <= film.pixels.shape[1] and 0 <= y0 < y1 <= film.pixels.shape[0]


def test_every_part_changes_the_film():
    args = case(
        "covid",
        "sirm",
        "AP Supine",
        patient={"sex": "F", "breast": 7.0, "gas": 1.0, "muscle": 1.0, "wall": 2.5, "implants": ("pacemaker",)},
        exposure={
            "leads": True,
            "tube": True,
            "devices": ("central line",),
            "width": 40.0,
            "aspect": 1.0,
            "x": 0.0,
            "y": -3.0,
            "tilt": 0.0,
        },
    )
    framed = dataclasses.replace(args[2], border="black", resolution=0.5)
    drawn = next(
        e
        for e in (dataclasses.replace(args[3], seed=s) for s in range(20))
        if not np.array_equal(
            *(simulator.render(*args[:2], framed, e, size=96, without=w).pixels for w in ((), "collimation"))
        )
    )
    args = (*args[:2], framed, drawn)
    whole = simulator.render(*args, size=SIZE).pixels
    for part in simulator.PARTS:
        assert not np.array_equal(whole, simulator.render(*args, size=SIZE, without=(part,)).pixels), part


@pytest.mark.parametrize("kind", ["covid", "bacterial", "viral"])
def test_lesion_mask_is_where_the_film_gets_whiter(kind):
    args = case(kind, "hannover", strength=2.0, seed=3)
    film = simulator.render(*args, size=SIZE, without=("noise", "processing"))
    healthy = simulator.render(*args, size=SIZE, without=("noise", "processing", "lesion"))
    change = film.pixels.astype(int) - healthy.pixels
    assert film.lesion.any() and not healthy.lesion.any()
    assert (change[film.lesion] > 0).mean() > 0.99 and change.min() >= 0
    assert change[film.lesion].mean() > 5 * change[~binary_dilation(film.lesion, iterations=4)].mean()
    assert (film.lesion & binary_dilation(film.lungs, iterations=6)).sum() > 0.95 * film.lesion.sum()
    assert np.array_equal(film.lungs, healthy.lungs)


def test_lungs_are_the_dark_part_of_the_chest():
    film = simulator.render(*case("normal", "hannover"), size=SIZE)
    rows, columns = np.flatnonzero(film.lungs.any(1)), np.flatnonzero(film.lungs.any(0))
    box = (slice(rows[0], rows[-1]), slice(columns[0], columns[-1]))
    assert film.pixels[film.lungs].mean() < film.pixels[box][~film.lungs[box]].mean() - 25
    assert 0.1 < film.lungs.mean() < 0.7


@pytest.mark.parametrize("site", ["hannover", "eurorad", "actualmed_dx"])
def test_pair_with_and_without_lesion_differs_only_around_it(site):
    args = case("covid", site, seed=6, strength=1.5)
    film, healthy = (simulator.render(*args, size=256, without=w) for w in ((), ("lesion",)))
    raw = [
        simulator.render(*args, size=256, without=("scatter", "noise", "blur", "processing", *w)).pixels
        for w in ((), ("lesion",))
    ]
    touched = binary_dilation(raw[0] != raw[1], iterations=2) | film.lesion
    pitch = max(args[3].width, args[3].width * args[3].aspect) / 256
    steps = int(np.ceil(detector.REACH / pitch)) + 3 * detector.COARSE
    far = ~binary_dilation(touched, np.ones((3, 3)), iterations=steps)
    assert far.any() and np.array_equal(film.pixels[far], healthy.pixels[far])
    assert not np.array_equal(film.pixels, healthy.pixels)
    assert film.markers == healthy.markers


def test_pair_with_and_without_marker_differs_only_in_its_box():
    for site in simulator.SITES:
        args = case("normal", site, seed=8)
        film, bare = (simulator.render(*args, size=SIZE, without=w) for w in ((), ("marker",)))
        changed = film.pixels != bare.pixels
        letter = [m for m in film.markers if m["kind"] == "letter"]
        assert len(letter) == 1 and letter[0]["text"] == args[2].letter and changed.any()
        x0, y0, x1, y1 = letter[0]["box"]
        changed[y0:y1, x0:x1] = False
        assert not changed.any(), site


@pytest.mark.parametrize("site", simulator.SITES)
@pytest.mark.parametrize("view", simulator.VIEWS)
def test_markers_stand_on_their_side_and_captions_tell_the_view(site, view):
    for seed in range(6):
        args = case("normal", site, view, seed=seed)
        film = simulator.render(*args, size=SIZE)
        inner = overlay.field(*args[2:], film.pixels.shape)
        written = [m for m in film.markers if m["kind"] in ("letter", "text")]
        for m in written:  # wholly inside the frame
            assert inner[0] <= m["box"][0] and m["box"][2] <= inner[2], (m, inner)
            assert inner[1] <= m["box"][1] and m["box"][3] <= inner[3], (m, inner)
        letter = written[-1]
        patients_right = letter["box"][0] + letter["box"][2] < film.pixels.shape[1]
        assert patients_right == (letter["text"] in ("R", "D", "A")), letter
        caption = " ".join(m["text"] for m in written[:-1])
        lying = any(word in caption for word in ("SUPIN", "CLINO"))
        assert lying == (view == "AP Supine" and args[2].language != ""), caption
        assert bool(caption) == (view != "PA" and args[2].language != ""), caption


def test_another_site_keeps_anatomy_and_truth():
    patient, disease, site, exposure = case("covid", "hannover")
    film = simulator.render(patient, disease, site, exposure, size=SIZE)
    other = simulator.render(patient, disease, simulator.SITES["journal"], exposure, size=SIZE)
    assert np.array_equal(film.lungs, other.lungs) and np.array_equal(film.lesion, other.lesion)
    assert np.abs(film.pixels.astype(int) - other.pixels).mean() > 5


def test_same_draws_give_the_same_lesions_at_any_strength():
    weak, strong = (case("covid", seed=11, strength=s)[1] for s in (0.5, 2.0))
    assert weak.patches == strong.patches and weak.seed == strong.seed and weak.visible
    a, b = (simulator.render(*case("covid", seed=11, strength=s), size=SIZE).lesion for s in (0.5, 2.0))
    assert (a & ~b).sum() == 0 and b.sum() > a.sum()


def test_three_in_ten_covid_films_show_nothing():
    rng = np.random.default_rng(0)
    patient = simulator.draw_patient(rng)
    visible = np.mean([simulator.draw_disease(rng, "covid", patient).visible for _ in range(2000)])
    assert abs(visible - 0.69) < 0.04
    args = case("covid", disease=None)
    unseen = dataclasses.replace(args[1], visible=False)
    film = simulator.render(args[0], unseen, *args[2:], size=SIZE)
    assert not film.lesion.any()
    assert np.array_equal(film.pixels, simulator.render(*args, size=SIZE, without=("lesion",)).pixels)


def test_covid_is_mostly_low_and_at_the_edge():
    rng = np.random.default_rng(1)
    patient = simulator.draw_patient(rng)
    patches = [p for _ in range(200) for p in simulator.draw_disease(rng, "covid", patient).patches]
    assert np.mean([p.height > 0.5 for p in patches]) > 0.75 and np.mean([p.lateral > 0.6 for p in patches]) > 0.75


def test_heart_is_magnified_on_ap_films():
    fixed = {"inspiration": 0.6, "rotation": 0.0, "tilt": 0.0, "width": 42.0, "aspect": 1.0, "x": 0.0, "y": -2.0}
    ratio = {}
    for view in ("PA", "AP Supine"):
        heart, chest = zip(
            *(widths(simulator.render(*case("normal", view=view, seed=s, exposure=fixed), size=256)) for s in range(4)),
            strict=True,
        )
        ratio[view] = np.mean(np.array(heart) / np.array(chest)), np.mean(heart)
    assert ratio["AP Supine"][0] > 1.02 * ratio["PA"][0]  # cardiothoracic ratio
    assert 1.06 < ratio["AP Supine"][1] / ratio["PA"][1] < 1.25  # Chon et al.: 12.5 % wider at 100 cm


def test_children_have_other_proportions():
    rng = np.random.default_rng(2)
    children = [simulator.draw_patient(rng, child=True) for _ in range(50)]
    adults = [simulator.draw_patient(rng) for _ in range(50)]
    assert max(c.age for c in children) <= 6 < min(a.age for a in adults)
    assert max(c.lung_width for c in children) < min(a.lung_width for a in adults)
    squat = [np.mean([p.lung_height / p.lung_width for p in group]) for group in (children, adults)]
    assert squat[0] < 0.85 * squat[1]
    film = simulator.render(*case("normal", "guangzhou", "AP", child=True), size=SIZE)
    assert film.pixels.shape[1] > film.pixels.shape[0] and film.markers[-1]["text"] == "R"


@pytest.mark.parametrize("site, child", [("hannover", False), ("guangzhou", True)])
def test_films_of_different_patients_are_no_near_duplicates(site, child):
    thumbs = []
    for seed in range(60):
        film = simulator.render(*case("normal", site, "AP" if child else "PA", child, seed), size=96)
        thumbs.append(np.asarray(Image.fromarray(film.pixels).resize((32, 32), Image.Resampling.BOX), float).ravel())
    similarity = np.corrcoef(thumbs)
    np.fill_diagonal(similarity, 0)
    assert similarity.max() < 0.98  # what curation calls a near-duplicate


@pytest.mark.parametrize(
    "name, value, allowed",
    [
        ("heart", 0.9, "0.36 to 0.66"),
        ("age", 200, "18 to 100"),
        ("sex", "X", "'M', 'F'"),
        ("lung_width", float("nan"), "10 to 15.5"),
    ],
)
def test_impossible_patients_are_refused(name, value, allowed):
    with pytest.raises(ValueError, match=f"{name} = .*{allowed}"):
        simulator.draw_patient(np.random.default_rng(0), **{name: value})


def test_other_impossible_parameters_are_refused():
    rng = np.random.default_rng(0)
    patient, disease, site, exposure = case()
    for call, words in (
        (lambda: simulator.draw_patient(rng, height=1), "no parameter 'height'"),
        (lambda: simulator.draw_disease(rng, "flu", patient), "kind = 'flu'.*'covid'"),
        (lambda: simulator.draw_disease(rng, "covid", patient, strength=9), "strength = 9.0.*0 to 4"),
        (lambda: simulator.draw_disease(rng, "normal", patient, visible=True), "visible = True"),
        (lambda: simulator.draw_exposure(rng, site, patient, view="LL"), "view = 'LL'.*'PA'"),
        (lambda: simulator.draw_exposure(rng, site, patient, tilt=90.0), "tilt = 90.0.*-15 to 15"),
        (lambda: dataclasses.replace(site, jpeg_quality=0), "jpeg_quality = 0.*1 to 100"),
        (lambda: simulator.render(patient, disease, site, exposure, size=8), "size = 8.*64 to 2048"),
        (lambda: simulator.render(patient, disease, site, exposure, without=("lung",)), "'lung'.*bones"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_saved_files_are_the_same_bytes_every_time(tmp_path):
    args = case()
    film = simulator.render(*args, size=SIZE)
    for name in ("film.jpg", "film.png"):
        first = simulator.save(film, tmp_path / name, args[2]).read_bytes()
        assert first == simulator.save(film, tmp_path / f"again_{name}", args[2]).read_bytes()
    assert np.array_equal(np.asarray(Image.open(tmp_path / "film.png")), film.pixels)
    fine, coarse = (
        simulator.save(film, tmp_path / f"{q}.jpg", dataclasses.replace(args[2], jpeg_quality=q)) for q in (95, 40)
    )
    assert fine.stat().st_size > 1.5 * coarse.stat().st_size
    with pytest.raises(ValueError, match="jpg"):
        simulator.save(film, tmp_path / "film.dcm", args[2])
    assert not (tmp_path / "film.dcm").exists()


def test_implants_stay_with_the_patient_and_devices_have_boxes():
    patient = {"implants": simulator.IMPLANTS}
    shots = [{"devices": simulator.DEVICES, "width": 42.0, "aspect": 1.0, "tilt": 0.0, "seed": s} for s in (1, 2)]
    fixed = {"x": 0.0, "y": -3.0, "rotation": 0.0, "inspiration": 0.5}
    films = [simulator.render(*case("normal", patient=patient, exposure=shot | fixed), size=SIZE) for shot in shots]
    boxes = [{m["kind"]: m["box"] for m in film.markers} for film in films]
    assert set(boxes[0]) >= {*simulator.IMPLANTS, *simulator.DEVICES}
    assert all(boxes[0][name] == boxes[1][name] for name in simulator.IMPLANTS)
    assert any(boxes[0][name] != boxes[1][name] for name in simulator.DEVICES)
    bare = simulator.render(
        *case("normal", patient=patient, exposure=shots[0] | fixed), size=SIZE, without=("devices",)
    )
    assert not {m["kind"] for m in bare.markers} & {*simulator.IMPLANTS, *simulator.DEVICES}
    changed = films[0].pixels != bare.pixels
    for name in simulator.IMPLANTS:
        x0, y0, x1, y1 = boxes[0][name]
        assert changed[y0:y1, x0:x1].mean() > 0.3
    with pytest.raises(ValueError, match="implants = .*'pacemaker'"):
        simulator.draw_patient(np.random.default_rng(0), implants=("halo",))


def test_effusion_lies_low_on_its_side_and_is_part_of_the_mask():
    args = case("bacterial", "hannover", exposure={"rotation": 0.0, "tilt": 0.0, "width": 42.0, "x": 0.0})
    wet, dry = (dataclasses.replace(args[1], patches=(), effusion=e) for e in ((0.0, 7.0), (0.0, 0.0)))
    film, plain = (simulator.render(args[0], d, *args[2:], size=SIZE) for d in (wet, dry))
    rows, columns = np.nonzero(film.lesion)
    assert rows.size and not plain.lesion.any()
    assert (columns > SIZE * film.pixels.shape[1] / max(film.pixels.shape) / 2 - 3).all()  # the patient's left
    assert rows.mean() > np.nonzero(film.lungs)[0].mean()
    assert film.pixels[film.lesion].mean() > plain.pixels[film.lesion].mean() + 10
    with pytest.raises(ValueError, match="effusion = .*0 to 15"):
        dataclasses.replace(args[1], effusion=(-1.0, 0.0))


def test_films_of_adults_show_the_whole_lungs():
    cut = []
    for seed in range(60):
        args = case("normal", ("sirm", "hannover")[seed % 2], simulator.VIEWS[seed % 3], seed=seed)
        lungs = simulator.render(*args, size=64, without=("bones", "vessels", "noise")).lungs
        cut.append(lungs[0].any() or lungs[-1].any())
    assert np.mean(cut) < 0.25  # some cut off a base, as published ones do; others touch the edge with a pixel or two


def test_children_are_framed_from_chin_to_belly_with_raised_arms():
    rng, site = np.random.default_rng(3), simulator.SITES["guangzhou"]
    shots = [simulator.draw_exposure(rng, site, simulator.draw_patient(rng, child=True), view="AP") for _ in range(200)]
    arms = np.array([s.arms for s in shots])
    assert 0.7 < np.mean(arms > 0.6) < 0.95 and np.mean(arms < -0.5) < 0.1  # most are held up, few lie down
    assert np.std([s.skew for s in shots]) > 0.1 and np.std([s.head for s in shots]) > 0.2  # no two sides alike
    assert 0.72 < np.mean([s.aspect for s in shots]) < 0.9
    adult = simulator.draw_exposure(rng, site, simulator.draw_patient(rng))
    assert (adult.skew, adult.chin, adult.head) == (0.0, 0.0, 0.0)
    person, disease, place, shot = case("normal", "guangzhou", "AP", child=True, seed=1)
    film = simulator.render(person, disease, place, shot, size=96)
    assert film.parameters["exposure"]["chin"] == shot.chin
    for field, value in (("chin", 4.0), ("head", 0.9), ("skew", 0.5)):
        moved = dataclasses.replace(shot, **{field: value})
        assert not np.array_equal(film.pixels, simulator.render(person, disease, place, moved, size=96).pixels), field
    with pytest.raises(ValueError, match="chin = 40.0.*-3 to 15"):
        dataclasses.replace(shot, chin=40.0)


def test_small_vessels_reach_the_pleura_and_keep_their_place_at_any_size():
    fixed = {"rotation": 0.0, "tilt": 0.0, "width": 40.0, "aspect": 1.0, "x": 0.0, "y": -3.0}
    person, *_, shot = case("normal", exposure=fixed, patient={"scoliosis": 0.0})
    f, paths = anatomy.frame(person, shot), {}
    for size in (128, 256, 512):
        plane = Plane(person, shot, size)
        paths[size] = vessels.small(person, plane, f)
    lungs = anatomy.lungs(person, shot, plane, f)
    inside = lungs["air"] > 0.9 * lungs["full"]
    for side in (-1, 1):
        outer = inside & (lungs["side"] == side) & (lungs["q"] > 0.67)
        assert (paths[512][outer] > 0.02).mean() > 0.5 and np.percentile(paths[512][outer], 99) < 0.8  # cm
    small = paths[256].reshape(128, 2, 128, 2).mean((1, 3)), paths[512].reshape(128, 4, 128, 4).mean((1, 3))
    for other in small:
        assert np.corrcoef(paths[128].ravel(), other.ravel())[0, 1] > 0.85
    assert abs(np.corrcoef(paths[512].ravel(), paths[512][:, ::-1].ravel())[0, 1]) < 0.6  # no mirror


def test_bowel_gas_of_children_lies_below_the_diaphragm_and_darkens():
    raw = ("noise", "processing", "scatter", "blur")
    fixed = {"rotation": 0.0, "tilt": 0.0, "inspiration": 0.5}
    args = case("normal", "guangzhou", "AP", child=True, seed=4, patient={"gas": 1.0}, exposure=fixed)
    with_gas, without = (simulator.render(*args, size=SIZE, without=raw + w) for w in ((), ("gas",)))
    changed = with_gas.pixels.astype(int) - without.pixels
    assert changed.min() < -10 and changed.max() <= 4  # the window of the display moves a little
    assert np.flatnonzero((changed < -4).any(1))[0] > np.flatnonzero(with_gas.lungs.any(1))[0] + 0.3 * SIZE
    assert np.array_equal(with_gas.lungs, without.lungs)


def test_growth_centres_of_the_arm_grow_with_age():
    rng = np.random.default_rng(0)
    weights, starts = [], []
    for age in (1, 5):
        patient = simulator.draw_patient(np.random.default_rng(0), child=True, age=age, lung_width=7.5)
        exposure = simulator.draw_exposure(np.random.default_rng(0), simulator.SITES["guangzhou"], patient, view="AP")
        f, plane = anatomy.frame(patient, exposure), Plane(patient, exposure, SIZE)
        joints, lifts = np.array([(7.0, 3.0), (7.0, 3.0)]), np.array((1.2, 1.2))
        shaft, *centres = childgirdle.humeri(patient, plane, f, joints, lifts, rng)
        weights.append(sum(float((values[3] * values[4]).sum()) for values, *_ in centres))
        starts.append(float(shaft[0][1].min()))
    assert weights[1] > 1.5 * weights[0] and starts[1] > starts[0] + 0.2  # and keep shaft and socket apart


def test_display_rises_without_a_kink():
    """A kink would show as black islands with a hard edge in the lungs."""
    value = np.linspace(-0.9, 1.5, 2000, dtype=np.float32)[None]
    for black, white, gamma, fog in ((0.24, 0.64, 0.7, 0.04), (0.13, 0.88, 1.1, 0.04), (0.12, 0.95, 0.6, 0.0)):
        grey = detector.display(value, 0.0, 1.0, tone.Tone(black, white, gamma, fog))[0]
        assert abs(np.interp(0.0, value[0], grey) - black) < 0.01
        rise = np.diff(grey.reshape(-1, 10)[:, 0])
        assert (rise >= 0).all() and (np.abs(np.diff(rise)) < 0.25 * rise.max()).all()
        narrow = detector.display(value, 0.0, 1.0, tone.Tone(black, white, gamma, fog, low=0.2, high=0.6))
        assert 0.2 <= narrow.min() and narrow.max() <= 0.6


def test_a_few_films_of_a_site_are_flat_or_hard():
    tones = [tone.develop(simulator.SITES["sirm"], case("normal", "sirm", seed=seed)[3]) for seed in range(300)]
    assert 0.04 < np.mean([t.high < 1 for t in tones]) < 0.2
    assert np.ptp([t.width for t in tones]) > 0.4 and min(t.high - t.low for t in tones) > 0.2


@pytest.mark.parametrize("child", [False, True], ids=["adult", "child"])
def test_whatever_is_allowed_can_be_filmed(child):
    bodies = {**(patients.CHILD if child else patients.ADULT), **patients.SHARED}
    rng = np.random.default_rng(0)
    for number in range(60):
        body, shot = (
            {name: ends[rng.integers(2)] for name, ends in ranges.items() if name not in ("seed", "age")}
            for ranges in (bodies, exposures.RANGES)
        )
        view = simulator.VIEWS[number % 3]
        with np.errstate(invalid="raise"):  # no film has values that are no numbers
            film = simulator.render(*case(view=view, child=child, seed=number, patient=body, exposure=shot), size=64)
        assert film.pixels.shape[1] == 64 or film.pixels.shape[0] == 64
        assert np.isfinite(film.lungs).all() and film.pixels.std() > 0, (body, shot)
