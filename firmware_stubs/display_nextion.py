r"""A simulated Nextion or TJC panel with the project of docs/devices/panels/nextion.md.

Written from the Nextion Instruction Set: ASCII commands ended by FF FF FF, return codes by ``bkcmd`` (0 none,
1 success, 2 failures, 3 all), a serial buffer of 1024 bytes, texts cut silently at ``txt_maxl``, ``\"`` and ``\\``
inside strings. Return data: 66 page, 70 text, 71 number, 88 ready after 00 00 00.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from firmware_stubs.wire import Stub

_END: Final = b"\xff\xff\xff"
_BUFFER: Final = 1024
_OK, _UNKNOWN, _NO_PAGE, _NO_VARIABLE, _BAD_ESCAPE = 0x01, 0x00, 0x03, 0x1A, 0x20
_ASSIGN: Final = re.compile(rb'([A-Za-z0-9_.]+)\.txt="(.*)"', re.DOTALL)
_GET: Final = re.compile(rb"get ([A-Za-z0-9_.]+)\.txt")
_PAGES: Final = ("idle", "code", "result")
_TEXTS: Final = {
    "idle": ("title", "words", "test"),
    "code": ("amount", "title", "words", "test"),
    "result": ("amount", "words", "test"),
}


@dataclass
class NextionStub(Stub):
    """``page`` is what is shown; ``texts`` holds every component's text by ``page.name``.

    Faults: ``mute`` does all and says nothing; ``lies`` says "done" and does nothing (L11); every text is answered
    with ``fails``.
    """

    serial: str = "D264B8204F0E1828"
    model: str = "NX4832K035_011R"
    code_max: int = 500
    text_max: int = 60
    mute: bool = False
    lies: bool = False
    fails: int = _OK
    page: int = 0
    codes: int = 0
    texts: dict[str, bytes] = field(default_factory=dict)
    refused: list[bytes] = field(default_factory=list)
    _bkcmd: int = 2
    _input: bytearray = field(default_factory=bytearray)
    _unsaid: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.texts = {f"{page}.{name}": b"" for page, names in _TEXTS.items() for name in names}
        self.texts["code.qr0"] = b""

    @property
    def screen(self) -> str:
        return _PAGES[self.page]

    @property
    def payload(self) -> str:
        """What a phone before the glass reads; empty when no code is shown."""
        return self.texts["code.qr0"].decode("latin-1") if self.screen == "code" else ""

    def restart(self) -> None:
        """Power goes and comes back. Poke the cable afterwards."""
        self.__post_init__()
        self.page, self._bkcmd = 0, 2
        self._input.clear()
        self._unsaid += b"\x00\x00\x00" + _END + b"\x88" + _END

    def touch(self) -> bytes:
        """What a finger on the glass makes it say of itself."""
        return b"\x65" + bytes((self.page, 1, 1)) + _END

    def receive(self, data: bytes, now_ms: int) -> bytes:
        said = self.tick(now_ms)
        self._input += data
        if len(self._input) > _BUFFER + len(_END):
            self._input.clear()
            return said + self._say(b"\x24" + _END)
        while (end := self._input.find(_END)) >= 0:
            command = bytes(self._input[:end])
            del self._input[: end + len(_END)]
            said += self._say(self._obey(command)) if command else b""
        return said

    def tick(self, now_ms: int) -> bytes:  # noqa: ARG002 - it plans nothing
        said = bytes(self._unsaid)
        self._unsaid.clear()
        return self._say(said)

    def _say(self, said: bytes) -> bytes:
        return b"" if self.mute else said

    def _obey(self, command: bytes) -> bytes:
        if command == b"connect":
            return f"comok 1,101,{self.model},52,61488,{self.serial},16777216".encode() + _END
        if command == b"sendme":
            return bytes((0x66, self.page)) + _END
        if found := _GET.fullmatch(command):
            held = self.texts.get(found[1].decode())
            return self._code(_NO_VARIABLE) if held is None else b"\x70" + held + _END
        code = self._act(command)
        if code != _OK:
            self.refused = [*self.refused[-15:], command]
        return self._code(code)

    def _code(self, code: int) -> bytes:
        told = self._bkcmd in (1, 3) if code == _OK else self._bkcmd in (2, 3)
        return bytes((code,)) + _END if told else b""

    def _act(self, command: bytes) -> int:
        if re.fullmatch(rb"bkcmd=[0-3]", command):
            self._bkcmd = command[-1] - 0x30
            return _OK
        if found := re.fullmatch(rb"page ([0-9]{1,2}|[a-z]+)", command):
            return self._turn_to(found[1].decode())
        if found := _ASSIGN.fullmatch(command):
            return self._assign(found[1].decode(), found[2])
        return _UNKNOWN

    def _turn_to(self, name: str) -> int:
        page = int(name) if name.isdigit() else _PAGES.index(name) if name in _PAGES else len(_PAGES)
        if page >= len(_PAGES):
            return _NO_PAGE
        if not self.lies:
            self.page = page
            self.codes += self.screen == "code"
        return _OK

    def _assign(self, name: str, quoted: bytes) -> int:
        if name not in self.texts:
            return _NO_VARIABLE
        if self.fails != _OK:
            return self.fails
        plain = re.sub(rb"\\(.)", rb"\1", quoted, flags=re.DOTALL)
        if re.sub(rb"\\.", b"", quoted, flags=re.DOTALL).count(b'"') or re.search(rb"(?<!\\)(\\\\)*\\$", quoted):
            return _BAD_ESCAPE
        if not self.lies:
            self.texts[name] = plain[: self.code_max if name == "code.qr0" else self.text_max]
        return _OK
