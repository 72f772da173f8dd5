"""docs/integrate/first-hour.md done by hand: its commands, in its order, against a counter that runs."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from terminal.testing import LiveCounter
from tests.unit.testing.test_pages import FOLDER

WATCHDOG_S: Final = 120
BLOCK: Final = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.row(88, 143, 144)
def test_every_command_of_the_first_hour_works_the_first_time(tmp_path: Path) -> None:
    """Installing and building have tests of their own; ports and folder are this run's."""
    with LiveCounter.running(tmp_path / ".demo") as live:
        script = ["set -eu"]
        for kind, text in BLOCK.findall((FOLDER / "first-hour.md").read_text("utf-8")):
            if kind == "python":
                script.append(f"cat >hour.py <<'END'\n{text}END" if "Client(" in text else "")
                script.append(".venv/bin/python hour.py" if "Client(" in text else "")
            elif not text.startswith(("make ", ".venv/bin/python -m pytest")):
                script.append(text)
        here = "\n".join(script).replace("7600", str(live.port)).replace("7620", str(live.port + 20))
        (tmp_path / ".venv").symlink_to(sys.prefix)
        done = subprocess.run(
            ["bash", "-c", here], cwd=tmp_path, capture_output=True, text=True, timeout=WATCHDOG_S
        )
    assert done.returncode == 0, done.stdout + done.stderr
    for words in (
        '"order_no":"H-1"',
        '"result":"paid"',
        '"word":"paid"',
        "NotPaid(",
        "Paid at once; the slip is kept",
    ):
        assert words in done.stdout, words
    assert "The oracle agrees" in done.stdout
