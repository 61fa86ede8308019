"""Bones: path length through mineral on every ray, in cm of cortical bone.

`ribs`, `spine`, and the shoulder girdle in `girdle`; a child's are in `childspine` and `childgirdle`, its jaw in
`childhead`.
"""

from __future__ import annotations

import numpy as np

from . import childgirdle, childhead, childspine, girdle, ribs, spine
from .anatomy import Frame, ramp
from .plane import Plane

GIRDLE = 2.1  # the shoulders are brighter than their mineral alone makes them: processing lifts the thick parts
MOST, PILE = 0.6, 1.5  # cm: where rays run along ribs, or bones of a shoulder lie behind each other, they outshine all
SPREAD = 0.6  # how far brightness follows mineral: films of thin bones are exposed and processed so that they show
VEIL = 0.62, 0.28  # share of the ribs' contrast lost where heart, or liver, takes the lung's place: they scatter more
BEHIND = 0.20  # of the spine's contrast, lost behind heart and great vessels
CHILD_VEIL, CHILD_MOST = 0.50, 1.35  # the same of a child; and cm where the edge of its chest would outshine all
LOW_KILOVOLTS = 1.25  # small children are exposed at 60 kV or so, where bone stops more of the beam than at 120 kV


def tubes(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator) -> tuple[list, list, np.ndarray]:
    """The tubes of the ribs and those of the girdle, for `Plane.splat`, and the path through the blades, cm."""
    if patient.child:
        girdles, blades = childgirdle.draw(patient, exposure, plane, f, rng)
        girdles += childhead.jaw(exposure, plane, f, rng)
    else:
        girdles, blades = girdle.draw(patient, exposure, plane, f)
    return ribs.draw(patient, plane, f, rng), girdles, blades


def bones(patient, plane: Plane, f: Frame, lungs: dict, cage, girdles, blades) -> np.ndarray:
    """Cortical bone on every ray, cm, weighted so that each bone is as visible as on a processed film.

    lungs: see `anatomy.lungs`. cage, girdles, blades: what was drawn of `tubes`, cm; the first is overwritten.
    """
    column = (childspine if patient.child else spine).draw(patient, plane, f)
    if patient.child:
        veil = np.float32(CHILD_VEIL)
    else:
        y = lungs["y"][:, :1]
        low = ramp((np.float32(sum(f.dome) / 2) - y) / np.float32(3 * f.unit))  # below the domes
        high = ramp((np.float32(f.apex - 0.15 * f.height) - y) / np.float32(0.25 * f.height))
        veil = (np.float32(VEIL[0]) + np.float32(VEIL[1] - VEIL[0]) * low) * high
        column *= 1 - np.float32(BEHIND) * high
    taken = lungs["full"] - lungs["air"]
    taken /= lungs["full"] + np.float32(0.5 * f.unit)
    taken *= veil
    cage *= np.subtract(1, taken, out=taken)
    if patient.child:
        total, bright = limited(cage + girdles, CHILD_MOST * f.unit), LOW_KILOVOLTS * patient.bone
    else:
        total = limited(cage, MOST * f.unit)
        total += limited(girdles, PILE * f.unit, GIRDLE)
        bright = patient.bone**SPREAD
    total += blades
    total += column
    total *= np.float32(bright)
    return total


def limited(path: np.ndarray, most: float, bright: float = 1.0) -> np.ndarray:
    """Paths that approach `most` (cm) where bones lie behind each other, and stay as they are where they are short.

    bright: what they are multiplied by at last.
    """
    out = path * np.float32(1 / most)
    np.tanh(out, out=out)
    out *= np.float32(bright * most)
    return out
