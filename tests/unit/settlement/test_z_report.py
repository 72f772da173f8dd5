"""X reads, Z seals: numbered without gaps, each event in exactly one Z, work that does not grow with history."""

import asyncio
from datetime import date

import pytest

from terminal.errors import Conflict, NotFound
from terminal.payments.event import Actor, Ledger
from terminal.settlement.business_day import ShopTime
from terminal.settlement.stretch import Stretch
from terminal.settlement.totals import Line, Sum, Totals
from terminal.settlement.z_report import OPEN_MAX, Report, Reports
from tests.unit.settlement.books import DAY, HOUR, Books

OWNER = Actor("person", "owner")
SHOP = ShopTime.of("Asia/Shanghai", "04:00")
DAY_1, DAY_2 = date(2026, 11, 21), date(2026, 11, 22)


def reports(books: Books) -> Reports:
    return Reports(books, books.clock, SHOP, store="s1", ledger=Ledger.LIVE)


def paid(report: Report) -> Sum:
    return report.totals.line(Line.PAID, "CNY")


async def refused(books: Books, day: date | None = None, *, empty: bool = False) -> str:
    with pytest.raises(Conflict) as told:
        await reports(books).seal(day, actor=OWNER, empty=empty)
    return told.value.slug


@pytest.mark.row(107)
async def test_an_x_seals_nothing_and_a_z_is_what_the_x_said() -> None:
    books = Books()
    books.paid("s1", 2850)
    desk = reports(books)
    x, again = await desk.x(), await desk.x()
    assert (x.n, paid(x), again, len(books.log)) == (0, Sum(1, 2850), x, 4)
    z = await desk.seal(actor=OWNER)
    assert (z.n, z.day, z.first, z.last, z.number, z.by) == (1, DAY_1, 1, 4, 5, "person:owner")
    assert z.totals == x.totals
    assert desk.z(1) == z
    assert (await desk.x()).totals.empty


@pytest.mark.row(107)
async def test_zs_are_numbered_without_gaps_and_cover_every_event_once() -> None:
    books = Books()
    desk, made = reports(books), []
    for n in range(1, 6):
        books.paid(f"s{n}", 100 * n)
        if n > 1:
            books.refund(f"s{n - 1}", f"s{n - 1}-a", 10)
        made.append(await (desk if n % 2 else reports(books)).seal(actor=OWNER))
    assert [each.n for each in made] == [1, 2, 3, 4, 5]
    assert [each.first for each in made] == [1, *(each.last + 1 for each in made[:-1])]
    whole = Totals()
    for each in made:
        whole = whole.plus(each.totals)
    everything = Stretch(books.of_subject, SHOP, first=1, ledger=Ledger.LIVE)
    await everything.read(books, books.last_number())
    assert whole == everything.totals()
    assert [row.body["n"] for row in desk.zs(limit=3)] == [5, 4, 3]


@pytest.mark.row(107)
async def test_two_presses_make_one_z() -> None:
    books = Books()
    books.paid("s1", 700)
    desk = reports(books)
    told = await asyncio.gather(
        desk.seal(actor=OWNER), desk.seal(actor=OWNER), reports(books).seal(actor=OWNER), return_exceptions=True
    )
    made = [each for each in told if isinstance(each, Report)]
    assert [each.n for each in made] == [1]
    assert [each.slug for each in told if isinstance(each, Conflict)] == ["z_empty", "z_empty"]
    assert sum(event.type == "z_sealed" for event in books.log) == 1


async def test_a_z_of_nothing_is_refused_or_made_when_wanted() -> None:
    books = Books()
    assert await refused(books) == "z_empty"
    books.paid("s1", 700)
    await reports(books).seal(actor=OWNER)
    assert await refused(books) == "z_empty"
    z = await reports(books).seal(actor=OWNER, empty=True)
    assert (z.n, z.totals.empty, z.first) == (2, True, 5)


@pytest.mark.row(107, 109)
async def test_an_ended_day_is_closed_first_and_holds_nothing_of_the_next() -> None:
    books = Books()
    books.paid("s1", 700)
    books.clock.now_ms += 15 * HOUR  # 03:00 of the next date: the same business day still
    books.paid("s2", 300)
    books.clock.now_ms += 2 * HOUR
    books.paid("s3", 50)
    desk = reports(books)
    assert (await desk.unsealed(), desk.today()) == ((DAY_1,), DAY_2)
    assert await refused(books) == "z_day_first"
    assert await refused(books, date(2026, 11, 23)) == "z_day_not_begun"
    z = await desk.seal(DAY_1, actor=OWNER)
    assert (z.day, z.days, paid(z), z.last) == (DAY_1, (DAY_1,), Sum(2, 1000), 8)
    assert await desk.unsealed() == ()
    assert await refused(books, DAY_1) == "z_empty"
    assert paid(await desk.seal(actor=OWNER)) == Sum(1, 50)


async def test_a_clock_that_jumps_never_locks_the_till() -> None:
    books = Books()
    books.paid("s1", 700)
    books.clock.now_ms += 400 * DAY
    books.paid("s2", 300)
    books.clock.now_ms -= 401 * DAY
    books.paid("s3", 50)
    books.clock.now_ms += DAY
    desk = reports(books)
    z = await desk.seal(actor=OWNER)
    assert (paid(z), z.day) == (Sum(3, 1050), DAY_1)
    books.clock.now_ms += DAY
    books.paid("s4", 20)
    assert paid(await desk.seal(actor=OWNER)) == Sum(1, 20)


