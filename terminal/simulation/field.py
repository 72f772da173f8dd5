"""A sale recorded in a shop becomes a story for the lab: what the bank and the devices did, by kind and by time.

What is read is the sale's redacted timeline (a support bundle's ``sale-N.json``). It holds no payment code, no
message and no byte of a device: a trouble is played as the named fault that leaves the same traces. What leaves
none, or cannot be played, is told.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from terminal.simulation.lab_told import till_words

ZIP_MAX: Final = 8 * 1024 * 1024
FILE_MAX: Final = 4 * 1024 * 1024
SALE_FILE: Final = re.compile(r"sale-([0-9]{1,3})\.json")
CURRENCY: Final = "CNY"  # of the lab's shop; the timeline does not tell the shop's own
JUMP_MS: Final = 8 * 3_600_000
JUMPED: Final = "clock_jumped"
LAST_CODE_S: Final = 600  # longer waits than this are cut short
PRINTER: Final[Mapping[str, str]] = {
    "printer_paper_out": "paper-out",
    "printer_cover_open": "cover-open",
    "printer_cutter": "cutter-jam",
    "printer_offline": "printer-mute",
    "printer_no_answer": "stall-printer",
    "printer_gone": "unplug-printer",
}
REFUSED: Final[Mapping[tuple[bool, str], str]] = {
    (True, "amount"): "notify-wrong-amount",
    (True, "merchant_id"): "notify-wrong-merchant",
    (True, "order_no"): "notify-wrong-order",
    (False, "amount"): "wrong-amount",
    (False, "currency"): "wrong-currency",
    (False, "merchant_id"): "wrong-merchant",
    (False, "app_id"): "wrong-app",
    (False, "order_no"): "wrong-order",
}


_ENDS: Final = ("paid", "not_paid")


class NoRecording(ValueError):
    """The file is no recording of a sale; the text says why."""


class Happened(NamedTuple):
    """One event; ``ms`` counts from the sale's opening."""

    ms: int
    type: str
    body: Mapping[str, Any]


class Act(NamedTuple):
    """A step of the story with its time; of equal times the lower ``rank`` comes first."""

    ms: int
    rank: int
    step: Mapping[str, Any]


@dataclass(slots=True)
class Replay:
    """A story in the making. ``untold``: sentences on what is not as it was in the shop."""

    words: tuple[str, ...]
    acts: list[Act] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    faults: set[str] = field(default_factory=set)

    def act(self, ms: int, rank: int = 5, **step: Any) -> None:
        self.acts.append(Act(ms, rank, step))

    def fault(self, ms: int, name: str, *, until_ms: int = 0, **more: Any) -> None:
        if name in self.faults:
            return
        self.faults.add(name)
        self.act(ms, 1, do="break", fault=name, **more)
        if until_ms:
            self.act(until_ms, 2, do="mend", fault=name)


