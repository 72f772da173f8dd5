"""Opens a watched folder of the settings."""

from contextlib import AsyncExitStack

from terminal.errors import BadSettings
from terminal.pos.folder import FolderDoor
from terminal.pos.folder_shelf import FolderUnusable, Shelf
from terminal.settings import FolderTable
from terminal.wiring.door_parts import DoorParts, keep_with


async def open_folder(stack: AsyncExitStack, parts: DoorParts) -> str:
    """Returns the folder. Raises BadSettings."""
    table = parts.loaded.settings.doors[parts.name]
    assert isinstance(table, FolderTable), parts.name
    folder = parts.loaded.path(table.folder)
    counter = next(each for each in parts.loaded.settings.counters if each.id == table.counter)
    shelf = Shelf(folder)
    try:
        shelf.open()
    except FolderUnusable as error:
        raise BadSettings("config_value_wrong", key=f"doors.{parts.name}.folder", why=str(error)) from None
    language = counter.languages.get("cashier", "en")
    door = FolderDoor(parts.desk, shelf, language, look_s=table.look_s, unpaid_s=table.unpaid_s)
    await keep_with(stack, parts, "look", door.run)
    return str(folder)
