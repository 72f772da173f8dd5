"""Devices over the API: who may look, test and choose; what a choice leaves behind; what is refused and why."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers import catalogue
from drivers.device_protocol import ROLES
from terminal.counter.ports import Devices, Printer, Role
from terminal.errors import BadSettings
from terminal.help.catalogue import Catalogue
from terminal.peripherals.build import build_devices
from terminal.settings import (
    CounterTable,
    DeviceTable,
    Loaded,
    PrinterTable,
    Secrets,
    Settings,
    SpeakerTable,
    State,
    chosen,
    with_chosen,
)
from terminal.settings import Shop as ShopTable
from terminal.settings.channel_tables import WeChatPayTable
from terminal.wiring.fitting import Fittings
from terminal.wiring.house import house_of
from tests.flows.api_rig import Client, Shop, open_shop

GONE = "link:/dev/nothing/printer"
WORDS = Catalogue.load("en")


def loaded(folder: Path, display: DeviceTable | None = None, printer: PrinterTable | None = None) -> Loaded:
    channel = WeChatPayTable(mchid="m", appid="a", merchant_serial="s", merchant_key_file="k", sandbox=True)
    spoken = SpeakerTable(port="link:/dev/nothing/speaker", volume=40)
    counters = (CounterTable(id="1", display=display, speaker=spoken, printer=printer), CounterTable(id="2"))
    shop = ShopTable(merchant="m1", store="s1", title="Tea 茶")
    made = Settings(
        mode="test", shop=shop, channels={"wechatpay": channel}, counters=counters, state=State(folder=str(folder))
    )
    return Loaded(made, folder, Secrets({}))


@dataclass
class Fitted:
    shop: Shop
    settings: Loaded
    fittings: Fittings
    devices: dict[str, Devices] = field(default_factory=dict)


@asynccontextmanager
async def fitted(
    folder: Path, display: DeviceTable | None = None, *, printer: PrinterTable | None = None
) -> AsyncIterator[Fitted]:
    async with open_shop(folder) as shop:
        settings = loaded(folder, display, printer)
        title = house_of(settings).title

        def make(table: CounterTable, only: Role | None, paper: Printer | None) -> Devices:
            return build_devices(
                table, clock=shop.clock, words=WORDS.text, money=WORDS.money, title=title, only=only, paper=paper
            )

        fittings = Fittings(settings, shop.clock, shop.entropy, make)
        devices = {table.id: fittings.devices(table) for table in settings.settings.counters}
        fittings.attach(shop.service)
        shop.edge.fitter = fittings
        try:
            yield Fitted(shop, settings, fittings, devices)
        finally:
            await fittings.close()


async def roles_of(client: Client, counter: str = "1") -> dict[str, dict[str, object]]:
    told = await client.get("/devices")
    assert told.status == 200, told.body
    places = next(each for each in told.body["counters"] if each["counter"] == counter)["places"]
    return {each["role"]: each for each in places}


@pytest.mark.row(44, 45)
async def test_a_choice_is_used_at_once_kept_and_told_who_made_it(tmp_path: Path) -> None:
    async with fitted(tmp_path) as at:
        owner = await at.shop.owner()
        assert (await roles_of(owner))["printer"]["health"] is None
        assert "printer" not in at.devices["1"].health()
        wish = {"port": GONE, "driver": "escpos", "profile": "generic-58"}
        told = await owner.post("/counters/1/devices/printer", wish)
        assert (told.status, told.body["port"], told.body["chosen"]) == (200, GONE, True)
        assert at.devices["1"].health()["printer"].detail["port"] == GONE
        events = at.shop.service.feed.after(0, limit=256)
        event = next(each for each in events if each.type == "device_chosen")
        assert (event.body["role"], event.body["port"], event.actor) == (
            "printer",
            GONE,
            f"person:{at.shop.owner_id}",
        )
        again = with_chosen(at.settings.settings, chosen(tmp_path, [])).counters[0]
        assert again.printer is not None
        assert (again.printer.port, again.printer.profile) == (GONE, "generic-58")
        assert (tmp_path / "devices.toml").stat().st_size < 1000
        assert not (tmp_path / "devices.toml.new").exists()
        told = await owner.post("/counters/1/devices/printer", {"port": ""})
        assert (told.body["port"], told.body["health"]) == ("", None)
        assert "printer" not in at.devices["1"].health()


@pytest.mark.row(44)
async def test_bad_input_what_cannot_be_chosen_is_named_and_changes_nothing(tmp_path: Path) -> None:
    async with fitted(tmp_path) as at:
        owner = await at.shop.owner()
        for wish, slug in (
            ({"port": "/dev/ttyUSB0"}, "device_choice_wrong"),
            ({"port": GONE, "driver": "laser"}, "device_choice_wrong"),
            ({"port": GONE, "driver": "escpos", "profile": "../../etc/passwd"}, "device_choice_wrong"),
            ({"port": "link:/dev/nothing/speaker"}, "device_port_taken"),
            ({"port": GONE, "colour": "red"}, "field_wrong"),
            ({"port": "link:/dev/\u0000"}, "field_wrong"),
        ):
            told = await owner.post("/counters/1/devices/printer", wish)
            assert told.slug == slug, (wish, told.body)
        assert (await owner.post("/counters/1/devices/toaster", {"port": GONE})).slug == "device_role_unknown"
        assert (await owner.post("/counters/9/devices/printer", {"port": GONE})).slug == "counter_unknown"
        assert (await owner.post("/ports/probe", {"port": "link:/etc/passwd"})).slug == "device_port_unknown"
        (tmp_path / "devices.toml.new").mkdir()  # the disk says no
        told = await owner.post("/counters/1/devices/printer", {"port": GONE})
        assert (told.status, told.slug) == (503, "device_not_saved")
        assert not (tmp_path / "devices.toml").exists()
        assert (await roles_of(owner))["printer"]["port"] == ""


@pytest.mark.row(41, 97)
async def test_a_device_is_opened_at_the_speed_that_was_chosen_for_it(tmp_path: Path) -> None:
    async with fitted(tmp_path) as at:
        owner = await at.shop.owner()
        wish = {"port": GONE, "driver": "escpos", "profile": "generic-80", "baud": 9600}
        assert (await owner.post("/counters/1/devices/printer", wish)).body["baud"] == 9600
        assert chosen(tmp_path, [])["1"]["printer"].baud == 9600
        del wish["baud"]
        assert (await owner.post("/counters/1/devices/printer", wish)).body["baud"] == 9600, "the same device"
        assert (await owner.post("/counters/1/devices/printer", {**wish, "baud": 0})).body["baud"] == 0
        wish["port"] = GONE + "2"
        assert (await owner.post("/counters/1/devices/printer", wish)).body["baud"] == 0, "another: its profile's"
        assert (await owner.post("/counters/1/devices/printer", {**wish, "baud": -1})).slug == "field_wrong"


@pytest.mark.row(59)
async def test_a_receipts_picture_is_of_the_paper_of_its_own_counter(tmp_path: Path) -> None:
    drawn: list[str] = []

    async def draw(_lines: object, profile: str = "", /) -> bytes:
        drawn.append(profile)
        return b"png"

    async with fitted(tmp_path) as at:
        owner, at.shop.edge.picture = await at.shop.owner(), draw
        await owner.post(
            "/counters/1/devices/printer", {"port": GONE, "driver": "escpos", "profile": "generic-58"}
        )
        for counter in ("1", "2"):
            sale = await at.shop.paid(owner, counter=counter)
            assert (await owner.get(f"/sales/{sale['id']}/receipt?format=png")).status == 200
    assert drawn == ["generic-58", ""]


@pytest.mark.row(47)
async def test_every_counter_may_have_a_page_as_its_display(tmp_path: Path) -> None:
    async with fitted(tmp_path, DeviceTable(port="browser:")) as at:
        owner = await at.shop.owner()
        told = await owner.post("/counters/2/devices/display", {"port": "browser:"})
        assert (told.status, told.body["port"]) == (200, "browser:"), told.body


@pytest.mark.row(44)
async def test_l2_a_display_at_the_port_it_has_keeps_its_speed_and_number(
    tmp_path: Path,
) -> None:
    port = "link:/dev/nothing/display"
    there = DeviceTable(port=port, baud=57600, flow="rtscts", serial="CT-0007")
    async with fitted(tmp_path, there) as at:
        owner = await at.shop.owner()
        usual = catalogue.of_role("display")[0]
        wish = {"port": port, "driver": usual.name, "profile": usual.profiles[0]}
        assert (await owner.post("/counters/1/devices/display", wish)).body["serial"] == "CT-0007"
        kept = chosen(tmp_path, [])["1"]["display"]
        assert (kept.baud, kept.flow, kept.profile) == (57600, "rtscts", usual.profiles[0])
        wish["port"] = "link:/dev/nothing/other"
        assert (await owner.post("/counters/1/devices/display", wish)).body["serial"] == "", "another one is there"
        other = chosen(tmp_path, [])["1"]["display"]
        assert (other.baud, other.flow) == (0, "")


@pytest.mark.row(97, 124)
async def test_a_till_may_test_its_own_counter_s_devices_and_choose_none(tmp_path: Path) -> None:
    async with fitted(tmp_path) as at:
        await at.shop.owner()
        till, display = await at.shop.till("1"), await at.shop.display("1")
        report = (await till.get("/devices")).body
        assert [each["counter"] for each in report["counters"]] == ["1"]
        assert (report["ports"], report["drivers"]) == ([], [])
        assert (await till.post("/counters/1/devices/printer", {"port": GONE})).slug == "not_signed_in"
        assert (await display.get("/devices")).status in (401, 403)
        assert (await till.post("/counters/1/devices/printer/test")).slug == "device_not_fitted"
        assert (await till.post("/counters/2/devices/speaker/test")).slug == "counter_unknown"
        told = await till.post("/counters/1/devices/speaker/test")
        assert (told.status, told.body["state"], told.body["asks"]) == (200, "running", "digits")
        assert (await till.post("/counters/1/devices/speaker/test")).slug == "device_test_running"
        assert (await till.post("/counters/1/devices/speaker/test", {"answer": "4711"})).status == 200


def test_what_was_chosen_stands_above_the_settings_and_keeps_what_they_say_beside_it(tmp_path: Path) -> None:
    settings = loaded(tmp_path).settings
    path = tmp_path / "devices.toml"
    path.write_text('[counters."1".speaker]\nport = "link:/dev/x"\n[counters."gone".printer]\nport = "link:/y"\n')
    problems: list[BadSettings] = []
    one, two = with_chosen(settings, chosen(tmp_path, problems)).counters
    assert isinstance(one.speaker, SpeakerTable)
    assert (one.speaker.port, one.speaker.volume) == ("link:/dev/x", 40)
    assert all(getattr(two, role) is None for role in ROLES)
    path.write_text('[counters."1".toaster]\nport = "a"\n[counters."1".printer]\nprot = "b"\n')
    assert chosen(tmp_path, problems) == {}
    assert {each.slug for each in problems} == {"config_unknown_key", "config_key_missing"}
    path.write_text("not toml")
    assert chosen(tmp_path, problems) == {}
    assert problems[-1].slug == "config_unreadable"
