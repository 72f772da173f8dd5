"""The printer protocols, the usual one first."""

from typing import Final

from drivers.catalogue import DeviceProtocol

PROTOCOLS: Final[tuple[DeviceProtocol, ...]] = (
    DeviceProtocol(
        role="printer",
        name="escpos",
        title="ESC/POS receipt printer",
        profiles=("epson-serial", "generic-80", "generic-58"),
        links=("serial", "tcp"),
        bauds=(115200, 9600, 19200, 38400),
        sources=("Epson, ESC/POS Command Reference", "Epson, TM-T88III Technical Reference Guide"),
    ),
)
