"""What ears and paper are owed: the voice once and never stale, the slip at least once and never two originals."""

import pytest

from terminal.counter.ports import PrintStopped
from terminal.counter.settings import CounterSettings
from terminal.errors import NotFound
from terminal.payments.event import Owed
from terminal.payments.receipt import Receipt, Row, from_json
from terminal.payments.sale import SaleState
from terminal.simulation.world import Killed
from tests.flows.shop import CASHIER, Shop, refused, story


def text(receipt: Receipt) -> str:
    return "\n".join(f"{line.left} {line.right}" for line in receipt if isinstance(line, Row))


def untouched(reason: str = "printer_paper_out") -> PrintStopped:
    return PrintStopped(reason, touched=False, definite=True)


def torn() -> PrintStopped:
    return PrintStopped("printer_paper_out", touched=True, definite=True)


def unsure() -> PrintStopped:
    return PrintStopped("printer_no_answer", touched=True, definite=False)


@story()
async def test_i6_voice_and_paper_begin_in_the_journal_with_their_payment_and_in_the_world_after_it(
    shop: Shop,
) -> None:
    commits: list[int] = []  # the last event of each
    told: list[tuple[int, int]] = []

    def at_point(point: str) -> None:
        if point == "before_commit":
            told.append((len(shop.counter.speaker.words), len(shop.counter.printer.begun)))
        if point == "after_commit":
            commits.append(shop.service.feed.last_number())

    shop.world.at_point = at_point
    await shop.paid()
    await shop.wait(5)
    (taken,) = (x for x in shop.events("effect_done") if x.body["kind"] == "voice")
    (begun,) = shop.events("print_started")
    (paid,) = (x for x in shop.events("attempt_moved") if x.body["to"] == "paid")
    (of_all,) = (each for each in range(len(commits)) if commits[each] >= paid.number > commits[each - 1])
    assert {taken.number, begun.number} <= set(range(paid.number, commits[of_all] + 1)), "one commit, one sync"
    assert told[of_all] == (0, 0), "nothing was said or printed before it"
    assert (taken.actor, begun.actor, paid.actor) == ("system:outbox", "system:outbox", paid.actor)
    assert paid.actor != begun.actor
    assert shop.counter.speaker.words
    assert [slip.copy for slip in shop.counter.printer.begun] == [0]


@pytest.mark.row(64)
@story()
async def test_i9_the_lines_of_a_slip_are_kept_with_its_end_and_every_copy_repeats_them(shop: Shop) -> None:
    sale = await shop.paid()
    await shop.wait(5)
    (begun,) = shop.events("print_started")
    (ended,) = (each for each in shop.events("effect_done") if each.body["kind"] == "receipt")
    assert "lines" not in begun.body
    assert from_json(ended.body["lines"]) == shop.counter.printer.begun[0].receipt
    await shop.restart()
    await shop.service.aftercare.reprint(sale.id, actor=CASHIER)
    await shop.wait(5)
    original, copy = shop.counter.printer.begun
    assert copy.receipt[1:] == original.receipt


@pytest.mark.row(63, 64)
@story()
async def test_i9_a_power_cut_between_paid_and_its_slip_asks_a_person_whose_yes_is_a_copy(shop: Shop) -> None:
    """The journal says that it was begun; nobody can tell whether the printer had a byte of it."""
    sale = await shop.with_code()

    def at_point(point: str) -> None:
        durable = shop.service.feed.of_subject(sale.id) if shop.world.alive else ()
        if point == "after_commit" and any(each.type == "print_started" for each in durable):
            raise Killed

    shop.world.at_point = at_point
    shop.pay(sale)
    await shop.until(lambda: shop.world.dying, 30)
    shop.world.at_point = lambda _point: None
    await shop.restart()
    assert shop.counter.printer.begun == []
    await shop.wait(60)
    listed = shop.lane().paper.listed
    assert [why for _, why in listed.values()] == ["may_have_printed"]
    await shop.service.aftercare.decide_slip("1", next(iter(listed)), print_it=True, actor=CASHIER)
    await shop.wait(5)
    (slip,) = shop.counter.printer.whole
    assert slip.copy == 1
    assert "28.50" in text(slip.receipt)


