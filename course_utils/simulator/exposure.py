"""One exposure: how the patient stood or lay, how the film was framed, and what varied that day."""

from __future__ import annotations

import dataclasses

import numpy as np

from .devices import DEVICES
from .ranges import override, refuse_names, refuse_outside

VIEWS = ("PA", "AP", "AP Supine")
RANGES = {
    "inspiration": (0.0, 1.0),
    "rotation": (-20.0, 20.0),
    "tilt": (-15.0, 15.0),
    "width": (10.0, 70.0),
    "aspect": (0.5, 1.7),
    "x": (-15.0, 15.0),
    "y": (-20.0, 20.0),
    "arms": (-2.0, 1.6),
    "shoulders": (-1.0, 1.0),
    "skew": (-0.8, 0.8),
    "chin": (-3.0, 15.0),
    "head": (-1.0, 1.0),
    "spread": (0.0, 1.0),
    "tone": (-4.0, 4.0),
    "contrast": (-4.0, 4.0),
    "dose": (-4.0, 4.0),
    "sharp": (-4.0, 4.0),
    "seed": (0, 2**32 - 1),
}

CUT = 0.15  # share of adult films that are centred without care and may cut off a part of the lungs
MARGIN = 0.9  # cm of film above the apices and below the costophrenic angles, at least
ROOM = 1.95  # height of a film over that of the lungs to the domes, at most: collimation leaves the abdomen out
NECK = 4.5  # cm of the film above the apices, at most: it is centred on the chest
LOW = 0.72  # height over width, at least: a wider film would show empty arms
TALL = 1.1  # height over width beyond which a film is rather made wider

# Share of adult films with each of `devices.DEVICES`, by view: who is filmed lying is most often in intensive care.
DEVICE_SHARES = {"PA": (0.01, 0.01, 0.0, 0.02), "AP": (0.15, 0.03, 0.12, 0.15), "AP Supine": (0.45, 0.05, 0.30, 0.15)}


@dataclasses.dataclass(frozen=True)
class Exposure:
    """One exposure.

    Attributes:
        view: "PA", "AP" or "AP Supine". inspiration: 0 (none) to 1 (deep). rotation: of the patient about the long
        axis, degrees. tilt: of the film, degrees. width: of the film, cm; aspect: height / width. x, y: its centre, cm.
        arms: direction of the arms above the horizontal, radians. shoulders: lift of the clavicles. skew: half the
        difference between the arms, radians; chin: its height above the lung apex, cm; head: turned to the right (-1)
        or left (1); all three of children. spread: 0 shoulder
        blades over the lungs to 1 turned away. tone, contrast, dose, sharp: this film's deviation from its site's habit
        in standard deviations. leads, tube: ECG leads and a tube are there; devices: names from
        `devices.DEVICES`. seed: noise and where small things lie.
    """

    view: str
    inspiration: float
    rotation: float
    tilt: float
    width: float
    aspect: float
    x: float
    y: float
    arms: float
    shoulders: float
    skew: float
    chin: float
    head: float
    spread: float
    tone: float
    contrast: float
    dose: float
    sharp: float
    leads: bool
    tube: bool
    devices: tuple[str, ...]
    seed: int

    def __post_init__(self):
        refuse_outside(self, RANGES, {"view": VIEWS, "leads": (False, True), "tube": (False, True)})
        refuse_names(self, "devices", DEVICES)


def whole_lungs(
    patient, view: str, breath: float, tilt: float, width: float, aspect: float, z: float
) -> tuple[float, float, float]:
    """Width, aspect and centre (y, cm) of a film of an adult that shows both apices and costophrenic angles.

    A film that is too low becomes taller, and wider beyond `TALL`. z: how much lower than usual
    the chest lies on it, in sd.
    """
    scale = 1.08 if view == "PA" else 1.13  # magnification of the middle plane
    margin = MARGIN + 6 * np.sin(np.radians(abs(tilt)))
    apex = scale * 0.5 * patient.lung_height
    lungs = scale * 1.33 * patient.lung_height * (1 + 0.22 * (breath - 0.5))  # down to the costophrenic angles
    height = max(width * aspect, lungs + 2 * margin)
    aspect = min(height / width, max(aspect, TALL))
    width = height / aspect
    spare = width * aspect - lungs
    top = np.clip(min(0.40 * spare + 2.0 * z, NECK), margin, spare - margin)
    return width, aspect, apex + top - 0.5 * width * aspect


