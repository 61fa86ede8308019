"""Hospitals: how each one exposes, processes, labels and stores its films."""

from __future__ import annotations

import dataclasses

from .ranges import refuse_outside


@dataclasses.dataclass(frozen=True)
class Site:
    """One hospital's look. `spread` of a value is what changes from film to film there.

    Attributes:
        scatter: scattered over primary radiation behind the grid, relative. dose: photons per cm^2 of detector.
        blur: sd of the detector's blur, cm. compression: share of the large-scale contrast taken out.
        sharpening: gain of the unsharp mask. black, white: grey values (0 to 1) that darkest lung and brightest tissue
        get. gamma: tone curve in between. fog: grey of bare film.
        spread: film-to-film sd of tone, relative. border: "none" (now and then one of
        whoever publishes the film), "bare" (never one), "black", "white" or "shutter".
        letter: of the side marker (A: of a figure's panel); R and D belong on the left. letter_place: fraction (x, y)
        of the film, letter_spread: its sd. letter_size: cm. language: of captions on portable films ("" none, "en",
        "it"), see `overlay.CAPTIONS`. leads: probability of ECG leads on an AP film.
        portrait: mean height over width. margin: mean air and body around the chest, relative to an average film.
        jpeg_quality: 1 to 100. resolution: factor of detail that scanning and re-saving left, 1 all.
        scale: least and greatest factor by which its films are shrunk or enlarged when they are published.
    """

    name: str
    scatter: float = 0.6
    dose: float = 4e6
    blur: float = 0.03
    compression: float = 0.35
    sharpening: float = 0.6
    black: float = 0.10
    white: float = 0.85
    gamma: float = 1.0
    fog: float = 0.04
    spread: float = 1.0
    border: str = "none"
    letter: str = "L"
    letter_place: tuple[float, float] = (0.92, 0.08)
    letter_spread: tuple[float, float] = (0.025, 0.03)
    letter_size: float = 1.5
    letter_style: str = "plain"
    language: str = ""
    leads: float = 0.6
    portrait: float = 0.95
    margin: float = 1.0
    jpeg_quality: int = 85
    resolution: float = 1.0
    scale: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self):
        refuse_outside(
            self,
            {
                "scatter": (0.0, 5.0),
                "dose": (1e4, 1e9),
                "blur": (0.0, 0.3),
                "compression": (0.0, 0.9),
                "sharpening": (0.0, 4.0),
                "black": (0.0, 0.5),
                "white": (0.5, 1.0),
                "gamma": (0.3, 3.0),
                "fog": (0.0, 0.3),
                "spread": (0.0, 3.0),
                "letter_size": (0.3, 5.0),
                "leads": (0.0, 1.0),
                "portrait": (0.5, 1.6),
                "margin": (0.5, 2.0),
                "jpeg_quality": (1, 100),
                "resolution": (0.2, 1.0),
            },
            {
                "border": ("none", "bare", "black", "white", "shutter"),
                "letter_style": ("plain", "boxed", "lead"),
                "language": ("", "en", "it"),
            },
        )


SITES = {
    site.name: site
    for site in (
        Site(
            "hannover",
            0.8,
            16e7,
            0.02,
            0.41,
            0.63,
            0.30,
            0.64,
            0.70,
            letter="L",
            letter_place=(0.84, 0.07),
            portrait=0.98,
            margin=0.85,
            jpeg_quality=92,
        ),
        Site(
            "radiopaedia",
            1.1,
            8e7,
            0.03,
            0.51,
            0.73,
            0.25,
            0.82,
            0.63,
            spread=1.8,
            letter="R",
            letter_style="lead",
            letter_place=(0.08, 0.09),
            portrait=0.95,
            jpeg_quality=80,
            scale=(1.0, 2.0),
        ),
        Site(
            "sirm",
            1.4,
            8e7,
            0.04,
            0.46,
            0.69,
            0.27,
            0.90,
            0.56,
            spread=1.6,
            letter="D",
            letter_place=(0.08, 0.08),
            language="it",
            portrait=0.84,
            jpeg_quality=85,
            leads=0.7,
            scale=(0.8, 1.5),
        ),
        Site(
            "eurorad",
            0.8,
            12e7,
            0.03,
            0.66,
            0.75,
            0.21,
            0.78,
            0.70,
            spread=1.4,
            border="black",
            letter="L",
            letter_style="boxed",
            portrait=1.05,
            jpeg_quality=75,
            scale=(1.0, 1.6),
        ),
        Site(
            "journal",
            1.3,
            12e7,
            0.04,
            0.36,
            0.66,
            0.25,
            0.89,
            0.60,
            spread=1.9,
            letter="A",
            letter_place=(0.06, 0.07),
            letter_size=2.2,
            portrait=0.88,
            jpeg_quality=65,
            resolution=0.72,
            scale=(0.6, 1.4),
        ),
        Site(
            "rsna",
            1.9,
            12e7,
            0.03,
            0.61,
            0.76,
            0.23,
            0.86,
            0.60,
            letter="L",
            language="en",
            border="shutter",
            portrait=0.85,
            jpeg_quality=88,
            leads=0.85,
            scale=(0.9, 1.3),
        ),
        Site(
            "guangzhou",
            0.27,
            7e7,
            0.012,
            0.68,
            1.10,
            0.28,
            0.80,
            0.68,
            spread=0.6,
            fog=0.0,
            letter="R",
            border="bare",
            letter_place=(0.06, 0.25),
            letter_spread=(0.03, 0.17),
            letter_size=0.9,
            portrait=0.80,
            jpeg_quality=90,
            leads=0.0,
        ),
        Site(
            "figure1",
            1.4,
            12e7,
            0.04,
            0.51,
            0.66,
            0.23,
            0.88,
            0.60,
            spread=1.9,
            letter="R",
            letter_style="lead",
            letter_place=(0.07, 0.20),
            letter_size=2.0,
            portrait=0.92,
            jpeg_quality=70,
            resolution=0.78,
            scale=(0.7, 1.5),
        ),
        Site(
            "actualmed_cr",
            1.3,
            10e7,
            0.04,
            0.56,
            0.74,
            0.19,
            0.88,
            0.63,
            letter="I",
            letter_place=(0.9, 0.1),
            portrait=1.1,
            border="black",
            jpeg_quality=90,
        ),
        Site(
            "actualmed_dx",
            0.64,
            16e7,
            0.02,
            0.71,
            0.76,
            0.19,
            0.80,
            0.66,
            letter="I",
            letter_style="lead",
            letter_place=(0.9, 0.1),
            portrait=1.05,
            jpeg_quality=92,
        ),
    )
}
