"""A stranger reads the served OpenAPI document and tries every operation, with sound and with broken requests.

schemathesis (PyPI) makes the requests and judges the answers: no 5xx, no status or body that the document does not
tell, nothing broken accepted, nothing sound refused for its form, unknown methods and missing credentials refused.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Final

import pytest

from terminal.web.edge import EdgeLimits
from tests.flows.api_rig import Client, Shop, open_shop

MANY: Final = 1_000_000
PATIENT: Final = EdgeLimits(known_per_s=MANY, known_burst=MANY, strangers_per_s=MANY, strangers_burst=MANY)
ENDS_ITS_OWN_SESSION: Final = ("sign_out", "confirm_pin", "disable_person")
ENDLESS: Final = ("stream_events",)  # no answer to wait for; its own tests know it
WATCHDOG_S: Final = 600
CONFIG: Final = """
[parameters]
"path.sale" = "{sale}"
"path.counter" = "1"
"path.person" = "{person}"
"path.n" = "1"

[generation]
codec = "ascii"
allow-x00 = false
database = "none"

# 404, 409, 422: the form is sound and the shop's state says no
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 422, 429]

# nothing to hold a change against is 428 (RFC 6585, 3), which schemathesis does not know
[[operations]]
include-operation-id = ["change_hook", "rotate_hook"]
checks.missing_required_header.expected-statuses = [401, 403, 428]

# a calendar and a list of currencies are more than a pattern can say; a socket is no plain request
[[operations]]
include-operation-id = ["read_settlements", "open_sale", "live"]
checks.positive_data_acceptance.enabled = false
"""


async def judged(shop: Shop, client: Client, folder: Path, *arguments: str, session: bool) -> None:
    document = (await client.get("/openapi.json")).body
    if session:  # made-up credentials would end the session that is tried
        document.pop("security")
        document["components"].pop("securitySchemes")
    sale = await shop.paid(await shop.owner())
    (folder / "openapi.json").write_text(json.dumps(document), "utf-8")
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG.format(sale=sale["id"], person=shop.cashier_id), "utf-8")
    headers = [part for name, value in client.headers.items() for part in ("-H", f"{name}: {value}")]
    program = Path(sys.executable).with_name("schemathesis")
    child = await asyncio.create_subprocess_exec(
        program, "--config-file", config, "run", folder / "openapi.json", "-u", shop.url, "--no-color",
        "--seed", "7", "--suppress-health-check", "all", *headers, *arguments,
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WATCHDOG_S):
            said, _ = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
    assert child.returncode == 0, said.decode()
    assert (await client.get("/me")).status == 200, "it was known to the end"


def not_these(names: tuple[str, ...]) -> list[str]:
    return [part for name in names for part in ("--exclude-operation-id", name)]


@pytest.mark.no_cover
@pytest.mark.row(88)
async def test_s1_s29_a_stranger_finds_nothing_untold_and_nothing_broken_taken(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=PATIENT) as shop:
        await shop.cashier()
        owner = await shop.owner()
        few = ("--phases", "fuzzing", "-n", "2", *not_these((*ENDS_ITS_OWN_SESSION, *ENDLESS)))
        await judged(shop, owner, tmp_path, *few, session=True)


@pytest.mark.slow
@pytest.mark.parametrize("who", ["owner", "machine"])
async def test_s1_s29_a_stranger_finds_nothing_in_many_requests(who: str, tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=PATIENT) as shop:
        await shop.cashier()
        everything: tuple[str, ...] = ("--phases", "examples,coverage,fuzzing,stateful", "-n", "25")
        # 64.0 is an integer to JSON Schema and none to us (S3), and a thirteenth month is a pattern's day
        everything += ("--exclude-checks", "positive_data_acceptance")
        if who == "owner":
            client, left_out = await shop.owner(), not_these((*ENDS_ITS_OWN_SESSION, *ENDLESS))
        else:
            client, left_out = await shop.machine("sales", "refunds", "reports", "bills"), not_these(ENDLESS)
        await judged(shop, client, tmp_path, *everything, *left_out, session=who == "owner")
