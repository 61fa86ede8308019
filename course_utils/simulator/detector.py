"""From attenuation to a grey film: transmission, scatter, noise, blur, processing and display.

A ray keeps exp(-sum mu L) of its photons (Beer-Lambert). The software of a digital detector then takes the logarithm,
flattens slow changes, sharpens fast ones and maps the result to grey values, bone white.
"""

from __future__ import annotations

import functools

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import ndtri

from .lookup import enlarged, reduced

# 1/cm at 65 keV, the effective energy of a 120 kV chest film: between the 60 and 70 keV columns of xraylib 4.3.0 with
# the compositions of ICRU report 44. Metal: what covers a thin lead wire or a steel clip on the display.
MU = {"lung": 0.0516, "soft": 0.210, "bone": 0.549, "metal": 6.0}
COARSE = 4  # slow changes are computed on every fourth pixel
TOE = 0.2  # share of the displayed range
SLOW, FAST = 1.2, 0.35  # cm: what is slower is compressed, what is faster is sharpened
# How far a lesion or a cable reaches through blur and processing, cm; add 3 * COARSE pixels for the coarse grid.
REACH = 3 * SLOW + 2 * FAST + 0.9


def smooth(image: np.ndarray, sd: float, reach: float = 3.0, coarse: int = COARSE) -> np.ndarray:
    """Gaussian blur, sd in pixels, on a grid that is coarser by up to `coarse`; its reach ends at `reach` sd and two
    pixels of the grid.

    Exactly nothing changes further away, which is what makes counterfactual pairs identical there.
    """
    step = int(min(max(sd, 1), coarse))
    # Reducing and enlarging blur, too: by about half a pixel of the grid.
    left = np.sqrt((sd / step) ** 2 - (0.25 if step > 1 else 0))
    blurred = gaussian_filter(reduced(image, step), left, truncate=reach * sd / step / left, mode="nearest")
    return enlarged(blurred, step, image.shape)


def attenuation(soft: np.ndarray, air: np.ndarray, bone: np.ndarray) -> np.ndarray:
    """Line integral of mu on every ray: soft tissue, minus what is lung instead, plus what is bone instead.

    Args:
        soft: body thickness; air: depth of inflated lung or gas; bone: path length; all in cm.

    Returns:
        sum of mu times length, no unit, float32.
    """
    total = np.float32(MU["soft"]) * soft - np.float32(MU["soft"] - MU["lung"]) * air
    total += np.float32(MU["bone"] - MU["soft"]) * bone
    return total


def transmitted(attenuation: np.ndarray) -> np.ndarray:
    """Share of the photons that a ray keeps: exp(-attenuation), at least exp(-12) (Beer-Lambert)."""
    out = np.minimum(attenuation, np.float32(12))
    return np.exp(np.negative(out, out=out), out=out)


def scattered(primary: np.ndarray, ratio: float, pitch: float) -> np.ndarray:
    """Scattered radiation: primary radiation spread over sd 4.5 cm, times the scatter-to-primary ratio.

    It is computed from the chest without lesion or devices, whose scatter differs by little: so that a pair of films
    with and without a lesion differs only around it.
    """
    return np.float32(ratio) * smooth(primary, 4.5 / pitch, coarse=2 * COARSE)


@functools.cache
def quantiles() -> np.ndarray:
    """The standard normal distribution as 65536 equally likely values."""
    return ndtri((np.arange(65536) + 0.5) / 65536).astype(np.float32)


