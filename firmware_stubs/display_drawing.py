"""What the counter display paints: rows of a code, the signs of a result, plain letters, strips of pixels.

Part of the firmware, with the same limits as ``display_firmware.py``. It paints in rectangles and whole rows,
because a block transfer to a panel beats single pixels by orders.
"""

WHITE, BLACK, GREEN, RED, AMBER, GREY = range(6)  # what a panel must be able to show

PAID, FAILED, EXPIRED, CANCELLED, CHECKING, LATE = range(1, 7)
PAPERS = {PAID: GREEN, FAILED: RED, EXPIRED: GREY, CANCELLED: GREY, CHECKING: AMBER, LATE: AMBER}

# Strokes in twelfths of a square, as x, y from and to: the sign is told by its shape, not by colour alone.
SIGNS = {
    PAID: ((1, 6, 4, 9), (4, 9, 10, 3)),
    FAILED: ((2, 2, 9, 9), (2, 9, 9, 2)),
    EXPIRED: ((2, 1, 9, 1), (2, 1, 9, 10), (9, 1, 2, 10), (2, 10, 9, 10)),
    CANCELLED: ((1, 6, 10, 6),),
    CHECKING: ((1, 6, 1, 6), (5, 6, 5, 6), (9, 6, 9, 6)),
    LATE: ((5, 1, 5, 7), (5, 10, 5, 10)),
}

# 5 columns a letter, bit 0 on top, from space to tilde.
LETTERS = bytes.fromhex(
    "000000000000005f00000007000700147f147f14242a7f2a12231308646236495522500005030000001c2241000041221c00"
    "082a1c2a0808083e080800503000000808080808006060000020100804023e5149453e00427f400042615149462141454b31"
    "1814127f1027454545393c4a49493001710905033649494936064949291e0036360000005636000000081422411414141414"
    "41221408000201510906324979413e7e1111117e7f494949363e414141227f4141221c7f494949417f090901013e41415132"
    "7f0808087f00417f41002040413f017f081422417f404040407f0204027f7f0408107f3e4141413e7f090909063e4151215e"
    "7f09192946464949493101017f01013f4040403f1f2040201f7f2018207f631408146303047804036151494543007f414100"
    "02040810200041417f0004020102044040404040000102040020545454787f484444383844444420384444487f3854545418"
    "087e090102081454543c7f0804047800447d40002040443d00007f10284400417f40007c041804787c080404783844444438"
    "7c14141408081414187c7c080404084854545420043f4440203c4040207c1c2040201c3c4030403c44281028440c5050503c"
    "4464544c44000836410000007f000000413608000201020402"
)
BOX = b"\x7f\x41\x41\x41\x7f"  # a letter this font lacks


QUIET = 4  # white modules around a code: ISO/IEC 18004, 6.3.8
STRIP = 24  # a glass whose sides differ by less has its room for words below the code, in the code's own square


class Panel:
    """What the firmware needs from a glass; this one shows nothing."""

    width = 240
    height = 320

    def fill(self, x: int, y: int, width: int, height: int, colour: int) -> None:
        """Paint a rectangle."""

    def blit(self, x: int, y: int, width: int, bits: bytes, times: int, ink: int, paper: int) -> None:
        """Paint one row of ``width`` pixels (1 = ink, first pixel highest bit), ``times`` rows high."""

    def backlight(self, percent: int) -> None:
        """0 is off."""

    def beep(self, pattern: int) -> None:
        """0 click, 1 good, 2 bad; others as the board likes."""

    def rotate(self, quarters: int) -> None:
        """Turn the picture clockwise from the panel's own position; width and height follow."""


def pack_row(dots: str, scale: int) -> bytes:
    """A row of ``0`` and ``1``, each ``scale`` pixels wide, as bytes filled up with zeros."""
    wide = dots.replace("0", "0" * scale).replace("1", "1" * scale)
    count = (len(wide) + 7) // 8
    return int(wide + "0" * (count * 8 - len(wide)), 2).to_bytes(count, "big")


def code_place(panel: Panel, side: int) -> "tuple[int, int, int, int]":
    """x and y of a code's first module, pixels a module, and the first row below the code that tiles may paint.

    The code stands in the square of the short side: in its middle, or at the top of a glass nearly as wide as
    high, so that all that is left lies below it in one piece. Its modules are as large either way.
    """
    short = min(panel.width, panel.height)
    scale = short // (side + 2 * QUIET)
    at = (short - scale * side) // 2
    if abs(panel.width - panel.height) < STRIP:
        return at, scale * QUIET, scale, scale * (side + 2 * QUIET)
    return at, at, scale, short


def draw_code(panel: Panel, modules: bytes, side: int, inverted: int) -> None:
    """A whole screen of background, and the code in its place."""
    x, y, scale, _ = code_place(panel, side)
    ink, paper = (WHITE, BLACK) if inverted else (BLACK, WHITE)
    panel.fill(0, 0, panel.width, panel.height, paper)
    for row in range(side):
        first = row * side
        last = first + side
        bits = int.from_bytes(modules[first // 8 : (last + 7) // 8], "big")
        bits = bits >> (-last % 8) & (1 << side) - 1
        dots = bin(1 << side | bits)[3:]
        panel.blit(x, y + row * scale, side * scale, pack_row(dots, scale), scale, ink, paper)


def draw_result(panel: Panel, result: int) -> None:
    paper = PAPERS[result]
    panel.fill(0, 0, panel.width, panel.height, paper)
    short = min(panel.width, panel.height)
    unit = short * 3 // 4 // 12
    start = (short - 12 * unit) // 2
    for x0, y0, x1, y1 in SIGNS[result]:
        steps = 4 * max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            x = start + unit * x0 + unit * (x1 - x0) * step // steps
            y = start + unit * y0 + unit * (y1 - y0) * step // steps
            panel.fill(x, y, unit * 3 // 2, unit * 3 // 2, WHITE)


def draw_line(panel: Panel, x: int, y: int, text: bytes, scale: int) -> None:
    """Letters of 5 by 7 dots, ``scale`` pixels each; what is not ASCII becomes a box."""
    columns = b""
    for byte in text:
        at = (byte - 32) * 5
        columns += (LETTERS[at : at + 5] if 32 <= byte < 127 else BOX) + b"\0"
    for row in range(7):
        dots = "".join(["1" if column >> row & 1 else "0" for column in columns])
        if dots:
            bits = pack_row(dots, scale)
            panel.blit(x, y + row * scale, len(dots) * scale, bits, scale, BLACK, WHITE)


def unpack_bits(data: bytes, size: int) -> "bytes | None":
    """PackBits (TIFF 6.0, section 9) into exactly ``size`` bytes; None when it is not that."""
    out = bytearray()
    at = 0
    while at < len(data) and len(out) <= size:
        code = data[at]
        if code < 128:
            out.extend(data[at + 1 : at + 2 + code])
            at += 2 + code
        else:
            if code > 128:
                out.extend(data[at + 1 : at + 2] * (257 - code))
            at += 2 if code > 128 else 1
    return bytes(out) if len(out) == size and at == len(data) else None
