"""Fees and what the shop receives: for who may see sums, on the shop's own copy, never on a customer's slip."""

from pathlib import Path

import pytest

from terminal.payments.settled import SettledRow
from terminal.settlement.record import Recorder
from tests.flows.api_rig import open_shop
from tests.flows.test_care import printed


@pytest.mark.row(65)
async def test_the_shops_copy_is_read_and_printed_by_who_may_see_sums_alone(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till, owner, reports = await shop.till(), await shop.owner(), await shop.machine("reports", "sales")
        sale = await shop.paid(till)
        path = f"/sales/{sale['id']}"
        before = str((await owner.get(f"{path}/receipt?kind=merchant&format=text")).body)
        assert "Fee, expected" in before
        assert "not known" in before, "this channel's price is not in the settings"

        recorder, order = Recorder(shop.service.feed, shop.clock, "s1"), sale["attempts"][0]["id"]
        recorder.settle("wechatpay", SettledRow(order, "payment", "2026-11-21", "b7", 2850, 17_000))
        await recorder.flush("wechatpay")
        told = await reports.get(f"{path}/receipt?kind=merchant")
        rows = {row[1]: row[2] for row in told.body["lines"] if row[0] == "row"}
        assert (rows["Fee"], rows["You receive"], told.body["frozen"]) == ("-¥0.17", "¥28.33", False)
        assert "You receive" not in str((await till.get(f"{path}/receipt?format=text")).body)

        cashier = await shop.cashier()
        for who in (till, cashier, await shop.machine("sales")):
            assert (await who.get(f"{path}/receipt?kind=merchant")).status in {401, 403}
            assert (await who.post(f"{path}/merchant-slip")).status in {401, 403}
        assert (await owner.post(f"{path}/merchant-slip")).status == 200
        await printed(shop, "SHOP'S COPY", "You receive", "In the bill of 2026-11-21")
        waiting = (await till.post("/sales", {"counter": "1", "amount_minor": 100})).body
        assert (await owner.post(f"/sales/{waiting['id']}/merchant-slip")).slug == "reprint_nothing"
