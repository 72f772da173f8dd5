"""A payment code as an SVG picture, for the browser display and for the till when the display fails."""

from functools import lru_cache
from typing import Final

from drivers.qr import encode

QUIET: Final = 4  # modules of quiet zone (ISO/IEC 18004:2015, 9.1)


@lru_cache(maxsize=64)
def code_svg(payload: str) -> str:
    """Black on white in any theme: scanners want it so. One path, a rectangle for each run of dark modules."""
    code = encode(payload)
    bits = bin(int.from_bytes(b"\x01" + code.packed))[3:]
    runs: list[str] = []
    for y in range(code.size):
        row, x = bits[y * code.size : (y + 1) * code.size], 0
        while (start := row.find("1", x)) >= 0:
            end = row.find("0", start)
            x = end if end >= 0 else code.size
            runs.append(f"M{start + QUIET} {y + QUIET}h{x - start}v1h-{x - start}z")
    side = code.size + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{"".join(runs)}"/></svg>'
    )
