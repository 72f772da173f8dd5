"""Opens the hardware proxy of the settings: its listener, the till's secret path, and the watch over the till."""

import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

from terminal.errors import BadSettings
from terminal.pos.hw_proxy_app import NAMES, Gate, make_hw_proxy
from terminal.pos.hw_proxy_till import HwProxy, Patience
from terminal.pos.peers import LOOPBACK as THIS_MACHINE
from terminal.pos.peers import Peers
from terminal.settings import HwProxyTable, Loaded
from terminal.web.listen import listen
from terminal.web.rates import Buckets
from terminal.wiring.door_parts import DoorParts, day_begins_ms, keep_with

SECRET: Final = re.compile(r"[A-Za-z0-9_-]{20,100}")
CALLS_PER_S: Final = 50  # of one address; a till asks once a second
CALLS_AT_ONCE: Final = 200
DAYS: Final = 3  # today and two before it
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")


async def open_hw_proxy(stack: AsyncExitStack, parts: DoorParts) -> str:
    """Returns the address for the till's settings, without its secret. Raises BadSettings."""
    table = parts.loaded.settings.doors[parts.name]
    assert isinstance(table, HwProxyTable), parts.name
    counter = next(each for each in parts.loaded.settings.counters if each.id == table.counter)
    till = HwProxy(
        parts.desk,
        parts.name,
        counter.languages.get("cashier", "en"),
        lambda: parts.entropy.bytes(12).hex(),
        days_of(parts),
        Patience(table.silent_s, table.unpaid_s),
    )
    buckets = Buckets(parts.clock, per_s=CALLS_PER_S, burst=CALLS_AT_ONCE)
    gate = replace(gate_of(parts.loaded, parts.name), wait_s=buckets.take)
    url = await listen(stack, make_hw_proxy(till, gate), table.host, table.port)
    await keep_with(stack, parts, "watch", till.watch)
    return f"{url}/…/hw_proxy"


def days_of(parts: DoorParts) -> Callable[[], tuple[int, ...]]:
    """When the shop's day of now began, UTC milliseconds, and as many before it as a payment in doubt may last."""
    begins = day_begins_ms(parts)

    def days() -> tuple[int, ...]:
        found = [begins(parts.clock.wall_ms())]
        while len(found) < DAYS:
            found.append(begins(found[-1] - 1))
        return tuple(found)

    return days


def gate_of(loaded: Loaded, name: str) -> Gate:
    """Who gets in by the settings. Raises BadSettings."""
    table = loaded.settings.doors[name]
    assert isinstance(table, HwProxyTable), name
    hosts = {*NAMES, f"[{table.host}]" if ":" in table.host else table.host}
    return Gate(_secret(loaded, name), _origins(name, table.origins), hosts, peers_of(name, table.peers))


def _secret(loaded: Loaded, name: str) -> str:
    """``path`` of ``[doors-NAME]`` in the secrets: 20 or more letters, digits, hyphens, underscores."""
    section = f"doors-{name}"
    secret = loaded.secrets.get(section, "path")
    if not SECRET.fullmatch(secret):
        raise BadSettings("config_value_wrong", key=f"{section}.path", why="20 to 100 of A-Z a-z 0-9 _ -")
    return secret


def peers_of(name: str, peers: tuple[str, ...]) -> Peers:
    try:
        return Peers((*peers, *THIS_MACHINE) if peers else ())
    except ValueError as error:
        raise BadSettings("config_value_wrong", key=f"doors.{name}.peers", why=str(error)) from None


def _origins(name: str, origins: tuple[str, ...]) -> frozenset[str]:
    for each in origins:
        if not _ORIGIN.fullmatch(each):
            why = "a site such as https://shop.example, without a path"
            raise BadSettings("config_value_wrong", key=f"doors.{name}.origins", why=why)
    return frozenset(origins)
