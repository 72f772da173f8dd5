"""The service's unit gives away nothing it does not need, and points at what there is (S44, S73)."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from terminal.cli.commands import app
from terminal.people.pins import PinCost

UNIT = Path(__file__).parents[2] / "terminal" / "data" / "system" / "countertop.service"
MOST_EXPOSED = 20  # tenths, of 100; a unit that says nothing has 96


def section(name: str) -> list[tuple[str, str]]:
    """Keys may come several times, as in DeviceAllow: kept in order."""
    lines = UNIT.read_text("utf-8").split(f"[{name}]\n")[1].partition("\n[")[0].splitlines()
    return [tuple(line.split("=", 1)) for line in lines if "=" in line and not line.startswith("#")]  # type: ignore[misc]  # two parts


@pytest.fixture
def service() -> dict[str, str]:
    return dict(section("Service"))


def test_s73_an_own_user_no_new_rights_and_one_writable_folder(service: dict[str, str]) -> None:
    assert service["User"] not in {"", "root"}
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert service["ProtectSystem"] == "strict"
    assert service["StateDirectoryMode"] == "0700"
    assert service["UMask"] == "0077"
    assert "ReadWritePaths" not in service
    assert all(key in service for key in ("MemoryMax", "TasksMax", "LimitNOFILE"))


def test_memory_that_is_no_longer_needed_is_given_back(service: dict[str, str]) -> None:
    """Above a fixed size a block goes back at once; left alone, glibc raises that size with the largest block."""
    said = dict(each.split("=") for each in service["Environment"].split())
    assert said["MALLOC_ARENA_MAX"] == "2"
    assert int(said["MALLOC_MMAP_THRESHOLD_"]) < PinCost().memory_kib * 1024


def test_s73_devices_are_a_closed_list_of_a_counter_s_kinds(service: dict[str, str]) -> None:
    assert service["DevicePolicy"] == "closed"
    allowed = {value.split()[0] for key, value in section("Service") if key == "DeviceAllow"}
    assert allowed == {
        f"char-{kind}" for kind in ("ttyUSB", "ttyACM", "ttyS", "usb", "usbmisc", "lp", "input", "alsa")
    }


def test_s44_no_memory_of_the_service_reaches_a_disk(service: dict[str, str]) -> None:
    assert service["LimitCORE"] == "0"
    assert service["MemorySwapMax"] == "0"


def test_what_it_starts_is_a_command_of_ours(service: dict[str, str]) -> None:
    program, command, option, _ = service["ExecStart"].split()
    assert Path(program).name == "countertop"
    assert command in {each.name or each.callback.__name__ for each in app.registered_commands if each.callback}
    assert option == "--config"


def test_it_is_a_unit_as_systemd_reads_it() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read_string(UNIT.read_text("utf-8"))
    assert unit.sections() == ["Unit", "Service", "Install"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_s73_systemd_itself_finds_little_exposed() -> None:
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={MOST_EXPOSED}", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Overall exposure level" in told.stdout + told.stderr
