"""The printer protocols, the usual one first."""

from typing import Final

from drivers.device_protocol import DeviceProtocol, Found
from drivers.transport import Transport


async def _probe_escpos(transport: Transport) -> Found | None:
    from drivers.printer.probing import probe_escpos  # the list of protocols is read at every start

    return await probe_escpos(transport)


async def _probe_star(transport: Transport) -> Found | None:
    from drivers.printer.probing import probe_star

    return await probe_star(transport)


_USB: Final = "the usb-printer link: not run on a device, tests use a stand-in for the device file"

PROTOCOLS: Final[tuple[DeviceProtocol, ...]] = (
    DeviceProtocol(
        role="printer",
        name="escpos",
        title="ESC/POS receipt printer",
        profiles=("epson-serial", "generic-80", "generic-58"),
        links=("serial", "tcp", "usb-printer"),
        bauds=(115200, 9600, 19200, 38400),
        sources=(
            "Epson, ESC/POS Command Reference",
            "Epson, TM-T88III Technical Reference Guide",
            "Epson, TM-U220 and TM-T90 specifications (real-time commands inside pictures)",
            "ECLINE, EC-80 programming manual (1B 21 and the weight of Chinese letters)",
            "Bixolon, SRP-350 specification (status bytes)",
            "ZKC, 5502 command list (buzzer, old cutters)",
            "python-escpos; receipt-print-hq/escpos-printer-db (profiles of small printers)",
        ),
        unverified=(
            "generic-80: whether a clone answers GS r 1; it is tried once, on an empty line",
            "generic-58: columns by spaces, whole lines drawn, since some place text wrongly",
            "generic-80, generic-58: 1B 21 gives Chinese letters their weight, as several makers' manuals say",
            "generic-80, generic-58: tabs and 1B 40 inside a slip are not used",
            "code page numbers beyond 0, 16 and 17: others are not used",
            "1B 42 as buzzer of Chinese models; models without it may print the letter B",
            "status over Bluetooth and USB class 7: silence counts as cannot tell",
            _USB,
        ),
        probe=_probe_escpos,
    ),
    DeviceProtocol(
        role="printer",
        name="star",
        title="Star receipt printer in line mode",
        profiles=("star-line",),
        links=("serial", "tcp", "usb-printer"),
        bauds=(9600, 19200, 38400, 115200),
        sources=(
            "Star Micronics, STAR Line Mode Command Specifications (Line Thermal Printer)",
            "Star Micronics, TSP700 Series User's Manual (LINE MODE)",
            "NielsLeenheer/ReceiptPrinterEncoder and ReceiptPrinterStatus (QR commands, code page numbers)",
        ),
        unverified=(
            "raster mode with page length 0 and EOT mode 1: meant to feed and cut nothing between strips",
            "ESC ACK SOH while automatic status is on by memory switch: Star asks to use only one of the two",
            "five lines from the head to the cutter",
            "Chinese letters: none are used, Chinese is drawn",
            _USB,
        ),
        probe=_probe_star,
    ),
)
