"""Whether this machine has a network at all, as the kernel tells it: no byte is sent for that."""

from pathlib import Path
from typing import Final

_DEFAULT: Final = "00000000"  # destination of the default route (proc(5), /proc/net/route)
_UP: Final = 0x1  # RTF_UP (linux/route.h)
_DEFAULT_6: Final = "0" * 32 + " 00"


def has_way_out(proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> bool | None:
    """A default route over a link that is not down; None where the kernel does not tell."""
    try:
        rows = [line.split() for line in (proc / "net" / "route").read_text("ascii").splitlines()[1:]]
    except (OSError, UnicodeDecodeError):
        return None
    links = {row[0] for row in rows if len(row) > 3 and row[1] == _DEFAULT and int(row[3], 16) & _UP}
    try:
        sixth = (proc / "net" / "ipv6_route").read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        sixth = []
    links |= {line.split()[-1] for line in sixth if line.startswith(_DEFAULT_6)} - {"lo"}
    return any(_carries(sys, link) for link in links)


def _carries(sys: Path, link: str) -> bool:
    """Modems say "unknown" (Documentation/networking/operstates): that is no fault."""
    try:
        return (sys / "class" / "net" / link / "operstate").read_text("ascii").strip() != "down"
    except (OSError, UnicodeDecodeError):
        return True
