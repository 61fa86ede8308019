"""A small child's spine: bodies with round edges between tall discs, pedicles as thin arcs, stout processes.

It is seen from in front and, at its upper end, a little from below: the end plates sag like bowls there. Pedicles grow
from vertebra to vertebra (Zindrick et al., Spine 12, 1987); what hides a disc are the arches behind it.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from . import ribs
from .anatomy import Frame, bell, ramp
from .plane import Plane
from .spine import LEVELS, NAMES, strip

REACH = 3.3  # of the transverse processes, from the midline, u
BRIGHT = 0.95  # cm of cortical bone on a ray for one unit of mineral, where vertebrae have an adult's size
SOLID, DISC, PLATE, PEDICLE = 0.37, 0.30, 0.24, 0.40  # mineral: of a body, what a disc lacks, of plates and pedicles
STOUT = [-3, 0, 4, 7, 10, 13], [0.70, 0.95, 0.90, 0.80, 1.25, 1.80]  # mineral by level: behind heart, above and below
SAG = [-1, 3, 8, 12], [0.17, 0.11, 0.03, -0.01]  # how far end plates hang in the middle, over the height of a level
GAP = [-2, 2, 6, 11], [0.35, 0.60, 0.85, 0.80]  # how much of a disc's gap is seen between the arches
RING = [-2, 4, 8, 12], [0.55, 0.70, 0.95, 1.25]  # size of the pedicles
SPAN = [-4, -1, 0, 2, 5, 11], [2.1, 2.8, 3.1, 2.9, 2.6, 2.0]  # reach of the transverse processes, u
CLUB = [-2, 0, 2, 6, 10], [0.12, 0.36, 0.44, 0.42, 0.20]  # and their mineral
UNEVEN, SPOTS = 0.24, (150, 22)  # of the bodies: how much; spots down and across their strip
SHARP = 2.8  # of the sides, over half the width of a body
SPINOUS = 4  # the last vertebra whose spinous process shows, before the trachea


def draw(patient, plane: Plane, f: Frame) -> np.ndarray:
    """Path through the mineral of the spine on every ray, cm, float32."""
    u, pitch, out = f.unit, ribs.rise(patient), np.zeros(plane.shape, np.float32)
    part, x, y = strip(patient, plane, f, (REACH + 0.3) * u)
    if not x.size:
        return out
    rng = np.random.default_rng([patient.seed, 8])
    middle = y[:, y.shape[1] // 2, None]
    x = x - np.float32(patient.scoliosis) * (middle / np.float32(f.height)) ** 2
    lean = np.float32(0.05) * np.sin(middle / np.float32(0.13 * f.height) + np.float32(patient.seed % 5))
    level = ribs.order_at((np.float32(f.apex + ribs.TOP * pitch) - y - x * lean) / np.float32(pitch))
    level = level.astype(np.float32) + np.float32(0.35)
    own = vertebrae(rng)
    half = np.float32(u) * (np.float32(1.36) + np.float32(0.055) * np.clip(level[:, :1], -4, 14))
    across = np.abs(x) / half
    bowl = 1 - np.minimum(across * across, 1)
    first = np.minimum(np.maximum(level, -LEVELS // 2), LEVELS // 2 - 1)
    level -= own["sag"].take((first + LEVELS // 2).astype(np.intp)) * bowl
    number = np.floor(level)
    level -= number + np.float32(0.5)  # from here -0.5 (top) to 0.5 within one vertebra and half a disc on either side
    body = (np.minimum(np.maximum(number, -LEVELS // 2), LEVELS // 2 - 1) + LEVELS // 2).astype(np.intp)
    mineral = processes(own, x * np.float32(1 / u), level, body, across)
    inner = np.flatnonzero(across.min(0) < 1.35)
    if inner.size:
        inner = slice(inner[0], inner[-1] + 1)
        solid = bodies(own, *(values[:, inner] for values in (x, level, body, across, bowl)))
        solid *= spots(rng, solid.shape)
        mineral[:, inner] += solid
    mineral *= np.float32(BRIGHT * u)
    out[:, part] = mineral
    return out


def spots(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Trabeculae, arches and what else lies behind the bodies, on a strip: spots of 1 to 2 mm around 1."""
    field = rng.random(SPOTS, np.float32) * np.float32(2 * UNEVEN) + np.float32(1 - UNEVEN)
    return np.asarray(Image.fromarray(field).resize(shape[::-1], Image.Resampling.BILINEAR))


