"""Doors of people over HTTP: set-up, sign-in, the PIN once more, pairing, signing out."""

from pathlib import Path

import pytest

from terminal.web.callers import DISPLAY, SESSION, TILL
from tests.flows.api_rig import CASHIER_PIN, OWNER_PIN, Told, open_shop

STEP_UP_S = 121


def session_of(told: Told) -> str:
    return str(told.cookies[SESSION])


async def test_the_first_owner_sets_up_signs_out_and_in_again(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        stranger = shop.browser()
        code = shop.people.new_set_up_code()
        weak = await stranger.post("/set-up", {"code": code, "label": "Li", "pin": "123456"})
        assert (weak.status, weak.slug) == (422, "pin_weak")
        made = await stranger.post("/set-up", {"code": code, "label": "Li", "pin": OWNER_PIN})
        assert (made.body["role"], made.body["label"]) == ("owner", "Li")
        owner = shop.browser(**{SESSION: session_of(made)})
        assert (await owner.get("/me")).body["id"] == made.body["id"]
        out = await owner.post("/sign-out")
        assert out.body == {"done": True}
        assert f'{SESSION}=""' in out.headers["Set-Cookie"]
        assert (await owner.get("/me")).slug == "not_signed_in"
        told = await stranger.post("/sign-in", {"person": made.body["id"], "pin": OWNER_PIN})
        assert told.body["label"] == "Li"
        assert (
            await stranger.post("/set-up", {"code": code, "label": "X", "pin": OWNER_PIN})
        ).slug == "set_up_done"


@pytest.mark.row(124)
async def test_s34_five_wrong_pins_lock_this_place_and_say_the_same_of_strangers(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.owner()
        browser = shop.browser()
        for person in (shop.owner_id, "01KAK3V5M2Q8ZP6T4W9XN7B1CD"):
            wrong = [await browser.post("/sign-in", {"person": person, "pin": "605948"}) for _ in range(5)]
            assert {(each.status, each.slug) for each in wrong} == {(401, "pin_wrong")}
            locked = await browser.post("/sign-in", {"person": person, "pin": OWNER_PIN})
            assert (locked.status, locked.slug) == (429, "pin_locked")
        till = await shop.till()
        assert (await till.post("/sign-in", {"person": shop.owner_id, "pin": OWNER_PIN})).status == 200


async def test_s36_acts_that_ask_for_a_fresh_pin_get_it_and_a_new_cookie(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        assert (await owner.post("/pairing-codes", {"counter": "1"})).status == 201
        shop.clock.ahead_s += STEP_UP_S
        stale = await owner.post("/pairing-codes", {"counter": "1"})
        assert (stale.status, stale.slug) == (401, "pin_again")
        wrong = await owner.post("/confirm-pin", {"pin": CASHIER_PIN})
        assert wrong.slug == "pin_wrong"
        told = await owner.post("/confirm-pin", {"pin": OWNER_PIN})
        fresh = shop.browser(**{SESSION: session_of(told)})
        assert (await fresh.post("/pairing-codes", {"counter": "1"})).status == 201
        assert (await owner.get("/me")).status == 401, "the old cookie is worth nothing"
        pos = await shop.machine()
        assert (await pos.post("/confirm-pin", {"pin": OWNER_PIN})).slug == "not_signed_in"


@pytest.mark.row(124)
@pytest.mark.parametrize(("display", "role"), [(False, "till"), (True, "display")])
async def test_a_browser_is_paired_by_six_digits(tmp_path: Path, display: bool, role: str) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        code = (await owner.post("/pairing-codes", {"counter": "2", "display": display})).body["code"]
        assert len(code) == 6
        told = await shop.browser().post("/pair", {"code": code, "label": "At the door"})
        assert (told.body["role"], told.body["counters"]) == (role, ["2"])
        cookie = DISPLAY if display else TILL
        paired = shop.browser(**{cookie: told.cookies[cookie]})
        assert (await paired.get("/me")).body["id"] == told.body["id"]
        again = await shop.browser().post("/pair", {"code": code, "label": "Thief"})
        assert (again.status, again.slug) == (401, "pairing_wrong")


async def test_only_the_owner_makes_pairing_codes_and_for_counters_that_exist(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        cashier = await shop.cashier()
        assert (await cashier.post("/pairing-codes", {"counter": "1"})).slug == "not_allowed"
        till = await shop.till()
        assert (await till.post("/pairing-codes", {"counter": "1"})).slug == "not_signed_in"
        owner = await shop.owner()
        assert (await owner.post("/pairing-codes", {"counter": "9"})).slug == "counter_unknown"


async def test_a_till_lists_names_and_no_secrets(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.cashier()
        till = await shop.till()
        people = (await till.get("/people")).body["people"]
        assert sorted((each["label"], each["role"]) for each in people) == [("Mei", "cashier"), ("Owner", "owner")]
        assert all(set(each) == {"id", "label", "role"} for each in people)


async def test_s35_what_a_page_asks_by_itself_keeps_nobody_signed_in(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        cashier = await shop.cashier()
        for _ in range(3):
            shop.clock.ahead_s += 120
            told = await cashier.get("/me")
        assert told.slug == "not_signed_in"
        cashier = await shop.cashier_again()
        for _ in range(3):
            shop.clock.ahead_s += 120
            told = await cashier.post("/sales", {"counter": "9", "amount_minor": 1})
        assert told.slug == "counter_unknown", "who works stays signed in"


async def test_s31_a_cashier_sells_only_on_a_paired_till_of_that_counter(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        cashier = await shop.cashier()
        wish = {"counter": "1", "amount_minor": 2850}
        assert (await cashier.post("/sales", wish)).slug == "not_allowed"
        assert (await cashier.get("/sales")).status == 200
        device = (await shop.till("1")).headers["Cookie"].partition("=")[2]
        session = await shop.people.sign_in(shop.cashier_id, CASHIER_PIN, device="here", device_token=device)
        at_till = shop.browser(**{SESSION: session, TILL: device})
        assert (await at_till.post("/sales", {**wish, "counter": "2"})).slug == "counter_unknown"
        assert (await at_till.post("/sales", wish)).status == 201
        assert (await (await shop.owner()).post("/sales", {**wish, "counter": "2"})).status == 201
