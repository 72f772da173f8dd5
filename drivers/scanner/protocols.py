"""The scanner protocols, the usual one first."""

from typing import Final

from drivers.device_protocol import DeviceProtocol
from drivers.scanner import gm65, gmssi, nls, ssi

PROTOCOLS: Final[tuple[DeviceProtocol, ...]] = (
    DeviceProtocol(
        role="scanner",
        name="gm65",
        title="GM65 family module",
        profiles=("gm65", "gm65-trigger", "gm861"),
        links=("serial", "tcp"),
        bauds=(9600, 115200),
        sources=(
            "Hangzhou Grow, GM65 Bar Code Reader Module, serial chapter",
            "Newland, NLS-EM3095 User Guide",
            "arendst/Tasmota, GM861 driver",
        ),
        unverified=(
            "stopping a read by writing 00 to 0002",
            "that every module answers a command that does not exist, which is how it is probed",
            "the unit of the same-code delay at 0013 (not used: double fire is ours)",
            "where later firmware keeps the tail setting, 0060 or 000E (not written)",
        ),
        probe=gm65.probe,
    ),
    DeviceProtocol(
        role="scanner",
        name="line",
        title="Scanner in line mode",
        profiles=("line", "line-crlf", "line-aim", "line-no-suffix"),
        links=("serial", "tcp"),
        bauds=(9600, 115200),
        sources=("AIM symbology identifiers", "NCR 7895 online help"),
        unverified=("the gap of 100 ms that ends a code without suffix",),
    ),
    DeviceProtocol(
        role="scanner",
        name="gmssi",
        title="Grow GM67 / GM69 / GM72 / GM73",
        profiles=("gmssi", "gmssi-trigger"),
        links=("serial", "tcp"),
        bauds=(9600, 115200),
        sources=("Hangzhou Grow, GM72 User Manual, serial chapter", "a public GM67 driver in Python"),
        unverified=(
            "the answer to the version question, and its beginning with GM",
            "that the modules take a temporary (status 00) setting",
            "types of 2D codes and packets longer than 255 bytes",
        ),
        probe=gmssi.probe,
    ),
    DeviceProtocol(
        role="scanner",
        name="ssi",
        title="Zebra / Symbol scanner (SSI)",
        profiles=("ssi", "ssi-trigger"),
        links=("serial", "tcp"),
        bauds=(9600, 19200, 115200),
        sources=(
            "Symbol, SE-923 Scan Engine Integration Guide, chapter 6",
            "Symbol, MS4404/MS4407 Integration Guide, table 8-1",
            "Zebra, DS2208 Product Reference Guide, SSI chapter",
        ),
        unverified=(
            "type numbers of 2D codes (labels only)",
            "that the type byte is in each packet of a long code",
            "RTS/CTS handshake: not driven",
        ),
        probe=ssi.probe,
    ),
    DeviceProtocol(
        role="scanner",
        name="hon",
        title="Honeywell / Metrologic scanner",
        profiles=("hon", "hon-trigger", "hon-ack"),
        links=("serial", "tcp"),
        bauds=(9600, 115200),
        sources=(
            "Honeywell, N3680 Decoded Engine User Guide, menu commands",
            "Honeywell, 2020-5 User's Guide, chapter 10",
        ),
        unverified=("TRGMOD0 as the serial trigger of clones",),
        # no probe: each of its commands holds a CR, which makes a receipt printer print
    ),
    DeviceProtocol(
        role="scanner",
        name="nls",
        title="Newland scanner",
        profiles=("nls", "nls-trigger"),
        links=("serial", "tcp"),
        bauds=(9600, 115200),
        sources=("Newland, NLS-HR42 User Guide, programming commands", "Newland, NLS-HR52 User Manual"),
        unverified=("SCNMOD and SCNTRG on every model: read from public drivers",),
        probe=nls.probe,
    ),
    DeviceProtocol(
        role="scanner",
        name="m3y",
        title="M3Y-W module",
        profiles=("m3y", "m3y-trigger"),
        links=("serial", "tcp"),
        bauds=(9600,),
        sources=("cryptoadvance/specter-diy, src/hosts/qr.py",),
        unverified=(
            "all of it: one public driver, no document of the maker",
            "its speed, and how a code ends: 9600 bit/s and any line end, settings of its profile",
            "what it answers when asked for its version: any sound answer counts",
            "asked unasked it could print on a printer that hangs there, so nobody probes for it",
        ),
    ),
    DeviceProtocol(
        role="scanner",
        name="evdev",
        title="Scanner in keyboard mode (Linux)",
        profiles=("evdev",),
        links=("evdev",),
        bauds=(),
        sources=("Linux kernel, Documentation/input/event-codes.rst", "Linux kernel, uapi/linux/input.h"),
        unverified=("keyboard layouts other than USA", "Caps Lock kept on by a scanner"),
        not_run="not run on a device",
    ),
)
