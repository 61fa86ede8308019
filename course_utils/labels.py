"""From what an archive writes under `finding` to the five labels of the course."""

import re

LABELS = ("covid", "normal", "bacterial", "viral", "other")

_NORMAL = {"no finding", "normal"}
_BACTERIA = (
    "bacteria",
    "streptococcus",
    "klebsiella",
    "mycoplasma",
    "legionella",
    "chlamydophila",
    "e.coli",
    "e. coli",
)
_BACTERIA += ("nocardia", "staphylococcus", "mrsa", "tuberculosis")
_VIRUSES = ("viral", "virus", "sars", "mers", "influenza", "varicella", "herpes")
_UNUSABLE = {"", "todo", "unknown", "inconclusive"}


def from_finding(finding: str | None) -> str | None:
    """Return the label of a finding, or None when it cannot be used (blank, "todo", "Unknown").

    Works for every version of the published tables: "COVID-19", "COVID-19, ARDS", and paths such as
    "Pneumonia/Viral/COVID-19". COVID-19 wins over whatever stands beside it; a finding that is neither normal nor named
    after a bacterium or a virus ("ARDS", "Pneumonia", "Pneumonia/Fungal/Pneumocystis") is "other".
    """
    text = (finding or "").strip().lower()
    if text in _UNUSABLE:
        return None
    if "covid" in text:
        return "covid"
    if text in _NORMAL:
        return "normal"
    if _names(text, _BACTERIA):
        return "bacterial"
    return "viral" if _names(text, _VIRUSES) else "other"


def _names(text: str, words: tuple[str, ...]) -> bool:
    return any(re.search(rf"\b{re.escape(word)}", text) for word in words)
