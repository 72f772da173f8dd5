"""A simulated XFS5152CE text-to-speech module: as the SYN6288 it answers single bytes, its frames have no check.

Written from iFlytek's "XFS5152CE" development guide: frame ``FD`` + length + command + code set + text, at most
4 KB; a status or stop frame is the command alone.
"""

from dataclasses import dataclass

from firmware_stubs.speaker import Syn6288


@dataclass
class Xfs5152(Syn6288):
    """Faults as ``Syn6288``."""

    def _next_frame(self) -> bytes | None:
        """Command to the last byte; a length that cannot be is skipped."""
        while True:
            while self._input and self._input[0] != 0xFD:
                del self._input[0]
            if len(self._input) < 3:
                return None
            size = int.from_bytes(self._input[1:3], "big")
            if not 1 <= size <= 4096:
                del self._input[0]
                continue
            if len(self._input) < 3 + size:
                return None
            frame = bytes(self._input[3 : 3 + size])
            del self._input[: 3 + size]
            if frame[0] in (0x02, 0x03, 0x04, 0x21, 0x88, 0xFF) and size != 1:
                self.bad_frames += 1
                self._answer(b"\x45")
                continue
            return frame
