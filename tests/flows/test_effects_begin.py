"""Voice and slip begin in the append that owes them: only where somebody begins them and goes on with them."""

import asyncio
import errno
import os
from collections.abc import Sequence

import pytest

from terminal.counter.ports import Devices, Ticket
from terminal.counter.settings import CounterSettings
from terminal.errors import JournalError
from terminal.payments.event import Event, NewEvent, Owed
from terminal.payments.receipt import Receipt
from terminal.payments.sale import Sale
from terminal.peripherals.slots import Slots
from terminal.virtual_time import VirtualClock
from tests.flows.counter_devices import OnCounter
from tests.flows.shop import CASHIER, Shop, story
from tests.flows.test_outbox import text, torn


class InPlaces(OnCounter):
    """Printer and speaker stand in places, as in a shop whose devices may be put there while it is open."""

    def __init__(self) -> None:
        super().__init__()
        self.places = Slots(VirtualClock())

    def devices(self) -> Devices:
        return Devices(self.glass, self.scanner, self.places.printer, self.places.speaker)

    def put(self, *, there: bool) -> None:
        self.places.printer.put(self.printer if there else None, ())
        self.places.speaker.put(self.speaker if there else None, ())


async def in_places(shop: Shop, *, there: bool) -> InPlaces:
    counter = shop.on["1"] = InPlaces()
    counter.put(there=there)
    await shop.restart()
    return counter


@pytest.mark.row(64)
@story()
async def test_i9_i11_where_no_printer_and_no_speaker_stand_nothing_begins(shop: Shop) -> None:
    counter = await in_places(shop, there=False)
    sale = await shop.paid()
    await shop.wait(5)
    assert shop.outcomes() == {"voice:paid": "no_speaker", "receipt": "no_printer"}
    assert shop.events("print_started") == []
    assert shop.events("voice_ended") == []
    counter.put(there=True)
    await shop.service.aftercare.reprint(sale.id, actor=CASHIER)
    await shop.wait(5)
    assert [slip.copy for slip in counter.printer.whole] == [0], "the first that ever was on paper is no copy"


@pytest.mark.row(64)
@story()
async def test_i9_a_printer_taken_away_when_its_slip_had_begun_leaves_no_printing_behind(shop: Shop) -> None:
    counter = await in_places(shop, there=True)
    sale = await shop.with_code()

    def at_point(point: str) -> None:
        durable = shop.service.feed.of_subject(sale.id)
        if point == "after_commit" and any(each.type == "print_started" for each in durable):
            counter.put(there=False)

    shop.world.at_point = at_point
    shop.pay(sale)
    await shop.wait(5)
    shop.world.at_point = lambda _point: None
    assert shop.outcomes()["receipt"] == "no_printer"
    assert shop.sale(sale).printings(f"{sale.attempts[-1].id}:receipt") == 0
    counter.put(there=True)
    await shop.service.aftercare.reprint(sale.id, actor=CASHIER)
    await shop.wait(5)
    assert [slip.copy for slip in counter.printer.whole] == [0]


@pytest.mark.row(63)
@story()
async def test_d12_i9_what_is_paid_while_the_service_ends_is_printed_by_the_next_start(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.service.stopping = True
    shop.service.tasks.close()
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state == "paid", 5)
    await shop.world.stop()
    await shop.world.start()
    await shop.wait(5)
    assert shop.lane().paper.listed == {}
    assert [slip.copy for slip in shop.counter.printer.whole] == [0]
    assert shop.outcomes() == {"voice:paid": "stale", "receipt": "confirmed"}


@pytest.mark.row(58, 63)
@story(broken=True)
async def test_d11_a_slip_that_could_not_be_made_at_once_asks_nobody_whether_it_printed(shop: Shop) -> None:
    paper = shop.lane().paper
    made, asked = paper._make_slip, 0

    def fails_twice(counter: CounterSettings, sale: Sale, owed: Owed) -> Receipt:
        nonlocal asked
        asked += 1
        if asked <= 2:
            raise ValueError("a bug before the first byte")
        return made(counter, sale, owed)

    paper._make_slip = fails_twice
    await shop.paid()
    await shop.wait(30)
    assert paper.listed == {}
    assert [slip.copy for slip in shop.counter.printer.whole] == [0]


@pytest.mark.row(58, 63)
@story(broken=True)
async def test_d11_i9_a_slip_that_stopped_before_its_worker_failed_begins_anew_in_the_journal(
    shop: Shop,
) -> None:
    """Else it would be an original that the journal knows nothing of, and after a power cut another one came."""
    printer = shop.counter.printer
    ready, fails = printer.ready, iter([True])

    async def fails_once() -> None:
        if next(fails, False):
            raise ValueError("a bug in the driver")
        await ready()

    printer.ready = fails_once  # type: ignore[method-assign]
    printer.paper.clear()
    await shop.paid()
    await shop.wait(3)
    printer.paper.set()
    await shop.wait(30)
    assert [slip.copy for slip in printer.whole] == [0]
    kinds = [each.type for each in shop.events() if each.type in ("print_started", "print_stopped")]
    assert kinds[-1] == "print_started", kinds