@pytest.mark.row(107)
async def test_sales_in_doubt_are_listed_and_carried_over() -> None:
    books = Books()
    books.open("doubt", 900)
    books.start("doubt", "a", 900)
    books.move("doubt", "a", "unknown")
    books.paid("back", 400)
    books.refund("back", "back-a", 400, to="sent")
    books.paid("done", 100)
    books.open("swept", 50)
    books.start("swept", "w", 50)
    books.move("swept", "w", "closed")
    books.sale_to("swept", "expired")
    desk = reports(books)
    z = await desk.seal(actor=OWNER)
    assert [(each.id, each.word, each.waits_for) for each in z.open] == [
        ("back", "paid", ("refund",)),
        ("doubt", "checking", ()),
    ]
    assert paid(z) == Sum(2, 500)
    books.move("doubt", "a", "paid", proof=True)
    books.sale_to("doubt", "paid")
    books.put("back", "refund_moved", refund="back-a-r", to="refunded", at_ms=0)
    after = await desk.seal(actor=OWNER)
    assert (paid(after), after.totals.line(Line.REFUNDED, "CNY"), after.open) == (Sum(1, 900), Sum(1, 400), ())


async def test_what_ended_after_midnight_stood_open_in_the_z_of_the_day_before() -> None:
    books = Books()
    books.open("doubt", 900)
    books.start("doubt", "a", 900)
    books.move("doubt", "a", "unknown")
    books.clock.now_ms += DAY
    books.move("doubt", "a", "paid", proof=True)
    books.sale_to("doubt", "paid")
    books.open("new", 5)
    z = await reports(books).seal(DAY_1, actor=OWNER)
    assert [(each.id, each.word) for each in z.open] == [("doubt", "checking")]


async def test_only_so_many_open_sales_are_named() -> None:
    books = Books()
    for n in range(OPEN_MAX + 5):
        books.open(f"s{n}", 100)
    z = await reports(books).seal(actor=OWNER)
    assert (len(z.open), z.open_n) == (OPEN_MAX, OPEN_MAX + 5)


@pytest.mark.row(107)
async def test_the_seal_holds_the_head_of_every_counters_chain() -> None:
    books = Books()
    books.open("s1", 100)
    books.open("s2", 100, counter="2")
    desk = reports(books)
    await desk.seal(actor=OWNER)
    books.open("s3", 100, counter="2")
    z = await desk.seal(actor=OWNER)
    heads = {stream: (each.position, each.hash) for stream, each in z.heads.items()}
    assert heads == {
        "counter:1": (1, books.log[0].hash.hex()),
        "counter:2": (4, books.log[3].hash.hex()),
    }


def test_a_number_nobody_gave_is_not_found() -> None:
    with pytest.raises(NotFound, match="z_unknown"):
        reports(Books()).z(1)


async def read_for(history: int, work: str) -> int:
    """Events read for one piece of work behind so many old sales."""
    books = Books()
    for n in range(history):
        books.paid(f"old{n}", 100)
    await reports(books).seal(actor=OWNER)
    books.clock.now_ms += 3 * DAY
    for n in range(10):
        books.paid(f"new{n}", 100)
    books.refund("old0", "old0-a", 100)
    desk = reports(books)
    books.read = 0
    if work == "z":
        await desk.seal(actor=OWNER)
    elif work == "x":
        await desk.x()
    else:
        assert (await desk.today_totals()).line(Line.PAID, "CNY") == Sum(10, 1000)
    return books.read


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(107)
@pytest.mark.parametrize("work", ["x", "z", "today"])
async def test_the_work_of_a_report_does_not_grow_with_the_history(work: str) -> None:
    short, long = await read_for(20, work), await read_for(2000, work)
    assert short <= 110
    assert long <= short + 15  # the halving search takes a few steps more


async def test_an_x_after_an_x_reads_only_what_is_new() -> None:
    books = Books()
    for n in range(100):
        books.paid(f"s{n}", 100)
    desk = reports(books)
    await desk.x()
    await desk.today_totals()
    books.paid("more", 5)
    books.read = 0
    assert paid(await desk.x()) == Sum(101, 10_005)
    assert (await desk.today_totals()).line(Line.PAID, "CNY") == Sum(101, 10_005)
    assert books.read <= 2 * 4


@pytest.mark.row(112)
async def test_today_ends_with_the_business_day() -> None:
    books = Books()
    books.paid("s1", 700)
    desk = reports(books)
    assert (await desk.today_totals()).line(Line.PAID, "CNY") == Sum(1, 700)
    books.clock.now_ms += DAY
    books.paid("s2", 50)
    assert (await desk.today_totals()).line(Line.PAID, "CNY") == Sum(1, 50)
    assert (await desk.today_totals("2")).empty
    assert (await desk.day_totals(DAY_1)).line(Line.PAID, "CNY") == Sum(1, 700)


@pytest.mark.row(111)
async def test_before_a_z_doubts_are_looked_into_and_what_that_brings_is_in_it() -> None:
    books = Books()

    async def heal() -> None:
        books.paid("s1", 700)

    report = await Reports(books, books.clock, SHOP, store="s1", ledger=Ledger.LIVE, heal=heal).seal(actor=OWNER)
    assert paid(report) == Sum(1, 700)
