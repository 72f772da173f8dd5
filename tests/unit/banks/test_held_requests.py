"""A request in the link's hand, against a real server on loopback: connected, ready, and not a byte of it sent."""

import asyncio
from asyncio import StreamReader, StreamWriter

import pytest

from terminal.banks.client import ProviderLink
from terminal.counter.ports import HttpReply, NoAnswer, NothingSent
from tests.unit.banks.test_client import OK, POST, WATCHDOG_S, ask, serving


class Gateway:
    """``heard``: by connection, in the order in which they came; answers whole requests unless ``mute``."""

    def __init__(self, *, mute: bool = False) -> None:
        self.heard: list[bytearray] = []
        self.came, self.went = asyncio.Event(), asyncio.Event()
        self.mute = mute

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        mine = bytearray()
        self.heard.append(mine)
        self.came.set()
        while data := await reader.read(4096):
            mine += data
            if POST.body in mine and not self.mute:
                writer.write(OK)
        self.went.set()


def held(link: ProviderLink, leave: asyncio.Future[None], connect_s: float) -> asyncio.Task[HttpReply]:
    return asyncio.create_task(link.send_when(leave, POST, connect_s=connect_s, answer_s=WATCHDOG_S))


async def test_i5_nothing_leaves_before_it_is_let_go_and_then_all_of_it_over_the_same_connection() -> None:
    gateway = Gateway()
    async with serving(gateway.serve) as port:
        link, leave = (
            ProviderLink(f"http://127.0.0.1:{port}", test=True),
            asyncio.get_running_loop().create_future(),
        )
        asked = held(link, leave, WATCHDOG_S)
        await gateway.came.wait()
        assert (await ask(port)).status == 200, "another request goes there and back meanwhile"
        assert gateway.heard[0] == b"", "and of this one nothing has left"
        leave.set_result(None)
        assert (await asked).status == 200
        assert gateway.heard[0].startswith(b"POST /v3/pay HTTP/1.1\r\n")
        assert gateway.heard[0].endswith(POST.body)
        assert len(gateway.heard) == 2
        await link.aclose()


@pytest.mark.parametrize("end", ["time", "cancelled"])
async def test_i5_what_is_not_let_go_never_leaves(end: str) -> None:
    gateway = Gateway()
    async with serving(gateway.serve) as port:
        link, leave = (
            ProviderLink(f"http://127.0.0.1:{port}", test=True),
            asyncio.get_running_loop().create_future(),
        )
        asked = held(link, leave, 0.05 if end == "time" else WATCHDOG_S)
        await gateway.came.wait()
        if end == "cancelled":
            asked.cancel()
        with pytest.raises(NothingSent if end == "time" else asyncio.CancelledError):
            await asked
        await gateway.went.wait()
        assert gateway.heard == [b""]
        assert leave.cancelled(), "nobody lets it go any more"
        await link.aclose()


async def test_i5_a_gateway_that_hangs_up_meanwhile_was_sent_nothing() -> None:
    async def hang_up(_reader: StreamReader, writer: StreamWriter) -> None:
        writer.close()

    async with serving(hang_up) as port:
        link, leave = (
            ProviderLink(f"http://127.0.0.1:{port}", test=True),
            asyncio.get_running_loop().create_future(),
        )
        with pytest.raises(NothingSent):
            await held(link, leave, WATCHDOG_S)
        await link.aclose()


async def test_b2_no_answer_to_what_was_let_go_may_have_happened() -> None:
    gateway = Gateway(mute=True)
    async with serving(gateway.serve) as port:
        link, leave = (
            ProviderLink(f"http://127.0.0.1:{port}", test=True),
            asyncio.get_running_loop().create_future(),
        )
        leave.set_result(None)
        with pytest.raises(NoAnswer):
            await link.send_when(leave, POST, connect_s=WATCHDOG_S, answer_s=0.05)
        await gateway.went.wait()
        assert gateway.heard[0].endswith(POST.body)
        await link.aclose()
