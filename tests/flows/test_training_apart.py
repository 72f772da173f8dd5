"""Property: live sales and practice drawn by a seed, in each other's midst; what the shop tells is live alone."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from terminal.chance import Chance
from terminal.counter.service import Service
from terminal.errors import Conflict, InvalidRequest
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor, Ledger
from terminal.payments.money import Money
from terminal.web.shapes.events import public
from tests.flows.browser.shop import OWNER_PIN, Shop, open_shop
from tests.flows.receiver import Receiver, receiving
from tests.flows.test_lessons_at_the_till import Student, signed_in

pytestmark = [pytest.mark.no_cover, pytest.mark.row(102)]
MEI = Actor("person", "mei")
WATCHDOG_S = 30
TELLS = (  # everything that is told of sales, days and money
    *("/reports/x", "/reports/today", "/reports/daybook", "/reports/z", "/reports/fees", "/differences"),
    *("/sales?limit=100", "/events?limit=256", "/counters", "/counters/1", "/counters/2", "/inbox", "/orphans"),
    *("/unheard", "/alerts", "/risk", "/feedback/report", "/cases", "/hooks"),
)
PAGES = ("/sales", "/reports", "/reports/today", "/metrics", "/c/2/till", "/c/2/attention")
LESSONS = ("take-money", "drill-trust-me", "refund")


@dataclass
class Told:
    """What the shop itself sold, and every id that practice gave out. Amounts in smallest units."""

    taken: list[int] = field(default_factory=list)
    refunded: list[int] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)
    cancelled: int = 0
    practised: set[str] = field(default_factory=set)


class Day:
    """Counter 2 sells; counter 1 practises, and sells while it does not."""

    def __init__(self, shop: Shop, student: Student, receiver: Receiver, chance: Chance) -> None:
        self.shop, self.student, self.receiver, self.chance = shop, student, receiver, chance
        self.live: Service = shop.running.service
        self.told = Told()

    @property
    def training(self) -> bool:
        return self.shop.running.training.on("1")

    async def act(self) -> None:
        match self.chance.below(8):
            case 0:
                await self.switch()
            case 1 | 2:
                await self.sell("2" if self.training else self.chance.choice(["1", "2"]))
            case 3:
                await self.give_back()
            case _ if self.training:
                await self.practise()
            case _:
                await self.switch()

    async def switch(self) -> None:
        if self.training:
            await self.shop.running.training.end("1", MEI)
        else:
            await self.shop.running.training.begin("1", MEI)

    async def sell(self, counter: str) -> None:
        """For real: paid, or cancelled in the midst."""
        live, minor = self.live, self.chance.between(1, 9999)
        sale = await live.checkout.open_sale(OpenSale(counter, Money(minor, "CNY")), actor=MEI)
        assert await live.until(sale.id, lambda now: bool(now.attempts[-1].payload), WATCHDOG_S)
        if self.training:
            await self.practise()  # while a customer of the other counter takes out their phone
        if self.chance.below(4) == 0:
            await live.checkout.cancel(sale.id, why="cashier", actor=MEI)
            assert await live.until(sale.id, lambda now: now.state == "cancelled", WATCHDOG_S)
            self.told.cancelled += 1
            return
        self.shop.paid_at_once(live.book.sale(sale.id).attempts[-1].id)
        live.checkout.check_again(sale.id)
        assert await live.until(sale.id, lambda now: now.state == "paid" and not live.feed.owed(), WATCHDOG_S)
        self.told.taken.append(minor)
        self.told.paid.append(sale.id)

    async def give_back(self) -> None:
        if not self.told.paid:
            return
        sale = self.told.paid.pop()
        minor = self.live.book.sale(sale).amount.minor
        await self.live.aftercare.refund(sale, None, reason="too sweet", actor=MEI)
        done = lambda now: any(each.state == "refunded" for each in now.refunds)  # noqa: E731  # of until
        assert await self.live.until(sale, done, WATCHDOG_S)
        self.told.refunded.append(minor)

    async def practise(self) -> None:
        """One act, or none where it does not fit."""
        student, chance = self.student, self.chance
        lane = student.service.lane("1")
        match chance.below(4):
            case 0:
                lesson = chance.choice(LESSONS)
                assert (await student.post("/counters/1/lesson", {"lesson": lesson}))["status"] == 201
            case 1:
                await student.act("leave")  # a lesson may make the bank silent, or end this sale
                sale = await student.sell(chance.between(1, 9999))
                played = await student.post("/counters/1/lesson/plays", {"play": "pays"})
                assert played["status"] == 200, played
                await student.paid(sale)
            case 2 if lane.last_sale is not None and student.service.book.sale(lane.last_sale).state == "paid":
                with suppress(Conflict, InvalidRequest):  # given back before
                    await student.service.aftercare.refund(lane.last_sale, None, reason="practice", actor=MEI)
            case _:
                await student.act(chance.choice(["handed_over", "kept"]))
        self.take_down()

    def take_down(self) -> None:
        """Every id that what is practised has by now."""
        feed = self.student.service.feed
        events = [each for at in range(0, feed.last_number(), 256) for each in feed.after(at, limit=256)]
        assert {each.ledger for each in events} <= {Ledger.TRAINING}
        for each in events:
            said = f"{each.subject} {json.dumps(each.body)}"
            self.told.practised |= set(re.findall(r"\b[0-9A-HJKMNP-TV-Z]{26}\b", said))
        people = {each.id for each in self.shop.running.people.people()}
        self.told.practised -= {*people, *(self.live.house.merchant, self.live.house.store)}

    async def sound(self) -> None:
        """Sums, lists, pages, events, webhooks and figures know of live sales, all of them, and nothing else."""
        said = {path: await self.read(f"/api/v1{path}") for path in TELLS}
        said |= {path: await self.read(path) for path in PAGES}
        said["webhooks"] = json.dumps([event for _, event in self.receiver.came])
        said["journal"] = json.dumps([each.body for each in self.live.feed.after(0, limit=4096)])
        real = {each.subject for each in self.live.feed.list("sale", limit=100)}
        for place, text in said.items():
            leaked = {each for each in self.told.practised if each in text}
            assert not leaked, (place, leaked)
        assert real.isdisjoint(self.told.practised)
        self.sums(json.loads(said["/reports/x"]))
        assert len(json.loads(said["/sales?limit=100"])["sales"]) == len(self.told.taken) + self.told.cancelled
        counted = re.findall(r'^countertop_sales_ended_total\{end="(\w+)"\} (\d+)', said["/metrics"], re.MULTILINE)
        wanted = {"paid": len(self.told.taken), "cancelled": self.told.cancelled}
        assert {end: int(number) for end, number in counted if int(number)} == {
            end: number for end, number in wanted.items() if number
        }
        listed = self.live.feed.list("z_report")
        assert not listed

    async def read(self, path: str) -> str:
        async with self.student.http.get(self.shop.url + path) as answer:
            text = await answer.text()
            assert answer.status == 200, (path, text)
            return text

    def sums(self, report: dict[str, Any]) -> None:
        money = next((each for each in report["currencies"] if each["currency"] == "CNY"), None)
        if money is None:
            assert not self.told.taken
            return
        told = self.told
        assert (money["taken"]["n"], money["taken"]["minor"]) == (len(told.taken), sum(told.taken))
        assert (money["refunded"]["n"], money["refunded"]["minor"]) == (len(told.refunded), sum(told.refunded))
        assert money["held_minor"] == sum(told.taken) - sum(told.refunded)

    async def sealed(self) -> None:
        """The day's Z has what its X had."""
        if self.training:
            await self.switch()
        headers = {"X-Requested-With": "countertop", "Idempotency-Key": f"seal-{len(self.told.taken):06}"}
        body = {"approver": {"person": self.shop.owner, "pin": OWNER_PIN}}
        async with self.student.http.post(
            f"{self.shop.url}/api/v1/reports/z", json=body, headers={**headers, "Origin": self.shop.url}
        ) as answer:
            told = await answer.json()
            assert answer.status in (200, 201), told
        assert not {each for each in self.told.practised if each in json.dumps(told)}
        self.sums(told)


