"""The trainer's remote control: the lab's key on this machine, a short code and TLS elsewhere."""

import asyncio
import contextlib
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from terminal.lab.server import Lan
from terminal.lab.trainer_codes import LIFE_S, PHONES_MAX, TRIES_MAX, TrainerCodes
from terminal.system import SystemClock
from terminal.tls.local_authority import ensure
from terminal.web.edge import EdgeLimits
from tests.flows.lab_rig import Rig, keys, opened
from tests.flows.page_letters import brings_its_letters
from tests.flows.ports import claim

__all__ = ["keys"]  # fixtures are found by their names


@pytest.fixture
async def far(tmp_path: Path, keys: Path) -> AsyncIterator[tuple[Rig, aiohttp.ClientSession, str]]:
    """A lab that is open at one more address, and a phone that trusts its certificate and knows nothing else."""
    shutil.copytree(keys, tmp_path / "sandbox")
    authority, server = ensure(tmp_path / "tls", SystemClock(), ("127.0.0.2",))
    lan = Lan("127.0.0.2", claim(), server)
    trust = ssl.create_default_context(cafile=str(authority))
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        opened(tmp_path, lan) as rig,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust), cookie_jar=jar) as phone,
    ):
        yield rig, phone, lan.url


async def post(session: aiohttp.ClientSession, url: str, body: Any) -> int:
    async with session.post(url, json=body) as answer:
        return answer.status


@pytest.mark.row(105)
async def test_a_phone_of_the_lan_enters_by_code_and_breaks_and_heals_by_name(
    far: tuple[Rig, aiohttp.ClientSession, str],
) -> None:
    rig, phone, url = far
    async with phone.get(f"{url}/lab/trainer") as answer:
        page = await answer.text()
    assert 'id="enter"' in page
    assert "data-fault" not in page
    for path in ("state", "faults", "phone"):
        async with phone.get(f"{url}/lab/trainer/{path}") as answer:
            assert answer.status in (403, 405), path
    assert await post(phone, f"{url}/lab/trainer/faults", {"name": "paper-out"}) == 403
    for path in ("/lab", "/lab/state", "/lab/api/state", "/lab/trainer/code"):
        async with phone.get(url + path) as answer:
            assert answer.status in (403, 404), path  # nothing else is there, not even for a known phone

    status, lent = await rig.ask("POST", "trainer/code", {})
    assert status == 200
    assert lent["url"] == f"{url}/lab/trainer"
    assert "<svg" in lent["picture"]
    wrong = "000000" if lent["code"] != "000000" else "111111"
    assert await post(phone, f"{url}/lab/trainer/enter", {"code": wrong}) == 403
    async with phone.post(f"{url}/lab/trainer/enter", json={"code": lent["code"]}) as answer:
        assert answer.status == 200
        assert {"Secure", "HttpOnly", "SameSite=Strict"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert await post(phone, f"{url}/lab/trainer/enter", {"code": lent["code"]}) == 403  # it worked once

    assert await post(phone, f"{url}/lab/trainer/faults", {"name": "paper-out"}) == 200
    assert rig.lab.lab.stand.printer.paper_out
    async with phone.get(f"{url}/lab/trainer/state?language=pt-BR") as answer:
        told = await answer.json()
    assert (told["faults"], told["says"], told["service"]) == (["paper-out"], "Pronto", "down")
    assert await post(phone, f"{url}/lab/trainer/faults", {"name": "paper-oot"}) == 409
    assert await post(phone, f"{url}/lab/trainer/phone", {"act": "pay"}) == 409  # nothing is on the glass
    async with phone.delete(f"{url}/lab/trainer/faults") as answer:
        assert (await answer.json())["faults"] == []
    assert not rig.lab.lab.stand.printer.paper_out
    for header in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        async with phone.get(f"{url}/lab/trainer/state", headers=header) as answer:
            assert answer.status in (403, 421)
    with pytest.raises(aiohttp.ClientError):
        await phone.get(url.replace("https", "http"))


@pytest.mark.row(137)
async def test_the_trainers_phone_gets_letters_that_it_may_lack(
    far: tuple[Rig, aiohttp.ClientSession, str],
) -> None:
    _, phone, url = far
    await brings_its_letters(phone, f"{url}/lab/trainer")


@pytest.mark.row(105)
async def test_without_the_option_there_is_no_other_address_and_the_lab_s_key_is_enough(
    tmp_path: Path, keys: Path
) -> None:
    shutil.copytree(keys, tmp_path / "sandbox")
    async with opened(tmp_path) as rig:
        status, told = await rig.ask("POST", "trainer/code", {})
        assert (status, "--lan" in told["error"]) == (409, True)
        async with rig.session.get(f"{rig.lab.url}/lab/trainer") as answer:
            page = await answer.text()
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert page.count("data-fault=") > 60
        async with aiohttp.ClientSession() as stranger, stranger.get(f"{rig.lab.url}/lab/trainer") as answer:
            assert answer.status == 403
        host = rig.lab.url.removeprefix("http://")
        for header in (b"Authorization: Bearer \xff", b"Cookie: countertop_lab=\xff"):
            reader, writer = await asyncio.open_connection(*host.split(":"))
            writer.write(b"GET /lab HTTP/1.1\r\nHost: " + host.encode() + b"\r\n" + header + b"\r\n\r\n")
            async with asyncio.timeout(30):
                assert (await reader.readline()).split()[1] == b"403", header
            writer.close()


@pytest.mark.row(105)
async def test_s28_a_neighbour_who_never_shakes_hands_takes_no_more_than_its_places(
    far: tuple[Rig, aiohttp.ClientSession, str],
) -> None:
    _, phone, url = far
    host, _, port = url.removeprefix("https://").rpartition(":")
    places = EdgeLimits().handshakes_per_address
    idle = [await asyncio.open_connection(host, int(port), local_addr=("127.0.0.4", 0)) for _ in range(places + 1)]
    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionError):
            assert await idle[-1][0].read() == b""
    async with phone.get(f"{url}/lab/trainer") as answer:
        assert answer.status == 200, "the trainer's own phone comes in beside them"
    for _, writer in idle:
        writer.close()


class Counting:
    def __init__(self) -> None:
        self.drawn = 0

    def bytes(self, count: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(count)


def test_a_code_works_once_for_ten_minutes_and_guessing_ends_it() -> None:
    now = [0.0]
    codes = TrainerCodes(Counting(), lambda: now[0])
    assert codes.enter("") == ""
    first = codes.fresh()
    assert codes.fresh() != first
    assert codes.enter(first) == ""  # the newer one took its place
    late = codes.fresh()
    now[0] = LIFE_S
    assert codes.enter(late) == ""
    guessed = codes.fresh()
    for _ in range(TRIES_MAX):
        assert codes.enter("999999") == ""
    assert codes.enter(guessed) == ""
    phones = [codes.enter(codes.fresh()) for _ in range(PHONES_MAX + 1)]
    assert not codes.knows(phones[0])  # the oldest phone makes room
    assert all(codes.knows(each) for each in phones[1:])
    assert not codes.knows("")
    assert codes.fresh()
    assert (codes.enter("\udcff"), codes.knows("\udcff")) == ("", False), "bytes that are no text"
