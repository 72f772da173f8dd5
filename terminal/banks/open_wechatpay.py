"""From settings to a channel at WeChat Pay."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from terminal.banks.channel import Channel
from terminal.banks.client import ProviderLink
from terminal.banks.connector import Keys, ProviderKey
from terminal.banks.profile_file import load_profile
from terminal.banks.signing import RsaSigner, RsaVerifier, Signer, read_private_key, read_public_key
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
        ca_file: PEM of the authorities to trust instead of the system's.
    """

    mchid: str
    appid: str
    merchant_serial: str
    apiv3_key: str = field(repr=False)
    merchant_key_file: Path | None = None
    platform_key_id: str = ""
    platform_key_file: Path | None = None
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
) -> Channel:
    """Build the channel; nothing is sent yet. The caller closes it with ``Channel.aclose``.

    Args:
        http, signer, keys: given by simulations in the place of the real link and RSA.

    Raises:
        BadSettings: ``apiv3_key_wrong_length``, ``setting_unusable``, ``profile_unusable``, and those of
            ``read_private_key``, ``read_public_key`` and ``ProviderLink``.
    """
    connector = WeChatPay(profile or load_profile("wechatpay"), _merchant(settings))
    own = None if http else ProviderLink(settings.gateway, ca_file=settings.ca_file, test=test)
    link = http or own
    assert link is not None
    return Channel(
        connector,
        signer=signer or _signer(settings),
        http=link,
        closing=own.aclose if own else None,
        clock=clock,
        entropy=entropy,
        keys=_keys(settings) if keys is None else keys,
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


def _signer(settings: WeChatPaySettings) -> Signer:
    serial = settings.merchant_serial
    if not serial.isascii() or not serial.isalnum():
        raise BadSettings("setting_unusable", field="merchant_serial", why="hexadecimal")
    if settings.merchant_key_file is None:
        raise BadSettings("setting_unusable", field="merchant_key_file", why="missing")
    return RsaSigner(read_private_key(settings.merchant_key_file), serial)


def _keys(settings: WeChatPaySettings) -> Keys:
    if bool(settings.platform_key_id) != (settings.platform_key_file is not None):
        why = "platform_key_id and platform_key_file go together"
        raise BadSettings("setting_unusable", field="platform_key_file", why=why)
    if settings.platform_key_file is None:
        return {}
    key = ProviderKey(RsaVerifier(read_public_key(settings.platform_key_file)))
    return {settings.platform_key_id: key}
