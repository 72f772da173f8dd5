"""Alipay's certificate mode: what names a certificate, and which one proves that it is Alipay's. Pure.

A message may name a certificate we do not hold. We believe one only when it leads to the root certificate in the
settings and says of itself what the one in the settings says: the same root also signs every other app's.
Sources: Alipay Open Platform documentation, "Signing with certificates" (app_cert_sn, alipay_root_cert_sn,
alipay_cert_sn), alipay.open.app.alipaycert.download; RFC 2253 for the order of a name.
"""

import base64
import binascii
import contextlib
import hashlib
import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import SignatureAlgorithmOID

from terminal.banks import alipay_messages
from terminal.banks.connector import Call, Keys, ProviderKey
from terminal.banks.fields import Unreadable, fields, text
from terminal.banks.signing import KEY_BITS, RsaVerifier, read_file
from terminal.errors import BadSettings, NotEvidence

METHOD: Final = "alipay.open.app.alipaycert.download"
SUCCESS: Final = "10000"
CHAIN_MAX: Final = 8
CONTENT_MAX: Final = 64 * 1024
_RSA: Final = {
    SignatureAlgorithmOID.RSA_WITH_SHA1,
    SignatureAlgorithmOID.RSA_WITH_SHA256,
    SignatureAlgorithmOID.RSA_WITH_SHA384,
    SignatureAlgorithmOID.RSA_WITH_SHA512,
}
"""Alipay's root file also holds roots of other algorithms; they count neither for the name nor for the chain."""
_BLOCK: Final = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
Certificates = Sequence[x509.Certificate]


def serial_of(certificate: x509.Certificate) -> str:
    """Its SN: MD5 over the issuer's name, last part first, and the serial number in decimal; 32 hex digits.

    MD5 names here and proves nothing: who forges a name still lacks the key.
    """
    issuer = certificate.issuer.rfc4514_string()  # that order
    told = f"{issuer}{certificate.serial_number}".encode()
    return hashlib.md5(told, usedforsecurity=False).hexdigest()


def root_serial(roots: Certificates) -> str:
    """The SN of the root file: those of its RSA certificates, in its order."""
    return "_".join(serial_of(each) for each in roots)


def read_roots(file: Path) -> list[x509.Certificate]:
    """The RSA roots of the file. Raises BadSettings: ``key_file_unreadable``, ``certificate_unreadable``."""
    roots = rsa_roots(read_file(file))
    if not roots:
        raise BadSettings("certificate_unreadable", file=str(file))
    return roots


def rsa_roots(data: bytes) -> list[x509.Certificate]:
    """One by one: Alipay's own file holds certificates of national algorithms that no strict reader takes."""
    found: list[x509.Certificate] = []
    for block in _BLOCK.findall(data):
        with contextlib.suppress(ValueError):
            found += _parsed(block)
    return [each for each in found if each.signature_algorithm_oid in _RSA]


def _loaded(file: Path) -> list[x509.Certificate]:
    data = read_file(file)
    try:
        return _parsed(data)
    except ValueError as error:
        raise BadSettings("certificate_unreadable", file=str(file)) from error


def _parsed(data: bytes) -> list[x509.Certificate]:
    """Raises ValueError."""
    with warnings.catch_warnings():  # of odd numbers in certificates that are older than the rule
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_pem_x509_certificates(data)


@dataclass(frozen=True, slots=True)
class Trust:
    """Which certificates are Alipay's for this app.

    Args:
        roots: of the settings; nothing else is believed at the end of a chain.
        subject: what Alipay's certificate in the settings says of its owner (it ends in the shop's own number).
    """

    roots: tuple[x509.Certificate, ...]
    subject: x509.Name

    @property
    def serial(self) -> str:
        return root_serial(self.roots)

    def keys(self, found: Certificates) -> Keys:
        """The key of the first certificate, by its SN; what follows it must lead to a root. Raises Unreadable."""
        leaf, verifier = found[0], verifier_of(found[0])
        if leaf.subject != self.subject:
            raise Unreadable("subject")
        path = [leaf, *chain(found, self.roots)]
        from_s = max(int(each.not_valid_before_utc.timestamp()) for each in path)
        until_s = min(int(each.not_valid_after_utc.timestamp()) for each in path)
        return {serial_of(leaf): ProviderKey(verifier, from_s, until_s)}

    def read(self, content: str) -> Keys:
        """Of the text that the download brings: base64 of the PEM. Raises Unreadable."""
        try:
            found = _parsed(base64.b64decode(content.encode("ascii"), validate=True))
        except (ValueError, binascii.Error):
            raise Unreadable("alipay_cert_content") from None
        return self.keys(found)


def read_trust(root_file: Path, alipay_file: Path) -> Trust:
    """Raises BadSettings: ``key_file_unreadable``, ``certificate_unreadable``."""
    return Trust(tuple(read_roots(root_file)), _loaded(alipay_file)[0].subject)


def read_keys(trust: Trust, file: Path, field: str) -> Keys:
    """Alipay's certificate as it was downloaded. Raises BadSettings, also ``setting_unusable`` with ``field``."""
    try:
        return trust.keys(_loaded(file))
    except Unreadable as error:
        why = "is not Alipay's for this app" if str(error) == "subject" else "the root does not vouch for it"
        raise BadSettings("setting_unusable", field=field, why=why) from None


def ask(sn: str) -> Call | None:
    """Asks for the certificate of this SN; None: it is none."""
    if not alipay_messages.CERT_SN.fullmatch(sn):
        return None
    wish = json.dumps({"alipay_cert_sn": sn})
    return Call("keys", "POST", f"method={METHOD}", f"biz_content={quote(wish, safe='')}".encode())


def read_download(body: bytes, trust: Trust) -> Keys:
    """What came, believed by its chain alone. Raises NotEvidence ``keys_unreadable``."""
    found = alipay_messages.parts(body)
    try:
        if found is None or found.node != METHOD.replace(".", "_") + "_response":
            raise Unreadable("body")
        told = fields(found.value.encode())
        if text(told, "code", 16) != SUCCESS:
            raise Unreadable("code")
        return trust.read(text(told, "alipay_cert_content", CONTENT_MAX))
    except Unreadable as error:
        raise NotEvidence("keys_unreadable", field=str(error)) from None


def verifier_of(certificate: x509.Certificate) -> RsaVerifier:
    """Raises Unreadable: no RSA key, or a short one."""
    public = certificate.public_key()
    if not isinstance(public, rsa.RSAPublicKey) or public.key_size < KEY_BITS:
        raise Unreadable("certificate key")
    return RsaVerifier(public)


def chain(found: Certificates, roots: Certificates) -> list[x509.Certificate]:
    """The issuers of the first one up to a root, the root included. Raises Unreadable: it leads to none."""
    if len(found) > CHAIN_MAX:
        raise Unreadable("certificate chain")
    at, path = found[0], list[x509.Certificate]()
    while len(path) < CHAIN_MAX:
        if root := next((each for each in roots if _issued(at, each)), None):
            return [*path, root]
        issuer = next((each for each in found[1:] if _issued(at, each) and _may_issue(each)), None)
        if issuer is None or issuer in path:
            break
        path.append(issuer)
        at = issuer
    raise Unreadable("certificate chain")


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):  # another name, another kind of key
        return False
    return True


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
