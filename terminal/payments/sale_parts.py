"""What a sale is made of: its attempts, refunds and what of it a person must see. Frozen values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from terminal.payments.attempt import TERMINAL, Direction, Flag, State
from terminal.payments.fees import FeeRule
from terminal.payments.money import Money
from terminal.payments.refund import RefundState


class SaleState(StrEnum):
    OPEN = "open"
    CHECKING = "checking"
    PART_PAID = "part_paid"
    PAID = "paid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ENDED: Final = frozenset({SaleState.PAID, SaleState.CANCELLED, SaleState.EXPIRED})

Mark = Literal["", "unverified", "claimed"]
"""Listed without proof (I2): nobody could confirm it, or an owner has typed the bank's number. Never paid."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """``id`` is the order number at the provider.

    ``captured``: proof of payment was seen, and since then no proof that it went back.
    ``doubted``: "checking" was announced. ``why``: the reason of the last move, empty when it had none.
    ``amount``: what it asks for; once proof came, what was taken: a channel may approve in part (row 33).
    """

    id: str
    share: int
    provider: str
    direction: Direction
    amount: Money
    state: State
    started_ms: int
    expires_ms: int
    flags: frozenset[Flag] = frozenset()
    payload: str = ""
    captured: bool = False
    attached: bool = False  # late money a person attached to its unpaid sale
    ended_ms: int = 0  # by our own clock, which may have been wrong; 0: live
    swept: bool = False
    provider_txn: str = ""
    wallet: str = ""
    payer_minor: int | None = None
    paid_at: str = ""
    doubted: bool = False
    set_aside: bool = False  # an owner let another attempt begin beside it; it is still being resolved
    why: str = ""
    fee: FeeRule | None = None  # the price agreed with its channel when it began
    asked_minor: int = 0  # what it had asked for, of one that was approved in part; else 0

    @property
    def live(self) -> bool:
        """It can still capture money, as far as we know."""
        return self.state not in TERMINAL

    @property
    def pays(self) -> bool:
        return self.state is State.PAID or self.attached


def needs_sweep(attempt: Attempt) -> bool:
    """What was closed or taken back is still asked about for a day: money may have been in flight.

    Not what the bank declined, nor what never left: nothing was in flight there. What was paid while it was being
    closed, or kept while it was being taken back, is looked at once more: a close or reverse that we sent before
    may have given the money back.
    """
    if attempt.swept:
        return False
    if attempt.state is State.PAID:
        return bool({Flag.WHILE_CLOSING, Flag.ACCEPTED} & attempt.flags)
    return attempt.state in {State.CLOSED, State.REVERSED}


@dataclass(frozen=True, slots=True)
class Refund:
    id: str
    attempt: str
    amount: Money
    state: RefundState
    reason: str
    actor: str
    approver: str = ""
    provider_refund: str = ""
    way: str = "refund"  # or void: the payment is undone by reversing its order
    voided: bool = False  # a void was asked for, whatever became of it
    since_ms: int = 0  # since when it could be on its way
    due_ms: int = 0  # when it leaves, of one that was ever queued
    lines: tuple[int, ...] = ()  # of the sale's lines, from 1, those that go back whole; empty: an amount does


@dataclass(frozen=True, slots=True)
class OpenException:
    """Something a person must see: it stays on the list, closed with how it ended."""

    id: str
    kind: str  # paid_late, excess, mismatch, contradicted, window_over, refund_…, channel_gone, till_not_told
    attempt: str
    amount_minor: int
    closed: str = ""  # how it ended: attached, refunded, accepted, proven, told, seen
