"""What can go wrong with a device. The question is always: may it have acted?"""


class DeviceError(Exception):
    """Base of every device failure."""


class DeviceGone(DeviceError):
    """The port closed or vanished. Open it again; the device may have acted on what was sent before."""


class DeviceTimeout(DeviceError):
    """No answer, or it took no bytes, within the limit. It may have acted."""


class DeviceRefused(DeviceError):
    """The device said no, or is not the device we expect. A person must act."""


class PortBusy(DeviceRefused):
    """Another program has the port."""


class PortForbidden(DeviceRefused):
    """This user may not open the port."""


class Garbage(DeviceRefused):
    """Much arrives and none of it makes sense: another line speed, or no device of ours."""


class ShowsOther(DeviceRefused):
    """A display that says of itself that it shows something else than it was given."""
