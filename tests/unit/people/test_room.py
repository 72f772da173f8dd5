"""How many may be let in at once: whose time is up takes nobody's place."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from terminal.errors import Conflict, NotAllowed, NotFound
from terminal.payments.event import Actor, NewEvent
from terminal.people.records import ApiKey, Device, Person, Record, restore, summary
from terminal.people.roles import Role
from terminal.people.roll import ACTIVE_MAX, GONE_MAX
from terminal.people.service import People
from tests.unit.people.shop import CASHIER_PIN, OWNER_PIN, TILL, WRONG, Shop, story

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
    for some in batched([made(each) for each in records]):
        await shop.journal.append(some)
    assert restore(records[0].id, summary(records[0]), 0) == records[0]
    shop.power_cut()


def made(record: Record) -> NewEvent:
    return NewEvent("people:s-1", KINDS[type(record)], record.id, SYSTEM, {"index": {"summary": summary(record)}})


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


def held(people: People) -> int:
    """How many records its memory has."""
    return len(people._roll._records)


async def decades_of_visits(shop: Shop, *, owners_left: int = 0) -> None:
    """Three times as many as are kept for their names, each for one hour of long ago; owners among the first."""
    until_ms = shop.clock.wall_ms() + HOUR_MS
    pin = shop.journal.list("person")[0].body["pin"]
    events: list[NewEvent] = []
    for number in range(3 * GONE_MAX):
        one = Person(f"P{number:04}", f"Li {number}", Role.ONBOARDING, pin, until_ms=until_ms)
        kind, fields = (
            "visitor_added",
            {"label": one.label, "role": "onboarding", "pin": pin, "until_ms": until_ms},
        )
        if number < owners_left:
            one, kind = replace(one, role=Role.OWNER, until_ms=0), "person_added"
            fields = {"label": one.label, "role": "owner", "pin": pin}
        events.append(NewEvent("people:s-1", kind, one.id, SYSTEM, {**fields, "index": {"summary": summary(one)}}))
        if number < owners_left:
            gone, claim = replace(one, active=False), ["owner_left", f"people:s-1/{number + 1}", one.id]
            index = {"summary": summary(gone), "claims": [claim]}
            events.append(NewEvent("people:s-1", "person_disabled", one.id, SYSTEM, {"index": index}))
    for some in batched(events):
        shop.people.heard(await shop.journal.append(some))


def test_i21_who_ended_long_ago_is_in_memory_up_to_a_limit_and_a_start_reads_any_number(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.set_up()
        await decades_of_visits(shop, owners_left=GONE_MAX + 2)
        shop.skip(49 * HOUR_MS // 1000)
        owner = shop.principal(await shop.people.sign_in(shop.owner, OWNER_PIN, device=TILL))
        visitor = await shop.people.add_visitor(owner, Role.ONBOARDING, "Wang", CASHIER_PIN, hours=1)
        kept = GONE_MAX + GONE_MAX + 2
        assert held(shop.people) == kept, "who left, who ended last, the owner, wrong codes"
        for _ in range(2):
            assert [each.label for each in shop.people.people()] == ["Owner", "Wang"]
            assert shop.people.label(f"person:P{3 * GONE_MAX - 1:04}"), "reports name whom they tell of"
            assert not shop.people.label("person:P0001")
            with pytest.raises(NotAllowed, match="pin_wrong"):
                await shop.people.sign_in("P0001", CASHIER_PIN, device="10.0.0.9")
            shop.power_cut()
            assert held(shop.people) == kept
        owner = shop.principal(await shop.people.sign_in(shop.owner, OWNER_PIN, device=TILL))
        second = await shop.people.add_person(owner, Role.OWNER, "Second", "592847")
        await shop.people.disable(owner, second)  # the third owner to leave, though the first two are forgotten
        assert await shop.people.sign_in(visitor, CASHIER_PIN, device=TILL)

    story(tmp_path, tell)


def test_d8_a_clock_years_ahead_at_a_start_forgets_nobody_who_is_valid_by_the_right_one(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        owner = shop.principal(await shop.set_up())
        key = await shop.people.new_api_key(owner, label="till", scopes=["sales"], counters=[], days=365)
        visitor = await shop.people.add_visitor(owner, Role.ONBOARDING, "Wang", CASHIER_PIN, hours=12)
        await hours_of_guests(shop)
        shop.skip(2 * HOUR_MS // 1000)
        for years in (5, 0):
            shop.clock.jump_wall(years * 365 * 24 * HOUR_MS)
            shop.power_cut()
            shop.clock.jump_wall(-years * 365 * 24 * HOUR_MS)
            assert shop.people.who_key(key.key)
            assert await shop.people.sign_in(visitor, CASHIER_PIN, device=TILL)

    story(tmp_path, tell)


async def hours_of_guests(shop: Shop) -> None:
    """More visitors and keys than are kept, each after the other and all for the same hour."""
    until_ms = shop.clock.wall_ms() + HOUR_MS
    pin = shop.journal.list("person")[0].body["pin"]
    records: list[Record] = []
    for number in range(GONE_MAX):
        records.append(Person(f"P{number}", f"Li {number}", Role.ONBOARDING, pin, until_ms=until_ms))
        records.append(ApiKey(f"K{number}", "till", f"key {number}", ("sales",), (), until_ms))
    for some in batched([made(each) for each in records]):
        await shop.journal.append(some)


def test_what_another_machine_tells_of_somebody_forgotten_changes_nothing(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        token = await shop.set_up()
        owner = shop.principal(token)
        before = held(shop.people)
        shop.people.heard(
            await shop.journal.append(
                [NewEvent("people:s-1", "pin_refused", "long-ago", SYSTEM, {"device": TILL})]
            )
        )
        assert held(shop.people) == before
        with pytest.raises(NotFound):
            await shop.people.set_pin(owner, "long-ago", WRONG)

    story(tmp_path, tell)
