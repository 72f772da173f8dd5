"""The machine's own certificate: made once, for the names it is called by, and made anew when they change."""

import ssl
import subprocess
import sys
from pathlib import Path

from cryptography import x509

from terminal.system import SystemClock
from terminal.tls.local_authority import ensure


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


def test_f4_what_a_power_cut_left_half_is_made_anew_and_never_two_halves_of_different_makings(
    tmp_path: Path,
) -> None:
    authority, server = ensure(tmp_path / "a", SystemClock())
    other, _ = ensure(tmp_path / "b", SystemClock())
    whole = server.read_bytes(), authority.read_bytes()
    for left in ((whole[0][:200], whole[1]), (b"", whole[1]), (whole[0], b""), (whole[0], other.read_bytes())):
        server.write_bytes(left[0])
        authority.write_bytes(left[1])
        ensure(tmp_path / "a", SystemClock())
        root = x509.load_pem_x509_certificate(authority.read_bytes())
        certificate(server).verify_directly_issued_by(root)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(server)
        assert server.stat().st_mode & 0o777 == 0o600
        assert sorted(each.name for each in server.parent.iterdir()) == ["authority.pem", "server.pem"]


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


_AGAIN = """
import sys
from pathlib import Path
from terminal.tls.local_authority import ensure
from terminal.system import SystemClock
ensure(Path(sys.argv[1]), SystemClock())
print("cryptography.x509" in sys.modules)
"""


def test_what_was_made_together_is_known_by_its_first_line_and_no_certificate_is_read(tmp_path: Path) -> None:
    """Reading them takes a megabyte as long as the service runs."""

    def read() -> str:
        command = [sys.executable, "-c", _AGAIN, str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()

    authority, server = ensure(tmp_path, SystemClock())
    made = server.read_bytes(), authority.read_bytes()
    assert read() == "False"
    server.write_bytes(made[0].partition(b"\n")[2])  # as an older version made it
    assert read() == "True"
    assert (server.read_bytes(), authority.read_bytes()) == (made[0].partition(b"\n")[2], made[1])
