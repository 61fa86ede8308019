"""What a pneumonia does to the bronchi: their walls thicken, and where the lung is filled the air in them shows."""

from __future__ import annotations

import numpy as np

from . import vessels
from .anatomy import Frame
from .lookup import enlarged, reduced
from .plane import Plane

HAZE = (0.5, 2.2)  # cm of an adult's size, over which a child's cuffs are smeared: streaks, and what lies around them


def walls(patient, plane: Plane, f: Frame, lungs: dict) -> np.ndarray:
    """Thickened walls on every ray, cm: cuffs along the patient's own vessels, beside which the bronchi run.

    `lungs`: see `anatomy.lungs`.
    """
    own = vessels.tree(patient, f)[1:5] if patient.child else vessels.tree(patient, f)[:3]
    widen, solid, most = (1.5, 0.7, 0.28) if patient.child else (1.7, 0.75, 0.5)
    path = plane.splat(vessels.branches(plane, own, widen=widen, solid=solid))[0]
    if patient.child:
        streaks, haze = (max(round(wide * f.unit / plane.pitch), 1) for wide in HAZE)
        path = enlarged(reduced(path, streaks), streaks, path.shape)
        path = np.float32(0.55) * path + np.float32(0.45) * enlarged(reduced(path, haze), haze, path.shape)
    path = np.minimum(path, np.float32(most) * lungs["air"])
    if patient.child:
        path *= lungs["air"] / np.maximum(lungs["full"], np.float32(0.1))  # faint in the shadow of heart and liver
    return path


def bronchogram(patient, plane: Plane, f: Frame, filled: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Air in the bronchi of a filled lung on every ray, cm; a child's lie beside his own vessels. filled: cm."""
    if patient.child:
        path = plane.splat(vessels.branches(plane, vessels.tree(patient, f)[1:], widen=0.65, solid=2.8))[0]
        return np.minimum(path, np.float32(0.36) * filled)
    path = plane.splat(vessels.branches(plane, vessels.fan(f, rng, 4, 0.24, generations=4), solid=2.6))[0]
    return np.minimum(path, np.float32(0.2) * filled)
