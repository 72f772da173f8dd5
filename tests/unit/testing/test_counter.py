"""A whole counter in a test: what each fixture tells, on time that costs nothing."""

import asyncio

import pytest

from terminal.client import NoAnswer, NotPaid, Order, Paid, Refused
from terminal.errors import Conflict
from terminal.lab.faults import FaultUnknown, catalogue
from terminal.testing import (
    BadSetup,
    Bank,
    Clock,
    Counter,
    Display,
    Phone,
    Printer,
    Scanner,
    Setup,
    Speaker,
    assert_receipt,
    play,
)
from terminal.testing.places import PhoneCannot
from terminal.testing.turns import NotInTime

pytestmark = pytest.mark.no_cover
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.row(143, 147, 149)
def test_a_sale_is_seen_paid_heard_and_held(
    counter: Counter, phone: Phone, printer: Printer, display: Display, speaker: Speaker, bank: Bank
) -> None:
    sale = counter.sell(2850, order_no="A-1", title="Tea")
    assert (display.screen, counter.till.word) == ("code", "waiting")
    assert display.code == phone.sees() != ""
    phone.pay(sale)
    assert (sale.word, sale.paid_minor, counter.till.word) == ("paid", 2850, "paid")
    assert display.screen == "result"
    assert_receipt(printer, paid="28.50", order_no="A-1", check_code=sale.check_code, copy=False)
    assert speaker.said == ["Test. WeChat Pay, received twenty-eight yuan and fifty fen"]
    assert [*bank.taken.values()] == [[2850]]
    assert printer.picture().startswith(PNG)
    assert display.picture().startswith(PNG)


@pytest.mark.row(146)
def test_an_unpaid_sale_is_over_after_its_time_and_that_costs_few_turns(counter: Counter, clock: Clock) -> None:
    sale, turns = counter.sell(), counter.loop.rounds
    clock.advance(60)
    assert clock.now_s > 60
    counter.until(lambda: sale.state == "expired", limit_s=120)
    assert counter.loop.rounds - turns < 2000, "milliseconds of work"


@pytest.mark.row(146)
def test_the_same_seed_is_the_same_run_to_the_last_byte_and_another_is_not() -> None:
    def told(seed: int) -> tuple[list[str], bytes]:
        counter = Counter.open(Setup(seed=seed))
        try:
            phone = Phone(counter)
            phone.will("pay")
            counter.client.pay(Order("1", 2850, order_no="A-1"))
            return counter.timeline(), counter.events[-1].hash
        finally:
            counter.close()

    assert told(7) == told(7)
    assert told(7)[1] != told(8)[1]


@pytest.mark.row(144)
@pytest.mark.counter(faults=["paper-out", {"name": "notify-3-times", "count": 1, "times": 3}])
def test_faults_of_the_marker_are_there_before_the_test_begins(
    counter: Counter, phone: Phone, printer: Printer, bank: Bank
) -> None:
    sale = counter.sell()
    phone.pay(sale)
    assert (sale.word, list(printer.slips), bank.fired("notify-3-times")) == ("paid", [], 1)
    assert bank.kept_minor == 2850
    counter.heal("paper-out")
    counter.until(lambda: printer.slips)
    assert_receipt(printer, paid="28.50")


@pytest.mark.row(144)
def test_a_fault_lasts_as_long_as_it_was_told_to(counter: Counter, clock: Clock, phone: Phone) -> None:
    counter.fault("unplug-display", seconds=20)
    clock.advance(1)
    assert counter.sell(code=True).word == "waiting"
    assert phone.sees() == ""
    clock.advance(30)
    assert phone.sees() != ""


@pytest.mark.row(144)
def test_a_killed_service_goes_on_with_the_same_sale(counter: Counter, phone: Phone, clock: Clock) -> None:
    client = counter.client
    counter.fault("kill-mid-sale")
    sale = client.open_sale(Order("1", 2850, order_no="A-1"))
    counter.until(lambda: counter.world.lives == 2 and counter.world.alive)
    counter.fault("clock+10min")
    phone.pay()
    assert client.wait(sale.id, limit_s=60).state == "paid"


