"""The machine's own certificate: made once, for the names it is called by, and made anew when they change."""

from pathlib import Path

from cryptography import x509

from terminal.local_authority import ensure
from terminal.system import SystemClock


def certificate(server: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(server.read_bytes().partition(b"-----END PRIVATE KEY-----\n")[2])


def names(server: Path) -> list[str]:
    told = certificate(server).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(each.value) for each in told]


def test_it_is_made_once_for_loopback_and_kept(tmp_path: Path) -> None:
    authority, server = ensure(tmp_path / "tls", SystemClock())
    assert names(server) == ["localhost", "127.0.0.1", "::1"]
    assert server.stat().st_mode & 0o077 == 0
    made = server.read_bytes(), authority.read_bytes()
    ensure(tmp_path / "tls", SystemClock())
    assert (server.read_bytes(), authority.read_bytes()) == made


def test_further_names_are_in_it_the_first_as_its_common_name(tmp_path: Path) -> None:
    wanted = ("counter.shop", "10.0.0.7")
    _, server = ensure(tmp_path, SystemClock(), wanted)
    assert names(server)[3:] == ["counter.shop", "10.0.0.7"]
    assert certificate(server).subject.rfc4514_string() == "CN=counter.shop"
    made = server.read_bytes()
    ensure(tmp_path, SystemClock(), wanted)
    assert server.read_bytes() == made
    ensure(tmp_path, SystemClock(), ("10.0.0.8",))
    assert "10.0.0.8" in names(server)
