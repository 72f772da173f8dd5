"""How many may be let in at once: whose time is up takes nobody's place."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from terminal.errors import Conflict
from terminal.payments.event import Actor, NewEvent
from terminal.people.records import ApiKey, Device, Person, Record, restore, summary
from terminal.people.roles import Role
from terminal.people.roll import ACTIVE_MAX
from tests.unit.people.shop import CASHIER_PIN, OWNER_PIN, Shop, story

HOUR_MS = 3_600_000
APPEND = 64
SYSTEM = Actor("system", "people")
KINDS = {Person: "visitor_added", Device: "visitor_display_paired", ApiKey: "api_key_made"}


async def years_of_visits(shop: Shop) -> None:
    """As many visitors, phones and keys as there is room for, all of them for the next hour; then a restart."""
    until_ms = shop.clock.wall_ms() + HOUR_MS
    pin = shop.journal.list("person")[0].body["pin"]
    records: list[Record] = []
    for number in range(ACTIVE_MAX):
        records.append(Person(f"P{number}", f"Li {number}", Role.ONBOARDING, pin, until_ms=until_ms))
        phone = Device(f"D{number}", f"Li {number}", "1", f"phone {number}", role=Role.DISPLAY)
        records.append(replace(phone, until_ms=until_ms))
        records.append(ApiKey(f"K{number}", "till", f"key {number}", ("sales",), (), until_ms))
    events = [
        NewEvent("people:s-1", KINDS[type(each)], each.id, SYSTEM, {"index": {"summary": summary(each)}})
        for each in records
    ]
    for some in batched(events):
        await shop.journal.append(some)
    assert restore(records[0].id, summary(records[0]), 0) == records[0]
    shop.power_cut()


def batched(events: list[NewEvent]) -> Iterator[list[NewEvent]]:
    return (events[at : at + APPEND] for at in range(0, len(events), APPEND))


async def refused(shop: Shop, token: str) -> set[str]:
    owner = shop.principal(token)
    found: set[str] = set()
    try:
        await shop.people.add_person(owner, Role.CASHIER, "Cashier", CASHIER_PIN)
    except Conflict as full:
        found.add(f"person {full.slug}")
    try:
        shop.people.new_pairing_code(owner, "1")
    except Conflict as full:
        found.add(f"device {full.slug}")
    try:
        await shop.people.new_api_key(owner, label="till", scopes=["sales"], counters=[], days=1)
    except Conflict as full:
        found.add(f"key {full.slug}")
    return found


@pytest.mark.row(95)
def test_i21_logins_phones_and_keys_that_ended_take_no_room_and_those_of_now_are_bounded(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.set_up()
        await years_of_visits(shop)
        token = await shop.people.sign_in(shop.owner, OWNER_PIN, device="10.0.0.1")
        assert await refused(shop, token) == {"person people_full", "device people_full", "key people_full"}
        shop.skip(HOUR_MS // 1000 + 1)
        token = await shop.people.sign_in(shop.owner, OWNER_PIN, device="10.0.0.1")
        assert await refused(shop, token) == set()
        assert [each.label for each in shop.people.devices(shop.principal(token))] == []
        assert [each.label for each in shop.people.people()] == ["Owner", "Cashier"]

    story(tmp_path, tell)
