"""The lab as a server: its door, its devices on real pseudo-terminals, faults by name, pictures and live line."""

import asyncio
import os
from argparse import Namespace
from typing import Any

import aiohttp
import pytest

from drivers import qr
from drivers.display.driver import CounterDisplay
from drivers.serial_port import open_serial
from terminal.lab.__main__ import why_not
from tests.flows.lab_rig import Rig, keys, rig

__all__ = ["keys", "rig"]  # fixtures are found by their names


# --- the door ----------------------------------------------------------------------------------------------


async def test_strangers_foreign_hosts_and_foreign_pages_stay_outside(rig: Rig) -> None:
    url = f"{rig.lab.url}/lab"
    async with aiohttp.ClientSession() as stranger:
        for path in ("", "/state", "/glass.png", "/paper/0.png"):
            async with stranger.get(url + path) as answer:
                assert answer.status == 403, path
        async with stranger.get(url + "?key=" + "0" * 32) as answer:
            assert answer.status == 403
            assert "make demo" in await answer.text()
        async with stranger.get(url + "/health") as answer:
            assert answer.status == 200
    foreign: list[tuple[dict[str, str], int]] = [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ]
    for headers, status in foreign:
        async with rig.session.get(url + "/state", headers=headers) as answer:
            assert answer.status == status, headers
    async with rig.session.post(url + "/scanner", data="{}") as answer:
        assert answer.status == 415  # a form of another page cannot press buttons


async def test_the_printed_address_gives_a_cookie_and_leaves_the_address_bar(rig: Rig) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(f"{rig.lab.url}/lab?key={rig.lab.key}", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/lab")
            cookie = answer.headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
        async with browser.get(f"{rig.lab.url}/lab") as answer:
            text = await answer.text()
            policy = answer.headers["Content-Security-Policy"]
    assert rig.lab.key not in text
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<style" not in text
    assert text.count("<script") == 2  # one is data


@pytest.mark.parametrize(("language", "word"), [("en", "Paper roll"), ("zh-CN", "纸卷"), ("pt-BR", "Bobina")])
async def test_the_page_speaks_the_browser_s_language(rig: Rig, language: str, word: str) -> None:
    async with rig.session.get(f"{rig.lab.url}/lab", headers={"Accept-Language": language}) as answer:
        text = await answer.text()
    assert f'<html lang="{language}">' in text
    assert word in text
    assert 'value="paper-out-mid-slip"' in text


# --- devices -----------------------------------------------------------------------------------------------


@pytest.mark.row(145)
async def test_l1_devices_are_real_terminals_and_unplugging_is_a_hang_up(rig: Rig) -> None:
    links = rig.state / "lab" / "dev"
    assert {path.name for path in links.iterdir()} == {"display", "scanner", "printer", "speaker"}
    scanner = await open_serial(str(links / "scanner"))
    status, told = await rig.ask("POST", "scanner", {"text": "6901234567892"})
    assert (status, told) == (200, {"scanned": "6901234567892"})
    assert await scanner.read() == b"6901234567892\r"
    status, plugged = await rig.ask("POST", "plug", {"role": "scanner", "plugged": False})
    assert plugged["scanner"] is False
    assert not (links / "scanner").exists()
    await scanner.close()
    status, told = await rig.ask("GET", "state")
    assert told["faults"] == ["unplug-scanner"]
    _, plugged = await rig.ask("POST", "plug", {"role": "scanner", "plugged": True})
    assert all(plugged.values())
    assert (links / "scanner").exists()


async def test_the_phone_reads_only_what_is_on_the_glass(rig: Rig) -> None:
    status, told = await rig.ask("POST", "phone/scan", {})
    assert (status, told["error"]) == (409, "nothing is shown")
    transport = await open_serial(str(rig.state / "lab" / "dev" / "display"))
    display = CounterDisplay(transport)
    await display.hello()
    code = qr.encode("weixin://wxpay/bizpayurl?pr=unknown")
    await display.show_qr(7, 60, code.version, code.packed, tiles=())
    status, told = await rig.ask("POST", "phone/scan", {})
    assert (status, told["error"]) == (409, "unknown-code")
    await transport.close()
    _, timeline = await rig.ask("GET", "timeline")
    texts = [line["text"] for line in timeline["lines"]]
    assert "reads weixin://wxpay/bizpayurl?pr=unknown" in texts
    assert any(text.startswith("SHOW_QR") for text in texts)
    shown = next(line for line in timeline["lines"] if line["text"].startswith("SHOW_QR"))
    assert shown["way"] == "out"
    assert shown["bytes"] > 100
    assert shown["hex"].startswith("00 ")


@pytest.mark.row(147)
async def test_paper_is_a_picture_and_text_while_it_prints_and_after_the_cut(rig: Rig) -> None:
    printer = os.open(rig.state / "lab" / "dev" / "printer", os.O_RDWR | os.O_NOCTTY)
    os.write(printer, b"\x1b@TOTAL 28.50\n")
    await until(lambda: bool(rig.lab.lab.stand.printer.hanging.elements))
    assert await text_of(rig, "paper/0.txt") == "TOTAL 28.50"
    async with rig.session.get(f"{rig.lab.url}/lab/paper/0.png") as answer:
        assert answer.content_type == "image/png"
        assert (await answer.read()).startswith(b"\x89PNG")
    _, paper = await rig.ask("POST", "paper", {"act": "tear"})
    assert (paper["slips"], paper["hanging"]) == (1, 0)
    assert await text_of(rig, "paper/1.txt") == "TOTAL 28.50"
    async with rig.session.get(f"{rig.lab.url}/lab/paper/2.png") as answer:
        assert answer.status == 404
    os.close(printer)


async def text_of(rig: Rig, path: str) -> str:
    async with rig.session.get(f"{rig.lab.url}/lab/{path}") as answer:
        assert answer.status == 200
        return (await answer.text()).strip()


async def until(holds: Any) -> None:
    async with asyncio.timeout(30):
        while True:
            if holds():
                return
            await asyncio.sleep(0.005)


# --- faults ------------------------------------------------------------------------------------------------


@pytest.mark.row(144)
async def test_faults_by_name_reach_their_layer_and_heal(rig: Rig) -> None:
    stand = rig.lab.lab.stand
    status, told = await rig.ask("POST", "faults", {"slug": "paper-out"})
    assert status == 200
    assert "slip" in told["expected"]
    assert stand.printer.paper_out
    status, _ = await rig.ask("POST", "faults", {"slug": "notify-3-times", "count": 2, "params": {"times": 5}})
    assert status == 200
    (active,) = rig.sandbox.bank.faults.active()
    assert (active.row.slug, active.left, active.params["times"]) == ("notify-3-times", 2, 5)
    assert (await rig.ask("DELETE", "faults?slug=paper-oot"))[0] == 409, "a slip of the keys heals nothing"
    await rig.ask("DELETE", "faults?slug=paper-out")
    assert not stand.printer.paper_out
    await rig.ask("POST", "faults", {"slug": "cover-open"})
    await rig.ask("POST", "paper", {"act": "close"})
    assert "cover-open" not in rig.lab.lab.active(), "hands at the printer end what a fault has opened"
    assert rig.sandbox.bank.faults.active()
    await rig.ask("POST", "faults", {"slug": "display-mute"})
    await rig.ask("DELETE", "faults")
    assert not stand.display.mute
    assert rig.sandbox.bank.faults.active() == ()


async def test_a_fault_for_some_seconds_heals_by_itself(rig: Rig) -> None:
    lab = rig.lab.lab
    await rig.ask("POST", "faults", {"slug": "speaker-dead", "seconds": 1})

    def told() -> list[str]:  # a slow machine may hear the answer when the second is over
        return [line.text for line in lab.timeline.after(0) if line.text.startswith("speaker-dead")]

    await until(lambda: told() == ["speaker-dead begins", "speaker-dead is over"])
    assert not lab.stand.speaker.dead


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"slug": "paper-oot"}, "near: paper-out"),
        ({"slug": "paper-out", "count": 3}, "count = 3 is not possible"),
        ({"slug": "clock+10min"}, "countertop lab run clock+10min"),
        ({"slug": "kill-mid-sale"}, "NoService"),
        ({"slug": "paper-out", "hours": 3}, "unknown field"),
    ],
)
async def test_what_cannot_be_done_is_said(rig: Rig, wish: dict[str, Any], words: str) -> None:
    status, told = await rig.ask("POST", "faults", wish)
    assert status == 409
    assert words in told["error"]


