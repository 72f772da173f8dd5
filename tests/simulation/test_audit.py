"""The oracle's last look sees a reminder that outlived its doubt; the rest of it is seen by planted mistakes."""

from types import SimpleNamespace
from typing import cast

import pytest

from terminal.payments import decide
from terminal.payments.attempt import Signal, State
from terminal.payments.exceptions import window_over
from terminal.payments.fact import Facts, fold
from terminal.payments.money import Money
from terminal.payments.sale import Sale
from terminal.simulation.audit import audit
from terminal.simulation.books import Journaled
from terminal.simulation.oracle import Oracle
from tests.unit.payments.journey import WAYS


class Read:
    """What the product decides, as the oracle reads it from the journal."""

    def __init__(self) -> None:
        self.log, self.blamed = Journaled(), list[str]()
        self.sale: Sale | None = None
        self.bank = SimpleNamespace(captures=lambda _: (), returned=lambda _: {})
        self.shop = SimpleNamespace(mchid="m1")

    def must(self, holds: bool, invariant: str, what: str) -> None:
        self.blamed += [] if holds else [f"{invariant} {what}"]

    def take(self, facts: Facts, *, without: str = "") -> None:
        self.sale = fold(self.sale, facts)
        for fact in facts:
            if fact.type != without:
                self.log.read(fact.type, "S1", 0, fact.body)

    @property
    def now(self) -> Sale:
        assert self.sale is not None
        return self.sale


@pytest.mark.parametrize(("lost", "blamed"), [("", 0), ("exception_closed", 1)])
def test_i4_a_reminder_of_a_doubt_that_is_over_is_blamed(lost: str, blamed: int) -> None:
    read = Read()
    read.take(decide.open_sale(decide.OpenSale("c1", Money(100, "CNY")), sale="S1", no=1, at_ms=0))
    started = decide.start_attempt(
        read.now, attempt="A1", provider="wallet", direction="pull", at_ms=0, expires_ms=9
    )
    read.take(started)
    for signal in WAYS["pull"][State.REVERSE_UNKNOWN]:
        read.take(decide.hear(read.now, "A1", signal, at_ms=1))
    read.take(window_over(read.now, read.now.attempt("A1"), 2))
    read.take(decide.hear(read.now, "A1", Signal.REVERSE_OK, at_ms=3), without=lost)
    audit(cast("Oracle", read), set())
    assert len(read.blamed) == blamed, read.blamed
