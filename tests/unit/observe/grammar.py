"""A strict reader of the text format, written from its document and not from our writer.

Source: Prometheus documentation, "Exposition formats", text-based format, version 0.0.4: lines end with a line
feed, the last one too; names match ``[a-zA-Z_:][a-zA-Z0-9_:]*``; HELP and TYPE stand once, before their samples;
all lines of a metric stand together; a histogram's buckets grow, the last is ``+Inf`` and equals its count.
"""

import re
from dataclasses import dataclass, field

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
VALUE = re.compile(r"[+-]?Inf|NaN|[+-]?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?")


@dataclass
class Metric:
    kind: str = ""
    help: str = ""
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(default_factory=dict)

    def value(self, suffix: str = "", /, **labels: str) -> float:
        (found,) = [
            value
            for (name, pairs), value in self.samples.items()
            if name.endswith(suffix) and labels.items() <= dict(pairs).items()
        ]
        return found


def read(document: str) -> dict[str, Metric]:
    """Raises AssertionError where the document is not of the format."""
    assert document.endswith("\n"), "the last line ends with a line feed"
    found: dict[str, Metric] = {}
    current = ""
    for line in document[:-1].split("\n"):
        if line.startswith(("# HELP ", "# TYPE ")):
            _, word, name, rest = line.split(" ", 3)
            assert re.fullmatch(NAME, name), line
            if name != current:
                assert name not in found, f"{name} stands in two places"
                found[name], current = Metric(), name
            assert not found[name].samples, f"{name}: {word} after its samples"
            if word == "TYPE":
                assert rest in {"counter", "gauge", "histogram", "summary", "untyped"}, line
                found[name].kind = rest
            else:
                found[name].help = rest
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        base = current if match[1] == current else re.sub(r"_(bucket|sum|count)$", "", match[1])
        assert base == current, f"{line} stands apart from {base}"
        assert match[1] == current or found[current].kind == "histogram", line
        assert VALUE.fullmatch(match[3]), line
        key = match[1], labels(match[2] or "")
        assert key not in found[current].samples, f"twice: {line}"
        found[current].samples[key] = float(match[3])
    for name, metric in found.items():
        _check(name, metric)
    return found


def labels(text: str) -> tuple[tuple[str, str], ...]:
    pairs, at = [], 0
    while at < len(text):
        match = LABEL.match(text, at)
        assert match, text
        unescaped = re.sub(r"\\(.)", lambda each: {"n": "\n"}.get(each[1], each[1]), match[2])
        pairs.append((match[1], unescaped))
        at = match.end()
    assert len({name for name, _ in pairs}) == len(pairs), text
    return tuple(sorted(pairs))


def _check(name: str, metric: Metric) -> None:
    assert metric.kind, f"{name} has no type"
    if metric.kind != "histogram":
        return
    series: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    for (sample, pairs), value in metric.samples.items():
        if sample.endswith("_bucket"):
            bound = float(dict(pairs)["le"])
            series.setdefault(tuple(each for each in pairs if each[0] != "le"), []).append((bound, value))
    for pairs, buckets in series.items():
        assert [bound for bound, _ in buckets] == sorted(bound for bound, _ in buckets), name
        counts = [count for _, count in buckets]
        assert counts == sorted(counts), f"{name}: buckets are cumulative"
        assert buckets[-1][0] == float("inf"), name
        assert metric.samples[f"{name}_count", pairs] == counts[-1], name
        assert (f"{name}_sum", pairs) in metric.samples, name
