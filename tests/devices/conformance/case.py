"""How one protocol enters the shared conformance tests: its stub, its greeting, one whole act.

A module ``tests/devices/conformance/<role>.py`` holds ``CASES``, one for each protocol of that role in
``drivers/<role>/protocols.py``. The tests and the devices matrix are made from them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from drivers.transport import Transport
from firmware_stubs.wire import Stub


@dataclass(frozen=True, slots=True)
class DeviceCase:
    """One protocol under test.

    Args:
        key: ``role/name`` of the catalogue; a further case of one protocol adds a space and its profile.
        stub: a fresh simulated device, written from the maker's manual.
        greet: a fresh driver on the open transport asks who is there; returns when it knows or cannot ask.
            Raises DeviceError: nobody, or somebody else.
        act: greet, then one whole job (a code shown, a slip printed, a phrase said, a scan taken), to its end.
            Raises DeviceError (or the driver's own failure, see ``failures``) when it did not work.
        did: what the stub shows after the act: true when the job is done there exactly once.
        answers: the device answers; False: one way only, so that silence proves nothing.
        vectors: file in tests/golden with the frames that the unit tests of this protocol prove.
        failures: further exceptions by which ``act`` says that it did not work.
        press: makes a device act of itself while ``act`` waits (a scanner's trigger); called after the greeting.
        baud: of the line.
    """

    key: str
    stub: Callable[[], Stub]
    greet: Callable[[Transport], Awaitable[object]]
    act: Callable[[Transport], Awaitable[object]]
    did: Callable[[Stub], bool]
    answers: bool
    vectors: str
    failures: tuple[type[Exception], ...] = ()
    press: Callable[[Stub], None] | None = None
    baud: int = 9600
