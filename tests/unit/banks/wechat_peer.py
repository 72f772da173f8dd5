"""WeChat Pay's side of the wire for unit tests: the conformance kit's peer, with keys by name and certificates."""

import base64
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509.oid import NameOID

from terminal.conformance.kit import NOW_S, Says
from terminal.conformance.peers import wechatpay
from terminal.conformance.peers.rsa_keys import rsa_key
from terminal.conformance.peers.wechatpay import APIV3_KEY, APPID, KEY_ID, MCHID, sealed
from terminal.counter.ports import HttpReply, Order, RefundOrder

__all__ = ["APIV3_KEY", "APPID", "KEY_ID", "MCHID", "NOW_S", "sealed"]

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "golden" / "wechatpay_apiv3.json").read_text("utf-8")
)


@cache
def merchant_key() -> rsa.RSAPrivateKey:
    key = load_der_private_key(base64.b64decode(VECTORS["key_pkcs8_der_base64"]), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


@cache
def made_key(name: str) -> rsa.RSAPrivateKey:
    """A key of its own for each name: the kit's fixed ones, others made once a run."""
    match name:
        case "platform" | "stranger":
            return rsa_key(name)
    return rsa.generate_private_key(65537, 2048)


class WeChatPeer(wechatpay.WeChatPeer):
    def __init__(self, *, key: str = "platform", key_id: str = KEY_ID, now_s: int = NOW_S) -> None:
        shop = merchant_key().public_key()
        super().__init__(key=made_key(key), key_id=key_id, now_s=now_s, shop=shop)
        self.key = key

    def says(
        self, what: Says, order: Order, refund: RefundOrder | None = None, *, act: str = "query"
    ) -> HttpReply:
        reply = super().says(what, order, refund, act=act)
        assert reply is not None, what
        return reply

    def certificates(self, *certificates: x509.Certificate, secret: str = APIV3_KEY) -> HttpReply:
        return self.answer(
            200,
            {
                "data": [
                    {
                        "serial_no": f"{one.serial_number:X}",
                        "effective_time": one.not_valid_before_utc.isoformat(),
                        "expire_time": one.not_valid_after_utc.isoformat(),
                        "encrypt_certificate": sealed(
                            one.public_bytes(Encoding.PEM), "certificate", secret=secret
                        ),
                    }
                    for one in certificates
                ]
            },
        )


@cache
def certificate(key: str, *, from_s: int = NOW_S - 86_400, until_s: int = NOW_S + 86_400) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, key)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(made_key(key).public_key())
        .serial_number(int.from_bytes(key.encode()))
        .not_valid_before(datetime.fromtimestamp(from_s, UTC))
        .not_valid_after(datetime.fromtimestamp(until_s, UTC))
        .sign(made_key(key), hashes.SHA256())
    )
