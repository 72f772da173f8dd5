"""Keys that are replaced, sessions that are ended, limits a role, the second step over HTTP (S35 to S38, S50)."""

from dataclasses import replace as altered
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from terminal.payments.event import Ledger
from terminal.people.roles import RefundPolicy, Role, SalePolicy
from terminal.web.callers import SESSION
from tests.authenticator import Phone
from tests.flows.api_rig import CASHIER_PIN, OWNER_PIN, PEOPLE, Client, Shop, open_shop
from tests.flows.test_roles_matrix import visitor


async def listed(owner: Client, kind: str) -> list[dict[str, Any]]:
    told = await owner.get("/access")
    assert told.status == 200, told.body
    return list(told.body[kind])


@pytest.mark.row(124)
async def test_s37_a_key_is_replaced_both_work_for_hours_then_only_the_new_one(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        made = await owner.post("/keys", {"label": "POS", "scopes": ["sales"], "counters": ["1"], "days": 30})
        assert (await listed(owner, "api_keys"))[0]["used_ms"] == 0
        path = f"/keys/{made.body['id']}/rotate"
        told = await owner.post(path, {"overlap_h": 2, "days": 365}, key="rotate-this-key")
        again = await owner.post(path, {"overlap_h": 2, "days": 365}, key="rotate-this-key")
        broken = await owner.post(path, {"overlap_h": 2, "days": 365}, key="rotate-this-key", If_Match="")
        assert broken.slug == "field_wrong", "a header that is no version is not taken with a repeat either"
        assert (told.status, again.body) == (201, told.body), "a lost answer is told again, not made again"
        old, new = (shop.client(Authorization=f"Bearer {each.body['key']}") for each in (made, told))
        for key in (old, new):
            assert (await key.get("/me")).body["counters"] == ["1"]
        rows = await listed(owner, "api_keys")
        assert [(each["label"], each["scopes"]) for each in rows] == [("POS", ["sales"])] * 2
        assert all(each["used_ms"] > 0 for each in rows), "which key nobody needs any more is seen"
        shop.clock.ahead_s += 2 * 3600 + 1
        assert ((await old.get("/me")).status, (await new.get("/me")).status) == (401, 200)
        await shop.restart()
        new = shop.client(Authorization=new.headers["Authorization"])
        assert (await new.get("/me")).status == 200
        assert (await shop.client(Authorization=old.headers["Authorization"]).get("/me")).status == 401
        owner = await shop.owner()
        for wrong in ({"overlap_h": 721}, {"days": 366}, {"scopes": ["bills"]}):
            assert (await owner.post(path, wrong)).slug == "field_wrong", wrong


@pytest.mark.row(124)
async def test_s37_nobody_gets_by_replacing_a_key_what_they_may_not_make(tmp_path: Path) -> None:
    async with open_shop(tmp_path, simulated=False) as shop:
        owner = await shop.owner()
        wish = {"label": "POS", "scopes": ["sales", "refunds"], "counters": ["1"], "days": 30}
        made = await owner.post("/keys", wish)
        integrator = await visitor(shop, Role.INTEGRATOR)
        told = await integrator.post(f"/keys/{made.body['id']}/rotate", {"overlap_h": 2, "days": 30})
        assert (told.status, told.slug) == (403, "not_allowed"), "it would take live money and give it back"
        assert len(await listed(owner, "api_keys")) == 1
        assert (await owner.post(f"/keys/{made.body['id']}/rotate", {"overlap_h": 2, "days": 30})).status == 201


@pytest.mark.row(124)
async def test_s37_a_guest_ends_the_keys_it_made_and_no_others(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        integrator = await visitor(shop, Role.INTEGRATOR)
        wish = {"label": "POS", "scopes": ["sales"], "counters": ["1"], "days": 30}
        theirs, own = await owner.post("/keys", wish), await integrator.post("/keys", wish)
        for act, form in (("revoke", {}), ("rotate", {"overlap_h": 0, "days": 30})):
            told = await integrator.post(f"/keys/{theirs.body['id']}/{act}", form)
            assert (told.status, told.slug) == (403, "not_allowed"), act
        await shop.restart()
        owner, integrator = await shop.owner(), await visitor(shop, Role.INTEGRATOR)
        assert (await integrator.post(f"/keys/{own.body['id']}/revoke")).slug == "not_allowed", "another guest"
        for made in (theirs, own):
            assert (await owner.post(f"/keys/{made.body['id']}/revoke")).status == 200


@pytest.mark.row(124)
async def test_s37_a_guest_ends_its_own_key(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.owner()
        integrator = await visitor(shop, Role.INTEGRATOR)
        made = await integrator.post("/keys", {"label": "x", "scopes": ["sales"], "counters": ["1"], "days": 30})
        assert (
            await integrator.post(f"/keys/{made.body['id']}/rotate", {"overlap_h": 1, "days": 9})
        ).status == 201
        assert (await integrator.post(f"/keys/{made.body['id']}/revoke")).status == 200


@pytest.mark.row(124)
async def test_s35_who_is_signed_in_is_listed_and_ended_at_once(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        cashier, owner = await shop.cashier(), await shop.owner()
        rows = await listed(owner, "sessions")
        assert [each["own"] for each in rows].count(True) == 1
        [mei] = [each for each in rows if each["role"] == "cashier"]
        assert (mei["label"], mei["own"]) == ("Mei", False)
        assert (await owner.post(f"/sessions/{mei['id']}/end")).status == 200
        assert (await cashier.get("/me")).slug == "not_signed_in"
        gone = await owner.post(f"/sessions/{mei['id']}/end")
        assert (gone.status, gone.slug) == (404, "session_unknown")
        noted = [each for each in shop.journal.after(0, limit=1000) if each.type == "session_ended"]
        assert [(each.actor, each.body["session"]) for each in noted] == [(f"person:{shop.owner_id}", mei["id"])]


@pytest.mark.row(124)
async def test_s38_a_sale_has_a_limit_by_role_and_a_day_one_for_all_refunds(tmp_path: Path) -> None:
    sales, refunds = SalePolicy(cashier_minor=1000, pos_minor=2000), RefundPolicy(day_minor=1500)
    rules = replace(PEOPLE, sales=sales, refunds=refunds)
    async with open_shop(tmp_path, people=rules) as shop:
        till, pos, owner = await shop.till(), await shop.machine(), await shop.owner()
        for who, limit, told_as in ((till, 1000, "10.00"), (pos, 2000, "20.00")):
            told = await who.post("/sales", {"counter": "1", "amount_minor": limit + 1})
            assert (told.status, told.slug, told.body["facts"]) == (403, "limit_of_role", {"limit": told_as})
        assert shop.line.requests == [], "told before anything was asked of the bank"
        first, second = await shop.paid(pos, 2000), await shop.paid(owner, 5000, counter="2")
        third = await shop.paid(owner, 100, counter="1")
        typed = await owner.post(f"/sales/{third['id']}/refunds", {"reason": "broken", "amount_minor": 1400})
        assert typed.slug == "refund_too_much", "a slip of the finger uses up nothing of the day"
        path = f"/sales/{first['id']}/refunds"
        assert (await owner.post(path, {"reason": "broken", "amount_minor": 1000})).status == 201
        over = await owner.post(f"/sales/{second['id']}/refunds", {"reason": "broken", "amount_minor": 501})
        assert (over.status, over.slug, over.body["facts"]) == (409, "refund_day_limit", {"limit": "15.00"})
        assert (await owner.post(path, {"reason": "broken", "amount_minor": 500})).status == 201
        await shop.restart()
        owner = await shop.owner()
        over = await owner.post(f"/sales/{second['id']}/refunds", {"reason": "broken", "amount_minor": 1})
        assert over.slug == "refund_day_limit", "a restart forgets nothing"


@pytest.mark.row(124)
async def test_s38_other_money_counts_in_no_day_of_the_shops_and_goes_back_by_a_persons_pin_alone(
    tmp_path: Path,
) -> None:
    riel = RefundPolicy(pos_alone_minor=9000, pos_day_minor=9000, day_minor=1500)
    shop = Shop(tmp_path, people=replace(PEOPLE, refunds=riel))
    shop.house = altered(shop.house, currency="KHR")
    await shop.start()
    try:
        pos, owner = await shop.machine(), await shop.owner()
        sale = await shop.paid(owner, 5000, currency="CNY")
        path = f"/sales/{sale['id']}/refunds"
        alone = await pos.post(path, {"reason": "broken", "amount_minor": 1})
        assert (sale["currency"], alone.slug) == ("CNY", "refund_needs_approval")
        assert (await owner.post(path, {"reason": "broken", "amount_minor": 1501})).status == 201
        counted = [each for each in shop.journal.after(0, limit=1000) if each.type == "refund_counted"]
        assert counted == [], "fen are no riel"
    finally:
        await shop.stop()


@pytest.mark.row(72, 124)
async def test_s36_a_sign_in_away_from_tills_is_pin_and_code_and_visitors_set_theirs_up_first(
    tmp_path: Path,
) -> None:
    async with open_shop(tmp_path) as shop:
        owner, stranger = await shop.owner(), shop.browser()
        begun = await owner.post("/second-step")
        assert begun.status == 201
        assert "<svg" in begun.body["picture"]
        phone = Phone.scan(begun.body["uri"])
        wrong = await owner.post("/second-step/finish", {"code": "000000"})
        assert (wrong.status, wrong.slug) == (401, "code_wrong")
        done = await owner.post("/second-step/finish", {"code": phone.code(shop.clock.wall_ms())})
        assert (done.status, len(done.body["codes"])) == (201, 8)
        wish = {"person": shop.owner_id, "pin": OWNER_PIN}
        half = await stranger.post("/sign-in", wish)
        assert (half.status, half.slug, half.cookies) == (401, "code_needed", {})
        shop.clock.ahead_s += 30
        code = phone.code(shop.clock.wall_ms())
        whole = await stranger.post("/sign-in", {**wish, "code": code})
        assert whole.status == 200
        assert (await stranger.post("/sign-in", {**wish, "code": code})).slug == "code_wrong"
        owner = shop.browser(**{SESSION: whole.cookies[SESSION]})
        guest = await owner.post(
            "/visitors", {"label": "Li", "role": "onboarding", "pin": CASHIER_PIN, "hours": 2}
        )
        assert guest.status == 201
        told = await stranger.post("/sign-in", {"person": guest.body["id"], "pin": CASHIER_PIN})
        li = shop.browser(**{SESSION: told.cookies[SESSION]})
        assert told.body["role"] == Role.ONBOARDING
        fit = await li.post("/counters/1/devices/printer", {"port": ""})
        assert (fit.status, fit.slug) == (403, "code_set_up")
        assert [each["second_step"] for each in await listed(owner, "people")] == [True, False]
        assert (await owner.post(f"/people/{shop.owner_id}/second-step/remove")).status == 200
        assert (await owner.get("/me")).slug == "not_signed_in", "sessions end with it"
        assert (await stranger.post("/sign-in", wish)).status == 200


async def test_s36_another_merchant_id_takes_no_money_before_two_people_and_a_day(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.house = altered(shop.house, ledger=Ledger.LIVE)
    await shop.start()
    try:
        accounts = shop.service.accounts
        assert await accounts.begin({"wechatpay": "mchid 1"}) == []
        await accounts.begin({"wechatpay": "mchid 2"})
        pos, owner = await shop.machine(), await shop.owner()
        sale = {"counter": "1", "amount_minor": 100}
        told = await pos.post("/sales", sale)
        assert (told.status, told.slug) == (409, "account_waits")
        [row] = (await owner.get("/accounts")).body["accounts"]
        assert (row["payee"], row["before"], row["yes"]) == ("mchid 2", "mchid 1", [])
        assert (await owner.post("/accounts/wechatpay/approve")).body["accounts"][0]["yes"] == ["Owner"]
        by = shop.people.who("", owner.headers["Cookie"].partition("=")[2])
        person = await shop.people.add_person(by, Role.OWNER, "Ben", CASHIER_PIN)
        second = shop.browser(**{SESSION: await shop.people.sign_in(person, CASHIER_PIN, device="here")})
        assert (await second.post("/accounts/wechatpay/approve")).body["accounts"][0]["yes"] == ["Ben", "Owner"]
        assert (await pos.post("/sales", sale)).slug == "account_waits"
        shop.clock.ahead_s += 24 * 3600
        pos = await shop.machine()
        assert (await pos.post("/sales", sale)).status == 201
        assert accounts.waiting() == []
    finally:
        await shop.stop()


async def test_s50_a_flood_of_refused_acts_does_not_fill_the_disk(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        display = await shop.display()
        for _ in range(60):
            assert (await display.post("/sales", {"counter": "1", "amount_minor": 5})).slug == "not_allowed"
        noted = noted_of(shop)
        burst = shop.edge.limits.refusals_burst
        assert burst <= len(noted) < 60, "the first are on record, one a second of the rest"
        assert noted[0] == {"operation": "open_sale", "why": "not_allowed", "role": "display"}


def noted_of(shop: Shop) -> list[dict[str, Any]]:
    found = [each.body for each in shop.journal.after(0, limit=1000) if each.type == "act_refused"]
    return [{name: body[name] for name in ("operation", "why", "role")} for body in found]
