"""The knobs of a set of archives, checked before anything is made."""

import functools
import hashlib
import json
import math
import numbers
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

# Least and greatest value, and what the number means.
RANGES = {
    "seed": (0, 2**32 - 1, "of all random streams"),
    "rho": (0.0, 1.0, "how closely label and origin are tied"),
    "strength": (0.0, 3.0, "of the lesions"),
    "films": (12, 5000, "usable films of a main class"),
    "size": (64, 1024, "longer side of a film in pixels"),
}


@dataclass(frozen=True)
class Settings:
    """The knobs of `archive.make`. Raises ValueError (or TypeError) that names the allowed range."""

    seed: int = 0
    rho: float = 1.0
    strength: float = 1.0
    films: int = 140
    size: int = 256

    def __post_init__(self):
        for name, (least, most, meaning) in RANGES.items():
            value = getattr(self, name)
            kind, noun = (numbers.Real, "number") if isinstance(least, float) else (numbers.Integral, "whole number")
            allowed = f"{name} ({meaning}) must be a {noun} from {least} to {most}"
            if not isinstance(value, kind) or isinstance(value, bool):
                raise TypeError(f"{allowed}, not {value!r}")
            if not (least <= value <= most) or math.isnan(value):
                raise ValueError(f"{allowed}, not {value}")
            object.__setattr__(self, name, type(least)(value))

    def scaled(self, count: int, least: int = 1) -> int:
        """A number that is meant for 140 films a class, for this many films; at least `least`."""
        return max(round(count * self.films / 140), least)

    def describe(self) -> dict:
        """The knobs, and what else the bytes of the archives depend on: the simulator's source and three libraries."""
        libraries = {name: version(name) for name in ("numpy", "scipy", "pillow")}
        return {**asdict(self), "simulator": source_digest(), **libraries}

    def key(self) -> str:
        """A short name that changes with anything that `describe` tells."""
        text = json.dumps(self.describe(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@functools.cache  # the code that runs is the one that was imported, whatever becomes of its files
def source_digest() -> str:
    """A digest of the simulator's source files: archives made by another version of it are not this version's."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_text(encoding="utf-8").encode() + b"\0")
    return digest.hexdigest()[:16]
