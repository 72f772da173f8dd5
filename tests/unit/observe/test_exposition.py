"""The metrics' text, read back by a reader of its own: escaping, buckets, bounds of what can be there."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.observe.exposition import SERIES_MAX, Histograms, counter, gauge, number, one, text
from tests.unit.observe.grammar import read


@given(st.dictionaries(st.tuples(st.text(), st.text()), st.floats(allow_nan=False), max_size=8), st.text())
def test_whatever_stands_in_a_label_is_read_back_as_it_was(
    values: dict[tuple[str, str], float], help_: str
) -> None:
    metric = read(text([gauge("g", help_, values.items(), "a", "b")]))["g"]
    assert metric.samples == {("g", (("a", a), ("b", b))): value for (a, b), value in values.items()}


@given(st.lists(st.floats(0, 1000), max_size=30))
def test_a_histogram_counts_every_value_once_and_on_the_right_side_of_its_bounds(seen: list[float]) -> None:
    histograms = Histograms((0.1, 1.0, 10.0))
    for each in seen:
        histograms.observe(each)
    metric = read(text([histograms.family("h", "")]))["h"]
    assert metric.value("_count") == len(seen)
    assert metric.value("_bucket", le="1") == sum(each <= 1.0 for each in seen)
    assert metric.value("_sum") == pytest.approx(sum(seen))


def test_labels_are_bounded_however_many_values_somebody_finds() -> None:
    histograms = Histograms((1.0,), ("channel",))
    for each in range(SERIES_MAX + 50):
        histograms.observe(0.5, f"c{each}")
    metric = read(text([histograms.family("h", "")]))["h"]
    assert len({dict(pairs)["channel"] for _, pairs in metric.samples}) == SERIES_MAX + 1
    assert metric.value("_count", channel="other") == 50


def test_numbers_and_families_without_samples_are_of_the_format() -> None:
    assert [number(each) for each in (3.0, 0.25, math.inf, -math.inf, 1e300)] == [
        "3",
        "0.25",
        "+Inf",
        "-Inf",
        "1e+300",
    ]
    told = read(text([counter("c_total", "nothing yet", (), "a"), one("g", "one\nline \\", 2)]))
    assert told["c_total"].samples == {}
    assert told["g"].help == r"one\nline \\"
