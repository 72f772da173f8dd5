"""A day of Pix from a real sandbox over real HTTP: put together from lists, read, and each fault of it seen."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from terminal.banks.channel import Channel
from terminal.banks.open_pix import PixSettings, open_pix
from terminal.bills.readers import guess_format, open_bill
from terminal.payments.bill import BillEnd, BillLine, FetchedBill, LineKind, NoBill
from terminal.regions import load_region
from terminal.sandbox.pix_forms import TYPE
from terminal.sandbox.records import Order, Refund
from terminal.sandbox.server import Sandbox
from terminal.sandbox.wire_forms import beijing_date
from terminal.system import SystemClock, SystemEntropy
from tests.flows.old_trades import DAY, DAY_MS, HOUR_MS, NOON_MS
from tests.flows.sandbox_rig import running_sandbox

DYNAMIC = next(each for each in load_region("br").schemes if each.name == "pix_dynamic")
LATE_MS = NOON_MS + 22 * HOUR_MS  # 02:00 of the next day in UTC, 23:00 of the day in Brasília
TXIDS = [f"01K5MZ0000ABCDEFGHJKMNPQR{end}" for end in "STV"]


def paid(sandbox: Sandbox, number: int, at_ms: int, back: int = 0, back_ms: int = 0) -> None:
    """A charge that was paid, and what was given back of it later."""
    ledger, mchid = sandbox.bank.ledger, sandbox.bank.home
    order = Order(mchid, "", TXIDS[number], TYPE, "pão", 2850, "BRL", "", at_ms - 1000)
    order.openid = "oTEST-customer-0000000000001"
    ledger.add(order)
    ledger.capture(order, f"42000{beijing_date(at_ms)}{number:015d}", at_ms)
    if back:
        taken = order.captures[0].transaction_id
        rtr, name = f"D{number:031d}", f"E/R{number}"
        refund = Refund(mchid, name, rtr, order.out_trade_no, taken, back, 2850, "BRL", "", back_ms)
        ledger.add_refund(refund)
        ledger.finish_refund(refund, "SUCCESS", back_ms)


@asynccontextmanager
async def pix_at(sandbox: Sandbox) -> AsyncIterator[Channel]:
    told = json.loads((sandbox.credentials / "credentials.json").read_text())
    settings = PixSettings(
        told["pix_gateway"],
        told["pix_client_id"],
        told["pix_key"],
        told["pix_client_secret"],
        told["pix_oauth_url"],
    )
    channel = open_pix(settings, scheme=DYNAMIC, clock=SystemClock(), entropy=SystemEntropy(), test=True)
    yield channel
    await channel.aclose()


def lines_of(bill: FetchedBill | NoBill) -> list[tuple[str, str, int]]:
    """Which charge, what of it, how much."""
    assert isinstance(bill, FetchedBill), bill
    assert guess_format(bill.path) == bill.format == "pix-list"
    *lines, end = open_bill(bill.path, bill.format)
    assert isinstance(end, BillEnd)
    assert (end.first_day, end.last_day) == (DAY, DAY)
    found = [each for each in lines if isinstance(each, BillLine)]
    return [(x.order_no[-1], "paid" if x.kind is LineKind.PAYMENT else x.refund_no, x.gross_minor) for x in found]


BOOKS = [("S", "paid", 2850), ("S", "R0", 850), ("T", "paid", 2850), ("V", "R2", 100)]
FAULTS = {
    "bill-row-missing": BOOKS[2:],
    "bill-row-extra": [*BOOKS[:3], ("0", "paid", 100), BOOKS[3]],
    "bill-status-differs": [*BOOKS[:2], ("S", "STRANGE", 2850), *BOOKS[2:]],
    "bill-duplicate-row": [*BOOKS[:2], *BOOKS],
    "bill-not-ready": NoBill("unclear", "http_503"),
    "bill-truncated": NoBill("unclear", "unreadable: json_unreadable"),
}


@pytest.mark.row(110)
async def test_i13_the_day_in_brasilia_as_the_books_have_it_and_with_each_fault(tmp_path: Path) -> None:
    async with running_sandbox(tmp_path / "state") as sandbox, pix_at(sandbox) as channel:
        paid(sandbox, 0, NOON_MS, 850, LATE_MS)
        paid(sandbox, 1, LATE_MS)
        paid(sandbox, 2, LATE_MS - DAY_MS, 100, NOON_MS)
        assert lines_of(await channel.fetch_bill(DAY, "trade", tmp_path)) == BOOKS
        for slug, expected in FAULTS.items():
            sandbox.bank.set_fault(slug, SystemClock().wall_ms(), count=1)
            found = await channel.fetch_bill(DAY, "trade", tmp_path)
            assert (found if isinstance(found, NoBill) else lines_of(found)) == expected, slug
            assert not sandbox.bank.faults.active(), slug
        assert lines_of(await channel.fetch_bill(DAY, "trade", tmp_path)) == BOOKS
