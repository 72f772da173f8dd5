"""An authority that a person named is trusted by every Python, also one that lacks what strict checks ask for."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, generate_private_key

from terminal.system import SystemClock
from terminal.tls import local_authority
from terminal.tls.certificate import PEM, general, named, private_pem
from terminal.tls.trust import trusting
from tests.unit.shaking import refused, server_of, strict


def begun(name: str, issuer: str, key: EllipticCurvePublicKey, *, ca: bool) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A folder with the machine's own authority and server as versions before this one made them."""
    issuer, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    root = begun("Countertop local authority", "Countertop local authority", issuer.public_key(), ca=True)
    names = x509.SubjectAlternativeName([general(each) for each in local_authority.LOOPBACK])
    own = begun("localhost", "Countertop local authority", key.public_key(), ca=False)
    own = own.add_extension(names, critical=False)
    (tmp_path / "authority.pem").write_bytes(root.sign(issuer, hashes.SHA256()).public_bytes(PEM))
    made = own.sign(issuer, hashes.SHA256()).public_bytes(PEM)
    (tmp_path / "server.pem").write_bytes(private_pem(key) + made)
    return tmp_path


def test_what_an_older_version_made_stays_and_the_simulated_bank_reaches_it(older: Path) -> None:
    kept = {each.name: each.read_bytes() for each in older.iterdir()}
    authority, server = local_authority.ensure(older, SystemClock())
    assert {each.name: each.read_bytes() for each in older.iterdir()} == kept, "tills trust it"
    assert "Authority Key Identifier" in refused(server_of(server), strict(authority), "localhost")
    assert refused(server_of(server), trusting(authority), "localhost") == ""


def test_s16_everything_else_is_checked_as_before(older: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other, _ = local_authority.ensure(tmp_path_factory.mktemp("other"), SystemClock())
    server = server_of(older / "server.pem")
    assert "mismatch" in refused(server, trusting(older / "authority.pem"), "other.shop")
    assert refused(server, trusting(other), "localhost")
    assert refused(server, trusting(None), "localhost")
    context = trusting(None)
    assert context.verify_flags == ssl.create_default_context().verify_flags, "the world's authorities conform"
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


def test_s16_whom_a_root_signed_is_trusted_by_the_root_s_file_and_not_by_its_own(tmp_path: Path) -> None:
    """From 3.13 on Python by itself ends a chain at any certificate of the file, whoever signed that."""
    root, own = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    names = x509.SubjectAlternativeName([general("localhost")])
    made = begun("localhost", "root", own.public_key(), ca=False).add_extension(names, critical=False)
    signed = made.sign(root, hashes.SHA256()).public_bytes(PEM)
    ca = begun("root", "root", root.public_key(), ca=True)
    files = {
        "root.pem": ca.sign(root, hashes.SHA256()).public_bytes(PEM),
        "own.pem": signed,
        "server.pem": private_pem(own) + signed,
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    server = server_of(tmp_path / "server.pem")
    assert refused(server, trusting(tmp_path / "root.pem"), "localhost") == ""
    assert "unable to get" in refused(server, trusting(tmp_path / "own.pem"), "localhost")
