"""An answer on its way out: what it says, and what the faults do to it. Pure."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from terminal.sandbox.faults import Active
from terminal.sandbox.refusals import Refused
from terminal.sandbox.telling import OTHER_APP, OTHER_MERCHANT, OTHER_ORDER, raise_amount
from terminal.sandbox.wire_forms import Form, compact

Lost = Literal["", "cut", "silent"]  # cut: the connection ends without an answer; silent: nothing ever comes


@dataclass(frozen=True, slots=True)
class Reply:
    """What leaves the bank after ``delay_ms``. With ``lost`` set nothing of it may reach the merchant."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay_ms: int = 0
    lost: Lost = ""
    fault: str = ""  # slug of the fault that touched it, for timelines


@dataclass(slots=True)
class Outcome:
    status: int
    form: Form | None = None  # None: no body (204)
    number: int = 0  # ends the Request-ID
    raw: bytes | None = None  # replaces the form's bytes
    tamper: str = ""
    delay_ms: int = 0
    lost: Lost = ""
    fault: str = ""
    extra_headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def refused(cls, refusal: Refused) -> "Outcome":
        return cls(refusal.status, refusal.body(), refusal.number)

    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.form is None else compact(self.form)


def silenced(fault: Active) -> Outcome:
    """The request that was never worked on."""
    how: Lost = "cut" if fault.params.get("how") == "cut" else "silent"
    return Outcome(500, lost=how, fault=fault.row.slug)


def spoiled(outcome: Outcome, fault: Active) -> Outcome:
    """Apply a fault of the "answer" stage."""
    outcome.fault = fault.row.slug
    match fault.row.slug:
        case "answer-lost-after-debit":
            outcome.lost = "cut" if fault.text("how") == "cut" else "silent"
        case "slow-answer":
            outcome.delay_ms = fault.number("delay_ms")
        case "error-500-after-debit":
            refused = Outcome.refused(Refused("SYSTEM_ERROR"))
            outcome.status, outcome.form, outcome.number = refused.status, refused.form, refused.number
        case "malformed-answer":
            _malform(outcome, fault.text("variant"))
        case "bad-signature":
            outcome.tamper = fault.text("variant")
        case slug:
            assert outcome.form is not None, slug
            outcome.form = copy.deepcopy(outcome.form)
            _FIELD_FAULTS[slug](outcome.form, int(fault.params.get("by", 0)))
    return outcome


def _malform(outcome: Outcome, variant: str) -> None:
    sound = outcome.body() or b"{}"
    spoilt = {
        "html": b"<html><body><h1>502 Bad Gateway</h1></body></html>",
        "empty": b"",
        "truncated": sound[: len(sound) // 2],
        "duplicate-key": sound[:-1] + b',"trade_state":"SUCCESS","trade_state":"NOTPAY"}',
        "list": b"[" + sound + b"]",
    }
    outcome.raw = spoilt.get(variant, spoilt["truncated"])
    if outcome.status == 204:
        outcome.status = 200
    if variant == "html":
        outcome.extra_headers["Content-Type"] = "text/html"


def _currency(form: Form, _: int) -> None:
    form["amount"]["currency"] = form["amount"]["payer_currency"] = "USD"


def _replace(name: str, value: str) -> Callable[[Form, int], None]:
    def replace(form: Form, _: int) -> None:
        form[name] = value

    return replace


_FIELD_FAULTS: Final[Mapping[str, Callable[[Form, int], None]]] = {
    "wrong-amount": raise_amount,
    "wrong-currency": _currency,
    "wrong-merchant": _replace("mchid", OTHER_MERCHANT),
    "wrong-app": _replace("appid", OTHER_APP),
    "wrong-order": _replace("out_trade_no", OTHER_ORDER),
    "unknown-state": _replace("trade_state", "PENDING_REVIEW"),
}
