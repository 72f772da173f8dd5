"""A locked file opens with its passphrase, whole and unchanged, or not at all (S43)."""

import io

import pytest

from terminal.chance import Chance
from terminal.errors import JournalError
from terminal.journal.strongbox import MAGIC, PIECE, lock, unlock

PHRASE = "five words on a paper"
COST = 2**10


def locked(data: bytes, phrase: str = PHRASE) -> bytes:
    out = io.BytesIO()
    lock([data[at : at + 1000] for at in range(0, len(data), 1000)], out, phrase, Chance("box"), n=COST)
    return out.getvalue()


def opened(data: bytes, phrase: str = PHRASE) -> bytes:
    return b"".join(unlock(io.BytesIO(data), phrase))


def refused(data: bytes, phrase: str = PHRASE) -> str:
    with pytest.raises(JournalError) as error:
        opened(data, phrase)
    return error.value.slug


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_s43_what_went_in_comes_out(size: int) -> None:
    data = Chance("data").bytes(size)
    assert opened(locked(data)) == data
    assert size < 100 or data[:64] not in locked(data)


def test_s43_another_passphrase_opens_nothing() -> None:
    assert refused(locked(b"x" * 3 * PIECE), "five words on a napkin") == "backup_locked"


def test_s43_every_changed_byte_is_found() -> None:
    whole = locked(b"x" * (PIECE + 100))
    for at in [*range(0, len(MAGIC) + 140, 7), len(whole) // 2, len(whole) - 1]:
        spoilt = bytearray(whole)
        spoilt[at] ^= 1
        assert refused(bytes(spoilt)) in {"backup_locked", "backup_cut", "backup_not_ours"}, at


@pytest.mark.parametrize("cut", [1, 16, 100, 100 + 16])
def test_s43_an_end_that_was_cut_off_is_missed(cut: int) -> None:
    """Also where exactly a whole piece is gone: each is bound to be the last or not to be."""
    assert refused(locked(b"x" * (PIECE + 100))[:-cut]) == "backup_cut"


def test_s43_pieces_keep_their_places() -> None:
    whole = locked(b"a" * PIECE + b"b" * PIECE + b"c")
    head = whole.index(b"\n", len(MAGIC)) + 1
    one, two = whole[head : head + PIECE + 16], whole[head + PIECE + 16 : head + 2 * (PIECE + 16)]
    assert refused(whole[:head] + two + one + whole[head + 2 * (PIECE + 16) :]) == "backup_locked"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        MAGIC,
        MAGIC + b"{}\n",
        MAGIC + b'{"n":1073741824,"r":8,"p":1,"salt":"00","nonce":"00"}\n',
    ],
)
def test_s43_a_file_of_somebody_else_is_told_at_once_and_costs_no_memory(data: bytes) -> None:
    assert refused(data) == "backup_not_ours"
