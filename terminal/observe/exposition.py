"""Metrics as text that Prometheus and its kin read; a writer of our own: a client library keeps global state,
threads and locks that a service with one loop and a closed list of families has no use for.

Source: Prometheus documentation, "Exposition formats", text-based format, version 0.0.4.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SERIES_MAX: Final = 400  # of one family: labels are names of ours and of the settings, never of a sale
OTHER: Final = "other"

Kind = Literal["counter", "gauge", "histogram"]
Labels = Mapping[str, str]
Values = Iterable[tuple[tuple[str, ...], float]]
"""Values of a family, each with its labels' values in the order of the labels."""


@dataclass(frozen=True, slots=True)
class Sample:
    """``name`` as it is written, with the family's suffix."""

    name: str
    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    kind: Kind
    help: str
    samples: Sequence[Sample]


def counter(name: str, help_: str, values: Values, *labels: str) -> Family:
    return Family(name, "counter", help_, _samples(name, values, labels))


def gauge(name: str, help_: str, values: Values, *labels: str) -> Family:
    return Family(name, "gauge", help_, _samples(name, values, labels))


def one(name: str, help_: str, value: float, kind: Kind = "gauge") -> Family:
    return Family(name, kind, help_, [Sample(name, {}, value)])


def _samples(name: str, values: Values, labels: tuple[str, ...]) -> list[Sample]:
    return [Sample(name, dict(zip(labels, key, strict=True)), value) for key, value in sorted(values)]


@dataclass(slots=True)
class Histogram:
    """Counts by upper bound, in seconds; what a family of them has in common is its bounds."""

    bounds: tuple[float, ...]
    sum: float = 0.0
    counts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def samples(self, name: str, labels: Labels) -> Iterable[Sample]:
        total = 0
        for bound, count in zip((*self.bounds, math.inf), self.counts, strict=True):
            total += count
            yield Sample(f"{name}_bucket", {**labels, "le": number(bound)}, total)
        yield Sample(f"{name}_sum", labels, self.sum)
        yield Sample(f"{name}_count", labels, total)


@dataclass(slots=True)
class Histograms:
    """One histogram a set of labels; beyond ``SERIES_MAX`` sets everything new is one called other."""

    bounds: tuple[float, ...]
    labels: tuple[str, ...] = ()
    _by: dict[tuple[str, ...], Histogram] = field(default_factory=dict)

    def observe(self, value: float, *key: str) -> None:
        if key not in self._by and len(self._by) >= SERIES_MAX:
            key = (OTHER,) * len(self.labels)
        self._by.setdefault(key, Histogram(self.bounds)).observe(value)

    def family(self, name: str, help_: str) -> Family:
        known = sorted(self._by.items()) or ([] if self.labels else [((), Histogram(self.bounds))])
        samples = [
            each
            for key, histogram in known
            for each in histogram.samples(name, dict(zip(self.labels, key, strict=True)))
        ]
        return Family(name, "histogram", help_, samples)


def number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)


def text(families: Iterable[Family]) -> str:
    """The whole document; families without samples keep their help and type, so that readers know them."""
    lines = []
    for each in families:
        escaped = each.help.replace("\\", r"\\").replace("\n", r"\n")
        lines += [f"# HELP {each.name} {escaped}", f"# TYPE {each.name} {each.kind}"]
        lines += [f"{sample.name}{_labels(sample.labels)} {number(sample.value)}" for sample in each.samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
