"""The display protocols, the usual one first."""

from typing import Final

from drivers.device_protocol import DeviceProtocol, Found
from drivers.transport import Transport

_NOT_ASKED: Final = "asked unasked it could print on a printer that hangs there, so nobody probes for it"


async def _probe(transport: Transport) -> Found | None:
    from drivers.display.probing import probe  # the list of protocols is read at every start

    return await probe(transport)


PROTOCOLS: Final[tuple[DeviceProtocol, ...]] = (
    DeviceProtocol(
        role="display",
        name="countertop",
        title="Countertop's own counter display",
        profiles=("countertop",),
        links=("serial", "tcp"),
        bauds=(115200,),
        sources=("docs/display-frame.md",),
        probe=_probe,
    ),
    DeviceProtocol(
        role="display",
        name="bonrix",
        title="Bonrix DQR-222 and relatives",
        profiles=("bonrix", "bonrix-bluetooth"),
        links=("serial", "tcp"),
        bauds=(115200,),
        sources=(
            "Bonrix, DQR-222 guide",
            "BonrixEmbeddedInnovations, Qr-Display-Serial-Usb-Text-Command",
        ),
        unverified=(
            "the longest code text it takes: 512 characters, longer ones are refused",
            "the letters it has: ASCII, a name with others is left out",
            "an empty field: never sent, a hyphen stands for it",
            _NOT_ASKED,
        ),
    ),
    DeviceProtocol(
        role="display",
        name="nextion",
        title="Nextion and TJC panels",
        profiles=("nextion", "tjc"),
        links=("serial", "tcp"),
        bauds=(9600, 115200),
        sources=(
            "Nextion Instruction Set, sections 1, 6 and 7",
            "TJC, return-code pages",
            "esphome/esphome, nextion.cpp (the greeting)",
        ),
        unverified=(
            "the largest txt_maxl of a QR component: what the panel holds is read back before its page is shown",
            "braces in a code's text: refused",
            _NOT_ASKED,
        ),
    ),
    DeviceProtocol(
        role="display",
        name="dgus",
        title="DWIN DGUS II panels",
        profiles=("dgus", "dgus-no-ack"),
        links=("serial", "tcp"),
        bauds=(115200,),
        sources=(
            "DWIN, T5L DGUSII Application Development Guide, serial communication",
            "TGUS QR code page (limits of the QR control)",
        ),
        unverified=(
            "458 bytes as the limit of the QR control is stated for TGUS and assumed for DGUS II",
            "the error correction level the control chooses",
            _NOT_ASKED,
        ),
    ),
    DeviceProtocol(
        role="display",
        name="mertech",
        title="Mertech QR-PAY",
        profiles=("mertech",),
        links=("serial", "tcp"),
        bauds=(115200,),
        sources=("sergw3x/mertech_qr, main.go",),
        unverified=(
            "all of it: one public program, no document of the maker",
            "codes above 255 characters: refused, code_max of its profile",
            "whether it answers: nobody asks, that it is there is not known",
            "it has no letters: no amount, no shop, and in a test nothing",
            _NOT_ASKED,
        ),
    ),
    DeviceProtocol(
        role="display",
        name="cd5220",
        title="Pole displays 2x20, CD5220",
        profiles=("cd5220", "cd5220-cp850", "cd5220-cp866"),
        links=("serial", "tcp"),
        bauds=(9600,),
        sources=("Partner, CD5220 command manual", "POS-X, XP8200 manual"),
        unverified=(
            "the number of a code page after ESC c: as a Bixolon counts them",
            "it answers nothing: that it is there is not known",
        ),
    ),
    DeviceProtocol(
        role="display",
        name="escpos-vfd",
        title="Pole displays 2x20, ESC/POS",
        profiles=(
            "escpos-vfd",
            "escpos-vfd-cp850",
            "escpos-vfd-cp860",
            "escpos-vfd-cp866",
            "escpos-vfd-cp1252",
        ),
        links=("serial", "tcp"),
        bauds=(9600,),
        sources=(
            "Epson, ESC/POS commands for customer displays",
            "node-escpos, packages/screen",
            "OCA, pyposdisplay",
        ),
        unverified=("it answers nothing that every model has: that it is there is not known",),
    ),
    DeviceProtocol(
        role="display",
        name="led8n",
        title="Eight-digit displays, LED8N",
        profiles=("led8n", "led8n-9600"),
        links=("serial", "tcp"),
        bauds=(2400, 9600),
        sources=("LED8N customer display command lists (four public write-ups)",),
        unverified=("it answers nothing: that it is there is not known",),
    ),
)
