"""Mertech QR-PAY: a code from its text, a picture for paid and one for not paid. No letters, no answers, no check.

``02 F2 02 length text 02 F2 03`` draws a code, ``02 F0 03 word 03`` does the rest. It cannot say TEST (I25), so a
test leaves it dark and the code goes to the next display.

Source: sergw3x/mertech_qr, main.go: one public program; its maker documents a network driver only.
"""

from dataclasses import dataclass
from typing import Final, Literal, NoReturn

from drivers.display.panel import Kind, PanelScreen, checked_code
from drivers.display.panel_link import Deaf, PanelLink
from drivers.errors import DeviceRefused
from drivers.transport import Transport

_CODE: Final = b"\x02\xf2\x02"
_CODE_END: Final = b"\x02\xf2\x03"
_WORD: Final = b"\x02\xf0\x03"
_END: Final = b"\x03"
_PICTURES: Final[dict[Kind, str]] = {"paid": "correct", "failed": "mistake"}
CLEAR: Final = "CLS"


@dataclass(frozen=True, slots=True)
class MertechProfile:
    """See profiles/panels/mertech.toml."""

    name: str = "mertech"
    title: str = "Mertech QR-PAY"
    baud: int = 115200
    flow: Literal["none", "xonxoff", "rtscts"] = "none"
    dtr: bool = True
    code_max: int = 255

    def __post_init__(self) -> None:
        if not 1 <= self.code_max <= 0xFFFF:
            raise ValueError(f"display profile {self.name}: code_max is the length's two bytes")


def word(text: str) -> bytes:
    """``CLS``, ``correct``, ``mistake``, ``BTON``, ``BTOFF``."""
    return _WORD + text.encode("ascii") + _END


def code(text: bytes) -> bytes:
    return _CODE + len(text).to_bytes(2, "big") + text + _CODE_END


class MertechPanel:
    """One display on an open transport: see ``drivers.display.panel.Panel``."""

    shows_codes = True
    answers = False
    reads_back = False

    def __init__(self, transport: Transport, profile: MertechProfile) -> None:
        self._transport, self._profile = transport, profile
        self._link = PanelLink(transport, Deaf)

    async def greet(self) -> dict[str, str]:
        await self._link.restart()
        await self._link.tell(word(CLEAR))
        return {"model": self._profile.title}

    async def show(self, screen: PanelScreen) -> None:
        await self._link.tell(self.bytes_of(screen))

    async def alive(self) -> bool:
        return True

    async def watch(self) -> NoReturn:
        await self._link.watch()

    def bytes_of(self, screen: PanelScreen) -> bytes:
        """The one frame that shows ``screen``. Raises DeviceRefused: this code cannot be shown here."""
        if screen.kind != "code":
            return word(CLEAR if screen.test else _PICTURES.get(screen.kind, CLEAR))
        where = self._transport.name
        if screen.test:
            raise DeviceRefused(
                f"{where}: this display cannot say TEST, so it shows no code of a test; use another"
            )
        return code(checked_code(where, screen.payload, self._profile.code_max, "code_max of its profile"))
