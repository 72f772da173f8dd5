"""The shop's authority: made once, vouching for this shop alone, and a server certificate that never runs out."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from terminal.tls.lan_authority import AUTHORITY, KEY, SERVER, ensure, told

DAY_MS = 86_400_000
NAMES = ("192.168.1.20", "till-1", "till-1.local")


@dataclass
class Wall:
    ms: int = 1_800_000_000_000

    def wall_ms(self) -> int:
        return self.ms

    def mono_ns(self) -> int:
        return self.ms * 1_000_000


def made(folder: Path, wall: Wall, names: tuple[str, ...] = NAMES) -> tuple[bool, str, str]:
    anew = ensure(folder, names, "Corner shop", wall)
    found = told(folder)
    assert found is not None
    assert found.names == names
    return anew, found.fingerprint, found.server_fingerprint


def test_it_is_made_once_and_its_keys_are_for_the_service_alone(tmp_path: Path) -> None:
    wall, folder = Wall(), tmp_path / "tls"
    _, first, _ = made(folder, wall)
    kept = {each.name: each.read_bytes() for each in folder.iterdir()}
    assert set(kept) == {AUTHORITY, KEY, SERVER}
    assert {(folder / each).stat().st_mode & 0o077 for each in (KEY, SERVER)} == {0}
    assert made(folder, wall)[0] is False
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == kept
    assert len(first.split()) == 16
    assert bytes.fromhex(first.replace(" ", ""))


def test_before_its_end_and_for_another_address_the_server_s_is_new_and_the_phones_authority_stays(
    tmp_path: Path,
) -> None:
    wall = Wall()
    _, root, first = made(tmp_path, wall)
    wall.ms += 366 * DAY_MS
    assert made(tmp_path, wall) == (False, root, first), "a month is left"
    wall.ms += 2 * DAY_MS
    anew, again, second = made(tmp_path, wall)
    assert (anew, again, second != first) == (True, root, True)
    moved = ("10.0.0.7", *NAMES[1:])
    anew, again, third = made(tmp_path, wall, moved)
    assert (anew, again, third != second) == (True, root, True), "the router gave another address"


def test_near_the_authority_s_own_end_and_for_a_name_it_may_not_vouch_for_it_is_a_new_one(tmp_path: Path) -> None:
    wall = Wall()
    _, root, _ = made(tmp_path, wall)
    anew, other, _ = made(tmp_path, wall, ("192.168.1.20", "till.shop.example"))
    assert (anew, other != root) == (True, True)
    wall.ms += (3650 - 396) * DAY_MS
    assert made(tmp_path, wall, ("192.168.1.20", "till.shop.example"))[1] != other


@pytest.mark.parametrize("broken", [KEY, AUTHORITY, SERVER])
@pytest.mark.parametrize("left", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_lost_or_torn_is_made_again(tmp_path: Path, broken: str, left: bytes | None) -> None:
    wall = Wall()
    made(tmp_path, wall)
    (tmp_path / broken).unlink() if left is None else (tmp_path / broken).write_bytes(left)
    assert made(tmp_path, wall)[0] is True
    assert made(tmp_path, wall)[0] is False
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / SERVER)


def test_a_stolen_key_vouches_for_no_other_site(tmp_path: Path) -> None:
    made(tmp_path, Wall(), (*NAMES, "till.shop.example", "127.0.0.2"))
    root = x509.load_pem_x509_certificate((tmp_path / AUTHORITY).read_bytes())
    limits = root.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    permitted = {str(each.value) for each in limits.value.permitted_subtrees or []}
    assert permitted == {
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("local", "lan", "internal", "home.arpa", "till-1", "till.shop.example", "127.0.0.2/32"),
    }
    basic = root.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (basic.ca, basic.path_length) == (True, 0)
    server = (tmp_path / SERVER).read_bytes()
    own = x509.load_pem_x509_certificate(server[server.index(b"-----BEGIN CERTIFICATE") :])
    assert (own.not_valid_after_utc - own.not_valid_before_utc).days <= 398
    assert own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
