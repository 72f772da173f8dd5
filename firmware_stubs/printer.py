"""A simulated ESC/POS receipt printer: bytes to paper, state to status bytes, faults by method.

Source: Epson ESC/POS command reference and TM-T88 specification (buffer, BUSY, DLE EOT, ASB, memory switch 1-1:
power-on notice); GB18030
behaviour of printers for the Chinese market (Chinese mode on at power-up).
"""

import re
from typing import Final

from firmware_stubs.escpos_commands import RealTimeWatch, next_command
from firmware_stubs.paper import StubSlip
from firmware_stubs.print_head import PrintHead
from firmware_stubs.wire import Stub

_PLAIN: Final = re.compile(rb"[\x20-\x7e]+")  # letters of every code page, and no part of any command that begins
BUFFER_BYTES: Final = 4096
XON, XOFF = b"\x11", b"\x13"
ANSWERS: Final = frozenset({"dle", "asb", "gs-r", "process-id", "gs-i", "power-on"})
LOG_MAX: Final = 10_000


class PrinterStub(Stub):
    """A printer on a cable. People's acts are methods; call the cable's ``poke()`` after them.

    Args:
        width_dots: printable width.
        charset: double-byte set, "gb18030", "gbk" or "" for a printer without one.
        chinese_at_start: Chinese mode is on after power-up and after ``1B 40``.
        native_qr, cutter: what the model has.
        answers: which questions it answers; "dle4" answers ``10 04 04`` alone, "power-on" is no answer but
            the notice after power came (memory switch 1-1 on).
        bytes_per_s: how fast it works through its buffer; 0 is at once.
        flow: says XOFF when 128 bytes are free and XON at 256.
        boot_ms: deaf for so long after power comes.
    """

    def __init__(
        self,
        *,
        width_dots: int = 576,
        charset: str = "gb18030",
        chinese_at_start: bool = False,
        native_qr: bool = True,
        cutter: bool = True,
        answers: frozenset[str] = ANSWERS,
        bytes_per_s: int = 0,
        flow: bool = False,
        boot_ms: int = 0,
    ) -> None:
        self.answers, self.bytes_per_s, self.flow, self.boot_ms = answers, bytes_per_s, flow, boot_ms
        self.head = PrintHead(
            width_dots, charset, chinese_at_start=chinese_at_start, native_qr=native_qr, cutter=cutter
        )
        self.near_end = self.paper_out = self.cover_open = self.cutter_jam = self.unplugged = False
        self.head_hot = self.stops_near_end = False  # the second is how it is set up
        self.mute = False  # prints, but says nothing
        self.nonsense = b""  # said instead of every answer
        self.byte_budget: int | None = None  # the paper ends after so many worked-through bytes
        self.power_cycle_after: int | None = None  # power fails for a moment after so many received bytes
        self.drawer_pulses = 0
        self.lost = 0  # bytes that found the buffer full or the power off
        self.received = bytearray()  # the first bytes that ever came, for tests and the time line
        self._buffer = bytearray()
        self._watch = RealTimeWatch()
        self._say = bytearray()
        self._asb = 0
        self._held_off = False
        self._now_ms = 0
        self._boot_until_ms = 0
        self._booting = False
        self._credit = 0.0

    # --- paper ----------------------------------------------------------------------------------------------

    @property
    def slips(self) -> list[StubSlip]:
        """Cut or torn off, oldest first."""
        return self.head.slips

    @property
    def hanging(self) -> StubSlip:
        """What still hangs on the roll."""
        return self.head.slip

    def tear(self) -> None:
        """A person tears off what hangs out."""
        self.head.end_slip("torn")

    # --- what happens to it -----------------------------------------------------------------------------------

    def paper_ends(self) -> None:
        self._become(paper_out=True)

    def paper_low(self) -> None:
        self._become(near_end=True)

    def load_paper(self) -> None:
        """A new roll; printing goes on with what waits in the buffer."""
        self.byte_budget = None
        self._become(paper_out=False, near_end=False)

    def open_cover(self) -> None:
        self._become(cover_open=True)

    def close_cover(self) -> None:
        self._become(cover_open=False)

    def jam_cutter(self) -> None:
        self._become(cutter_jam=True)

    def clear_jam(self) -> None:
        self._become(cutter_jam=False)

    def overheat(self) -> None:
        """It waits until its head is cooler, and goes on by itself."""
        self._become(head_hot=True)

    def cool_down(self) -> None:
        self._become(head_hot=False)

    def power_off(self) -> None:
        """Everything it was told is forgotten; what is on paper stays."""
        self.unplugged = True
        self._forget()

    def power_on(self) -> None:
        """It is deaf until it has booted, counted from the last moment the cable told it."""
        self.unplugged = False
        self._boot_until_ms = self._now_ms + self.boot_ms
        self._booting = True
        self._come_up()

    def power_cycle(self) -> None:
        self.power_off()
        self.power_on()

    def _come_up(self) -> None:
        if self._booting and not self.unplugged and self._now_ms >= self._boot_until_ms:
            self._booting = False
            self._answer("power-on", b"\x3b\x31\x00")

    @property
    def offline(self) -> bool:
        stopped = self.paper_out or (self.near_end and self.stops_near_end)
        return stopped or self.cover_open or self.cutter_jam or self.head_hot

    def _forget(self) -> None:
        self._buffer.clear()
        self._say.clear()
        self._asb, self._held_off, self._credit = 0, False, 0.0
        self._watch = RealTimeWatch()
        self.head.power_up()

    def _become(self, **state: bool) -> None:
        before = self._automatic()
        for name, value in state.items():
            setattr(self, name, value)
        if self._asb and self._automatic() != before:
            self._answer("asb", self._automatic())

    # --- the cable ------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self._pass_time(now_ms)
        while data:
            quiet = data.partition(b"\x10")[0]  # up to where a question may begin
            took = len(quiet) if quiet and self._take_whole(quiet) else 0
            for value in data[took : took + 1]:
                self._take(value)
            data = data[took + 1 :]
        self._work()
        return self._spoken()

    def tick(self, now_ms: int) -> bytes:
        self._pass_time(now_ms)
        self._work()
        return self._spoken()

    def due(self, now_ms: int) -> int | None:
        if self._booting and not self.unplugged:
            return max(self._boot_until_ms, now_ms)
        busy = self._buffer and self.bytes_per_s and not self.offline and not self.unplugged
        return now_ms + 20 if busy else None

    def _pass_time(self, now_ms: int) -> None:
        if self.bytes_per_s:
            most = self.bytes_per_s / 10  # an idle printer saves up a tenth of a second, no more
            self._credit = min(most, self._credit + (now_ms - self._now_ms) * self.bytes_per_s / 1000)
        self._now_ms = now_ms
        self._come_up()

    def _take_whole(self, data: bytes) -> bool:
        """At once what holds no question and meets no trouble on its way: as byte by byte, only sooner."""
        quiet = not self.unplugged and self._now_ms >= self._boot_until_ms and self.power_cycle_after is None
        room = BUFFER_BYTES - len(self._buffer) - (128 if self.flow else 0)
        if not quiet or self._held_off or len(data) >= room or not self._watch.passes(data):
            return False
        self.received += data[: max(LOG_MAX - len(self.received), 0)]
        self._buffer += data
        return True

    def _take(self, value: int) -> None:
        if self.unplugged or self._now_ms < self._boot_until_ms:
            self.lost += 1
            return
        if len(self.received) < LOG_MAX:
            self.received.append(value)
        if command := self._watch.feed(value):
            self._obey_now(command)
        if len(self._buffer) < BUFFER_BYTES:
            self._buffer.append(value)
        else:
            self.lost += 1
        if self.flow and not self._held_off and BUFFER_BYTES - len(self._buffer) <= 128:
            self._held_off = True
            self._say += XOFF
        if self.power_cycle_after is not None:
            self.power_cycle_after -= 1
            if self.power_cycle_after < 0:
                self.power_cycle_after = None
                self.power_cycle()

    def _spoken(self) -> bytes:
        said = bytes(self._say)
        self._say.clear()
        return said

    def _answer(self, kind: str, data: bytes) -> None:
        if self.mute or self.unplugged or kind not in self.answers:
            return
        self._say += self.nonsense or data

    # --- work -----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Work through the buffer as far as paper, cover and speed allow."""
        while not self.offline and not self.unplugged and self._buffer:
            if self.byte_budget is None and not self.bytes_per_s and (letters := _PLAIN.match(self._buffer)):
                self.head.plain(letters[0])
                del self._buffer[: letters.end()]
                continue
            length = self.head.whole(self._buffer)
            if not length or (self.bytes_per_s and self._credit <= 0):
                break
            cost = 0 if self._buffer[0] == 0x10 else length  # questions need no paper
            if self.byte_budget is not None and cost > self.byte_budget:
                self.paper_ends()
                break
            self._credit -= length if self.bytes_per_s else 0
            self._obey(length)
            del self._buffer[:length]
            if self.byte_budget is not None:
                self.byte_budget -= cost
                if self.byte_budget == 0:
                    self.paper_ends()
        if self._held_off and BUFFER_BYTES - len(self._buffer) >= 256:
            self._held_off = False
            self._say += XON

    def _obey(self, length: int) -> None:
        command = next_command(self._buffer)
        name, data = (command.name, command.data) if command else ("", b"")
        match name:
            case "GS r" if "gs-r" in self.answers:
                self._answer("gs-r", bytes(((3 if self.near_end else 0) | (12 if self.paper_out else 0),)))
            case "GS (" if data[:1] == b"H" and data[3:5] == b"00" and "process-id" in self.answers:
                self._answer("process-id", b"\x37\x22" + data[5:9] + b"\x00")
            case "GS I" if "gs-i" in self.answers:
                told = {65: b"1.02", 66: b"COUNTERTOP STUB", 67: b"STUB-80", 68: b"S0001"}
                self._answer("gs-i", b"\x5f" + told.get(data[0], b"") + b"\x00")
            case "GS a" if "asb" in self.answers:
                self._asb = data[0]
                if self._asb:
                    self._answer("asb", self._automatic())
            case "ESC p":
                self.drawer_pulses += 1
            case "ESC @":
                self._asb = 0
                self.head.obey(bytes(self._buffer[:length]))
            case _:
                self.head.obey(bytes(self._buffer[:length]))

    def _obey_now(self, command: bytes) -> None:
        match command[0], command[1]:
            case 0x04, 1 | 2 | 3 | 4:
                kind = "dle4" if command[1] == 4 and "dle4" in self.answers else "dle"
                self._answer(kind, bytes((self._real_time(command[1]),)))
            case 0x05, 1 | 2:
                if command[1] == 2:
                    self._buffer.clear()
                    self.head.power_up()
                self._become(cutter_jam=False)
            case 0x14, 1:
                self.drawer_pulses += 1
            case 0x14, 8:
                self._buffer.clear()
                self.head.power_up()
                self._answer("dle", b"\x37\x25\x00")

    def _real_time(self, query: int) -> int:
        paper = (0x0C if self.near_end or self.paper_out else 0) | (0x60 if self.paper_out else 0)
        stopped = self.paper_out or (self.near_end and self.stops_near_end)
        broken = (self.cutter_jam and 0x08) | (self.head_hot and 0x40)
        bits = {
            1: 0x08 if self.offline else 0,
            2: (self.cover_open and 0x04) | (stopped and 0x20) | (0x40 if broken else 0),
            3: broken,
            4: paper,
        }
        return 0x12 | bits[query]

    def _automatic(self) -> bytes:
        first = 0x10 | (self.offline and 0x08) | (self.cover_open and 0x20)
        third = (0x03 if self.near_end or self.paper_out else 0) | (0x0C if self.paper_out else 0)
        return bytes((first, (self.cutter_jam and 0x08) | (self.head_hot and 0x40), third, 0))
