"""One TOML file a machine, and a secrets file beside it: validated at once, every problem named (decision 12)."""

from terminal.settings.chosen import CHOSEN_FILE, Chosen, chosen, with_chosen, with_device, write_chosen
from terminal.settings.load import CREDENTIAL, LOOPBACK, Loaded, Problems, Secrets, load
from terminal.settings.tables import (
    CounterTable,
    DeviceTable,
    JournalTable,
    Listen,
    PrinterTable,
    Settings,
    Shop,
    SpeakerTable,
    State,
)

__all__ = [
    "CHOSEN_FILE",
    "CREDENTIAL",
    "LOOPBACK",
    "Chosen",
    "CounterTable",
    "DeviceTable",
    "JournalTable",
    "Listen",
    "Loaded",
    "PrinterTable",
    "Problems",
    "Secrets",
    "Settings",
    "Shop",
    "SpeakerTable",
    "State",
    "chosen",
    "load",
    "with_chosen",
    "with_device",
    "write_chosen",
]
