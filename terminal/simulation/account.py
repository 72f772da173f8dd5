"""A bank without an API in a simulated world: customers transfer, statements fall into the shop's folder.

What it books is also kept in the world's ledger under the attempt whose code was read, so that one oracle judges
every rail by one set of books.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from terminal.banks.any_bank import AnyBank
from terminal.bills.statement_folder import StatementFolder
from terminal.bills.statement_intake import Intake
from terminal.counter.service import Service
from terminal.sandbox.any_bank import AccountBank, Entry
from terminal.sandbox.payment_codes import NotACode, read
from terminal.sandbox.records import Capture, Order, order_key
from terminal.sandbox.wechatpay import Bank
from terminal.simulation.witness import Witness
from terminal.virtual_time import VirtualClock

NAME: Final = "any_bank"
DAY_MS: Final = 86_400_000
BREAKS: Final = 2
LOOK_S: Final = 2.0
IDLE_S: Final = 6 * 3600.0  # between two looks nobody asked for: what a killed process left lying
_CREDITOR: Final = re.compile(r"RF[0-9]{2}([0-9A-Z]{4,21})")


class AccountSide:
    """The bank (it outlives every process) and, of each life, the folder and its intake.

    Args:
        books: whose ledger keeps what is transferred, for ``mchid``.
        witness: who looks on now; a run may bring its own.
    """

    def __init__(
        self, path: Path, *, books: Bank, mchid: str, clock: VirtualClock, witness: Callable[[], Witness]
    ) -> None:
        self._path, self._orders, self._mchid = path, books.ledger.orders, mchid
        self._clock, self._witness = clock, witness
        self.bank = AccountBank(self._path)
        self._news = asyncio.Event()
        self._intake: Intake | None = None
        self._folder = StatementFolder(NAME, self._path, None)
        self._days: asyncio.Task[None] | None = None
        self._broken = ""
        self._days_ended = 0

    # --- the shop's side ------------------------------------------------------------------------------------

    def open(self, service: Service) -> None:
        """Before it runs: from then on the channel can be asked."""
        bank = service.providers()[NAME]
        assert isinstance(bank, AnyBank)
        self._intake, self._folder = Intake(service, {NAME: bank}), StatementFolder(NAME, self._path, None)

    def begin(self, service: Service) -> None:
        """Once it is ready."""
        assert self._intake is not None
        service.tasks.start("statements half taken", self._intake.resume)
        service.tasks.start("statements", partial(self._look, self._intake, self._folder))
        if self._days is None:
            self._days = asyncio.ensure_future(self._end_days())

    async def _look(self, intake: Intake, folder: StatementFolder) -> None:
        """As the folder's own round, but only when something fell into it: virtual weeks have many rounds."""
        while True:
            self._news.clear()
            for _ in range(2):  # a file is taken once it stood still between two looks
                await folder.look(intake)
                await asyncio.sleep(LOOK_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):
                    await self._news.wait()

    # --- the customer's side --------------------------------------------------------------------------------

    def order_of(self, payload: str) -> str:
        """The attempt whose code this is; empty when it is none."""
        try:
            match = _CREDITOR.fullmatch(read(payload).structured)
        except NotACode:
            return ""
        return self._witness().attempt_named(match[1]) if match else ""

    def pays(self, payload: str, at_ms: int) -> str:
        """A banking app reads the code and sends what it says; returns the attempt's number."""
        number = self.order_of(payload)
        before = len(self.bank.entries)
        self.bank.scan_and_pay(payload, at_ms)
        self._keep(number, self.bank.entries[before:], at_ms)
        self._news.set()
        return number

    def _keep(self, number: str, entries: list[Entry], at_ms: int) -> None:
        order = self._orders.get(order_key(self._mchid, number))
        if order is None:
            total = entries[0].amount_minor
            order = Order(self._mchid, "", number, "TRANSFER", "", total, "EUR", "", at_ms)
        for each in entries:
            if each.credit:
                order.captures.append(Capture(each.service, each.amount_minor, at_ms, each.payer))
            else:
                order.returned += each.amount_minor
        order.state = "SUCCESS"
        self._orders.put(order)
        self._witness().booked(number, entries)

    def break_it(self, slug: str) -> None:
        """Twice, at the next occasions; days are among them, so nothing heals it early."""
        self.bank.set_fault(slug, BREAKS)
        self._broken = slug

    @property
    def fired(self) -> dict[str, int]:
        left = self.bank.left(self._broken) if self._broken else BREAKS
        return {self._broken: BREAKS - left} if left < BREAKS else {}

    @property
    def rested(self) -> bool:
        """Every statement that could come late has come."""
        return self._days_ended > BREAKS

    async def _end_days(self) -> None:
        """A statement of every day, for ever: the world cancels it."""
        clock = self._clock
        while True:
            day = clock.wall_ms() // DAY_MS
            await asyncio.sleep(((day + 1) * DAY_MS - clock.wall_ms()) / 1000 + 1)
            self._days_ended += 1
            self.bank.end_day(datetime.fromtimestamp(day * 86_400, UTC).date())
            self._news.set()

    async def close(self) -> None:
        if self._days is not None:
            self._days.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._days