@pytest.mark.row(144)
def test_a_name_nobody_knows_is_refused_with_the_near_ones_and_a_story_with_its_command(counter: Counter) -> None:
    with pytest.raises(FaultUnknown, match=r"'paper-gone'; near: paper-out"):
        counter.fault("paper-gone")
    with pytest.raises(FaultUnknown, match="countertop lab run race-scan-vs-qr"):
        counter.fault("race-scan-vs-qr")
    with pytest.raises(FaultUnknown, match="'race-scan'"):
        play("race-scan")
    with pytest.raises(FaultUnknown, match=r"'paper-oot'; near: paper-out"):
        counter.heal("paper-oot")
    with pytest.raises(FaultUnknown, match="it takes"):
        counter.fault("paper-out", count=3)
    assert counter.faults == []


@pytest.mark.row(144)
def test_every_fault_of_the_list_begins_and_heals_by_its_name(
    counter: Counter, clock: Clock, phone: Phone, bank: Bank
) -> None:
    played = [each for each in catalogue().values() if each.layer in {"provider", "device", "link", "clock"}]
    assert len(played) >= 60
    for each in played:
        counter.fault(each.slug)
        clock.advance(0.1)
        counter.heal(each.slug)
    assert [each.name for each in counter.faults] == [each.slug for each in played]
    clock.jump(-(sum(int(each.params["ms"]) for each in played if each.layer == "clock") / 1000))
    clock.advance(30)
    sale = counter.sell()
    phone.pay(sale)
    assert (sale.word, bank.kept_minor) == ("paid", 2850)


def test_a_customers_code_is_refused_confirmed_or_takes_a_password(
    counter: Counter, phone: Phone, scanner: Scanner, bank: Bank
) -> None:
    sale = counter.sell(1200, code=False)
    scanner.scan(phone.code("no-funds"))
    assert sale.word == "not_paid"
    scanner.scan(phone.code("password"), settle_s=3)
    assert sale.word == "acting"
    phone.refuse(sale)
    assert (sale.word, bank.kept_minor) == ("not_paid", 0)
    again = counter.sell(1200, code=False)
    scanner.scan(phone.code("password", confirm_s=5), settle_s=20)
    assert (again.word, bank.kept_minor) == ("paid", 1200)


def test_a_till_may_await_and_others_go_on_meanwhile(counter: Counter, phone: Phone) -> None:
    async def two() -> object:
        async with counter.async_client as client:
            paying = client.pay(Order("1", 100, order_no="B-1"))
            first = asyncio.ensure_future(paying)
            await asyncio.sleep(3)
            with pytest.raises(Refused, match="sale_live"):
                await client.open_sale(Order("1", 200, order_no="B-2"))
            return await first

    phone.will("pay", after_s=10)
    assert isinstance(counter.run(two()), Paid)


def test_a1_answers_that_get_lost_are_one_sale_and_no_answer_is_no_no(counter: Counter, phone: Phone) -> None:
    client = counter.client
    counter.lose_answers(2)
    sale = client.open_sale(Order("1", 2850, order_no="C-1"))
    assert [each.subject for each in counter.service.feed.list("sale")] == [sale.id]
    counter.kill()
    with pytest.raises(NoAnswer):
        client.sale(sale.id)
    counter.start()
    assert isinstance(client.cancel(sale.id), NotPaid)


def test_money_goes_back_and_the_bank_agrees(counter: Counter, phone: Phone, printer: Printer, bank: Bank) -> None:
    sale = counter.sell()
    phone.pay(sale)
    assert counter.refund(sale, 850, reason="spilt").state == "refunded"
    assert_receipt(printer, refunded="8.50")
    assert (bank.kept_minor, sum(bank.returned.values())) == (2000, 850)


