"""Whoever checks certificates by RFC 5280 takes those that this machine makes, and who trusts one goes on."""

import ssl
from pathlib import Path

import pytest

from terminal.sandbox import client_tls
from terminal.system import SystemClock, SystemEntropy
from terminal.tls import lan_authority, local_authority
from tests.unit.shaking import refused, server_of, strict


@pytest.mark.parametrize("names", [(), ("counter.shop", "10.0.0.7")], ids=["loopback", "named"])
def test_a_strict_client_takes_the_machine_s_own(tmp_path: Path, names: tuple[str, ...]) -> None:
    authority, server = local_authority.ensure(tmp_path, SystemClock(), names)
    for name in ("localhost", "127.0.0.1", *names):
        assert refused(server_of(server), strict(authority), name) == ""
    assert "mismatch" in refused(server_of(server), strict(authority), "other.shop")


def test_a_strict_phone_takes_the_shop_s(tmp_path: Path) -> None:
    lan_authority.ensure(tmp_path, ["192.168.1.20", "till-1.local"], "Corner shop", SystemClock())
    server = server_of(tmp_path / lan_authority.SERVER)
    for name in ("192.168.1.20", "till-1.local"):
        assert refused(server, strict(tmp_path / lan_authority.AUTHORITY), name) == ""


def test_the_simulated_bank_and_a_shop_are_strict_with_each_other(tmp_path: Path) -> None:
    bank, shop = tmp_path / "bank", tmp_path / "shop"
    bank.mkdir()
    shop.mkdir()
    server = client_tls.listening(bank, [shop], SystemClock().wall_ms(), SystemEntropy())
    server.verify_flags |= ssl.VERIFY_X509_STRICT
    client = strict(shop / client_tls.FILES["pix_authority_file"])
    client.load_cert_chain(
        shop / client_tls.FILES["pix_certificate_file"], shop / client_tls.FILES["pix_key_file"]
    )
    assert refused(server, client, "localhost") == ""
