"""``make test`` says FAILED, and by which name, whatever part of it fails, is killed or runs nothing.

The script is the real one; ruff, mypy, pytest and coverage are programs that end as a case wants.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.source import ROOT
from tests.trust import PARTS

WATCHDOG_S: Final = 60
PLAYED: Final = """#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
case "$(basename "$0") $*" in
  *"$ENDS"*) eval "$HOW" ;;
esac
[ -z "${COVERAGE_FILE:-}" ] || echo lines >"$COVERAGE_FILE"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout as far as the script looks at one, and programs before all others on the path."""
    (tmp_path / "tests").mkdir()
    for each in (ROOT / "tests").iterdir():
        if each.name != "run.sh":
            (tmp_path / "tests" / each.name).symlink_to(each)
    shutil.copy(ROOT / "tests" / "run.sh", tmp_path / "tests" / "run.sh")
    (tmp_path / "bin").mkdir()
    for name in ("ruff", "mypy", "python", "chromium"):
        program = tmp_path / "bin" / name
        program.write_text(PLAYED)
        program.chmod(0o755)
    return tmp_path


def run(place: Path, ends: str, how: str, *arguments: str) -> tuple[int, str]:
    """Exit code and what it said; a program with ``ends`` in its command line does what ``how`` says in shell."""
    done = subprocess.run(
        ["sh", "tests/run.sh", *arguments],
        cwd=place,
        env={
            "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
            "CALLS": str(place / "calls"),
            "ENDS": ends,
            "HOW": how,
        },
        capture_output=True,
        text=True,
        timeout=WATCHDOG_S,
    )
    return done.returncode, done.stdout


def test_all_parts_that_end_well_are_a_yes(place: Path) -> None:
    code, said = run(place, "nothing at all", "")
    assert (code, said.splitlines()[-1]) == (0, "all stages passed")


@pytest.mark.parametrize(
    ("ends", "how", "failed"),
    [
        ("ruff check", "exit 1", "lint"),
        ("mypy", "exit 1", "types"),
        *((f"trust=.trust-{part}.json", "exit 1", part) for part in PARTS),
        ("trust=.trust-units.json", "exit 5", "units"),  # pytest's word for: there was no test
        ("trust=.trust-others.json", "kill -9 $$", "others"),
        ("trust=.trust-stories.json", "kill -9 $$", "stories"),
        ("trust=.trust-waiting.json", "kill -9 $PPID", "waiting"),  # not even its own last line is left
        ("trust=.trust-more-stories.json", "exit 0", "coverage-of-more-stories"),  # it measured nothing
        ("trust=.trust-stories.json", "exit 0", "coverage-of-stories"),
        ("coverage combine", "exit 1", "coverage"),
        ("coverage report", "exit 2", "coverage"),
    ],
)
def test_whatever_fails_is_named_and_the_run_with_it(place: Path, ends: str, how: str, failed: str) -> None:
    code, said = run(place, ends, how)
    assert (code, said.splitlines()[-1].split()[:2]) == (1, ["FAILED:", failed])


@pytest.mark.parametrize(
    ("how", "failed"), [("exit 1", "tests"), ("exit 5", "tests"), ("exit 0", "coverage-of-tests")]
)
def test_of_a_choice_of_tests_too(place: Path, how: str, failed: str) -> None:
    code, said = run(place, "pytest", how, "tests/unit/pos")
    assert (code, said.splitlines()[-1].split()[:2]) == (1, ["FAILED:", failed])


def selected(place: Path, call: str) -> set[str]:
    """The test files that pytest would collect for this command line, as paths below the checkout."""
    words = call.split()
    out = [word.removeprefix("--ignore=") for word in words if word.startswith("--ignore=")]
    chosen = [word for word in words if word == "tests" or word.startswith("tests/")]
    assert chosen
    found: set[str] = set()
    for each in chosen:
        at = ROOT / each
        assert at.exists(), f"{each} is given to pytest and is not there"
        found |= {str(file.relative_to(ROOT)) for file in ([at] if at.is_file() else at.rglob("test_*.py"))}
    return {file for file in found if not any(file == each or file.startswith(f"{each}/") for each in out)}


def test_every_file_of_tests_is_in_one_part_and_in_one_only(place: Path) -> None:
    run(place, "nothing at all", "")
    calls = [call for call in (place / "calls").read_text().splitlines() if "-m pytest" in call]
    assert len(calls) == len(PARTS)
    parts = Counter(file for call in calls for file in selected(place, call))
    everything = {str(each.relative_to(ROOT)) for each in (ROOT / "tests").rglob("test_*.py")}
    assert parts.keys() == everything
    assert [file for file, count in parts.items() if count > 1] == []


def test_what_reads_all_sources_is_in_one_part_which_reads_them_once(place: Path) -> None:
    run(place, "nothing at all", "")
    calls = [call for call in (place / "calls").read_text().splitlines() if "-m pytest" in call]
    reads = re.compile(r"^from tests\.architecture\.source import .*\bproduct\b", re.MULTILINE)
    readers = [
        {file for file in selected(place, call) if reads.search((ROOT / file).read_text())} for call in calls
    ]
    assert [sorted(each)[0] for each in readers if each] == ["tests/test_architecture.py"], readers


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_ended_ends_its_tests_first_and_leaves_nothing(
    place: Path, how: signal.Signals, code: int
) -> None:
    """Each is interrupted once, as a terminal does it to all at once: twice would break what it takes down."""
    (place / "tmp").mkdir()
    told = place / "told"
    ended = 'trap "sleep 0.2; echo down >>$TOLD; kill \\$!; exit 2" INT'
    waits = f"{ended}; sleep 60 & echo up $$ >>$TOLD; while :; do wait $!; done"
    script = subprocess.Popen(
        ["sh", "tests/run.sh"], cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True, restore_signals=False,  # many who start it for us ignore SIGPIPE, as Python does
        env={
            "PATH": f"{place / 'bin'}:{os.environ['PATH']}", "CALLS": str(place / "calls"), "TOLD": str(told),
            "TMPDIR": str(place / "tmp"), "ENDS": "-m pytest", "HOW": waits,
        },
    )  # fmt: skip
    try:
        until = time.monotonic() + WATCHDOG_S
        while (told.read_text().count("up") if told.exists() else 0) < len(PARTS):
            assert time.monotonic() < until
            time.sleep(0.02)
        if how is signal.SIGINT:
            os.killpg(script.pid, how)
        else:
            script.send_signal(how)
        _, errors = script.communicate(timeout=WATCHDOG_S)
        assert (script.returncode, [line for line in errors.splitlines() if "I/O" in line]) == (code, [])
        lines = told.read_text().splitlines()
        assert lines.count("down") == len(PARTS)
        began = [int(line.split()[1]) for line in lines if line != "down"]
        assert [pid for pid in began if Path(f"/proc/{pid}").exists()] == []
        assert list((place / "tmp").iterdir()) == []
    finally:
        with suppress(ProcessLookupError):
            os.killpg(script.pid, signal.SIGKILL)
