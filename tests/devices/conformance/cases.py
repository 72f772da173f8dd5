"""All cases of the shared device tests, gathered from the modules of this package, one a role."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

import tests.devices.conformance as here
from drivers.device_protocol import ROLES
from tests.devices.conformance.case import DeviceCase

CASES: Final[tuple[DeviceCase, ...]] = tuple(
    case
    for module in iter_modules(here.__path__)
    if module.name in ROLES
    for case in import_module(f"{here.__name__}.{module.name}").CASES
)
