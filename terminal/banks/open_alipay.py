"""From settings to a channel at Alipay."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from terminal.banks.alipay import PATH, Alipay, Merchant
from terminal.banks.alipay_certificates import Trust, read_keys, read_trust, serial_of
from terminal.banks.alipay_messages import KEY_ID
from terminal.banks.ask_alipay_bill import AlipayBills
from terminal.banks.bill_fetching import BillFetcher, Opens
from terminal.banks.channel import Channel
from terminal.banks.client import ProviderLink
from terminal.banks.connector import Keys, ProviderKey
from terminal.banks.key_files import KeyFiles, KeyMaterial, SigningKey, expiry_of, signing_key, since
from terminal.banks.profile_file import load_profile
from terminal.banks.signing import AnyVerifier, RsaVerifier, Signer, read_public_key
from terminal.counter.ports import Clock, Entropy, Expiry, ProviderHttp
from terminal.errors import BadSettings
from terminal.payments.profile import Profile

GATEWAY: Final = "https://openapi.alipay.com/gateway.do"


@dataclass(frozen=True, slots=True)
class AlipaySettings:
    """One merchant's app, as the settings file gives it; the only secret is the key file.

    Either ``alipay_key_file`` (key mode), or the three certificate files (certificate mode).

    Args:
        app_id: of the app in the Open Platform's console.
        seller_id: the merchant's 16 digits that begin with 2088 (PID).
        app_key_file: PEM of the app's RSA private key (PKCS#8 or PKCS#1, at least 2048 bits).
        alipay_key_file: PEM of Alipay's public key for this app: not the app's own public key.
        next_app_key_file, next_app_from: the app's next key and when it begins to sign (RFC 3339).
        next_alipay_key_file: Alipay's next public key, accepted beside the present one.
        app_certificate_file: appCertPublicKey_….crt of the app's page, for the app's key.
        alipay_certificate_file: alipayCertPublicKey_RSA2.crt of the same page.
        root_certificate_file: alipayRootCert.crt of the same page; a changed one needs a restart.
        next_app_certificate_file, next_alipay_certificate_file: as the next keys.
        gateway: with its path; the provider's own sandbox has another host.
    """

    app_id: str
    seller_id: str
    app_key_file: Path | None = None
    alipay_key_file: Path | None = None
    next_app_key_file: Path | None = None
    next_app_from: str = ""
    next_alipay_key_file: Path | None = None
    app_certificate_file: Path | None = None
    alipay_certificate_file: Path | None = None
    root_certificate_file: Path | None = None
    next_app_certificate_file: Path | None = None
    next_alipay_certificate_file: Path | None = None
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
    trust: Trust | None = None,
    downloads: Opens | None = None,
) -> Channel:
    """Build the channel; nothing is sent yet. The caller closes it with ``Channel.aclose``.

    Args:
        http, signer, keys, trust, downloads: given by simulations in the place of the real links, RSA and files.

    Raises:
        BadSettings: ``setting_unusable``, ``profile_unusable``, and those of ``read_private_key``,
            ``read_public_key`` and ``ProviderLink``.
    """
    origin, path = _gateway(settings.gateway)
    merchant = Merchant(settings.app_id, settings.seller_id, settings.notify_url, settings.store_id, path)
    trust = trust or _trust(settings)
    connector = Alipay(profile or load_profile("alipay"), merchant, trust)
    own = None if http else ProviderLink(origin, ca_file=settings.ca_file, test=test)
    link = http or own
    assert link is not None
    renew = own.trust_again if own else None
    origins = (own.origin if own else origin, *connector.profile.settings.get("bill_origins", "").split())

    def opens(at: str) -> ProviderLink:
        return ProviderLink(at, ca_file=settings.ca_file, test=test)

    files = KeyFiles(_files(settings), lambda: _material(settings, trust, signer, keys), renew)
    return Channel(
        connector,
        signer=files.now.signing[0].signer,
        http=link,
        closing=own.aclose if own else None,
        clock=clock,
        entropy=entropy,
        keys=files.now.keys,
        files=files,
        bills=BillFetcher(AlipayBills(), origins, downloads or opens),
    )


def _gateway(address: str) -> tuple[str, str]:
    """Origin and path; what is wrong with the origin is the link's to say."""
    try:
        parts = urlsplit(address)
    except ValueError:
        raise BadSettings("gateway_unusable", gateway=address) from None
    rest = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}{rest}", parts.path.rstrip("/") or PATH


