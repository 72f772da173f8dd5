"""A simulated Bonrix DQR-222: lines of text in, a screen that stays until the next line says otherwise.

Written from Bonrix's "DQR-222" guide and its serial text command examples: fields joined by ``**``, no answer to
screens, ``Current Volume: n`` to ``getvolume``. It knows no time-out for a code: what is shown stays shown.
"""

from dataclasses import dataclass, field
from typing import Final

from firmware_stubs.wire import Stub

_BUFFER: Final = 2048
_SCREENS: Final = {
    "WelcomeScreen": ("welcome", 1),
    "DisplayQRCodeScreen": ("code", 3),
    "DisplaySuccessQRCodeScreen": ("paid", 3),
    "DisplayFailQRCodeScreen": ("failed", 3),
    "DisplayCancelQRCodeScreen": ("cancelled", 3),
}


@dataclass
class BonrixStub(Stub):
    """``screen`` is what a person sees, ``fields`` what stands on it; ``codes`` counts codes that were drawn.

    Faults: ``mute`` shows and answers nothing; ``lies`` keeps what it shows whatever it is told (L11).
    """

    volume: int = 18
    mute: bool = False
    lies: bool = False
    screen: str = "welcome"
    fields: tuple[str, ...] = ()
    codes: int = 0
    bad_lines: list[str] = field(default_factory=list)
    _line: bytearray = field(default_factory=bytearray)

    @property
    def payload(self) -> str:
        """What a phone before the glass reads; empty when no code is shown."""
        return self.fields[0] if self.screen == "code" else ""

    def restart(self) -> None:
        """Power goes and comes back."""
        self.screen, self.fields = "welcome", ()
        self._line.clear()

    def receive(self, data: bytes, now_ms: int) -> bytes:  # noqa: ARG002 - it plans nothing
        said = b""
        for byte in data:
            if byte != 0x0A:
                self._line.append(byte)
                del self._line[_BUFFER:]
                continue
            line = self._line.decode("utf-8", "replace").rstrip("\r")
            self._line.clear()
            said += self._obey(line) if line else b""
        return b"" if self.mute else said

    def tick(self, now_ms: int) -> bytes:  # noqa: ARG002 - it plans nothing
        return b""

    def _obey(self, line: str) -> bytes:
        command, *fields = line.split("**")
        if command in _SCREENS:
            self._show(command, fields)
            return b""
        match command, fields:
            case "getvolume", []:
                return b"Current Volume: %d\n" % self.volume
            case "setvolume", [number] if number.isdigit() and 1 <= int(number) <= 21:
                self.volume = int(number)
                return b"Volume set to: %d\n" % self.volume
            case (("+" | "-"), []):
                self.volume = max(1, min(21, self.volume + (1 if command == "+" else -1)))
                return b"Volume: %d\n" % self.volume
            case _:
                self.bad_lines = [*self.bad_lines[-15:], line]
                return b""

    def _show(self, command: str, fields: list[str]) -> None:
        screen, count = _SCREENS[command]
        if len(fields) != count:
            self.bad_lines = [*self.bad_lines[-15:], command]
        elif not (self.mute or self.lies):
            self.screen, self.fields = screen, tuple(fields)
            self.codes += screen == "code"
