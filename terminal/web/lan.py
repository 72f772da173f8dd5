"""The door for phones and second screens: TLS, the certificate's names alone, and paired devices alone.

Whoever else comes sees the page to sign in, where a code from the shop pairs a device, and the page that explains
the phone's warning. A PIN is of no use on a device that the owner did not let in: nobody in the Wi-Fi can try one.
"""

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from terminal.counter.receipt_links import PATH as GUEST
from terminal.errors import NotAllowed
from terminal.people.roles import Principal

HELP: Final = "/setup/lan"
FILE: Final = f"{HELP}/countertop.crt"
PAIR: Final = "/api/v1/pair"
VISIT: Final = "/api/v1/visit-sign-in"  # with the owner's code of the moment, no PIN that exists already
CODE: Final = f"{HELP}/code.svg"
_PAGES: Final = frozenset({"/sign-in", HELP, CODE, FILE})
_RFC_1918: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
SHOP_NETWORKS: Final = tuple(map(ipaddress.ip_network, _RFC_1918))
_NEARER: Final = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10")))
TOKENS: Final = ("__Host-ct-till", "__Host-ct-display")  # of a paired device, not of a person's session
Look = Callable[[Iterable[str], str], Principal | None]


@dataclass(frozen=True, slots=True)
class LanDoor:
    """What the edge knows of it; another one after each renewal.

    Args:
        hosts: the exact Host values answered.
        urls: where a phone finds the sign-in page, addresses first.
        fingerprint: of the shop's authority, SHA-256 in groups; ``server_fingerprint``: of the certificate now.
        ends_ms: when that one ends; it is renewed before.
        authority: the authority's certificate, DER.
    """

    hosts: frozenset[str]
    urls: tuple[str, ...]
    fingerprint: str
    server_fingerprint: str
    ends_ms: int
    authority: bytes

    @property
    def origins(self) -> frozenset[str]:
        return frozenset(f"https://{each}" for each in self.hosts)


def check_lan(request: web.Request, paired: Look) -> None:
    """Raises NotAllowed: ``lan_neighbours_only``, ``lan_not_paired``; a page's visitor is led to sign in."""
    if not _neighbour(request.remote or ""):
        raise NotAllowed("lan_neighbours_only")
    tokens = [request.cookies.get(each, "") for each in TOKENS]
    if _open(request) or paired(tokens, request.headers.get("Authorization", "")) is not None:
        return
    if request.method == "GET" and not request.path.startswith("/api/"):
        raise web.HTTPSeeOther("/sign-in")
    raise NotAllowed("lan_not_paired")


def _neighbour(address: str) -> bool:
    try:
        return any(ipaddress.ip_address(address) in each for each in (*SHOP_NETWORKS, *_NEARER))
    except ValueError:
        return False


def _open(request: web.Request) -> bool:
    """What a stranger may see and do: nothing about the shop but its name and the way in."""
    if request.path.startswith(GUEST):
        return True  # a customer's own receipt, by an address nobody guesses
    if request.method == "POST":
        return request.path in {PAIR, VISIT}
    return request.path in _PAGES or request.path.startswith("/static/")
