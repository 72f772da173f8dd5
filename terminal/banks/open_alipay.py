"""From settings to a channel at Alipay."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from terminal.banks.alipay import PATH, Alipay, Merchant
from terminal.banks.alipay_messages import KEY_ID
from terminal.banks.channel import Channel
from terminal.banks.client import ProviderLink
from terminal.banks.connector import Keys, ProviderKey
from terminal.banks.profile_file import load_profile
from terminal.banks.signing import RsaSigner, RsaVerifier, Signer, read_private_key, read_public_key
from terminal.counter.ports import Clock, Entropy, ProviderHttp
from terminal.errors import BadSettings
from terminal.payments.profile import Profile

GATEWAY: Final = "https://openapi.alipay.com/gateway.do"


@dataclass(frozen=True, slots=True)
class AlipaySettings:
    """One merchant's app, as the settings file gives it; the only secret is the key file.

    Args:
        app_id: of the app in the Open Platform's console.
        seller_id: the merchant's 16 digits that begin with 2088 (PID).
        app_key_file: PEM of the app's RSA private key (PKCS#8 or PKCS#1, at least 2048 bits).
        alipay_key_file: PEM of Alipay's public key for this app: not the app's own public key.
        gateway: with its path; the provider's own sandbox has another host.
    """

    app_id: str
    seller_id: str
    app_key_file: Path | None = None
    alipay_key_file: Path | None = None
    gateway: str = GATEWAY
    ca_file: Path | None = None
    notify_url: str = ""
    store_id: str = ""


def open_alipay(
    settings: AlipaySettings,
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
        BadSettings: ``setting_unusable``, ``profile_unusable``, and those of ``read_private_key``,
            ``read_public_key`` and ``ProviderLink``.
    """
    origin, path = _gateway(settings.gateway)
    merchant = Merchant(settings.app_id, settings.seller_id, settings.notify_url, settings.store_id, path)
    connector = Alipay(profile or load_profile("alipay"), merchant)
    own = None if http else ProviderLink(origin, ca_file=settings.ca_file, test=test)
    link = http or own
    assert link is not None
    return Channel(
        connector,
        signer=signer or RsaSigner(read_private_key(_file(settings, "app_key_file")), settings.app_id),
        http=link,
        closing=own.aclose if own else None,
        clock=clock,
        entropy=entropy,
        keys=_keys(settings) if keys is None else keys,
    )


def _gateway(address: str) -> tuple[str, str]:
    """Origin and path; what is wrong with the origin is the link's to say."""
    try:
        parts = urlsplit(address)
    except ValueError:
        raise BadSettings("gateway_unusable", gateway=address) from None
    rest = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}{rest}", parts.path.rstrip("/") or PATH


def _keys(settings: AlipaySettings) -> Keys:
    return {KEY_ID: ProviderKey(RsaVerifier(read_public_key(_file(settings, "alipay_key_file"))))}


def _file(settings: AlipaySettings, name: str) -> Path:
    file: Path | None = getattr(settings, name)
    if file is None:
        raise BadSettings("setting_unusable", field=name, why="missing")
    return file