def recording(data: bytes, number: int = 1) -> list[Happened]:
    """The sale ``number`` of a bundle or recording, a zip file of at most ZIP_MAX bytes. Raises NoRecording."""
    if len(data) > ZIP_MAX:
        raise NoRecording(f"it is longer than {ZIP_MAX} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as box:
            names = [each for each in box.infolist() if SALE_FILE.fullmatch(each.filename)]
            wanted = next((each for each in names if each.filename == f"sale-{number}.json"), None)
            if wanted is None:
                there = ", ".join(each.filename for each in names) or "none"
                raise NoRecording(f"it has no sale-{number}.json; sales in it: {there}")
            if wanted.file_size > FILE_MAX:
                raise NoRecording(f"{wanted.filename} is longer than {FILE_MAX} bytes")
            told = msgspec.json.decode(box.read(wanted), type=list[dict[str, Any]])
    except (zipfile.BadZipFile, msgspec.DecodeError, msgspec.ValidationError, RuntimeError) as error:
        raise NoRecording(f"it cannot be read: {error}") from None
    return list(_happened(told))


def _happened(told: Iterable[dict[str, Any]]) -> Iterator[Happened]:
    before_ms, now_ms = None, 0
    for each in told:
        kind, body, at_ms = each.get("type"), each.get("body"), each.get("at_ms")
        if not isinstance(kind, str) or not isinstance(body, dict) or type(at_ms) is not int:
            raise NoRecording("an event without type, time or body is in it")
        passed_ms = 0 if before_ms is None else at_ms - before_ms
        before_ms = at_ms
        if 0 <= passed_ms <= JUMP_MS:
            now_ms += passed_ms
        else:  # nobody waits so long: somebody set the clock
            yield Happened(now_ms, JUMPED, {})
        plain = {**body, "currency": CURRENCY} if "currency" in body else body
        yield Happened(now_ms, kind, plain)


def replay(events: Sequence[Happened]) -> Replay:
    """What to play so that the till says the same words. Raises NoRecording: these are no sale's events."""
    if not events or events[0].type != "sale_opened":
        raise NoRecording("it does not begin with a sale's opening")
    try:
        made = Replay(till_words(events))
    except (KeyError, TypeError, ValueError, AssertionError) as error:
        raise NoRecording(f"its events are no sale's: {type(error).__name__}") from None
    opened = events[0].body
    made.act(0, 3, do="open", amount_minor=opened["amount_minor"], directions=list(opened["directions"]))
    _refused(made, events)
    _bank(made, events)
    _devices(made, events)
    _people(made, events)
    if (sale_ended := [each.ms for each in events if each.type == "sale_moved"]) and made.words[-1] in _ENDS:
        made.act(sale_ended[-1], 9, do="see", till=made.words[-1], within_s=120)
    made.untold.append(f"The provider and its currency: played with WeChat Pay's protocol, in {CURRENCY}.")
    return made


# --- the bank ----------------------------------------------------------------------------------------------


def _bank(made: Replay, events: Sequence[Happened]) -> None:
    pulled = [each for each in events if each.type == "attempt_started" and each.body["direction"] == "pull"]
    moves = [each for each in events if each.type == "attempt_moved"]
    for start in pulled:
        mine = [each for each in moves if each.body["attempt"] == start.body["attempt"]]
        declined = [each.ms for each in mine if each.body["to"] == "declined"]
        made.act(start.ms, 5, do="show_phone", behaviour="no-funds" if declined else "pays")
        if declined and "not_paid" in made.words:
            made.act(max(declined[0], start.ms), 6, do="see", till="not_paid")
        _doubt(made, start.ms, mine)
    _paid_by_glass(made, events, {each.body["attempt"] for each in pulled})
    for each in events:
        if each.type == "attempt_moved" and each.body.get("flag") == "while_closing":
            made.fault(0, "pay-during-close", count=1)
        if each.type == "exception_opened" and each.body["kind"] == "paid_late":
            made.fault(0, "capture-after-close")
            made.act(each.ms, 5, do="pay_late")
        elif each.type == "exception_opened" and each.body["kind"] == "excess":
            made.fault(0, "double-capture", count=1)


def _doubt(made: Replay, start_ms: int, mine: Sequence[Happened]) -> None:
    """An attempt by scan whose answer did not come, came late, or asked for a password."""
    paid = next((each for each in mine if each.body["to"] == "paid"), None)
    for each in mine:
        if each.body["to"] == "waiting":
            after_ms = max((paid.ms if paid else each.ms + 60_000) - start_ms - 3000, 1000)
            made.fault(start_ms, "password-needed", count=1, params={"confirm_after_ms": after_ms})
            return
        if each.body["to"] == "unknown" and each.body["from"] == "sent":
            if not any(name.startswith("wrong-") for name in made.faults):
                made.fault(start_ms, "answer-lost-after-debit" if paid else "timeout-before-debit", count=1)
            return


def _refused(made: Replay, events: Sequence[Happened]) -> None:
    for each in events:
        if each.type != "evidence_refused":
            continue
        told, asked = each.body.get("refused", {}), each.body["field"]
        by_message = told.get("source") == "notification"
        name = REFUSED.get((by_message, str(asked)))
        if name is None:
            made.untold.append(f"Evidence refused for its {asked}: the lab has no fault that does this.")
            continue
        more: dict[str, Any] = {"count": 1}
        if asked == "amount":
            amount = events[0].body["amount_minor"]
            more["params"] = {"by": int(told.get("amount_minor") or amount + 1) - amount}
        if not by_message:
            more["params"] = {
                **more.get("params", {}),
                "call": "query" if told.get("source") == "query" else "codepay",
            }
        made.fault(0, name, **more)


def _paid_by_glass(made: Replay, events: Sequence[Happened], pulled: set[str]) -> None:
    """When the customer paid: shortly before the first that anybody heard of it."""
    for each in events:
        if each.type == "evidence_refused" and each.body["attempt"] not in pulled:
            made.act(max(each.ms - 250, 0), 5, do="pay")
            return
        if each.type == "attempt_moved" and each.body["to"] == "paid" and each.body["attempt"] not in pulled:
            evidence = each.body.get("evidence", {})
            if evidence.get("source") == "query":
                made.fault(0, "notify-lost", count=1)
                made.untold.append("Why no message of the bank came: played as one that was lost.")
            made.act(max(each.ms - 250, 0), 5, do="pay")
            return


# --- devices -----------------------------------------------------------------------------------------------


def _devices(made: Replay, events: Sequence[Happened]) -> None:
    prints = [each.ms for each in events if each.type == "print_started"]
    shown = any(each.type == "attempt_moved" and each.body["to"] == "shown" for each in events)
    if shown and not any(each.type == "code_shown" and each.body.get("where") == "device" for each in events):
        made.fault(0, "unplug-display")
        made.untold.append("What ailed the display: it never said that the code is on it.")
    for each in events:
        if each.type == "print_stopped":
            name = PRINTER.get(str(each.body.get("why")), "stall-printer")
            if each.body.get("touched"):
                name = {"paper-out": "paper-out-mid-slip", "printer-mute": "printer-power-cycle"}.get(name, name)
            again = next((ms for ms in prints if ms > each.ms), 0)
            made.fault(0, name, until_ms=again - 500 if again else 0)
        elif each.type == "effect_done" and each.body.get("outcome") == "no_printer":
            made.fault(0, "unplug-printer")
        elif each.type == "effect_done" and each.body.get("outcome") == "no_speaker":
            made.fault(0, "unplug-speaker")
        elif each.type == "voice_ended" and each.body.get("outcome") == "not_played":
            made.fault(0, "speaker-mute")
    if {"paper-out-mid-slip", "stall-printer", "printer-mute"} & made.faults:
        made.untold.append("Which line of the slip the printer had reached.")


# --- people ------------------------------------------------------------------------------------------------


def _people(made: Replay, events: Sequence[Happened]) -> None:
    for each in events:
        match each.type:
            case "cancel_requested" if each.body.get("why") not in ("idle", "not_paid_in_time"):
                made.act(each.ms, 6, do="cancel")
            case "refund_started":
                made.act(each.ms, 6, do="refund")
                made.untold.append("How much of it was given back: the lab gives back all.")
            case "clock_jumped":
                made.untold.append("The clock of the shop was set during the sale: here it goes on.")
            case "sale_parked" | "part_approved" | "override_made" | "sale_claimed" | "sale_written_off":
                made.untold.append(f"{each.type}: nobody in the lab does this.")
            case _:
                pass
