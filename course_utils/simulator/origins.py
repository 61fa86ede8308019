"""Where a film was first published: the look of its site, and how that place names files, addresses and licences.

Addresses keep the hosts of the real archive, because a curator reads the origin from them, and lead
nowhere: their paths begin with `simulated`.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Origin:
    """A place that publishes films.

    site: the look, a name in `SITES`. name: function of (rng, case number, film number) that gives a file name.
    licences: texts that the licence column holds, one drawn a case. quality: JPEG quality in place of the site's.
    """

    site: str
    url: str
    location: str
    licences: tuple[str, ...]
    name: Callable[[np.random.Generator, int, int], str]
    child: bool = False
    quality: int | None = None


def _hexadecimal(rng: np.random.Generator, digits: int) -> str:
    return rng.bytes(digits)[: digits // 2].hex()


def _hannover(rng, case, film):
    return f"{_hexadecimal(rng, 8)}.jpg"


def _radiopaedia(rng, case, film):
    if case % 3 == 0:
        return f"covid-19-pneumonia-{case}-day{film}.{'png' if case % 2 else 'jpg'}"
    return f"{_hexadecimal(rng, 30)}_jumbo.{'jpeg' if case % 3 == 1 else 'png'}"


def _sirm(rng, case, film):
    if case % 2:
        return f"{str(uuid.UUID(bytes=rng.bytes(16), version=4)).upper()}.jpeg"
    return f"covid-19-caso-{case}-{film}-{rng.integers(1, 30)}.png"


def _eurorad(rng, case, film):
    return f"{16000 + case}_{film}_{rng.integers(1, 5)}.{('jpg', 'png', 'PNG')[case % 3]}"


def _sciencedirect(rng, case, film):
    article, panel = rng.integers(10**15, 10**16), "abcdefgh"[(film - 1) % 8]
    return f"1-s2.0-S{article}-gr{film}_lrg-{panel}.{'png' if case % 2 else 'jpg'}"


def _springer(rng, case, film):
    return f"11547_2020_{1000 + case}_Fig{film}_HTML-{'abc'[case % 3]}.png"


def _rsna(rng, case, film):
    return f"ryct.2020{case:06d}.fig{film}-day{rng.integers(0, 20)}.jpeg"


def _nejm(rng, case, film):
    return f"nejmc20{case:05d}_f{film}{'abc'[case % 3]}.jpeg"


_CHILDREN = ("guangzhou", "data.mendeley.com/simulated/{case}", "Guangzhou, China", ("CC BY 4.0",), _hannover, True)

# Licences as in the real archive, by origin; "" is a blank cell.
ORIGINS = {
    "github.com": Origin(
        "hannover", "github.com/simulated/covid-19-image-repository", "Hannover, Germany", ("CC BY 3.0",), _hannover
    ),
    "radiopaedia.org": Origin(
        "radiopaedia", "radiopaedia.org/simulated/cases/{case}", "Melbourne, Australia", ("CC BY-NC-SA",), _radiopaedia
    ),
    "sirm.org": Origin("sirm", "www.sirm.org/simulated/caso-{case}/", "Italy", ("",), _sirm),
    "eurorad.org": Origin("eurorad", "www.eurorad.org/simulated/{case}", "Spain", ("CC BY-NC-SA 4.0",), _eurorad),
    "sciencedirect.com": Origin(
        "journal", "www.sciencedirect.com/simulated/{case}", "Wuhan, China", ("CC BY-NC-ND", ""), _sciencedirect
    ),
    "link.springer.com": Origin("journal", "link.springer.com/simulated/{case}", "Milan, Italy", ("",), _springer),
    "pubs.rsna.org": Origin("rsna", "pubs.rsna.org/simulated/{case}", "Hong Kong", ("", "CC BY 4.0"), _rsna),
    "nejm.org": Origin("journal", "www.nejm.org/simulated/{case}", "United States", ("",), _nejm),
    "children, fine": Origin(*_CHILDREN, quality=97),
    "children, coarse": Origin(*_CHILDREN, quality=75),
}
