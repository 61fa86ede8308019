"""Claims that check themselves: every number that a notebook's prose states is asserted by one line of its code."""

import json
import math
import os
from numbers import Integral
from pathlib import Path

_notebook = "?"


def begin(notebook: str) -> None:
    """Name the notebook (its file's stem, such as "00_start_here") that the following facts belong to."""
    global _notebook
    _notebook = notebook


def check(name: str, value, band: tuple[float, float], text: str, *, n: int | None = None, digits: int = 3) -> None:
    """Assert that a value lies in the band that the prose claims, print one line, and record it.

    name: short and unique in the notebook, such as "test_auc". value: a number, or an `evaluation.Estimate`, which
    brings its interval and n along. band: the lowest and the highest value claimed, both included; it must hold on
    simulated and on published films. text: what the value is, in words. n: how many cases stand behind a plain number.
    digits: decimals shown of a value that is not an integer.

    With the environment variable `COURSE_FACTS` set to a file's name, one JSON line is appended to it:
    notebook, name, value, low, high, n, band, source. Raises `AssertionError`, saying what was claimed and what was
    found, when the value is outside the band (after it was recorded); `ValueError` for a band upside down.
    """
    low, high = band
    if not low <= high:
        raise ValueError(f"fact {name}: the band {low} to {high} is upside down")
    interval = (getattr(value, "low", None), getattr(value, "high", None))
    n = getattr(value, "n", n)
    number = getattr(value, "value", value)
    _record(name, float(number), interval, n, band)
    shown = str(int(number)) if isinstance(number, Integral) else f"{number:.{digits}f}"
    if None not in interval:
        shown += f" [{interval[0]:.{digits}f}, {interval[1]:.{digits}f}]"
    if n is not None:
        shown += f", n = {n}"
    line = f"{name}: {text} = {shown} (claimed: {low:g} to {high:g})"
    holds = low <= number <= high
    print("✔" if holds else "✘", line)
    if not holds:
        raise AssertionError(
            f"{line}. The text of this notebook does not hold for these images: "
            "read on with care, and please report it together with the line above."
        )


def _record(name: str, value: float, interval: tuple, n: int | None, band: tuple) -> None:
    target = os.environ.get("COURSE_FACTS")
    if not target:
        return
    from course_utils import archives

    low, high = map(_finite, interval)
    fact = {"notebook": _notebook, "name": name, "value": _finite(value), "low": low, "high": high}
    fact |= {"n": None if n is None else int(n), "band": [_finite(b) for b in band], "source": archives.source()}
    line = (json.dumps(fact, ensure_ascii=False) + "\n").encode()
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    with open(target, "ab", buffering=0) as file:  # one unbuffered append: notebooks may run side by side
        file.write(line)


def _finite(number: float | None) -> float | None:
    """Return a number as JSON can say it: there is no infinity and no NaN in it."""
    return None if number is None or not math.isfinite(number) else float(number)
