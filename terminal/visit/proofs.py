"""What a machine can prove of a visit's steps by itself, as judgements over what was measured (rows 96 to 98).

Pure: whoever asks the bank or looks at devices hands in the answers. A failure names its one likeliest cause, a
slug of the error registry with its facts, and what else was seen stays in the proof.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from terminal.errors import Fact, InvalidRequest
from terminal.payments.notice import Answer, NotSent, Refusal, Refused, Unclear, outcome_of
from terminal.payments.refund import RefundState
from terminal.payments.sale import Sale

CLOCK_OFF_S: Final = 60  # a channel refuses new sales beyond it
SMALLEST_MINOR: Final = 1
SALES_MAX: Final = 8
TOLD_MAX: Final = 8 * 1024  # bytes of what a page or person adds to a proof
UNSIGNED: Final = frozenset({"signature_wrong", "signature_unreadable", "key_unknown"})
FAULTS: Final = ("paper_out", "display_gone", "internet_gone", "scanned_twice")
TICKS: Final = tuple(f"{fault}_{tick}" for fault in FAULTS for tick in ("right", "back"))
"""Of the fault round: the till stayed right meanwhile, and everything was back afterwards."""
LACKS: Final[Mapping[str, str]] = {
    "push": "no sale by display",
    "pull": "no sale by scanning",
    "none": "no sale",
    "older": "is older than this visit",
    "not_smallest": "is not the smallest amount",
    "not_paid": "is not paid",
    "not_back": "is not given back",
}
"""What the smallest sale lacks, by name: pages have words of their own for each, record and log these."""


@dataclass(frozen=True, slots=True)
class Proven:
    """``cause`` is empty when it passed; ``facts`` are what its sentence mentions. ``proof``: plain JSON."""

    proof: Mapping[str, Any]
    cause: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.cause


@dataclass(frozen=True, slots=True)
class Heard:
    """What a channel answered to a question about an order number that cannot exist; None: it cannot be asked.

    Args:
        offset_s: how far our clock is behind the provider's own Date, whole seconds.
        waits: another account than before: no new money until two people said yes.
    """

    channel: str
    payee: str  # masked
    answer: Answer | None
    offset_s: int = 0
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A place of a counter with its device and how its newest test ended."""

    counter: str
    role: str
    port: str
    driver: str
    model: str
    serial: str
    health: str
    state: str  # none, running, passed, failed, cannot_tell
    reason: str
    measured: Mapping[str, str]


def channel_cause(heard: Heard) -> tuple[str, Mapping[str, Fact]]:
    """The likeliest reason why money would not come, "" when the channel's keys and merchant are proven.

    Reached and refused are told apart from not reached, so that nobody changes keys for a dead line.
    """
    channel: dict[str, Fact] = {"channel": heard.channel}
    match heard.answer:
        case None:
            return "", {}
        case NotSent():
            return "visit_bank_unreached", channel
        case Unclear(why) if why in UNSIGNED:
            return "visit_keys_theirs", channel
        case Unclear("message_stale"):
            return "visit_clock_off", {"seconds": heard.offset_s}
        case Unclear("signature_missing" | "http_401" | "http_403"):  # a refusal that nobody signed
            return "visit_keys_refused", channel
        case Unclear(why):
            return "visit_bank_silent", {**channel, "why": why}
        case Refused(Refusal.CLOCK_OR_KEY):
            if abs(heard.offset_s) > CLOCK_OFF_S:
                return "visit_clock_off", {"seconds": heard.offset_s}
            return "visit_keys_refused", channel
        case Refused(why, words):
            return "visit_merchant_wrong", {**channel, "why": words or why.value}
        case _:
            return "", {}


def prove_identity(channels: Sequence[Heard]) -> Proven:
    """Every channel that can be asked answers as our bank to us, about an order that does not exist."""
    rows, cause, facts = [], "", Proven({}).facts
    for each in channels:
        found, told = channel_cause(each)
        if not found and each.waits:
            found, told = "account_waits", {"channel": each.channel}
        rows.append(
            {
                "channel": each.channel,
                "payee": each.payee,
                "answer": "not_asked" if each.answer is None else outcome_of(each.answer),
                "cause": found,
                "clock_off_s": each.offset_s,
            }
        )
        if found and not cause:
            cause, facts = found, told
    return Proven({"channels": rows}, cause, facts)


def prove_devices(tested: Sequence[Standing]) -> Proven:
    """Every device that stands somewhere passed its newest test; what nobody could watch did not."""
    rows = [
        {
            "counter": each.counter,
            "role": each.role,
            "port": each.port,
            "driver": each.driver,
            "model": each.model,
            "serial": each.serial,
            "health": each.health,
            "result": each.state,
            "reason": each.reason,
            "measured": dict(each.measured),
        }
        for each in tested
    ]
    if not tested:
        return Proven({"devices": rows}, "visit_no_devices")
    wrong = next((each for each in tested if each.state != "passed"), None)
    if wrong is None:
        return Proven({"devices": rows})
    facts: dict[str, Fact] = {"role": wrong.role, "counter": wrong.counter, "state": wrong.state}
    return Proven({"devices": rows}, "visit_device_unproven", facts)


