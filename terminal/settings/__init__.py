"""One TOML file a machine, and a secrets file beside it: validated at once, every problem named (decision 12)."""

from terminal.settings.chosen import CHOSEN_FILE, Chosen, chosen, with_chosen, with_device, write_chosen
from terminal.settings.load import CREDENTIAL, LOOPBACK, Loaded, Problems, Secrets, load
from terminal.settings.tables import (
    AmountLineTable,
    CounterTable,
    DeviceTable,
    FolderTable,
    HwProxyTable,
    JournalTable,
    Listen,
    NexoTable,
    PrinterTable,
    Settings,
    Shop,
    SpeakerTable,
    State,
    ZvtTable,
)

__all__ = [
    "CHOSEN_FILE",
    "CREDENTIAL",
    "LOOPBACK",
    "AmountLineTable",
    "Chosen",
    "CounterTable",
    "DeviceTable",
    "FolderTable",
    "HwProxyTable",
    "JournalTable",
    "Listen",
    "Loaded",
    "NexoTable",
    "PrinterTable",
    "Problems",
    "Secrets",
    "Settings",
    "Shop",
    "SpeakerTable",
    "State",
    "ZvtTable",
    "chosen",
    "load",
    "with_chosen",
    "with_device",
    "write_chosen",
]
