"""A bundle of a whole shop with canaries planted everywhere: none of them is in it, in any form."""

import asyncio
import base64
import io
import os
import stat
import zipfile
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest

from terminal.payments.event import Actor, NewEvent
from terminal.privacy.bundle import all_forms, leaks
from terminal.privacy.ledger import Entry, Ledger
from terminal.settings import Loaded, load
from terminal.system import SystemClock, SystemEntropy
from terminal.wiring.privacy import write_ledger
from terminal.wiring.stores import open_journal
from terminal.wiring.support_bundle import privacy_desk, secrets_of
from tests.flows.api_rig import open_shop
from tests.flows.cli_rig import Place, command

PHONE, NAME, OPENID = "13800138001", "Maria Silva dos Santos", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
CODE, STAFF, PIN = "134579813579135791", "Wang Fang the cashier", "$argon2id$v=19$m=8$canarycanary"
APIV3, PEPPER, TOKEN = "canaryapiv3keycanaryapiv3key0032", "ca" * 32, "ct_live_canary_token_0123456789"
ENVIRONMENT = "canary-of-the-environment"
CANARIES = (PHONE, NAME, OPENID, CODE, STAFF, PIN, APIV3, PEPPER, TOKEN, ENVIRONMENT)


async def sold(loaded: Loaded) -> None:
    journal = open_journal(loaded, SystemClock(), SystemEntropy())
    who = Actor("person", "01WANGFANG")
    evidence = {"id": f"sha256:{OPENID}", "source": "query", "trade": "paid", "txn": CODE, "wallet": "wechatpay"}
    opened = {"sale": "SALE-CANARY-0001", "amount_minor": 2850, "order_no": PHONE, "title": "Tea"}
    moved = {"attempt": "A1", "to": "paid", "at_ms": 5, "evidence": evidence, "payload": f"weixin://{OPENID}"}
    await journal.append(
        [
            NewEvent("counter:1", "sale_opened", "SALE-CANARY-0001", who, opened, personal={"payer": NAME}),
            NewEvent("counter:1", "attempt_moved", "SALE-CANARY-0001", who, moved),
            NewEvent("counter:1", "refund_started", "SALE-CANARY-0001", who, {"reason": f"{NAME} {PHONE}"}),
            NewEvent("counter:1", "code_seen_again", "1", who, {"code": CODE, "sale": "s", "first": "f"}),
            NewEvent(
                "people:s1", "person_added", "01WANGFANG", who, {"label": STAFF, "role": "cashier", "pin": PIN}
            ),
        ]
    )
    await journal.close()


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    place = Place(tmp_path)
    place.example()
    place.secrets(apiv3_key=APIV3, pepper=PEPPER)
    loaded = load(place.config)
    asyncio.run(sold(loaded))
    (loaded.state / "api-key").write_text(TOKEN + "\n")
    entry = Entry(f"api.example/{TOKEN}", "wechatpay", f"GET /{quote(APIV3)}", ("a",), 1, 1)
    write_ledger(loaded, [entry])
    logs = tmp_path / "logs"
    logs.mkdir()
    raw = APIV3.encode()
    lines = [
        APIV3,
        raw.hex(),
        base64.b64encode(b"x" + raw).decode(),
        quote(TOKEN),
        f"Bearer {TOKEN}",
        PHONE,
        PEPPER,
    ]
    logs.joinpath("service.log").write_text("\n".join(f"2026-01-01 INFO it said {line} here" for line in lines))
    return loaded


def box_of(folder: Path) -> dict[str, bytes]:
    [file] = folder.glob("bundle-*.zip")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as box:
        return {name: box.read(name) for name in box.namelist()}


@pytest.mark.row(135)
def test_pr10_i19_no_planted_secret_and_no_person_is_in_a_bundle(loaded: Loaded) -> None:
    os.environ["COUNTERTOP_CANARY"] = ENVIRONMENT
    config = "--config", loaded.folder / "countertop.toml"
    try:
        shown = command("support", "bundle", "--dry-run", "--json", "--sale", "SALE-CANARY-0001", *config)
        made = command("support", "bundle", "--sale", "SALE-CANARY-0001", *config)
    finally:
        del os.environ["COUNTERTOP_CANARY"]
    assert (shown.code, made.code) == (0, 0)
    files = box_of(loaded.state / "bundles")
    assert leaks(files, all_forms(CANARIES)) == []
    assert leaks(files, all_forms(secrets_of(loaded))) == []
    preview = msgspec.json.decode(shown.out)
    assert {name: data.decode() for name, data in files.items()} == preview  # what is shown is what is packed
    names = {"versions.json", "settings.json", "doctor.json", "devices.json", "events.json", "sale-1.json"}
    assert names | {"outbound.json", "journal.json", "logs/service.log"} == files.keys()
    assert b"it said [removed] here" in files["logs/service.log"]  # the log is there, the secrets in it are not
    assert [each["type"] for each in msgspec.json.decode(files["sale-1.json"])] == [
        *("sale_opened", "attempt_moved", "refund_started")
    ]
    assert msgspec.json.decode(files["settings.json"])["channels"]["wechatpay"]["connector"] == "wechatpay"


def test_i19_what_counts_as_a_secret_of_this_machine_is_found_in_its_files(loaded: Loaded) -> None:
    found = secrets_of(loaded)
    assert {APIV3, PEPPER, TOKEN} <= found
    key = msgspec.json.decode((loaded.state / "keys" / "journal.key").read_bytes())
    assert key["checkpoint"] in found
    pem = (loaded.folder / "keys" / "apiclient_key.pem").read_text().splitlines()
    assert set(pem[1:-1]) <= found  # whatever a line of it begins with


def test_pr10_a_sale_nobody_knows_is_refused_and_a_persons_acts_are_no_sale(loaded: Loaded) -> None:
    config = "--config", loaded.folder / "countertop.toml"
    for who in ("01WANGFANG", STAFF, "nothing"):
        told = command("support", "bundle", "--dry-run", "--sale", who, *config)
        assert (told.code, told.out) == (1, "")


@pytest.mark.row(135)
async def test_the_page_s_bundle_tells_the_devices_as_they_are_and_has_no_file_of_what_was_not_asked(
    tmp_path: Path,
) -> None:
    (tmp_path / "here").mkdir()
    place = Place(tmp_path / "here")
    place.example()
    place.secrets(apiv3_key=APIV3, pepper=PEPPER)
    loaded = load(place.config)
    async with open_shop(tmp_path / "shop") as shop:
        files = await privacy_desk(loaded, Ledger(SystemClock()), shop.service).bundle()
    told = msgspec.json.decode(files["devices.json"])
    assert told["1"]["printer"]["state"] == "ok"
    assert "doctor.json" not in files
