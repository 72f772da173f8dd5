"""The pages for integrators as one script each: every block in its order, against a demo that runs."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from pathlib import Path
from typing import Final

from terminal.client import MODULE
from tests.flows.client_players import NODE

DOCS: Final = Path(__file__).parents[2] / "docs"
BLOCK: Final = re.compile(r"^```(sh|python|js)\n(.*?)^```", re.MULTILINE | re.DOTALL)
WATCHDOG_S: Final = 90.0
KEY: Final = """import { readFileSync } from "node:fs";
const key = readFileSync(".demo/state/api-key", "utf8").trim();"""
CUSTOMER: Final = """customer() { for each in $(seq 600); do sleep 0.1
  ORDER=$(lab phone/scan '{}' | sed -n 's/.*"order_no":"\\([^"]*\\)".*/\\1/p')
  [ -z "$ORDER" ] || { lab phone/act '{"act": "pay", "order_no": "'$ORDER'"}'; return; }
done; }"""
ELSEWHERE: Final = {  # how a block begins, and which test runs it
    "make demo": "tests/flows/test_demo.py",
    "make install-test": "make test itself",
    "make dist": "tests/flows/test_release.py",
    "countertop lab list": "tests/flows/test_lab_stories.py",
    ".venv/bin/countertop lab run": "tests/flows/test_lab_stories.py",
    ".venv/bin/python -m pytest test_hour.py": "tests/unit/testing/test_pages.py",
    "make install-test\n.venv/bin/python -m pytest test_my_pos.py": "tests/unit/test_docs.py",
}
TESTS: Final = "def test_"  # of pytest: tests/unit/testing/test_pages.py and tests/unit/test_docs.py


def elsewhere(text: str) -> str:
    """Which test runs this block; empty: the page's own script."""
    if TESTS in text:
        return "as tests"
    return next((where for begins, where in ELSEWHERE.items() if text.startswith(begins)), "")


def script(page: str, ports: dict[int, int]) -> str:
    """Bash; a customer comes whenever a program waits for one, and whoever follows stops at the first sale."""
    lines = ["set -eu", CUSTOMER]
    for number, (kind, text) in enumerate(BLOCK.findall((DOCS / page).read_text("utf-8"))):
        if elsewhere(text):
            continue
        name = f"shown{number}.{'py' if kind == 'python' else 'mjs'}"
        if kind == "sh":
            lines.append(text)
        elif kind == "js":
            lines.append(
                f"cat >{name} <<'END'\n{KEY}\n{text}console.log(kind, sale.order_no);\nEND\ncp {MODULE} ."
            )
            lines.append(f'customer & "{NODE}" {name}; wait')
        else:
            lines.append(f"cat >{name} <<'END'\n{text}END")
            lines.append(_played(name, text))
    told = "\n".join(lines)
    for shown, real in ports.items():
        told = told.replace(f":{shown}", f":{real}")
    return told


def _played(name: str, text: str) -> str:
    run = f"{sys.executable} -u {name}"
    if "def follow" in text:
        until = "until grep sale_opened followed; do sleep 0.1; kill -0 $FOLLOWS; done"
        return f"{run} >followed & FOLLOWS=$!\n{until}\nkill $FOLLOWS; wait $FOLLOWS || true"
    return f"customer & {run}; wait" if ".pay(" in text else run


async def played(told: str, folder: Path) -> tuple[int, str]:
    """Its exit code and what it said; a hang ends it and all it has started, and says how far it came."""
    said = folder / "said"
    with said.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *("bash", "-o", "pipefail", "-c", told), cwd=folder, stdout=out, stderr=out, start_new_session=True
        )
        try:
            async with asyncio.timeout(WATCHDOG_S):
                return await process.wait(), said.read_text("utf-8")
        except TimeoutError:
            return -1, said.read_text("utf-8")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
