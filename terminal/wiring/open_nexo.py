"""Opens the nexo door of the settings: its listener with the shop's own certificate."""

import ssl
from contextlib import AsyncExitStack
from typing import Final

from terminal.errors import BadSettings
from terminal.pos.nexo import Nexo, Waits
from terminal.pos.nexo_counter import CounterSide
from terminal.pos.nexo_crypto import Vault
from terminal.pos.nexo_server import NexoDoor, make_app
from terminal.settings import Loaded, NexoTable
from terminal.tls.local_authority import ensure
from terminal.web.listen import listen
from terminal.wiring.door_parts import DoorParts, day_begins_ms, keep_with
from terminal.wiring.open_hw_proxy import peers_of
from terminal.wiring.own_certificates import place_of_door
from terminal.wiring.stores import on_disk

PASSPHRASE_MIN: Final = 12


async def open_nexo(stack: AsyncExitStack, parts: DoorParts) -> str:
    """Returns the address for the till's settings. Raises BadSettings."""
    table = parts.loaded.settings.doors[parts.name]
    assert isinstance(table, NexoTable), parts.name
    nexo = Nexo(parts.desk, parts.clock, counter_side(parts), Waits(sale_s=table.wait_s))
    peers, vault = peers_of(parts.name, table.peers), vault_of(parts.loaded, parts.name)
    door = NexoDoor(nexo, parts.clock, parts.entropy, peers, vault)
    await keep_with(stack, parts, "watch", nexo.followed.watch)
    url = await listen(stack, make_app(door), table.host, table.port, tls=_context(parts))
    return f"{url}/nexo/"


def counter_side(parts: DoorParts) -> CounterSide:
    return CounterSide(parts.desk, parts.clock, day_begins_ms(parts))


def vault_of(loaded: Loaded, name: str) -> Vault | None:
    """Raises BadSettings: sealed, and no passphrase of use in the secrets."""
    table = loaded.settings.doors[name]
    assert isinstance(table, NexoTable), name
    if not table.sealed:
        return None
    section = f"doors-{name}"
    passphrase = loaded.secrets.get(section, "passphrase")
    if len(passphrase) < PASSPHRASE_MIN:
        why = f"at least {PASSPHRASE_MIN} characters"
        raise BadSettings("config_value_wrong", key=f"{section}.passphrase", why=why)
    return Vault(passphrase, table.key_id, table.key_version)


def _context(parts: DoorParts) -> ssl.SSLContext:
    """The certificate of this machine; one of its own for a door that is called by other names."""
    folder, names = place_of_door(parts.loaded, parts.name)
    with on_disk(parts.loaded.state):
        _, server = ensure(folder, parts.clock, names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)
    return context
