"""Bones: path length through mineral on every ray, in cm of cortical bone.

Adults: `ribs`, `spine`, and the shoulder girdle in `girdle`; the bones of children are in `childbones`.
"""

from __future__ import annotations

import numpy as np

from . import childbones, girdle, ribs, spine
from .anatomy import Frame, ramp
from .plane import Plane

GIRDLE = 2.1  # the shoulders are brighter than their mineral alone makes them: processing lifts the thick parts
MOST, PILE = 0.6, 1.5  # cm: where rays run along ribs, or bones of a shoulder lie behind each other, they outshine all
SPREAD = 0.6  # how far brightness follows mineral: films of thin bones are exposed and processed so that they show
VEIL = 0.45  # share of the ribs' contrast lost where heart or liver takes the lung's place: they scatter more


def bones(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator, lungs: dict) -> np.ndarray:
    """Cortical bone on every ray, cm, weighted so that each bone is as visible as on a processed film.

    `lungs`: see `anatomy.lungs`.
    """
    if patient.child:
        return childbones.bones(patient, exposure, plane, f, rng, lungs)
    pieces, blades = girdle.draw(patient, exposure, plane, f)
    cage, girdles = plane.splat(ribs.draw(patient, plane, f, rng), pieces)
    some = np.float32(0.5 * f.unit)
    veil = np.float32(VEIL) * ramp(
        (np.float32(f.apex - 0.15 * f.height) - lungs["y"][:, :1]) / np.float32(0.25 * f.height)
    )
    cage *= 1 - veil + veil * (lungs["air"] + some) / (lungs["full"] + some)
    total = np.float32(GIRDLE) * limited(girdles, PILE * f.unit) + limited(cage, MOST * f.unit) + blades
    total += spine.draw(patient, plane, f)
    return total * np.float32(patient.bone**SPREAD)


def limited(path: np.ndarray, most: float) -> np.ndarray:
    """Paths that approach `most` (cm) where bones lie behind each other, and stay as they are where they are short."""
    return np.float32(most) * np.tanh(path * np.float32(1 / most))
