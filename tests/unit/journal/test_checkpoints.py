from pathlib import Path

import pytest

from terminal.chance import Chance
from terminal.errors import JournalError
from terminal.journal.checkpoints import Checkpoints, read_checkpoints
from terminal.journal.keys import JournalKeys
from terminal.journal.records import Chain
from tests.unit.journal.world import KEYS


def three(path: Path) -> Checkpoints:
    file = Checkpoints(path, KEYS.signer)
    for n in range(3):
        file.append(Chain(KEYS, n), database="d", wall_ms=n, kind="regular")
    return file


def test_s52_lines_are_signed_and_linked(tmp_path: Path) -> None:
    path = tmp_path / "c"
    three(path)
    found = read_checkpoints(path, KEYS.signer.public_key())
    assert [each.number for each in found] == [0, 1, 2]
    assert Checkpoints(path, KEYS.signer).last == found[-1]


def test_s52_any_changed_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "c"
    three(path)
    whole = path.read_bytes()
    for place in range(0, len(whole) - 1, 3):  # without the last newline: that is a torn write
        bit = 1 if place % 2 else 0x80  # and no UTF-8 any more
        path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        with pytest.raises(JournalError, match="checkpoints_damaged"):
            read_checkpoints(path, KEYS.signer.public_key())


def test_a_line_taken_out_of_the_middle_is_found(tmp_path: Path) -> None:
    path = tmp_path / "c"
    three(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(JournalError, match="checkpoints_damaged"):
        Checkpoints(path, KEYS.signer)


def test_d2_a_torn_last_line_was_never_relied_on(tmp_path: Path) -> None:
    path = tmp_path / "c"
    three(path)
    whole = path.read_bytes()
    start = len(b"".join(whole.splitlines(keepends=True)[:2]))
    for end in range(start, len(whole), 11):
        path.write_bytes(whole[:end])
        file = Checkpoints(path, KEYS.signer)
        assert file.last is not None
        assert file.last.number == 1
        file.append(Chain(KEYS, 7), database="d", wall_ms=9, kind="asked")
        assert [each.number for each in read_checkpoints(path, KEYS.signer.public_key())] == [0, 1, 7]


def test_another_key_signed_nothing_here(tmp_path: Path) -> None:
    path = tmp_path / "c"
    three(path)
    with pytest.raises(JournalError, match="checkpoints_damaged"):
        Checkpoints(path, JournalKeys.make(Chance("other")).signer)
