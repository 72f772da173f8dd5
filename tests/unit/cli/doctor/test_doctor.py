"""What the doctor says of machines that are described to it, and of a tree that looks like one."""

import os
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from drivers.hotplug import Port
from firmware_stubs.display import DisplayStub
from firmware_stubs.display_bonrix import BonrixStub
from firmware_stubs.printer import PrinterStub
from firmware_stubs.wire import Stub
from terminal.cli.doctor import command as command_file
from terminal.cli.doctor.checks import (
    HEADER,
    TEXTS,
    Access,
    Bound,
    Heard,
    Holder,
    Machine,
    findings,
    ignores_modems,
    may_open,
    rule,
)
from terminal.cli.doctor.command import DEFAULT_RULE, heard, write
from terminal.cli.doctor.machine import Places, describe
from terminal.help.languages import LANGUAGES
from terminal.settings import CounterTable, DeviceTable, PrinterTable, ScannerTable, SpeakerTable
from terminal.virtual_time import run
from tests.devices.wires import wire
from tests.flows.cli_rig import command
from tests.unit.drivers.port_tree import CH340, Tree

PORT = Port("/dev/ttyUSB0", "serial", "USB Serial", "usb-path:pci-0-port0", True, *CH340, "", "pci-0-port0")
OPEN = {"/dev/ttyUSB0": Access(0, 20, "dialout", 0o660)}
RULE = 'ATTRS{idVendor}=="1a86", ENV{ID_MM_DEVICE_IGNORE}="1"'
WELL = Machine(ports=(PORT,), access=OPEN, groups=frozenset({20}))
BOUND = Bound("c1", "display", PORT.binding, "countertop", (PORT.path,))


def slugs(machine: Machine) -> list[str]:
    return [finding.slug for finding in findings(machine)]


@pytest.mark.row(57)
@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (WELL, ["all_well"]),
        (Machine(), ["no_ports"]),
        (replace(WELL, groups=frozenset()), ["not_in_group"]),
        (replace(WELL, groups=frozenset(), member_of=frozenset({"dialout"})), ["group_not_active"]),
        (replace(WELL, access={PORT.path: Access(0, 0, "root", 0o600)}), ["port_closed"]),
        (replace(WELL, access={PORT.path: Access(0, 20, "dialout", 0o600)}), ["port_closed"]),
        (replace(WELL, holders={PORT.path: (Holder(7, "minicom -D /dev/ttyUSB0"),)}), ["port_busy"]),
        (replace(WELL, holders={PORT.path: (Holder(7, "countertop serve"),)}), ["port_ours", "all_well"]),
        (replace(WELL, holders={PORT.path: (Holder(7, "python3 -m terminal.lab --state s"),)}), ["all_well"]),
        (replace(WELL, running=frozenset({"ModemManager"})), ["modem_manager"]),
        (replace(WELL, running=frozenset({"ModemManager"}), rules=RULE), ["all_well"]),
        (replace(WELL, hidden=(CH340,), rules='ENV{PRODUCT}=="1a86/7523/*", RUN+="brltty"'), ["brltty"]),
        (replace(WELL, hidden=(CH340,)), ["adapter_without_port"]),
        (replace(WELL, ports=(replace(PORT, stable=False),)), ["no_lasting_name", "all_well"]),
        (replace(WELL, bound=(replace(BOUND, means=()),)), ["port_missing"]),
        (replace(WELL, bound=(replace(BOUND, means=("/dev/a", "/dev/b")),)), ["binding_two"]),
        (replace(WELL, bound=(BOUND, replace(BOUND, role="printer"))), ["one_port_twice"]),
    ],
)
def test_l12_each_trouble_has_its_finding(machine: Machine, said: list[str]) -> None:
    assert slugs(machine) == said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Heard("display", "countertop"), ["answers", "all_well"]),
        (Heard("display", "countertop", baud=115200), ["answers", "all_well"]),
        (Heard("display", "countertop", baud=9600), ["other_speed"]),
        (Heard("printer", "escpos"), ["cables_swapped"]),
        (Heard("display", "nextion"), ["other_driver"]),
        (Heard(stranger="garbage"), ["wrong_speed"]),
        (Heard(stranger="modem"), ["modem"]),
        (Heard(stranger="echo"), ["echo"]),
        (Heard(stranger="gps"), ["stranger"]),
        (Heard(refused="busy"), ["not_opened"]),
        (Heard(), ["silent", "all_well"]),
    ],
)
def test_l10_who_answers_is_held_against_the_settings(answer: Heard, said: list[str]) -> None:
    assert slugs(replace(WELL, bound=(replace(BOUND, baud=115200),), heard={BOUND.binding: answer})) == said


def test_every_finding_has_words_in_every_language_and_they_name_the_same_facts() -> None:
    texts = tomllib.loads(TEXTS.read_text("utf-8"))
    for slug, row in texts.items():
        assert set(row) == set(LANGUAGES), slug
        facts = {language: sorted(set(_facts(" ".join(row[language])))) for language in LANGUAGES}
        assert len({tuple(names) for names in facts.values()}) == 1, (slug, facts)
        assert len({bool(row[language][1]) for language in LANGUAGES}) == 1, slug
    source = "".join(Path(str(each)).read_text("utf-8") for each in (command_file.__file__, *_check_files()))
    unused = [slug for slug in texts if f'"{slug}"' not in source and not slug.startswith("role_")]
    assert unused == []


