"""From settings to a channel at WeChat Pay."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from terminal.banks.ask_wechatpay_bill import WeChatPayBills
from terminal.banks.bill_fetching import BillFetcher, Opens
from terminal.banks.channel import Channel
from terminal.banks.client import ProviderLink
from terminal.banks.connector import Keys, ProviderKey
from terminal.banks.key_files import KeyFiles, KeyMaterial, SigningKey, expiry_of, signing_key, since
from terminal.banks.profile_file import load_profile
from terminal.banks.signing import RsaVerifier, Signer, read_public_key
from terminal.banks.wechatpay import Merchant, WeChatPay
from terminal.counter.ports import Clock, Entropy, ProviderHttp
from terminal.errors import BadSettings
from terminal.payments.profile import Profile

APIV3_KEY_BYTES: Final = 32
GATEWAY: Final = "https://api.mch.weixin.qq.com"


@dataclass(frozen=True, slots=True)
class WeChatPaySettings:
    """One merchant's account, as the settings file and the secrets file give it.

    Args:
        merchant_serial: serial of the merchant's API certificate, upper-case hexadecimal.
        merchant_key_file: PEM private key of that certificate; not needed when a signer is given.
        apiv3_key: 32 ASCII characters from the merchant portal; a secret.
        platform_key_id: ``PUB_KEY_ID_…``; with ``platform_key_file`` this is public-key mode.
        certificates: allow fetching platform certificates for serials that are not known; both modes may
            hold at once while a merchant migrates.
        merchant_certificate_file: PEM of the API certificate itself: it names the serial and its own end.
        next_…: the key, its serial or certificate, and when it begins (RFC 3339); the platform's next key is
            accepted beside the present one at once.
        ca_file: PEM of the authorities to trust instead of the system's.
    """

    mchid: str
    appid: str
    merchant_serial: str
    apiv3_key: str = field(repr=False)
    merchant_key_file: Path | None = None
    merchant_certificate_file: Path | None = None
    next_merchant_serial: str = ""
    next_merchant_key_file: Path | None = None
    next_merchant_certificate_file: Path | None = None
    next_merchant_from: str = ""
    platform_key_id: str = ""
    platform_key_file: Path | None = None
    next_platform_key_id: str = ""
    next_platform_key_file: Path | None = None
    certificates: bool = True
    gateway: str = GATEWAY
    ca_file: Path | None = None
    notify_url: str = ""
    store_id: str = ""


def open_wechatpay(
    settings: WeChatPaySettings,
    *,
    clock: Clock,
    entropy: Entropy,
    test: bool,
    profile: Profile | None = None,
    http: ProviderHttp | None = None,
    signer: Signer | None = None,
    keys: Keys | None = None,
    downloads: Opens | None = None,
) -> Channel:
    """Build the channel; nothing is sent yet. The caller closes it with ``Channel.aclose``.

    Args:
        http, signer, keys, downloads: given by simulations in the place of the real links and RSA.

    Raises:
        BadSettings: ``apiv3_key_wrong_length``, ``setting_unusable``, ``profile_unusable``, and those of
            ``signing_key``, ``read_public_key``, ``expiry_of`` and ``ProviderLink``.
    """
    connector = WeChatPay(profile or load_profile("wechatpay"), _merchant(settings))
    own = None if http else ProviderLink(settings.gateway, ca_file=settings.ca_file, test=test)
    link = http or own
    assert link is not None
    renew = own.trust_again if own else None
    origins = (
        own.origin if own else settings.gateway,
        *connector.profile.settings.get("bill_origins", "").split(),
    )

    def opens(at: str) -> ProviderLink:
        return ProviderLink(at, ca_file=settings.ca_file, test=test)

    files = KeyFiles(_files(settings), lambda: _material(settings, signer, keys), renew)
    return Channel(
        connector,
        signer=files.now.signing[0].signer,
        http=link,
        closing=own.aclose if own else None,
        clock=clock,
        entropy=entropy,
        keys=files.now.keys,
        files=files,
        bills=BillFetcher(WeChatPayBills(connector.profile.settings), origins, downloads or opens),
    )


def _merchant(settings: WeChatPaySettings) -> Merchant:
    secret = settings.apiv3_key.encode("utf-8")
    if not settings.apiv3_key.isascii():
        raise BadSettings("setting_unusable", field="apiv3_key", why="only ASCII letters and digits")
    if len(secret) != APIV3_KEY_BYTES:
        raise BadSettings("apiv3_key_wrong_length", bytes=len(secret), wanted=APIV3_KEY_BYTES)
    if not settings.platform_key_id and not settings.certificates:
        why = "needs platform_key_id, or certificates allowed"
        raise BadSettings("setting_unusable", field="platform_key_id", why=why)
    return Merchant(
        settings.mchid,
        settings.appid,
        secret,
        platform_key_id=settings.platform_key_id,
        certificates=settings.certificates,
        notify_url=settings.notify_url,
        store_id=settings.store_id,
    )


def _files(settings: WeChatPaySettings) -> list[Path]:
    named = (
        settings.merchant_key_file,
        settings.merchant_certificate_file,
        settings.next_merchant_key_file,
        settings.next_merchant_certificate_file,
        settings.platform_key_file,
        settings.next_platform_key_file,
        settings.ca_file,
    )
    return [each for each in named if each is not None]


def _material(settings: WeChatPaySettings, signer: Signer | None, keys: Keys | None) -> KeyMaterial:
    certificates = {
        "merchant_certificate": (settings.merchant_certificate_file, settings.next_merchant_certificate_file),
        "authority": (settings.ca_file,),
    }
    return KeyMaterial(
        (SigningKey(signer),) if signer else _signing(settings),
        _keys(settings) if keys is None else keys,
        tuple(expiry_of(kind, file) for kind, files in certificates.items() for file in files if file),
    )


def _signing(settings: WeChatPaySettings) -> tuple[SigningKey, ...]:
    """The present key and, once it has a beginning, the next one."""
    present = _signing_key(
        settings.merchant_key_file, settings.merchant_serial, settings.merchant_certificate_file, "merchant"
    )
    if not settings.next_merchant_from:
        if settings.next_merchant_key_file is not None:  # without its moment it would never sign
            raise BadSettings("setting_unusable", field="next_merchant_from", why="missing")
        return (present,)
    following = _signing_key(
        settings.next_merchant_key_file,
        settings.next_merchant_serial,
        settings.next_merchant_certificate_file,
        "next_merchant",
        since(settings.next_merchant_from, "next_merchant_from"),
    )
    return (present, following)


def _signing_key(
    key_file: Path | None, serial: str, certificate: Path | None, name: str, from_s: int = 0
) -> SigningKey:
    if certificate is None and not (serial.isascii() and serial.isalnum()):
        raise BadSettings("setting_unusable", field=f"{name}_serial", why="hexadecimal")
    if key_file is None:
        raise BadSettings("setting_unusable", field=f"{name}_key_file", why="missing")
    return signing_key(key_file, serial, certificate, from_s=from_s)


def _keys(settings: WeChatPaySettings) -> Keys:
    """The platform's present key and the next one: whichever a message names is accepted."""
    pairs = {
        "platform_key_file": (settings.platform_key_id, settings.platform_key_file),
        "next_platform_key_file": (settings.next_platform_key_id, settings.next_platform_key_file),
    }
    found: dict[str, ProviderKey] = {}
    for field_name, (key_id, file) in pairs.items():
        if bool(key_id) != (file is not None):
            why = "the key's id and its file go together"
            raise BadSettings("setting_unusable", field=field_name, why=why)
        if file is not None:
            found[key_id] = ProviderKey(RsaVerifier(read_public_key(file)))
    return found
