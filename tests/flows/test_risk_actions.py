"""From journal to alert to action: raised once, held at the engine, over restarts, ended by an owner."""

import pytest

from terminal.payments.event import Actor
from terminal.payments.sale import SaleState
from terminal.risk.alerts import OPEN_MAX
from terminal.risk.desk import RiskDesk
from terminal.risk.rules import Alert
from tests.flows.risk_rig import MEI, OWNER, open_desk, pix
from tests.flows.shop import CASHIER, DAY_S, Shop, refused, story


async def watching(shop: Shop) -> RiskDesk:
    desk = open_desk(shop.service)
    desk.start()
    await heard(shop, desk)
    return desk


async def heard(shop: Shop, desk: RiskDesk) -> None:
    await shop.until(lambda: desk.watch.heard >= shop.service.feed.last_number(), 5)
    await shop.wait(0.5)  # what it found is in the journal too


async def forge(shop: Shop, times: int = 1) -> None:
    """Messages in the bank's name with a wrong signature, far enough apart to be recorded."""
    for _ in range(times):
        headers = {"Wechatpay-Signature": "bm8=", "Wechatpay-Serial": "X", "Wechatpay-Nonce": "n"}
        await refused(shop.service.notices.take("wechatpay", headers, b"{}"))
        await shop.wait(11)


@pytest.mark.row(118)
@story()
async def test_b5_s13_a_forged_message_is_an_alert_with_its_reason_raised_once_a_day(shop: Shop) -> None:
    desk = await watching(shop)
    await forge(shop, 3)
    await heard(shop, desk)
    [alert] = desk.alerts.waiting()
    assert (alert.rule, alert.about, alert.facts["channel"]) == ("forged", "wechatpay", "wechatpay")
    assert len(shop.events("risk_alert_raised")) == 1
    await shop.restart()
    again = await watching(shop)
    assert [each.id for each in again.alerts.waiting()] == [alert.id]
    assert len(shop.events("risk_alert_raised")) == 1, "hearing the day again tells nothing twice"
    await again.alerts.close(alert.id, actor=OWNER)
    assert again.alerts.waiting() == []
    assert (await refused(again.alerts.close(alert.id, actor=OWNER))).slug == "risk_alert_unknown"


@pytest.mark.row(118)
@story()
async def test_refunds_by_one_person_are_counted_from_the_journal_and_over_a_restart(shop: Shop) -> None:
    desk = await watching(shop)
    for _ in range(2):
        await shop.refund(await shop.paid(100))
    await heard(shop, desk)
    assert desk.alerts.waiting() == []
    await shop.restart()
    desk = await watching(shop)
    await shop.refund(await shop.paid(100))
    await heard(shop, desk)
    [alert] = desk.alerts.waiting()
    assert (alert.rule, alert.about, alert.count) == ("refund_soon", str(CASHIER), 3)


@pytest.mark.row(118)
@story()
async def test_days_are_counted_in_the_journal_and_limits_learned_from_them_after_a_restart(shop: Shop) -> None:
    await watching(shop)
    for _ in range(8):
        await shop.paid(100)
        await shop.wait(DAY_S)
    await shop.restart()
    desk = await watching(shop)
    counted = shop.events("risk_day_counted")
    assert len(counted) >= 7
    assert len({each.subject for each in counted}) == len(counted)
    assert desk.watch.watcher.history.days == len(counted)
    assert desk.watch.watcher.history.knows


@pytest.mark.row(120)
@story()
async def test_locked_refunds_are_refused_at_the_engine_until_an_owner_ends_it(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.paid()
    hold = await desk.hold("refunds_locked", "", alert="", reason="talk first", actor=OWNER)
    assert (await refused(shop.refund(sale))).slug == "refunds_locked"
    await shop.restart()
    assert (await refused(shop.refund(sale))).slug == "refunds_locked", "a restart ends nothing"
    again = await open_desk(shop.service).hold("refunds_locked", "", alert="", reason="x", actor=MEI)
    assert (again.actor, again.reason) == (str(OWNER), "talk first"), "the first one stays"
    await shop.service.holds.end(hold.id, reason="talked", actor=OWNER)
    refund = await shop.refund(sale, 100)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == "refunded", 60)
    assert (await refused(shop.service.holds.end(hold.id, reason="", actor=OWNER))).slug == "hold_unknown"
    assert [each.actor for each in shop.events("hold_begun") + shop.events("hold_ended")] == [str(OWNER)] * 2


@pytest.mark.row(120)
@story()
async def test_money_that_came_twice_still_goes_back_by_itself_while_refunds_are_locked(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.paid()
    await desk.hold("refunds_locked", "", alert="", reason="", actor=OWNER)
    system = Actor("system", "excess")
    _, refund = await shop.service.aftercare.refund(sale.id, 100, reason="twice", actor=system)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == "refunded", 60)


