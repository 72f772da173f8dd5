"""Events as canonical bytes and the keyed chain over them. Pure: no file, no clock, no chance."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from terminal.journal.keys import JournalKeys
from terminal.payments.event import Body, Event, Json, Ledger, NewEvent, make_event

ZERO: Final = bytes(32)  # the hash before the first event of a stream
BODY_MAX: Final = 256 * 1024  # bytes of one canonical body
_DEPTH_MAX: Final = 16
_INT_LIMIT: Final = 1 << 63  # what SQL and every reader of the export can hold
_STREAM: Final = re.compile(r"[a-z]{1,32}:[0-9A-Za-z._-]{1,64}")
_TYPE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
NAMES: Final = 256  # of streams and types whose form was looked at last: a house has few, and every event two
_LEDGERS: Final = {str(each): each for each in Ledger}
_HOLDERS: Final = frozenset({dict, list, tuple})
_LEAVES: Final = frozenset({str, bool, type(None)})
_encoder: Final = msgspec.json.Encoder(order="sorted", enc_hook=dict)


class BadRow(Exception):
    """A stored event is not what was written. ``reason`` is one short word for reports."""

    def __init__(self, number: int, reason: str, detail: str = "") -> None:
        super().__init__(f"event {number}: {reason} {detail}".rstrip())
        self.number, self.reason, self.detail = number, reason, detail


class Row(NamedTuple):
    """One event as it stands in the table, in the order of its columns."""

    number: int
    stream: str
    position: int
    type: str
    version: int
    ledger: str
    merchant: str
    store: str
    counter: str
    subject: str
    actor: str
    wall_ms: int
    mono_ns: int
    body: str
    key_id: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose journal it is. Every row carries it; a file of another shop or ledger is refused."""

    merchant: str
    store: str
    ledger: Ledger


def encode(value: Json) -> bytes:
    """Canonical JSON: keys sorted by code point, no blanks, UTF-8, no floats (RFC 8785 says the same)."""
    return _encoder.encode(value)


def decode(text: str | bytes) -> Body:
    body: Body = msgspec.json.decode(text)
    return body


def is_plain(value: Json, depth: int = _DEPTH_MAX) -> bool:
    """Whether ``value`` is canonical data: str, bool, None, ints of 64 bits, lists, dicts with str keys."""
    kind = type(value)
    if kind not in _HOLDERS:
        if kind in _LEAVES or isinstance(value, str):
            return True
        if isinstance(value, int):
            return -_INT_LIMIT <= value < _INT_LIMIT
    if depth == 0:
        return False
    if kind is dict or (kind not in _HOLDERS and isinstance(value, Mapping)):
        for key in value:
            if type(key) is not str:
                return False
        inner: Iterable[Json] = value.values()
    elif kind in _HOLDERS or isinstance(value, list | tuple):
        inner = value
    else:
        return False
    for each in inner:  # every event comes by: no generator, and no call for texts and small numbers
        leaf = type(each)
        if leaf in _LEAVES or (leaf is int and -_INT_LIMIT <= each < _INT_LIMIT):
            continue
        if not is_plain(each, depth - 1):
            return False
    return True


@lru_cache(NAMES)
def _is_stream(text: str) -> bool:
    return _STREAM.fullmatch(text) is not None


@lru_cache(NAMES)
def _is_type(text: str) -> bool:
    return _TYPE.fullmatch(text) is not None


def check(event: NewEvent) -> None:
    """Only a bug can break these, so they are assertions: nothing of a caller's mistake reaches the file."""
    assert _is_stream(event.stream), event.stream
    assert _is_type(event.type), event.type
    assert 0 < len(event.subject) <= 128, event.subject
    assert 0 < event.version < 1 << 16, event.version
    assert is_plain(event.body), f"{event.type}: a body holds str, int, bool, None, list and dict only"
    assert not event.personal or "personal" not in event.body, f"{event.type}: personal is set by the journal"


def counter_of(stream: str) -> str:
    kind, _, name = stream.partition(":")
    return name if kind == "counter" else ""


def commitment(salt: bytes, name: str, value: str) -> str:
    """What the chained body holds of a personal value: useless without the salt, which is erased with it (PR9)."""
    assert len(salt) == 32, "a guessable value needs a whole salt"
    return "c1:" + hmac.digest(salt, encode([name, value]), "sha256").hex()


def canonical(row: Row) -> bytes:
    """The bytes that are chained: every field but the hash. The head holds no newline, so the cut is sure."""
    return _chained(row[:13], row.key_id, row.body)


def _chained(before: tuple[Json, ...], key_id: str, body: str) -> bytes:
    """``before``: the fields in front of the body."""
    return encode((*before, key_id)) + b"\n" + body.encode()


@dataclass(slots=True)
class Head:
    position: int
    hash: bytes


@dataclass(slots=True)
class Chain:
    """Where the log stands: last number, every stream's head, and a running unkeyed digest for outsiders.

    ``seal`` writes the next event, ``follow`` checks one that was read; both go forward by one.
    """

    keys: JournalKeys
    number: int = 0
    digest: bytes = ZERO
    heads: dict[str, Head] = field(default_factory=dict)

    def seal(self, row: Row) -> Row:
        """Fill in number, position and hash."""
        head = self.heads.get(row.stream) or Head(0, ZERO)
        filled = (self.number + 1, row.stream, head.position + 1, *row[3:13])
        message = _chained(filled, row.key_id, row.body)
        row = Row._make((*filled, row.body, row.key_id, self.keys.mac(row.key_id, head.hash + message)))
        self._forward(row, message)
        return row

    def follow(self, row: Row) -> None:
        """Raises BadRow: ``gap``, ``position``, ``key`` or ``hash``."""
        head = self.heads.get(row.stream) or Head(0, ZERO)
        if row.number != self.number + 1:
            raise BadRow(self.number + 1, "gap", f"found {row.number}")
        if row.position != head.position + 1:
            raise BadRow(row.number, "position", f"{row.stream} has {head.position}, then {row.position}")
        if not self.keys.knows(row.key_id):
            raise BadRow(row.number, "key", row.key_id)
        message = canonical(row)
        if not hmac.compare_digest(self.keys.mac(row.key_id, head.hash + message), row.hash):
            raise BadRow(row.number, "hash")
        self._forward(row, message)

    def root(self) -> bytes:
        """A digest of all stream heads: knowing it, the rows behind the heads need not be read at start."""
        state = hashlib.sha256()
        for stream in sorted(self.heads):
            head = self.heads[stream]
            state.update(encode([stream, head.position, head.hash.hex()]))
        return state.digest()

    def _forward(self, row: Row, message: bytes) -> None:
        self.number = row.number
        if head := self.heads.get(row.stream):
            head.position, head.hash = row.position, row.hash
        else:
            self.heads[row.stream] = Head(row.position, row.hash)
        self.digest = hashlib.sha256(self.digest + message).digest()


def event_of(row: Row) -> Event:
    return make_event(  # in order and not by name: every event comes by here
        row.number,
        row.stream,
        row.position,
        row.type,
        row.version,
        _LEDGERS[row.ledger],
        row.merchant,
        row.store,
        row.counter,
        row.subject,
        row.actor,
        row.wall_ms,
        row.mono_ns,
        decode(row.body),
        row.hash,
    )
