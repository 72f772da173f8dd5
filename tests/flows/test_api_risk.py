"""Risk over HTTP: who may ask and act, codes for any till, stickers, proofs, alerts, holds, letters."""

import asyncio
from pathlib import Path

import pytest

from terminal.risk.rules import Alert
from terminal.web.desks.risk import LOOKS_AT_ONCE
from tests.flows.api_rig import OWNER_PIN, WATCHDOG_S, Shop, open_shop
from tests.flows.risk_rig import pix

STRANGE = pix("+5511988887777")
LINK = "wxp://f2f0abcDEF123"


async def alert(shop: Shop, rule: str = "refunds_many", about: str = "person:x", **facts: str) -> str:
    """As the rules raise one."""
    desk = shop.risk.desk
    now_ms = shop.clock.wall_ms()
    why = "signature" if rule == "forged" else ""
    assert await desk.alerts.raise_(Alert(rule, why, about, 9, 6, "2026-01-01", now_ms, facts))
    return desk.alerts.waiting()[0].id


@pytest.mark.row(67)
async def test_any_till_looks_up_any_counters_receipt_and_a_bound_machine_only_its_own(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        first, second = await shop.till("1"), await shop.till("2")
        sale = await shop.paid(first)
        [here] = (await first.get(f"/codes?code={sale['check_code'].lower()}")).body["found"]
        assert (here["sale"], here["amount_minor"], here["word"], here["refunded_minor"]) == (
            sale["id"], 2850, "paid", 0
        )  # fmt: skip
        [there] = (await second.get(f"/codes?code={sale['check_code']}")).body["found"]
        assert (there["sale"], there["counter"], there["amount_minor"]) == ("", "1", 2850), "not its timeline"
        bound = await shop.machine("sales", counters=["2"])
        assert (await bound.get(f"/codes?code={sale['check_code']}")).body["found"] == []
        [scanned] = (await second.get(f"/codes?code=CT:S-{sale['id']}")).body["found"]
        assert scanned["no"] == sale["no"]
        assert (await second.get("/codes?code=ZZZZ")).body["found"] == []
        told = await second.get("/codes?code=AB0D")
        assert (told.status, told.slug) == (422, "lookup_code_wrong")
        assert (await shop.client().get("/codes?code=ZZZZ")).slug == "not_signed_in"


@pytest.mark.row(67)
async def test_s65_nobody_may_try_every_code(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        tries = [await till.get("/codes?code=ZZZZ") for _ in range(LOOKS_AT_ONCE + 1)]
        assert {each.status for each in tries[:-1]} == {200}
        assert (tries[-1].status, tries[-1].slug) == (429, "rate_limited")
        shop.clock.ahead_s += 5
        assert (await till.get("/codes?code=ZZZZ")).status == 200


@pytest.mark.row(119)
async def test_the_till_asks_the_bank_about_a_picture_in_the_cashiers_language(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        shop.stop_post()
        sale = await shop.shown(till)
        number = sale["attempts"][0]["id"][-4:]
        no = (await till.post("/counters/1/proof", {"proof": number})).body
        assert (no["verdict"], no["word"], no["sale"]) == ("no", "NO – NOT RECEIVED", sale["id"])
        shop.pay(sale["attempts"][0]["id"])
        till.headers["Accept-Language"] = "zh-CN"
        yes = (await till.post("/counters/1/proof", {"proof": number})).body
        assert (yes["verdict"], yes["word"], yes["amount_minor"]) == ("yes", "是 – 已收到", 2850)
        assert "28.50" in yes["told"]
        till.headers["Accept-Language"] = "pt-BR"
        used = (await till.post("/counters/1/proof", {"proof": number})).body
        assert (used["verdict"], used["word"]) == ("used", "JÁ CONTADO")
        none = (await till.post("/counters/1/proof", {"proof": "9Z9Z"})).body
        assert (none["verdict"], none["sale"], none["amount_minor"]) == ("no", "", 0)
        last = (await till.get("/counters/1/proof")).body
        assert (last["count"], last["last"]["verdict"]) == (4, "no")
        assert shop.risk.desk.proofs.looked_for("1")
        assert (await till.post("/counters/1/proof", {"proof": "x"})).slug == "proof_unreadable"
        assert (await till.post("/counters/2/proof", {"proof": number})).slug == "counter_unknown"


@pytest.mark.row(23)
async def test_an_owner_lists_the_stickers_and_every_till_checks_them(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till, owner = await shop.till(), await shop.owner()
        wish = {"name": "Counter", "code": LINK}
        assert (await till.post("/stickers", wish)).slug == "not_signed_in"
        made = await owner.post("/stickers", wish)
        assert (made.status, made.body["name"], made.body["done"]) == (201, "Counter", True)
        assert (await owner.post("/stickers", wish)).slug == "sticker_known"
        assert (await owner.post("/stickers", {"name": "x", "code": "hello"})).slug == "sticker_not_payment"
        shop.clock.ahead_s += 86_400
        assert (await till.get("/inbox")).body["stickers_due"] == 1
        green = (await till.post("/counters/1/sticker", {"code": LINK})).body
        assert (green["result"], green["word"], green["sticker"], green["due"]) == ("ours", "OURS", "Counter", 0)
        red = (await till.post("/counters/1/sticker", {"code": STRANGE})).body
        assert (red["result"], red["word"]) == ("other", "NOT OURS")
        assert "+5511988887777" in red["who"]
        assert "+5511988887777" in red["told"]
        inbox = (await till.get("/inbox")).body
        assert (inbox["stickers_due"], [each["title"] for each in inbox["risks"]]) == (
            0, ["A sticker that is not ours"]
        )  # fmt: skip
        assert "+5511988887777" in inbox["risks"][0]["sentence"]
        listed = (await till.get("/stickers?counter=1")).body
        assert (listed["last"]["result"], listed["due"]) == ("other", 0)
        assert (await till.get("/stickers?counter=2")).slug == "counter_unknown", "another counter's is not told"
        wrong = (await till.post("/counters/1/sticker", {"code": "https://win.example/"})).body
        assert (wrong["result"], "win.example" in wrong["told"]) == ("not_payment", True)
        bad = (await till.post("/counters/1/sticker", {"code": STRANGE[:-4] + "0000"})).body
        assert bad["result"] == "unreadable"
        gone = await (await shop.owner()).post(f"/stickers/{made.body['id']}/remove")
        assert gone.status == 200
        assert (await till.get("/stickers")).body["stickers"] == []


@pytest.mark.row(118)
async def test_alerts_name_people_to_those_who_see_reports_and_to_no_till(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till, cashier = await shop.till(), await shop.cashier()
        found = await alert(shop, about=f"person:{shop.cashier_id}")
        owner = await shop.owner()
        told = (await owner.get("/risk")).body
        assert [each["sentence"] for each in told["alerts"]] == [
            "Mei gave money back 9 times today; 6 is unusual here."
        ]
        assert told["alerts"][0]["offers"] == ["refunds_pin", "refunds_locked"]
        assert len(told["rules"]) == 12
        assert {each["limit"] >= each["floor"] for each in told["rules"]} == {True}
        assert (await till.get("/inbox")).body["risks"] == [], "it names a cashier"
        assert (await cashier.get("/risk")).slug == "not_allowed"
        assert (await cashier.post(f"/risk/alerts/{found}", {"how": "seen"})).slug == "not_allowed"
        assert (await owner.post(f"/risk/alerts/{found}", {"how": "seen"})).status == 200
        assert (await owner.post(f"/risk/alerts/{found}", {"how": "seen"})).slug == "risk_alert_unknown"


@pytest.mark.row(120)
async def test_a_cashier_acts_with_an_owners_pin_and_only_an_owner_ends_it(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        cashier = await shop.cashier()
        sale = await shop.paid(await shop.till())
        found = await alert(shop)
        wish = {"what": "refunds_locked", "alert": found, "reason": "talk first"}
        assert (await cashier.post("/risk/holds", wish)).slug == "not_allowed"
        pin = {"person": shop.owner_id, "pin": OWNER_PIN}
        held = await cashier.post("/risk/holds", {**wish, "approver": pin})
        assert [(each["what"], each["actor"]) for each in held.body["holds"]] == [("refunds_locked", "Owner")]
        owner = await shop.owner()
        no = await owner.post(f"/sales/{sale['id']}/refunds", {"amount_minor": 100, "reason": "x"})
        assert (no.status, no.slug) == (409, "refunds_locked")
        [hold] = held.body["holds"]
        assert (await cashier.post(f"/risk/holds/{hold['id']}/end", {})).slug == "not_allowed"
        assert (await owner.post(f"/risk/holds/{hold['id']}/end", {})).body["holds"] == []
        back = await owner.post(f"/sales/{sale['id']}/refunds", {"amount_minor": 100, "reason": "x"})
        assert back.status == 201


@pytest.mark.row(120)
async def test_a_pin_for_every_refund_takes_the_cashiers_own_allowance_away(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        cashier = await shop.cashier()
        sale = await shop.paid(await shop.till())
        path, wish = f"/sales/{sale['id']}/refunds", {"amount_minor": 100, "reason": "x"}
        assert (await cashier.post(path, wish)).status == 201
        owner = await shop.owner()
        [hold] = (await owner.post("/risk/holds", {"what": "refunds_pin"})).body["holds"]
        assert (await cashier.post(path, wish)).slug == "refund_needs_approval"
        approved = {**wish, "approver": {"person": shop.owner_id, "pin": OWNER_PIN}}
        assert (await cashier.post(path, approved)).status == 201
        await owner.post(f"/risk/holds/{hold['id']}/end", {})
        assert (await cashier.post(path, wish)).status == 201


@pytest.mark.row(120)
async def test_a_paused_channel_is_told_on_every_till(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till, owner = await shop.till(), await shop.owner()
        await owner.post("/risk/holds", {"what": "channel_paused", "channel": "wechatpay"})
        no = await till.post("/sales", {"counter": "1", "amount_minor": 100})
        assert (no.status, no.slug) == (409, "channel_paused")
        assert (await till.get("/counters/1")).body["bank"] == {"wechatpay": "channel_paused"}
        wrong = await owner.post("/risk/holds", {"what": "channel_paused", "channel": "nobodys"})
        assert wrong.slug == "channel_unknown"


@pytest.mark.row(120)
async def test_the_text_for_the_bank_has_the_facts_and_is_printed(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        found = await alert(shop, "forged", "wechatpay", channel="wechatpay")
        told = await owner.post(f"/risk/alerts/{found}/letter", {"print_at": "1"})
        lines = told.body["lines"]
        assert "Tea 茶" in lines[0]
        assert any(shop.merchant.mchid in each for each in lines)
        assert any("9 messages in the name of" in each for each in lines)
        assert lines[-2].endswith(found)
        async with asyncio.timeout(WATCHDOG_S):
            while not shop.printers["1"].slips:  # noqa: ASYNC110  # paper tells nobody
                await asyncio.sleep(0.01)
        assert any(found in str(line) for line in shop.printers["1"].slips[0].receipt)
        assert (await owner.post("/risk/alerts/K0/letter", {})).slug == "risk_alert_unknown"
