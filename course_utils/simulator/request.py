"""What is asked of the X-ray room: one `Request` a film, and a random stream of its own for everything drawn.

Nothing is drawn from a shared generator while films are made: each stream is seeded by the archive's seed and by words
that name what is drawn, so a film is the same whichever process makes it, and whatever was made before.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np


def stream(seed: int, *words: str) -> np.random.Generator:
    """The random stream that belongs to `words` under `seed`.

    Arguments: seed, a whole number from 0; words, what the stream is for, such as `"exposure", path`.
    Returns a numpy Generator; equal arguments give equal draws, different ones independent draws.
    """
    digest = hashlib.sha256("\0".join(words).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest[:16], dtype="<u4").tolist()])


@dataclass(frozen=True)
class Person:
    """One simulated person: `key` ("archive/person"), age in years, sex ("M" or "F"), and whether a child is drawn."""

    key: str
    age: int
    sex: str
    child: bool = False


@dataclass(frozen=True)
class Copy:
    """A second file of a film: its path below the root, and its JPEG quality (None: the bytes of the first file)."""

    path: str
    quality: int | None = None


@dataclass(frozen=True)
class Request:
    """One picture to be made.

    path: of the file below the root of the archives, with forward slashes; its name is also the key of the exposure.
    person; finding, what the archive files it under; kind, what is drawn: "normal", "covid", "bacterial" or "viral";
    strength of the lesion (1: as drawn); site, a name in `SITES`.
    projection: "frontal" (rendered, with truth), or "lateral", "axial", "coronal", "warning" (see `slices`).
    view: "PA", "AP" or "AP Supine". quality: JPEG quality in place of the site's. edits: what happened to the file
    later, see `retouch`. png: PNG bytes whatever the name says. kept: share of the file's bytes that are left.
    lung_mask: where the archive publishes a lung mask of the film, "" if it does not.
    """

    path: str
    person: Person
    finding: str
    kind: str
    site: str
    view: str = "PA"
    projection: str = "frontal"
    strength: float = 1.0
    quality: int | None = None
    edits: tuple[tuple[str, ...], ...] = ()
    copies: tuple[Copy, ...] = ()
    png: bool = False
    kept: float = 1.0
    lung_mask: str = ""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]


@dataclass
class Plan:
    """What will be written: requests, the rows of each archive's table, and the traps (rows of `truth/traps.csv`)."""

    requests: list[Request] = field(default_factory=list)
    rows: dict[str, list[dict]] = field(default_factory=dict)
    traps: list[dict] = field(default_factory=list)

    def trap(self, name: str, archive: str, files=(), patients=(), detail: str = "") -> None:
        """Note a trap: its name, the archive, files (paths below the archive), patient ids as filed, and what it is."""
        self.traps.append(
            {"trap": name, "archive": archive, "files": list(files), "patients": list(patients), "detail": detail}
        )

    def note(self, name: str, case, films=(), detail: str = "") -> None:
        """Note a trap of one case of the first archive; films are requests, or paths below the archive."""
        files = [film if isinstance(film, str) else film.path.partition("/")[2] for film in films]
        self.trap(name, case.person.key.partition("/")[0], files, [case.number], detail)
