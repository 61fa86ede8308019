"""A record of who looked at which test set: each further look makes its result too good, so it should be seen."""

import hashlib
import json
import warnings
from pathlib import Path

import pandas as pd

from course_utils import cache, splits


def open_test(manifest: pd.DataFrame, note: str, folder: Path | None = None) -> pd.DataFrame:
    """Return the test films of a manifest, write down that they were looked at, and warn when it is not the first time.

    manifest: with `split` set. note: what is tested, such as "logistic regression, threshold 0.3": all that was chosen
    must be in it, and chosen before. folder: where records are kept (default: `cache.folder("test_sets")`), one file
    for each test set, named after the hash of its films and labels, one line for each opening. It stops nobody: it
    makes a second look visible, in the file and by a `UserWarning` that tells the earlier notes.

    Raises `ValueError` when the split leaks (`splits.check`), there are no test films, or the note is empty.
    """
    splits.check(manifest)
    test = manifest[manifest["split"] == "test"].sort_values("image_id", ignore_index=True)
    if test.empty:
        raise ValueError("no film of the manifest has split == 'test': make a split with splits.grouped")
    if not note.strip():
        raise ValueError("the note is empty: say what is being tested, so that you can tell later")
    place = (cache.folder("test_sets") if folder is None else Path(folder)) / f"{identity(test)}.jsonl"
    place.parent.mkdir(parents=True, exist_ok=True)
    with cache.lock(place):
        earlier = openings(place)
        lines = [json.dumps({"note": text}, ensure_ascii=False) for text in [*earlier, note]]
        with cache.replacing(place) as temporary:
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if earlier:
        warnings.warn(
            f"this test set of {len(test)} films was opened {len(earlier)} time{'s' * (len(earlier) > 1)} before "
            f"(last for: {earlier[-1]}). Whatever you changed since, its result now is an estimate on known films: "
            "report the first one, or find new films.",
            stacklevel=2,
        )
    return test


def openings(place: Path) -> list[str]:
    """Return the notes of a test set's earlier openings. Raises `ValueError` when the record is damaged."""
    if not place.is_file():
        return []
    try:
        return [json.loads(line)["note"] for line in place.read_text(encoding="utf-8").splitlines()]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{place} is damaged. Delete it if you know that the test set is still unseen.") from error


def identity(test: pd.DataFrame) -> str:
    """Return a short key of a test set: the same for the same films and labels, in any order."""
    content = sorted(zip(test["sha256"], test["label"], strict=True))
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]
