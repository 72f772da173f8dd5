"""What the service is built from: nothing heavy is loaded before a shop can sell."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from terminal.settings import load
from terminal.system import SystemClock
from terminal.tls.local_authority import ensure
from terminal.wiring.channels import NOWHERE, notify_url

HEAVY = (
    "PIL",
    "numpy",
    "qrcode",
    "babel",
    "escpos",
    "rich",
    "typer",
    "firmware_stubs",
    "terminal.lab",
    "terminal.sandbox",
)
LATE = (
    "cryptography.x509",
    "importlib.metadata",
    "jinja2",
    "xml",
    "zipfile",
    "drivers.display.bonrix",
    "drivers.display.dgus",
    "drivers.display.driver",
    "drivers.display.nextion",
    "drivers.display.pole",
    "drivers.printer.driver",
    "drivers.scanner.driver",
    "drivers.scanner.profile",
    "drivers.speaker.driver",
    "terminal.banks.open_alipay",
    "terminal.banks.open_pix",
    "terminal.banks.statements.camt",
    "terminal.bills.readers",
    "terminal.peripherals.bench",
    "terminal.peripherals.proof",
    "terminal.tls.certificate",
    "terminal.web.examples",
    "terminal.web.openapi",
    "terminal.wiring.door_openers",
    "terminal.wiring.lan",
)
"""What only some shops need, and for years: it is loaded by what uses it."""
OTHERS = ("drivers.display.bonrix", "drivers.display.pole", "drivers.printer.driver", "drivers.scanner.profile")
"""What a shop with nothing but our own displays never needs."""
LIBRARIES = {
    *("aiohappyeyeballs", "aiohttp", "aiosignal", "attr", "frozenlist", "idna", "multidict", "propcache", "yarl"),
    *("apsw", "argon2", "cryptography", "httptools", "markupsafe", "msgspec", "serial", "typing_extensions"),
}
_OWN = {"__main__", "__mp_main__", "drivers", "terminal"}
_MACHINE = {"sitecustomize", "usercustomize"}  # a distribution's own: Debian's Python has one
_COMPILED = ("_", "cython_runtime", "__editable__")  # parts of those, and the interpreter's own
_ASK = f"""
import sys, terminal.app
first = {{name.partition(".")[0] for name in sys.modules}} - sys.stdlib_module_names
print(*sorted(first - {(LIBRARIES | _OWN | _MACHINE)!r}))
print(*(name for name in {HEAVY + LATE!r} if name in sys.modules))
import terminal.cli.serve.first_start
import terminal.peripherals.build_display, terminal.wiring.stand_ins
print(*(name for name in ("rich", *{OTHERS!r}) if name in sys.modules))
"""


def test_the_service_starts_without_pictures_number_crunchers_or_the_simulated_world() -> None:
    """Nor with a library that nobody decided on: each stands in a shop's memory for years."""
    told = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=True, timeout=60)
    libraries, heavy, at_first = told.stdout.split("\n")[:3]
    assert [name for name in libraries.split() if not name.startswith(_COMPILED)] == []
    assert (heavy, at_first) == ("", "")


def test_the_commands_are_there_before_the_service_they_start_and_it_starts_without_them() -> None:
    known = "print(*(name for name in ('PIL', 'terminal.app') if name in sys.modules))"
    heavy = ("rich", "typer", "terminal.cli.demo", "terminal.sandbox")
    others = f"print(*(name for name in {heavy!r} if name in sys.modules))"
    alone = "terminal.cli, terminal.cli.serve.alone, terminal.cli.serve.run"
    ask = f"import sys, {alone}; {others}; import terminal.cli.commands; {known}"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == []


_TRUSTED: Final = """
import ssl, sys
from terminal.system import trust_whom_we_name
trust_whom_we_name()
from aiohttp import connector
unnamed = connector._SSL_CONTEXT_VERIFIED
print(unnamed.cert_store_stats()["x509_ca"], unnamed.verify_mode.name)
print(ssl.create_default_context(cadata=open(sys.argv[1]).read()).cert_store_stats()["x509_ca"] > 0)
"""


_TYPES: Final = """
from terminal.system import need_less_for_http
need_less_for_http()
import mimetypes, aiohttp.web
print(len(mimetypes.types_map) < 300, mimetypes.guess_type("a.html")[0])
print("libstdc++" in open("/proc/self/maps").read())
"""


def test_the_service_keeps_no_list_of_the_machines_types_of_files_and_no_library_of_cpp() -> None:
    command = [sys.executable, "-c", _TYPES]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == ["True", "text/html", "False"]


def test_the_service_keeps_no_list_of_authorities_that_nobody_asks_and_trusts_nobody_by_it(tmp_path: Path) -> None:
    """The HTTP library reads one when it is imported, for connections that name none; whoever names one has it."""
    authority, _ = ensure(tmp_path, SystemClock())
    command = [sys.executable, "-c", _TRUSTED, str(authority)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == ["0", "CERT_REQUIRED", "True"]


SHOP = """
mode = "live"
[shop]
merchant = "m"
store = "s"
title = "Tea"
[listen]
notify_port = {port}
[channels.first]
mchid = "1"
appid = "a"
merchant_serial = "5157F09EFDC096DE15EBE81A47057A72"
merchant_key_file = "k.pem"
{named}
[channels.second]
mchid = "2"
appid = "a"
merchant_serial = "5157F09EFDC096DE15EBE81A47057A72"
merchant_key_file = "k.pem"
[[counters]]
id = "1"
channels = ["first", "second"]
"""


@pytest.mark.parametrize(
    ("port", "named", "first", "second"),
    [
        (7601, "", "https://127.0.0.1:7601/notify/first", "https://127.0.0.1:7601/notify/second"),
        (7601, 'notify_url = "https://shop.example/n/1"', "https://shop.example/n/1", None),
        (0, 'notify_url = "https://shop.example/n/1"', "https://shop.example/n/1", NOWHERE),
        (0, "", NOWHERE, NOWHERE),
    ],
)
def test_every_channel_has_a_notification_address_of_its_own(
    tmp_path: Path, port: int, named: str, first: str, second: str | None
) -> None:
    """One bank's messages at another bank's address would be refused, every one of them."""
    (tmp_path / "secrets.toml").touch(mode=0o600)
    (tmp_path / "countertop.toml").write_text(SHOP.format(port=port, named=named))
    loaded = load(tmp_path / "countertop.toml")
    assert notify_url(loaded, "first") == first
    assert notify_url(loaded, "second") == (second or "https://127.0.0.1:7601/notify/second")
