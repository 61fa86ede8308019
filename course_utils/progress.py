"""One progress bar for the whole course: a widget in a notebook, a line in a terminal."""

import os
from collections.abc import Iterable

from tqdm.auto import tqdm


def bar(iterable: Iterable | None = None, *, show: bool = True, **options) -> tqdm:
    """Return a tqdm bar over `iterable`, or one to count by hand.

    show: False for none at all. The environment variable `TQDM_DISABLE` turns off all of them; stored notebooks are run
    with it, as a bar holds times (tqdm itself does not look at it in a notebook). options: total, desc, unit and what
    else `tqdm` takes.
    """
    hidden = os.environ.get("TQDM_DISABLE", "0") not in ("", "0")
    return tqdm(iterable, disable=hidden or not show, **options)
