"""The scanner protocols, the usual one first."""

from typing import Final

from drivers.catalogue import DeviceProtocol

PROTOCOLS: Final[tuple[DeviceProtocol, ...]] = (
    DeviceProtocol(
        role="scanner",
        name="gm65",
        title="GM65 family module",
        profiles=("gm65", "gm65-trigger", "gm861"),
        links=("serial", "tcp"),
        bauds=(9600, 115200),
        sources=("Hangzhou Grow, GM65 Bar Code Reader Module, serial chapter", "Newland, NLS-EM3095 User Guide"),
    ),
    DeviceProtocol(
        role="scanner",
        name="line",
        title="Scanner in line mode",
        profiles=("line", "line-no-suffix"),
        links=("serial", "tcp"),
        bauds=(9600, 115200),
        sources=("AIM symbology identifiers", "NCR 7895 online help"),
    ),
)
