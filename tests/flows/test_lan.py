"""The door for phones: TLS of the shop's own authority, exact names, paired devices alone; a new shop."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec
import pytest
from typer.testing import CliRunner

from terminal.app import Running, running
from terminal.cli.commands import app
from terminal.payments.event import Actor
from terminal.people.roles import Action
from terminal.settings import Loaded, load
from terminal.system import SystemClock
from terminal.tls.lan_authority import AUTHORITY, KEY
from terminal.web.app import make_app
from terminal.web.edge import EDGE, EdgeLimits
from terminal.web.listen import listen
from terminal.wiring.lan import LanKeeper, lan_sheet
from terminal.wiring.own_certificates import renew_phones
from tests.flows.api_rig import open_shop
from tests.flows.ports import claim
from tests.unit.tls.test_lan_authority import DAY_MS, Wall

NEAR = "127.0.0.2"  # another machine, as far as addresses tell
PHONE = "127.0.0.3"
OWNER_PIN = "480913"


class Door(NamedTuple):
    now: Running
    loaded: Loaded
    port: int
    trust: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://{NEAR}:{self.port}"


def installed(root: Path, *changes: tuple[str, str]) -> Loaded:
    """What `countertop install` makes, with another state folder and free ports."""
    assert CliRunner().invoke(app, ["install", "--root", str(root), "--no-kiosk"]).exit_code == 0
    config = root / "etc/countertop/countertop.toml"
    text = config.read_text()
    for old, new in (('"/var/lib/countertop"', json.dumps(str(root / "var/lib/countertop"))), *changes):
        assert old in text, old
        text = text.replace(old, new)
    config.write_text(text)
    return load(config)


@asynccontextmanager
async def shop(root: Path, more: str = "") -> AsyncIterator[Door]:
    near = claim()
    lan = f'lan = true\nlan_host = "{NEAR}"\nlan_port = {near + 1}\nlan_names = ["till.shop"]'
    loaded = installed(root, ("port = 7600", f"port = {near}"), ("lan = false", lan))
    if more:
        config = root / "etc/countertop/countertop.toml"
        config.write_text(f"{config.read_text()}\n{more}")
        loaded = load(config)
    async with running(loaded) as now:
        trust = ssl.create_default_context(cafile=loaded.state / "tls" / AUTHORITY)
        yield Door(now, loaded, near + 1, trust)


async def ask(
    door: Door, method: str, path: str, *, host: str = "", headers: dict[str, str] | None = None, body: Any = None
) -> tuple[int, str, dict[str, str]]:
    """As a phone of the shop would, which trusts the shop's certificate and nothing else."""
    connector = aiohttp.TCPConnector(ssl=door.trust, local_addr=(PHONE, 0))
    said = {"Accept": "text/html", **({"Host": host} if host else {}), **(headers or {})}
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, f"{door.url}{path}", headers=said, json=body, allow_redirects=False) as told,
    ):
        return told.status, (await told.read()).decode("utf-8", "replace"), dict(told.headers)


async def paired(door: Door) -> str:
    """The cookie of a phone that the owner let in."""
    people = door.now.people
    code = people.new_set_up_code()
    made = await people.set_up(code, label="Mei Lin", pin=OWNER_PIN, device="here")
    who = people.who(made.device_token, made.session_token)
    assert who is not None
    assert who.may(Action.MANAGE_DEVICES)
    digits = people.new_pairing_code(who, "1", display=False)
    origin = {"Origin": door.url, "X-Requested-With": "countertop", "Accept": "application/json"}
    status, _, headers = await ask(
        door, "POST", "/api/v1/pair", headers=origin, body={"code": digits, "label": "Phone"}
    )
    assert status == 200
    cookie = headers["Set-Cookie"]
    assert cookie.startswith("__Host-ct-till=")
    assert "Secure" in cookie
    return cookie.partition(";")[0]