@story()
async def test_i11_i9_what_has_to_wait_for_its_turn_begins_in_the_journal_when_that_comes(shop: Shop) -> None:
    """Not before: a slip that is said to have begun and waits would be a person's to decide after a power cut."""
    shop.counter.printer.takes_s = 30.0
    shop.counter.speaker.takes_s = 1.5
    await shop.paid(100)
    second = await shop.paid(200)
    (paid,) = (x for x in shop.events("attempt_moved") if x.body["to"] == "paid" and x.subject == second.id)
    assert [each.subject == second.id for each in shop.events("print_started")] == [False]
    await shop.wait(60)
    begun = shop.events("print_started")[1]
    assert begun.wall_ms - paid.wall_ms > 20_000
    assert [slip.copy for slip in shop.counter.printer.whole] == [0, 0]


@story()
async def test_d11_a_slip_that_cannot_be_made_does_not_hold_up_the_voice(shop: Shop) -> None:
    shop.counter.printer.stops = [untouched(), torn()]
    await shop.paid()
    await shop.wait(30)
    assert len(shop.counter.speaker.words) == 1
    assert [slip.copy for slip in shop.counter.printer.begun][-1] == 1


@pytest.mark.row(61)
@story()
async def test_p1_paper_out_before_the_first_line_prints_the_original_when_paper_is_back(shop: Shop) -> None:
    shop.counter.printer.paper.clear()
    sale = await shop.paid()
    assert sale.state is SaleState.PAID
    await shop.wait(120)
    shop.counter.printer.paper.set()
    await shop.wait(2)
    assert [slip.copy for slip in shop.counter.printer.begun] == [0]
    assert shop.outcomes()["receipt"] == "confirmed"


@pytest.mark.row(61, 63, 64)
@story()
async def test_p1_i9_paper_out_inside_a_slip_prints_it_whole_as_a_copy_with_the_same_words(shop: Shop) -> None:
    shop.counter.printer.stops = [torn()]
    await shop.paid()
    await shop.wait(3)
    first, second = shop.counter.printer.begun
    assert (first.copy, second.copy) == (0, 1)
    assert first.job == second.job
    assert second.receipt[1:] == first.receipt, "frozen at the first print, the mark on top"
    assert "COPY 1" in text(second.receipt[:1])
    assert "TEST" in text(first.receipt)


@pytest.mark.row(63)
@story()
async def test_p1_p2_a_slip_that_breaks_off_each_time_is_a_persons_after_three_copies(shop: Shop) -> None:
    """A cover that does not close, a clone whose answers look so: paper must not run out for one slip."""
    printer, paper = shop.counter.printer, shop.lane().paper
    printer.stops = [torn() for _ in range(1000)]
    await shop.paid()
    await shop.wait(590)
    assert [slip.copy for slip in printer.begun] == [0, 1, 2, 3]
    assert [why for _, why in paper.listed.values()] == ["broke_off"]
    printer.stops = [torn() for _ in range(3)]
    await shop.service.aftercare.decide_slip("1", next(iter(paper.listed)), print_it=True, actor=CASHIER)
    await shop.wait(60)
    assert [slip.copy for slip in printer.whole] == [7], "the last that comes by itself may be the whole one"
    assert paper.listed == {}
    assert shop.service.feed.owed() == ()


@pytest.mark.row(63)
@story()
async def test_p4_a_printer_that_cannot_tell_is_asked_about_once_and_prints_nothing_by_itself(shop: Shop) -> None:
    shop.counter.printer.stops = [unsure()]
    await shop.paid()
    await shop.wait(60)
    assert len(shop.counter.printer.begun) == 1
    listed = shop.lane().paper.listed
    assert [why for _, why in listed.values()] == ["may_have_printed"]
    await shop.service.aftercare.decide_slip("1", next(iter(listed)), print_it=True, actor=CASHIER)
    await shop.wait(2)
    assert [slip.copy for slip in shop.counter.printer.begun] == [0, 1]
    assert shop.lane().paper.listed == {}
    assert shop.service.feed.owed() == ()


