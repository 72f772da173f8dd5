"""Money for an order that this journal does not know reaches a person, and only a person ends it (I1)."""

from pathlib import Path

from tests.flows.api_rig import Shop, open_shop


async def orphaned(shop: Shop) -> str:
    """A genuine notification about an order of somebody else's journal; returns the order's number."""
    shop.stop_post()
    shop.bank.set_fault("notify-wrong-order", shop.clock.wall_ms())
    sale = await shop.shown(await shop.machine())
    shop.pay(sale["attempts"][0]["id"])
    [owed] = shop.bank.due(shop.clock.wall_ms())
    assert (await shop.notice(owed.body, dict(owed.headers))).status == 204
    [event] = [each for each in shop.journal.after(0, limit=1000) if each.type == "payment_orphaned"]
    return str(event.body["order_no"])


async def test_i1_money_without_a_sale_is_told_until_an_owner_has_seen_it(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till("2")
        assert (await till.get("/orphans")).body == {"orphans": [], "next": None}
        order = await orphaned(shop)
        [told] = (await till.get("/orphans")).body["orphans"]
        assert (told["order_no"], told["channel"]) == (order, "wechatpay")
        assert (told["amount_minor"], told["currency"]) == (2850, "CNY")
        path, seen = f"/orphans/{order}", {"how": "seen", "note": "given back"}
        assert (await till.post(path, seen)).status == 401
        assert (await (await shop.machine()).post(path, seen)).slug == "not_allowed"
        owner = await shop.owner()
        assert (await owner.post(path, {"how": "lost"})).slug == "field_wrong"
        assert (await owner.post("/orphans/nothing", seen)).slug == "exception_unknown"
        assert (await owner.post(path, seen)).body == {"done": True}
        assert (await till.get("/orphans")).body == {"orphans": [], "next": None}
        assert (await owner.post(path, seen)).slug == "exception_unknown"
        [closed] = [each for each in shop.journal.after(0, limit=1000) if each.type == "orphan_closed"]
        assert closed.actor == f"person:{shop.owner_id}"
        assert (closed.body["order_no"], closed.body["note"]) == (order, "given back")
        assert all(each.body["kind"] != "orphan" for each in shop.service.feed.unfinished())


async def test_s31_a_machine_of_some_counters_learns_of_no_other_money(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await orphaned(shop)
        assert (await (await shop.machine(counters=("1",))).get("/orphans")).body == {"orphans": [], "next": None}
        assert len((await (await shop.machine()).get("/orphans")).body["orphans"]) == 1
        assert (await (await shop.display()).get("/orphans")).status in {401, 403}
