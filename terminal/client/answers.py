"""What the service answers, as values. No answer is a value of its own: it is never "not paid"."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, NoReturn, Self

Json = Mapping[str, Any]


class Refused(Exception):
    """The service said no, and did nothing. Programs go by ``slug``; people get ``detail``, ``fix``, ``code``."""

    def __init__(self, status: int, told: Json) -> None:
        self.status, self.slug, self.code = status, str(told["slug"]), str(told["code"])
        self.detail, self.fix, self.facts = str(told["detail"]), str(told["fix"]), dict(told["facts"])
        super().__init__(f"{self.slug} ({self.code}): {self.detail} {self.fix}")


class NoAnswer(Exception):
    """It may have happened, or may still. Send the same again under the same ``key``, or read."""

    def __init__(self, call: str, key: str) -> None:
        self.key = key
        super().__init__(f"no answer to {call}; it may have happened" + (f", key {key}" if key else ""))


@dataclass(frozen=True)
class Order:
    """What to ask for: ``amount_minor`` in the smallest unit, 2850 is 28.50; no currency is the shop's own."""

    counter: str
    amount_minor: int
    currency: str = ""
    order_no: str = ""
    title: str = ""
    reference: str = ""
    directions: tuple[str, ...] = ("push", "pull")


@dataclass(frozen=True)
class Told:
    """A part of an answer; ``told`` is all of it, also what this version does not know."""

    told: Json

    @classmethod
    def read(cls, told: Json) -> Self:
        """Raises KeyError, TypeError: it is something else."""
        return cls(told, **{each.name: told[each.name] for each in fields(cls)[1:]})


@dataclass(frozen=True)
class Refund(Told):
    """Proven by ``state`` refunded; failed gave nothing back; all else is on its way or in doubt."""

    id: str
    amount_minor: int
    state: str


@dataclass(frozen=True)
class Sale(Told):
    id: str
    counter: str
    state: str
    word: str
    amount_minor: int
    currency: str
    paid_minor: int
    order_no: str
    check_code: str

    @property
    def over(self) -> bool:
        return self.state in {"paid", "cancelled", "expired"}

    @property
    def refunds(self) -> list[Refund]:
        return [Refund.read(each) for each in self.told["refunds"]]


@dataclass(frozen=True)
class Event(Told):
    number: int
    type: str
    counter: str
    subject: str
    body: Json


class Page(NamedTuple):
    """``next`` is where to go on, also when nothing on this page is for these eyes."""

    events: list[Event]
    next: int
    newest: int

    @classmethod
    def read(cls, told: Json) -> Self:
        return cls([Event.read(each) for each in told["events"]], told["next"], told["newest"])


class Result:
    """Paid, NotPaid or Unknown: no yes or no, so ``if result`` is stopped."""

    def __bool__(self) -> NoReturn:
        raise TypeError("a sale is Paid, NotPaid or Unknown: ask with isinstance or match")


@dataclass(frozen=True)
class Paid(Result):
    sale: Sale


@dataclass(frozen=True)
class NotPaid(Result):
    """Proven: nothing was charged."""

    sale: Sale


@dataclass(frozen=True)
class Unknown(Result):
    """Keep the goods, charge nothing again. The same call under ``key`` goes on where this one stopped."""

    key: str
    sale: Sale | None = None
    why: Exception | None = None


Outcome = Paid | NotPaid | Unknown


def result(sale: Sale, key: str) -> Outcome:
    """Money that came after the end, and waits for a person, is no "not paid"."""
    if sale.state == "paid":
        return Paid(sale)
    late = any(not each["closed"] for each in sale.told["exceptions"])
    return NotPaid(sale) if sale.over and not late else Unknown(key, sale)
