"""Which addresses a person may make us call: none inside, unless the settings allow that very host (S18).

Names are judged by what they resolve to, at every delivery anew; here is the judging, the asking is the sender's.
"""

import ipaddress
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from terminal.errors import InvalidRequest

URL_MAX: Final = 500
_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052, 2.1: the last 32 bits are an IPv4 address
_ALWAYS: Final = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("169.254.0.0/16", "fe80::/10"),  # link-local, where clouds keep their metadata
        *("100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::254/128"),  # metadata elsewhere
        *("0.0.0.0/8", "::/128", "224.0.0.0/4", "240.0.0.0/4", "ff00::/8"),
        *("64:ff9b:1::/48", "::/96"),  # translated by rules nobody here knows (RFC 8215); IPv4-compatible
    )
)
_GLOBAL6: Final = ipaddress.IPv6Network(
    "2000::/3"
)  # all that is given out (RFC 4291, 2.4); the rest leads elsewhere
_LOOPBACK6: Final = ipaddress.ip_address("::1")  # inside ::/96
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address. ``allowed``: the settings name this host for a till of the same shop."""

    url: str
    origin: str
    host: str
    port: int
    allowed: bool


def target_of(url: str, allow: Collection[str]) -> Target:
    """Read and judge an address as far as it can be without asking anybody.

    Args:
        allow: hosts of the settings: exact names or addresses, inside this shop.

    Raises:
        InvalidRequest: ``hook_url_wrong`` (not one at all, with credentials, with a fragment, too long),
            ``hook_not_https``, ``hook_address_inside``.
    """
    if len(url) > URL_MAX or not _PRINTABLE.fullmatch(url):
        raise InvalidRequest("hook_url_wrong")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise InvalidRequest("hook_url_wrong") from None
    literal = _literal(host)
    named = literal is not None or _NAME.fullmatch(host) is not None
    if parts.scheme not in {"https", "http"} or not named or "@" in parts.netloc or "#" in url or port == 0:
        raise InvalidRequest("hook_url_wrong")
    allowed = host in allow
    if parts.scheme == "http" and not allowed:
        raise InvalidRequest("hook_not_https", host=host)
    if literal is not None and not may_call(host, allowed=allowed):
        raise InvalidRequest("hook_address_inside", host=host)
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")
    return Target(url, origin, host, port or (443 if parts.scheme == "https" else 80), allowed)


def all_may(addresses: Iterable[str], *, allowed: bool) -> bool:
    """One that may not is enough to refuse them all: who answers both ways plays with us."""
    found = list(addresses)
    return bool(found) and all(may_call(each, allowed=allowed) for each in found)


def may_call(address: str, *, allowed: bool) -> bool:
    """Judge what a name resolved to. Not even an allowed host may be link-local, multicast or nowhere."""
    literal = _literal(address)
    if literal is None:
        return False
    plain = _unwrapped(literal)
    if plain != _LOOPBACK6 and any(plain in each for each in _ALWAYS if each.version == plain.version):
        return False
    given_out = isinstance(plain, ipaddress.IPv4Address) or plain in _GLOBAL6
    return allowed or (given_out and plain.is_global)


def _literal(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside a mapped, 6to4 or NAT64 one: that is where it leads (RFC 4291, 3056, 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
