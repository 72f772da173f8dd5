"""What of the doors can be known from the settings alone, for ``countertop config check``."""

from terminal.errors import BadSettings
from terminal.pos.folder_shelf import FolderUnusable, Shelf
from terminal.settings import FolderTable, HwProxyTable, Loaded, NexoTable
from terminal.wiring.door_lines import port_of
from terminal.wiring.open_hw_proxy import gate_of, peers_of
from terminal.wiring.open_nexo import vault_of


def check_door(loaded: Loaded, name: str) -> None:
    """Raises BadSettings. Nothing is opened or made."""
    table = loaded.settings.doors[name]
    if isinstance(table, HwProxyTable):
        gate_of(loaded, name)
    elif isinstance(table, FolderTable):
        try:
            Shelf(loaded.path(table.folder)).check_place()
        except FolderUnusable as error:
            raise BadSettings("config_value_wrong", key=f"doors.{name}.folder", why=str(error)) from None
    elif isinstance(table, NexoTable):
        peers_of(name, table.peers)
        vault_of(loaded, name)
    else:
        peers_of(name, table.peers)
        if table.line:
            port_of(name, table)
