"""The journal's envelope: final from the first append. Later work adds types, never fields.

``body`` is canonical JSON data (str, int, bool, None, list, dict with str keys; no float). A part of it,
``index``, tells any store what to project, so that the tables beside the log are rebuilt knowing no types:

* ``owes``: list of effects now owed, each ``{"id", "kind", "counter", "due_ms", …}``
* ``settles``: list of effect ids that are no longer owed
* ``claims``: list of ``[kind, key, value]``: each (kind, key) is taken once for ever
* ``summary``: the subject's row for lists, ``{"kind", "state", "final", "open", …}``, replaced as a whole
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from terminal.payments.replacing import maker

Json = Any  # str | int | bool | None | Sequence[Json] | Mapping[str, Json]
Body = Mapping[str, Json]


class Ledger(StrEnum):
    LIVE = "live"
    TRAINING = "training"
    TEST = "test"


ActorKind = Literal["person", "device", "pos", "system", "provider"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: ``Actor("person", "01J…")``, ``Actor("pos", "key:…")``, ``Actor("system", "engine")``."""

    kind: ActorKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event about to be appended.

    Args:
        stream: one hash chain: ``counter:<id>``, ``store:<id>`` or ``people:<id>``.
        type: past tense, such as ``sale_opened``.
        subject: the id of what it is about (a sale, a person, a device role), for look-ups.
        personal: clear personal data by field; the store keeps only salted commitments of it in the body
            (under ``personal``) and the clear values in a table that can be erased.
    """

    stream: str
    type: str
    subject: str
    actor: Actor
    body: Body
    version: int = 1
    personal: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """A durable event as it stands in the journal."""

    number: int  # database-wide, from 1, gapless in what is published
    stream: str
    position: int  # in the stream, from 1
    type: str
    version: int
    ledger: Ledger
    merchant: str
    store: str
    counter: str  # empty for streams that are not a counter's
    subject: str
    actor: str  # "kind:id"
    wall_ms: int  # UTC
    mono_ns: int
    body: Body
    hash: bytes  # HMAC-SHA-256 over the previous hash and the canonical event


@dataclass(frozen=True, slots=True)
class Owed:
    """An effect the outbox still owes the world."""

    id: str
    kind: str
    counter: str
    subject: str
    number: int  # of the event that owes it
    owed_ms: int  # wall time of that event
    body: Body


@dataclass(frozen=True, slots=True)
class Summary:
    """A subject's row in a list view."""

    subject: str
    counter: str
    first_number: int
    last_number: int
    first_ms: int
    last_ms: int
    body: Body


Events = Sequence[Event]
make_event = maker(Event)  # every event that is written or read is one
