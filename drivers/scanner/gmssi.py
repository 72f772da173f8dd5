"""Grow GM67, GM69, GM72, GM73: the frame and check of SSI with fewer commands, codes as lines or as packets.

A sleeping module is woken by a 00 byte 50 ms before the command. Source: Hangzhou Grow "GM72 User Manual",
serial command chapter; code types and long packets as a public GM67 driver reads them.

The manual's own settings carry the permanent mark (status 08); they wear the module's memory out, so we send
the temporary form of SSI. A module that denies it has to be set once with the manual's setup code.
"""

import re
from typing import Final

from drivers.device_protocol import Found as Device
from drivers.scanner import ssi
from drivers.scanner.line import LineDecoder
from drivers.scanner.probing import first_answer
from drivers.scanner.speech import Asker, Session
from drivers.scanner.ssi import Op, SsiSpeech
from drivers.transport import Transport

_SYMBOL: Final = re.compile(r"\S+ \S+ \S+ [0-9A-Fa-f]{2,8}")


class Decoder:
    """Lines and packets share one stream: where a line could start, a packet's head starts a packet.

    A packet whose check is wrong is asked for again; the line decoder gets its bytes and refuses them.
    """

    def __init__(self, *, aim_ids: bool = False, line: LineDecoder | None = None) -> None:
        self._line = line or LineDecoder(aim_ids=aim_ids)
        self._receiver = ssi.Receiver(aim_ids=aim_ids)
        self._packet = bytearray()  # never longer than a packet between calls

    @property
    def pending(self) -> bool:
        return bool(self._packet) or self._line.pending or self._receiver.pending

    def feed(self, data: bytes) -> list[object]:
        found: list[object] = []
        rest = bytes(self._packet) + data
        self._packet.clear()
        while rest:
            size = -1 if self._line.pending else ssi.measure(rest, long=True)
            if size == 0 or size > len(rest):
                self._packet += rest
                break
            packet = ssi.read(rest[:size]) if size > 0 else None
            if packet:
                found += self._receiver.take(packet)
                rest = rest[size:]
                continue
            if size > 0:
                found.append(ssi.SAY_AGAIN)
            taken, line = self._line.take(rest)
            found += [line] if line else []
            rest = rest[taken:]
        return found

    def idle(self) -> list[object]:
        """The rest of a packet is not coming: what there is of it may be a short line."""
        found: list[object] = []
        if self._packet:
            data = bytes(self._packet)
            self._packet.clear()
            found += self._line.feed(data)
        return [*found, *self._line.idle(), *self._receiver.idle()]


class GrowSpeech(SsiSpeech):
    def session(self) -> Session:
        return Decoder(aim_ids=self.profile.aim_ids, line=self.lines())

    def stranger(self, revision: str) -> bool:
        """Four words ending in a checksum are Symbol's; what Grow's modules answer no document says."""
        return _SYMBOL.fullmatch(revision) is not None

    async def feedback(self, line: Asker, *, good: bool) -> bool:  # noqa: ARG002
        """The modules beep by themselves; their manual has no command for it."""
        return False


async def probe(transport: Transport) -> Device | None:
    """Ask for the version, as SSI does; only a revision that names a Grow module tells the two apart."""
    question = ssi.frame(Op.REQUEST_REVISION)
    revision = await first_answer(transport, question, Decoder(), ssi.asked_revision, wake=SsiSpeech.wake)
    if revision is None or not revision.startswith("GM"):
        return None
    return Device("scanner", "gmssi", "gmssi", "Grow GM67 / GM69 / GM72 / GM73", detail={"revision": revision})
