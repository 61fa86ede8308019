"""How dark, how contrasty: the tone of one film, which follows its site's habits and varies from film to film."""

from __future__ import annotations

import dataclasses

import numpy as np

# Share of films that were stored flat (a part of the grey values; at a spread of 1.6) or hard (a narrow window; of 1).
FLAT, HARD = 0.12, 0.07
# Logarithm of a film's sharpening over its site's habit: less melts the edge of the body, more leaves seams at edges.
SOFTEST, HARDEST = -0.6, 0.55
LEAST = 0.22  # compression: with less an abdomen has no detail and the edge of the body none either


@dataclasses.dataclass(frozen=True)
class Tone:
    """The display curve of a film.

    Attributes:
        black, white: grey values (0 to 1) that darkest lung and brightest tissue get. gamma: of the curve in between.
        fog: grey of bare film. width: of the window, relative to the chest's own range. low, high: grey values into
        which all this is stored.
    """

    black: float
    white: float
    gamma: float
    fog: float
    width: float = 1.0
    low: float = 0.0
    high: float = 1.0


def processing(site, exposure) -> tuple[float, float]:
    """Compression and sharpening of one film (see `Site`): a mobile unit's software does less than a room's."""
    calm, crisp = (0.04, 0.15) if exposure.view == "PA" else (-0.08, -0.30)
    compression = site.compression + calm + 0.10 * site.spread * max(exposure.contrast, -1)
    sharpening = site.sharpening * np.exp(np.clip(crisp + 0.35 * site.spread * exposure.sharp, SOFTEST, HARDEST))
    return float(np.clip(compression, LEAST, 0.7)), float(np.clip(sharpening, 0, 4))


def develop(site, exposure) -> Tone:
    """The tone of one film; `exposure` holds its deviations from the site's habits, in standard deviations."""
    rng, spread = np.random.default_rng(exposure.seed + 5), site.spread
    bright = max(0.40 - processing(site, exposure)[0], 0)  # a dense abdomen needs room where little is compressed
    width, low, high = np.exp(-0.12 * spread * exposure.dose) * (1 + 1.5 * bright), 0.0, 1.0
    kind, much, shift = rng.random(3)
    if kind < FLAT * (spread - 0.6) and exposure.sharp > -0.5:  # nobody publishes a film both flat and blurred
        high = 1 - 0.5 * much
        low = 0.6 * shift * (1 - high)
    elif kind > 1 - HARD * spread:
        width *= 1 - 0.35 * much
    black = float(np.clip(site.black + 0.035 * spread * exposure.contrast, 0.02, 0.45))
    white = float(np.clip(site.white - 0.035 * spread * exposure.sharp, 0.5, 1))
    gamma = float(np.clip(site.gamma * np.exp(0.13 * spread * exposure.tone), 0.3, 3))
    return Tone(black, white, gamma, min(site.fog, black - 0.01), float(width), low, high)
