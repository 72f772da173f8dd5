"""Certificates that the machine made for itself: their end is told sixty days before; a command makes new ones."""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from terminal.cli.doctor.certificates import certificate_findings
from terminal.counter.ports import Clock
from terminal.help.languages import LANGUAGES
from terminal.settings import Loaded, load
from terminal.system import SystemClock
from terminal.tls import lan_authority, local_authority
from terminal.tls.certificate import certificate_in
from terminal.tls.ends import LAN_SERVER_DAYS, ends_ms
from terminal.web.desks.care import CareParts, EndingCertificate
from terminal.wiring.care import care_parts
from terminal.wiring.own_certificates import renew_machine, renew_phones
from tests.flows.cli_rig import Place, command

DAY_MS = 86_400_000
MADE_MS = 1_800_000_000_000
END_MS = MADE_MS + local_authority.DAYS * DAY_MS
HOST = "10.0.0.7"
DOOR = '\n[doors.front]\nkind = "nexo"\ncounter = "{counter}"\nport = 7699\nnames = ["till.shop.lan"]\n'


@dataclass
class Wall:
    ms: int = MADE_MS

    def wall_ms(self) -> int:
        return self.ms

    def mono_ns(self) -> int:
        return self.ms * 1_000_000


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A shop with a notification listener, a nexo door by a name of its own, and phones."""
    made = Place(tmp_path)
    made.example(
        ("notify_port = 0", "notify_port = 7601"),
        ("lan = false", "lan = true"),
        ('lan_host = "0.0.0.0"', f'lan_host = "{HOST}"'),
    )
    counter = load(made.config).settings.counters[0].id
    made.config.write_text(made.config.read_text() + DOOR.format(counter=counter))
    return made


def all_made(place: Place, wall: Wall) -> list[Path]:
    loaded = load(place.config)
    return [*renew_machine(loaded, wall), *renew_phones(loaded, wall)]


@pytest.mark.row(36)
@pytest.mark.parametrize(
    ("days", "told"),
    [
        (61, []),
        (60, ["ends", "ends"]),
        (1, ["ends", "ends"]),
        (0, ["ended", "ended"]),
        (-9, ["ended", "ended"]),
    ],
)
def test_what_tills_trust_is_told_sixty_days_before_its_end_and_after_it(
    place: Place, days: int, told: list[str]
) -> None:
    all_made(place, Wall())
    loaded = load(place.config)
    found = certificate_findings(loaded, END_MS - days * DAY_MS)
    machine = [each for each in found if each.slug.startswith("machine")]
    assert [each.slug for each in machine] == [f"machine_certificate_{each}" for each in told]
    assert {each.level for each in machine} <= {"wrong" if days <= 0 else "warning"}
    assert [Path(each.facts["file"]).parent.name for each in machine] == (["tls", "door-front"] if told else [])
    for each in found:
        for language in LANGUAGES:
            sentence, fix = each.words(language)
            assert each.facts["until"] in sentence
            assert "countertop security rotate" in fix
    on_the_page = asyncio.run(_asked(care_parts(loaded), END_MS - days * DAY_MS))
    assert [(each.file, each.ended) for each in on_the_page if each.kind == "machine"] == [
        (each.facts["file"], days <= 0) for each in machine
    ]


async def _asked(parts: CareParts, now_ms: int) -> Sequence[EndingCertificate]:
    return await parts.certificates(now_ms)


@pytest.mark.row(36)
def test_phones_are_told_of_the_day_on_which_their_authority_is_replaced(place: Place) -> None:
    wall = Wall()
    all_made(place, wall)
    loaded, day_ms = load(place.config), END_MS - LAN_SERVER_DAYS * DAY_MS

    def said(now_ms: int) -> list[str]:
        return [each.slug for each in certificate_findings(loaded, now_ms)]

    assert said(day_ms - 61 * DAY_MS) == []
    assert said(day_ms - 60 * DAY_MS) == ["phones_certificate_ends"]
    assert said(day_ms) == ["phones_certificate_ended"]
    folder = loaded.state / "tls"
    first = (folder / lan_authority.AUTHORITY).read_bytes()
    wall.ms = day_ms - 1
    lan_authority.ensure(folder, [HOST], "Corner shop", wall)
    assert (folder / lan_authority.AUTHORITY).read_bytes() == first
    wall.ms = day_ms + 1
    lan_authority.ensure(folder, [HOST], "Corner shop", wall)
    assert (folder / lan_authority.AUTHORITY).read_bytes() != first, "the day that was told"
    assert said(day_ms + 1) == []


@pytest.mark.parametrize(("renew", "full"), [(renew_machine, "authority.pem"), (renew_phones, "lan-server.pem")])
def test_s41_the_old_ones_stay_whole_until_the_new_ones_are_on_the_disk(
    place: Place, renew: Callable[[Loaded, Clock], list[Path]], full: str
) -> None:
    all_made(place, Wall())
    loaded, folder = load(place.config), place.state / "tls"
    held = {each: each.read_bytes() for each in folder.glob("*.*")}
    (folder / f"{full}.new").mkdir()  # as if the disk had no room left
    with pytest.raises(OSError, match=full):
        renew(loaded, Wall(MADE_MS + DAY_MS))
    assert {each: each.read_bytes() for each in held} == held


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another user")
def test_s41_root_gives_the_service_what_it_made_and_nothing_that_a_link_leads_to(
    place: Place, tmp_path: Path
) -> None:
    theirs, roots = 54_321, tmp_path / "shadow"
    roots.write_bytes(b"of root")
    place.state.mkdir()
    os.chown(place.state, theirs, theirs)
    all_made(place, Wall())
    tls = place.state / "tls"
    assert {each.stat().st_uid for each in (tls, *tls.rglob("*"))} == {theirs}
    assert {each.stat().st_mode & 0o777 for each in tls.rglob("*server.pem")} == {0o600}
    for name in ("own.pem", "lan-own"):
        (tls / name).symlink_to(roots)
    all_made(place, Wall())
    assert roots.stat().st_uid == 0


@pytest.mark.row(36)
def test_one_command_makes_new_ones_and_the_doctor_is_content(place: Place) -> None:
    files = all_made(place, Wall(SystemClock().wall_ms() - local_authority.DAYS * DAY_MS))
    before = [each.read_bytes() for each in files]
    assert command("doctor", "--config", place.config).out.count("security rotate") == len(files) == 3
    for what in ("machine-certificate", "phones-certificate"):
        said = ("security", "rotate", what, "--config", place.config)
        held = [each.read_bytes() for each in files]
        assert command(*said, "--dry-run").code == 0
        assert [each.read_bytes() for each in files] == held
        made = command(*said)
        assert (made.code, made.out.count("New: ")) == (0, 2 if what == "machine-certificate" else 1)
    assert all(each.read_bytes() not in before for each in files)
    assert "security rotate" not in command("doctor", "--config", place.config).out
    own = certificate_in((place.state / "tls" / "door-front" / "server.pem").read_bytes())
    own.verify_directly_issued_by(x509.load_pem_x509_certificate(files[1].read_bytes()))
    assert own.subject.rfc4514_string() == "CN=till.shop.lan"


def test_a_shop_without_listeners_has_none_to_renew(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.example()
    for what in ("machine-certificate", "phones-certificate"):
        said = command("security", "rotate", what, "--config", place.config)
        assert (said.code, "nothing to do" in said.out) == (0, True)
    assert not (place.state / "tls").exists()


def test_bad_input_what_is_no_authority_has_no_end(tmp_path: Path) -> None:
    authority, _ = local_authority.ensure(tmp_path, Wall())
    assert ends_ms(authority) == END_MS
    (tmp_path / "garbage.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA")
    assert [ends_ms(each) for each in (tmp_path / "none.pem", tmp_path / "garbage.pem")] == [None, None]