def normal(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Standard normal noise, float32, from `quantiles`, several times as fast as exact draws: 64 bits for four."""
    size = shape[0] * shape[1]
    bits = rng.integers(0, 2**64, -(-size // 4), np.uint64).view(np.uint16)[:size]
    return quantiles().take(bits, mode="clip").reshape(shape)


def count(signal: np.ndarray, dose: float, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Photons on every pixel as a share of the open beam; Poisson noise in its Gaussian limit (many photons)."""
    sd = signal * np.float32(1 / (dose * pitch * pitch))
    noise = normal(rng, signal.shape)
    noise *= np.sqrt(sd, out=sd)
    noise += signal
    return np.maximum(noise, np.float32(1e-6), out=noise)


def soften(image: np.ndarray, sd: float) -> np.ndarray:
    """Gaussian blur, sd in pixels; up to 0.6 of a pixel three taps a direction are enough."""
    if sd > 0.6:
        return gaussian_filter(image, sd, truncate=3.0, mode="nearest")
    share = np.float32(1 / (2 + np.exp(0.5 / sd**2)))
    for axis in (0, 1):  # down the columns, then along the rows
        near, image = share * image, (1 - 2 * share) * image
        a, b = near.swapaxes(0, axis), image.swapaxes(0, axis)
        b[1:] += a[:-1]
        b[:-1] += a[1:]
        b[[0, -1]] += a[[0, -1]]
    return image


def process(logarithm: np.ndarray, compression: float, sharpening: float, pitch: float) -> np.ndarray:
    """Compress the dynamic range (what is slower than `SLOW`) and sharpen (what is faster than `FAST`)."""
    step = int(min(max(FAST / pitch, 1), COARSE))
    small = reduced(logarithm, step)
    taken = np.float32(compression) * smooth(small, SLOW / pitch / step, coarse=COARSE // step)
    taken += np.float32(sharpening) * smooth(small, FAST / pitch / step, reach=2.0)
    out = np.float32(1 + sharpening) * logarithm
    out -= enlarged(taken, step, logarithm.shape)
    return out


def window(primary: np.ndarray, scatter, inside: np.ndarray, compression: float, pitch: float) -> tuple[float, float]:
    """Darkest and brightest value to display: percentiles 2 and 98.5 over the chest cavity of the healthy patient.

    Neither lesion nor noise nor devices change it, so that a pair of films differs only where the lesion is.

    Args:
        primary: transmitted by the healthy chest. scatter: see `scattered`. inside: True in the chest cavity.
        compression, pitch: as in `process`.
    """
    coarse = (slice(COARSE // 2, None, COARSE),) * 2
    signal = -np.log(primary[coarse] + (scatter[coarse] if isinstance(scatter, np.ndarray) else 0))
    base = gaussian_filter(signal, SLOW / pitch / COARSE, truncate=3.0, mode="nearest")
    values = np.sort((signal - np.float32(compression) * base)[inside[coarse]])
    if values.size < 10:
        return 0.0, 1.0
    dark, bright = (float(values[int(share * values.size)]) for share in (0.020, 0.985))
    return dark, max(bright, dark + 0.2)


def display(value: np.ndarray, dark: float, bright: float, tone) -> np.ndarray:
    """Grey values 0 to 1, bone white: `dark` becomes the black of a `tone.Tone`, `bright` its white, bare film its fog.

    In between a power curve that begins `TOE` before `dark`, so that its slope stays finite; below and above it bends
    into a soft toe and shoulder without a kink, as film and monitors do: a kink would show as islands in the lungs. Air
    beside the body is cut to bare film, as the software of detectors does.
    """
    steps = np.linspace(-1, 2, 3073, dtype=np.float32)
    start, end = TOE**tone.gamma, (1 + TOE) ** tone.gamma
    rise = (tone.white - tone.black) / (end - start)
    base = tone.black + rise * ((np.maximum(steps, 0) + TOE) ** tone.gamma - start)
    knee = tone.white - 0.06
    base = np.where(base > knee, knee + (1 - knee) * (1 - np.exp(-(base - knee) / (1 - knee))), base)
    slope = rise * tone.gamma * TOE ** (tone.gamma - 1) / (tone.black - tone.fog)
    toe = np.exp(np.minimum(steps, 0) * slope - 15 * steps * steps)
    base = np.where(steps < 0, tone.fog + (tone.black - tone.fog) * toe, base)
    base = tone.low + (tone.high - tone.low) * base
    scale = 1024 / ((bright - dark) * tone.width)
    steps = value * np.float32(scale)
    steps += np.float32(1024 - scale * dark)
    return base.take(steps.astype(np.intp), mode="clip")
