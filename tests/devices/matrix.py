"""``make matrix``: run every conformance check of every protocol and write what passed as data for the product.

The product's ``countertop devices matrix`` prints that file; a test of the suite holds it against the checks that
the suite itself runs, so a protocol cannot claim what no test shows.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from drivers.catalogue import all_protocols
from drivers.device_protocol import DeviceProtocol
from drivers.errors import DeviceError
from terminal.virtual_time import run
from tests.devices.conformance.case import DeviceCase
from tests.devices.conformance.cases import CASES
from tests.devices.conformance.checks import ON_WIRES, on_pty, on_tcp, strangers, works_and_survives_unplugging

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "terminal" / "data" / "devices_matrix.json"
GOLDEN: Final = ROOT / "tests" / "golden"
LINKS: Final = ("stranger_refused", "pty", "tcp")
Passed = Callable[[DeviceCase, str], bool]


def rows(passed: Passed) -> list[dict[str, Any]]:
    """One row a protocol; ``passed`` tells of each case and check."""
    return [_row(protocol, passed) for protocol in all_protocols()]


def _row(protocol: DeviceProtocol, passed: Passed) -> dict[str, Any]:
    cases = [case for case in CASES if case.key.split(" ")[0] == protocol.key]
    checks = {check: all(passed(case, check) for case in cases) for check in (*ON_WIRES, *LINKS)}
    return {
        "role": protocol.role,
        "protocol": protocol.name,
        "title": protocol.title,
        "profiles": list(protocol.profiles),
        "links": list(protocol.links),
        "bauds": list(protocol.bauds),
        "can_be_asked": protocol.probe is not None,
        "vectors": sum(_vectors(name) for name in {case.vectors for case in cases}),
        "checks": checks,
        "not_run": protocol.not_run,
        "unverified": list(protocol.unverified),
        "sources": list(protocol.sources),
        "page": f"docs/devices/{protocol.page}",
    }


def _vectors(name: str) -> int:
    lines = (GOLDEN / name).read_text("utf-8").splitlines()
    return sum(bool(line.strip()) and not line.startswith("#") for line in lines)


def written(found: list[dict[str, Any]]) -> str:
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def really(case: DeviceCase, check: str) -> bool:
    """Run it; an error is printed and counts as not passed."""
    told: tuple[type[Exception], ...] = (AssertionError, DeviceError, TimeoutError, OSError, *case.failures)
    try:
        if check in ON_WIRES:
            run(_on_wire(case, check), seed=1)
        elif check == "stranger_refused":
            run(strangers(case, CASES), seed=1)
        else:
            asyncio.run(_on_link(case, check))
    except told as error:
        sys.stderr.write(f"{case.key} {check}: {type(error).__name__} {error}\n")
        return False
    return True


async def _on_wire(case: DeviceCase, check: str) -> None:
    await ON_WIRES[check](case)


async def _on_link(case: DeviceCase, link: str) -> None:
    if link == "tcp":
        async with on_tcp(case) as (cable, open_):
            await works_and_survives_unplugging(case, cable, open_)
        return
    with tempfile.TemporaryDirectory() as folder:
        async with on_pty(case, Path(folder)) as (cable, open_):
            await works_and_survives_unplugging(case, cable, open_)


if __name__ == "__main__":
    FILE.write_text(written(rows(really)), "utf-8")
