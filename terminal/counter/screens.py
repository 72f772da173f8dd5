"""What a customer's glass is asked to show. ``ports`` hands these on: displays know them from there."""

from dataclasses import dataclass
from typing import Literal

from terminal.payments.lines import Entered
from terminal.payments.money import Money


@dataclass(frozen=True, slots=True)
class CodeScreen:
    """A payment code. ``id`` is unique per shown code; ``payload`` is the code's text."""

    id: int
    payload: str
    amount: Money
    ttl_s: int
    test: bool  # no money moves
    title: str = ""  # the shop's name
    training: bool = False  # and somebody learns


@dataclass(frozen=True, slots=True)
class ResultScreen:
    """``text``: of a paid sale its check code, as on receipt and till (S65); ``receipt``: its receipt's page."""

    id: int
    result: Literal["paid", "not_paid", "checking", "cancelled", "late", "unverified"]
    amount: Money
    text: str
    test: bool
    ttl_s: int = 5
    training: bool = False
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class ScanScreen:
    """The customer's own code is what pays: the amount, and what they do now. No code of ours stands here.

    ``now``: their code is to be shown ("scan"), was scanned ("scanned"), or waits for them ("acting").
    """

    id: int
    now: Literal["scan", "scanned", "acting"]
    amount: Money
    test: bool
    title: str = ""
    training: bool = False


@dataclass(frozen=True, slots=True)
class IdleScreen:
    title: str
    test: bool
    training: bool = False
    entered: Entered | None = None


Screen = CodeScreen | ResultScreen | ScanScreen | IdleScreen
