"""A customer's slip held to the scanner: its sale opens, and it never pays for anything."""

from pathlib import Path

import pytest

from terminal.counter.book import SYSTEM, here
from terminal.counter.scans import sale_of_slip, slip_of
from terminal.errors import NotFound
from terminal.lab.eye import Eye
from terminal.payments.fact import Facts
from terminal.payments.money import Money
from terminal.payments.refunding import start_refund
from terminal.payments.sale import Sale, SaleState
from terminal.payments.slip import LOOKUP
from terminal.payments.way_back import Way
from terminal.simulation.devices import SimulatedCounter
from tests.flows.api_rig import open_shop
from tests.flows.counter_rig import opened, play
from tests.flows.shop import Shop, refused, story


def refusals(shop: Shop) -> list[str]:
    return [str(each.body["slug"]) for each in shop.events("scan_refused")]


@pytest.mark.row(74)
def test_the_slip_of_a_sale_printed_held_to_the_camera_and_scanned_opens_its_sale(tmp_path: Path) -> None:
    async def tale() -> None:
        counter = SimulatedCounter()
        async with opened(tmp_path, counter) as shop:
            sale = await shop.open()
            await shop.until(lambda: bool(shop.sale(sale).attempts[-1].payload))
            shop.pay(sale)
            await shop.until(lambda: shop.sale(sale).state is SaleState.PAID)
            await shop.until(lambda: bool(counter.printer.slips))
            counter.scan(Eye().see_slip(counter.printer).text)
            lane = shop.service.lane("1")
            await shop.until(lambda: lane.found is not None)
            assert lane.found is not None
            assert (lane.found[0], lane.found[2]) == (1, sale)
            assert "scan_refused" not in shop.types("1")

    play(tale())


@pytest.mark.row(74)
@story()
async def test_a_receipt_during_a_live_sale_pays_nothing_and_says_what_to_do(shop: Shop) -> None:
    first = await shop.paid()
    slip = LOOKUP + first.id
    live = await shop.with_code(500)
    shop.counter.scanner.reads(slip)
    await shop.until(lambda: bool(shop.counter.scanner.beeps), 2)
    told = shop.lane().told
    assert told is not None
    assert (told[1].slug, shop.counter.scanner.beeps) == ("code_receipt", [False])
    assert (shop.lane().found, refusals(shop)) == (None, ["code_receipt"])
    assert [each.direction for each in shop.sale(live).attempts] == ["push"], "no attempt was made of it"
    assert (await refused(shop.scan(slip))).slug == "code_receipt"
    await shop.cancel(live)
    assert (await refused(shop.scan(slip))).slug == "code_receipt", "only a payment code may be scanned here"
    shop.counter.scanner.reads(slip)
    shop.counter.scanner.reads(f"]Q1{slip}\r\n")
    await shop.until(lambda: shop.lane().found is not None and shop.lane().found[0] == 2, 2)  # type: ignore[index]  # not None
    assert shop.counter.scanner.beeps == [False, True, True]


@pytest.mark.row(74)
@pytest.mark.parametrize("slip", ["01KDVDNA6D6C302SMA67N4H7GA", "S", "0" * 26, "CT"])
@story()
async def test_a_forged_or_foreign_slip_is_a_sentence(shop: Shop, slip: str) -> None:
    shop.counter.scanner.reads(LOOKUP + slip)
    await shop.until(lambda: bool(shop.counter.scanner.beeps), 2)
    told = shop.lane().told
    assert told is not None
    assert (told[1].slug, shop.lane().found) == ("receipt_unknown", None)


@pytest.mark.parametrize("text", ["CT:s-01kdvdna6d6c302sma67n4h7ga", "CT:S-", "134567890123456789", "CT:S-A B"])
@story()
async def test_what_is_no_slip_is_none(shop: Shop, text: str) -> None:
    assert slip_of(text) is None
    with pytest.raises(Exception, match="code_not_payment"):
        sale_of_slip(shop.service.book, text)
    with pytest.raises(NotFound, match="receipt_unknown"):
        sale_of_slip(shop.service.book, "CT:S-X")


