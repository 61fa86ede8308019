"""Allowed ranges of the drawn parameters: what is impossible is refused, with the range that is allowed."""

from __future__ import annotations

import dataclasses


def refuse_outside(record: object, ranges: dict[str, tuple[float, float]], choices: dict[str, tuple]) -> None:
    """Check every field of a dataclass that has a range or a list of choices.

    Args:
        record: a dataclass instance, `Patient` for example.
        ranges: field name to (lowest, highest) allowed number, both included.
        choices: field name to the allowed values.

    Raises:
        ValueError: naming the parameter, its value and what is allowed.
    """
    kind = type(record).__name__.lower()
    for name, (low, high) in ranges.items():
        value = getattr(record, name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise ValueError(f"{kind}: {name} = {value!r} is impossible: allowed are numbers from {low:g} to {high:g}")
    for name, allowed in choices.items():
        value = getattr(record, name)
        if value not in allowed:
            raise ValueError(f"{kind}: {name} = {value!r} is impossible: allowed are {', '.join(map(repr, allowed))}")


def refuse_names(record: object, field: str, allowed: tuple[str, ...]) -> None:
    """Check a field that is a tuple of names: each must be in `allowed`. Raises ValueError like `refuse_outside`."""
    names = getattr(record, field)
    if not isinstance(names, tuple) or set(names) - set(allowed):
        kind, choices = type(record).__name__.lower(), ", ".join(map(repr, allowed))
        raise ValueError(f"{kind}: {field} = {names!r} is impossible: allowed is a tuple of names from {choices}")


def override(drawn: dict, fixed: dict, kind: type) -> dict:
    """Replace drawn values by fixed ones, refusing names that the dataclass `kind` does not have."""
    names = [field.name for field in dataclasses.fields(kind)]
    for name in fixed:
        if name not in names:
            raise ValueError(f"{kind.__name__.lower()} has no parameter {name!r}: allowed are {', '.join(names)}")
    return {**drawn, **fixed}
