"""Ports by what they are: serial number, else socket; and who comes and goes."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from drivers.binding import matches, meant, opener
from drivers.errors import DeviceRefused
from drivers.hotplug import PORTS_MAX, Change, Port, PortWatch, changes, ports, twins
from terminal.virtual_time import run
from tests.unit.drivers.port_tree import CP2102, Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.mark.row(42)
def test_an_adapter_with_a_serial_number_is_bound_to_it(tree: Tree) -> None:
    path = tree.plug("ttyUSB0", ids=CP2102, serial="A5069RR4")
    port = ports(tree.roots)[str(path)]
    assert (port.binding, port.stable, port.vendor, port.product) == ("usb-serial:A5069RR4", True, "10c4", "ea60")
    assert port.what == "USB Serial"
    assert meant(port.binding, tree.roots.dev / "serial") == [str(path)]


@pytest.mark.row(42)
def test_l2_equal_adapters_without_a_number_are_bound_to_their_sockets_and_known_as_twins(tree: Tree) -> None:
    one, two = tree.plug("ttyUSB0", socket="1.1"), tree.plug("ttyUSB1", socket="1.2")
    found = ports(tree.roots)
    bindings = [found[str(path)].binding for path in (one, two)]
    assert bindings == [f"usb-path:pci-0000:00:14.0-usb-0:{at}:1.0-port0" for at in ("1.1", "1.2")]
    assert [meant(binding, tree.roots.dev / "serial") for binding in bindings] == [[str(one)], [str(two)]]
    assert twins(found[str(one)], found.values()) == (str(two),)


def test_l2_two_adapters_that_were_given_one_number_are_twins_too(tree: Tree) -> None:
    for name, socket in (("ttyUSB0", "1.1"), ("ttyUSB1", "1.2")):
        tree.plug(name, ids=CP2102, serial="0001", socket=socket)
    assert all(port.by_socket and twins(port, ports(tree.roots).values()) for port in ports(tree.roots).values())


def test_an_adapter_with_two_ports_has_a_name_for_each_and_is_nobodys_twin(tree: Tree) -> None:
    for name, interface in (("ttyUSB0", "1.0"), ("ttyUSB1", "1.1")):
        by_id = f"usb-FTDI_Dual_F7-if0{interface[-1]}-port0"
        tree.plug(name, ids=("0403", "6010"), serial="F7", interface=interface, by_id=by_id)
    found = ports(tree.roots)
    assert [port.binding for port in found.values()] == [
        f"usb-serial:usb-FTDI_Dual_F7-if0{at}-port0" for at in "01"
    ]
    assert not any(twins(port, found.values()) for port in found.values())


def test_printers_and_scanners_that_type_are_found_by_their_names(tree: Tree) -> None:
    tree.printer("lp0", "MFG:EPSON;MDL:TM-T88V;SN:J5ZG;")
    tree.keyboard("usb-Newland_HR42-event-kbd", "event5")
    tree.keyboard("usb-Newland_HR42-event-if01", "event6")
    assert [(port.kind, port.what, port.stable) for port in ports(tree.roots).values()] == [
        ("usb-printer", "EPSON TM-T88V", True),
        ("evdev", "Newland HR42", True),
    ]
    assert next(iter(ports(tree.roots).values())).binding == "usb-printer:J5ZG"


def test_two_equal_usb_printers_that_tell_no_number_are_not_guessed(tree: Tree) -> None:
    tree.printer("lp0", "MFG:XP;MDL:XP-58;", socket="2.1")
    tree.printer("lp1", "MFG:XP;MDL:XP-58;", socket="2.2")
    assert [port.stable for port in ports(tree.roots).values()] == [False, False]


def test_a_machine_without_ports_has_none(tmp_path: Path) -> None:
    assert Tree(tmp_path / "here").roots.dev.is_dir()
    assert ports(Tree(tmp_path / "there").roots) == {}


def test_a_flood_of_ports_is_bounded(tree: Tree) -> None:
    for number in range(PORTS_MAX + 5):
        (tree.roots.dev / f"ttyACM{number}").touch()
    assert len(ports(tree.roots)) == PORTS_MAX


async def test_l2_a_text_that_means_two_ports_is_refused_and_a_whole_name_is_not(tree: Tree) -> None:
    names = ("usb-X-if00-port0", "usb-X-if00-port01")
    for name in names:
        (tree.roots.dev / "serial" / "by-id" / name).touch()
    folder = tree.roots.dev / "serial"
    assert [each.name for each in matches(folder / "by-id", names[0])] == [names[0]]
    with pytest.raises(DeviceRefused):
        await opener("usb-serial:usb-X", root=folder)()


def test_two_names_of_one_socket_mean_one_port(tree: Tree) -> None:
    port = tree.plug("ttyUSB0")
    (tree.roots.dev / "serial" / "by-path" / "pci-0000:00:14.0-usbv2-0:1.1:1.0-port0").symlink_to(port)
    assert meant("usb-path:1.1:1.0", tree.roots.dev / "serial") == [str(port)]


# --- coming and going -----------------------------------------------------------------------------------------


def kinds(changed: list[Change]) -> list[tuple[str, str]]:
    return [(change.kind, change.port.path) for change in changed]


def named(path: str, what: str = "x") -> Port:
    return Port(path, "serial", what, f"usb-serial:{what}")


@pytest.mark.row(43)
def test_l1_a_port_is_told_when_its_names_stand_still_and_missed_at_once() -> None:
    watch = PortWatch()
    assert kinds(watch.step({"a": named("a")})) == [("there", "a")]
    assert watch.step({"a": named("a"), "b": named("b", "half")}) == []
    assert watch.step({"a": named("a"), "b": named("b", "whole")}) == []
    assert kinds(watch.step({"a": named("a"), "b": named("b", "whole")})) == [("came", "b")]
    assert kinds(watch.step({"b": named("b", "whole")})) == [("went", "a")]
    assert watch.step({"b": named("b", "whole")}) == []


def test_another_device_under_the_same_path_is_a_going_and_a_coming() -> None:
    watch = PortWatch()
    watch.step({"a": named("a", "one")})
    assert kinds(watch.step({"a": named("a", "two")})) == [("went", "a")]
    assert kinds(watch.step({"a": named("a", "two")})) == [("came", "a")]


@pytest.mark.row(43)
def test_l1_what_is_plugged_or_pulled_is_told_within_a_second_and_a_half(tree: Tree) -> None:
    async def look() -> Mapping[str, Port]:
        return ports(tree.roots)

    async def story() -> None:
        loop = asyncio.get_running_loop()
        told = changes(look)
        tree.plug("ttyUSB0")
        assert (await anext(told)).kind == "there"
        tree.plug("ttyUSB1", socket="1.2")
        start = loop.time()
        came = await anext(told)
        assert (came.kind, came.port.path) == ("came", str(tree.roots.dev / "ttyUSB1"))
        assert came.twins == (str(tree.roots.dev / "ttyUSB0"),)
        assert loop.time() - start <= 1.5
        tree.unplug("ttyUSB0")
        assert (await anext(told)).kind == "went"
        await told.aclose()

    run(story(), seed=1)