def prove_cent(
    sales: Sequence[Sale], *, older: Collection[str], ways: Sequence[str], told: Mapping[str, Any]
) -> Proven:
    """The smallest amount there is, each way once, paid and wholly given back, all of it in this visit.

    Args:
        older: ids of those that the journal has from before this visit; a clock may have been wrong meanwhile.
        ways: which directions this shop has: push (the customer scans us), pull (we scan the customer).
        told: by sale, what else is known: seconds, voice, paper.
    """
    rows, proven, facts = [], set(), dict[str, Fact]()
    for sale in sales:
        row, lacks = _cent(sale, older=sale.id in older)
        rows.append({**row, **told.get(sale.id, {})} if row.get("counter") else row)
        if lacks:
            facts = facts or {"why": f"sale {sale.no} {LACKS[lacks]}", "lacks": lacks, "no": sale.no}
        else:
            proven.add(row["way"])
    missing = next((way for way in ways if way not in proven), "" if proven else "none")  # no way proves nothing
    if missing and not facts:
        facts = {"why": LACKS[missing], "lacks": missing}
    return Proven({"sales": rows}, "visit_cent_missing" if facts else "", facts)


def _cent(sale: Sale, *, older: bool) -> tuple[dict[str, Any], str]:
    """The row of one sale, and what it lacks, by its name in LACKS."""
    paid = next((each for each in sale.attempts if each.captured), None)
    back = [each for each in sale.refunds if each.state is RefundState.REFUNDED]
    named = {"sale": sale.id, "no": sale.no, "way": ""}  # a customer's sale: a visitor learns nothing of it
    row = {
        **named,
        "counter": sale.counter,
        "amount_minor": sale.amount.minor,
        "currency": sale.amount.currency,
        "way": paid.direction if paid else "",
        "channel": paid.provider if paid else "",
        "bank_reference": paid.provider_txn if paid else "",
        "refund": back[-1].id if back else "",
        "refund_way": back[-1].way if back else "",  # a void takes the payment's own reference back
        "refund_reference": (back[-1].provider_refund or (paid.provider_txn if paid else "")) if back else "",
    }
    if older:
        return named, "older"
    if sale.amount.minor != SMALLEST_MINOR:
        return named, "not_smallest"
    if paid is None:
        return row, "not_paid"
    if sum(each.amount.minor for each in back) != sale.amount.minor:
        return row, "not_back"
    return row, ""


def prove_questions(proposal: Mapping[str, Any] | str) -> Proven:
    """The six answers with what they propose; text: which of them is missing."""
    if isinstance(proposal, str):
        return Proven({}, "visit_questions_open", {"why": proposal})
    return Proven(proposal)


def prove_training(practised: Sequence[Mapping[str, Any]], lessons: Mapping[str, Sequence[Any]]) -> Proven:
    """Somebody practised at a counter, and who took the exam passed it in the end.

    Args:
        practised: which counters practised when.
        lessons: ``lessons`` and ``exams`` that ended meanwhile, the newest first.
    """
    proof = {"practised": [dict(each) for each in practised], **lessons}
    if not practised:
        return Proven(proof, "visit_training_missing")
    newest = {each["by"]: each for each in reversed(lessons.get("exams", ()))}
    failed = next((each for each in newest.values() if not each["passed"]), None)
    return Proven(proof) if failed is None else Proven(proof, "visit_exam_failed", {"percent": failed["percent"]})


def prove_faults(told: Mapping[str, Any]) -> Proven:
    """A person's eight ticks; one that is missing or false is the reason."""
    ticks = {tick: told.get(tick) is True for tick in TICKS}
    missing = next((tick for tick, right in ticks.items() if not right), "")
    facts: dict[str, Fact] = {"why": missing} if missing else {}
    return Proven({"ticks": ticks}, "visit_ticks_missing" if missing else "", facts)


def plain(told: Mapping[str, Any]) -> dict[str, Any]:
    """What a page or person adds: bounded, and without floats, for the seal is over its text.

    Raises:
        InvalidRequest("visit_proof_wrong").
    """
    if _has_float(told):
        raise InvalidRequest("visit_proof_wrong", why="numbers with a fraction")
    try:
        size = len(msgspec.json.encode(told))
    except (TypeError, ValueError, RecursionError):
        raise InvalidRequest("visit_proof_wrong", why="not plain values") from None
    if size > TOLD_MAX:
        raise InvalidRequest("visit_proof_wrong", why=f"{size} bytes")
    return dict(told)


def _has_float(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_float, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_float, value))
    return isinstance(value, float)
