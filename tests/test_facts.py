"""A fact prints one line, is recorded as JSON, and fails loudly when it does not hold."""

import json
import math

import numpy as np
import pytest

from course_utils import facts
from course_utils.evaluation import Estimate


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Return a function that reads the recorded facts."""
    path = tmp_path / "build" / "facts.jsonl"
    monkeypatch.setenv("COURSE_FACTS", str(path))
    monkeypatch.setenv("COURSE_DATA", "simulated")
    facts.begin("00_start_here")
    return lambda: [json.loads(line, parse_constant=pytest.fail) for line in path.read_text("utf-8").splitlines()]


def test_an_estimate_is_printed_and_recorded(recorded, capsys):
    facts.check("test_auc", Estimate(0.998, 0.994, 1.0, 52), band=(0.95, 1.0), text="AUC on held-out patients")
    assert capsys.readouterr().out == (
        "✔ test_auc: AUC on held-out patients = 0.998 [0.994, 1.000], n = 52 (claimed: 0.95 to 1)\n"
    )
    assert recorded() == [
        {
            "notebook": "00_start_here",
            "name": "test_auc",
            "value": 0.998,
            "low": 0.994,
            "high": 1.0,
            "n": 52,
            "band": [0.95, 1.0],
            "source": "simulated",
        }
    ]


@pytest.mark.parametrize(
    ("value", "options", "shown"),
    [
        (7, {}, "7"),
        (np.int64(7), {"n": 20}, "7, n = 20"),
        (7.0, {}, "7.000"),
        (np.float32(7.25), {"digits": 1, "n": 3}, "7.2, n = 3"),
    ],
)
def test_numbers_are_printed_and_recorded(recorded, capsys, value, options, shown):
    facts.check("films", value, (5, 10), "films read", **options)
    assert capsys.readouterr().out == f"✔ films: films read = {shown} (claimed: 5 to 10)\n"
    (fact,) = recorded()
    assert (fact["value"], fact["low"], fact["high"], fact["n"]) == (float(value), None, None, options.get("n"))


@pytest.mark.parametrize("value", [5, 10, 5.0])
def test_both_ends_of_the_band_belong_to_it(recorded, value):
    facts.check("films", value, (5, 10), "films read")


@pytest.mark.parametrize("value", [4.999, 10.001, math.nan, math.inf])
def test_a_claim_that_fails_is_recorded_and_then_raised(recorded, capsys, value):
    with pytest.raises(AssertionError, match=r"films: films read = .*claimed: 5 to 10.*does not hold for these images"):
        facts.check("films", value, (5, 10), "films read")
    assert capsys.readouterr().out.startswith("✘ films: ")
    (fact,) = recorded()
    assert fact["value"] == (value if math.isfinite(value) else None)


def test_a_band_without_an_end_is_recorded_as_json(recorded):
    facts.check("ratio", 12.5, (10, math.inf), "times faster")
    assert recorded()[0]["band"] == [10, None]


def test_an_interval_that_is_not_known_is_recorded_as_json(recorded):
    facts.check("auc", Estimate(0.9, math.nan, math.nan, 3), (0.5, 1), "AUC")
    assert (recorded()[0]["low"], recorded()[0]["high"]) == (None, None)


@pytest.mark.parametrize("band", [(1, 0), (math.nan, 1)])
def test_a_band_upside_down_is_refused_and_not_recorded(recorded, tmp_path, band):
    with pytest.raises(ValueError, match="fact films: the band .* is upside down"):
        facts.check("films", 0.5, band, "films read")
    assert not (tmp_path / "build").exists()


def test_facts_are_appended_in_order(recorded):
    for name in ("first", "zweite Fläche"):
        facts.check(name, 1, (0, 2), name)
    facts.begin("01_dataset_curation")
    facts.check("third", 1, (0, 2), "third")
    assert [(f["notebook"], f["name"]) for f in recorded()] == [
        ("00_start_here", "first"),
        ("00_start_here", "zweite Fläche"),
        ("01_dataset_curation", "third"),
    ]


def test_the_source_is_recorded(recorded, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "xray"))
    facts.check("films", 1, (0, 2), "films")
    assert recorded()[0]["source"] == "xray"


@pytest.mark.parametrize("unset", [None, ""])
def test_without_course_facts_nothing_is_written(recorded, monkeypatch, tmp_path, unset):
    monkeypatch.delenv("COURSE_FACTS") if unset is None else monkeypatch.setenv("COURSE_FACTS", unset)
    facts.check("films", 1, (0, 2), "films")
    assert list(tmp_path.iterdir()) == []
