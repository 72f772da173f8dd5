"""Before the service has found again what was unfinished, both terminal doors say so and begin nothing."""

import asyncio
import contextlib

import pytest

from terminal.counter.lane import Devices
from terminal.counter.service import Service
from terminal.counter.settings import CounterSettings
from terminal.people.service import People
from terminal.pos.desk import Desk, till
from terminal.pos.nexo import Nexo
from terminal.pos.nexo_counter import CounterSide
from terminal.pos.nexo_messages import encode
from terminal.pos.nexo_server import NexoDoor
from terminal.pos.peers import Peers
from terminal.pos.zvt import Session
from terminal.pos.zvt_links import StreamLink
from terminal.pos.zvt_till import ZvtTill
from tests.flows.door_rig import FREE
from tests.flows.shop import Shop, story
from tests.flows.zvt_rig import Cable, local
from tests.strangers import nexo_till, zvt_till
from tests.strangers.nexo_till import result

pytestmark = pytest.mark.row(91, 92)
NOT_READY = 0xA0


def starting(shop: Shop) -> Desk:
    """Of a life that has not begun to run."""
    world = shop.world
    service = Service(shop.service.parts, [(CounterSettings("1"), Devices())])
    people = People(
        "s1", journal=service.feed, clock=world.clock, entropy=world.entropy, ids=world.ids, pepper=bytes(32),
        settings=FREE,
    )  # fmt: skip
    return Desk(service, people, till("front", "1"), "1")


@story()
async def test_a_nexo_till_is_told_to_come_back(shop: Shop) -> None:
    desk, clock = starting(shop), shop.world.clock
    nexo = Nexo(desk, clock, CounterSide(desk, clock, lambda now_ms: now_ms))
    door = NexoDoor(nexo, clock, shop.world.entropy, Peers(()))

    async def send(data: bytes) -> bytes:
        told = (await door.take(data)).answer
        return encode(told) if told else b""

    asking = nexo_till.Till(send)
    assert result(await asking.pay(28.5, service_id="1")) == "UnavailableService"
    assert result(await asking.status("1")) == "UnavailableService"
    assert result(await asking.reverse("01SALE")) == "UnavailableService"
    await asking.abort("1")
    assert (await asking.ask("Diagnosis", {}))["POIStatus"]["GlobalStatus"] == "Maintenance"
    assert shop.service.feed.list("sale") == ()


@story()
async def test_a_zvt_till_is_told_to_come_back(shop: Shop) -> None:
    clock, cable = shop.world.clock, Cable()
    terminal = ZvtTill(starting(shop), clock, lambda: "1", local, lambda now_ms: now_ms)
    serving = asyncio.create_task(Session(StreamLink(cable.door), terminal).run())
    asking = zvt_till.Till(zvt_till.TcpWire(cable.till))
    assert (await asking.pay(2850)).code == NOT_READY
    assert (await asking.end_of_day()).code == NOT_READY
    assert (await asking.repeat()).code == NOT_READY
    assert (await asking.reverse("0001")).code == NOT_READY
    assert (await asking.status()).end == b"\x06\x0f\x01\x9c"
    assert shop.service.feed.list("sale") == ()
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
