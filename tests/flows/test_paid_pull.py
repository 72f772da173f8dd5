"""The cashier scans the customer's code: every row of "scan of the customer's code" as a story."""

from itertools import pairwise

import pytest

from terminal.counter.service import Service
from terminal.payments.notice import Answer, Notice, Refusal, Refused, Told, Trade, Unclear
from terminal.payments.sale import Sale, SaleState
from terminal.sandbox.faults import Value
from tests.flows.meddler import Meddler
from tests.flows.shop import CASHIER, DAY_S, Shop, refused, story

# What becomes of an answer to "pay" that proves nothing.
NO_EVIDENCE = [
    ("answer-lost-after-debit", {}),
    ("error-500-after-debit", {}),
    ("malformed-answer", {"call": "codepay", "variant": "html"}),
    ("malformed-answer", {"call": "codepay", "variant": "empty"}),
    ("malformed-answer", {"call": "codepay", "variant": "duplicate-key"}),
    ("bad-signature", {"call": "codepay", "variant": "flipped"}),
    ("bad-signature", {"call": "codepay", "variant": "missing"}),
    ("wrong-order", {"call": "codepay"}),
    ("unknown-state", {"call": "codepay"}),
]
NOT_OURS = ["wrong-amount", "wrong-currency", "wrong-merchant", "wrong-app"]


async def scanned(shop: Shop, behaviour: str = "pays", minor: int = 2850, confirm_after_ms: int = 0) -> Sale:
    """A sale whose code was scanned, without one on the glass."""
    await shop.open(minor, push=False)
    return await shop.scan(shop.customer_code(behaviour, confirm_after_ms))


async def ended(shop: Shop, sale: Sale, limit_s: float) -> str:
    await shop.until(lambda: shop.sale(sale).live_attempt is None, limit_s)
    return shop.attempt(sale).state.value


def meddler(service: Service) -> Meddler:
    found = service.provider("wechatpay")
    assert isinstance(found, Meddler)
    return found


@pytest.mark.row(7, 16)
@story()
async def test_a_scanned_code_is_paid_within_two_seconds(shop: Shop) -> None:
    sale = await scanned(shop)
    took_s = await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 2)
    assert took_s <= 2
    await shop.wait(1)
    assert shop.states(sale) == ["sent", "paid"]
    assert shop.counter.speaker.words == [("paid", 2850)]
    assert shop.counter.glass.words == ["idle", "scan", "scanned", "paid"]


@pytest.mark.row(7, 9)
@story()
async def test_a_password_shows_that_the_customer_is_confirming_and_is_found_by_query(shop: Shop) -> None:
    sale = await scanned(shop, "password", confirm_after_ms=8_000)
    await shop.until(lambda: shop.sale(sale).word == "acting", 1)
    assert shop.sale(sale).state is SaleState.OPEN
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 12)
    assert shop.states(sale) == ["sent", "waiting", "paid"]


@story()
async def test_a_customer_who_refuses_at_the_password_is_not_charged(shop: Shop) -> None:
    sale = await scanned(shop, "password")
    await shop.until(lambda: shop.sale(sale).word == "acting", 1)
    shop.world.bank.customer_refuses(shop.attempt(sale).id, shop.bank_ms)
    assert await ended(shop, sale, 12) == "closed"
    assert shop.captured == {}


@pytest.mark.parametrize("fault", ["code-expired", "no-funds"])
@story()
async def test_c6_a_definite_refusal_spends_the_code_and_a_new_one_pays(shop: Shop, fault: str) -> None:
    shop.fault(fault)
    sale = await scanned(shop)
    assert await ended(shop, sale, 1) == "declined"
    assert shop.sale(sale).state is SaleState.OPEN
    await shop.wait(0.5)
    assert shop.counter.glass.words[-1] == "not_paid"
    again = await shop.scan(shop.customer_code())
    assert again.id == sale.id
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 2)
    first, second = shop.sale(sale).attempts
    assert first.id != second.id
    assert list(shop.captured) == [second.id]


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(10, 32)
@pytest.mark.parametrize(("fault", "params"), NO_EVIDENCE)
@story()
async def test_b1_b2_b5_b10_an_answer_that_proves_nothing_is_checked_and_found_paid_once(
    shop: Shop, fault: str, params: dict[str, Value]
) -> None:
    shop.fault(fault, params)
    sale = await scanned(shop)
    await shop.until(lambda: shop.sale(sale).word == "checking", 11)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 8)
    assert shop.states(sale) == ["sent", "unknown", "paid"]
    assert list(shop.captured.values()) == [[2850]]
    await shop.wait(4)
    assert shop.counter.speaker.words == [("checking", 2850), ("paid", 2850)]


