"""The owner says who has access: people, PINs, paired devices, API keys; nobody else, and all of it on record."""

from pathlib import Path
from typing import Any

import pytest

from terminal.web.callers import TILL
from tests.flows.api_rig import CASHIER_PIN, OWNER_PIN, Client, Shop, open_shop

NEW_PIN = "518264"
NOBODY = "01KAK3V5M2Q8ZP6T4W9XN7B1CD"
CALLS: dict[str, dict[str, Any]] = {
    "/people": {"label": "Thief", "pin": NEW_PIN},
    f"/people/{NOBODY}/pin": {"pin": NEW_PIN},
    f"/people/{NOBODY}/unlock": {},
    f"/people/{NOBODY}/disable": {},
    f"/devices/{NOBODY}/remove": {},
    "/keys": {"label": "Thief", "scopes": ["sales"]},
    f"/keys/{NOBODY}/revoke": {},
}


def recorded(shop: Shop) -> list[tuple[str, str]]:
    """(type, actor) of everything that happened to people, devices and keys."""
    events = shop.journal.after(0, limit=1000)
    return [(each.type, each.actor) for each in events if each.stream == "people:s1"]


async def listed(owner: Client, kind: str) -> list[dict[str, Any]]:
    told = await owner.get("/access")
    assert told.status == 200, told.body
    return list(told.body[kind])


