"""A scheme of payment codes as data: which field stands where and what it may hold.

One reader serves every scheme; what differs is the codec (``kind``) and this table. Schemes live in
``terminal/data/regions/*.toml`` and are passed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from terminal.payments.money import Money

Kind = Literal["emv", "upi", "lines", "link"]


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of a code.

    Args:
        at: where: a path of EMV tags ("26.01"), a UPI parameter, a line ("07"), or "url".
        is_: the only value it may have; ``fold`` takes it in any case.
        from_: whose value it is: "amount", "currency", "reference", "initiation", "account.…" (who gets the
            money) or any other name (what is around it: "name", "city", …).
        like: a pattern the whole value must match; proof: check digits it must pass (``proofs.PROOFS``).
        most: of characters, 0: no limit of its own.
        default: written when the order says nothing; takes part in the comparison.
    """

    at: str
    is_: str = msgspec.field(name="is", default="")
    from_: str = msgspec.field(name="from", default="")
    like: str = ""
    proof: str = ""
    most: int = 0
    need: bool = True
    fold: bool = False
    default: str = ""


class AmountForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an amount is written: ``whole`` currencies without decimals, ``exact`` with all of them.

    zeros: a whole amount may be read with a fraction of zeros.
    elsewhere: the amount that counts is not in the code; one in the code may be missing, but must not differ.
    """

    prefix: str = ""
    exact: bool = False
    zeros: bool = False
    elsewhere: bool = False
    whole: tuple[str, ...] = ()
    max_minor: int = 999_999_999_999


class Scheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of payment code.

    Args:
        source: the document or public sample its fields come from; unverified: what nobody proved yet.
        static, dynamic: what "initiation" may be without and with an amount; the first is written, "" is absent.
        one_of: of each group of field names exactly one is filled; with_amount: fields that an amount asks for.
        rules: relations between fields, by name (``relations.RULES``).
        others: EMV tags of other schemes' templates that may stand beside ours, as "27-51".
        letters: a pattern of the characters a value may have; longest: of the text in characters;
            longest_bytes: in UTF-8.
        lines: how many lines there must be, least and most; break_: what we end a line with.
        level: of error correction the scheme asks for; qr_max: its largest QR version.
    """

    name: str
    kind: Kind
    title: str
    source: str
    currencies: tuple[str, ...]
    pieces: tuple[Piece, ...]
    unverified: tuple[str, ...] = ()
    static: tuple[str, ...] = ("11",)
    dynamic: tuple[str, ...] = ("12",)
    amount: AmountForm = AmountForm()
    one_of: tuple[tuple[str, ...], ...] = ()
    with_amount: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    letters: str = "[ -~]"
    longest: int = 512
    longest_bytes: int = 2048
    lines: tuple[int, int] = (1, 1)
    break_: str = msgspec.field(name="break", default="\n")
    level: Literal["", "L", "M", "Q", "H"] = ""
    qr_max: int = 40


@dataclass(frozen=True, slots=True)
class CodeOrder:
    """What a code shall say; also what a finished code is compared with.

    Args:
        amount: None: a poster, the customer types it.
        account: who gets the money, by the scheme's names without "account.".
        theirs: names of fields the provider fills in: any sound value will do ("account.url", "city").
        others: templates of other schemes beside ours, by path.
    """

    currency: str
    amount: Money | None
    account: Mapping[str, str]
    reference: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    theirs: frozenset[str] = frozenset()
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a code says. ``fields`` holds everything but amount and currency, by the scheme's names."""

    scheme: str
    text: str
    amount: Money | None
    currency: str
    fields: Mapping[str, str]
    others: Mapping[str, str]

    @property
    def account(self) -> dict[str, str]:
        return {
            name.removeprefix("account."): value
            for name, value in self.fields.items()
            if name.startswith("account.")
        }

    @property
    def reference(self) -> str:
        return self.fields.get("reference", "")


@dataclass(frozen=True, slots=True)
class Checked:
    """A code that says what was ordered, in the fields ``compared``. Only these may go on a glass or poster."""

    reading: Reading
    compared: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.reading.text
