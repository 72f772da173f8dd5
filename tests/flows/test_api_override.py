"""An owner keeps a payment proven while it was being taken back; nobody else can, and nobody without proof."""

from pathlib import Path
from typing import Any

import pytest

from tests.flows.api_rig import Client, Shop, open_shop

WISH = {"kind": "accept_paid", "reason": "the customer has the goods"}


async def taken_back(shop: Shop, *, proven: bool = True) -> dict[str, Any]:
    """A scanned sale cancelled in doubt. The reverse waits its 15 s; a restart asks once more before it."""
    till = await shop.till()
    opened = await till.post("/sales", {"counter": "1", "amount_minor": 2850, "directions": ["pull"]})
    sale, now_ms = str(opened.body["id"]), shop.clock.wall_ms()
    shop.bank.set_fault("error-500-after-debit", now_ms)
    await till.post("/counters/1/scan", {"code": shop.wallet_code()})
    assert await shop.service.until(sale, lambda now: now.word == "checking", 30.0)
    shop.bank.set_fault("error-500", now_ms, count=1000, params={"call": "query"})
    await till.post(f"/sales/{sale}/cancel")
    assert await shop.service.until(sale, lambda now: now.attempts[-1].state == "reversing", 30.0)
    if proven:
        shop.bank.faults.clear("")
        await shop.restart()
        till = await shop.till()
        assert await shop.service.until(sale, lambda now: now.attempts[-1].captured, 30.0)
    return dict((await till.get(f"/sales/{sale}")).body)


async def override(client: Client, sale: dict[str, Any], key: str = "override-1", **wish: str) -> Any:
    return await client.post(f"/sales/{sale['id']}/overrides", {**WISH, **wish}, key=key)


@pytest.mark.row(11)
async def test_i2_an_owner_keeps_a_proven_payment_with_the_bank_s_number_and_a_reason(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        sale = await taken_back(shop)
        [attempt] = sale["attempts"]
        assert (sale["word"], attempt["state"], attempt["captured"]) == ("checking", "reverse_unknown", True)
        owner, number = await shop.owner(), attempt["provider_txn"]
        wrong = await override(owner, sale, "wrong-01", bank_reference="0000")
        assert (wrong.status, wrong.slug) == (422, "accept_reference_wrong")
        short = await override(owner, sale, "short-01", bank_reference=number[-3:])
        assert short.slug == "accept_reference_wrong"
        told = await override(owner, sale, bank_reference=number[-6:])
        assert (told.status, told.body["state"], told.body["word"]) == (201, "paid", "paid")
        assert told.body["attempts"][0]["flags"] == ["accepted"], "marked until it is reconciled"
        again = await override(owner, sale, bank_reference=number[-6:])
        assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
        late = await override(owner, sale, "again-02", bank_reference=number[-6:])
        assert (late.status, late.slug) == (409, "accept_not_possible")
        made = [each for each in shop.service.feed.of_subject(sale["id"]) if each.type == "override_made"]
        assert [(each.actor, each.body["reason"]) for each in made] == [
            (f"person:{shop.owner_id}", "the customer has the goods")
        ]


@pytest.mark.row(11, 124)
async def test_i23_nobody_but_an_owner_with_a_fresh_pin_overrides(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        sale = await taken_back(shop)
        number = sale["attempts"][0]["provider_txn"]
        callers = {
            "till": (await shop.till(), "not_signed_in"),
            "cashier": (await shop.cashier(), "not_allowed"),
            "machine": (await shop.machine("sales", "refunds"), "not_allowed"),
            "display": (await shop.display(), "not_allowed"),
        }
        for name, (client, slug) in callers.items():
            assert (await override(client, sale, f"{name}-001", bank_reference=number)).slug == slug, name
        owner = await shop.owner()
        shop.clock.ahead_s += 121
        assert (await override(owner, sale, "stale-01", bank_reference=number)).slug == "pin_again"
        owner = await shop.owner()
        unkeyed = await owner.post(f"/sales/{sale['id']}/overrides", {**WISH, "bank_reference": number})
        assert (unkeyed.status, unkeyed.slug) == (400, "idempotency_key_missing")
        owner.headers["Origin"] = "https://elsewhere.test"
        foreign = await override(owner, sale, "foreign1", bank_reference=number)
        assert (foreign.status, foreign.slug) == (403, "origin_not_allowed")
        assert shop.service.book.sale(sale["id"]).state == "checking"


@pytest.mark.row(11)
async def test_i2_without_proof_not_even_an_owner_can_say_paid(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        sale = await taken_back(shop, proven=False)
        owner = await shop.owner()
        told = await override(owner, sale, bank_reference="4200000001")
        assert (told.status, told.slug) == (409, "accept_without_evidence")
        assert (await override(owner, {"id": "01KAK3V5M2Q8ZP6T4W9XN7B1CD"}, "none-001")).slug == "sale_unknown"
        opened = await shop.shown(await shop.till("2"), counter="2")
        assert (await override(owner, opened, "open-001")).slug == "accept_not_possible"
        assert shop.service.book.sale(sale["id"]).state == "checking"


@pytest.mark.row(11)
async def test_i3_a_new_code_after_a_minute_of_doubt_and_what_comes_twice_is_an_excess(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        opened = await till.post("/sales", {"counter": "1", "amount_minor": 2850, "directions": ["pull"]})
        sale, now_ms = {"id": str(opened.body["id"])}, shop.clock.wall_ms()
        shop.bank.set_fault("error-500-after-debit", now_ms)
        shop.bank.set_fault("error-500", now_ms, count=1000, params={"call": "query"})
        await till.post("/counters/1/scan", {"code": shop.wallet_code()})
        assert await shop.service.until(sale["id"], lambda now: now.word == "checking", 30.0)
        owner = await shop.owner()
        early = await override(owner, sale, "early-01", kind="new_attempt")
        assert (early.status, early.slug) == (409, "override_too_early")
        shop.clock.ahead_s += 61
        cashier = await override(await shop.cashier(), sale, "cashier1", kind="new_attempt")
        assert cashier.slug == "not_allowed"
        owner = await shop.owner()
        told = await override(owner, sale, kind="new_attempt")
        assert (told.status, told.body["word"], len(told.body["attempts"])) == (201, "waiting", 2)
        again = await override(owner, sale, kind="new_attempt")
        assert (again.status, len(again.body["attempts"])) == (201, 2), "one key, one new attempt"
        assert await shop.service.until(sale["id"], lambda now: now.attempts[-1].state == "shown", 30.0)
        shop.bank.faults.clear("")
        shop.pay(told.body["attempts"][-1]["id"])
        await shop.until(sale["id"], "paid")
        assert await shop.service.until(sale["id"], lambda now: now.live_attempt is None, 30.0)
        after = (await till.get(f"/sales/{sale['id']}")).body
        assert (after["state"], after["paid_minor"]) == ("paid", 2850)
        assert [each["kind"] for each in after["exceptions"]] == ["excess"]
        [excess] = after["exceptions"]
        refund = await owner.post(f"/sales/{sale['id']}/refunds", {"reason": "paid twice"})
        assert refund.status == 201, refund.body
        assert refund.body["refund"]["attempt"] == excess["attempt"], "what came too much goes back, not the sale"
        made = [each for each in shop.service.feed.of_subject(sale["id"]) if each.type == "override_made"]
        assert [(each.actor, each.body["kind"]) for each in made] == [(f"person:{shop.owner_id}", "new_attempt")]
