"""What the journal knows of people, devices and keys: pure folds of their events, and the summaries they leave.

The summary of the newest event holds all of a record, so that a start reads one row for each instead of years of
sign-ins; folding the events themselves gives the same (a test compares).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from terminal.payments.event import Body
from terminal.people import lockout
from terminal.people.lockout import Tally
from terminal.people.roles import Role

STRANGERS: Final = "strangers"  # the one record of wrong codes and unknown names, by device

FIRSTS: Final = frozenset(  # what a record may begin with
    (
        "person_added", "visitor_added", "till_paired", "display_paired", "visitor_display_paired", "api_key_made",
        "code_refused", "code_accepted", "stranger_refused",
    )
)  # fmt: skip

NOTES: Final = frozenset({"act_refused", "session_ended"})  # events that change no record


@dataclass(frozen=True, slots=True)
class Person:
    """``until_ms``: wall time UTC when a visitor's login ends, 0 for who stays. ``second``: a sealed secret."""

    id: str
    label: str
    role: Role
    pin: str  # a record of ``pins.Pins``
    active: bool = True
    tries: Tally = field(default_factory=dict)
    until_ms: int = 0
    second: str = ""
    step: int = 0  # of the newest code that was taken
    recovery: tuple[str, ...] = ()  # hashes of those not used yet
    code_tries: Tally = field(default_factory=dict)  # wrong codes: a right PIN alone clears none of them


@dataclass(frozen=True, slots=True)
class Device:
    """A paired till or customer display. ``token`` is a hash; ``until_ms``: as of a person."""

    id: str
    label: str
    counter: str
    token: str
    active: bool = True
    role: Role = Role.TILL
    until_ms: int = 0


@dataclass(frozen=True, slots=True)
class ApiKey:
    """``token`` is a hash; ``expires_ms`` is wall time UTC; no counters means all of them.

    ``used_ms``: the first use of the newest day it was used on, 0 for never. ``made_by``: an actor; empty of one
    that is older than this was asked for.
    """

    id: str
    label: str
    token: str
    scopes: tuple[str, ...]
    counters: tuple[str, ...]
    expires_ms: int
    active: bool = True
    used_ms: int = 0
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class Strangers:
    """Wrong pairing and set-up codes and tries for unknown people, by device."""

    id: str
    tries: Tally = field(default_factory=dict)
    active: bool = True


Record = Person | Device | ApiKey | Strangers


def evolve(record: Record | None, subject: str, kind: str, body: Body, at_ns: int, actor: str = "") -> Record:
    """The record after one event; ``at_ns`` is monotonic time. An event of the wrong kind is a bug."""
    match kind, record:
        case "person_added", None:
            return Person(subject, body["label"], Role(body["role"]), body["pin"])
        case "visitor_added", None:
            role, until_ms = Role(body["role"]), body["until_ms"]
            return Person(subject, body["label"], role, body["pin"], until_ms=until_ms)
        case "till_paired", None:
            return Device(subject, body["label"], body["counter"], body["token"])
        case "display_paired", None:
            return Device(subject, body["label"], body["counter"], body["token"], role=Role.DISPLAY)
        case "visitor_display_paired", None:
            counter, until_ms = body["counter"], body["until_ms"]
            return Device(subject, body["label"], counter, body["token"], role=Role.DISPLAY, until_ms=until_ms)
        case "api_key_made", None:
            scopes, counters = tuple(body["scopes"]), tuple(body["counters"])
            ends = body["expires_ms"]
            return ApiKey(subject, body["label"], body["token"], scopes, counters, ends, made_by=actor)
        case "code_refused" | "stranger_refused", Strangers() | None:
            known = record or Strangers(subject)
            return replace(known, tries=lockout.refused(known.tries, body["device"], at_ns))
        case "code_accepted", Strangers() | None:
            known = record or Strangers(subject)
            return replace(known, tries=lockout.accepted(known.tries, body["device"]))
        case _, Person() if kind in _OF_PERSONS:
            return _person(record, kind, body, at_ns)
        case "api_key_ends", ApiKey():
            return replace(record, expires_ms=body["expires_ms"])
        case "api_key_used", ApiKey():
            return replace(record, used_ms=body["at_ms"])
        case (("person_disabled" | "device_removed" | "api_key_revoked"), Person() | Device() | ApiKey()):
            return replace(record, active=False)
    raise AssertionError(f"{kind} cannot happen to {record!r:.60}")


