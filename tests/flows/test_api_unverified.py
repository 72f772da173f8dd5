"""Sales without confirmation over HTTP: the till lists them, everybody sees age and sum, an owner ends them."""

from dataclasses import replace
from pathlib import Path

import pytest

from terminal.counter.settings import Offline
from tests.flows.api_rig import Shop, open_shop

QUESTIONS_MAX = 50


async def line_dies(shop: Shop) -> None:
    """Questions that nobody answered have shown it."""
    shop.line.cut = True
    for _ in range(QUESTIONS_MAX):
        if shop.service.unverified.offered(shop.service.lane("1")):
            return
        await shop.service.provider("wechatpay").query("01KAK3V5M3F0R8H2J5K7M9N4PQ")
    raise AssertionError("nobody saw that the line is dead")


@pytest.mark.row(39, 11)
async def test_i2_a_till_lists_what_nobody_can_confirm_and_an_owner_alone_ends_it(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        shop.house = replace(shop.house, offline=Offline("list", sale_minor=5000, day_minor=9000))
        await shop.restart()
        till = await shop.till()
        body = {"counter": "1", "amount_minor": 2850, "unverified": True}
        reachable = await till.post("/sales", body)
        assert (reachable.status, reachable.slug) == (409, "channel_can_confirm")
        await line_dies(shop)
        assert (await till.get("/counters/1")).body["offline"] is True
        told = await till.post("/sales", body, key="list-0001")
        assert (told.status, told.body["word"], told.body["paid_minor"]) == (201, "unverified", 0)
        sale = str(told.body["id"])
        again = await till.post("/sales", body, key="list-0001")
        assert (again.status, again.body["id"]) == (201, sale)
        inbox = (await till.get("/inbox")).body
        assert [(each["sale"], each["mark"]) for each in inbox["unverified"]] == [(sale, "unverified")]
        assert inbox["unverified_sums"] == {"CNY": 2850}
        claim = {"kind": "claimed", "reason": "seen at the bank", "bank_reference": "TX 4711"}
        path = f"/sales/{sale}/overrides"
        assert (await till.post(path, claim, key="claim-001")).slug == "not_signed_in"
        assert (await (await shop.cashier()).post(path, claim, key="claim-002")).slug == "not_allowed"
        owner = await shop.owner()
        short = await owner.post(path, {**claim, "bank_reference": "471"}, key="claim-003")
        assert (short.status, short.slug) == (422, "claim_reference_missing")
        done = await owner.post(path, claim, key="claim-004")
        assert (done.status, done.body["word"], done.body["paid_minor"], done.body["check_code"]) == (
            201, "claimed", 0, ""
        )  # fmt: skip
        off = {"kind": "written_off", "reason": "it never came"}
        assert (await till.post(path, off, key="offer-001")).slug == "not_signed_in"
        gone = await owner.post(path, off, key="offer-002")
        assert (gone.status, gone.body["state"]) == (201, "cancelled")
        assert (await till.get("/inbox")).body["unverified"] == []
        types = [each["type"] for each in (await till.get(f"/sales/{sale}/events")).body["events"]]
        assert [each for each in types if each.startswith("sale_")] == [
            *("sale_opened", "sale_unverified", "sale_parked", "sale_moved"),
            *("sale_claimed", "sale_written_off", "sale_moved"),
        ]
