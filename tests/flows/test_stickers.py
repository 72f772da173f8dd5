"""Scanning our own stickers at opening: green is ours byte for byte, red says who would get the money (row 23)."""

import pytest

from terminal.payments.event import Actor
from terminal.risk.desk import RiskDesk
from tests.flows.risk_rig import MEI, OWNER, open_desk, pix
from tests.flows.shop import DAY_S, Shop, refused, story

pytestmark = pytest.mark.row(23)
OURS, EVIL = pix("+5511999990000"), pix("+5511988887777")
SCANNER = Actor("device", "1/scanner")


async def with_sticker(shop: Shop) -> RiskDesk:
    desk = open_desk(shop.service)
    await desk.stickers.register("Counter", OURS, actor=OWNER)
    return desk


@story()
async def test_s66_ours_is_green_and_the_reminder_comes_back_each_business_day(shop: Shop) -> None:
    desk = await with_sticker(shop)
    assert desk.stickers.due() == [], "who registers it has scanned it"
    await shop.wait(DAY_S)
    assert [each.name for each in desk.stickers.due()] == ["Counter"]
    checked = await desk.stickers.check("1", OURS, actor=MEI)
    assert (checked.result, checked.sticker, checked.due) == ("ours", "Counter", 0)
    assert "+5511999990000" in checked.who
    [logged] = shop.events("poster_checked")
    assert (logged.actor, logged.body["counter"]) == ("person:01MEI", "1")
    assert desk.alerts.waiting() == []
    await shop.wait(DAY_S)
    assert len(desk.stickers.due()) == 1


@story()
async def test_s66_the_same_name_with_another_account_is_red_with_the_difference_and_an_alert(shop: Shop) -> None:
    desk = await with_sticker(shop)
    changes = desk.changes
    checked = await desk.stickers.check("1", EVIL, actor=MEI)
    assert (checked.result, checked.sticker) == ("other", "Counter")
    assert "+5511988887777" in checked.who
    assert [(each.field, each.ours, each.theirs) for each in checked.differs] == [
        ("account", "+5511999990000", "+5511988887777")
    ]
    [alert] = desk.alerts.waiting()
    assert (alert.rule, alert.why, alert.facts["sticker"]) == ("sticker", "instead", "Counter")
    assert desk.changes > changes, "every till is told"
    [logged] = shop.events("sticker_refused")
    assert (logged.body["result"], logged.body["payload"]) == ("other", EVIL)
    await desk.stickers.check("1", EVIL, actor=MEI)
    assert len(desk.alerts.waiting()) == 1, "the same one again is the same alert"


@story()
async def test_s66_one_character_of_the_code_decides(shop: Shop) -> None:
    desk = await with_sticker(shop)
    twin = pix("+5511999990000", reference="X1")
    checked = await desk.stickers.check("1", twin, actor=MEI)
    assert (checked.result, [each.field for each in checked.differs]) == ("other", ["code"])


@story()
async def test_s42_of_a_code_that_is_no_payment_code_nothing_is_kept(shop: Shop) -> None:
    desk = await with_sticker(shop)
    for scan, result in (("134567890123456789", "not_payment"), (OURS[:-4] + "0000", "unreadable")):
        checked = await desk.stickers.check("1", scan, actor=MEI)
        assert (checked.result, checked.who) == (result, "")
    assert [each.body["payload"] for each in shop.events("sticker_refused")] == ["", ""]
    assert desk.alerts.waiting() == []


@story()
async def test_c4_the_counter_s_own_scanner_checks_while_no_sale_waits(shop: Shop) -> None:
    desk = await with_sticker(shop)
    shop.counter.scanner.reads(EVIL)
    await shop.until(lambda: "1" in desk.stickers.last, 5)
    told = shop.lane().told
    assert told is not None
    assert told[1].slug == "sticker_other"
    assert "+5511988887777" in str(told[1].facts["who"])
    shop.counter.scanner.reads(OURS)
    await shop.until(lambda: desk.stickers.last["1"].result == "ours", 5)
    assert await desk.stickers.scanned("1", "134567890123456789", SCANNER) is None, "a customer's code is not ours"


@story()
async def test_c4_during_a_sale_a_shop_s_code_stays_a_wrong_scan(shop: Shop) -> None:
    desk = await with_sticker(shop)
    await shop.with_code()
    shop.counter.scanner.reads(OURS)
    await shop.until(lambda: shop.lane().told is not None, 5)
    told = shop.lane().told
    assert told is not None
    assert told[1].slug == "code_merchant"
    assert desk.stickers.last == {}


@story()
async def test_the_list_survives_a_restart_and_knows_each_sticker_once(shop: Shop) -> None:
    desk = await with_sticker(shop)
    assert (await refused(desk.stickers.register("Door", OURS, actor=OWNER))).slug == "sticker_known"
    assert (await refused(desk.stickers.register("Door", "690123", actor=OWNER))).slug == "sticker_not_payment"
    await shop.restart()
    again = open_desk(shop.service)
    [kept] = again.stickers.registered()
    assert (kept.name, kept.payload) == ("Counter", OURS)
    await again.stickers.remove(kept.id, actor=OWNER)
    assert again.stickers.registered() == []
    assert (await refused(again.stickers.remove(kept.id, actor=OWNER))).slug == "sticker_unknown"
