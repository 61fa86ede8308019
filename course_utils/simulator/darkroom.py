"""Turns requests into files: renders a film, edits it, stores it with its copies and its truth. Runs in any process."""

import dataclasses
from pathlib import Path

import numpy as np

from course_utils import simulator

from . import retouch, slices, truth
from .exposure import RANGES, Exposure
from .request import Request, stream

# One hospital develops all films of a person: how they differ from their site's habit correlates by LIKE between two of
# them, in each of these fields of the exposure. Chosen, not measured.
DEVELOPMENT, LIKE = ("tone", "contrast", "dose", "sharp"), 0.75

PAIRS = {"no lesion": ("lesion",), "no marker": ("marker",), "other site": ()}


def develop(request: Request, root: Path, seed: int, size: int) -> dict:
    """Make the picture of a request and write its files below `root`.

    Returns a record for `truth`: path, films (a row of films.csv a file), markers and parameters.
    """
    if request.projection == "frontal":
        film = expose(request, seed, size)
        pixels, masks = film.pixels, {"lungs": film.lungs, "lesion": film.lesion}
        markers, parameters = film.markers, film.parameters
    else:
        rng = stream(seed, "slice", request.path)
        pixels = slices.draw(request.projection, size, rng, lesions=request.kind == "covid")
        masks, markers, parameters = {}, [], {}
    site = _site(request)
    plate = retouch.Plate(retouch.resaved(pixels, site.jpeg_quality), masks, markers)
    plate.resize(stream(seed, "size", request.path).uniform(*site.scale))
    retouch.apply(plate, request.edits, stream(seed, "edits", request.path))
    _store(plate, request, site.jpeg_quality, root)
    visible = bool(parameters and parameters["disease"]["visible"])
    return {
        "path": request.path,
        "films": _rows(request, plate, visible, site.jpeg_quality),
        "markers": plate.markers,
        "parameters": parameters,
    }


def expose(request: Request, seed: int, size: int, without=(), site=None, **fixed):
    """Render the film of a request; what is drawn depends on the person and the path only.

    Arguments: without, parts left out; site, a Site in place of the request's; fixed, fields of the disease.
    Returns a `simulator.Film`.
    """
    person, own = request.person, _site(request)
    patient = simulator.draw_patient(
        stream(seed, "patient", person.key), child=person.child, age=person.age, sex=person.sex
    )
    illness = stream(seed, "disease", person.key, request.kind)
    disease = simulator.draw_disease(illness, request.kind, patient, strength=request.strength, **fixed)
    exposure = simulator.draw_exposure(stream(seed, "exposure", request.path), own, patient, view=request.view)
    exposure = _developed(exposure, stream(seed, "hospital", person.key))
    return simulator.render(patient, disease, site or own, exposure, size=size, without=without)


def _developed(exposure: Exposure, rng: np.random.Generator) -> Exposure:
    """The exposure with the ways of the person's hospital in it: `rng` is the same for all films of the person."""
    common, own = np.sqrt(LIKE), np.sqrt(1 - LIKE)
    mixed = {name: common * rng.standard_normal() + own * getattr(exposure, name) for name in DEVELOPMENT}
    return dataclasses.replace(exposure, **{name: float(np.clip(z, *RANGES[name])) for name, z in mixed.items()})


def develop_pairs(request: Request, root: Path, seed: int, size: int, other_site: str) -> list[dict]:
    """Write a film and its counterfactuals (PNG, so that nothing else differs); returns rows of pairs.csv.

    The lesion always shows here, and the base film is never edited.
    """
    folder, name = Path(request.path).parent, Path(request.path).stem
    base = expose(request, seed, size, visible=True)
    files = {part: f"{folder.as_posix()}/{name}_{part}.png" for part in ("base", "lungs", "lesion")}
    retouch.write(retouch.Image.fromarray(base.pixels), root / files["base"], 100)
    retouch.write_mask(base.lungs, root / files["lungs"])
    retouch.write_mask(base.lesion, root / files["lesion"])
    rows = []
    for changed, without in PAIRS.items():
        site = simulator.SITES[other_site] if changed == "other site" else None
        other = expose(request, seed, size, without=without, site=site, visible=True)
        path = f"{folder.as_posix()}/{name}_{changed.replace(' ', '_')}.png"
        retouch.write(retouch.Image.fromarray(other.pixels), root / path, 100)
        rows.append(
            {
                "pair": name,
                "patient": request.person.key,
                "kind": request.kind,
                "changed": changed,
                "site": request.site,
            }
            | {"other_site": other_site if site else "", "base": files["base"], "counterfactual": path}
            | {"lungs": files["lungs"], "lesion": files["lesion"], "markers": base.markers}
        )
    return rows


def _site(request: Request):
    site = simulator.SITES[request.site]
    return dataclasses.replace(site, jpeg_quality=request.quality) if request.quality else site


def _store(plate: retouch.Plate, request: Request, quality: int, root: Path) -> None:
    path = root / request.path
    retouch.write(plate.image, path, quality, request.png, request.kept)
    for copy in request.copies:
        if copy.quality is None:
            (root / copy.path).write_bytes(path.read_bytes())
        else:
            retouch.write(plate.image.convert("RGB"), root / copy.path, copy.quality)
    for name, place in truth.mask_paths(request.path).items():
        if name in plate.masks:
            retouch.write_mask(plate.masks[name], root / place)
    if request.lung_mask:
        retouch.write(
            retouch.Image.fromarray(plate.masks["lungs"].astype(np.uint8) * 255), root / request.lung_mask, 100
        )


def _rows(request: Request, plate: retouch.Plate, visible: bool, quality: int) -> list[dict]:
    masks = truth.mask_paths(request.path) if plate.masks else {"lungs": "", "lesion": ""}
    row = {
        "path": request.path, "patient": request.person.key, "finding": request.finding, "kind": request.kind,
        "visible": int(visible), "strength": round(request.strength, 4), "site": request.site, "view": request.view,
        "projection": request.projection, "child": int(request.person.child), "age": request.person.age,
        "sex": request.person.sex, "quality": quality, "width": plate.image.width, "height": plate.image.height,
        "copy_of": "", **masks,
    }  # fmt: skip
    copies = [{"path": c.path, "copy_of": request.path, "quality": c.quality or quality} for c in request.copies]
    return [row] + [row | changed for changed in copies]