def draw_exposure(rng: np.random.Generator, site, patient, view: str = "PA", **fixed) -> Exposure:
    """Draw an exposure of `patient` at `site`; the framing follows the site's habits, the rest the view.

    Args:
        rng: source of randomness. site: a `Site`. patient: a `Patient`. view: "PA", "AP" or "AP Supine".
        **fixed: fields of `Exposure` to set instead of drawing them.

    Raises:
        ValueError: for an impossible view, name or value, with what is allowed.
    """
    if view not in VIEWS:
        raise ValueError(f"exposure: view = {view!r} is impossible: allowed are {', '.join(map(repr, VIEWS))}")
    z, u = rng.standard_normal(12), rng.random(6)
    lying, child = view == "AP Supine", patient.child
    breath = {"PA": 0.66, "AP": 0.42, "AP Supine": 0.30}[view] + 0.22 * z[0]
    tilt = (3.5 if child or lying else 1.8) * z[7]
    loose = rng.triangular(0.0, 6.0, 17.0) * site.margin
    if child:
        breath = 0.64 + 0.26 * z[0]
        width = 2 * patient.lung_width * (1.45 + 0.15 * z[1]) * site.margin
        # The film reaches from the chin to the upper belly: its height follows the lungs, its width the chest.
        lungs = patient.lung_height * (1 + 0.22 * (breath - 0.5))
        aspect = site.portrait * (1.92 * lungs / width / 0.8) ** 0.6 * (1 + 0.07 * z[2])
        x, y = 0.1 + 0.6 * z[3], 0.5 * patient.lung_height - (0.64 + 0.05 * z[4]) * lungs
        # Held up beside the head, or to the sides in a sixth; few let them hang.
        arms = 1.28 + 0.24 * z[5] if u[3] < 0.82 else 0.55 + 0.30 * z[5] if u[3] < 0.98 else -0.95 + 0.12 * z[5]
    else:
        zoom = 0.94 * np.exp(0.10 * rng.standard_normal())  # film sizes, crops by editors
        width = (2 * patient.lung_width * 1.10 + loose + (1.5 if view != "PA" else 0)) * zoom
        aspect = site.portrait + 0.10 * z[2] - (0.06 if view != "PA" else 0)
        aspect = min(aspect, ROOM * patient.lung_height / width)
        if u[4] < CUT:
            spare = width * aspect - patient.lung_height - 10.0
            y = 0.5 * patient.lung_height + 3.0 + 1.8 * z[4] + 0.3 * max(spare, -3.0) - 0.5 * width * aspect
        else:
            width, aspect, y = whole_lungs(patient, view, breath, tilt, width, aspect, z[4])
        height = width * aspect
        width -= 0.6 * max(width - 3.0 * patient.lung_width, 0.0)  # where there is much room, it is collimated
        width = max(min(width, height / LOW), min(width, 2.3 * patient.lung_width))
        aspect, x = height / width, 1.7 * z[3]
        arms = -1.22 + 0.20 * z[5] if view == "PA" else -1.32 + 0.16 * z[5]
    drawn = {
        "view": view,
        "inspiration": float(np.clip(breath, 0, 1)),
        "rotation": (4.5 if child else 5.5 if lying else 3.5) * z[6],
        "tilt": tilt,
        "width": width,
        "aspect": aspect,
        "x": x,
        "y": y,
        "arms": arms,
        "shoulders": 0.40 * z[8] + (0.25 if child else 0.45 if view != "PA" else 0.05),
        "skew": 0.0,
        "chin": 0.0,
        "head": 0.0,
        "spread": 0.5 * u[0] + (0.5 if view == "PA" else 0.0),
        "tone": z[9],
        "contrast": z[10],
        "dose": z[11],
        "sharp": rng.standard_normal(),
        "leads": bool(u[1] < (site.leads if view != "PA" else 0.06)),
        "tube": bool(u[2] < (0.35 if lying else 0.12 if view == "AP" else 0.0) and not child),
        "devices": ()
        if child
        else tuple(n for n, p in zip(DEVICES, DEVICE_SHARES[view], strict=True) if rng.random() < p),
        "seed": int(rng.integers(2**32)),
    }
    if child:  # drawn last, so that adults are as they were
        drawn |= {"skew": 0.20 * rng.standard_normal(), "chin": -0.7 + 0.8 * rng.standard_normal()}
        drawn["head"] = 0.35 * rng.standard_normal()
    for name, (low, high) in RANGES.items():
        if isinstance(drawn[name], float):
            drawn[name] = float(min(max(drawn[name], low), high))
    return Exposure(**override(drawn, fixed, Exposure))
