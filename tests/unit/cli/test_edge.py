"""What happens around every command: nobody listens, the disk is full, Ctrl-C comes while it is being loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from terminal.cli import edge

SAYS = "from terminal.cli import edge; import sys; sys.exit(edge(lambda: print('x' * 100_000)))"
WATCHDOG_S = 30.0


def test_ctrl_c_before_a_command_is_there_is_an_exit_code_and_no_trace() -> None:
    def loading() -> None:
        raise KeyboardInterrupt

    assert edge(loading) == 130


def test_a_commands_own_exit_code_stays() -> None:
    def ends() -> None:
        sys.exit(4)

    assert edge(ends) == 4
    assert edge(lambda: None) == 0


def test_a_path_that_no_command_minded_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert edge((tmp_path / ("x" * 300)).stat) == 2
    assert capsys.readouterr().err == f"{tmp_path / ('x' * 300)}: File name too long.\n"


def test_a_bug_keeps_its_trace() -> None:
    with pytest.raises(ZeroDivisionError):
        edge(lambda: 1 // 0)
    with pytest.raises(OSError, match="of no path"):
        edge(lambda: (_ for _ in ()).throw(OSError(71, "of no path")))


@pytest.mark.parametrize(
    ("into", "code", "said"),
    [
        (">/dev/full", 1, "The answer could not be written: No space left on device. Send it to another place.\n"),
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
        ("| head -c 1 >/dev/null; exit ${PIPESTATUS[0]}", 1, ""),
    ],
)
def test_what_cannot_be_written_is_told_once_and_leaves_no_trace(into: str, code: int, said: str) -> None:
    words = ("bash", "-c", f'"{sys.executable}" -c "{SAYS}" {into}')
    ended = subprocess.run(
        words, capture_output=True, text=True, timeout=WATCHDOG_S, cwd=Path(__file__).parents[3]
    )
    assert (ended.returncode, ended.stderr) == (code, said)
