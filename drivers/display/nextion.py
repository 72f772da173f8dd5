"""Nextion and TJC panels: ASCII commands and return codes, both ended by ``FF FF FF``.

Source: Nextion Instruction Set (sections 1, 6 and 7) and the TJC return-code pages; the greeting as in
esphome/esphome ``nextion.cpp``. The panel's own project: docs/devices/panels/nextion.md.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, NoReturn

from drivers.display.panel import PanelRebooted, PanelScreen, checked_code, cut, said
from drivers.display.panel_link import PanelLink
from drivers.errors import DeviceError, DeviceRefused, DeviceTimeout, ShowsOther
from drivers.transport import Transport

END: Final = b"\xff\xff\xff"
MESSAGE_MAX: Final = 1024  # the panel's own serial buffer
WRITES: Final = 3  # of an amount or a code, until what is read back is the same
SUCCESS: Final = 0x01
OVERFLOW: Final = 0x24
PAGE: Final = 0x66
TEXT: Final = 0x70
NUMBER: Final = 0x71
READY: Final = 0x88
# Bytes between code and FF FF FF where they are raw, so that an FF among them ends nothing.
_RAW: Final = {0x65: 3, 0x66: 1, 0x67: 5, 0x68: 5, NUMBER: 4}
_FAILURES: Final = {
    0x00: "does not know the command",
    0x02: "has no such component",
    0x03: "has no such page",
    0x04: "has no such picture",
    0x05: "has no such font",
    0x06: "cannot do this with the file",
    0x09: "finds a wrong check",
    0x11: "cannot use this baud rate",
    0x12: "has no such waveform",
    0x1A: "has no such variable",
    0x1B: "cannot do this with the variable",
    0x1C: "could not assign the text",
    0x1D: "cannot use its lasting memory",
    0x1E: "wants other parameters",
    0x1F: "cannot read or write there",
    0x20: "does not know the escape",
    0x23: "finds the name too long",
}
_PAGES: Final = {"code": "code", "idle": "idle"}  # every result has one page


@dataclass(frozen=True, slots=True)
class NextionProfile:
    """See profiles/panels/nextion.toml. ``code_max`` and ``text_max`` are the project's ``txt_maxl``."""

    name: str = "nextion"
    title: str = "Nextion or TJC panel"
    baud: int = 9600
    flow: Literal["none", "xonxoff", "rtscts"] = "none"
    dtr: bool = True
    answer_ms: int = 400
    code_max: int = 500
    text_max: int = 60
    encoding: str = "iso-8859-1"
    page_idle: int = 0
    page_code: int = 1
    page_result: int = 2


class Message(NamedTuple):
    """One return of the panel: its code, and what stood before ``FF FF FF``."""

    code: int
    data: bytes = b""

    @property
    def raw(self) -> bytes:
        return bytes((self.code,)) + self.data


class NextionDecoder:
    """Bytes in any split -> messages. A number reply may hold FF bytes: it ends by its length, not by them."""

    def __init__(self) -> None:
        self._buffer = bytearray()  # never longer than MESSAGE_MAX between calls
        self._skipping = False

    def feed(self, data: bytes) -> list[Message]:
        self._buffer += data
        messages: list[Message] = []
        while (found := self._next()) is not None:
            if not self._skipping and len(found.data) < MESSAGE_MAX:
                messages.append(found)
            self._skipping = False
        if len(self._buffer) > MESSAGE_MAX + len(END):
            self._buffer[: -len(END) + 1] = b"\0"  # its end may have begun
            self._skipping = True
        return messages

    def _next(self) -> Message | None:
        buffer = self._buffer
        while buffer and buffer[0] == 0xFF:
            del buffer[0]  # no message begins so: the rest of a terminator
        if not buffer:
            return None
        raw = None if self._skipping else _RAW.get(buffer[0])
        if raw is not None:
            end = 1 + raw
            if len(buffer) < end + len(END):
                return None
            if buffer[end : end + len(END)] == END:
                return self._cut(end)
        end = buffer.find(END)
        return self._cut(end) if end > 0 else None

    def _cut(self, end: int) -> Message:
        message = Message(self._buffer[0], bytes(self._buffer[1:end]))
        del self._buffer[: end + len(END)]
        return message


def command(text: bytes) -> bytes:
    return text + END


def assign(attribute: str, text: bytes) -> bytes:
    """``attribute="text"``. Nothing in ``text`` can end the string or the command."""
    assert 0xFF not in text, "three of them would end the command"
    escaped = text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return command(attribute.encode("ascii") + b'="' + escaped + b'"')


