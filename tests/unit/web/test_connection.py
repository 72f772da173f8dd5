"""Who may connect beside whom: neighbours together leave the machine's own till its place (S28)."""

from aiohttp import web

from terminal.web.connection import Door
from terminal.web.edge import EdgeLimits


async def answer(_request: web.BaseRequest) -> web.StreamResponse:
    return web.Response()


async def test_s28_neighbours_with_many_addresses_leave_room_for_the_machine_itself() -> None:
    door = Door(web.Server(answer), EdgeLimits(connections=8, connections_per_address=4))
    came = [door.enter(f"192.168.1.{number // 2}") for number in range(8)]
    assert came == [True] * 6 + [False] * 2
    for number in (6, 7):
        door.leave(f"192.168.1.{number // 2}")
    assert [door.enter("127.0.0.1"), door.enter("::1"), door.enter("127.0.0.1")] == [True, True, False]
    door.leave("127.0.0.1")
    door.leave("192.168.1.0")
    assert [door.enter("192.168.1.9"), door.enter("192.168.1.9")] == [True, False]


async def test_s28_one_address_has_its_own_limit() -> None:
    door = Door(web.Server(answer), EdgeLimits(connections=100, connections_per_address=2))
    assert [door.enter("192.168.1.1") for _ in range(3)] == [True, True, False]
    assert door.enter("192.168.1.2")