def _facts(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("{")[1:]]


def _check_files() -> list[str]:
    parts = ("certificates", "checks", "doors", "fix", "service")
    return [str(Path(str(command_file.__file__)).with_name(f"{each}.py")) for each in parts]


def test_words_hold_the_facts_in_the_language_of_the_terminal() -> None:
    (finding,) = findings(replace(WELL, bound=(replace(BOUND, means=()),)))
    assert finding.words("pt-BR")[0].startswith("O aparelho tela do caixa c1 não está ligado")
    assert "顾客屏" in finding.words("zh-CN")[0]
    assert PORT.binding in finding.words("en")[0]


@pytest.mark.parametrize(
    ("access", "groups", "uid", "yes"),
    [
        (Access(0, 20, "dialout", 0o660), {20}, 1000, True),
        (Access(0, 20, "dialout", 0o660), set(), 1000, False),
        (Access(0, 20, "dialout", 0o660), set(), 0, True),
        (Access(1000, 20, "dialout", 0o600), set(), 1000, True),
        (Access(1000, 20, "dialout", 0o060), {20}, 1000, False),
        (Access(0, 20, "dialout", 0o666), set(), 1000, True),
    ],
)
def test_who_may_open_is_decided_as_the_kernel_does(access: Access, groups: set[int], uid: int, yes: bool) -> None:
    assert may_open(Machine(uid=uid, groups=frozenset(groups)), access) is yes


def test_a_rule_for_another_maker_or_in_a_comment_keeps_no_modem_away() -> None:
    assert not ignores_modems("# " + RULE, "1a86")
    assert not ignores_modems(RULE, "10c4")
    assert ignores_modems('ENV{ID_MM_PORT_IGNORE}="1"', "10c4")


# --- the rule -------------------------------------------------------------------------------------------------


@pytest.mark.row(57)
def test_the_rule_opens_the_ports_to_their_group_and_keeps_modems_away() -> None:
    text = rule(replace(WELL, hidden=(("10c4", "ea60"),)))
    assert text.startswith(HEADER)
    assert (
        'SUBSYSTEM=="tty", ATTRS{idVendor}=="1a86", ATTRS{idProduct}=="7523", GROUP="dialout", MODE="0660", '
        'ENV{ID_MM_DEVICE_IGNORE}="1"' in text
    )
    assert '"10c4"' in text
    assert slugs(replace(WELL, running=frozenset({"ModemManager"}), rules=text)) == ["all_well"]
    assert rule(Machine()) == ""


def test_a_keyboard_is_opened_to_others_only_when_the_settings_call_it_a_scanner() -> None:
    path = "/dev/input/by-id/x-event-kbd"
    keys = Port(path, "evdev", "x", f"evdev:{path}", True, "1eab", "0106")
    assert "1eab" not in rule(Machine(ports=(keys,)))
    bound = Bound("c1", "scanner", keys.binding, "evdev", ("/dev/input/event5",))
    assert 'SUBSYSTEM=="input"' in rule(Machine(ports=(keys,), bound=(bound,)))


@pytest.mark.row(57)
def test_a_rule_is_written_whole_once_and_never_over_somebody_elses_file(tmp_path: Path) -> None:
    path, text = tmp_path / "70-countertop.rules", rule(WELL)
    assert write(path, text).slug == "rule_written"
    assert (path.read_text(), path.stat().st_mode & 0o777) == (text, 0o644)
    assert write(path, text).slug == "rule_same"
    assert write(path, text + "# more\n").slug == "rule_written"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    path.write_text("their own rule\n")
    assert write(path, text).slug == "rule_foreign"
    assert path.read_text() == "their own rule\n"
    denied = write(tmp_path / "none" / "x.rules", text)
    assert (denied.slug, denied.facts["why"]) == ("rule_denied", "No such file or directory")
    assert write(path, "").slug == "rule_empty"


# --- a tree that looks like a machine -------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def process(root: Path, pid: int, name: str, *words: str, holds: Path | None = None) -> None:
    folder = root / "proc" / str(pid)
    (folder / "fd").mkdir(parents=True)
    (folder / "comm").write_text(name + "\n")
    (folder / "cmdline").write_bytes("\0".join(words or (name,)).encode())
    if holds:
        (folder / "fd" / "5").symlink_to(holds)


