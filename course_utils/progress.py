"""One progress bar for the whole course: a widget in a notebook, a line in a terminal."""

from collections.abc import Iterable

from tqdm.auto import tqdm


def bar(iterable: Iterable | None = None, *, show: bool = True, **options) -> tqdm:
    """Return a tqdm bar over `iterable`, or one to count by hand.

    show: False for none at all. True leaves the last word to the environment variable `TQDM_DISABLE`, with which stored
    notebooks are run: a bar holds times. options: total, desc, unit and what else `tqdm` takes.
    """
    return tqdm(iterable, **options, **({} if show else {"disable": True}))