@pytest.mark.row(28)
@pytest.mark.parametrize("fault", NOT_OURS)
@story()
async def test_b6_i2_s12_an_authentic_answer_that_is_not_ours_in_one_field_is_never_paid_and_stays_visible(
    shop: Shop, fault: str
) -> None:
    shop.fault(fault, call="codepay")
    sale = await scanned(shop)
    await shop.until(lambda: shop.sale(sale).word == "checking", 1)
    assert [each.kind for each in shop.sale(sale).exceptions] == ["mismatch"]
    assert await ended(shop, sale, 10) == "paid"  # a query that is ours in every field
    assert [each.closed for each in shop.sale(sale).exceptions] == [""]


@pytest.mark.row(10)
@story()
async def test_b1_a_pay_that_never_arrived_ends_not_charged(shop: Shop) -> None:
    shop.fault("timeout-before-debit")
    sale = await scanned(shop)
    assert await ended(shop, sale, 200) == "reversed"
    assert shop.sale(sale).state is SaleState.EXPIRED
    assert shop.captured == {}
    moves = [each for each in shop.events("attempt_moved") if each.body["to"] == "reversing"]
    assert moves[0].mono_ns / 1e9 >= 15, "not found is believed late, and twice"


@pytest.mark.parametrize("late_s", [4, 12, 20, 33, 60, 100])
@story()
async def test_b1_a_pay_stuck_on_its_way_is_paid_or_given_back_but_never_kept_unknown(
    shop: Shop, late_s: int
) -> None:
    shop.fault("pay-queued", delay_ms=late_s * 1000)
    sale = await scanned(shop)
    state = await ended(shop, sale, 400)
    assert state == ("paid" if late_s <= 20 else "reversed")
    assert shop.kept_minor == (2850 if state == "paid" else 0)


@story()
async def test_a_request_of_which_no_byte_left_is_sent_again_under_the_same_number(shop: Shop) -> None:
    await shop.open(push=False)
    code = shop.customer_code()
    shop.cut_line()
    sale = await shop.scan(code)
    await shop.wait(0.7)
    shop.mend_line()
    assert await ended(shop, sale, 3) == "paid"
    assert len(shop.sale(sale).attempts) == 1


@story()
async def test_a_line_that_stays_dead_means_not_sent_within_seconds_and_nothing_charged(shop: Shop) -> None:
    await shop.open(push=False)
    code = shop.customer_code()
    shop.cut_line()
    sale = await shop.scan(code)
    assert await ended(shop, sale, 6) == "not_sent"
    shop.mend_line()
    assert shop.sale(sale).state is SaleState.OPEN
    await shop.wait(300)
    assert shop.captured == {}


@pytest.mark.row(27)
@story()
async def test_nobody_confirms_and_the_bank_is_asked_for_proof_that_nothing_was_taken(shop: Shop) -> None:
    sale = await scanned(shop, "password")
    await shop.wait(44)
    assert shop.sale(sale).word == "acting"
    assert await ended(shop, sale, 8) in {"reversed", "closed"}
    assert shop.sale(sale).state is SaleState.EXPIRED
    assert shop.captured == {}


@story()
async def test_a_reverse_refused_because_the_customer_is_paying_waits_and_reverses_again(shop: Shop) -> None:
    sale = await scanned(shop, "password")
    await shop.until(lambda: shop.sale(sale).word == "acting", 1)
    shop.fault("reverse-refused-paying", count=2)
    await shop.cancel(sale)
    assert await ended(shop, sale, 60) == "reversed"
    assert shop.states(sale) == [
        "sent",
        "waiting",
        "reversing",
        "waiting",
        "reversing",
        "waiting",
        "reversing",
        "reversed",
    ]
    reversing = [each.mono_ns / 1e9 for each in shop.events("attempt_moved") if each.body["to"] == "reversing"]
    assert min(b - a for a, b in pairwise(reversing)) >= 9.9
    assert shop.sale(sale).state is SaleState.CANCELLED


@pytest.mark.row(31)
@story()
async def test_a_cancelled_pull_is_never_reversed_before_15_s_and_money_taken_goes_back(shop: Shop) -> None:
    shop.fault("error-500-after-debit")
    sale = await scanned(shop)
    await shop.until(lambda: shop.sale(sale).word == "checking", 1)
    shop.fault("error-500", call="query", count=100)
    begun = shop.loop.time()
    answer = await shop.cancel(sale)
    assert answer.word == "checking"
    assert 2.9 <= shop.loop.time() - begun <= 3.1, "the caller is told what is known after 3 s"
    assert await ended(shop, sale, 30) == "reversed"
    assert shop.events("attempt_moved")[-1].mono_ns / 1e9 >= 15
    assert shop.sale(sale).state is SaleState.CANCELLED
    assert shop.kept_minor == 0


