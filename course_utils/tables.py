"""The archives' tables: CSV files of several schema versions and encodings, read as text, with nothing lost."""

import csv
import io
import re
from pathlib import Path

import pandas as pd


def read(path: Path, required: dict[str, tuple[str | None, ...]]) -> pd.DataFrame:
    """Read a CSV file in UTF-8, UTF-16 or Latin-1 as text, with one name for what schema versions call differently.

    required: maps our name of a column to the names that it may have, all in lower case with underscores; None among
    them means that it may be absent. Returns these columns, stripped, None where blank, and `row`, as a spreadsheet
    numbers it. Short rows are filled up, blank ones left out. Raises `ValueError` when the file is missing or no CSV
    table, when a column is missing, or when a row has more fields than there are columns.
    """
    if not path.is_file():
        raise ValueError(f"{path}: missing. The archive needs its {path.name}; get it again from its authors.")
    table = _table(path)
    chosen = {}
    for ours, names in required.items():
        found = next((n for n in names if n in table.columns), None)
        if found is None and None not in names:
            raise ValueError(
                f"{path}: no column {names[0]!r} among {list(table.columns)}. This schema of the table is not known."
            )
        chosen[ours] = table[found].str.strip() if found else ""
    result = pd.DataFrame(chosen, index=table.index, dtype=object)
    return result.where(result != "", None).assign(row=table.index)


def _table(path: Path) -> pd.DataFrame:
    # pandas' own reader would cut a first row that is too long, and count rows without the blank ones.
    try:
        lines = list(csv.reader(io.StringIO(_text(path.read_bytes()), newline=""), strict=True))
    except (csv.Error, UnicodeError) as error:
        raise ValueError(f"{path}: not a readable CSV table ({error}). Get it again from its authors.") from error
    header = lines[0] if lines else []
    rows = {number: line for number, line in enumerate(lines[1:], start=2) if any(line)}
    for number, line in rows.items():
        if any(line[len(header) :]):
            raise ValueError(
                f"{path}, row {number}: {len(line)} fields for {len(header)} columns. Get it again from its authors."
            )
    fields = [line[: len(header)] + [""] * (len(header) - len(line)) for line in rows.values()]
    names = [re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in header]
    table = pd.DataFrame(fields, index=list(rows), columns=names, dtype=object)
    return table.loc[:, ~table.columns.duplicated()]


def _text(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
