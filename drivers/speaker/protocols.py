"""The speaker protocols, the usual one first."""

from typing import Final

from drivers.catalogue import DeviceProtocol

PROTOCOLS: Final[tuple[DeviceProtocol, ...]] = (
    DeviceProtocol(
        role="speaker",
        name="syn6288",
        title="SYN6288 talking chip",
        profiles=("syn6288",),
        links=("serial", "tcp"),
        bauds=(9600, 19200, 38400),
        sources=("YuTone, SYN6288 data sheet, as quoted in public drivers",),
    ),
)