@story()
async def test_a_success_heard_while_reversing_does_not_change_the_decision(shop: Shop) -> None:
    """Goods were not handed over: the money goes back."""
    shop.fault("error-500-after-debit")
    sale = await scanned(shop)
    shop.fault("error-500", call="query", for_s=45.5)
    shop.fault("malformed-answer", call="reverse", count=1)
    assert await ended(shop, sale, 120) == "reversed"
    assert "reverse_unknown" in shop.states(sale)
    assert shop.kept_minor == 0
    assert ("paid", 2850) not in shop.counter.speaker.words


@story(provider=Meddler)
async def test_a_payment_that_can_no_longer_be_reversed_is_paid_and_a_person_sees_it(shop: Shop) -> None:
    async def too_late() -> Answer:
        return Refused(Refusal.NOT_REVERSIBLE)

    shop.fault("error-500-after-debit")
    sale = await scanned(shop)
    meddler(shop.service).instead["reverse"] = too_late
    shop.fault("error-500", call="query", for_s=45.5)
    assert await ended(shop, sale, 120) == "paid"
    assert [(each.kind, each.closed) for each in shop.sale(sale).exceptions] == [("paid_late", "")]
    assert "irreversible" in shop.attempt(sale).flags
    await shop.wait(3)
    assert shop.counter.speaker.words[-1] == ("late", 2850)
    assert ("paid", 2850) not in shop.counter.speaker.words


@story(provider=Meddler)
async def test_a_refusal_alone_is_no_proof_of_payment_i2(shop: Shop) -> None:
    async def too_late() -> Answer:
        return Refused(Refusal.NOT_REVERSIBLE)

    shop.fault("timeout-before-debit")
    sale = await scanned(shop)
    meddler(shop.service).instead["reverse"] = too_late
    await shop.wait(300)
    assert shop.sale(sale).state is SaleState.CHECKING
    meddler(shop.service).instead.clear()
    assert await ended(shop, sale, 400) == "reversed"


@story(provider=Meddler)
async def test_i2_a_refusal_beside_a_payment_of_another_amount_is_no_proof(shop: Shop) -> None:
    async def too_late() -> Answer:
        return Refused(Refusal.NOT_REVERSIBLE)

    shop.fault("timeout-before-debit")
    sale = await scanned(shop)
    bank = meddler(shop.service)

    async def another() -> Answer:
        paid = Notice(
            "wechatpay", "query", "e1", bank.account.merchant_id, bank.account.app_id, shop.attempt(sale).id,
            Trade.PAID, 2849, "CNY", "4200000000000000000000000001", 2849, "", "wechatpay",
        )  # fmt: skip
        return Told(paid)

    bank.instead.update(reverse=too_late, query=another)
    await shop.wait(300)
    assert shop.sale(sale).state is SaleState.CHECKING
    assert not shop.attempt(sale).captured
    bank.instead.clear()
    assert await ended(shop, sale, 400) == "reversed"


@pytest.mark.no_cover  # many rounds through lines that others measure
@story(provider=Meddler)
async def test_i4_a_doubt_older_than_the_banks_window_is_a_persons(shop: Shop) -> None:
    shop.fault("timeout-before-debit")
    sale = await scanned(shop)

    async def broken() -> Answer:
        return Refused(Refusal.BAD_REQUEST)

    meddler(shop.service).instead["reverse"] = broken
    await shop.wait(6.9 * DAY_S)
    assert shop.attempt(sale).state == "reverse_unknown"
    asked = meddler(shop.service).asked["reverse"]
    assert asked <= 10 + 6.9 * DAY_S / 300, "stubborn, but no storm"
    await shop.wait(0.2 * DAY_S)
    assert shop.attempt(sale).state == "manual"
    assert [each.kind for each in shop.sale(sale).exceptions] == ["window_over"]
    assert shop.sale(sale).word == "person"


@pytest.mark.parametrize("died_at_s", [0.01, 0.06, 0.12])
@story()
async def test_a_restart_never_resends_a_pay_blindly(shop: Shop, died_at_s: float) -> None:
    sale = await scanned(shop)
    await shop.wait(died_at_s)
    await shop.restart()
    state = await ended(shop, sale, 200)
    pays = [each for each in shop.events("attempt_moved") if each.body["to"] == "sent"]
    assert len(pays) <= 1
    assert state == ("paid" if shop.kept_minor else "reversed")


