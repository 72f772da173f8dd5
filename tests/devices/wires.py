"""An in-memory cable whose failures are the drivers' own errors; the cable itself may not import them."""

from typing import Any

from drivers.errors import DeviceGone, DeviceTimeout
from firmware_stubs.wire import Stub, Wire


def wire(stub: Stub, **faults: Any) -> Wire:
    """``Wire(stub, **faults)``, seen by a driver as any other Transport."""
    return Wire(stub, gone=DeviceGone, late=DeviceTimeout, **faults)
