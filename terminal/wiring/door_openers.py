"""What opens each kind of door; loaded by a shop that has one."""

from collections.abc import Mapping
from typing import Final

from terminal.wiring.door_parts import Opener
from terminal.wiring.open_amount_line import open_amount_line
from terminal.wiring.open_folder import open_folder
from terminal.wiring.open_hw_proxy import open_hw_proxy
from terminal.wiring.open_nexo import open_nexo
from terminal.wiring.open_zvt import open_zvt

OPENERS: Final[Mapping[str, Opener]] = {
    "amount_line": open_amount_line,
    "folder": open_folder,
    "hw_proxy": open_hw_proxy,
    "nexo": open_nexo,
    "zvt": open_zvt,
}
"""By the door's ``kind``."""
