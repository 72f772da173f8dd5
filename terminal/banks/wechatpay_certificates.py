"""WeChat Pay's platform certificates as verification keys.

They come sealed with the APIv3 key, which only the merchant and WeChat Pay hold: opening one proves where it
is from, whoever signed the answer. Source: WeChat Pay APIv3 documentation, "Download platform certificates".
"""

import re
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from terminal.banks.connector import Keys, ProviderKey
from terminal.banks.fields import Fields, Unreadable, inner, text
from terminal.banks.signing import KEY_BITS, RsaVerifier
from terminal.banks.wechatpay_messages import unsealed

CERTIFICATES_MAX: Final = 16
_SERIAL: Final = re.compile(r"[0-9A-F]{1,40}")


def certificates(found: Fields, apiv3_key: bytes) -> Keys:
    """The whole list, or Unreadable: half a key list would hide a revocation."""
    data = found.get("data")
    if not isinstance(data, list) or not 1 <= len(data) <= CERTIFICATES_MAX:
        raise Unreadable("data")
    keys: dict[str, ProviderKey] = {}
    for entry in data:
        if not isinstance(entry, dict):
            raise Unreadable("data")
        serial = text(entry, "serial_no")
        keys[serial] = _key(serial, unsealed(inner(entry, "encrypt_certificate"), apiv3_key))
    return keys


def _key(serial: str, pem: bytes) -> ProviderKey:
    from cryptography import x509  # a megabyte, and a merchant with a public key gets none

    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise Unreadable("certificate") from None
    public = certificate.public_key()
    if not isinstance(public, rsa.RSAPublicKey) or public.key_size < KEY_BITS:
        raise Unreadable("certificate key")
    if not _SERIAL.fullmatch(serial) or int(serial, 16) != certificate.serial_number:
        raise Unreadable("serial_no")
    return ProviderKey(
        RsaVerifier(public),
        from_s=int(certificate.not_valid_before_utc.timestamp()),
        until_s=int(certificate.not_valid_after_utc.timestamp()),
    )