def _files(settings: AlipaySettings) -> list[Path]:
    named = (
        settings.app_key_file,
        settings.next_app_key_file,
        settings.alipay_key_file,
        settings.next_alipay_key_file,
        settings.app_certificate_file,
        settings.next_app_certificate_file,
        settings.alipay_certificate_file,
        settings.next_alipay_certificate_file,
        settings.ca_file,
    )
    return [each for each in named if each is not None]


def _trust(settings: AlipaySettings) -> Trust | None:
    """None: key mode. A mixture of both is refused, because it would not be seen which one protects."""
    named = ("app_certificate_file", "alipay_certificate_file", "root_certificate_file")
    given = [name for name in named if getattr(settings, name) is not None]
    if not given:
        return None
    if settings.alipay_key_file or settings.next_alipay_key_file:
        why = "either Alipay's public key or its certificates"
        raise BadSettings("setting_unusable", field="alipay_key_file", why=why)
    for name in named:
        _file(settings, name)
    return read_trust(_file(settings, "root_certificate_file"), _file(settings, "alipay_certificate_file"))


def _material(
    settings: AlipaySettings, trust: Trust | None, signer: Signer | None, keys: Keys | None
) -> KeyMaterial:
    signing = _signing(settings, trust, signer)
    ends = [expiry_of("authority", settings.ca_file)] if settings.ca_file else []
    if trust is not None and settings.root_certificate_file is not None:
        ends += _certificate_ends(settings, trust)
    if keys is None:
        keys = _keys(settings) if trust is None else _certified_keys(settings, trust)
    return KeyMaterial(signing, keys, tuple(ends))


def _signing(settings: AlipaySettings, trust: Trust | None, signer: Signer | None) -> tuple[SigningKey, ...]:
    """In certificate mode a key's name is its certificate's SN: the requests of the next key name the next one."""
    if signer:
        return (SigningKey(signer),)
    app_id, certified = settings.app_id, trust is not None
    first = _file(settings, "app_certificate_file") if certified else None
    signing = [signing_key(_file(settings, "app_key_file"), app_id, first, named=serial_of)]
    if settings.next_app_from:
        from_s = since(settings.next_app_from, "next_app_from")
        file = _file(settings, "next_app_key_file")
        certificate = _file(settings, "next_app_certificate_file") if certified else None
        signing.append(signing_key(file, app_id, certificate, from_s=from_s, named=serial_of))
    return tuple(signing)


def _keys(settings: AlipaySettings) -> Keys:
    """No message names its key: while one gives way to the next, either is accepted."""
    files = [_file(settings, "alipay_key_file")]
    if settings.next_alipay_key_file is not None:
        files.append(settings.next_alipay_key_file)
    return {KEY_ID: ProviderKey(AnyVerifier([RsaVerifier(read_public_key(each)) for each in files]))}


def _certified_keys(settings: AlipaySettings, trust: Trust) -> Keys:
    """By SN; a message that names none is held against each of them."""
    keys = dict(read_keys(trust, _file(settings, "alipay_certificate_file"), "alipay_certificate_file"))
    if settings.next_alipay_certificate_file is not None:
        keys |= read_keys(trust, settings.next_alipay_certificate_file, "next_alipay_certificate_file")
    until_s = max(each.until_s for each in keys.values())
    unnamed = AnyVerifier([each.verifier for each in keys.values()])
    return {**keys, KEY_ID: ProviderKey(unnamed, until_s=until_s)}


def _certificate_ends(settings: AlipaySettings, trust: Trust) -> list[Expiry]:
    app, alipay = _file(settings, "app_certificate_file"), _file(settings, "alipay_certificate_file")
    root = _file(settings, "root_certificate_file")
    until = min(each.not_valid_after_utc for each in trust.roots)
    return [
        expiry_of("merchant_certificate", settings.next_app_certificate_file or app),
        expiry_of("provider_certificate", settings.next_alipay_certificate_file or alipay),
        Expiry("authority", root.name, int(until.timestamp()) * 1000),
    ]


def _file(settings: AlipaySettings, name: str) -> Path:
    file: Path | None = getattr(settings, name)
    if file is None:
        raise BadSettings("setting_unusable", field=name, why="missing")
    return file
