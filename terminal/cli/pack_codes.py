"""``countertop pack export | import``: a pack as QR codes, shown here and scanned there, with no file between."""

import io
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final, TextIO

import msgspec
import typer

from drivers.qr import capacity
from terminal.cli.second_step import QUIET, picture
from terminal.cli.verify import read
from terminal.cli.words import REFUSED, USAGE, console, give_up, put, sentences, tell
from terminal.errors import TerminalError
from terminal.given_file import read_handed
from terminal.payments.scan import TEXT_MAX
from terminal.settings import Loaded, load
from terminal.system import SystemClock, SystemEntropy
from terminal.visit.keys import open_key
from terminal.visit.pack import pack_of, read_pack, suits
from terminal.visit.pack_codes import VERSION, Gathering, codes_of, mark_of
from terminal.visit.seal import Checked, check, seal
from terminal.whole_file import write_whole
from terminal.wiring.stores import keys_folder

SMALLEST: Final = 3  # a version below holds no piece worth a scan
QUIET_GLASS: Final = 4  # modules (ISO/IEC 18004:2015, 9.1)
MODULE_DOTS: Final = 3
READS_MAX: Final = 10_000  # lines of one import: who needs more holds the wrong end of something
Config = Annotated[Path, typer.Option(help="The settings file of the service.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
DEMO: Final = Path(".demo/countertop.toml")


def export(
    file: Annotated[Path | None, typer.Argument(help="A pack; without one this shop's is sealed now.")] = None,
    config: Config = DEMO,
    glass: Annotated[str, typer.Option(help="The screen's dots, such as 240x320: codes that fit it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show a pack as QR codes one after the other, in any order for the next shop's scanner.

    On a screen that is larger than this terminal, and on paper: the page /setup/pack.
    """
    if file is not None:
        data = read(file)
    with sentences(as_json=as_json):
        if file is None:
            data = sealed_here(load(config))
        whose = check(data, kind="pack").key
        texts = codes_of(data, chars=capacity(_version(glass, as_json=as_json), "M", "alphanumeric"))
    if as_json:
        put({"pack": mark_of(data), "key": whose, "codes": texts})
        return
    _show(texts, whose)


def sealed_here(loaded: Loaded, brand: str = "") -> bytes:
    """This shop's pack, sealed now. Raises BadSettings; OSError is told."""
    told = msgspec.to_builtins(loaded.settings)
    made_ms = SystemClock().wall_ms()
    document = pack_of(told, made_ms=made_ms, software=version("countertop"), brand=brand)
    try:
        return seal("pack", document, open_key(keys_folder(loaded), SystemEntropy()))
    except OSError as error:
        give_up(f"{error.filename or loaded.state}: {error.strerror}", REFUSED)


def version_on(width: int, height: int, *, dots: int, quiet: int) -> int:
    """The largest version that a field of so many dots shows with ``dots`` a module, at most VERSION."""
    return min(VERSION, (min(width, height) // dots - 2 * quiet - 17) // 4)


def _version(glass: str, *, as_json: bool) -> int:
    if glass:
        width, _, height = glass.partition("x")
        if not (width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
            give_up(f"{glass!r} is no size such as 240x320.", USAGE)
        found = version_on(int(width[:6]), int(height[:6]), dots=MODULE_DOTS, quiet=QUIET_GLASS)
    elif as_json or not console.is_terminal:
        found = VERSION
    else:  # two rows of modules a line, and two lines of words
        found = version_on(console.size.width, (console.size.height - 3) * 2, dots=1, quiet=QUIET)
    if found < SMALLEST:
        give_up("This screen is too small for these codes. Make it larger, or use the page /setup/pack.", REFUSED)
    return found


def _show(texts: tuple[str, ...], whose: str) -> None:
    """Round and round while somebody presses Enter; all at once where nobody can."""
    turning = console.is_terminal and sys.stdin.isatty()
    number = 0
    while True:
        console.print(picture(texts[number]), highlight=False, markup=False, soft_wrap=True)
        console.print(f"{number + 1} of {len(texts)}, sealed by {whose}", highlight=False)
        number = (number + 1) % len(texts)
        if turning and typer.prompt("Enter: next; q: end", default="", show_default=False) == "q":
            return
        if not turning and not number:
            return


def take(
    file: Annotated[Path | None, typer.Argument(help="A text file with the codes, one a line.")] = None,
    scan: Annotated[bool, typer.Option("--scan", help="Read them from a scanner that types here.")] = False,
    out: Annotated[Path, typer.Option(help="Where the pack goes.")] = Path("pack.json"),
    config: Config = DEMO,
    key: Annotated[str, typer.Option(help="The key on the sheet of the shop it came from.")] = "",
    as_json: AsJson = False,
) -> None:
    """Read a pack's codes in any order, check its seal, and keep it as the file it was."""
    if scan is (file is not None):
        give_up("Say --scan, or name a file with the codes.", USAGE)
    with sentences(as_json=as_json):
        if file is None:
            console.print("Scan the codes, in any order. Ctrl-C ends it; nothing is changed by that.")
            data = _gathered(sys.stdin, quiet=as_json)
        else:
            try:
                text = read_handed(file, READS_MAX * (TEXT_MAX + 2)).decode("ascii", "replace")
            except OSError as error:
                give_up(f"{file}: {error.strerror}", USAGE)
            data = _gathered(io.StringIO(text), quiet=as_json)
        checked = _checked(data, key, config)
        try:
            write_whole(out, data, 0o644)
        except OSError as error:
            give_up(f"{error.filename or out}: {error.strerror}", REFUSED)
    if as_json:
        put({"pack": str(out), "key": checked.key, "document": checked.document})
        return
    console.print(f"{out}: sealed by {checked.key}. Compare with the sheet of its shop, then:", soft_wrap=True)
    command = f'countertop pack apply {out} --config {config} --key "{checked.key}"'
    console.print(command, highlight=False, markup=False, soft_wrap=True)


def _gathered(lines: TextIO, *, quiet: bool) -> bytes:
    """The sealed file once its last code came. Raises TerminalError: the codes ended, or are no pack together."""
    gathering = Gathering()
    for line in _lines(lines):
        try:
            code = gathering.take(line)
        except TerminalError as refused:
            if not quiet:
                tell(refused)  # the next scan may be right
            continue
        if not quiet:
            console.print(f"{code.number} of {code.count}; to come: {_numbers(gathering)}", highlight=False)
        if not gathering.missing:
            break
    return gathering.whole()


def _lines(lines: TextIO) -> Iterator[str]:
    for _ in range(READS_MAX):
        line = lines.readline(TEXT_MAX + 2)
        if not line:
            return
        if line.strip():
            yield line


def _numbers(gathering: Gathering) -> str:
    return ", ".join(map(str, gathering.missing)) or "none"


def _checked(data: bytes, key: str, config: Path) -> Checked:
    """Raises TerminalError: the seal, the content, or another money or region than this shop's."""
    checked = check(data, kind="pack", key=key)
    told = read_pack(checked.document)
    if config.exists():
        load(config)
        suits(told, tomllib.loads(config.read_text("utf-8")))
    return checked
