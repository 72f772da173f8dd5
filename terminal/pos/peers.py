"""Who may come to a door, by address. Pure."""

import ipaddress
from collections.abc import Sequence
from typing import Final

LOOPBACK: Final = ("127.0.0.0/8", "::1/128")


class Peers:
    """``allowed``: addresses or networks, such as 10.0.0.7 or 10.0.0.0/24; none: this machine alone.

    Raises:
        ValueError: not an address; the sentence names it.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(each) for each in (allowed or LOOPBACK)]

    def admits(self, address: object) -> bool:
        try:
            came = ipaddress.ip_address(str(address).partition("%")[0])  # a link's own name follows %
        except ValueError:
            return False
        if isinstance(came, ipaddress.IPv6Address) and came.ipv4_mapped:
            came = came.ipv4_mapped
        return any(came in each for each in self._networks)