def test_a_cut_line_is_not_a_refusal(counter: Counter, bank: Bank, phone: Phone) -> None:
    sale = counter.sell()
    bank.away()
    counter.cancel(sale)
    assert sale.state == "checking"
    bank.back()
    counter.until(lambda: sale.state == "cancelled", limit_s=300)


def test_a_second_sale_and_a_customer_without_a_code_are_told_as_they_are(counter: Counter, phone: Phone) -> None:
    with pytest.raises(PhoneCannot, match="no code"):
        phone.pay()
    counter.sell()
    with pytest.raises(Conflict, match="sale_live"):
        counter.sell()
    with pytest.raises(NotInTime, match="not within 5 virtual seconds"):
        counter.until(lambda: False, limit_s=5)


@pytest.mark.parametrize(("channel", "seed"), [("alipay", 2), ("pix", 3), ("any_bank", 4)])
def test_other_channels_and_real_signatures(channel: str, seed: int) -> None:
    counter = Counter.open(Setup(seed=seed, channel=channel, signatures="rsa", devices=()))
    try:
        sale = counter.sell(500)
        Phone(counter).pay(sale)
        counter.until(lambda: sale.word == "paid")
    finally:
        counter.close()


def test_run_without_a_coroutine_says_how_time_passes(counter: Counter) -> None:
    with pytest.raises(TypeError, match=r"a coroutine of your till, not 6; time passes with clock\.advance"):
        counter.run(6)  # type: ignore[arg-type]  # as a test without types may
    counter.run(asyncio.sleep(6))


async def test_a_test_that_awaits_is_told_how_to_write_it() -> None:
    with pytest.raises(RuntimeError, match="write the test with `def`"):
        Counter.open()


def test_what_a_till_is_refused_is_told_in_a_sentence_with_what_to_do(counter: Counter, phone: Phone) -> None:
    counter.sell(100)
    with pytest.raises(Conflict) as told:
        counter.sell(200)
    assert told.value.__notes__[0].endswith("Finish, cancel or park it first.")
    with pytest.raises(TypeError, match=r"2850 is 28\.50"):
        counter.sell(28.5)  # type: ignore[arg-type]  # what a till's maker writes first


def test_words_nobody_knows_are_refused_where_they_are_written(
    counter: Counter, phone: Phone, clock: Clock
) -> None:
    with pytest.raises(ValueError, match="'pya' is none of pay, pay-late, look, nothing"):
        phone.will("pya")  # type: ignore[arg-type]  # a slip of the keys
    with pytest.raises(ValueError, match="'nofunds' is none of pays, no-funds, password"):
        phone.code("nofunds")  # type: ignore[arg-type]  # likewise
    with pytest.raises(ValueError, match="time cannot pass for -1 s"):
        clock.advance(-1)
    counter.kill()
    for act in (counter.kill, counter.stop):
        with pytest.raises(AssertionError, match="the service is down"):
            act()
    counter.start()
    with pytest.raises(AssertionError, match="the service runs already"):
        counter.start()


@pytest.mark.counter(devices=["display"])
@pytest.mark.parametrize("place", [Printer, Scanner, Speaker])
def test_a_device_that_does_not_stand_there_is_no_device_without_faults(counter: Counter, place: type) -> None:
    with pytest.raises(BadSetup, match=f"this counter has no {place.__name__.lower()}"):
        place(counter)


def test_an_error_in_what_goes_on_by_itself_fails_the_test_that_began_it() -> None:
    async def breaks() -> None:
        raise LookupError("nobody asks for my result")

    counter = Counter.open(Setup(devices=()))
    counter.aside(breaks())
    counter.run(asyncio.sleep(1))
    counter.story.wrong("D11", "the service ended by a bug")
    with pytest.raises(AssertionError, match=r"LookupError.*\nD11: the service ended by a bug"):
        counter.close()