@pytest.mark.row(69, 70, 74)
async def test_over_http_a_receipt_finds_its_sale_and_the_offer_says_cost_and_time(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner, till = await shop.owner(), await shop.till()
        opened = await till.post("/sales", {"counter": "1", "amount_minor": 5000, "directions": ["pull"]})
        sale = opened.body["id"]
        assert (await till.post("/counters/1/scan", {"code": LOOKUP + sale})).slug == "code_receipt"
        assert (await till.post("/counters/1/scan", {"code": shop.wallet_code()})).status == 201
        await shop.until(sale, "paid")
        found = await till.get(f"/sales?receipt={LOOKUP}{sale}")
        assert [(each["id"], each["state"]) for each in found.body["sales"]] == [(sale, "paid")]
        assert (await till.get(f"/sales?receipt={LOOKUP}NONE")).slug == "receipt_unknown"
        assert (await till.get("/sales?receipt=134567890123456789")).slug == "code_not_payment"
        elsewhere = await shop.till("2")
        assert (await elsewhere.get(f"/sales?receipt={LOOKUP}{sale}")).slug == "receipt_unknown"

        path = f"/sales/{sale}/refund-offer"
        whole = (await till.get(path, accept_language="en")).body
        assert (whole["way"], whole["why"], whole["left_minor"], whole["due_ms"]) == ("void", "rule", 5000, 0)
        assert whole["sentence"] == "¥50.00: the payment is undone at the bank, nothing is charged, at once."
        part = (await till.get(f"{path}?amount_minor=1000", accept_language="en")).body
        assert (part["way"], part["why"]) == ("refund", "part")
        assert part["sentence"] == "¥10.00 goes back within 3 days at the latest; the bank returns its fee."
        for language, word in (("zh-CN", "手续费"), ("pt-BR", "tarifa")):
            told = (await till.get(f"{path}?amount_minor=1000", accept_language=language)).body["sentence"]
            assert word in told
        assert (await till.get(f"{path}?amount_minor=5001")).slug == "refund_too_much"

        first = await owner.post(f"/sales/{sale}/refunds", {"reason": "spilt", "amount_minor": 1000})
        assert (first.body["way"], first.body["refund"]["way"]) == ("refund", "refund")
        assert first.body["sentence"].startswith("¥10.00")
        assert (await till.get(path)).body["left_minor"] == 4000
        made = first.body["refund"]["id"]
        gone = await owner.post(f"/sales/{sale}/refunds/{made}/cancel")
        assert (gone.status, gone.slug) == (409, "refund_not_queued")
        assert (await owner.post(f"/sales/{sale}/refunds/01NONE/cancel")).slug == "refund_unknown"


@pytest.mark.row(75)
async def test_over_http_a_refund_that_waits_has_its_slip_and_is_cancelled_unsent(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        sale = (await shop.paid(owner))["id"]
        refund, far_ms = "01KDVDNA6D6C302SMA67N4H7GC", 4_102_444_800_000

        def wait(now: Sale | None) -> Facts:
            amount = Money(850, "CNY")
            order, part = here(now).attempts[-1].id, Way("refund", "part")
            return start_refund(
                here(now),
                order,
                amount,
                refund=refund,
                at_ms=1,
                claims=(),
                way=part,
                due_ms=far_ms,
                reason="x",
                actor="person:x",
                approver="",
            )

        await shop.service.book.commit(sale, wait, SYSTEM)
        [view] = (await owner.get(f"/sales/{sale}")).body["refunds"]
        assert (view["state"], view["due_ms"], view["way"]) == ("queued", far_ms, "refund")
        slip = f"/sales/{sale}/receipt?refund={refund}"
        assert (await owner.get(slip)).slug == "reprint_nothing", "nothing went back"
        lines = (await owner.get(f"{slip}&kind=queued")).body["lines"]
        assert any("Will be sent to the bank on 2100-01-01" in str(line[1]) for line in lines if len(line) > 1)
        gone = await owner.post(f"/sales/{sale}/refunds/{refund}/cancel")
        assert (gone.status, gone.body["refunds"][0]["state"]) == (200, "failed")
        assert gone.body["refundable_minor"] == 2850
        assert shop.bank.ledger.refunds.newest(1) == []
