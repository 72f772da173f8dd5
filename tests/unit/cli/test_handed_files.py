"""What a command is handed in place of a file ends in words: a pipe nobody writes to, a device, a folder."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.lab.scenario_files import FOLDER
from terminal.visit.seal import seal
from tests.flows.cli_rig import EXAMPLE, WATCHDOG_S, command

NOWHERE: Final = "http://127.0.0.1:9"
RESTORE: Final = ("restore", "--config", "none/countertop.toml", "--state", "none/state")
COMMANDS: Final[tuple[tuple[str | Path, ...], ...]] = (
    ("serve", "--config"),
    ("doctor", "--config"),
    ("verify",),
    ("pack", "show"),
    ("pack", "import"),
    ("help-code", "--of"),
    ("lab", "lint"),
    ("lab", "replay"),
    ("lab", "run"),
    ("journal", "check", EXAMPLE, "--checkpoints", EXAMPLE, "--key"),
    ("reconcile", "--url", NOWHERE, "--channel", "wechatpay", "--file"),
    (*RESTORE, EXAMPLE, "--passphrase-file"),
)
NO_FILES: Final[dict[str, tuple[Callable[[Path], object], str]]] = {
    "a pipe": (os.mkfifo, "nobody writes to"),
    "a device": (lambda file: file.symlink_to("/dev/zero"), "neither a plain file nor a pipe"),
    "a folder": (Path.mkdir, "directory"),
}


@pytest.fixture(autouse=True)
def ends() -> Iterator[None]:
    """A command that waits for ever fails instead; nothing here is measured."""

    def hangs(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError("the command waits for what never comes")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.setitimer(signal.ITIMER_REAL, WATCHDOG_S)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(map(str, words)).replace(str(EXAMPLE), "x"))
def test_bad_input_what_is_no_file_is_told_by_every_command(words: tuple[str | Path, ...], tmp_path: Path) -> None:
    for name, (make, why) in NO_FILES.items():
        file = tmp_path / f"{name.replace(' ', '-')}.toml"
        make(file)
        said = command(*words, file)
        assert said.code != 0, name
        assert why in " ".join((said.out + said.err).lower().split()), name


def test_bad_input_a_backup_is_a_plain_file_since_it_is_read_twice(tmp_path: Path) -> None:
    for name, (make, why) in (NO_FILES | {"a device": (NO_FILES["a device"][0], "not a plain file")}).items():
        file = tmp_path / name.replace(" ", "-")
        make(file)
        said = command(*RESTORE, file)
        told = "not a plain file" if name == "a pipe" else why
        assert (said.code, told in " ".join((said.out + said.err).lower().split())) == (2, True), said


def test_what_comes_through_a_pipe_is_read_like_the_file(tmp_path: Path) -> None:
    settings, scenario = EXAMPLE.read_bytes(), min(FOLDER.glob("*.toml")).read_bytes()
    record = seal("pack", {"shop": "x"}, Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))
    for words, content, code in (
        (("doctor", "--config"), settings, 3),
        (("lab", "lint"), scenario, 0),
        (("verify",), record, 0),
    ):
        out, into = os.pipe()
        os.write(into, content)
        os.close(into)
        piped = command(*words, f"/proc/self/fd/{out}")
        os.close(out)
        (tmp_path / "plain").write_bytes(content)
        assert (piped.code, piped.codes) == (code, command(*words, tmp_path / "plain").codes), piped