@pytest.mark.row(124)
async def test_the_owner_adds_a_cashier_changes_and_unlocks_the_pin_and_lets_them_go(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner, stranger = await shop.owner(), shop.browser()
        weak = await owner.post("/people", {"label": "Mei", "pin": "123456"})
        assert (weak.status, weak.slug) == (422, "pin_weak")
        made = await owner.post("/people", {"label": "Mei", "pin": CASHIER_PIN})
        assert (made.status, made.body["role"]) == (201, "cashier")
        mei = made.body["id"]
        for _ in range(5):
            await stranger.post("/sign-in", {"person": mei, "pin": "605948"})
        assert (await stranger.post("/sign-in", {"person": mei, "pin": CASHIER_PIN})).slug == "pin_locked"
        assert [each["locked"] for each in await listed(owner, "people")] == [False, True]
        assert (await owner.post(f"/people/{mei}/unlock")).body == {"done": True}
        assert (await stranger.post("/sign-in", {"person": mei, "pin": CASHIER_PIN})).status == 200
        assert (await owner.post(f"/people/{mei}/pin", {"pin": NEW_PIN})).status == 200
        assert (await stranger.post("/sign-in", {"person": mei, "pin": CASHIER_PIN})).slug == "pin_wrong"
        assert (await stranger.post("/sign-in", {"person": mei, "pin": NEW_PIN})).status == 200
        last = await owner.post(f"/people/{shop.owner_id}/disable")
        assert (last.status, last.slug) == (409, "last_owner")
        assert (await owner.post(f"/people/{mei}/disable")).status == 200
        assert [each["label"] for each in await listed(owner, "people")] == ["Owner"]
        by = f"person:{shop.owner_id}"
        acts = [kind for kind, who in recorded(shop) if who == by]
        assert acts == ["person_added", "pin_unlocked", "pin_set", "person_disabled"]


async def test_a_removed_till_is_nobody_with_its_next_request(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner, till = await shop.owner(), await shop.till("2")
        await shop.display("1")
        devices = await listed(owner, "devices")
        assert [(each["role"], each["counter"]) for each in devices] == [("till", "2"), ("display", "1")]
        assert all(set(each) == {"id", "label", "role", "counter"} for each in devices), (
            "no token, not even hashed"
        )
        assert (await till.get("/me")).status == 200
        assert (await owner.post(f"/devices/{devices[0]['id']}/remove")).status == 200
        assert (await till.get("/me")).slug == "not_signed_in"
        again = await owner.post(f"/devices/{devices[0]['id']}/remove")
        assert (again.status, again.slug) == (404, "device_unknown")


async def test_s37_a_key_is_told_once_works_where_it_may_and_is_revoked(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        wish = {"label": "POS", "scopes": ["sales"], "counters": ["1"], "days": 30}
        made = await owner.post("/keys", wish)
        assert made.status == 201
        key = made.body["key"]
        [row] = await listed(owner, "api_keys")
        assert (row["id"], row["label"], row["counters"]) == (made.body["id"], "POS", ["1"])
        assert key not in str((await owner.get("/access")).body)
        pos = shop.client(Authorization=f"Bearer {key}")
        assert (await pos.post("/sales", {"counter": "1", "amount_minor": 100})).status == 201
        assert (await pos.post("/sales", {"counter": "2", "amount_minor": 100})).status == 404
        assert (await owner.post(f"/keys/{row['id']}/revoke")).status == 200
        assert (await pos.get("/me")).slug == "not_signed_in"
        assert await listed(owner, "api_keys") == []
        assert (await owner.post("/keys", {**wish, "counters": ["9"]})).slug == "counter_unknown"
        unusable: list[dict[str, Any]] = [{"scopes": []}, {"scopes": ["all"]}, {"days": 366}, {"label": ""}]
        for wrong in unusable:
            assert (await owner.post("/keys", {**wish, **wrong})).slug == "field_wrong"
        by = f"person:{shop.owner_id}"
        assert [each for each in recorded(shop) if "api_key" in each[0]] == [
            ("api_key_made", by),
            ("api_key_used", "system:people"),
            ("api_key_revoked", by),
        ]


@pytest.mark.row(124)
async def test_s50_i23_nobody_but_an_owner_with_a_fresh_pin_on_our_own_page(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        callers = {
            "till": (await shop.till(), "not_signed_in"),
            "cashier": (await shop.cashier(), "not_allowed"),
            "machine": (await shop.machine("sales", "refunds"), "not_allowed"),
            "display": (await shop.display(), "not_allowed"),
            "stranger": (shop.browser(), "not_signed_in"),
        }
        before = recorded(shop)
        for name, (client, slug) in callers.items():
            assert (await client.get("/access")).slug == slug, name
            for path, body in CALLS.items():
                assert (await client.post(path, body)).slug == slug, (name, path)
        owner = await shop.owner()
        foreign = Client(owner.url, owner.session, {**owner.headers, "Origin": "https://elsewhere.test"})
        bare = Client(
            owner.url, owner.session, {k: v for k, v in owner.headers.items() if k != "X-Requested-With"}
        )
        for path, body in CALLS.items():
            assert (await foreign.post(path, body)).slug == "origin_not_allowed", path
            assert (await bare.post(path, body, key="")).slug == "csrf_header", path
            if NOBODY in path:
                told = await owner.post(path, body)
                assert (told.status, told.slug) in {(404, "person_unknown"), (404, "device_unknown")}, path
        shop.clock.ahead_s += 121
        for path, body in CALLS.items():
            assert (await owner.post(path, body)).slug == "pin_again", path
        news = [each for each in recorded(shop)[len(before) :] if each[0] not in {"pin_accepted", "api_key_used"}]
        assert {kind for kind, _ in news} == {"act_refused"}, "S50: who asked is on record, and nothing else"
        assert {who.partition(":")[0] for _, who in news} == {"device", "person", "pos"}


async def test_a_new_pin_of_ones_own_signs_out_and_the_till_stays(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner, till = await shop.owner(), await shop.till()
        assert (await owner.post(f"/people/{shop.owner_id}/pin", {"pin": NEW_PIN})).status == 200
        assert (await owner.get("/me")).slug == "not_signed_in"
        assert TILL in till.headers["Cookie"]
        assert (await till.get("/me")).body["role"] == "till"
        wish = {"person": shop.owner_id, "pin": OWNER_PIN}
        assert (await shop.browser().post("/sign-in", wish)).slug == "pin_wrong"
