"""The spine: vertebral bodies between discs, with pedicles, transverse and spinous processes.

It shows through the mediastinum only where a film is penetrated well. With age it bows, its end plates harden and spurs
(osteophytes) grow at the edges of the discs. A child's is in `childspine`.
Sizes: Panjabi et al., Spine 16 (1991), thoracic human vertebrae.
"""

from __future__ import annotations

import numpy as np

from . import ribs
from .anatomy import Frame, bell, ramp
from .plane import Plane

LEVELS = 40  # vertebrae and discs that could be on a film, half of them above the chest
NAMES = np.arange(LEVELS) - LEVELS // 2  # 0: the first vertebra of the chest
DEPTH = -0.62  # of the spine, of the half-depth of the chest
FLAT = 0.27  # mineral that processing takes from all of the column: it evens out what is wide, and keeps the discs
DISC = 0.11  # half the height of a disc, over that of a vertebra and its disc
HOLLOW = 0.035  # how far the end plates are hollowed, in the same unit
BRIGHT = 0.45  # cm of cortical bone on a ray for one unit of mineral, in an adult of average size
# How far the transverse processes reach, cm from the midline, by level: 0 is the first vertebra of the chest.
SPAN = [-4, -1, 0, 2, 5, 11], [2.5, 3.3, 3.7, 3.4, 3.1, 2.3]
CLUB = [-2, 0, 1, 4], [0.13, 0.39, 0.55, 0.29]  # and their mineral
SPINOUS = [-1, 3, 6], [1.2, 0.85, 0.33]  # and that of the spinous processes, before the trachea best seen
HEADS = [-0.5, 0.5, 9, 11], [0, 1, 1, 0]  # where there are ribs
CLOSED = [-2, 2, 6, 10], [0.7, 0.4, 0.15, 0.35]  # share of a disc's gap that leaning end plates hide: the spine is bent


def strip(patient, plane: Plane, f: Frame, reach: float) -> tuple[slice, np.ndarray, np.ndarray]:
    """The columns of the film that hold all within `reach` (cm) of a spine, however bowed; x and y (cm) of their rays.

    x and y are those at the spine's depth, (rows, columns); of no columns where the spine lies beside the film.
    """
    x, y = plane.coordinates(DEPTH * f.depth)
    bow = abs(patient.scoliosis) * (0.5 + (np.abs(y[[0, 0, -1, -1], [0, -1, 0, -1]]).max() / f.height) ** 2)
    found = np.flatnonzero((np.abs(x[[0, -1]]) < reach + bow).any(0))
    part = slice(found[0], found[-1] + 1) if found.size else slice(0)
    return part, x[:, part], y[:, part]


