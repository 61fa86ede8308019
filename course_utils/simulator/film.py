"""A film: everything put together, with the truth that no real film has."""

from __future__ import annotations

import dataclasses
import functools
import io
import pathlib

import numpy as np
from PIL import Image

from . import (
    airways,
    anatomy,
    belly,
    body,
    childairways,
    childbelly,
    childbody,
    childhead,
    childlungs,
    detector,
    devices,
    leads,
    opacities,
    overlay,
    skeleton,
    tissue,
    tone,
    tray,
    vessels,
)
from .lookup import Lookup, enlarged
from .plane import Plane

PARTS = (
    "bones",
    "heart",
    "vessels",
    "airways",
    "muscle",
    "breasts",
    "gas",
    "lesion",
    "scatter",
    "blur",
    "noise",
    "processing",
    "collimation",
    "marker",
    "text",
    "leads",
    "tubes",
    "devices",
)

CHEST = frozenset({"bones", "heart", "vessels", "airways", "muscle", "breasts", "gas"})  # parts of the healthy patient


@dataclasses.dataclass(frozen=True)
class Film:
    """One film and its truth.

    Attributes:
        pixels: uint8 (rows, columns), bone white. lungs: bool, where aerated lung shows (a healthy patient's).
        lesion: bool, where the disease adds more than `opacities.THRESHOLD` cm of path.
        markers: list of {"kind", "text", "box": [x0, y0, x1, y1]} in pixels, half-open.
        parameters: every drawn parameter, JSON-serialisable.
    """

    pixels: np.ndarray
    lungs: np.ndarray
    lesion: np.ndarray
    markers: list
    parameters: dict


def render(patient, disease, site, exposure, size: int = 256, without=()) -> Film:
    """Expose one film.

    Args:
        patient, disease, site, exposure: see `Patient`, `Disease`, `Site`, `Exposure`.
        size: pixels of the longer side, 64 to 2048. without: names from `PARTS` to leave out.

    Returns:
        A `Film`; the same arguments give the same bytes.

    Raises:
        ValueError: for an unknown part or an impossible size.
    """
    without = frozenset((without,) if isinstance(without, str) else without)
    if unknown := sorted(without - set(PARTS)):
        raise ValueError(f"without = {unknown} is impossible: allowed are {', '.join(PARTS)}")
    if not 64 <= size <= 2048:
        raise ValueError(f"size = {size!r} is impossible: allowed are whole numbers from 64 to 2048")
    plane, f, primary, lungs = chest(patient, exposure, size, without & CHEST)
    lesion = np.zeros(plane.shape, np.float32)
    if "lesion" not in without:
        lesion = opacities.lesion(disease, patient, plane, f, lungs)
    extra = np.float32(detector.MU["soft"] - detector.MU["lung"]) * lesion
    makers = (
        ("leads", exposure.leads, leads.draw),
        ("tubes", exposure.tube, devices.tube),
        ("devices", patient.implants or exposure.devices, functools.partial(devices.others, patient)),
    )
    trays = [make(exposure, plane, f) for name, wanted, make in makers if wanted and name not in without]
    if trays:
        extra += np.float32(detector.MU["metal"]) * tray.metal(plane, trays)
    markers = [box for filled in trays for box in filled.boxes]
    grey = expose(primary, extra, lungs, site, exposure, plane, without)
    if "collimation" not in without:
        overlay.collimate(grey, site, exposure)
    if "text" not in without:
        markers += overlay.text(grey, site, exposure, plane)
    if "marker" not in without:
        markers.append(overlay.marker(grey, site, exposure, plane))
    np.clip(grey, 0, 1, out=grey)
    grey *= np.float32(255)
    pixels = np.rint(grey, out=grey).astype(np.uint8)
    parameters = {
        "patient": dict(vars(patient)),
        "disease": vars(disease) | {"patches": [dict(vars(patch)) for patch in disease.patches]},
        "site": dict(vars(site)),
        "exposure": dict(vars(exposure)),
        "size": size,
        "without": sorted(without),
    }
    shown = (lungs["air"] > 1.0 * f.unit) & (lungs["air"] > 0.6 * lungs["full"])  # not the lung behind heart and dome
    return Film(pixels, shown, lesion > opacities.THRESHOLD * f.unit, markers, parameters)


