"""Money back over HTTP: alone up to a limit, above it with somebody's PIN, both names in the journal (S36)."""

from pathlib import Path

import pytest

from tests.flows.api_rig import CASHIER_PIN, OWNER_PIN, WATCHDOG_S, Shop, open_shop


def started(shop: Shop, sale: str) -> list[tuple[str, str, int]]:
    """(actor, approver, amount) of every refund of a sale, from the journal."""
    events = shop.service.feed.of_subject(sale)
    return [
        (each.body["actor"], each.body["approver"], each.body["amount_minor"])
        for each in events
        if each.type == "refund_started"
    ]


@pytest.mark.row(72, 124)
async def test_a_cashier_alone_up_to_the_limits_of_one_refund_and_of_the_day(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        cashier = await shop.cashier()
        sale = await shop.paid(await shop.till(), 5000)
        path = f"/sales/{sale['id']}/refunds"
        first = await cashier.post(path, {"reason": "spilt", "amount_minor": 1000})
        assert (first.status, first.body["refund"]["approver"]) == (201, "")
        assert first.body["sale"]["refundable_minor"] == 4000
        over_day = await cashier.post(path, {"reason": "spilt", "amount_minor": 501})
        assert (over_day.status, over_day.slug) == (403, "refund_needs_approval")
        assert (await cashier.post(path, {"reason": "spilt", "amount_minor": 500})).status == 201
        assert (await cashier.post(path, {"reason": "spilt", "amount_minor": 1})).slug == "refund_needs_approval"
        await shop.restart()
        cashier = await shop.cashier_again()
        forgot = await cashier.post(path, {"reason": "spilt", "amount_minor": 1})
        assert forgot.slug == "refund_needs_approval", "a restart gives no new allowance"
        shop.clock.ahead_s += 86_400
        cashier = await shop.cashier_again()
        assert (await cashier.post(path, {"reason": "spilt", "amount_minor": 1})).status == 201, "a new day does"


@pytest.mark.row(72, 124)
async def test_s36_what_is_refused_at_once_uses_up_nobodys_allowance(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        cashier = await shop.cashier()
        sale = await shop.paid(await shop.till(), 900)
        path = f"/sales/{sale['id']}/refunds"
        for _ in range(2):
            assert (await cashier.post(path, {"reason": "typo", "amount_minor": 1000})).slug == "refund_too_much"
        assert (await cashier.post(path, {"reason": "spilt", "amount_minor": 900})).status == 201


@pytest.mark.row(72, 124)
async def test_s36_above_the_limit_the_owner_types_a_pin_and_both_names_are_kept(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        cashier = await shop.cashier()
        sale = await shop.paid(await shop.till(), 5000)
        path = f"/sales/{sale['id']}/refunds"
        alone = await cashier.post(path, {"reason": "wrong order"})
        assert (alone.status, alone.slug) == (403, "refund_needs_approval")
        wrong = {"person": shop.owner_id, "pin": "605948"}
        assert (await cashier.post(path, {"reason": "wrong order", "approver": wrong})).slug == "pin_wrong"
        colleague = {"person": shop.cashier_id, "pin": CASHIER_PIN}
        assert (await cashier.post(path, {"reason": "wrong order", "approver": colleague})).slug == "not_allowed"
        assert started(shop, sale["id"]) == []
        owner = {"person": shop.owner_id, "pin": OWNER_PIN}
        told = await cashier.post(path, {"reason": "wrong order", "approver": owner})
        assert told.status == 201
        names = (f"person:{shop.cashier_id}", f"person:{shop.owner_id}", 5000)
        assert started(shop, sale["id"]) == [names]
        small = await shop.paid(await shop.till(), 900)
        body = {"reason": "wrong order", "approver": owner}
        assert (await cashier.post(f"/sales/{small['id']}/refunds", body)).status == 201
        assert started(shop, small["id"]) == [(*names[:2], 900)], "also of one that nobody had to be there for"


async def test_a_till_asks_somebody_to_sign_in_first_and_a_machine_needs_the_scope(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        sale = await shop.paid(till)
        told = await till.post(f"/sales/{sale['id']}/refunds", {"reason": "r"})
        assert (told.status, told.slug) == (401, "not_signed_in")
        seller = await shop.machine("sales")
        assert (await seller.post(f"/sales/{sale['id']}/refunds", {"reason": "r"})).slug == "not_allowed"
        pos = await shop.machine("sales", "refunds")
        told = await pos.post(f"/sales/{sale['id']}/refunds", {"reason": "r"})
        assert told.slug == "refund_needs_approval", "this shop's machines refund nothing alone"


async def test_i8_never_more_than_was_paid_and_never_without_a_reason(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        sale = await shop.paid(owner)
        path = f"/sales/{sale['id']}/refunds"
        assert (await owner.post(path, {"reason": "r", "amount_minor": 2851})).slug == "refund_too_much"
        assert (await owner.post(path, {"reason": ""})).slug == "field_wrong"
        assert (await owner.post(path, {"reason": "  "})).slug == "refund_reason_missing"
        for amount, slug in ((0, "amount_not_positive"), (1.5, "amount_not_integer"), ("5", "amount_not_integer")):
            assert (await owner.post(path, {"reason": "r", "amount_minor": amount})).slug == slug
        whole = await owner.post(path, {"reason": "r"})
        assert whole.body["refund"]["amount_minor"] == 2850
        assert (await owner.post(path, {"reason": "r"})).slug == "refund_too_much"
        unpaid = await shop.shown(owner, counter="2")
        told = await owner.post(f"/sales/{unpaid['id']}/refunds", {"reason": "r", "amount_minor": 1})
        assert (told.status, told.slug) == (409, "refund_not_paid")


async def test_s36_an_owner_whose_pin_is_old_types_it_again(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        sale = await shop.paid(owner)
        shop.clock.ahead_s += 121
        told = await owner.post(f"/sales/{sale['id']}/refunds", {"reason": "r"}, key="refund-0001")
        assert (told.status, told.slug) == (401, "pin_again")
        fresh = await shop.owner()
        again = await fresh.post(f"/sales/{sale['id']}/refunds", {"reason": "r"}, key="refund-0001")
        assert again.status == 201, "being asked for a PIN is not an answer that is kept"


async def test_late_money_is_a_persons_to_settle(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        sale = await shop.shown(owner)
        attempt = sale["attempts"][0]["id"]
        path = f"/sales/{sale['id']}/exceptions/"
        assert (await owner.post(path + "nothing", {"how": "seen"})).slug == "exception_unknown"
        shop.pay_after_close(attempt)
        assert (await owner.post(f"/sales/{sale['id']}/cancel")).body["state"] == "cancelled"
        shop.clock.ahead_s += 61
        assert await shop.service.until(sale["id"], lambda now: bool(now.exceptions), WATCHDOG_S)
        [late] = (await owner.get(f"/sales/{sale['id']}")).body["exceptions"]
        assert (late["kind"], late["closed"]) == ("paid_late", "")
        cashier = await shop.cashier()
        assert (await cashier.post(path + late["id"], {"how": "seen"})).slug == "not_allowed"
        assert (await owner.post(path + late["id"], {"how": "seen"})).slug == "refund_first"
        assert (await owner.post(path + late["id"], {"how": "lost"})).slug == "field_wrong"
        told = await owner.post(path + late["id"], {"how": "attached"})
        assert (told.body["state"], told.body["exceptions"][0]["closed"]) == ("paid", "attached")