@pytest.mark.row(120)
@story()
async def test_a_paused_channel_takes_no_new_sale_and_ends_the_old_ones(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.with_code()
    hold = await desk.hold("channel_paused", "wechatpay", alert="", reason="forged", actor=OWNER)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    no = await refused(shop.open(500))
    assert (no.slug, no.facts["channel"]) == ("channel_paused", "wechatpay")
    assert shop.service.holds.paused("wechatpay")
    await shop.restart()
    assert (await refused(shop.open(500))).slug == "channel_paused"
    await shop.service.holds.end(hold.id, reason="", actor=OWNER)
    await shop.paid(500)
    wrong = desk.hold("channel_paused", "nobodys", alert="", reason="", actor=OWNER)
    assert (await refused(wrong)).slug == "channel_unknown"


@pytest.mark.row(120)
@story()
async def test_a_letter_for_the_bank_is_kept_and_sent_nowhere(shop: Shop) -> None:
    kept: dict[str, str] = {}
    desk = open_desk(shop.service, kept)
    await desk.alerts.raise_(Alert("forged", "signature", "wechatpay", 1, 1, "2026-01-01", 1, {"channel": "w"}))
    [alert] = desk.alerts.waiting()
    file = await desk.keep_letter(alert.id, ["one", "two"], actor=OWNER)
    assert list(kept.values()) == ["one\ntwo\n"]
    [made] = shop.events("bank_letter_made")
    assert (made.subject, made.body["file"], made.actor) == (alert.id, file, str(OWNER))


@pytest.mark.row(118)
@story()
async def test_open_alerts_are_bounded_the_oldest_end_by_themselves(shop: Shop) -> None:
    desk = open_desk(shop.service)
    for n in range(OPEN_MAX + 3):
        await desk.alerts.raise_(Alert("forged", "field", f"A{n}", 1, 1, "2026-01-01", n, {}))
    open_now = desk.alerts.waiting()
    assert (len(open_now), open_now[0].about, open_now[-1].about) == (OPEN_MAX, f"A{OPEN_MAX + 2}", "A3")
    assert {each.body["how"] for each in shop.events("risk_alert_ended")} == {"too_many"}


@pytest.mark.row(118)
@story()
async def test_who_floods_one_rule_hides_no_warning_of_another(shop: Shop) -> None:
    desk = open_desk(shop.service)
    await desk.stickers.register("Counter", pix("+5511999990000"), actor=OWNER)
    await desk.alerts.raise_(Alert("refund_soon", "", str(MEI), 3, 3, "2026-01-01", 1, {}))
    for n in range(OPEN_MAX + 3):
        await desk.stickers.check("1", pix(f"+55119000{n:05}"), actor=MEI)
    open_now = desk.alerts.waiting()
    assert len(open_now) == OPEN_MAX
    assert [each.about for each in open_now if each.rule == "refund_soon"] == [str(MEI)]


@pytest.mark.row(118)
@story()
async def test_c6_a_used_code_tried_again_leaves_a_line_without_the_code(shop: Shop) -> None:
    desk = await watching(shop)
    code = shop.customer_code()
    first = await shop.open(100, push=False)
    await shop.scan(code)
    await shop.until(lambda: shop.sale(first).state is SaleState.PAID, 10)
    for n in range(2):
        sale = await shop.open(200 + n, push=False)
        for _ in range(3):
            assert (await refused(shop.scan(code))).slug == "code_used"
        await shop.cancel(sale)
        await shop.until(lambda: shop.lane().current is None, 10)
    lines = shop.events("code_seen_again")
    assert [each.body["first"] for each in lines] == [first.id] * 2, "once a sale, however often it is scanned"
    assert code not in str([each.body for each in lines])
    await heard(shop, desk)
    assert [(each.rule, each.count) for each in desk.alerts.waiting()] == [("code_again", 2)]


@pytest.mark.row(118)
@story()
async def test_b5_probes_alone_alarm_nobody_and_a_flood_of_them_does_once(shop: Shop) -> None:
    desk = await watching(shop)
    for _ in range(59):
        await shop.service.floods.count("wechatpay", "probe")
    await shop.service.floods.count("wechatpay", "hint")
    assert shop.events("messages_flooding") == []
    for _ in range(100):
        await shop.service.floods.count("wechatpay", "probe")
    await heard(shop, desk)
    assert [(each.rule, each.why) for each in desk.alerts.waiting()] == [("flood", "probe")]
    assert len(shop.events("messages_flooding")) == 1
