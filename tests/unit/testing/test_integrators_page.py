"""docs/for-integrators.md done by hand: curl, Python and JavaScript as shown, in their order."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from terminal.client import MODULE
from terminal.testing import LiveCounter
from tests.flows.client_players import NODE
from tests.unit.testing.test_pages import FOLDER

WATCHDOG_S: Final = 120
BLOCK: Final = re.compile(r"^```(sh|python|js)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ELSEWHERE: Final = ("make ", "countertop lab ")  # in tests of their own
KEY: Final = """import { readFileSync } from "node:fs";
const key = readFileSync(".demo/state/api-key", "utf8").trim();"""
PAYING: Final = """customer() { for each in 1 2 3 4 5 6 7 8 9 10; do sleep 0.5
  ORDER=$(lab phone/scan '{}' | python3 -c 'import json, sys; print(json.load(sys.stdin).get("order_no", ""))')
  [ -z "$ORDER" ] || { lab phone/act '{"act": "pay", "order_no": "'$ORDER'"}'; return; }
done; }
"""


def steps(page: str) -> list[str]:
    """Its blocks as lines of a shell; a customer comes whenever a program waits for one."""
    script = ["set -eu"]
    for kind, text in BLOCK.findall(page):
        if kind == "sh" and not text.startswith(ELSEWHERE):
            if text.startswith("lab()"):
                script.append("sleep 1")  # a reader takes longer, until the code is on the glass
            script.append(text + "sleep 1")
        elif kind == "python" and "def follow" in text:
            script.append(
                f"cat >follow.py <<'END'\n{text}END\ntimeout 3 .venv/bin/python -u follow.py || [ $? = 124 ]"
            )
        elif kind == "python" and "Client(" in text:
            script.append(f"{PAYING}cat >pay.py <<'END'\n{text}END\ncustomer & .venv/bin/python pay.py; wait")
        elif kind == "js":
            script.append(f"cat >pay.mjs <<'END'\n{KEY}\n{text}console.log(kind, sale.order_no);\nEND")
            script.append(f'cp {MODULE} . && customer & "{NODE}" pay.mjs; wait')
    return script


@pytest.mark.slow
@pytest.mark.row(88, 89, 90)
def test_every_example_of_the_integrators_page_works_the_first_time(tmp_path: Path) -> None:
    with LiveCounter.running(tmp_path / ".demo") as live:
        here = "\n".join(steps((FOLDER.parent / "for-integrators.md").read_text("utf-8")))
        for port, offset in (("7600", 0), ("7610", 10), ("7620", 20)):
            here = here.replace(f":{port}", f":{live.port + offset}")
        (tmp_path / ".venv").symlink_to(sys.prefix)
        done = subprocess.run(
            ["bash", "-c", here], cwd=tmp_path, capture_output=True, text=True, timeout=WATCHDOG_S
        )
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = (
        '"order_no":"A-1001"',  # curl opens a sale
        '"result":"paid"',  # the customer pays
        '"state":"paid"',  # and it is read
        '"direction":"pull"',  # the till's own scanner
        '"events":',
        "sale_opened",  # follow.py, over the WebSocket
        "refund_needs_approval",
        '"refund":',
        '"auth_code"',  # a customer of the other wallet
        "hand over the goods",  # the Python client
        "paid A-2002",  # the JavaScript client
    )
    at = 0
    for words in wanted:
        at = done.stdout.find(words, at)
        assert at >= 0, f"{words}\n{done.stdout}\n{done.stderr}"