@asynccontextmanager
async def everywhere(shop: Shop) -> AsyncIterator[Student]:
    """The owner's browser; practice has another port each time, so its cookies are sent wherever it goes."""
    async with signed_in(shop) as first:
        cookies = "; ".join(f"{each.key}={each.value}" for each in first.http.cookie_jar)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"Cookie": cookies}) as http:
        yield Student(shop, http)


async def lived(folder: Path, seed: int, acts: int) -> None:
    receiver, more = Receiver(), '\n[webhooks]\nallow = ["127.0.0.1"]\n'
    async with receiving(receiver), open_shop(folder, counters=2, more=more) as shop, everywhere(shop) as student:
        day = Day(shop, student, receiver, Chance(seed))
        url = f"http://127.0.0.1:{receiver.port}/countertop/events"
        headers = {"X-Requested-With": "countertop", "Idempotency-Key": "hook-0001", "Origin": shop.url}
        wish = {"label": "Back office", "url": url}
        async with student.http.post(f"{shop.url}/api/v1/hooks", json=wish, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
        await day.switch()
        await day.sell("2")
        await day.practise()
        for _ in range(acts):
            await day.act()
        assert day.told.practised
        told = (each.number for each in day.live.feed.after(0, limit=4096) if public(each))
        seen = max(told)  # the last of all may be the hook's own, of how far it has come
        await receiver.until(lambda: any(event["number"] >= seen for _, event in receiver.came))
        await day.sound()
        await day.sealed()


async def test_whatever_is_practised_beside_live_sales_the_shop_tells_of_live_sales_alone(tmp_path: Path) -> None:
    await lived(tmp_path, seed=102, acts=6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
async def test_whatever_is_practised_the_shop_tells_of_live_sales_alone_whatever_the_seed(
    tmp_path: Path, seed: int
) -> None:
    await lived(tmp_path, seed, acts=40)
