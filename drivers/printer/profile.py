"""What is different between printer models, as data: ``profiles/*.toml``."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Literal

_FOLDER: Final = Path(__file__).with_name("profiles")
NAMES: Final = ("epson-serial", "generic-58", "generic-80", "star-line")


@dataclass(frozen=True, slots=True)
class PrinterProfile:
    """A printer model. Lengths in dots are at 203 dpi (8 a millimetre) unless the model says otherwise.

    Attributes:
        width_dots, columns: printable width, in dots and in characters of font A.
        speed_mm_s: slowest paper speed, for waits that follow the slip's length.
        code_pages: (Python codec, number of ``1B 74 n``) in order of preference.
        chinese: the double-byte set of ``1C 26``: ``gbk`` (two bytes only), ``gb18030``, or none.
        chinese_size: double-byte text takes its size from ``1C 21``, not from ``1D 21``.
        print_mode: ``1B 21`` sets size and weight of single bytes at once, and the weight of double-byte text.
        positions: knows ``1B 24``, the absolute position, which saves the spaces before a right column.
        tabs: knows ``1B 44`` and ``09``, a tab to a place of our own.
        init_inside: ``1B 40`` inside a slip takes back every style and does nothing else.
        unsayable: what to do with text neither can say: draw the ``run``, the ``line``, or ``replace`` by ?.
        qr: ``native`` (GS ( k) or ``raster`` (GS v 0); qr_module: largest module in dots.
        cut: the bytes that feed and cut, empty without a cutter; feed_lines: then fed for the tear bar.
        drawer: the drawer pulse; buzzer: the sound, empty without.
        status: how it tells its state: ``dle`` (10 04 n), ``asb`` (1D 61), ``none``.
        queries: which n of ``10 04 n`` it answers.
        confirm: what proves printing: ``process-id`` (GS ( H), ``gs-r`` (GS r 1), ``etb`` (Star), ``none``.
        sure: every sound unit answers; silence is a fault. Otherwise silence may be the model's way.
    """

    name: str
    width_dots: int
    columns: int
    speed_mm_s: int
    code_pages: tuple[tuple[str, int], ...]
    chinese: Literal["", "gbk", "gb18030"]
    chinese_size: bool
    print_mode: bool
    positions: bool
    tabs: bool
    init_inside: bool
    unsayable: Literal["run", "line", "replace"]
    qr: Literal["native", "raster"]
    qr_module: int
    cut: bytes
    feed_lines: int
    drawer: bytes
    buzzer: bytes
    status: Literal["dle", "asb", "none"]
    queries: tuple[int, ...]
    confirm: Literal["process-id", "gs-r", "etb", "none"]
    sure: bool


def parse(text: str) -> PrinterProfile:
    """Read one profile file. Raises ValueError naming every key that is missing or unknown."""
    data = tomllib.loads(text)
    wanted = {field.name for field in fields(PrinterProfile)}
    if wrong := sorted(wanted ^ data.keys()):
        raise ValueError(f"printer profile: missing or unknown {', '.join(wrong)}")
    data["code_pages"] = tuple((str(codec), int(number)) for codec, number in data["code_pages"])
    data["queries"] = tuple(data["queries"])
    for key in ("cut", "drawer", "buzzer"):
        data[key] = bytes.fromhex(data[key])
    profile = PrinterProfile(**data)
    for key, choices in _CHOICES.items():
        if data[key] not in choices:
            raise ValueError(f"printer profile: {key} is one of {', '.join(choices)}")
    if not 0 < profile.columns * 8 <= profile.width_dots <= 1024 or not 2 <= profile.qr_module <= 16:
        raise ValueError("printer profile: width_dots, columns or qr_module make no sense")
    if profile.print_mode and profile.chinese and not profile.chinese_size:
        raise ValueError("printer profile: print_mode leaves Chinese letters small where chinese_size is false")
    return profile


_CHOICES: Final = {
    "chinese": ("", "gbk", "gb18030"),
    "unsayable": ("run", "line", "replace"),
    "qr": ("native", "raster"),
    "status": ("dle", "asb", "none"),
    "confirm": ("process-id", "gs-r", "etb", "none"),
}


def load(name: str) -> PrinterProfile:
    """One of the profiles that come with the product. Raises ValueError when there is none of that name."""
    if name not in NAMES:
        raise ValueError(f"no printer profile {name!r}; there are {', '.join(NAMES)}")
    return parse((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
