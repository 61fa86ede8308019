"""Who is on the film: sizes in centimetres, age in years. Nothing here depends on the hospital or on the disease."""

from __future__ import annotations

import dataclasses

import numpy as np

from .devices import IMPLANTS
from .ranges import override, refuse_names, refuse_outside

ADULT = {
    "age": (18, 100),
    "lung_width": (10.0, 15.5),
    "lung_height": (14.0, 27.0),
    "lung_depth": (6.0, 11.0),
    "wall": (1.2, 8.0),
    "heart": (0.36, 0.66),
    "breast": (0.0, 10.0),
}
CHILD = {
    "age": (1, 6),
    "lung_width": (5.5, 10.0),
    "lung_height": (5.5, 15.0),
    "lung_depth": (4.0, 7.5),
    "wall": (0.6, 3.0),
    "heart": (0.40, 0.64),
    "breast": (0.0, 0.0),
}
SHARED = {
    "heart_turn": (-1.0, 1.0),
    "aorta": (0.0, 1.0),
    "muscle": (0.0, 1.0),
    "bone": (0.5, 1.6),
    "rib_slope": (0.3, 1.6),
    "scoliosis": (-2.0, 2.0),
    "dome": (-3.0, 5.0),
    "shape": (-1.0, 1.0),
    "gas": (0.0, 1.0),
    "seed": (0, 2**32 - 1),
}


@dataclasses.dataclass(frozen=True)
class Patient:
    """One patient; lengths in cm.

    Attributes:
        child: a child of 1 to 6 years (other proportions, arms up, growth plates).
        age: years. sex: "M" or "F".
        lung_width: half-width of the thoracic cavity. lung_height: apex to right dome, mid inspiration.
        lung_depth: half-depth of the cavity, front to back. wall: muscle and fat around the ribs.
        heart: cardiothoracic ratio, heart width over 2 * lung_width. heart_turn: -1 upright to 1 lying heart.
        aorta: 0 slim to 1 unfolded. breast: radius (0: none). muscle: 0 to 1, pectoral shadow.
        bone: mineral relative to a healthy adult. rib_slope: relative fall of the ribs towards the front.
        scoliosis: sideways bow of the spine. dome: how much the left dome lies below the right one.
        shape: -1 bell-shaped to 1 barrel-shaped chest. gas: gas in stomach and colon, 0 to 1.
        implants: names from `devices.IMPLANTS`.
        seed: fixes what has no name of its own (vessel tree, rib wobble, gas bubbles).
    """

    child: bool
    age: int
    sex: str
    lung_width: float
    lung_height: float
    lung_depth: float
    wall: float
    heart: float
    heart_turn: float
    aorta: float
    breast: float
    muscle: float
    bone: float
    rib_slope: float
    scoliosis: float
    dome: float
    shape: float
    gas: float
    implants: tuple[str, ...]
    seed: int

    def __post_init__(self):
        refuse_outside(
            self, {**(CHILD if self.child else ADULT), **SHARED}, {"sex": ("M", "F"), "child": (False, True)}
        )
        refuse_names(self, "implants", IMPLANTS)


def draw_patient(rng: np.random.Generator, child: bool = False, **fixed) -> Patient:
    """Draw a patient.

    Args:
        rng: source of randomness; the same number of draws is made whatever is fixed.
        child: a child of 1 to 5 years instead of an adult.
        **fixed: fields of `Patient` to set instead of drawing them.

    Returns:
        A frozen `Patient`.

    Raises:
        ValueError: for an unknown name or an impossible value, with the allowed range.
    """
    ranges = {**(CHILD if child else ADULT), **SHARED}
    z = rng.standard_normal(16)
    u = rng.random(16)
    sex = fixed.get("sex", "F" if u[0] < (0.45 if child else 0.4) else "M")
    small = 0.92 if sex == "F" and not child else 1.0
    if child:
        age = fixed.get("age", int(1 + 5 * u[1]))
        growth = 0.80 + 0.065 * float(np.clip(age, 1, 6))
        drawn = {
            "lung_width": growth * (7.6 + 0.55 * z[0]),
            "lung_height": growth * (8.65 + 0.3 * z[0] + 0.8 * z[1]),
            "lung_depth": growth * (5.2 + 0.42 * z[2]),
            "wall": 0.95 + 0.28 * z[3],
            "heart": 0.505 + 0.05 * z[4],
            "breast": 0.0,
            "aorta": 0.0,
            "bone": 1.0 + 0.24 * z[5],
            "rib_slope": 1.2 + 0.2 * z[6],
        }
    else:
        age = fixed.get("age", int(np.clip(58 + 16 * z[7], 18, 97)))
        old = np.clip((age - 30) / 60, 0, 1)
        drawn = {
            "lung_width": small * (13.2 + 0.9 * z[0]),
            "lung_height": small * (19.2 + 2.4 * z[1]),
            "lung_depth": small * (8.6 + 0.6 * z[2]),
            "wall": 4.6 + 1.8 * z[3] + (0.4 if sex == "F" else 0.0),
            "heart": 0.46 + 0.055 * z[4] + 0.03 * old + 0.06 * max(z[14] - 0.8, 0),  # some are enlarged
            "aorta": 0.75 * old + 0.2 * z[8],
            "breast": 6.4 + 1.1 * z[9] if sex == "F" else 0.0,
            "bone": 1.10 + 0.25 * z[5] - old * (0.30 if sex == "F" else 0.15),
            "rib_slope": 1.05 + 0.22 * z[6],
        }
    drawn |= {
        "child": bool(child),
        "age": age,
        "sex": sex,
        "heart_turn": 0.45 * z[10],
        "muscle": u[2] if sex == "M" else 0.3 * u[2],
        "scoliosis": (0.25 if child else 1.0) * z[11],
        "dome": 0.5 + 0.5 * z[12] if child else 1.2 + 0.8 * z[12] + (2.5 * z[15] if u[6] < 0.08 else 0.0),
        "shape": (0.2 + 0.6 * z[13]) if child else 0.60 * z[13],
        "gas": u[3],
        "implants": ()
        if child
        else ("pacemaker",) * bool(u[4] < (0.04 if age > 60 else 0.005))
        + ("sternal wires",) * bool(u[5] < (0.05 if age > 50 else 0.005)),
        "seed": int(rng.integers(2**32)),
    }
    for name, (low, high) in ranges.items():
        kind = int if isinstance(drawn[name], int) else float
        drawn[name] = kind(min(max(drawn[name], low), high))
    return Patient(**override(drawn, fixed, Patient))