async def test_only_the_service_of_this_lab_is_ever_killed(rig: Rig) -> None:
    """A stale ready.json names a process id that belongs to somebody else by now: to this test."""
    (rig.state / "state").mkdir()
    (rig.state / "state" / "ready.json").write_text(f'{{"pid": {os.getpid()}, "url": "http://127.0.0.1:1"}}')
    status, told = await rig.ask("POST", "faults", {"slug": "kill-mid-sale", "params": {"when": "now"}})
    assert (status, told["error"]) == (409, "NoService")


# --- the live line -----------------------------------------------------------------------------------------


async def test_a_page_hears_what_happens_and_resumes_by_number(rig: Rig) -> None:
    url, origin = f"{rig.lab.url}/lab/live", {"Origin": rig.lab.url}
    async with rig.session.ws_connect(url, headers=origin) as socket:
        first = await socket.receive_json(timeout=30)
        assert first["state"]["glass"]["screen"] == "blank"
        await rig.ask("POST", "scanner", {"text": "123"})
        lines: list[Any] = []
        while not any(line["text"] == "scan 123" for line in lines):
            lines += (await socket.receive_json(timeout=30))["lines"]
    last = max(line["number"] for line in lines)
    await rig.ask("POST", "scanner", {"text": "456"})
    async with rig.session.ws_connect(f"{url}?after={last}", headers=origin) as socket:
        resumed = (await socket.receive_json(timeout=30))["lines"]
    assert resumed[0]["number"] == last + 1
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await rig.session.ws_connect(url)  # a browser always says where it comes from


async def test_the_bank_s_calls_and_books_are_seen(rig: Rig) -> None:
    lab = rig.lab.lab
    await until(lambda: "orders" in lab.books)
    assert lab.books["money"] == "¥ 1000000.00"
    async with aiohttp.ClientSession() as stranger, stranger.get(f"{rig.sandbox.url}/v3/certificates") as answer:
        assert answer.status == 401
    lab.watched += 1  # a page is open: looked at often
    await until(lambda: any("GET /v3/certificates → 401" in line.text for line in lab.timeline.after(0)))


def test_an_address_of_another_machine_is_told_as_what_it_is() -> None:
    """192.0.2.0/24 is for documents (RFC 5737): no machine has it."""
    asked = Namespace(lan="192.0.2.7", lan_port=7621, port=7620)
    elsewhere = OSError(99, "error while attempting to bind on address ('192.0.2.7', 7621): cannot assign")
    assert "192.0.2.7:7621 cannot be used: --lan takes an address of" in why_not(asked, elsewhere)
    assert "port 7620 on 127.0.0.1 cannot be used: taken" in why_not(asked, OSError(98, "taken"))
