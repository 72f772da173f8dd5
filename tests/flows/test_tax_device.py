"""The tax device's number on slips: asked before the first byte, owed when it does not come, never twice."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from terminal.banks.client import ProviderLink
from terminal.counter.ports import HttpReply, HttpRequest, NoAnswer, NothingSent
from terminal.counter.settings import House
from terminal.counter.tax import PAUSES_S, TaxQuestion, TaxUnanswered
from terminal.counter.tax_http import HttpTaxDevice, answer_of
from terminal.errors import BadSettings
from terminal.help.catalogue import Catalogue
from terminal.log_context import now_about
from terminal.payments.money import Money
from terminal.payments.receipt import Code, Receipt, Row
from terminal.payments.sale import SaleState
from terminal.payments.tax_mark import TaxMark
from terminal.settings import Loaded, Secrets
from terminal.settings.tables import TaxTable
from terminal.web.receipts import receipt_lines
from terminal.wiring.checking import check_settings
from terminal.wiring.tax import open_tax
from tests.flows.shop import CASHIER, Shop, story
from tests.flows.test_api_whole_app import settings
from tests.flows.test_partial import PART, part_paid

EXAMPLE = Path(__file__).parents[2] / "docs" / "integrate" / "example-tax" / "tax_device.py"
OWED = Catalogue.load("en").text("receipt.tax_owed")


class Device:
    """Gives each receipt one number for ever, as its contract says; ``fails`` ends the next questions."""

    def __init__(self) -> None:
        self.asked: list[TaxQuestion] = []
        self.fails: list[TaxUnanswered] = []
        self.takes_s = 0.1
        self._numbers: dict[str, str] = {}

    async def register(self, question: TaxQuestion) -> TaxMark:
        self.asked.append(question)
        await asyncio.sleep(self.takes_s)
        if self.fails:
            raise self.fails.pop(0)
        number = self._numbers.setdefault(question.receipt, f"TAX-{len(self._numbers) + 1}")
        return TaxMark(number, f"https://tax.example/{number}", ("Device 7",))


def connect(shop: Shop, device: Device) -> Device:
    shop.service.tax.device = device
    shop.service.parts.slips.tax = shop.service.tax.mark
    return device


def told(lines: Receipt) -> list[str]:
    rows = [line.left for line in lines if isinstance(line, Row)]
    return rows + [line.text for line in lines if isinstance(line, Code)]


@pytest.mark.row(68)
@story()
async def test_a_sale_and_its_refund_carry_their_numbers_and_say_what_they_take_back(shop: Shop) -> None:
    device, printer = connect(shop, Device()), shop.counter.printer
    sale = await shop.paid(2850)
    await shop.until(lambda: len(printer.whole) == 1, 5)
    assert {"TAX-1", "Device 7", "https://tax.example/TAX-1"} <= set(told(printer.whole[0].receipt))
    await shop.refund(sale, 850)
    await shop.until(lambda: len(printer.whole) == 2, 30)
    assert "TAX-2" in told(printer.whole[1].receipt)
    first, second = device.asked
    assert (first.kind, first.amount.minor, first.of, first.test) == ("sale", 2850, "", True)
    assert (second.kind, second.amount.minor, second.of) == ("refund", 850, first.receipt)
    await shop.service.aftercare.reprint(sale.id, actor=CASHIER)
    await shop.until(lambda: len(printer.whole) == 3, 5)
    assert len(device.asked) == 2, "a copy asks for nothing"


@pytest.mark.row(68)
@story()
async def test_i24_a_device_that_is_silent_delays_the_slip_alone_and_its_number_follows_on_a_copy(
    shop: Shop,
) -> None:
    device, printer = connect(shop, Device()), shop.counter.printer
    device.takes_s, device.fails = 3.0, [TaxUnanswered("no_answer"), TaxUnanswered("refused")]
    sale = await shop.paid()
    assert ("paid", 2850) in shop.counter.speaker.words
    assert "paid" in shop.counter.glass.words
    assert printer.whole == [], "paper waits, nothing else does"
    await shop.until(lambda: len(printer.whole) == 1, 5)
    assert OWED in told(printer.whole[0].receipt)
    assert [each.body["why"] for each in shop.events("tax_owed")] == ["no_answer"]
    await shop.until(lambda: bool(shop.events("tax_registered")), sum(PAUSES_S) + 30)
    assert shop.events("tax_registered")[0].body["late"] is True
    assert [each for each in shop.service.feed.owed() if each.kind == "tax"] == []
    await shop.service.aftercare.reprint(sale.id, actor=CASHIER)
    await shop.until(lambda: len(printer.whole) == 2, 5)
    assert "TAX-1" in told(receipt_lines(shop.service, shop.sale(sale))), "so does the page on the phone"
    copy = told(printer.whole[1].receipt)
    assert (printer.whole[1].copy, "TAX-1" in copy, OWED in copy) == (1, True, True), (
        "frozen lines stay as they are"
    )


@pytest.mark.row(68)
@story()
async def test_i22_what_is_owed_is_asked_for_after_a_restart_and_one_that_is_refused_holds_up_no_other(
    shop: Shop,
) -> None:
    device = connect(shop, Device())
    device.fails = [TaxUnanswered("answer_wrong"), TaxUnanswered("no_answer")]
    await shop.paid(100)
    await shop.paid(200)
    await shop.until(lambda: len(shop.events("tax_owed")) == 2, 10)
    await shop.restart()
    device = connect(shop, Device())
    device.fails = [TaxUnanswered("refused")]
    shop.service.tax.work.wake()
    await shop.until(lambda: len(shop.events("tax_registered")) == 2, 2 * sum(PAUSES_S))
    assert [each.amount.minor for each in device.asked] == [100, 200, 100]


@pytest.mark.row(68)
@story()
async def test_a_slip_that_the_power_cut_kept_from_paper_has_its_number_owed_too(shop: Shop) -> None:
    printer = shop.counter.printer
    printer.paper.clear()
    await shop.paid()
    await shop.world.crash()
    await asyncio.sleep(700)
    await shop.world.start()
    device = connect(shop, Device())
    sale = shop.service.book.sale(shop.service.feed.list("sale", limit=1)[0].subject)
    [owed] = [each for each in shop.service.feed.owed() if each.kind == "receipt"]
    await shop.service.tax.after_restart(owed)
    await shop.service.tax.after_restart(owed)
    assert len(shop.events("tax_owed")) == 1
    await shop.until(lambda: bool(shop.events("tax_registered")), 60)
    assert [each.receipt for each in device.asked] == [f"{sale.attempts[-1].id}:receipt"]


@pytest.mark.row(33, 68)
@story(channels=PART)
async def test_a_sale_paid_in_parts_is_registered_whole_and_money_without_a_receipt_never(shop: Shop) -> None:
    device = connect(shop, Device())
    sale = await part_paid(shop)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    await shop.until(lambda: len(device.asked) == 1, 5)
    first, second = shop.sale(sale).attempts
    assert (device.asked[0].receipt, device.asked[0].amount.minor) == (f"{second.id}:receipt", 2850)
    back = await shop.refund(sale, 1000)
    await shop.until(lambda: len(device.asked) == 2, 30)
    assert (back.attempt, device.asked[1].of) == (first.id, f"{second.id}:receipt"), "the one that was registered"
    given_up = await part_paid(shop)
    await shop.cancel(given_up)
    await shop.until(lambda: shop.sale(given_up).ended, 60)
    await shop.until(lambda: len(shop.counter.printer.whole) == 3, 30)
    assert len(device.asked) == 2, "what was never registered is not taken back"


@pytest.mark.row(68)
@story()
async def test_i22_a_receipt_that_is_asked_for_again_is_asked_for_in_the_same_words(shop: Shop) -> None:
    device, printer = connect(shop, Device()), shop.counter.printer
    device.takes_s, device.fails = 3.0, [TaxUnanswered("no_answer")]
    sale = await shop.paid()
    await shop.until(lambda: bool(shop.events("tax_registered")), 60)
    first, again = device.asked
    assert first == again, "a device that keeps to its key refuses other words for ever"
    assert first.at_ms == sale.ended_ms
    assert len(printer.whole) == 1


@pytest.mark.row(68)
@story()
async def test_a_number_that_came_late_is_on_a_copy_in_whatever_words_the_slip_said_that_it_is_owed(
    shop: Shop,
) -> None:
    device, printer = connect(shop, Device()), shop.counter.printer
    device.fails = [TaxUnanswered("no_answer")]
    sale = await shop.paid()
    await shop.until(lambda: bool(shop.events("tax_registered")), 60)
    later = replace(shop.lane().settings, languages={"receipt": "pt-BR"})  # or the words of a newer version
    receipt, frozen = f"{sale.attempts[-1].id}:receipt", printer.whole[0].receipt
    late = shop.service.parts.slips.late_tax(later, shop.sale(sale), receipt, frozen)
    assert {"TAX-1", "Device 7", "https://tax.example/TAX-1"} <= set(told(late))
    assert shop.service.parts.slips.late_tax(later, shop.sale(sale), receipt, (*late, *frozen)) == (), "once"


@pytest.mark.row(61, 63, 68)
@story()
async def test_i9_a_copy_repeats_what_is_on_paper_and_not_a_try_that_never_touched_it(shop: Shop) -> None:
    device, printer = connect(shop, Device()), shop.counter.printer
    device.fails = [TaxUnanswered("no_answer")]
    printer.paper.clear()
    sale = await shop.paid()
    await shop.until(lambda: bool(shop.events("tax_registered")), 60)
    assert len(shop.events("print_started")) == len(shop.events("print_stopped")) == 1
    printer.paper.set()
    await shop.until(lambda: len(printer.whole) == 1, 60)
    await shop.service.aftercare.reprint(sale.id, actor=CASHIER)
    await shop.until(lambda: len(printer.whole) == 2, 5)
    original, copy = printer.whole
    assert (original.copy, OWED in told(original.receipt), "TAX-1" in told(original.receipt)) == (0, False, True)
    assert (copy.copy, copy.receipt[1:]) == (1, original.receipt)
    assert receipt_lines(shop.service, shop.sale(sale)) == original.receipt, "and so does the phone"


@pytest.mark.row(68)
@story()
async def test_what_is_logged_of_the_tax_device_names_its_sale(shop: Shop) -> None:
    seen: list[dict[str, str]] = []

    class Watched(Device):
        async def register(self, question: TaxQuestion) -> TaxMark:
            seen.append(dict(now_about()))
            if len(seen) == 1:
                raise TaxUnanswered("no_answer")
            return await super().register(question)

    connect(shop, Watched()).takes_s = 8.0
    shop.counter.printer.takes_s = 3.0
    first = await shop.paid(100)
    second = await shop.paid(200)  # its slip waits for the first one's
    await shop.until(lambda: len(shop.events("tax_registered")) == 2, 90)
    assert [(each["sale"], each.get("counter")) for each in seen] == [
        *((first.id, "1"), (second.id, "1")),
        (first.id, "1"),
    ]


# --- the wire ----------------------------------------------------------------------------------------------

ASKED = TaxQuestion("A1:receipt", "sale", 7, "B-9", "1", Money(2850, "CNY"), 1_763_640_000_000, "", True)
HOUSE = House("m1", "s1", "Tea")


class Link:
    def __init__(self, *answers: HttpReply | Exception) -> None:
        self.answers, self.requests = list(answers), list[HttpRequest]()

    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def reply(status: int, body: bytes = b"{}") -> HttpReply:
    return HttpReply(status, {}, body)


@pytest.mark.row(68)
async def test_the_question_names_the_receipt_as_its_key_and_nobody() -> None:
    link = Link(reply(200, b'{"number": "T1"}'))
    device = HttpTaxDevice(link, "/tax", HOUSE, token="secret", wait_s=3.0)
    assert await device.register(ASKED) == TaxMark("T1")
    [sent] = link.requests
    assert dict(sent.headers) == {
        "Content-Type": "application/json",
        "Idempotency-Key": "A1:receipt",
        "Authorization": "Bearer secret",
    }
    body = json.loads(sent.body)
    assert (body["amount_minor"], body["currency"], body["sale_no"], body["test"]) == (2850, "CNY", 7, True)
    assert "secret" not in sent.body.decode()


@pytest.mark.row(68)
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (NothingSent("x"), "no_answer"),
        (NoAnswer("x"), "no_answer"),
        (reply(503), "no_answer"),
        (reply(302), "no_answer"),
        (reply(422), "refused"),
    ],
)
async def test_an_answer_that_is_none_says_why(answer: HttpReply | Exception, why: str) -> None:
    with pytest.raises(TaxUnanswered) as failed:
        await HttpTaxDevice(Link(answer), "/", HOUSE, token="", wait_s=3.0).register(ASKED)
    assert failed.value.why == why


WRONG = (
    *(b"", b"[]", b"{}", b'{"number": 7}', b'{"number": ""}', b'{"number": " x"}', b'{"number": "a\\u0007"}'),
    *(b'{"number": "x", "code": 5}', b'{"number": "x", "lines": "y"}', b'{"number": "x", "lines": [1]}'),
    *(b'{"number": "x", "lines": [""]}', b'{"number": "a\\nb"}', b'{"number": "a\\u202eb"}'),
    json.dumps({"number": "x" * 65}).encode(),
    json.dumps({"number": "x", "code": "x" * 513}).encode(),
    json.dumps({"number": "x", "lines": ["y"] * 7}).encode(),
    json.dumps({"number": "x", "pad": "y" * 17_000}).encode(),
)


@pytest.mark.row(68)
@pytest.mark.parametrize("body", WRONG)
def test_s61_what_cannot_stand_on_paper_is_no_answer(body: bytes) -> None:
    with pytest.raises(TaxUnanswered, match="answer_wrong"):
        answer_of(body)


@pytest.mark.row(68)
async def test_f1_an_address_that_is_none_is_told_as_a_wrong_setting(tmp_path: Path) -> None:
    plain = settings(tmp_path)
    tax = TaxTable(url="https://[::1/tax")
    loaded = Loaded(msgspec.structs.replace(plain.settings, tax=tax), tmp_path, Secrets({}))
    async with AsyncExitStack() as stack:
        with pytest.raises(BadSettings, match="gateway_unusable"):
            open_tax(stack, loaded, None)  # type: ignore[arg-type]  # it ends before anybody is asked


@pytest.mark.row(68)
@pytest.mark.parametrize(
    ("tax", "slug"),
    [
        (TaxTable(url="http://tax.example/device"), "gateway_not_https"),
        (TaxTable(url="https://tax.example/device", ca="nowhere.pem"), "ca_file_unreadable"),
    ],
)
def test_f1_a_tax_device_that_cannot_be_used_is_named_by_the_check(
    tmp_path: Path, tax: TaxTable, slug: str
) -> None:
    plain, before, found = settings(tmp_path), list[BadSettings](), list[BadSettings]()
    check_settings(plain, before.append)
    tables = msgspec.structs.replace(plain.settings, tax=tax)
    check_settings(Loaded(tables, plain.folder, plain.secrets), found.append)
    assert [each.slug for each in found if str(each) not in {str(x) for x in before}] == [slug]


@pytest.fixture
def example(tmp_path: Path) -> Iterator[str]:
    """The device of the documentation, as a shop would start it; its address."""
    with subprocess.Popen(
        [sys.executable, str(EXAMPLE), str(tmp_path / "numbers.json"), "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().rpartition(" ")[2].strip().rstrip("/")
        finally:
            process.kill()


@pytest.mark.row(68)
async def test_the_example_of_the_documentation_answers_and_answers_the_same_again(example: str) -> None:
    link = ProviderLink(example, test=True)
    try:
        device = HttpTaxDevice(link, "/", HOUSE, token="", wait_s=30.0)
        first = await device.register(ASKED)
        assert (first.number, first.lines) == ("TAX-00000001", ("Device 0001, counter 1",))
        assert await device.register(ASKED) == first
    finally:
        await link.aclose()
