"""Sales over the real HTTP edge, from the first call to the receipt: every call's yes and its noes."""

from pathlib import Path

import pytest

from tests.flows.api_rig import WATCHDOG_S, Client, Shop, open_shop


@pytest.mark.row(3, 88)
async def test_a_sale_is_opened_shown_paid_and_told(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        told = await pos.post("/sales", {"counter": "1", "amount_minor": 2850, "order_no": "A-1", "title": "Tea"})
        assert (told.status, told.body["word"], told.body["amount_minor"]) == (201, "waiting", 2850)
        sale = told.body["id"]
        await shop.service.until(sale, lambda now: now.attempts[-1].state == "shown", WATCHDOG_S)
        counter = await pos.get("/counters/1")
        assert counter.body["screen"]["kind"] == "code"
        assert counter.body["sale"]["id"] == sale
        shop.pay(told.body["attempts"][0]["id"])
        await shop.until(sale, "paid")
        paid = await pos.get(f"/sales/{sale}")
        assert (paid.body["state"], paid.body["paid_minor"], paid.body["settled"]) == ("paid", 2850, None)
        timeline = await pos.get(f"/sales/{sale}/events")
        types = [event["type"] for event in timeline.body["events"]]
        assert types.index("sale_opened") < types.index("sale_moved")
        opened = timeline.body["events"][0]
        assert opened["actor"].startswith("pos:"), "who did it is the key, not the service"
        assert all("index" not in event["body"] for event in timeline.body["events"])


@pytest.mark.row(7)
async def test_a_sale_for_the_shown_code_alone_tells_every_screen_that_none_is_scanned(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos, display = await shop.machine(), await shop.display()
        assert (await pos.get("/counters/1")).body["scans"], "the counter's channel takes customers' codes"
        wish = {"counter": "1", "amount_minor": 2850}
        for directions, taken in ((["push", "pull"], True), (["push"], False)):
            sale = (await pos.post("/sales", wish | {"directions": directions})).body["id"]
            assert [(await each.get("/counters/1")).body["scans"] for each in (pos, display)] == [taken, taken]
            assert (await pos.post(f"/sales/{sale}/cancel")).body["state"] == "cancelled"


async def test_sales_are_listed_newest_first_in_pages_and_found_by_word(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        made = []
        for number in range(3):
            sale = await shop.shown(pos, 100 + number, order_no=f"ORDER-{number}")
            assert (await pos.post(f"/sales/{sale['id']}/cancel")).body["state"] == "cancelled"
            made.append(sale["id"])
        first = await pos.get("/sales?limit=2")
        assert [row["id"] for row in first.body["sales"]] == made[:0:-1]
        rest = await pos.get(f"/sales?limit=2&before={first.body['next']}")
        assert [row["id"] for row in rest.body["sales"]] == made[:1]
        assert rest.body["next"] is None
        found = await pos.get("/sales?search=ORDER-1")
        assert [row["order_no"] for row in found.body["sales"]] == ["ORDER-1"]
        assert (await pos.get("/sales?counter=2")).body["sales"] == []


async def test_a_cancel_waits_for_proof_may_be_repeated_and_too_late_says_paid(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        sale = await shop.shown(pos)
        for _ in range(2):
            told = await pos.post(f"/sales/{sale['id']}/cancel", {"why": "customer_left"})
            assert (told.status, told.body["state"]) == (200, "cancelled")
        attempt = told.body["attempts"][0]
        assert attempt["state"] == "closed"
        paid = await shop.paid(pos)
        late = await pos.post(f"/sales/{paid['id']}/cancel")
        assert (late.status, late.slug) == (409, "sale_paid")


@pytest.mark.row(9)
async def test_the_customers_code_is_scanned_and_pays(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        told = await till.post("/sales", {"counter": "1", "amount_minor": 100, "directions": ["pull"]})
        assert told.body["attempts"] == []
        scanned = await till.post("/counters/1/scan", {"code": shop.wallet_code()})
        assert scanned.status == 201
        await shop.until(told.body["id"], "paid")


async def test_c4_what_is_no_payment_code_has_a_name_and_charges_nobody(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        code = {"code": "130012345678901234"}
        assert (await till.post("/counters/1/scan", code)).slug == "scan_without_sale"
        await shop.shown(till, directions=["pull", "push"])
        refusals = {
            "6901234567892": "code_product",
            "https://evil.example/pay": "code_link",
            "hQVDUFYwMWEmTwegAAAAVVVVUA==": "code_card_data",
            "no code at all": "code_not_payment",
        }
        for text, slug in refusals.items():
            told = await till.post("/counters/1/scan", {"code": text})
            assert (told.slug, told.status) == (slug, 422), text
        assert not any(b"codepay" in request.target.encode() for request in shop.line.requests)


async def test_asking_again_parking_and_another_code(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        sale = await shop.shown(pos)
        assert (await pos.post(f"/sales/{sale['id']}/check")).status == 200
        parked = await pos.post(f"/sales/{sale['id']}/park")
        assert (parked.status, parked.slug) == (409, "park_not_checking")
        again = await pos.post(f"/sales/{sale['id']}/code")
        assert (again.status, again.slug) == (409, "attempt_live")


async def test_a_doubt_can_be_parked_and_the_counter_is_free(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        sale = await shop.shown(pos)
        shop.line.cut = True
        told = await pos.post(f"/sales/{sale['id']}/cancel")
        assert (told.status, told.body["word"], told.body["cancelling"]) == (200, "checking", True)
        parked = await pos.post(f"/sales/{sale['id']}/park")
        assert parked.body["parked"]
        assert (await pos.get("/counters/1")).body["sale"] is None, "the next customer may come"


async def test_a_paid_sale_has_a_receipt_to_read_and_to_print_again(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        unpaid = await shop.shown(pos, counter="2")
        assert (await pos.get(f"/sales/{unpaid['id']}/receipt")).slug == "reprint_nothing"
        assert (await pos.post(f"/sales/{unpaid['id']}/reprint")).slug == "reprint_nothing"
        sale = await shop.paid(pos)
        await _printed(shop, sale["id"], 1)
        told = await pos.get(f"/sales/{sale['id']}/receipt?format=json")
        assert (told.body["frozen"], told.body["printings"]) == (True, 1)
        assert told.body["lines"] == [*map(list, told.body["lines"])]
        text = await pos.get(f"/sales/{sale['id']}/receipt?format=text")
        assert text.headers["Content-Type"].startswith("text/plain")
        assert "28.50" in text.body
        assert "Tea 茶" in text.body
        assert (await pos.get(f"/sales/{sale['id']}/receipt?format=png")).slug == "receipt_picture_unavailable"
        assert (await pos.post(f"/sales/{sale['id']}/reprint")).status == 200
        await _printed(shop, sale["id"], 2)
        assert [slip.copy for slip in shop.printers["1"].slips] == [0, 1]


async def _printed(shop: Shop, sale: str, times: int) -> None:
    def printed() -> int:
        events = shop.service.feed.of_subject(sale)
        return sum(x.type == "effect_done" and x.body["outcome"] == "confirmed" for x in events)

    assert await shop.service.until(sale, lambda _: printed() == times, WATCHDOG_S)


async def test_a_slip_that_may_have_printed_is_a_persons_to_decide(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        shop.printers["1"].tears = True
        sale = await shop.paid(till)
        [slip] = await _listed(till, sale["id"], shop)
        assert slip["why"] == "may_have_printed"
        gone = await till.post("/counters/1/slips/nothing", {"print": True})
        assert (gone.status, gone.slug) == (404, "receipt_not_listed")
        shop.printers["1"].tears = False
        assert (await till.post(f"/counters/1/slips/{slip['effect']}", {"print": True})).body == {"done": True}
        await _printed(shop, sale["id"], 1)
        assert [each.copy for each in shop.printers["1"].slips] == [1]


async def _listed(till: Client, sale: str, shop: Shop) -> list[dict[str, str]]:
    stopped = await shop.service.until(
        sale, lambda _: any(x.type == "print_stopped" for x in shop.service.feed.of_subject(sale)), WATCHDOG_S
    )
    assert stopped
    return list((await till.get("/counters/1")).body["slips"])


async def test_counters_and_health_are_told(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine("sales:read")
        rows = (await pos.get("/counters")).body["counters"]
        assert [(row["id"], row["word"], row["test"]) for row in rows] == [
            ("1", "ready", True),
            ("2", "ready", True),
        ]
        unknown = await pos.get("/counters/9")
        assert (unknown.status, unknown.slug) == (404, "counter_unknown")
        assert (await shop.client().get("/health")).body == {"state": "ready"}
        shop.service.stopping = True
        stopping = await shop.client().get("/health")
        assert (stopping.status, stopping.body) == (503, {"state": "stopping"})


@pytest.mark.row(3)
async def test_events_are_read_again_from_any_number_and_none_is_lost(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        sale = await shop.paid(pos)
        await _printed(shop, sale["id"], 1)
        everything = (await pos.get("/events?limit=256")).body
        seen, after = [], 0
        while True:
            page = (await pos.get(f"/events?after={after}&limit=3")).body
            seen += page["events"]
            if after == page["next"]:
                break
            after = page["next"]
        assert seen == everything["events"]
        assert everything["next"] == everything["newest"] >= len(seen) > 5
        assert not any(event["type"] in {"api_key_made", "person_added"} for event in seen), "people stay inside"