class NextionPanel:
    """One panel with the project of docs/devices/panels/nextion.md: see ``drivers.display.panel.Panel``.

    Args:
        serial: refuse any other panel (L2); empty takes whoever is there.
    """

    shows_codes = True
    answers = True
    reads_back = True

    def __init__(self, transport: Transport, profile: NextionProfile, *, serial: str = "") -> None:
        self._transport, self._profile, self._serial = transport, profile, serial
        self._page = profile.page_idle
        self._link = PanelLink(
            transport, NextionDecoder, news=self._news, is_echo=lambda message, sent: message.raw + END == sent
        )

    def _news(self, message: Message) -> DeviceError | None:
        started = message.code == READY and not message.data
        if started or message == Message(0x00, b"\0\0"):
            return PanelRebooted(f"display at {self._transport.name}: it started again")
        if message == Message(OVERFLOW):
            return DeviceTimeout(f"display at {self._transport.name}: it lost bytes (serial buffer overflow)")
        return None

    async def greet(self) -> dict[str, str]:
        await self._link.restart()
        await self._link.tell(END)  # a half command in its buffer ends here
        await self._do(b"bkcmd=3", greeting=True)
        who = await self._link.ask(command(b"connect"), _who, limit_ms=self._profile.answer_ms, what="connect")
        model, serial = who[2], who[5]
        if self._serial and serial != self._serial:
            with suppress(DeviceError):  # out of its own counter's reach: what it shows is nobody's any more
                await self._turn_to(self._profile.page_idle)
            raise DeviceRefused(
                f"{self._transport.name}: this is panel {serial or 'without number'}, not {self._serial}; "
                "are two cables swapped?"
            )
        return {"model": model, "serial": serial}

    async def show(self, screen: PanelScreen) -> None:
        """The old screen down; texts on a page nobody sees; amount and code read back; then the page."""
        clean, page = said(screen, self._profile.encoding), _PAGES.get(screen.kind, "result")
        code = self._code(screen) if screen.kind == "code" else b""
        if page == "code" or self._page != self._profile.page_idle:
            await self._turn_to(self._profile.page_idle)
        for name, text in self._texts(clean):
            if name == "amount":
                await self._keep(f"{page}.amount", self._words(text))
            else:
                await self._do(assign(f"{page}.{name}.txt", self._words(text))[: -len(END)])
        if page == "code":
            await self._keep("code.qr0", code)
        await self._turn_to(
            {"code": self._profile.page_code, "idle": self._profile.page_idle}.get(page, self._profile.page_result)
        )

    async def alive(self) -> bool:
        return await self._shown_page() == self._page

    async def watch(self) -> NoReturn:
        await self._link.watch()

    # --- one step -----------------------------------------------------------------------------------------

    def _code(self, screen: PanelScreen) -> bytes:
        limit = "txt_maxl of qr0 in the panel's project, code_max in the profile"
        return checked_code(
            self._transport.name, screen.payload, self._profile.code_max, limit, forbidden=("{", "}")
        )

    def _texts(self, screen: PanelScreen) -> tuple[tuple[str, str], ...]:
        match screen.kind:
            case "idle":
                return (("title", screen.title), ("words", screen.words), ("test", screen.test))
            case "code":
                texts = (("amount", screen.amount), ("title", screen.title), ("words", screen.words))
                return (*texts, ("test", screen.test))
            case _:
                words = " ".join(each for each in (screen.words, screen.reference) if each)
                return (("amount", screen.amount), ("words", words), ("test", screen.test))

    def _words(self, text: str) -> bytes:
        brackets = text.replace("{", "(").replace("}", ")").replace("\N{NO-BREAK SPACE}", " ")
        return cut(brackets, self._profile.text_max, self._profile.encoding).replace(b"\xff", b"?")

    async def _do(self, text: bytes, *, greeting: bool = False) -> None:
        """One command, until it is answered with 01. Raises DeviceRefused with what the panel said instead."""

        def done(message: Message) -> bool | None:
            if message == Message(SUCCESS):
                return True
            if not greeting and not message.data and (why := _FAILURES.get(message.code)):
                what = text.partition(b"=")[0].decode("latin-1")
                raise DeviceRefused(
                    f"display at {self._transport.name}: the panel {why} ({what}); "
                    "load the project of docs/devices/panels/nextion.md"
                )
            return None

        what = text.partition(b"=")[0].decode("latin-1")
        await self._link.ask(command(text), done, limit_ms=self._profile.answer_ms, what=what)

    async def _keep(self, component: str, text: bytes) -> None:
        """Written until the panel holds what it was given (L3, L11): its commands carry no check."""
        for _ in range(WRITES):
            await self._do(assign(f"{component}.txt", text)[: -len(END)])
            held = await self._held(component, len(text))
            if held == text:
                return
            if len(held) < len(text):
                break  # longer than its txt_maxl: it would cut it again
        what, name = ("code", "qr0") if component == "code.qr0" else ("amount", component)
        raise ShowsOther(
            f"display at {self._transport.name}: the panel holds {len(held)} characters of another {what} than "
            f"the {len(text)} it was given; compare txt_maxl of {name} with docs/devices/panels/nextion.md"
        )

    async def _held(self, component: str, size: int) -> bytes:
        def text(message: Message) -> bytes | None:
            return message.data if message.code == TEXT else None

        question = command(f"get {component}.txt".encode("ascii"))
        limit_ms = self._profile.answer_ms + size * 10_000 // self._transport.baud
        return await self._link.ask(question, text, limit_ms=limit_ms, what=f"get {component}")

    async def _turn_to(self, page: int) -> None:
        await self._do(f"page {page}".encode())
        shown = await self._shown_page()
        if shown != page:
            raise ShowsOther(f"display at {self._transport.name}: it stays on page {shown}, not {page}")
        self._page = page

    async def _shown_page(self) -> int:
        def number(message: Message) -> int | None:
            return message.data[0] if message.code == PAGE and len(message.data) == 1 else None

        answer_ms = self._profile.answer_ms
        return await self._link.ask(command(b"sendme"), number, limit_ms=answer_ms, what="sendme")


def _who(message: Message) -> list[str] | None:
    """``comok touch,address,model,firmware,chip,serial,flash``, as fields."""
    _, found, rest = message.raw.partition(b"comok ")
    fields = rest.decode("latin-1").split(",")
    return fields if found and len(fields) >= 6 else None
