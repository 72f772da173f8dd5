"""One set of stories that every client must pass: Python that blocks, Python that awaits, JavaScript (A1, A3)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio

from terminal.payments.event import Actor
from terminal.web.shapes.events import public
from tests.flows.api_rig import OWNER_PIN, WATCHDOG_S, Shop, open_shop
from tests.flows.client_gate import Gate, gate
from tests.flows.client_players import Player, Python, Where, javascript

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("clients"),  # one shop and one Node for all stories
    pytest.mark.row(3, 88),
]
AWAITING = pytest.param("python-awaiting", marks=pytest.mark.slow)  # the same coroutines on the story's loop
EACH = pytest.mark.parametrize("name", ["python", AWAITING, "javascript"])


@dataclass
class Scene:
    """A shop behind a line that can break, and the clients. Every story uses the counter up and ends its sales."""

    shop: Shop
    line: Gate
    players: dict[str, Player]
    where: Where
    count: int = 0

    def order(self, minor: int = 2850, **more: Any) -> dict[str, Any]:
        self.count += 1
        return {"counter": "1", "amount_minor": minor, "order_no": f"T-{self.count}", **more}

    def sales_of(self, order: dict[str, Any]) -> int:
        return sum(
            each.body["order_no"] == order["order_no"] for each in self.shop.service.feed.list("sale", limit=100)
        )

    async def customer_pays(self) -> None:
        """As soon as the glass shows the code."""
        await _until(lambda: self._shown() != "")
        self.shop.pay(self._shown())

    def _shown(self) -> str:
        sale = self.shop.service.lane("1").current
        attempts = self.shop.service.book.sale(sale).attempts if sale else ()
        return attempts[-1].id if attempts and attempts[-1].state == "shown" else ""

    async def cleared(self) -> None:
        """The next story finds the counter free and the line whole."""
        self.line.away, self.line.lose, self.line.bites = False, 0, False
        if sale := self.shop.service.lane("1").current:
            await self.shop.service.checkout.cancel(sale, why="story", actor=Actor("system", "test"))
            await _until(lambda: not self.shop.service.lane("1").current)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene_of_all(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop(tmp_path_factory.mktemp("clients")))
        line = await stack.enter_async_context(gate(shop.url))
        shop.edge.hosts.add(line.url.removeprefix("http://"))
        await shop.owner()
        made = await shop.machine()
        players: dict[str, Player] = {
            "python": Python(waits=False),
            "python-awaiting": Python(waits=True),
            "javascript": await stack.enter_async_context(javascript()),
        }
        key = made.headers["Authorization"].removeprefix("Bearer ")
        yield Scene(shop, line, players, Where(line.url, key))


@pytest_asyncio.fixture(loop_scope="module")
async def scene(scene_of_all: Scene) -> AsyncIterator[Scene]:
    yield scene_of_all
    await scene_of_all.cleared()


@EACH
async def test_a_sale_is_paid(scene: Scene, name: str) -> None:
    order = {**scene.order(), "lines": [{"name": "Tea", "unit_minor": 1425, "quantity_milli": 2000}]}
    paying = asyncio.create_task(scene.players[name].play(scene.where, "pay", order))
    await scene.customer_pays()
    said = await paying
    assert (said.told["kind"], said.told["sale"]["paid_minor"]) == ("paid", 2850)
    assert [each.name for each in scene.shop.service.book.sale(said.told["sale"]["id"]).lines] == ["Tea"]
    assert len(said.told["sale"]["check_code"]) == 4
    [[key, kept]] = said.kept
    assert (len(key) >= 8, kept["order_no"]) == (True, order["order_no"]), "noted before it was sent"


@EACH
async def test_a_sale_is_cancelled_with_proof_and_too_late_is_paid(scene: Scene, name: str) -> None:
    client = scene.players[name]
    opened = await client.play(scene.where, "open_sale", scene.order())
    said = await client.play(scene.where, "cancel", opened.told["id"])
    assert (said.told["kind"], said.told["sale"]["state"]) == ("not_paid", "cancelled")
    assert [each.state for each in scene.shop.service.book.sale(opened.told["id"]).attempts] == ["closed"], (
        "the bank closed its order"
    )
    paying = asyncio.create_task(client.play(scene.where, "pay", scene.order()))
    await scene.customer_pays()
    late = await client.play(scene.where, "cancel", (await paying).told["sale"]["id"])
    assert late.told["kind"] == "paid"


@EACH
@pytest.mark.row(89)
async def test_a1_a_lost_answer_is_asked_again_under_the_same_key_and_is_one_sale(scene: Scene, name: str) -> None:
    order, before = scene.order(), len(scene.line.asked)
    scene.line.lose = 2
    said = await scene.players[name].play(scene.where, "open_sale", order)
    assert said.told["order_no"] == order["order_no"]
    assert scene.line.asked[before:] == ["POST /api/v1/sales HTTP/1.1"] * 3
    assert (scene.sales_of(order), len(said.kept)) == (1, 1)


@EACH
@pytest.mark.row(89)
async def test_a1_a_key_with_another_meaning_is_an_error_with_its_words(scene: Scene, name: str) -> None:
    client, order = scene.players[name], scene.order()
    await client.play(scene.where, "open_sale", order, key=f"{name}-0001")
    said = await client.play(scene.where, "open_sale", {**order, "amount_minor": 2851}, key=f"{name}-0001")
    assert (said.refused["status"], said.refused["slug"]) == (422, "idempotency_other_meaning")
    assert said.refused["code"]
    assert said.refused["fix"]


@EACH
@pytest.mark.row(94)
async def test_a1_what_nobody_answered_is_unknown_and_is_found_again(scene: Scene, name: str) -> None:
    client, order = scene.players[name], scene.order()
    scene.line.lose = 100
    said = await client.play(scene.where, "pay", order)
    assert (said.told["kind"], said.told["why"], said.told["sale"]) == ("unknown", "NoAnswer", None)
    scene.line.lose = 0
    found = await client.play(scene.where, "find", order["order_no"])
    assert found.told["order_no"] == order["order_no"]
    paying = asyncio.create_task(client.play(scene.where, "pay", order, key=said.told["key"]))
    await scene.customer_pays()
    assert (await paying).told["kind"] == "paid"
    assert scene.sales_of(order) == 1


@EACH
@pytest.mark.row(94)
async def test_a1_who_is_not_there_answers_nothing_and_a_wait_lives_through_it(scene: Scene, name: str) -> None:
    client, order = scene.players[name], scene.order()
    opened = await client.play(scene.where, "open_sale", order)
    scene.line.away = True
    assert (await client.play(scene.where, "sale", opened.told["id"])).no_answer == ""
    assert (await client.play(scene.where, "pay", scene.order())).told["kind"] == "unknown"
    scene.line.away = False
    waiting = asyncio.create_task(client.play(scene.where, "wait", opened.told["id"]))
    await _seen(scene, "/events/stream?")
    scene.line.cut()
    await scene.customer_pays()
    assert (await waiting).told["state"] == "paid"


@EACH
async def test_what_is_not_over_in_time_is_unknown(scene: Scene, name: str) -> None:
    said = await scene.players[name].play(scene.where, "pay", scene.order(), limit_s=0)
    assert (said.told["kind"], said.told["sale"]["state"]) == ("unknown", "open")


@EACH
@pytest.mark.row(90)
async def test_a3_events_go_on_after_a_break_and_none_comes_twice(scene: Scene, name: str) -> None:
    feed = scene.shop.service.feed
    after = feed.last_number()
    following = asyncio.create_task(scene.players[name].play(scene.where, "follow", after, 8))
    await _seen(scene, f"/events/stream?after={after} ")
    scene.line.cut()
    paying = asyncio.create_task(scene.players[name].play(scene.where, "pay", scene.order()))
    await scene.customer_pays()
    sale = (await paying).told["sale"]["id"]
    await scene.players[name].play(scene.where, "open_sale", scene.order())
    told = (await following).told
    assert [each["number"] for each in told] == [each.number for each in feed.after(after) if public(each)][:8]
    assert next(each["subject"] for each in told if each["type"] == "sale_opened") == sale


@EACH
@pytest.mark.row(90)
async def test_a3_a_stream_that_breaks_within_every_second_event_loses_and_repeats_none(
    scene: Scene, name: str
) -> None:
    feed = scene.shop.service.feed
    after = feed.last_number()
    for _ in range(2):
        said = await scene.players[name].play(scene.where, "open_sale", scene.order())
        await scene.players[name].play(scene.where, "cancel", said.told["id"])
    wanted = [each.number for each in feed.after(after) if public(each)]
    scene.line.bites, before = True, len(scene.line.asked)
    told = (await scene.players[name].play(scene.where, "follow", after, len(wanted))).told
    assert [each["number"] for each in told] == wanted
    assert len(scene.line.asked) - before >= len(wanted) // 2, "it broke again and again"


@EACH
async def test_money_goes_back_with_an_approver_and_is_waited_for(scene: Scene, name: str) -> None:
    client = scene.players[name]
    paying = asyncio.create_task(client.play(scene.where, "pay", scene.order()))
    await scene.customer_pays()
    sale = (await paying).told["sale"]["id"]
    alone = await client.play(scene.where, "refund", sale, "one cup spilt", minor=850)
    assert alone.refused["slug"] == "refund_needs_approval"
    owner = {"person": scene.shop.owner_id, "pin": OWNER_PIN}
    said = await client.play(scene.where, "refund", sale, "one cup spilt", minor=850, approver=owner)
    assert said.told["amount_minor"] == 850
    assert "approver" not in said.kept[0][1], "no PIN is ever kept"
    await _until(lambda: any(each.state == "refunded" for each in scene.shop.service.book.sale(sale).refunds))
    now = await client.play(scene.where, "sale", sale)
    assert [each["state"] for each in now.told["refunds"]] == ["refunded"]


@EACH
async def test_the_tills_own_scanner_takes_a_customers_code(scene: Scene, name: str) -> None:
    client = scene.players[name]
    opened = await client.play(scene.where, "open_sale", scene.order(directions=["pull"]))
    scanned = await client.play(scene.where, "scan", "1", scene.shop.wallet_code())
    assert scanned.told["id"] == opened.told["id"]
    assert scanned.kept[0][1] == {}, "a payment code is never kept"
    assert (await client.play(scene.where, "wait", opened.told["id"])).told["state"] == "paid"


@EACH
async def test_a_wrong_key_is_an_error_with_slug_and_fix(scene: Scene, name: str) -> None:
    said = await scene.players[name].play(replace(scene.where, key="ctk_wrong"), "pay", scene.order())
    assert (said.refused["status"], said.refused["slug"]) == (401, "not_signed_in")
    assert said.refused["fix"]


async def _seen(scene: Scene, what: str) -> None:
    """Return when the line has carried such a request from now on."""
    start = len(scene.line.asked)
    await _until(lambda: any(what in each for each in scene.line.asked[start:]))


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WATCHDOG_S):
        while not holds():  # noqa: ASYNC110  # the shop and the line tell nobody, on purpose
            await asyncio.sleep(0.01)