_OF_PERSONS: Final = frozenset(
    {
        *("pin_refused", "pin_accepted", "pin_unlocked", "pin_set"),
        *("second_step_set", "second_step_removed", "second_step_passed", "second_step_refused"),
    }
)


def _person(person: Person, kind: str, body: Body, at_ns: int) -> Person:
    match kind:
        case "pin_refused":
            return replace(person, tries=lockout.refused(person.tries, body["device"], at_ns))
        case "second_step_refused":
            return replace(person, code_tries=lockout.refused(person.code_tries, body["device"], at_ns))
        case "pin_accepted":
            return replace(person, tries=lockout.accepted(person.tries, body["device"]))
        case "pin_unlocked":
            return replace(person, tries={}, code_tries={})
        case "pin_set":
            return replace(person, pin=body["pin"], tries={})
        case "second_step_set":
            return replace(person, second=body["secret"], step=body["step"], recovery=tuple(body["recovery"]))
        case "second_step_removed":
            return replace(person, second="", step=0, recovery=())
    left = tuple(each for each in person.recovery if each != body["recovery"])
    device = body["device"]
    tries, codes = lockout.accepted(person.tries, device), lockout.accepted(person.code_tries, device)
    return replace(person, tries=tries, code_tries=codes, step=max(person.step, body["step"]), recovery=left)


def summary(record: Record) -> dict[str, Any]:
    """The journal's row of a record. Final, because nothing of it is unfinished money."""
    row: dict[str, Any] = {"final": True, "active": record.active}
    match record:
        case Person():
            row |= {"kind": "person", "label": record.label, "role": record.role.value, "pin": record.pin}
            row |= {"wrong": lockout.dump(record.tries), "until_ms": record.until_ms}
            row["wrong_codes"] = lockout.dump(record.code_tries)
            row |= {"second": record.second, "step": record.step, "recovery": [*record.recovery]}
        case Device():
            row |= {"kind": "device", "label": record.label, "counter": record.counter, "token": record.token}
            row |= {"role": record.role.value, "until_ms": record.until_ms}
        case ApiKey():
            row |= {"kind": "api_key", "label": record.label, "token": record.token}
            row |= {"scopes": [*record.scopes], "counters": [*record.counters], "expires_ms": record.expires_ms}
            row |= {"used_ms": record.used_ms, "made_by": record.made_by}
        case Strangers():
            row |= {"kind": STRANGERS, "wrong": lockout.dump(record.tries)}
    return row


def restore(subject: str, row: Mapping[str, Any], now_ns: int) -> Record:
    """A record from its summary after a restart; locks in force begin anew at ``now_ns``."""
    match row["kind"]:
        case "person":
            tries = lockout.load(row["wrong"], now_ns)
            kept: dict[str, Any] = {name: row[name] for name in ("until_ms", "second", "step") if name in row}
            kept["code_tries"] = lockout.load(row.get("wrong_codes", {}), now_ns)
            recovery = tuple(row.get("recovery", ()))
            role = Role(row["role"])
            return Person(subject, row["label"], role, row["pin"], row["active"], tries, recovery=recovery, **kept)
        case "device":
            role = Role(row.get("role", Role.TILL))
            until_ms = row.get("until_ms", 0)
            return Device(subject, row["label"], row["counter"], row["token"], row["active"], role, until_ms)
        case "api_key":
            scopes, counters = tuple(row["scopes"]), tuple(row["counters"])
            ends, used_ms, maker = row["expires_ms"], row.get("used_ms", 0), row.get("made_by", "")
            label, token = row["label"], row["token"]
            return ApiKey(subject, label, token, scopes, counters, ends, row["active"], used_ms, maker)
        case _:
            assert row["kind"] == STRANGERS, row["kind"]
            return Strangers(subject, lockout.load(row["wrong"], now_ns))
