"""Somebody forges the bank's messages: one line with a count on every till, until an owner has seen it (B5)."""

from pathlib import Path

import pytest

from tests.flows.api_rig import Shop, open_shop
from tests.flows.test_api_notices import delivery


async def forge(shop: Shop, body: bytes, headers: dict[str, str], times: int = 1) -> None:
    for _ in range(times):
        assert (await shop.notice(body, {**headers, "Wechatpay-Signature": "AAAA"})).status == 401


@pytest.mark.row(28)
async def test_b5_a_forgery_is_told_once_with_its_count_until_an_owner_has_seen_it(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        letter = await delivery(shop)
        till, owner = await shop.till("2"), await shop.owner()
        assert (await till.get("/alerts")).body == {"alerts": []}
        before = (await till.get("/counters/2")).body["orphans"]
        await forge(shop, *letter, times=40)
        assert (await till.get("/counters/2")).body["orphans"] != before, "pages that are open read it now"
        [told] = (await till.get("/alerts")).body["alerts"]
        assert (told["channel"], told["count"]) == ("wechatpay", 40)
        assert told["slug"].startswith("signature_")
        shop.clock.ahead_s += 30
        await forge(shop, *letter, times=2)
        [told] = (await till.get("/alerts")).body["alerts"]
        assert told["count"] == 42
        path, seen = "/alerts/wechatpay", {"how": "seen"}
        assert (await till.post(path, seen)).status == 401
        assert (await (await shop.machine()).post(path, seen)).slug == "not_allowed"
        assert (await owner.post(path, seen)).body == {"done": True}
        assert (await till.get("/alerts")).body == {"alerts": []}
        assert (await owner.post(path, seen)).slug == "exception_unknown"
        [closed] = [each for each in shop.journal.after(0, limit=1000) if each.type == "refusals_seen"]
        assert (closed.actor, closed.body["count"]) == (f"person:{shop.owner_id}", 42)
        shop.clock.ahead_s += 30
        await forge(shop, *letter)
        [told] = (await till.get("/alerts")).body["alerts"]
        assert told["count"] == 1, "the next one is news again"


async def test_s31_a_machine_of_some_counters_learns_of_no_forgery(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await forge(shop, *(await delivery(shop)))
        assert (await (await shop.machine(counters=("1",))).get("/alerts")).body == {"alerts": []}
        assert len((await (await shop.machine()).get("/alerts")).body["alerts"]) == 1
        assert (await (await shop.display()).get("/alerts")).status in {401, 403}