def draw(patient, plane: Plane, f: Frame) -> np.ndarray:
    """Path through the mineral of an adult's spine on every ray, cm, less `FLAT`: its discs lie below 0."""
    u, out = f.unit, np.zeros(plane.shape, np.float32)
    part, x, y = strip(patient, plane, f, 3.6 * u)
    if not x.size:
        return out
    rng = np.random.default_rng([patient.seed, 8])
    old = float(np.clip((patient.age - 45) / 40, 0, 1))
    height = y[:, y.shape[1] // 2, None]
    bow = np.float32(patient.scoliosis) * (height / np.float32(f.height)) ** 2
    bow += np.float32(0.5 * patient.scoliosis * old) * np.sin(
        height / np.float32(0.17 * f.height) + np.float32(patient.seed % 7)
    )
    x = x - bow
    y = y + x * (np.float32(0.05) * np.sin(height / np.float32(0.13 * f.height) + np.float32(patient.seed % 5)))
    level = ribs.order_at((np.float32(f.apex + ribs.TOP * ribs.rise(patient)) - y) / np.float32(ribs.rise(patient)))
    level = level.astype(np.float32) + np.float32(0.35)
    number = np.floor(level)
    v = level - number - np.float32(0.5)  # -0.5 (top) to 0.5 within one vertebra and half a disc on either side
    where = np.abs(x)
    own = rng.normal(1, 0.18, (3, LEVELS)).astype(np.float32)  # no two vertebrae are alike
    spur = np.float32(old) * rng.gamma(0.6, 0.35, (2, LEVELS)).astype(np.float32)  # at every disc, right and left
    thin = rng.normal(1, 0.05, LEVELS).astype(np.float32)  # discs: tall and low ones
    body, disc = (np.clip(n.astype(np.intp) + LEVELS // 2, 0, LEVELS - 1) for n in (number, np.rint(level)))
    other = LEVELS * (x > 0)
    at_disc = disc + other  # where the values of both sides lie one after the other
    lip = spur.take(at_disc)
    edge = ramp((np.abs(v) - np.float32(0.24)) / np.float32(0.18))
    half = np.float32(u) * (np.float32(1.36) + np.float32(0.055) * np.clip(level, -4, 14))
    across = where / (half * (np.float32(0.94) + edge * (np.float32(0.10) + np.float32(0.25) * lip)))
    bowl = 1 - np.minimum(across, 1) ** 2
    away = np.abs(v) * thin.take(disc) + np.float32(HOLLOW) * bowl
    away -= np.float32(0.5 - DISC)
    inside = ramp((np.float32(1.05) - across) * np.float32(3.5))
    solid = ramp((np.float32(0.02) - away) * np.float32(20))
    closed = np.clip(np.interp(NAMES, *CLOSED) + rng.normal(0, 0.35, LEVELS), 0, 0.9)
    solid += closed.astype(np.float32).take(disc) * (1 - solid)
    plate = bell(away + np.float32(0.015), 0.036) + np.float32(0.45) * bell(away + 0.06 * own[2].take(disc), 0.040)
    mineral = np.float32(0.38) * solid * own[0].take(body) - np.float32(FLAT)
    hard = np.minimum(rng.gamma(4, 0.25, LEVELS), 1.5).astype(np.float32).take(disc)
    mineral = inside * (mineral + np.float32(0.33 + 0.225 * old) * plate * hard)
    heads = rng.gamma(2.5, 0.11, (2, LEVELS)) * np.interp(NAMES, *HEADS)  # at the corners of the discs
    corner = bell(away - np.float32(0.08), 0.13) * bell(across - np.float32(1.12), 0.27)
    mineral += heads.astype(np.float32).take(at_disc) * corner
    mineral += np.float32(0.08) * bell(across - np.float32(0.94), 0.07) * solid + np.float32(0.6) * lip * edge * inside
    dx, dv = (where - np.float32(0.80) * half) / np.float32(0.24 * u), (v + np.float32(0.13)) / np.float32(0.19)
    ring = np.sqrt(dx * dx + dv * dv)  # pedicles, seen end-on
    rings = (rng.gamma(3, 0.15, (2, LEVELS)) * ramp(0.5 * NAMES + 1)).astype(np.float32)
    mineral += bell(ring - np.float32(0.55), 0.50) * rings.take(body + other)
    turned = x + np.float32(0.45 * f.depth * plane.turn)  # spinous processes lie further back
    middle = np.flatnonzero((np.abs(turned) < 0.7 * u).any(0))
    middle = slice(middle[0], middle[-1] + 1) if middle.size else slice(0)
    sx = turned[:, middle] / (np.float32(0.28 * u) * own[1].take(body[:, middle]))
    sv = (v[:, middle] - np.float32(0.20)) / np.float32(0.23)
    sx *= 1 - np.float32(0.35) * sv  # like drops
    drop = np.sqrt(sx * sx + sv * sv)
    tip = np.float32(0.28) * bell(drop - np.float32(0.8), 0.34)
    tip += np.float32(0.31) * ramp((np.float32(1.1) - drop) * np.float32(1.6))
    mineral[:, middle] += np.interp(NAMES, *SPINOUS).astype(np.float32).take(body[:, middle]) * tip
    span = (np.interp(NAMES, *SPAN) * own[0] ** 0.3).astype(np.float32).take(body)
    span -= where * np.float32(1 / u)
    club = v + np.float32(0.14) + np.float32(0.05 / u) * where  # they point a little upwards
    club = bell(club, 0.13) * ramp(span * np.float32(2.5))
    thick = np.interp(NAMES, *CLUB).astype(np.float32).take(body)
    mineral += thick * club * np.clip(across * 4 - np.float32(2.6), 0, 1)
    neck = slice(0, int((level < 0).any(1).sum()))  # its joints lie one above the other beside the bodies
    pillar = where[neck] * np.float32(1 / u) - np.float32(2.0)
    pillar -= np.float32(0.14) * np.cos(v[neck] * np.float32(2 * np.pi))
    mineral[neck] += np.float32(0.26) * ramp(level[neck] * np.float32(-0.8)) * bell(pillar, 0.45)
    out[:, part] = mineral * np.float32(BRIGHT * u)
    return out