@pytest.mark.row(57)
def test_l12_a_machine_is_described_by_what_its_folders_say(tree: Tree, tmp_path: Path) -> None:
    port = tree.plug("ttyUSB0")
    process(tmp_path, 4711, "minicom", "minicom", "-D", "/dev/ttyUSB0", holds=port)
    process(tmp_path, 4712, "ModemManager")
    rules = tmp_path / "etc" / "udev" / "rules.d"
    rules.mkdir(parents=True)
    (rules / "10-mine.rules").write_text(RULE)
    lost = tmp_path / "sys" / "bus" / "usb" / "devices" / "1-9"
    lost.mkdir(parents=True)
    for name, text in (("idVendor", "10c4\n"), ("idProduct", "ea60\n")):
        (lost / name).write_text(text)
    machine = describe(Places(tmp_path))
    assert [each.path for each in machine.ports] == [str(port)]
    assert machine.holders == {str(port): (Holder(4711, "minicom -D /dev/ttyUSB0"),)}
    assert machine.running == {"ModemManager"}
    assert ignores_modems(machine.rules, "1a86")
    assert machine.hidden == (("10c4", "ea60"),)
    assert machine.access[str(port)].uid == os.getuid()


def test_the_command_says_it_writes_only_when_asked_and_ends_with_1_when_something_is_wrong(
    tree: Tree, tmp_path: Path
) -> None:
    port = tree.plug("ttyUSB0")
    said = command("doctor", "--root", tmp_path)
    assert (said.code, (tmp_path / DEFAULT_RULE).exists()) == (0, False)
    assert "Nothing wrong was found" in said.out
    process(tmp_path, 4711, "minicom", holds=port)
    (tmp_path / DEFAULT_RULE).parent.mkdir(parents=True)
    told = command("doctor", "--root", tmp_path, "--json", "--write-rule", "default")
    assert told.code == 1
    document = msgspec.json.decode(told.out)
    assert [each["finding"] for each in document["findings"]] == ["port_busy"]
    assert document["rule_file"]["finding"] == "rule_written"
    assert document["ports"][0]["binding"].startswith("usb-path:")
    assert (tmp_path / DEFAULT_RULE).read_text() == document["rule"]
    shown = command("doctor", "--root", tmp_path)
    assert "minicom (process 4711)" in shown.out
    assert HEADER in shown.out


def test_two_counters_with_pages_and_paper_as_displays_share_no_port(tmp_path: Path) -> None:
    drawn = (DeviceTable(port="browser:"), DeviceTable(port="printer:"))
    counters = [CounterTable(id=each, display=drawn[0], displays=drawn[1:]) for each in ("c1", "c2")]
    assert describe(Places(tmp_path), counters).bound == ()


@pytest.mark.parametrize(
    ("stub", "slug"), [(DisplayStub, "answers"), (PrinterStub, "cables_swapped"), (BonrixStub, "silent")]
)
def test_l10_asked_on_its_own_port_a_device_is_held_against_the_settings(
    stub: Callable[[], Stub], slug: str
) -> None:
    async def story() -> list[str]:
        cable = wire(stub())
        machine = replace(WELL, bound=(replace(BOUND, baud=115200),))
        told = await heard(machine, lambda _binding, _baud: cable.open)
        return slugs(replace(machine, heard=told))

    assert run(story(), seed=1)[0] == slug


async def test_a_port_that_another_program_holds_is_not_opened() -> None:
    machine = replace(WELL, bound=(BOUND,), holders={PORT.path: (Holder(7, "minicom"),)})
    assert await heard(machine, lambda _binding, _baud: pytest.fail("opened")) == {}


def test_bad_settings_are_told_as_everywhere(tmp_path: Path) -> None:
    assert command("doctor", "--config", tmp_path / "none.toml").code == 3


def test_l12_a_computer_s_own_port_is_looked_at_when_the_settings_name_it(tmp_path: Path) -> None:
    own = tmp_path / "dev" / "ttyS0"
    own.parent.mkdir()
    own.touch(mode=0o600)
    process(tmp_path, 4711, "getty", holds=own)
    counter = CounterTable(id="c1", printer=PrinterTable(port=f"link:{own}"))
    machine = describe(Places(tmp_path), [counter])
    assert [(port.path, port.vendor) for port in machine.ports] == [(str(own), "")]
    assert machine.access[str(own)].mode == 0o600
    assert machine.holders == {str(own): (Holder(4711, "getty"),)}
    assert describe(Places(tmp_path)).ports == ()


def test_the_devices_of_the_settings_are_looked_up_in_the_same_tree(tree: Tree, tmp_path: Path) -> None:
    port = tree.plug("ttyUSB0", serial="A5")
    tree.printer("lp0", "MFG:EPSON;MDL:TM;SN:J5;")
    counter = CounterTable(
        id="c1",
        display=DeviceTable(port="usb-serial:A5"),
        scanner=ScannerTable(port="usb-serial:B7"),
        printer=PrinterTable(port="usb-printer:J5"),
        printers=(PrinterTable(port="usb-serial:P1"), PrinterTable(port="usb-serial:P2", baud=9600)),
        speaker=SpeakerTable(port="audio:default"),
    )
    bound = describe(Places(tmp_path), [counter]).bound
    assert [each.baud for each in bound] == [115200, 9600, 115200, 115200, 9600], "as the service opens them"
    bound = bound[:3]
    lp0 = str(tree.roots.dev / "usb" / "lp0")
    assert [(each.role, each.means) for each in bound] == [
        ("display", (str(port),)),
        ("scanner", ()),
        ("printer", (lp0,)),
    ]