def vertebrae(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What makes each vertebra its own, float32: (LEVELS,), or (2 * LEVELS,) with the right side before the left one,
    or, of `plate`, the upper end plates before the lower ones."""
    tables = {name: np.interp(NAMES, *knots) for name, knots in (("stout", STOUT), ("span", SPAN), ("club", CLUB))}
    tables["stout"] = tables["stout"] * rng.normal(1, 0.06, LEVELS)
    tables["club"] = tables["club"] * rng.uniform(0.7, 1.3, LEVELS)
    tables["sag"] = np.interp(NAMES, *SAG) * rng.uniform(0.4, 1.4) + rng.normal(0, 0.012, LEVELS)
    tables["gap"] = np.clip(np.interp(NAMES, *GAP) * rng.gamma(5, 0.2, LEVELS), 0, 1.1)
    tables["plate"] = PLATE * (0.4 + rng.gamma(2, 0.3, 2 * LEVELS))
    tables["slant"] = rng.normal(0, 0.35 * PLATE, 2 * LEVELS)  # fainter on one side, 1/cm
    wide, turn, size, sharp = rng.standard_normal((4, 2 * LEVELS))
    tables["edge"] = 1.04 + 0.025 * wide
    tables["sharp"] = SHARP * np.exp(0.2 * sharp)
    tables["size"] = np.tile(np.interp(NAMES, *RING), 2) * np.exp(0.13 * size)
    tables["ring"] = PEDICLE * np.minimum(0.2 + rng.gamma(2, 0.4, 2 * LEVELS), 1.5)
    turn = 2.4 + 0.7 * turn  # where a ring is brightest: below and inside
    tables["inwards"], tables["down"] = (0.55 * way(turn) / tables["size"] for way in (np.cos, np.sin))
    return {name: values.astype(np.float32) for name, values in tables.items()}


def bodies(own: dict, x, v, body, across, bowl) -> np.ndarray:
    """Mineral of bodies, end plates and pedicles.

    x: cm. v, body: place in a vertebra, -0.5 (top) to 0.5, and its index. across: |x| over half a body's width;
    bowl: 1 - across ** 2.
    """
    lower = v > 0
    half = body + LEVELS * (x > 0)
    away = np.abs(v)
    waist = np.clip(away * np.float32(0.21) - np.float32(0.03), 0, 0.06)
    inside = own["edge"].take(half) + waist - across
    inside *= own["sharp"].take(half)
    inside = ramp(inside)
    away += np.float32(0.03) * bowl
    away -= np.float32(0.365)
    gap = np.clip(away * np.float32(10), 0, 1)
    gap *= own["gap"].take(body + lower, mode="clip")
    gap *= np.float32(0.45 * DISC) + np.float32(0.55 * DISC) * bowl
    end = body + LEVELS * lower
    out = own["slant"].take(end)
    out *= x
    out += own["plate"].take(end)
    np.maximum(out, 0, out=out)
    out *= bell(away, 0.042)
    out *= inside
    out += np.float32(SOLID)
    out -= gap
    out *= inside
    out *= own["stout"].take(body)
    dx, dv = (across - np.float32(0.86)) * np.float32(6.0), (v + np.float32(0.18)) * np.float32(4.6)
    lit = dx * own["inwards"].take(half)
    lit += dv * own["down"].take(half)
    lit += np.float32(0.6)
    dx *= dx
    dv *= dv
    dx += dv
    arc = bell(np.sqrt(dx, out=dx) - own["size"].take(half), 0.30)
    arc *= own["ring"].take(half)
    arc *= np.maximum(lit, 0, out=lit)
    out += arc
    return out


def processes(own: dict, x, v, body, across) -> np.ndarray:
    """Mineral of transverse and spinous processes. x: in units of u; the rest as in `bodies`."""
    where = np.abs(x)
    out = bell(v + np.float32(0.14) + np.float32(0.15) * (where - np.float32(1.5)), 0.13)
    out *= ramp((own["span"].take(body) - where) * np.float32(2.2))
    out *= np.clip(across * np.float32(2) - np.float32(1.5), 0, 1)
    out *= own["club"].take(body)
    rows = int((body < SPINOUS + LEVELS // 2).any(1).sum())
    columns = np.flatnonzero((where[[0, -1]] < 0.9).any(0))
    if rows and columns.size:
        part = np.s_[:rows, columns[0] : columns[-1] + 1]
        sv = (v[part] - np.float32(0.15)) * np.float32(4)
        sx = x[part] * (np.float32(3.2) + sv)
        drop = np.sqrt(sx * sx + sv * sv)
        tip = np.float32(0.10 / PLATE) * bell(drop - np.float32(0.9), 0.28)
        out[part] += tip * own["plate"].take(body[part])
    return out
