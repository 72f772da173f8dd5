"""What the service is built from: nothing heavy is loaded before a shop can sell."""

import subprocess
import sys

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
_ASK = f"import sys, terminal.app; print(*(name for name in {HEAVY!r} if name in sys.modules))"


def test_the_service_starts_without_pictures_number_crunchers_or_the_simulated_world() -> None:
    told = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == []


def test_the_commands_are_there_before_the_service_they_start_is_loaded() -> None:
    ask = "import sys, terminal.cli.commands; print('PIL' in sys.modules, 'terminal.app' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == ["False", "False"]
