"""Who may ask the bank, and with which keys the bank signs. Pure: keys come in, headers come out."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from terminal.sandbox.alipay_certificates import AlipayCertificates
from terminal.sandbox.signing import SCHEME, MacSigner, Signer, Verifier, answer_message, seal
from terminal.sandbox.wire_forms import rfc3339

FRESH_S: Final = 300  # |now - timestamp| above this is refused, on both sides
_STALE_S: Final = 400


class Entropy(Protocol):
    def bytes(self, count: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Merchant:
    mchid: str
    appid: str
    shop: str  # what the customer sees
    serial: str  # of the merchant's certificate
    verifier: Verifier
    apiv3_key: str  # 32 ASCII characters


def alipay_names(mchid: str) -> dict[str, str]:
    """Who this merchant is at Alipay's door: app and seller, the latter 16 digits that begin with 2088.

    Keys are the same as at WeChat Pay's: making two more would cost every fresh sandbox a quarter of a second.
    """
    return {"alipay_app_id": f"2021{mchid:0>12}", "alipay_seller_id": f"2088{mchid:0>12}"}


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A key the platform signs with: a certificate's, or the public key with its PUB_KEY_ID."""

    serial: str
    signer: Signer
    certificate_pem: str = ""  # empty for the public key
    from_ms: int = 0
    until_ms: int = 0


@dataclass(slots=True)
class Keyring:
    merchants: Mapping[str, Merchant]
    public: PlatformKey
    certificates: list[PlatformKey]  # newest last; older ones stay valid until their end
    forger: Signer  # a stranger's key: signs what must not be believed
    entropy: Entropy
    usual: str = field(default="")  # serial the merchant asked for last; notifications follow it
    alipay: AlipayCertificates | None = None  # None: keyed MACs know no certificates
    certified: set[str] = field(default_factory=set)  # merchants whose last Alipay call was in certificate mode

    def platform_key(self, serial: str) -> PlatformKey:
        """The public key when a request's Wechatpay-Serial names it, else the newest certificate."""
        return self.public if serial == self.public.serial else self.certificates[-1]

    def notifying_key(self) -> PlatformKey:
        return self.platform_key(self.usual) if self.usual else self.public

    def signed(self, body: bytes, now_ms: int, key: PlatformKey, tamper: str = "") -> dict[str, str]:
        """The Wechatpay-* headers over ``body``.

        Args:
            tamper: empty for an honest signature; flipped, missing, unknown-serial, stale, signtest (the
                provider's documented probe) or forged (a stranger signs under the platform's name).
        """
        timestamp = str(now_ms // 1000 - (_STALE_S if tamper == "stale" else 0))
        nonce = self.entropy.bytes(16).hex().upper()
        signer = self.forger if tamper in ("forged", "unknown-serial") else key.signer
        signature = signer.sign(answer_message(timestamp, nonce, body))
        if tamper == "flipped":
            signature = bytes((signature[0] ^ 1,)) + signature[1:]
        text = base64.b64encode(signature).decode()
        if tamper == "signtest":
            text = f"WECHATPAY/SIGNTEST/{text}"
        headers = {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": text,
            "Wechatpay-Serial": "7E57" * 10 if tamper == "unknown-serial" else key.serial,
            "Wechatpay-Signature-Type": SCHEME,
        }
        if tamper == "missing":
            del headers["Wechatpay-Signature"]
        return headers

    def sealed(self, merchant: Merchant, plaintext: bytes, associated_data: str) -> tuple[str, str]:
        """Ciphertext and nonce of a part only this merchant can read."""
        nonce = self.entropy.bytes(6).hex()
        return seal(merchant.apiv3_key, plaintext, nonce=nonce, associated_data=associated_data), nonce

    def certificate_list(self, merchant: Merchant, now_ms: int) -> dict[str, object]:
        """The answer of GET /v3/certificates: every certificate still valid, newest last."""
        data = []
        for key in self.certificates:
            if key.until_ms and key.until_ms <= now_ms:
                continue
            ciphertext, nonce = self.sealed(merchant, key.certificate_pem.encode(), "certificate")
            data.append(
                {
                    "serial_no": key.serial,
                    "effective_time": rfc3339(key.from_ms),
                    "expire_time": rfc3339(key.until_ms),
                    "encrypt_certificate": {
                        "algorithm": "AEAD_AES_256_GCM",
                        "nonce": nonce,
                        "associated_data": "certificate",
                        "ciphertext": ciphertext,
                    },
                }
            )
        return {"data": data}


@dataclass(frozen=True, slots=True)
class SimulatedMerchant:
    """What one merchant's terminal holds in a simulation: the same MAC keys that the bank holds."""

    mchid: str
    appid: str
    serial: str
    apiv3_key: str
    merchant_key: bytes  # MacSigner(merchant_key) signs the requests
    platform_key: bytes  # MacSigner(platform_key) verifies answers and notifications
    platform_serial: str


def simulated_keyring(
    entropy: Entropy, mchids: Sequence[str] = ("1900000001",)
) -> tuple[Keyring, list[SimulatedMerchant]]:
    """Keyed MACs instead of RSA, everything drawn from ``entropy``: equal seeds give equal worlds."""
    platform_key = entropy.bytes(32)
    public = PlatformKey("PUB_KEY_ID_0119000000012025010100000000000000", MacSigner(platform_key))
    certificate = PlatformKey(entropy.bytes(20).hex().upper(), MacSigner(platform_key), "TEST, NO CERTIFICATE")
    told = []
    merchants = {}
    for number, mchid in enumerate(mchids, 1):
        mine = SimulatedMerchant(
            mchid=mchid,
            appid=f"wx{number:016x}",
            serial=entropy.bytes(20).hex().upper(),
            apiv3_key=entropy.bytes(16).hex(),
            merchant_key=entropy.bytes(32),
            platform_key=platform_key,
            platform_serial=public.serial,
        )
        told.append(mine)
        merchants[mchid] = Merchant(
            mchid,
            mine.appid,
            f"TEST Shop {number}",
            mine.serial,
            MacSigner(mine.merchant_key),
            mine.apiv3_key,
        )
    return Keyring(merchants, public, [certificate], MacSigner(entropy.bytes(32)), entropy), told
