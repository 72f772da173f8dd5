"""Care over the real edge: one key, two buttons, a complaint to its end, the code for the phone."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from terminal.care.paper import plain
from terminal.care.shop import ShopCare
from terminal.cli.commands import app
from terminal.help import guides
from terminal.help.languages import LANGUAGES
from terminal.people.key_file import write_key
from terminal.web.desks.care import CareDesk, CareParts, Kept
from tests.flows.api_rig import CASHIER_PIN, OWNER_PIN, WATCHDOG_S, Shop, open_shop
from tests.flows.cli_rig import Ended


def switch_on(shop: Shop, **parts: object) -> CareDesk:
    """As settings would have it."""
    desk: CareDesk = shop.care
    desk.parts = CareParts(ShopCare(hotline="95588"), **parts)  # type: ignore[arg-type]  # fields by name
    desk.feedback.rating = desk.parts.rating
    return desk


async def printed(shop: Shop, *words: str) -> None:
    """Return when one slip of the counter's printer has all of these."""
    async with asyncio.timeout(WATCHDOG_S):
        while not any(all(each in plain(slip.receipt) for each in words) for slip in shop.printers["1"].slips):  # noqa: ASYNC110  # paper tells nobody
            await asyncio.sleep(0.01)


async def test_a_cashiers_key_is_tied_to_the_last_sale_and_grouped_for_the_owner(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        sale = await shop.paid(till)
        told = await till.post("/counters/1/feedback", {"what": "slow"})
        assert (told.status, told.body["sale"]) == (201, sale["id"])
        assert (await till.post("/counters/1/feedback", {"what": "slow"})).body["id"] == told.body["id"]
        assert (await till.post("/counters/1/feedback", {"what": "ugly"})).slug == "field_wrong"
        assert (await till.post("/counters/9/feedback", {"what": "slow"})).slug == "counter_unknown"
        assert (await shop.client().get("/feedback/report")).slug == "not_signed_in"
        assert (await till.get("/feedback/report")).slug == "not_signed_in", "sums are the owner's"
        owner = await shop.owner()
        report = (await owner.get("/feedback/report?days=7")).body
        assert [(each["what"], each["count"], each["sales"]) for each in report["groups"]] == [
            ("slow", 1, [sale["id"]])
        ]
        listed = (await owner.get("/feedback?limit=1")).body
        assert [each["id"] for each in listed["feedback"]] == [told.body["id"]]
        assert (await owner.get(f"/feedback?before={listed['next']}")).body["feedback"] == []
        other = await shop.machine("reports", counters=("2",))
        assert (await other.get("/feedback/report")).slug == "not_allowed", "it names other counters' sales"
        assert (await other.get("/feedback")).body["feedback"] == []


async def test_a_customers_answer_is_taken_only_where_asked_and_never_holds_up_the_next_sale(
    tmp_path: Path,
) -> None:
    async with open_shop(tmp_path) as shop:
        glass, till = await shop.display(), await shop.till()
        await shop.paid(till)
        assert (await glass.post("/counters/1/rating", {"good": True})).slug == "rating_off"
        switch_on(shop, rating=True)
        assert (await glass.post("/counters/1/rating", {"good": True})).status == 201
        assert (await glass.post("/counters/1/rating", {"good": False})).status == 201
        opened = await till.post("/sales", {"counter": "1", "amount_minor": 100})
        assert opened.status == 201
        assert (await glass.post("/counters/1/rating", {"good": False})).slug == "rating_too_late"
        report = (await (await shop.owner()).get("/feedback/report")).body
        assert (report["good"], report["bad"]) == (1, 0), "the first answer stays"


@pytest.mark.row(135)
async def test_a_complaint_from_the_till_to_its_end_with_slip_and_evidence(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        switch_on(shop)
        cashier, till = await shop.cashier(), await shop.till()
        sale = await shop.paid(till)
        made = await till.post(f"/sales/{sale['id']}/cases", {"reason": "double", "note": "says twice"})
        case = made.body
        assert (made.status, case["no"], case["state"], case["late"]) == (201, 1, "open", False)
        assert (await till.post(f"/sales/{sale['id']}/cases", {"reason": "double"})).body["id"] == case["id"]
        assert (await till.post(f"/cases/{case['id']}/print", {"counter": "1"})).status == 200
        await printed(shop, "0001", "95588")
        assert (await cashier.post("/cases/1", {"to": "waiting_for_bank", "note": "asked"})).status == 200
        assert (await cashier.post("/cases/1", {"to": "open"})).slug == "case_move_wrong"
        refused = await cashier.post("/cases/1", {"to": "closed"})
        assert refused.status == 403, "that it is over says an owner"
        wrong = {"person": shop.owner_id, "pin": CASHIER_PIN}
        assert (await cashier.post("/cases/1", {"to": "closed", "approver": wrong})).slug == "pin_wrong"
        right = {"person": shop.owner_id, "pin": OWNER_PIN}
        closed = await cashier.post("/cases/0001", {"to": "closed", "approver": right})
        assert [each["state"] for each in closed.body["steps"]] == ["open", "waiting_for_bank", "closed"]
        evidence = await cashier.get("/cases/1/evidence?format=html")
        assert evidence.status == 200
        assert sale["id"] not in evidence.body, "masked"
        story = (await cashier.get("/cases/1/evidence")).body
        assert story["word"] == "paid"
        other = await shop.machine("sales", counters=["2"])
        assert (await other.get("/cases/1")).slug == "case_unknown"
        assert (await other.get("/cases")).body["cases"] == []


async def test_call_for_help_tells_a_code_once_a_minute_and_a_display_may_not(tmp_path: Path) -> None:
    made: list[int] = []

    async def call() -> Kept:
        made.append(1)
        return Kept("4K7P-9M2X", "/state/bundles/help-4K7P9M2X.zip", ("versions.json",))

    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        assert (await till.post("/help-code")).slug == "not_found", "a house without settings has no bundle"
        switch_on(shop, call=call)
        for _ in range(3):
            assert (await till.post("/help-code")).body["code"] == "4K7P-9M2X"
        assert len(made) == 1
        shop.clock.ahead_s += 120
        await till.post("/help-code")
        assert len(made) == 2
        assert (await (await shop.display()).post("/help-code")).status == 403


async def test_the_one_safety_card_comes_out_of_the_printer_whoever_asks_for_it(tmp_path: Path) -> None:
    """What people do against tricks and what this shop's settings do, on one paper."""
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        assert (await till.post("/counters/1/safety-card", Accept_Language="en")).status == 200
        await printed(shop, "Nobody from the bank asks for a refund", "How this terminal protects you")
        slips = shop.printers["1"].slips
        first = plain(slips[-1].receipt)
        slips.clear()
        language = shop.service.lane("1").settings.language("receipt")
        assert (await till.post("/counters/1/safety-card", Accept_Language=language)).status == 200
        await printed(shop, "1. ")
        own = plain(slips[-1].receipt)
        slips.clear()
        assert (await till.post("/counters/1/cards/safety/print")).status == 200
        await printed(shop, "1. ")
        assert plain(slips[-1].receipt) == own
        assert first.count("owner's PIN") == 1, "a rule stands there once"


@pytest.mark.row(153, 154)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_guide_has_a_page_in_every_language(language: str) -> None:
    for name in guides.NAMES:
        made = guides.page(name, language)
        assert made is not None
        assert "<h1" in made[1]


async def asked(shop: Shop, *words: str) -> Ended:
    """In a thread of its own: a command has its own loop."""
    args = [*words, "--url", shop.url, "--key-file", str(shop.folder / "key")]
    told = await asyncio.to_thread(CliRunner().invoke, app, args, env={"LC_ALL": "", "LANG": "en_GB"})
    if told.exception is not None and not isinstance(told.exception, SystemExit):
        raise told.exception
    return Ended(told.exit_code, told.stdout, told.stderr)


async def test_the_same_from_a_terminal_by_key(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        key = (await shop.machine("sales", "reports")).headers["Authorization"].removeprefix("Bearer ")
        write_key(shop.folder / "key", key)
        till = await shop.till()
        sale = await shop.paid(till)
        await till.post("/counters/1/feedback", {"what": "confusing"})
        assert "Confusing" in (await asked(shop, "feedback", "list")).out
        report = msgspec.json.decode((await asked(shop, "feedback", "report", "--json")).out)
        assert report["groups"][0]["what"] == "confusing"
        opened = await asked(shop, "case", "open", sale["id"], "--reason", "double", "--print-at", "1")
        assert opened.code == 0, opened.err
        assert opened.out.startswith("0001  Paid twice  open")
        await printed(shop, "0001", "Paid twice")
        assert "waiting for the bank" in (await asked(shop, "case", "move", "1", "waiting_for_bank")).out
        assert (await asked(shop, "case", "move", "1", "closed")).code != 0, "an owner's PIN closes it"
        page = shop.folder / "story.html"
        assert (await asked(shop, "case", "show", "1", "--evidence", str(page))).code == 0
        assert sale["id"] not in page.read_text("utf-8")
        assert (await asked(shop, "case", "list")).out.startswith("0001")
        assert (await asked(shop, "case", "show", "77")).codes == ["U-60"]


async def test_every_till_is_told_of_a_complaint_that_nobody_answered_in_time(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        sale = await shop.paid(till)
        await till.post(f"/sales/{sale['id']}/cases", {"reason": "refund"})
        assert (await till.get("/inbox")).body["risks"] == []
        shop.clock.ahead_s += 49 * 3600
        [told] = (await till.get("/inbox", Accept_Language="en")).body["risks"]
        assert (told["id"], told["sentence"]) == (
            "case:late",
            "1 complaints are past their time; the longest waits 0001.",
        )
        await till.post("/cases/1", {"to": "answered"})
        assert (await till.get("/inbox")).body["risks"] == []
