"""The display protocols, the usual one first."""

from typing import Final

from drivers.catalogue import DeviceProtocol

PROTOCOLS: Final[tuple[DeviceProtocol, ...]] = (
    DeviceProtocol(
        role="display",
        name="countertop",
        title="Countertop's own counter display",
        profiles=("countertop",),
        links=("serial", "tcp"),
        bauds=(115200,),
        sources=("docs/display-frame.md",),
    ),
)