@pytest.mark.row(62)
@story()
async def test_i9_after_ten_minutes_nothing_prints_by_itself_and_nothing_is_forgotten(shop: Shop) -> None:
    shop.counter.printer.paper.clear()
    await shop.paid(100)
    await shop.wait(300)
    await shop.paid(200)
    await shop.until(lambda: bool(shop.lane().paper.listed), 320)
    await shop.until(lambda: len(shop.lane().paper.listed) == 2, 320)
    shop.counter.printer.paper.set()
    await shop.wait(60)
    assert shop.counter.printer.begun == []
    listed = shop.lane().paper.listed
    assert [why for _, why in listed.values()] == ["old", "old"]
    first, second = listed
    await shop.service.aftercare.decide_slip("1", first, print_it=False, actor=CASHIER)
    await shop.service.aftercare.decide_slip("1", second, print_it=True, actor=CASHIER)
    await shop.wait(1)
    assert len(shop.counter.printer.whole) == 1
    ends = [each.body["outcome"] for each in shop.events("effect_done") if each.body["kind"] == "receipt"]
    assert ends == ["dropped_by_person", "confirmed"]
    assert shop.service.feed.owed() == ()
    gone = await refused(shop.service.aftercare.decide_slip("1", first, print_it=True, actor=CASHIER))
    assert isinstance(gone, NotFound)


@pytest.mark.row(62)
@pytest.mark.parametrize(("hours", "copies"), [(0.1, [0]), (12, [])])
@story()
async def test_row_62_no_flood_of_old_slips_in_the_morning(shop: Shop, hours: float, copies: list[int]) -> None:
    shop.counter.printer.paper.clear()
    await shop.paid()
    await shop.world.crash()
    shop.counter.printer.paper.set()
    await shop.wait(hours * 3600)
    await shop.world.start()
    await shop.wait(5)
    assert [slip.copy for slip in shop.counter.printer.whole] == copies
    assert len(shop.lane().paper.listed) == 1 - len(copies)


@pytest.mark.row(63)
@story()
async def test_i9_a_printing_that_was_under_way_at_a_crash_is_asked_about(shop: Shop) -> None:
    shop.counter.printer.takes_s = 2.0
    await shop.paid()
    assert len(shop.counter.printer.begun) == 1
    await shop.restart()
    await shop.wait(10)
    assert len(shop.counter.printer.begun) == 1
    assert [why for _, why in shop.lane().paper.listed.values()] == ["may_have_printed"]


@pytest.mark.row(64)
@story()
async def test_reprints_are_copies_counted_on_paper_and_in_the_journal(shop: Shop) -> None:
    sale = await shop.paid()
    for _ in range(2):
        await shop.service.aftercare.reprint(sale.id, actor=CASHIER)
        await shop.wait(1)
    assert [slip.copy for slip in shop.counter.printer.whole] == [0, 1, 2]
    assert "COPY 2" in text(shop.counter.printer.whole[-1].receipt)
    assert shop.counter.printer.whole[-1].receipt[1:] == shop.counter.printer.whole[0].receipt
    assert [each.actor for each in shop.events("reprint_requested")] == [str(CASHIER)] * 2


@pytest.mark.row(62, 64)
@story()
async def test_i9_a_reprint_that_was_owed_at_a_crash_comes_by_itself_as_a_copy(shop: Shop) -> None:
    sale = await shop.paid()
    shop.counter.printer.paper.clear()
    await shop.service.aftercare.reprint(sale.id, actor=CASHIER)
    await shop.world.crash()
    shop.counter.printer.paper.set()
    await shop.world.start()
    await shop.until(lambda: len(shop.counter.printer.whole) == 2, 30)
    assert [slip.copy for slip in shop.counter.printer.whole] == [0, 1]
    assert shop.lane().paper.listed == {}


@pytest.mark.row(63, 64)
@story()
async def test_p1_p4_a_reprint_that_had_begun_is_asked_about_after_each_start(shop: Shop) -> None:
    sale = await shop.paid()
    shop.counter.printer.stops = [torn() for _ in range(1000)]
    await shop.service.aftercare.reprint(sale.id, actor=CASHIER)
    await shop.wait(60)
    for _ in range(3):
        await shop.restart()
        await shop.wait(60)
        assert [why for _, why in shop.lane().paper.listed.values()] == ["may_have_printed"]
    assert [slip.copy for slip in shop.counter.printer.begun] == [0, 1, 2, 3, 4]