@pytest.mark.row(152)
async def test_s21_phones_come_in_by_tls_and_exact_name_and_see_the_sign_in_page_until_they_are_paired(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as door:
        async with aiohttp.ClientSession() as plain, plain.get(f"{door.now.url}/checkout") as told:
            assert (told.status, told.url.scheme) == (200, "http"), "on the machine itself nothing changes"
            assert "New shop" in await told.text()

        cookie = {"Cookie": await paired(door)}
        status, text, headers = await ask(door, "GET", "/sign-in")
        assert (status, "Mei Lin" in text, 'id="pair"' in text) == (200, False, True), "no names for strangers"
        assert "Strict-Transport-Security" not in headers
        for path in ("/", "/checkout", "/c/1/till", "/sales", "/help", "/link/x", "/setup", "/nothing"):
            status, _, headers = await ask(door, "GET", path)
            assert (status, headers.get("Location")) == (303, "/sign-in"), path
        for path in ("/api/v1/me", "/api/v1/counters", "/api/v1/openapi.json", "/api/v1/live"):
            status, text, _ = await ask(door, "GET", path)
            assert (status, json.loads(text)["slug"]) == (401, "lan_not_paired"), path
        pin = {"person": "x", "pin": OWNER_PIN}
        page = {"Origin": door.url, "X-Requested-With": "countertop"}
        status, text, _ = await ask(door, "POST", "/api/v1/sign-in", headers=page, body=pin)
        assert (status, json.loads(text)["slug"]) == (401, "lan_not_paired"), "no PIN is tried from the Wi-Fi"

        assert (await ask(door, "GET", "/c/1/till", headers=cookie))[0] == 200
        assert 'href="/setup/lan"' in (await ask(door, "GET", "/setup", headers=cookie))[1]
        assert "Mei Lin" in (await ask(door, "GET", "/sign-in", headers=cookie))[1]
        for host in ("evil.example", f"{NEAR}:1", f"localhost:{door.port}", f"till.shop:{door.port}."):
            status, text, _ = await ask(door, "GET", "/c/1/till", host=host, headers=cookie)
            assert status == 421, host
        assert (await ask(door, "GET", "/c/1/till", host=f"till.shop:{door.port}", headers=cookie))[0] == 200
        near = {**cookie, "Origin": door.now.url}
        assert (await ask(door, "GET", "/c/1/till", headers=near))[0] == 403, "another site"


async def test_the_page_explains_the_warning_in_three_languages_and_offers_the_certificate(tmp_path: Path) -> None:
    async with shop(tmp_path) as door:
        sheet = lan_sheet(door.loaded)
        assert sheet is not None
        assert sheet.urls[0] == f"{door.url}/sign-in"
        assert len(sheet.fingerprint.split()) == 16
        for language, words in (("en", "Pair"), ("zh-CN", "配对"), ("pt-BR", "Parear")):
            _, text, _ = await ask(door, "GET", "/setup/lan", headers={"Accept-Language": language})
            assert f'lang="{language}"' in text
            assert words in text
            assert sheet.fingerprint in text
        assert (await ask(door, "GET", "/setup/lan/code.svg"))[2]["Content-Type"].startswith("image/svg+xml")
        status, _, headers = await ask(door, "GET", "/setup/lan/countertop.crt", headers={"Accept": "*/*"})
        assert (status, headers["Content-Type"]) == (200, "application/x-x509-ca-cert")
        config = str(tmp_path / "etc/countertop/countertop.toml")
        told = msgspec.json.decode(CliRunner().invoke(app, ["lan", "--config", config, "--json"]).output)
        assert told["fingerprint"] == sheet.fingerprint
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            async with aiohttp.ClientSession() as stranger, stranger.get(f"{door.url}/sign-in"):
                raise AssertionError("nobody trusts it who was not told to")


async def test_off_means_off(tmp_path: Path) -> None:
    near = claim()
    loaded = installed(tmp_path, ("port = 7600", f"port = {near}"), ("lan = false", f"lan_port = {near + 1}"))
    async with running(loaded) as now:
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.1", near + 1)
        async with aiohttp.ClientSession() as session, session.get(f"{now.url}/setup/lan") as told:
            assert told.status == 404
            assert "C-155" in await told.text()
    assert lan_sheet(loaded) is None
    assert not (loaded.state / "tls" / KEY).exists()


async def shown(door: str, port: int, trust: ssl.SSLContext) -> bytes:
    """The certificate that a new connection is shown, proved by the authority."""
    _, writer = await asyncio.open_connection(door, port, ssl=trust, server_hostname=door)
    try:
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        assert isinstance(certificate, bytes)
        return certificate
    finally:
        writer.close()
        with contextlib.suppress(OSError):  # the door may hang up first
            await writer.wait_closed()


async def test_a_certificate_near_its_end_is_changed_under_the_open_door_and_phones_notice_nothing(
    tmp_path: Path,
) -> None:
    port, wall = claim(), Wall(SystemClock().wall_ms() - 370 * DAY_MS)
    loaded = installed(tmp_path, ("lan = false", f'lan = true\nlan_host = "{NEAR}"\nlan_port = {port}'))
    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack:
        app = make_app(shop.service, shop.people, loaded, clock=shop.clock, entropy=shop.entropy)
        await listen(stack, app, "127.0.0.1", 0)
        keeper = LanKeeper(app, loaded, wall)
        await keeper.open()
        trust = ssl.create_default_context(cafile=loaded.state / "tls" / AUTHORITY)
        first, before = await shown(NEAR, port, trust), app[EDGE].lan
        keeper.look()
        assert await shown(NEAR, port, trust) == first
        wall.ms += 370 * DAY_MS
        keeper.look()
        assert await shown(NEAR, port, trust) != first
        after = app[EDGE].lan
        assert before is not None
        assert after is not None
        assert (after.fingerprint, after.hosts) == (before.fingerprint, before.hosts)
        assert after.server_fingerprint != before.server_fingerprint
        renew_phones(loaded, wall)  # by a command beside the service
        keeper.look()
        trust = ssl.create_default_context(cafile=loaded.state / "tls" / AUTHORITY)
        assert await shown(NEAR, port, trust)
        after = app[EDGE].lan
        assert after is not None
        assert after.fingerprint != before.fingerprint
        (loaded.state / "tls").rename(loaded.state / "elsewhere")
        (loaded.state / "tls").write_text("a file in its place")
        keeper.look()
        assert app[EDGE].lan is after, "what cannot be renewed goes on as it is, and is logged"


async def test_s28_who_never_shakes_hands_is_sent_away_and_the_door_stays_open(tmp_path: Path) -> None:
    port = claim()
    loaded = installed(tmp_path, ("lan = false", f'lan = true\nlan_host = "{NEAR}"\nlan_port = {port}'))
    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack:
        parts: Any = {"clock": shop.clock, "entropy": shop.entropy, "limits": EdgeLimits(head_s=0.3)}
        app = make_app(shop.service, shop.people, loaded, **parts)
        await listen(stack, app, "127.0.0.1", 0)
        await LanKeeper(app, loaded, SystemClock()).open()
        idle = [await asyncio.open_connection(NEAR, port) for _ in range(20)]
        for number, (_, writer) in enumerate(idle):
            if number % 2:
                writer.write(b"GET / HTTP/1.1\r\n\r\n")  # no TLS at all
        trust = ssl.create_default_context(cafile=loaded.state / "tls" / AUTHORITY)
        async with asyncio.timeout(30):
            while True:  # a third of a second may be too little for us, too, on a busy machine
                with suppress(OSError):
                    assert await shown(NEAR, port, trust)
                    break
            for reader, writer in idle:
                with suppress(ConnectionError):
                    assert b"HTTP" not in await reader.read(), "nobody is answered without TLS"
                writer.close()


async def gone(reader: asyncio.StreamReader) -> bool:
    """Whether the other side has ended it."""
    try:
        async with asyncio.timeout(30):
            return await reader.read() == b""
    except ConnectionError:
        return True


async def answered(port: int, trust: ssl.SSLContext) -> bool:
    """Who has an answer has shaken hands on both sides."""
    reader, writer = await asyncio.open_connection(NEAR, port, ssl=trust, server_hostname=NEAR)
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return (await reader.readline()).startswith(b"HTTP/1.1 ")
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_s28_so_many_shake_hands_at_once_and_no_more_and_one_neighbour_takes_nobody_elses_place(
    tmp_path: Path,
) -> None:
    port = claim()
    loaded = installed(tmp_path, ("lan = false", f'lan = true\nlan_host = "{NEAR}"\nlan_port = {port}'))
    limits = EdgeLimits(head_s=60.0, handshakes=3, handshakes_per_address=2)
    async with open_shop(tmp_path) as shop:
        async with AsyncExitStack() as stack:
            parts: Any = {"clock": shop.clock, "entropy": shop.entropy, "limits": limits}
            app = make_app(shop.service, shop.people, loaded, **parts)
            await listen(stack, app, "127.0.0.1", 0)
            await LanKeeper(app, loaded, SystemClock()).open()

            async def idle(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
                return await asyncio.open_connection(NEAR, port, local_addr=(address, 0))

            greedy = [await idle("127.0.0.4") for _ in range(3)]
            assert await gone(greedy[2][0]), "a third of one neighbour"
            trust = ssl.create_default_context(cafile=loaded.state / "tls" / AUTHORITY)
            assert await answered(port, trust), "another neighbour comes in beside them"
            last = await idle("127.0.0.5")
            full = await idle("127.0.0.6")
            assert await gone(full[0]), "a fourth of all"
            greedy[0][1].close()
            async with asyncio.timeout(30):
                while True:  # the other side hears of that later
                    with suppress(OSError):
                        if await answered(port, trust):  # a place that became free is free
                            break
        assert await gone(last[0]), "who still shook hands when the door closed"
        assert await gone(greedy[1][0])
        for _, writer in (*greedy, last, full):
            writer.close()


@pytest.mark.slow
@pytest.mark.row(105)
async def test_the_pages_of_practice_answer_phones_by_tls_too_and_paired_ones_alone(tmp_path: Path) -> None:
    async with shop(tmp_path, "[training]\nport = 0\nlan_port = 0\n") as door:
        cookie = {"Cookie": await paired(door)}
        url = await door.now.training.begin("1", Actor("person", "mei"))
        assert url.startswith("http://127.0.0.1:"), "on the machine itself nothing changes"
        practice = int(url.partition("#")[2])
        assert practice, "what a page that came by TLS goes to"
        assert door.now.service.lane("1").away.url == url
        there = door._replace(port=practice)
        for path in ("/train", "/train/trainer", "/c/1/till"):
            status, _, headers = await ask(there, "GET", path)
            assert (status, headers.get("Location")) == (303, "/sign-in"), path
        status, text, _ = await ask(there, "GET", "/train", headers=cookie)
        assert (status, "training-band" in text) == (200, True)
        assert (await ask(there, "GET", "/train", host="evil.example", headers=cookie))[0] == 421
        world = door.now.training.world
        assert world is not None
        assert world.service.lane("1").away.url == ""
        await door.now.training.end("1", Actor("person", "mei"))
        assert world.service.lane("1").away.url.endswith(f"#{door.port}"), "and back the same way"


async def test_s31_a_key_s_program_comes_in_and_a_phone_that_was_taken_away_does_not(tmp_path: Path) -> None:
    async with shop(tmp_path) as door:
        cookie, people = await paired(door), door.now.people
        made = await people.make_api_key(
            Actor("system", "test"), label="POS", scopes=("sales",), counters=(), days=1
        )
        for key, expected in ((made.key, 200), (f"{made.key}x", 401), ("", 401)):
            headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
            assert (await ask(door, "GET", "/api/v1/me", headers=headers))[0] == expected
        assert (await ask(door, "GET", "/c/1/till", headers={"Cookie": cookie}))[0] == 200
        phone = people.who(cookie.partition("=")[2])
        assert phone is not None
        session = await people.sign_in(people.people()[0].id, OWNER_PIN, device="here")
        await people.unpair(people.who("", session), phone.device)
        status, _, headers = await ask(door, "GET", "/c/1/till", headers={"Cookie": cookie})
        assert (status, headers["Location"]) == (303, "/sign-in")
