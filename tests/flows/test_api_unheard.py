"""A till that dies in the middle: its sale goes on, stands on a list, and is told on its return (row 94, A1)."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from tests.flows.api_rig import WATCHDOG_S, Client, Shop, open_shop

MINUTE = 61


async def left_alone(shop: Shop, till: Client, counter: str = "1") -> str:
    """A sale that was asked for by a program, paid, and never read again."""
    sale = await shop.shown(till, counter=counter)
    shop.pay(sale["attempts"][0]["id"])
    await shop.until(sale["id"], "paid")
    return str(sale["id"])


@pytest.mark.row(94)
async def test_a1_a_sale_whose_till_never_came_back_is_listed_until_it_reads_it(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till, other = await shop.machine(), await shop.machine()
        mine = await left_alone(shop, till)
        assert (await till.get("/unheard")).body == {"sales": [], "next": None}, "it may still be asking"
        shop.clock.ahead_s += MINUTE
        await shop.restart()
        again, by_other = shop.client(**till.headers), shop.client(**other.headers)
        [row] = (await again.get("/unheard")).body["sales"]
        assert (row["id"], row["state"]) == (mine, "paid"), "also after our own crash"
        assert (await by_other.get("/unheard")).body["sales"] == [], "a program sees what itself asked for"
        assert (await by_other.get(f"/sales/{mine}")).status == 200
        person = await shop.owner()
        assert [each["id"] for each in (await person.get("/unheard")).body["sales"]] == [mine]
        assert (await again.get(f"/sales/{mine}")).body["state"] == "paid"
        await told(shop, mine)
        assert (await person.get("/unheard")).body["sales"] == []


async def told(shop: Shop, sale: str) -> None:
    """Until it is on record that the end of this sale was told."""
    async with asyncio.timeout(WATCHDOG_S), aclosing(shop.service.feed.follow(0)) as news:
        async for batch in news:
            if any(each.type == "result_told" and each.body["sale"] == sale for each in batch):
                return


@pytest.mark.row(94)
@pytest.mark.parametrize("how", ["events", "search", "stream", "cancelled"])
async def test_a1_every_way_of_being_told_counts(tmp_path: Path, how: str) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.machine()
        if how == "cancelled":
            sale = str((await shop.shown(till))["id"])
            assert (await till.post(f"/sales/{sale}/cancel")).status == 200
            await shop.until(sale, "cancelled")
        else:
            sale = await left_alone(shop, till)
        if how == "search":
            assert (await till.get("/sales?limit=1")).body["sales"][0]["id"] == sale
        elif how == "stream":
            async with till.session.get(
                f"{till.url}/api/v1/events/stream?after=0", headers=till.headers
            ) as answer:
                assert answer.status == 200
                await told(shop, sale)
        else:
            assert (await till.get("/events?after=0&limit=256")).status == 200
        await told(shop, sale)
        shop.clock.ahead_s += MINUTE
        assert (await till.get("/unheard")).body["sales"] == []
        kinds = [each.type for each in shop.service.feed.after(0, limit=256)]
        assert kinds.count("result_told") == 1, "told once, however often it is read"


@pytest.mark.row(93, 94)
async def test_i14_a_person_ends_a_line_and_a_program_of_one_counter_sees_its_own(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        one, two = await shop.machine(counters=("1",)), await shop.machine(counters=("2",))
        first, second = await left_alone(shop, one), await left_alone(shop, two, "2")
        by_hand = await shop.paid(await shop.till())
        behind = OpenSale("1", Money(100, "CNY"))  # a till behind a door is answered there
        opened = await shop.service.checkout.open_sale(behind, actor=Actor("pos", "door:old-till"))
        await shop.service.checkout.cancel(opened.id, why="cashier", actor=Actor("pos", "door:old-till"))
        await shop.until(opened.id, "cancelled")
        shop.clock.ahead_s += MINUTE
        owner = await shop.owner()
        listed = {each["id"] for each in (await owner.get("/unheard")).body["sales"]}
        assert listed == {first, second}, "what a person rang up needs no program"
        page = (await owner.get("/unheard?limit=1")).body
        rest = (await owner.get(f"/unheard?before={page['next']}")).body
        assert {page["sales"][0]["id"], *(each["id"] for each in rest["sales"])} == listed
        assert [each["id"] for each in (await one.get("/unheard")).body["sales"]] == [first]
        assert (await one.post(f"/unheard/{first}")).status == 403
        assert (await owner.post(f"/unheard/{first}")).status == 200
        assert (await owner.post(f"/unheard/{first}")).slug == "exception_unknown"
        assert (await owner.post(f"/unheard/{by_hand['id']}")).slug == "exception_unknown"
        assert [each["id"] for each in (await owner.get("/unheard")).body["sales"]] == [second]


@pytest.mark.row(93)
async def test_i14_every_call_names_its_counter_and_one_journal_shows_them_all(tmp_path: Path) -> None:
    """Several tills behind one system: a counter in every sale and event; a key may see all, or its own."""
    async with open_shop(tmp_path) as shop:
        office, lane = await shop.machine(), await shop.machine(counters=("2",))
        first, second = await shop.paid(office, counter="1"), await shop.paid(lane, counter="2")
        refused = await office.post("/sales", {"amount_minor": 100})
        assert (refused.slug, refused.body["facts"]["field"]) == ("field_wrong", "counter")
        assert (await lane.post("/sales", {"counter": "1", "amount_minor": 100})).slug == "counter_unknown"
        assert (await lane.get(f"/sales/{first['id']}")).slug == "sale_unknown"
        events = (await office.get("/events?after=0&limit=256")).body["events"]
        of = {each["subject"]: each["counter"] for each in events if each["type"] == "sale_opened"}
        assert of == {first["id"]: "1", second["id"]: "2"}, "the shared journal says where each was"
        numbers = [each["number"] for each in events]
        assert numbers == sorted(numbers), "in one order"
        own = (await lane.get("/events?after=0&limit=256")).body["events"]
        assert {each["counter"] for each in own} == {"2"}