@pytest.mark.row(62)
@story()
async def test_i9_i17_a_slip_of_the_future_is_a_persons_to_decide(shop: Shop) -> None:
    """The clock was set back while the machine was off: nobody can tell how old the slip is."""
    shop.counter.printer.paper.clear()
    await shop.paid()
    await shop.world.crash()
    shop.counter.printer.paper.set()
    shop.world.clock.jump_wall(-3_600_000)
    await shop.world.start()
    await shop.wait(60)
    assert shop.counter.printer.whole == []
    assert [why for _, why in shop.lane().paper.listed.values()] == ["old"]


@pytest.mark.row(58)
@story()
async def test_p5_slips_of_two_quick_sales_come_out_one_after_the_other(shop: Shop) -> None:
    shop.counter.printer.takes_s = 3.0
    await shop.paid(100)
    await shop.paid(200)
    await shop.wait(10)
    assert ["1.00" in text(slip.receipt) for slip in shop.counter.printer.whole] == [True, False]
    assert len(shop.counter.printer.begun) == 2


@story()
async def test_i21_a_printer_that_says_ready_and_never_prints_is_not_a_storm(shop: Shop) -> None:
    shop.counter.printer.stops = [untouched() for _ in range(10_000)]
    await shop.paid()
    await shop.wait(700)
    assert len(shop.counter.printer.begun) <= 30
    assert [why for _, why in shop.lane().paper.listed.values()] == ["old"]
    assert not shop.counter.printer.whole


@pytest.mark.row(58)
@story(broken=True)
async def test_d11_a_printer_driver_with_a_bug_loses_no_slip(shop: Shop) -> None:
    shop.counter.printer.raises = ValueError("a bug in the driver")
    await shop.paid(100)
    await shop.wait(2)
    shop.counter.printer.raises = None
    await shop.paid(200)
    await shop.wait(2)
    assert [slip.copy for slip in shop.counter.printer.whole] == [0]
    assert [why for _, why in shop.lane().paper.listed.values()] == ["may_have_printed"]


@pytest.mark.row(58, 63)
@story()
async def test_i9_a_printer_that_never_answers_holds_no_slip_for_ever(shop: Shop) -> None:
    """Its driver has limits of its own; one that has none must not keep the shop's slips out of sight."""
    shop.counter.printer.hangs = True
    first = await shop.paid(100)
    await shop.wait(650)
    assert [why for _, why in shop.lane().paper.listed.values()] == ["may_have_printed"]
    shop.counter.printer.hangs = False
    second = await shop.paid(200)
    await shop.until(lambda: len(shop.counter.printer.whole) == 1, 5)
    assert shop.counter.printer.whole[0].job == f"{second.attempts[-1].id}:receipt"
    await shop.service.aftercare.decide_slip("1", f"{first.attempts[-1].id}:receipt", print_it=True, actor=CASHIER)
    await shop.until(lambda: len(shop.counter.printer.whole) == 2, 5)
    assert [each.copy for each in shop.counter.printer.whole] == [0, 1]


class TaxWithABug:
    """Fails before anything of a slip is on paper."""

    asks = True

    def __init__(self) -> None:
        self.fails, self.asked = 0, 0

    async def before_slip(self, _owed: Owed) -> None:
        self.asked += 1
        if self.asked <= self.fails:
            raise ValueError("a bug before the first byte")

    def late(self, _counter: CounterSettings, _owed: Owed, _lines: Receipt) -> Receipt:
        return ()


@pytest.mark.row(58, 63)
@pytest.mark.parametrize(("fails", "listed"), [(3, []), (10_000, ["old"])])
@story(broken=True)
async def test_d11_what_fails_before_paper_was_touched_asks_nobody_whether_it_printed(
    shop: Shop, fails: int, listed: list[str]
) -> None:
    shop.lane().paper.tax = tax = TaxWithABug()
    tax.fails = fails
    await shop.paid(100)
    await shop.wait(650)
    assert [why for _, why in shop.lane().paper.listed.values()] == listed
    assert [slip.copy for slip in shop.counter.printer.whole] == [0] * (1 - len(listed))
    assert tax.asked <= 60, "ever more seldom"


