"""What is promised, what was done to break it, how often, and what came out: docs/trust.md, from real runs.

``pytest --trust FILE`` counts, for every number of trust.toml that a test's name carries, the cases that passed
and failed; ``make test`` leaves that file and ``make trust`` prints the page from it. Runs that take longer than
the suite add a line each to trust_runs.toml, with the command that repeats them.
"""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROMISES = Path(__file__).with_name("trust.toml")
RUNS = Path(__file__).with_name("trust_runs.toml")
PARTS = ("units", "others", "stories", "more-stories", "waiting", "windows")  # of tests/run.sh
RESULTS = [ROOT / f".trust-{part}.json" for part in PARTS]
TIMES = "times"  # a test's own count of what it injected: record_property("times", 25000)
KEYS_OF_THE_TILL = "tests/flows/browser/"  # there f1 and f4 are keys, not faults
_NUMBER = re.compile(r"(?<=_)(pr|[idlpvcbawfs])([0-9]{1,2})(?=_|$)")

HEAD = """# Trust: what was done to it, and what held

Made by `make trust` from the results of `make test`; do not edit. *Cases* counts tests that carry the number in
their name, each variant once; *times* what those tests injected where they count it themselves. A simulated shop
meets many of these at once: its figures stand below.
"""


@dataclass(frozen=True)
class Promise:
    number: str
    group: str
    injected: str
    holds: str
    missing: str


@dataclass
class Result:
    passed: int = 0
    failed: int = 0
    times: int = 0


def promises(text: str) -> dict[str, Promise]:
    told = tomllib.loads(text)
    missing = told.pop("missing", {})
    return {
        number: Promise(number, group["title"], said[0], said[1], missing.get(number, ""))
        for group in told.values()
        for number, said in group.items()
        if number != "title"
    }


def numbers(path: str, test: str) -> set[str]:
    """The promises that a test's name carries: ``test_i1_d2_…`` shows I1 and D2."""
    name = test.partition("[")[0]
    found = {f"{letters.upper()}{digits}" for letters, digits in _NUMBER.findall(name)}
    return {x for x in found if not (x[0] == "F" and path.startswith(KEYS_OF_THE_TILL))}


def shown(folder: Path) -> dict[str, list[str]]:
    """Tests by promise, read from their sources."""
    tests: dict[str, list[str]] = {}
    for file in sorted(folder.rglob("test_*.py")):
        path = file.relative_to(folder.parent).as_posix()
        if not _NUMBER.search(text := file.read_text("utf-8")):
            continue
        top = ast.parse(text, path).body
        classes = (node for node in top if isinstance(node, ast.ClassDef))
        for node in (*top, *(inner for each in classes for inner in each.body)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for number in numbers(path, node.name):
                    tests.setdefault(number, []).append(f"{path}::{node.name}")
    return tests


@dataclass(eq=False)  # pytest keeps plugins in sets
class Proving:
    """A pytest plugin: results by promise, also from worker processes."""

    file: Path
    results: dict[str, Result] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.passed and report.when != "call":
            return
        path, _, test = report.nodeid.partition("::")
        times = sum(int(str(value)) for name, value in report.user_properties if name == TIMES)
        for number in numbers(path, test.rpartition("::")[2] or test):
            result = self.results.setdefault(number, Result())
            result.passed += report.passed
            result.failed += report.failed
            result.times += times

    def pytest_sessionfinish(self) -> None:
        told = {number: vars(result) for number, result in sorted(self.results.items())}
        self.file.write_text(json.dumps(told, indent=0) + "\n", "utf-8")


def page(known: dict[str, Promise], results: dict[str, Result], runs: str) -> str:
    return HEAD + "".join(_tables(known, results)) + "".join(_long_runs(runs))


def _tables(known: dict[str, Promise], results: dict[str, Result]) -> Iterator[str]:
    group = ""
    for promise in known.values():
        if promise.group != group:
            group = promise.group
            yield f"\n## {group}\n\n| id | what is done to it | what holds | cases | times | result |\n"
            yield "| --- | --- | --- | --- | --- | --- |\n"
        result = results.get(promise.number, Result())
        times = f"{result.times:,}" if result.times else ""
        cases = result.passed + result.failed
        yield f"| {promise.number} | {promise.injected} | {promise.holds} | {cases} | {times} |"
        yield f" {_verdict(promise, result)} |\n"


def _verdict(promise: Promise, result: Result) -> str:
    if result.failed:
        return f"**{result.failed} failed**"
    word = "held" if result.passed else "**not shown**"
    return f"{word}; missing: {promise.missing}" if promise.missing else word


def _long_runs(text: str) -> Iterator[str]:
    yield "\n## Longer runs\n\n| command | when | what came out |\n| --- | --- | --- |\n"
    for run in tomllib.loads(text).get("runs", []):
        yield f"| `{run['command']}` | {run['when']}, {run['commit']} | {run['came']} |\n"


def unshown(known: dict[str, Promise], tests: dict[str, list[str]]) -> list[str]:
    """Promises with neither a test nor a word on what is missing."""
    return [x.number for x in known.values() if not x.missing and x.number not in tests]


def read_results(*files: Path) -> dict[str, Result]:
    """Of one run that left a file for each of its parts."""
    results: dict[str, Result] = {}
    for file in files:
        for number, told in json.loads(file.read_text("utf-8")).items():
            result = results.setdefault(number, Result())
            for name, count in told.items():
                setattr(result, name, getattr(result, name) + count)
    return results


if __name__ == "__main__":
    if not RESULTS[0].exists():
        sys.exit(f"no results yet: run make test first, it leaves {RESULTS[0].name}")
    left = read_results(*(each for each in RESULTS if each.exists()))
    sys.stdout.write(page(promises(PROMISES.read_text("utf-8")), left, RUNS.read_text("utf-8")))
