"""What a bill and the journal do not agree on, as values: what kind, both sides, and the one thing to do about it.

A difference is found once for ever: its id is made of what it is about, so that a file told again adds nothing.
Sentences are no part of it; they are made of its kind and facts where they are shown.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

TEXT_MAX: Final = 64  # characters kept of a bank's text


class Kind(StrEnum):
    MISSING_HERE = "missing_here"  # the bank has it, this journal does not
    MISSING_THERE = "missing_there"  # paid here, and neither its bill day's file nor the next one has it
    STATUS = "status"  # both have it and say different things about it
    SHORT = "short"
    OVER = "over"
    FEE = "fee"
    DUPLICATE = "duplicate"
    LATE = "late"  # paid there, ended unpaid here
    WRONG_ACCOUNT = "wrong_account"
    WRONG_CURRENCY = "wrong_currency"
    PAYOUT = "payout"
    PAYOUT_LATE = "payout_late"  # due by the profile's days, and not there


class Note(StrEnum):
    """Told and counted, no error: nobody has to do anything."""

    HEALED = "healed"  # missing here until the bill proved it
    CUTOFF = "cutoff"  # in the file of the day beside its own
    REFUND_OTHER_DAY = "refund_other_day"  # linked to a payment of another bill
    REFUND_PENDING = "refund_pending"  # carried to the next bill
    CARRIED = "carried"  # paid here on this day and not in its file: the next one decides
    REVOKED = "revoked"  # taken back by our own reverse
    IGNORED = "ignored"  # lines that are about nothing of ours: fees, payouts, failed tries


class Fix(StrEnum):
    """One key. What it does is a use case that exists without a bill."""

    QUERY = "query"  # ask the provider again
    REFUND = "refund"
    ATTACH = "attach"  # late money to its unpaid sale
    ACCEPT = "accept"  # a person has seen it and leaves it so
    CARRY = "carry"  # to tomorrow's bill
    ASK_BANK = "ask_bank"  # a person has asked the bank


FIXES: Final[Mapping[Kind, tuple[Fix, ...]]] = {
    Kind.MISSING_HERE: (Fix.ASK_BANK, Fix.ACCEPT),
    Kind.MISSING_THERE: (Fix.QUERY, Fix.CARRY, Fix.ASK_BANK, Fix.ACCEPT),
    Kind.STATUS: (Fix.QUERY, Fix.ASK_BANK, Fix.ACCEPT),
    Kind.SHORT: (Fix.ASK_BANK, Fix.ACCEPT),
    Kind.OVER: (Fix.ASK_BANK, Fix.ACCEPT),
    Kind.FEE: (Fix.ASK_BANK, Fix.ACCEPT),
    Kind.DUPLICATE: (Fix.REFUND, Fix.ASK_BANK, Fix.ACCEPT),
    Kind.LATE: (Fix.ATTACH, Fix.REFUND, Fix.ACCEPT),
    Kind.WRONG_ACCOUNT: (Fix.ASK_BANK, Fix.ACCEPT),
    Kind.WRONG_CURRENCY: (Fix.ASK_BANK, Fix.ACCEPT),
    Kind.PAYOUT: (Fix.ASK_BANK, Fix.CARRY, Fix.ACCEPT),
    Kind.PAYOUT_LATE: (Fix.ASK_BANK, Fix.CARRY, Fix.ACCEPT),
}
"""What a person may choose, the usual one first; one difference suggests one of them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing bill and journal differ in.

    Args:
        key: what it is about within kind and channel: an order or refund number, else the provider's, else a day.
        day: of the bill, ``2026-11-21``.
        sale, attempt: empty where this journal has none.
        here_minor, there_minor: both sides in smallest units; None: that side has nothing.
        facts: what its sentence says beside the amounts, plain text and whole numbers.
    """

    kind: Kind
    channel: str
    key: str
    day: str
    currency: str
    here_minor: int | None = None
    there_minor: int | None = None
    sale: str = ""
    attempt: str = ""
    fix: Fix | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return difference_id(self.kind, self.channel, self.key)

    @property
    def suggested(self) -> Fix:
        return self.fix or FIXES[self.kind][0]

    def row(self) -> dict[str, Any]:
        """Its place in lists, open."""
        return {
            **{"kind": "difference", "state": "open", "final": True, "open": True},
            "search": ["open", self.channel, self.day, self.kind.value],
            **{"about": self.kind.value, "channel": self.channel, "key": self.key, "day": self.day},
            **{"currency": self.currency, "here_minor": self.here_minor, "there_minor": self.there_minor},
            **{"sale": self.sale, "attempt": self.attempt, "fix": self.suggested.value},
            **{"facts": dict(self.facts), "how": ""},
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(
            kind=Kind(row["about"]),
            channel=row["channel"],
            key=row["key"],
            day=row["day"],
            currency=row["currency"],
            here_minor=row["here_minor"],
            there_minor=row["there_minor"],
            sale=row["sale"],
            attempt=row["attempt"],
            fix=Fix(row["fix"]),
            facts=row["facts"],
        )


def ended_row(row: Mapping[str, Any], how: str) -> dict[str, Any]:
    """The same row in lists once it is over; ``how``: a ``Fix``, or ``matched``, ``healed``."""
    search = ["ended", *row["search"][1:]]
    return {**row, "state": "ended", "open": False, "search": search, "how": how}


def difference_id(kind: Kind, channel: str, key: str) -> str:
    """26 characters of an address, the same for the same thing."""
    return "D" + hashlib.sha256(f"{kind.value}\0{channel}\0{key}".encode()).hexdigest()[:25].upper()


def short(text: str) -> str:
    """A bank's text as it is kept."""
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"
