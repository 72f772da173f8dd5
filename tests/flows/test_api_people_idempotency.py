"""A page that repeats its wish on a bad line makes one person and one key, never two (3.5)."""

from pathlib import Path

import pytest

from tests.flows.api_rig import CASHIER_PIN, Shop, open_shop

MEI = {"label": "Mei", "pin": CASHIER_PIN}
POS = {"label": "POS", "scopes": ["sales"], "days": 30}


def made(shop: Shop, kind: str) -> int:
    return sum(each.type == kind for each in shop.journal.after(0, limit=1000))


@pytest.mark.row(124)
async def test_i16_a_person_asked_for_twice_with_one_key_is_one_person(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        first = await owner.post("/people", MEI, key="wish-0001")
        again = await owner.post("/people", MEI, key="wish-0001")
        assert (first.status, again.status) == (201, 201)
        assert first.body == again.body
        assert made(shop, "person_added") == 2, "the owner and one Mei"
        other = await owner.post("/people", {**MEI, "label": "Ana"}, key="wish-0001")
        assert (other.status, other.slug) == (422, "idempotency_other_meaning")
        assert (await owner.post("/people", MEI, key="")).slug == "idempotency_key_missing"
        assert (await owner.post("/people", MEI, key="wish-0002")).body["id"] != first.body["id"]


async def test_i16_an_api_key_asked_for_twice_is_one_key_told_while_its_answer_may_be_lost(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        first = await owner.post("/keys", POS, key="wish-0001")
        again = await owner.post("/keys", POS, key="wish-0001")
        assert first.body == again.body
        assert made(shop, "api_key_made") == 1
        shop.clock.ahead_s += 61
        late = await owner.post("/keys", POS, key="wish-0001")
        assert (late.status, late.slug) == (409, "key_told_once")
        assert first.body["key"] not in str(late.body)
        assert made(shop, "api_key_made") == 1


async def test_i16_a_refusal_stays_one_and_a_stranger_learns_nothing(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner, cashier = await shop.owner(), await shop.cashier()
        weak = {**MEI, "pin": "123456"}
        assert (await owner.post("/people", weak, key="wish-0001")).slug == "pin_weak"
        assert (await owner.post("/people", MEI, key="wish-0001")).slug == "pin_weak", "a new wish has a new key"
        assert (await owner.post("/keys", POS, key="wish-0002")).status == 201
        assert (await cashier.post("/keys", POS, key="wish-0002")).slug == "not_allowed"