@story()
async def test_check_again_asks_at_once_but_at_most_every_two_seconds(shop: Shop) -> None:
    sale = await scanned(shop, "password")
    await shop.until(lambda: shop.sale(sale).word == "acting", 1)
    before = shop.world.line.requests
    for _ in range(60):  # an impatient finger
        shop.service.checkout.check_again(sale.id)
        await shop.wait(0.1)
    assert 3 <= shop.world.line.requests - before <= 4
    await shop.wait(60)


@story()
async def test_check_again_asks_while_the_reverse_waits_for_its_time(shop: Shop) -> None:
    sale = await scanned(shop, "password")
    await shop.until(lambda: shop.sale(sale).word == "acting", 1)
    await shop.cancel(sale)
    assert shop.attempt(sale).state == "reversing"
    before = shop.world.line.requests
    for _ in range(60):  # an impatient finger
        shop.service.checkout.check_again(sale.id)
        await shop.wait(0.1)
    assert 3 <= shop.world.line.requests - before <= 4
    assert shop.attempt(sale).state == "reversing"
    assert await ended(shop, sale, 60) == "reversed"


@story()
async def test_check_again_asks_between_two_reverses_and_brings_neither_sooner(shop: Shop) -> None:
    shop.fault("error-500-after-debit")
    sale = await scanned(shop)
    shop.fault("error-500", call="query", for_s=45.5)
    shop.fault("rate-429", call="reverse", count=5)
    await shop.until(lambda: shop.attempt(sale).state == "reverse_unknown", 80)
    await shop.wait(8)  # four reverses were refused, the next is due 8 s after the last
    before = shop.world.line.requests
    for _ in range(60):
        shop.service.checkout.check_again(sale.id)
        await shop.wait(0.1)
    assert 2 <= shop.world.line.requests - before <= 3
    assert shop.attempt(sale).captured, "what the bank says is known at once"
    assert shop.attempt(sale).state == "reverse_unknown", "and changes no decision"
    assert await ended(shop, sale, 200) == "reversed"


@story()
async def test_check_again_closes_no_faster_than_the_bank_is_asked(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.fault("error-500", call="close", count=1000)
    await shop.cancel(sale)
    await shop.wait(20)
    assert shop.attempt(sale).state == "closing"
    before = shop.world.line.requests
    for _ in range(60):
        shop.service.checkout.check_again(sale.id)
        await shop.wait(0.1)
    assert 3 <= (shop.world.line.requests - before) / 3 <= 4, "a round is a query, a close and a query"


@pytest.mark.row(11)
@story()
async def test_nobody_at_the_till_can_call_an_unpaid_sale_paid(shop: Shop) -> None:
    sale = await scanned(shop, "password")
    aftercare = shop.service.aftercare
    for slug in (
        await refused(
            aftercare.close_exception(sale.id, f"{shop.attempt(sale).id}:paid_late", "attached", actor=CASHIER)
        ),
        await refused(aftercare.refund(sale.id, None, reason="x", actor=CASHIER)),
        await refused(aftercare.reprint(sale.id, actor=CASHIER)),
    ):
        assert slug.slug in {"exception_unknown", "refund_not_paid", "reprint_nothing"}
    await shop.wait(100)
    assert shop.sale(sale).state is SaleState.EXPIRED
    assert shop.counter.printer.begun == []


@pytest.mark.row(69)
@story(provider=Meddler)
async def test_i1_money_proven_after_the_banks_window_is_shown_and_can_be_given_back(shop: Shop) -> None:
    async def broken() -> Answer:
        return Refused(Refusal.BAD_REQUEST)

    async def silent() -> Answer:
        return Unclear("silent")

    shop.no_notifications()
    shop.fault("answer-lost-after-debit")
    bank = meddler(shop.service)
    bank.instead = {"reverse": broken, "query": silent}
    sale = await scanned(shop)
    await shop.wait(7.1 * DAY_S)
    assert shop.attempt(sale).state == "manual"
    bank.instead.clear()
    shop.service.checkout.check_again(sale.id)
    await shop.wait(5)
    assert shop.attempt(sale).state == "paid"
    assert "paid_late" in {each.kind for each in shop.sale(sale).exceptions}
    await shop.service.aftercare.refund(sale.id, None, reason="goods kept", actor=CASHIER)
    await shop.until(lambda: shop.kept_minor == 0, 10)
