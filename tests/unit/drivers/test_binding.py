"""Devices are found by what they are, wherever they are plugged in."""

from pathlib import Path

import pytest

from drivers.binding import link_of, opener
from drivers.errors import DeviceGone, DeviceRefused
from firmware_stubs.cables import PtyCable
from firmware_stubs.display import DisplayStub


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "by-id").mkdir()
    (tmp_path / "by-path").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    "binding",
    ["", "COM3", "link:relative", "tcp:host", "tcp:host:0", "tcp:host:70000", "usb-serial:", "evdev:event3"],
)
def test_what_is_no_binding_is_told_with_the_forms(binding: str) -> None:
    with pytest.raises(ValueError, match=r"use usb-serial:TEXT, usb-path:TEXT, link:/path or tcp:host:port"):
        opener(binding)


@pytest.mark.parametrize("kind", ["usb-serial:A5069", "usb-path:1.3:1.0"])
async def test_l1_a_device_is_found_under_its_name(root: Path, kind: str) -> None:
    folder = root / ("by-id" if "serial" in kind else "by-path")
    cable = PtyCable(DisplayStub(), folder / "usb-1a86_A5069_1.3:1.0-port0")
    await cable.plug()
    pipe = await opener(kind, root=root)()
    assert pipe.name == str(cable.link)
    await pipe.close()
    await cable.unplug()
    with pytest.raises(DeviceGone, match="nothing like it is plugged in"):
        await opener(kind, root=root)()


async def test_no_folder_means_no_device(tmp_path: Path) -> None:
    with pytest.raises(DeviceGone):
        await opener("usb-serial:A5069", root=tmp_path / "none")()


async def test_l2_two_equal_adapters_are_not_guessed(root: Path) -> None:
    for name in ("usb-1a86_USB_Serial-if00", "usb-1a86_USB_Serial-if01"):
        (root / "by-id" / name).touch()
    with pytest.raises(DeviceRefused, match="usb-path for equal adapters"):
        await opener("usb-serial:1a86", root=root)()


@pytest.mark.parametrize(
    ("binding", "link"),
    [
        ("usb-serial:A5", "serial"),
        ("usb-path:1.3", "serial"),
        ("link:/dev/glass", "serial"),
        ("/dev/ttyUSB0", "serial"),
        ("link:/dev/usb/lp0", "usb-printer"),
        ("usb-printer:J5", "usb-printer"),
        ("tcp:10.0.0.7:9100", "tcp"),
        ("evdev:/dev/input/by-id/x-event-kbd", "evdev"),
    ],
)
def test_a_binding_says_what_it_leads_over(binding: str, link: str) -> None:
    assert link_of(binding) == link