@pytest.mark.row(63, 64)
@story()
async def test_p1_a_copy_repeats_a_slip_of_which_nobody_knows_whether_it_came(shop: Shop) -> None:
    printer = shop.counter.printer
    printer.hangs = True
    sale = await shop.paid()
    await shop.wait(650)
    (receipt,) = shop.lane().paper.listed
    printer.hangs = False
    frozen = [each for each in shop.service.feed.of_subject(sale.id) if "lines" in each.body]
    assert len(frozen) == 1
    await shop.service.aftercare.decide_slip("1", receipt, print_it=True, actor=CASHIER)
    await shop.wait(5)
    original, copy = printer.begun
    assert copy.receipt[1:] == original.receipt
    assert "28.50" in text(copy.receipt)


# --- the printer's state is asked while the beginning is made durable ----------------------------------------


@story()
async def test_i6_p3_the_printer_is_asked_once_while_the_disk_takes_what_begins_its_slip(shop: Shop) -> None:
    printer, order = shop.counter.printer, list[str]()
    printer.stops = [torn()]
    printer.on_asked = lambda: order.append("asked")
    printer.at_work = order.append
    shop.world.at_point = order.append
    await shop.paid(100)
    await shop.wait(5)
    assert [slip.copy for slip in printer.begun] == [0, 1]
    at = order.index("asked")
    assert order[at + 1 : at + 3] == ["before_commit", "after_commit"]
    (paid,) = (each for each in shop.events("attempt_moved") if each.body["to"] == "paid")
    (begun, _) = shop.events("print_started")
    assert "print" not in order[: at + 3]
    assert (order.count("asked"), begun.number > paid.number) == (1, True), "its copy is asked about as it begins"


@story()
async def test_what_has_to_wait_for_its_turn_is_not_asked_about_ahead(shop: Shop) -> None:
    printer, asked = shop.counter.printer, list[int]()
    printer.takes_s = 30.0
    printer.on_asked = lambda: asked.append(len(printer.begun))
    await shop.paid(100)
    await shop.paid(200)
    await shop.wait(60)
    assert (printer.foreseen, asked, len(printer.whole)) == (1, [0], 2)


@pytest.mark.parametrize(
    ("point", "error"),
    [("before_commit", errno.ENOSPC), ("before_commit", errno.EIO), ("after_commit", errno.EIO)],
)
@story()
async def test_i6_i20_nothing_is_printed_by_an_append_that_the_disk_did_not_take_and_asking_harmed_nobody(
    shop: Shop, point: str, error: int
) -> None:
    printer, asked = shop.counter.printer, list[str]()
    printer.on_asked = lambda: asked.append("asked")
    sale = await shop.with_code()

    def fail(at: str) -> None:
        if at == point and printer.foreseen:
            raise OSError(error, os.strerror(error))

    shop.world.at_point = fail
    shop.pay(sale)
    await shop.until(lambda: shop.world.journal.dead is not None, 5)
    await shop.wait(5)
    assert (printer.foreseen, asked, printer.begun) == (1, ["asked"], [])
    shop.world.at_point = lambda _point: None
    await shop.world.crash()
    await shop.world.start()
    await shop.wait(300)
    assert shop.sale(sale).state == "paid"
    again = point == "before_commit"  # else it was begun already, and a person decides
    assert (len(asked), len(printer.begun)) == ((2, 1) if again else (1, 0))


@story()
async def test_i6_nothing_is_asked_by_an_append_that_is_refused_and_once_by_the_one_that_follows(
    shop: Shop,
) -> None:
    """Another program holds the journal for a while."""
    printer, order, journal = shop.counter.printer, list[str](), shop.world.journal
    printer.on_asked = lambda: order.append("asked")
    append = journal.append

    async def refuses_the_first(events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
        if not order and any(each.type == "print_started" for each in events):
            assert ticket
            order.append("refused")
            await asyncio.sleep(0.5)
            ticket.refused = JournalError("journal_locked")
            raise ticket.refused
        return await append(events, ticket=ticket)

    journal.append = refuses_the_first  # type: ignore[method-assign]
    sale = await shop.with_code()
    shop.pay(sale)
    await shop.until(lambda: bool(order), 5)
    await shop.wait(0.6)
    assert (order, shop.sale(sale).state, printer.begun) == (["refused"], "open", [])
    await shop.until(lambda: shop.sale(sale).state == "paid", 30)
    await shop.wait(5)
    assert (order, [slip.copy for slip in printer.whole]) == (["refused", "asked"], [0])


@story()
async def test_l8_a_printer_that_cannot_be_asked_ahead_or_fails_at_it_prints_all_the_same(shop: Shop) -> None:
    def fails() -> None:
        raise ValueError("a bug in the driver")

    printer = shop.counter.printer
    printer.on_asked = fails
    await shop.paid(100)
    await shop.wait(10)
    printer.foresee = lambda: None  # type: ignore[method-assign]
    await shop.paid(200)
    await shop.wait(10)
    assert [slip.copy for slip in printer.whole] == [0, 0]
    assert shop.outcomes()["receipt"] == "confirmed"
