"""Bodies and answers of the webhooks' part of the API."""

from typing import Annotated

import msgspec

from terminal.web.shapes.form import Form, Label, Name, Number

EventType = Annotated[str, msgspec.Meta(min_length=1, max_length=40, extra_json_schema={"pattern": "^[a-z_]+$"})]
EventTypes = Annotated[tuple[EventType, ...], msgspec.Meta(max_length=100)]
Counters = Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)]
Address = Annotated[
    str, msgspec.Meta(min_length=1, max_length=500, description="https; no password, no fragment.")
]
LETTERS_MAX = 256


class NewHook(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``events``: types of the catalogue; none means all. ``counters`` too; with some, none of the store."""

    label: Label
    url: Address
    events: EventTypes = ()
    counters: Counters = ()


class HookChange(NewHook, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole endpoint as it shall be. One that is switched on hears of what comes from now on."""

    on: bool = True


class HookRotation(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``overlap_h``: how many hours the old secret signs beside the new one."""

    overlap_h: Annotated[int, msgspec.Meta(ge=0, le=720)] = 24


class SendAgain(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``after``: everything with a higher number is delivered once more, in order."""

    after: Number


class LetterChoice(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Numbers of events on the list; none means all of it."""

    numbers: Annotated[tuple[Number, ...], msgspec.Meta(max_length=LETTERS_MAX)] = ()


class LettersQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``after``: the number of the last row seen."""

    after: Number = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=LETTERS_MAX)] = 50


class HookView(msgspec.Struct, frozen=True):
    """An endpoint; never its secret.

    ``state``: on, off (by a person), gone (it answered 410). ``position``: the number of the last event done with,
    ``behind``: how many numbers there are after it. ``failing_ms``: since when it takes nothing, 0 while it does;
    ``why`` and ``status``: of the newest failure. ``letters``: undelivered events on its list, ``lost``: how many
    the list had no room for. ``version`` is its ETag.
    """

    id: str
    label: str
    url: str
    events: list[str]
    counters: list[str]
    state: str
    version: int
    position: int
    behind: int
    failing_ms: int
    why: str
    status: int
    letters: int
    lost: int
    old_until_ms: int


class HookList(msgspec.Struct, frozen=True):
    hooks: list[HookView]


class MadeHook(msgspec.Struct, frozen=True):
    """``secret`` is told once; it is kept sealed."""

    hook: HookView
    secret: str


class LetterRow(msgspec.Struct, frozen=True):
    """An event that was never taken. ``asked``: it is about to be delivered again."""

    number: int
    event_type: str
    counter: str
    why: str
    status: int
    at_ms: int
    asked: bool


class LetterList(msgspec.Struct, frozen=True):
    """Oldest first; ``next`` is the ``after`` of the next page, null at the end."""

    letters: list[LetterRow]
    next: int | None


class LettersDone(msgspec.Struct, frozen=True):
    """How many events of the list it was about."""

    count: int
