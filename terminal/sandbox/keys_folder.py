"""Real keys, made at the first start and kept in the sandbox's state folder.

Layout: ``keys/`` is the bank's own; ``merchant/`` (``merchant-2/``, …) is what a merchant would have got from the
provider's portal, so a service is pointed at the sandbox by ``merchant/credentials.json`` alone.
"""

import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from terminal.sandbox import alipay_certificates
from terminal.sandbox.alipay_certificates import FILES as ALIPAY_FILES
from terminal.sandbox.alipay_certificates import AlipayCertificates, Maker
from terminal.sandbox.keyring import Entropy, Keyring, Merchant, PlatformKey, alipay_names
from terminal.sandbox.pix_forms import API, ROOT, pix_names
from terminal.sandbox.signing import RsaSigner, RsaVerifier
from terminal.whole_file import write_whole

_LIFE_DAYS: Final = 5 * 365
_INDEX: Final = "keys.json"


class KeysFolder:
    def __init__(self, state_dir: Path, entropy: Entropy) -> None:
        self._state_dir, self._entropy = state_dir, entropy
        self._bank = state_dir / "keys"

    def open(self, now_ms: int, shops: Sequence[str]) -> Keyring:
        """Load the keys, or make them when there are none yet. The index is written last."""
        self._state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self._bank / _INDEX).exists():
            self._make(now_ms, shops)
        index: dict[str, Any] = json.loads((self._bank / _INDEX).read_text())
        authority = self._key("authority")
        merchants = {
            told["mchid"]: Merchant(
                told["mchid"],
                told["appid"],
                told["shop"],
                told["serial"],
                RsaVerifier(self._certificate(f"merchant-{told['mchid']}").public_key()),  # type: ignore[arg-type]  # made below, RSA
                told["apiv3_key"],
            )
            for told in index["merchants"]
        }
        certificates = [self._platform_certificate(told) for told in index["certificates"]]
        public = PlatformKey(index["public_key_id"], RsaSigner(self._key("public")))
        # The authority signs no answers, so its key is a stranger's for whoever verifies one.
        alipay = self._alipay(index, now_ms)
        return Keyring(merchants, public, certificates, RsaSigner(authority), self._entropy, alipay=alipay)

    @property
    def bank(self) -> Path:
        """The folder of the bank's own keys."""
        return self._bank

    def credentials(self, number: int = 1) -> Path:
        return self._state_dir / ("merchant" if number == 1 else f"merchant-{number}")

    def shops(self) -> list[Path]:
        """The folder of every merchant."""
        return sorted(path.parent for path in self._state_dir.glob("merchant*/credentials.json"))

    def write_gateway(self, gateway: str, pix: tuple[str, Mapping[str, str]] | None = None) -> None:
        """Tell every merchant where the sandbox listens now; ``pix``: where with TLS, and the files for it."""
        pix_gateway, files = pix or (gateway, {})
        for folder in self.shops():
            path = folder / "credentials.json"
            told = json.loads(path.read_text())
            told |= {
                "gateway": gateway,
                **ALIPAY_FILES,
                **alipay_names(told["mchid"]),
                "alipay_gateway": gateway + "/gateway.do",
            }
            told |= {**pix_names(told["mchid"], told["apiv3_key"]), "pix_gateway": pix_gateway + API, **files}
            told["pix_oauth_url"] = f"{ROOT}/oauth/token"
            write_whole(path, json.dumps(told, indent=2).encode(), 0o600)

    def rotate_certificate(self, now_ms: int) -> PlatformKey:
        """A new platform certificate; earlier ones stay in the list until their end."""
        index: dict[str, Any] = json.loads((self._bank / _INDEX).read_text())
        told = self._make_certificate(len(index["certificates"]) + 1, now_ms)
        index["certificates"].append(told)
        write_whole(self._bank / _INDEX, json.dumps(index, indent=2).encode(), 0o600)
        self._make_alipay(told["name"], len(index["certificates"]), now_ms)
        return self._platform_certificate(told)

    def alipay(self, now_ms: int) -> AlipayCertificates:
        """Alipay's certificates as they are after the last rotation."""
        return self._alipay(json.loads((self._bank / _INDEX).read_text()), now_ms)

    # --- Alipay's certificate mode ----------------------------------------------------------------------

    def _alipay(self, index: Mapping[str, Any], now_ms: int) -> AlipayCertificates:
        """A folder of an older sandbox has none: they are made then."""
        newest = index["certificates"][-1]["name"]
        maker, root = Maker(self._key("public"), now_ms), self._bank / "alipay-root.crt.pem"
        if not root.exists():
            self._make_alipay(newest, len(index["certificates"]), now_ms)
            write_whole(
                self._bank / "alipay-forged.crt.pem", maker.forged(self._key("authority"), 999).encode(), 0o600
            )
            write_whole(root, maker.root_file(), 0o600)
        apps: dict[str, Path] = {}
        for number, told in enumerate(index["merchants"], 1):
            mchid, folder = told["mchid"], self.credentials(number)
            apps[mchid] = folder / ALIPAY_FILES["alipay_app_certificate_file"]
            if not apps[mchid].exists():
                public = self._certificate(f"merchant-{mchid}").public_key()
                assert isinstance(public, RSAPublicKey), mchid
                own = (self._bank / f"alipay-{newest}.crt.pem").read_bytes()
                write_whole(folder / ALIPAY_FILES["alipay_certificate_file"], own, 0o600)
                write_whole(folder / ALIPAY_FILES["alipay_root_certificate_file"], root.read_bytes(), 0o600)
                write_whole(apps[mchid], maker.app(public, alipay_names(mchid), 1000 + number).encode(), 0o600)
        return alipay_certificates.read(self._bank, newest, apps)

    def _make_alipay(self, name: str, number: int, now_ms: int) -> None:
        made = Maker(self._key("public"), now_ms).alipay(self._key(name).public_key(), 10 + number)
        write_whole(self._bank / f"alipay-{name}.crt.pem", made.encode(), 0o600)

    # --- making -----------------------------------------------------------------------------------------

    def _make(self, now_ms: int, shops: Sequence[str]) -> None:
        self._bank.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = _new_key()
        self._save_key("authority", authority)
        root = self._sign("Countertop TEST authority", authority, authority, now_ms, is_authority=True)
        write_whole(self._bank / "authority.crt.pem", root.public_bytes(Encoding.PEM), 0o600)
        self._save_key("public", _new_key())
        digits = str(int.from_bytes(self._entropy.bytes(12))).rjust(30, "0")
        public_key_id = f"PUB_KEY_ID_011{digits}"
        certificate = self._make_certificate(1, now_ms)
        merchants = [
            self._make_merchant(number, shop, now_ms, public_key_id, certificate["serial"])
            for number, shop in enumerate(shops, 1)
        ]
        index = {"public_key_id": public_key_id, "certificates": [certificate], "merchants": merchants}
        write_whole(self._bank / _INDEX, json.dumps(index, indent=2).encode(), 0o600)

    def _make_certificate(self, number: int, now_ms: int) -> dict[str, Any]:
        name, key = f"certificate-{number}", _new_key()
        self._save_key(name, key)
        made = self._sign("Countertop TEST platform", key, self._key("authority"), now_ms)
        write_whole(self._bank / f"{name}.crt.pem", made.public_bytes(Encoding.PEM), 0o600)
        until_ms = now_ms + _LIFE_DAYS * 86_400_000
        return {"name": name, "serial": _serial(made), "from_ms": now_ms, "until_ms": until_ms}

    def _make_merchant(
        self, number: int, shop: str, now_ms: int, public_key_id: str, platform_serial: str
    ) -> dict[str, Any]:
        folder = self.credentials(number)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = _new_key()
        mchid, appid = f"19000000{number:02d}", f"wx7e57{self._entropy.bytes(6).hex()}"
        certificate = self._sign(f"TEST {mchid}", key, self._key("authority"), now_ms)
        apiv3_key = self._entropy.bytes(16).hex()
        pem = certificate.public_bytes(Encoding.PEM)
        write_whole(self._bank / f"merchant-{mchid}.crt.pem", pem, 0o600)
        write_whole(folder / "merchant_certificate.pem", pem, 0o600)
        write_whole(folder / "merchant_private_key.pem", _private_pem(key), 0o600)
        public_pem = self._key("public").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        write_whole(folder / "platform_public_key.pem", public_pem, 0o600)
        write_whole(
            folder / "platform_certificate.pem", (self._bank / "certificate-1.crt.pem").read_bytes(), 0o600
        )
        told = {
            "test": True,
            "gateway": "",
            "shop": shop,
            "mchid": mchid,
            "appid": appid,
            "merchant_serial": _serial(certificate),
            "merchant_private_key_file": "merchant_private_key.pem",
            "apiv3_key": apiv3_key,
            "platform_public_key_id": public_key_id,
            "platform_public_key_file": "platform_public_key.pem",
            "platform_certificate_serial": platform_serial,
            "platform_certificate_file": "platform_certificate.pem",
        }
        write_whole(folder / "credentials.json", json.dumps(told, indent=2).encode(), 0o600)
        kept = ("mchid", "appid", "shop", "apiv3_key")
        return {name: told[name] for name in kept} | {"serial": told["merchant_serial"]}

    def _sign(
        self, name: str, key: RSAPrivateKey, issuer: RSAPrivateKey, now_ms: int, *, is_authority: bool = False
    ) -> x509.Certificate:
        start = datetime.datetime.fromtimestamp(now_ms // 1000, datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name("Countertop TEST authority"))
            .public_key(key.public_key())
            .serial_number(int.from_bytes(self._entropy.bytes(19)) | 1 << 150)
            .not_valid_before(start - datetime.timedelta(minutes=10))
            .not_valid_after(start + datetime.timedelta(days=_LIFE_DAYS))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(issuer, SHA256())
        )

    # --- files ------------------------------------------------------------------------------------------

    def _platform_certificate(self, told: dict[str, Any]) -> PlatformKey:
        pem = (self._bank / f"{told['name']}.crt.pem").read_text()
        signer = RsaSigner(self._key(told["name"]))
        return PlatformKey(told["serial"], signer, pem, told["from_ms"], told["until_ms"])

    def _key(self, name: str) -> RSAPrivateKey:
        # We made it: checking its primes again would cost 45 ms a key at every start.
        pem = (self._bank / f"{name}.key.pem").read_bytes()
        key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(key, RSAPrivateKey), name
        return key

    def _certificate(self, name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self._bank / f"{name}.crt.pem").read_bytes())

    def _save_key(self, name: str, key: RSAPrivateKey) -> None:
        write_whole(self._bank / f"{name}.key.pem", _private_pem(key), 0o600)


def _new_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def _private_pem(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _serial(certificate: x509.Certificate) -> str:
    return f"{certificate.serial_number:X}"