@functools.lru_cache(maxsize=2)  # the same patient with a lesion, a marker or at another site costs only the rest
def chest(patient, exposure, size: int, without: frozenset) -> tuple[Plane, anatomy.Frame, np.ndarray, dict]:
    """Where the healthy chest lies, what it transmits, and its lungs; read-only, for the next film of a pair."""
    plane, f = Plane(patient, exposure, size), anatomy.frame(patient, exposure)
    tree = vessels.tree(patient, f)
    rib_rng = np.random.default_rng(patient.seed + 1)
    if patient.child:
        lungs = childlungs.lungs(patient, plane, f, without)
    else:
        lungs = anatomy.lungs(patient, exposure, plane, f, without)
    x, y = lungs["x"], lungs["y"]
    soft = trunk(patient, exposure, plane, f, x, y, without)
    if patient.child:
        np.maximum(soft, childhead.head(exposure, f, x, y), out=soft)
    air = lungs["air"]
    cage, girdles, blades = [], [], None
    if "bones" not in without:
        cage, girdles, blades = skeleton.tubes(patient, exposure, plane, f, rib_rng)
    path, gas, cage, girdles = plane.splat(
        vessels.branches(plane, tree, *vessels.DRAWN[patient.child]) if "vessels" not in without else [],
        (childairways if patient.child else airways).airways(patient, plane, f) if "airways" not in without else [],
        cage,
        girdles,
    )
    if "vessels" not in without:
        small = vessels.small(patient, plane, f)
        if patient.child:
            path = (path + small) * childlungs.fade(f, lungs)
        most = np.float32((2.2 if patient.child else 1.1) * f.unit)  # large vessels join or lie behind each other
        path /= most
        path = np.tanh(path, out=path) * most
        vessels.add_hila(path, f, x, y, patient.child)
        if not patient.child:
            path += small
        clear = air / np.maximum(lungs["full"], np.float32(0.1))
        path *= clear if patient.child else np.sqrt(clear)  # in the shadow of heart or liver they hardly show
        lungs["vessels"] = np.minimum(path, np.float32(0.8) * air)
        air = air - lungs["vessels"]
    gas[soft <= 4] = 0
    air = air + gas
    if patient.child and "gas" not in without:
        air += childbelly.bowel_gas(patient, f, x, y)
    if "bones" in without:
        bone = np.zeros_like(air)
    else:
        bone = skeleton.bones(patient, plane, f, lungs, cage, girdles, blades)
    primary = detector.transmitted(detector.attenuation(soft, np.minimum(air, soft), bone))
    for array in (primary, *(part for part in lungs.values() if isinstance(part, np.ndarray))):
        array.flags.writeable = False
    return plane, f, primary, lungs


def trunk(patient, exposure, plane: Plane, f: anatomy.Frame, x, y, without) -> np.ndarray:
    """Thickness of trunk and arms, less the gas below, on every ray, cm: smooth, so half the rows do."""
    shape = x.shape
    x, y = (v[::2, ::2] + (v[1, 1] - v[0, 0]) / 2 for v in (x, y))
    rows = Lookup(y)
    if patient.child:
        soft = childbody.trunk(patient, exposure, f, x, y)
    else:
        soft = body.trunk(patient, exposure, f, x, rows)
        body.arms(patient, exposure, f, x, y, soft)
    inside = soft > 0
    if "muscle" not in without:
        soft += body.pectorals(patient, f, x, y, rows) * inside
    if "breasts" not in without:
        soft += body.breasts(patient, f, x, y) * inside
    if patient.child:
        everywhere = tuple(slice(0, n) for n in shape)
        uneven = opacities.texture(np.random.default_rng(patient.seed + 3), plane, childbody.CELLS, f.unit, everywhere)
        soft *= 1 + np.float32(childbody.UNEVEN) * uneven
    else:
        uneven = tissue.unevenness(patient, f, x, rows, 2 * plane.pitch)
        soft += uneven * anatomy.ramp((soft - 6) / 13)  # the skin itself is smooth, a centimetre or two below it not
        if "gas" not in without:
            soft -= np.minimum(belly.gas(patient, exposure, f, x, y), np.float32(0.5) * soft)
    return enlarged(soft, 2, shape)


def expose(primary, extra, lungs, site, exposure, plane: Plane, without) -> np.ndarray:
    """Grey values 0 to 1 of the film: scatter, blur, noise, processing, display."""
    pitch = plane.pitch
    portable = 2.0 if exposure.view != "PA" else 1.0
    ratio = 0.0 if "scatter" in without else 0.3 * site.scatter * portable
    scatter = detector.scattered(primary, ratio, pitch) if ratio else np.float32(0)
    sd = np.hypot(site.blur / pitch, 0.5 * (1 / site.resolution - 1))
    signal = (primary * detector.transmitted(extra) if extra.any() else primary) + scatter
    if "blur" not in without and sd > 0.2:
        signal = detector.soften(signal, sd)
    if "noise" not in without:
        rng = np.random.default_rng(exposure.seed)
        signal = detector.count(signal, site.dose * 10 ** (0.2 * exposure.dose), pitch, rng)
    compression, sharpening = (0.0, 0.0) if "processing" in without else tone.processing(site, exposure)
    dark, bright = detector.window(primary, scatter, lungs["full"] > 0, compression, pitch)
    np.negative(np.log(signal, out=signal), out=signal)
    value = detector.process(signal, compression, sharpening, pitch)
    return detector.display(value, dark, bright, tone.develop(site, exposure))


def encode(pixels: np.ndarray, suffix: str, quality: int) -> bytes:
    """The bytes of a file: JPEG (".jpg", ".jpeg") at a quality, or PNG."""
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    if suffix.lower() in (".jpg", ".jpeg"):
        image.save(buffer, "JPEG", quality=quality, subsampling=0, optimize=False)
    elif suffix.lower() == ".png":
        image.save(buffer, "PNG", compress_level=1)
    else:
        raise ValueError(f"path ends in {suffix!r}: allowed are .jpg, .jpeg and .png")
    return buffer.getvalue()


def save(film: Film, path, site) -> pathlib.Path:
    """Write a film as the site stores it: JPEG at its quality or PNG, by the ending of `path`."""
    path = pathlib.Path(path)
    path.write_bytes(encode(film.pixels, path.suffix, site.jpeg_quality))
    return path
