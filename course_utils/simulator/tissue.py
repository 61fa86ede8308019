"""Fat, muscles and folds of an adult's neck, shoulders, chest wall and abdomen: what makes soft tissue uneven.

Like `twigs`, they are drawn once, as a few maps of one side of an average body; a patient gets one for each side, laid
along the wall of his own chest. Fat attenuates less than water: ten centimetres of it as nine of muscle (ICRU report
44), so that what is drawn is a difference of soft tissue in cm: negative where fat lies.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from .anatomy import Frame, bell, cavity, ramp
from .detector import normal
from .lookup import TABLE, Lookup

MAPS = 8  # different ones
CELL = 0.16  # cm, side of a pixel of a map
OUT, DOWN = (0.0, 30.0), (-16.0, 42.0)  # cm that a map covers: outwards from the midline, down from the lung apex
WIDTH, HEIGHT, WALL = 12.7, 19.2, 4.6  # cm: half-width and height of the lungs and chest wall of the average body


def noise(rng: np.random.Generator, shape, long: float, short: float, slope: float = 0.0) -> np.ndarray:
    """Smooth noise of sd 1 with lobes of sd `long` x `short` cm, that rise (falls: negative) by `slope` outwards.

    It is made of pixels of about half those sizes, and enlarged.
    """
    sds = short / CELL, long / CELL
    small = [math.ceil(n / max(sd / 2, 1)) for n, sd in zip(shape, sds, strict=True)]
    sds = [sd * few / n for sd, few, n in zip(sds, small, shape, strict=True)]
    field = gaussian_filter(normal(rng, small), sds, mode="wrap", truncate=2.5)
    field = np.asarray(Image.fromarray(field).resize(shape[::-1], Image.Resampling.BICUBIC))
    if slope:
        lift = (slope * np.arange(shape[1])).astype(int)
        field = field[(np.arange(shape[0])[:, None] + lift) % shape[0], np.arange(shape[1])]
    return field / field.std()


def step(distance, wide: float, fade: float):
    """An edge seen from the side where `distance` (cm) is negative: it rises over `wide`, then fades over `fade`."""
    return ramp(distance / wide) * np.exp(-np.maximum(distance, 0) / fade)


@functools.lru_cache(maxsize=4 * MAPS)
def tissue_map(number: int, blur: float = 0.0) -> np.ndarray:
    """Difference of soft tissue, cm, float32 (down, outwards) on pixels of `CELL`; blur: sd in such pixels."""
    if blur:
        return gaussian_filter(tissue_map(number), blur)
    rng = np.random.default_rng([number, 13])
    out = np.arange(*OUT, CELL, np.float32)
    down = np.arange(*DOWN, CELL, np.float32)[:, None]
    shape = (down.size, out.size)
    wavy = lambda amount: amount * noise(rng, (shape[0], 1), 1.0, 2.0)  # noqa: E731
    along = lambda amount: amount * noise(rng, (1, shape[1]), 2.0, 1.0)  # noqa: E731
    some = lambda low, high: rng.uniform(low, high)  # noqa: E731

    # The side of the chest: muscle on the ribs, then fat in lobes between septa, then skin.
    muscle = (
        WIDTH + some(0.9, 2.6) + wavy(0.35) + some(0.5, 2.5) * ramp((9 - down) / 8) + some(-0.05, 0.08) * (down - 15)
    )
    beside = ramp((down - 3) / 5)
    lobes = np.abs(noise(rng, shape, 0.55, 0.8, some(-0.6, 0.6)))
    fat = some(-0.9, -0.4) * (1 + 0.4 * noise(rng, shape, 1.2, 2.5)) + 0.35 * np.exp(-2.5 * lobes)
    total = beside * ramp((out - muscle) / some(0.4, 1.2)) * fat
    total += beside * some(0.1, 0.6) * step(out - muscle + some(0.8, 1.8) + wavy(0.35), some(0.3, 0.8), 1.2)
    # A stripe of fat inside the muscles of the flank, from the costophrenic angle down.
    flank = WIDTH + some(0.0, 0.8) - 0.07 * (down - 24) + wavy(0.15)
    total -= some(0.3, 0.8) * bell(out - flank, some(0.12, 0.25)) * ramp((down - 21) / 4)
    second = flank + some(0.6, 1.4) + wavy(0.15)
    total -= some(0.1, 0.5) * bell(out - second, some(0.1, 0.25)) * ramp((down - 19) / 5)
    # Folds of the armpit: pectoral muscle in front, broad muscle of the back behind.
    for start, fall in ((some(15.5, 18.0), some(0.15, 0.40)), (some(14.0, 16.5), some(-0.05, 0.20))):
        fold = start - fall * (down - 3) + wavy(0.15)
        total += (
            some(0.3, 0.8)
            * step(fold - out, some(0.2, 0.5), some(1.5, 3.5))
            * ramp((down - 1) / 4)
            * ramp((15 - down) / 6)
        )
    # The shoulder: bundles of muscle with fat between them; the hollow above the clavicle; folds of skin there.
    shoulder = ramp((out - 5) / 5) * ramp((7 - down) / 4)
    total += 0.28 * shoulder * noise(rng, shape, 2.5, 0.35, some(0.15, 0.45))
    for _ in range(3):
        plane = some(-7, 5) + some(0.15, 0.6) * (out - 12) + along(0.3)
        total -= some(0.2, 0.7) * bell(down - plane, some(0.15, 0.4)) * ramp((out - some(6, 13)) / 3)
    hollow = ((out - some(6, 8)) / 2.6) ** 2 + ((down + some(1.0, 2.5)) / 1.8) ** 2
    total -= some(0.2, 0.9) * np.exp(-hollow)
    fold = some(-2.5, -0.5) - some(-0.05, 0.15) * (out - 6) + along(0.15)
    total += some(0.3, 0.9) * step(down - fold, 0.3, 1.2) * ramp((out - 3.5) / 2) * ramp((13 - out) / 5)
    # The neck: the sternocleidomastoid muscle and what lies beside the windpipe.
    tendon = 2.0 + some(0.2, 0.42) * (1.5 - down) + wavy(0.1)
    upper = ramp((2 - down) / 3)
    total += upper * some(0.2, 0.5) * step(tendon - out, 0.4, some(0.8, 1.6))
    total += upper * 0.15 * noise(rng, shape, 0.35, 2.2) * ramp((8 - out) / 3)
    # The abdomen: organs with fat between them, contents of the bowel.
    belly = ramp((down - 20) / 4)
    total += 0.05 * belly * noise(rng, shape, 1.1, 0.8) * ramp((13 - out) / 3)
    total -= 0.07 * belly * np.exp(-6 * np.abs(noise(rng, shape, 2.6, 1.8)))
    total += 0.09 * belly * noise(rng, shape, 0.35, 0.3)
    border = some(24, 31) + some(-0.5, 0.7) * (out - 7) + along(0.4)
    total += some(0.1, 0.4) * step(border - down, 0.5, 3.0) * belly * ramp((out - 2) / 3)
    # The middle: vessels, fat and nodes one behind the other.
    middle, heart = (ramp((reach - out) / 3) * ramp((down + 2) / 3) * ramp((21 - down) / 3) for reach in (6, 10))
    total += middle * (0.28 * noise(rng, shape, 0.45, 1.6) + 0.2 * noise(rng, shape, 0.4, 0.4))
    total += heart * ramp((down - 8) / 4) * 0.12 * noise(rng, shape, 0.8, 0.6, 0.4)
    for k, sd in enumerate((0.29, 0.18, 0.11, 0.07)):  # all of it lies in lobes, and least the abdomen
        total += sd * (1 - 0.6 * belly) * noise(rng, shape, 2.0 / 2**k, 2.0 / 2**k)
    total *= ramp(out / 1.5) * (1 - 0.65 * ramp((out - 15.5) / 3))  # the two sides meet there; arms are more even
    return total.astype(np.float32)


def unevenness(patient, f: Frame, x, rows: Lookup, pitch: float) -> np.ndarray:
    """Difference of soft tissue on every ray, cm.

    Args:
        x: as in `anatomy.lungs`, of pixels with a side of `pitch` (cm). rows: `Lookup` of y.
    """
    rng = np.random.default_rng([patient.seed, 14])
    s = (f.apex - TABLE) / f.height
    wall = cavity(patient, f)
    wall = wall + (f.width - wall) * ramp((0.45 - s) / 0.2)  # shoulders and neck do not follow the apex
    inner, outer = WIDTH / wall, np.sqrt(WALL / patient.wall) / f.unit
    side = np.abs(x)
    across = side * rows.of(inner / CELL)
    across += np.maximum(side - rows.of(wall), 0) * rows.of((outer - inner) / CELL)
    blur = max(round(2 * 0.35 * pitch / CELL), 1) / 2
    maps = np.stack([tissue_map(int(rng.integers(MAPS)), blur) for _ in range(2)])
    level = rows.of(((f.apex - TABLE) * HEIGHT / f.height - DOWN[0]) / CELL).astype(np.intp)
    n, m = maps.shape[1:]
    place = np.clip(level, 0, n - 1) * m
    place += np.minimum(across, m - 1).astype(np.intp)
    place += n * m * (x > 0)
    return maps.ravel().take(place)