@pytest.mark.row(58)
@story(broken=True)
async def test_d11_a_slip_that_cannot_be_made_holds_up_no_other(shop: Shop) -> None:
    paper = shop.lane().paper
    paper.tax = tax = TaxWithABug()
    tax.fails = 1
    shop.counter.printer.takes_s = 3.0
    first = await shop.paid(100)
    second = await shop.paid(200)
    await shop.until(lambda: len(shop.counter.printer.whole) == 2, 30)
    jobs = [slip.job.partition(":")[0] for slip in shop.counter.printer.whole]
    assert sorted(jobs) == sorted(each.attempts[-1].id for each in (first, second))


@pytest.mark.row(52)
@story()
async def test_i11_an_announcement_is_not_repeated_after_a_crash_while_it_was_spoken(shop: Shop) -> None:
    await shop.paid()
    assert len(shop.counter.speaker.began) == 1
    await shop.restart()
    await shop.wait(5)
    assert len(shop.counter.speaker.began) == 1
    assert shop.service.feed.owed() == ()


@pytest.mark.row(52)
@story()
async def test_v3_what_was_owed_before_a_start_is_not_spoken(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.counter.speaker.takes_s = 8.0
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 3)
    again = await shop.open(300, push=False)
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(again).state is SaleState.PAID, 3)
    await shop.restart(after_s=1)
    await shop.wait(5)
    assert shop.counter.speaker.words == [("paid", 2850)]
    assert "stale" in shop.outcomes().values()


@pytest.mark.row(52)
@story()
async def test_v2_many_results_at_once_are_said_in_order_or_dropped_to_the_screen(shop: Shop) -> None:
    shop.counter.speaker.takes_s = 1.9
    for minor in range(1, 10):
        sale = await shop.open(minor, push=False)
        await shop.scan(shop.customer_code())
        await shop.until(lambda sale=sale: shop.sale(sale).state is SaleState.PAID, 1)  # type: ignore[misc]
    await shop.wait(30)
    said = [minor for _, minor in shop.counter.speaker.words]
    assert said == sorted(set(said)), "in order, each once, amounts not merged"
    assert len(said) < 9
    stamps = {
        event.subject: event.mono_ns / 1e9 for event in shop.events("sale_moved") if event.body["to"] == "paid"
    }
    sales = {shop.service.book.sale(each).amount.minor: at for each, at in stamps.items()}
    assert all(at - sales[utterance.amount.minor] <= 10.05 for at, utterance in shop.counter.speaker.began)
    ends = [each.body["outcome"] for each in shop.events("effect_done") if each.body["kind"] == "voice"]
    assert ends.count("taken") == len(said)
    assert set(ends) <= {"taken", "dropped", "stale"}
    assert shop.service.feed.owed() == ()


@pytest.mark.row(52, 58)
@story()
async def test_v1_a_speaker_that_never_answers_does_not_silence_the_shop(shop: Shop) -> None:
    shop.counter.speaker.hangs = True
    await shop.paid(100)
    await shop.wait(30)
    shop.counter.speaker.hangs = False
    await shop.paid(200)
    assert shop.counter.speaker.words == [("paid", 100), ("paid", 200)]


@story(broken=True)
async def test_d11_a_speaker_driver_with_a_bug_is_silent_once_and_not_for_ever(shop: Shop) -> None:
    shop.counter.speaker.raises = ValueError("a bug in the driver")
    for minor in range(100, 1000, 100):
        await shop.paid(minor)
        await shop.wait(70)
    shop.counter.speaker.raises = None
    await shop.paid(1000)
    await shop.wait(2)
    assert shop.counter.speaker.words[-1] == ("paid", 1000)
    assert len(shop.counter.speaker.words) == len({minor for _, minor in shop.counter.speaker.words})


@story(broken=True)
async def test_d11_a_display_driver_with_a_bug_shows_again_when_the_bug_has_passed(shop: Shop) -> None:
    shop.counter.glass.raises = ValueError("a bug in the driver")
    sale = await shop.open()
    await shop.wait(20)
    shop.counter.glass.raises = None
    await shop.until(lambda: shop.counter.glass.words[-1] == "code", 16)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1)
