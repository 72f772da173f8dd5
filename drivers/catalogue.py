"""Every device protocol the product speaks: the one list behind settings, probing, the matrix and the docs.

Each kind of device keeps its own part in ``drivers/<role>/protocols.py``.
"""

from drivers.device_protocol import ROLES, DeviceProtocol, Role


def of_role(role: Role) -> tuple[DeviceProtocol, ...]:
    """The protocols of one kind of device, the usual one first."""
    match role:
        case "display":
            from drivers.display.protocols import PROTOCOLS
        case "scanner":
            from drivers.scanner.protocols import PROTOCOLS
        case "printer":
            from drivers.printer.protocols import PROTOCOLS
        case "speaker":
            from drivers.speaker.protocols import PROTOCOLS
    return PROTOCOLS


def all_protocols() -> tuple[DeviceProtocol, ...]:
    return tuple(protocol for role in ROLES for protocol in of_role(role))
