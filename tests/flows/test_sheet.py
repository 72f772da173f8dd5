"""The terminal's sheet and the code of a visit, over the real HTTP edge."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from terminal.cli.commands import app as cli
from terminal.counter.ports import HttpReply, HttpRequest, NothingSent, Played
from terminal.payments.event import Actor
from terminal.people.pairing import LIFE_S
from terminal.people.roles import Role
from terminal.settings import Loaded, Secrets, State
from terminal.web.network import has_way_out
from terminal.wiring.power_on import open_power_on
from tests.flows.api_parts import Line
from tests.flows.api_rig import Shop
from tests.flows.counter_devices import SpeakerOnCounter
from tests.flows.test_api_whole_app import settings
from tests.flows.test_lan import PHONE
from tests.flows.test_lan import ask as lan_ask
from tests.flows.test_lan import shop as lan_shop

PIN = "518264"


class Unplugged(Line):
    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        raise NothingSent("unplugged")


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    opened = Shop(tmp_path)
    await opened.start()
    yield opened
    await opened.stop()


@pytest.mark.row(95, 96)
async def test_a_sheet_is_read_printed_and_its_code_lets_one_visitor_in_once(shop: Shop) -> None:
    owner, roll = await shop.owner(), shop.printers["1"]
    sheet = (await owner.get("/sheet")).body
    states = {each["name"]: each["state"] for each in sheet["legs"]}
    assert (states["internet"], states["bank"], states["clock"]) == ("ok", "ok", "ok")
    assert (await owner.post("/sheet/print", {"counter": "1"})).status == 200
    made = await owner.post("/visit-codes", {"counter": "1", "hours": 4, "printed": True, "said": True})
    code = made.body["code"]
    assert (made.status, made.body["printed"], made.body["said"]) == (201, "", False), "no speaker stands here"
    assert f"{code[:3]} {code[3:]}" in str(roll.slips[-1].receipt)
    assert code not in str(shop.journal.after(0, limit=256)), "the journal keeps no code"
    wish = {"code": f"{code[:3]} {code[3:]}", "label": "Li from the bank", "pin": PIN}
    stranger = shop.browser()
    assert (await stranger.post("/visit-sign-in", {**wish, "pin": "123456"})).slug == "pin_weak", (
        "and the code lives"
    )
    me = await stranger.post("/visit-sign-in", wish)
    assert (me.status, me.body["role"]) == (200, "onboarding")
    assert "sign_visit" in me.body["may"]
    assert "take_money" not in me.body["may"]
    again = await stranger.post("/visit-sign-in", {**wish, "label": "Another"})
    assert again.slug == "pairing_wrong", "good once"


@pytest.mark.row(96)
async def test_a_voice_says_which_leg_is_dead_where_a_speaker_stands(shop: Shop) -> None:
    owner, lane = await shop.owner(), shop.service.lane("1")
    wish = {"counter": "1", "printed": False, "said": True}
    assert (await owner.post("/sheet/print", wish)).slug == "sheet_not_said"
    speaker = SpeakerOnCounter()
    speaker.takes_s = 0
    lane.devices = replace(lane.devices, speaker=speaker)
    assert (await owner.post("/sheet/print", wish)).status == 200
    assert shop.printers["1"].slips == [], "only said"
    shop.printers["1"].unplugged = True
    assert (await owner.post("/sheet/print", wish)).status == 200
    assert [said.legs for _, said in speaker.began] == [("ok",), ("printer",)]
    assert {said.kind for _, said in speaker.began} == {"legs"}
    speaker.played = Played.NOT_PLAYED
    assert (await owner.post("/sheet/print", wish)).slug == "sheet_not_said"


@pytest.mark.row(96)
async def test_once_after_power_on_each_counter_gets_its_sheet_and_no_restart_repeats_it(
    shop: Shop, tmp_path: Path
) -> None:
    boot, plain = tmp_path / "boot", settings(tmp_path)
    boot.write_text("first-start\n")

    def asked(wish: str) -> Loaded:
        table = msgspec.structs.replace(plain.settings.shop, sheet_at_start=wish)
        state = State(folder=str(tmp_path))
        return Loaded(msgspec.structs.replace(plain.settings, shop=table, state=state), tmp_path, Secrets({}))

    assert open_power_on(asked("off"), shop.edge, "http://127.0.0.1:7600", boot) == {}
    [job] = open_power_on(asked("printed"), shop.edge, "http://127.0.0.1:7600", boot).values()
    await job()
    for counter in ("1", "2"):
        [slip] = shop.printers[counter].slips
        assert "http://127.0.0.1:7600/sign-in?visit=yes" in str(slip.receipt)
    assert open_power_on(asked("printed"), shop.edge, "", boot) == {}, "an update is no power-on"
    boot.write_text("second-start\n")
    shop.printers["1"].tears = True
    [job] = open_power_on(asked("both"), shop.edge, "http://127.0.0.1:7600", boot).values()
    await job()
    assert [len(shop.printers[each].slips) for each in ("1", "2")] == [1, 2], "one printer's trouble is its own"
    assert open_power_on(asked("both"), shop.edge, "", tmp_path / "nobody knows") == {}


@pytest.mark.row(95)
async def test_s34_a_visit_code_ends_is_taken_back_and_is_locked_after_wrong_tries(shop: Shop) -> None:
    owner, stranger = await shop.owner(), shop.browser()
    wish = {"label": "Li", "pin": PIN}

    async def tried(code: str) -> str:
        return (await stranger.post("/visit-sign-in", {**wish, "code": code})).slug

    async def fresh() -> str:
        return str((await (await shop.owner()).post("/visit-codes", {"counter": "1"})).body["code"])

    first, second = await fresh(), await fresh()
    assert await tried(first) == "pairing_wrong", "a new one voids the one before"
    assert (await owner.post("/visit-codes/void")).status == 200
    assert await tried(second) == "pairing_wrong", "taken back"
    third = await fresh()
    shop.clock.ahead_s += LIFE_S
    assert await tried(third) == "pairing_wrong", "too old"
    slugs = [await tried("000000") for _ in range(4)]
    assert "pairing_locked" in slugs
    cashier = await shop.cashier()
    assert (await cashier.post("/visit-codes", {"counter": "1"})).slug == "not_allowed"


@pytest.mark.row(96)
async def test_without_a_line_the_sheet_names_the_line_and_how_to_mend_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.line = Unplugged(shop.bank, shop.clock)
    await shop.start()
    till = await shop.till()
    legs = {each["name"]: each for each in (await till.get("/sheet", accept_language="pt-BR")).body["legs"]}
    assert (legs["internet"]["state"], legs["bank"]["state"]) == ("dead", "cannot_tell")
    assert legs["internet"]["code"] == "N-01"
    assert "cabo" in legs["internet"]["fix"]
    await shop.stop()


@pytest.mark.row(95)
async def test_a_visitor_s_phone_comes_in_by_the_shop_s_network_with_the_code_alone(tmp_path: Path) -> None:
    async with lan_shop(tmp_path) as door:
        people = door.now.people
        made = await people.set_up(people.new_set_up_code(), label="Mei Lin", pin="480913", device="here")
        code = people.new_visit_code(people.who("", made.session_token), hours=4)
        page = {"Origin": door.url, "X-Requested-With": "countertop", "Accept": "application/json"}
        wish = {"code": code, "label": "Li from the bank", "pin": PIN}
        where = await lan_ask(door, "GET", "/sign-in?visit=yes")
        assert (where[0], 'id="visit"' in where[1], "Mei Lin" in where[1]) == (200, True, False)
        connector = aiohttp.TCPConnector(ssl=door.trust, local_addr=(PHONE, 0))
        jar = aiohttp.CookieJar(unsafe=True)  # the door's name is an address here
        async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as phone:
            sent = phone.post(f"{door.url}/api/v1/visit-sign-in", json=wish, headers=page)
            async with sent as told:
                assert (told.status, set(told.cookies)) == (200, {"__Host-ct-session", "__Host-ct-display"})
            opened = {}
            for path in ("/setup/visit", "/c/1/till", "/sales"):
                async with phone.get(f"{door.url}{path}", allow_redirects=False) as told:
                    opened[path] = told.status
        assert opened == {"/setup/visit": 200, "/c/1/till": 403, "/sales": 403}, (
            "it takes no money and sees no sales"
        )
        [device] = people.devices(people.who("", made.session_token))
        assert (device.label, device.role) == ("Li from the bank", Role.DISPLAY), "the owner can take it away"


@pytest.mark.row(96)
async def test_the_command_says_the_same_prints_it_and_ends_with_3_when_a_leg_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "pt_BR.UTF-8")
    shop = Shop(tmp_path)
    shop.line = Unplugged(shop.bank, shop.clock)
    await shop.start()
    by = Actor("system", "test")
    made = await shop.people.make_api_key(by, label="CLI", scopes=("sales",), counters=(), days=1)
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text(made.key)
    asked = ["sheet", "--url", shop.url, "--key-file", str(key), "--print"]
    told = await asyncio.to_thread(CliRunner().invoke, cli, asked)
    assert told.exit_code == 3, told.output
    assert "Internet: PARADO" in told.output
    assert "N-01" in told.output
    assert "Tea 茶" in str(shop.printers["1"].slips[-1].receipt)
    await shop.stop()


async def test_a_card_is_printed_and_an_unknown_one_or_a_poster_without_a_code_is_a_sentence(shop: Shop) -> None:
    till = await shop.till()
    assert (await till.post("/counters/1/cards/safety/print")).status == 200
    assert [
        (await till.post(f"/counters/1/cards/{name}/print")).slug for name in ("nothing", "poster-wechatpay")
    ] == [
        "card_unknown",
        "card_unknown",
    ]


def test_the_kernel_s_tables_tell_whether_there_is_a_way_out(tmp_path: Path) -> None:
    proc, sys = tmp_path / "proc", tmp_path / "sys"
    assert has_way_out(proc, sys) is None
    (proc / "net").mkdir(parents=True)
    head = "Iface\tDestination\tGateway\tFlags\n"
    (proc / "net" / "route").write_text(head)
    assert has_way_out(proc, sys) is False
    (proc / "net" / "route").write_text(head + "eth0\t00000000\t0101A8C0\t0003\n")
    link = sys / "class" / "net" / "eth0"
    link.mkdir(parents=True)
    for state, out in (("up", True), ("unknown", True), ("down", False)):
        (link / "operstate").write_text(state + "\n")
        assert has_way_out(proc, sys) is out
