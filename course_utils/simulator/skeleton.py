"""Bones: path length through mineral on every ray, in cm of cortical bone.

Adults: `ribs`, `spine`, and the shoulder girdle in `girdle`; the bones of children are in `childbones`.
"""

from __future__ import annotations

import numpy as np

from . import childbones, girdle, ribs, spine
from .anatomy import Frame
from .plane import Plane

GIRDLE = 1.3  # the shoulders are brighter than their mineral alone makes them: processing lifts the thick parts
MOST = 0.6  # cm: where the ray runs along a rib, the edge of the chest would outshine everything else


def bones(patient, exposure, plane: Plane, f: Frame, rng: np.random.Generator, lungs: dict) -> np.ndarray:
    """Cortical bone on every ray, cm, weighted so that each bone is as visible as on a processed film.

    `lungs`: see `anatomy.lungs`.
    """
    if patient.child:
        return childbones.bones(patient, exposure, plane, f, rng, lungs)
    pieces, blades = girdle.draw(patient, exposure, plane, f)
    cage, girdles = plane.splat(ribs.draw(patient, plane, f, rng), pieces)
    most = np.float32(MOST * f.unit)
    total = most * np.tanh(cage / most) + np.float32(GIRDLE) * girdles + blades
    total += spine.draw(patient, plane, f)
    return total * np.float32(patient.bone)
