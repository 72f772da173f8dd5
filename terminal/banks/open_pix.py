"""From settings to a channel at a bank with the Pix API."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from terminal.banks.ask_pix_list import PixLists
from terminal.banks.channel import Channel
from terminal.banks.client import Identity, ProviderLink
from terminal.banks.key_files import KeyFiles, KeyMaterial, SigningKey, expiry_of
from terminal.banks.pix import PATH, Merchant, Pix
from terminal.banks.profile_file import load_profile
from terminal.banks.signing import NoSigner
from terminal.banks.tokens import Grant, Token, TokenHttp
from terminal.counter.ports import Clock, Entropy, ProviderHttp
from terminal.errors import BadSettings
from terminal.payments.codes.scheme import Scheme
from terminal.payments.profile import Profile

SCOPE: Final = "cob.write cob.read pix.write pix.read webhook.write webhook.read"
OAUTH_PATH: Final = "/oauth/token"


@dataclass(frozen=True, slots=True)
class PixSettings:
    """One receiver's account, as the settings file gives it.

    Args:
        gateway: the API's base address with its path, such as ``https://pix.bank.example/api/v2``.
        oauth_url: where tokens come from; a path alone is at the gateway's host.
        oauth_way: how the secret is sent there, ``basic`` or ``body``.
        certificate_file, key_file: the client certificate for TLS, with its chain, and its key; both or none.
        key: the Pix key that is paid.
        name, city: for the code of a bank whose answers hold none.
    """

    gateway: str
    client_id: str
    key: str
    client_secret: str = field(repr=False)
    oauth_url: str = OAUTH_PATH
    oauth_way: Literal["basic", "body"] = "basic"
    scope: str = SCOPE
    certificate_file: Path | None = None
    key_file: Path | None = None
    ca_file: Path | None = None
    name: str = ""
    city: str = ""


def open_pix(
    settings: PixSettings,
    *,
    scheme: Scheme,
    clock: Clock,
    entropy: Entropy,
    test: bool,
    profile: Profile | None = None,
    http: ProviderHttp | None = None,
    token: Token | None = None,
) -> Channel:
    """Build the channel; nothing is sent yet. The caller closes it with ``Channel.aclose``.

    Args:
        scheme: ``pix_dynamic`` of the region pack, which every code must be.
        http, token: given by simulations in the place of the real link and its first token.

    Raises:
        BadSettings: ``setting_unusable``, ``profile_unusable``, and those of ``expiry_of`` and ``ProviderLink``.
    """
    origin, path = _parts(settings.gateway, PATH)
    issuer, target = (
        _parts(settings.oauth_url, OAUTH_PATH) if "://" in settings.oauth_url else ("", settings.oauth_url)
    )
    merchant = Merchant(settings.key, path, settings.name, settings.city)
    connector = Pix(profile or load_profile("pix"), merchant, scheme)
    grant = Grant(settings.client_id, settings.client_secret, target, settings.scope, settings.oauth_way)
    _check(grant)
    links: list[ProviderLink] = []
    if http is None:
        origins = dict.fromkeys((origin, issuer or origin))
        links = [
            ProviderLink(each, ca_file=settings.ca_file, identity=_identity(settings), test=test)
            for each in origins
        ]
    files = KeyFiles(_files(settings), lambda: _material(settings), lambda: _renew(links))
    return Channel(
        connector,
        signer=NoSigner(),
        http=TokenHttp(http or links[0], grant, issuer=links[-1] if links else None, token=token),
        closing=lambda: _close(links),
        clock=clock,
        entropy=entropy,
        keys={},
        files=files,
        bills=PixLists(path),
    )


def _parts(address: str, usual: str) -> tuple[str, str]:
    """Origin and path; what is wrong with the origin is the link's to say."""
    try:
        parts = urlsplit(address)
    except ValueError:
        raise BadSettings("gateway_unusable", gateway=address) from None
    rest = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}{rest}", parts.path.rstrip("/") or usual


def _check(grant: Grant) -> None:
    for name, value in (("client_id", grant.client_id), ("client_secret", grant.secret)):
        if not value or not value.isascii() or not value.isprintable():
            raise BadSettings("setting_unusable", field=name, why="plain text")
    if not grant.target.startswith("/"):
        raise BadSettings("setting_unusable", field="oauth_url", why="an address, or a path that begins with /")


def _identity(settings: PixSettings) -> Identity | None:
    if (settings.certificate_file is None) != (settings.key_file is None):
        why = "certificate_file and key_file go together"
        raise BadSettings("setting_unusable", field="key_file", why=why)
    if settings.certificate_file is None or settings.key_file is None:
        return None
    return settings.certificate_file, settings.key_file


def _files(settings: PixSettings) -> list[Path]:
    named = (settings.certificate_file, settings.key_file, settings.ca_file)
    return [each for each in named if each is not None]


def _material(settings: PixSettings) -> KeyMaterial:
    ends = {"client_certificate": settings.certificate_file, "authority": settings.ca_file}
    told = tuple(expiry_of(kind, file) for kind, file in ends.items() if file is not None)
    return KeyMaterial((SigningKey(NoSigner()),), {}, told)


def _renew(links: list[ProviderLink]) -> None:
    for link in links:
        link.trust_again()


async def _close(links: list[ProviderLink]) -> None:
    for link in links:
        await link.aclose()
