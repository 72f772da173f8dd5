"""Every role at every operation of the served document: what is theirs, a refusal for the rest (S30, S31, I23).

Who may what is written here by hand, apart from the product's tables: both must say the same.
"""

import re
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from terminal.people.roles import Role
from terminal.web.callers import SESSION
from terminal.web.examples.table import EXAMPLES
from terminal.web.rights import RIGHTS
from tests.authenticator import Phone
from tests.flows.api_rig import OWNER_PIN, Client, Shop, open_shop

pytestmark = pytest.mark.no_cover  # hundreds of calls through lines that other tests measure

SELF: Final = {"read_me", "confirm_pin"}
OWN: Final = SELF | {"begin_second_step", "finish_second_step"}
DISPLAY: Final = SELF | {"read_counter", "new_ticket"}
DEVICES: Final = {"list_devices", "test_device"}
SELLING: Final = (
    DISPLAY
    | DEVICES
    | {"open_sale", "list_sales", "read_sale", "read_timeline", "cancel_sale", "check_sale", "park_sale"}
    | {"name_command", "clear_keyed", "enter_goods"}
    | {"show_code", "scan_code", "list_unverified", "reprint_receipt", "read_receipt", "decide_slip"}
    | {"offer_refund", "list_orphans", "list_alerts", "read_inbox", "list_counters", "read_events", "list_people"}
    | {"read_today", "seal_day"}
    | {"find_code", "check_proof", "read_proof", "list_stickers", "check_sticker"}
)
REPORTS: Final = {"read_risk", "read_x", "print_x", "list_z", "read_z", "print_z", "read_fees", "read_daybook"} | {
    *("list_differences", "read_difference", "read_settlements", "fix_difference"),
}
REFUNDS: Final = {"refund_sale", "cancel_refund"}
BILLS: Final = {"import_bill", "fetch_bills"}
KEYS: Final = {"list_api_keys", "new_api_key", "rotate_api_key", "revoke_api_key"}
OWN_TEST_SALE: Final = {"open_sale", "read_sale", "read_timeline", "cancel_sale", "check_sale"} | {
    *("reprint_receipt", "read_receipt"),
}
MAY: Final = {
    "till": SELLING,
    "display": DISPLAY,
    "cashier": SELLING | REFUNDS,
    "pos": SELLING | REFUNDS | REPORTS | BILLS,
    "onboarding": OWN | DEVICES | OWN_TEST_SALE | {"choose_device", "probe_port"},
    "integrator": OWN
    | DEVICES
    | KEYS - {"new_api_key"},  # the example's scopes take money: more than its maker may
    "integrator of a test shop": SELLING | OWN | REFUNDS | REPORTS | KEYS | {"fetch_bills"},
    "support": OWN | {"list_devices"},
}
OWNERS: Final = {
    "add_person",
    "add_visitor",
    "set_pin",
    "unlock_person",
    "disable_person",
    "remove_second_step",
} | {
    *("list_access", "end_session", "new_pairing_code", "remove_device", "override_sale", "close_exception"),
    *("close_orphan", "close_alert", "match_credit", "close_key", "new_sticker", "remove_sticker"),
}
WRITTEN: Final = OWNERS.union(
    *MAY.values()
)  # an operation newer than this table is held against /me and the document
INSIDE: Final = (
    b"Traceback",
    b"File ",
    b"site-packages",
    b"aiohttp",
    b"/work",
    b"SELECT",
    b"sqlite",
    b"journal.db",
)
FILE: Final = "application/octet-stream"
Document = list[tuple[str, str, dict[str, Any]]]


async def visitor(shop: Shop, role: Role) -> Client:
    """Somebody who came, signed in and set up their phone."""
    owner = await shop.people.sign_in(shop.owner_id, OWNER_PIN, device="here")
    person = await shop.people.add_visitor(shop.people.who("", owner), role, role.value, "518264", hours=8)
    token = await shop.people.sign_in(person, "518264", device="here")
    begun = shop.people.begin_second_step(shop.people.who("", token))
    code = Phone.scan(begun.uri).code(shop.clock.wall_ms())
    await shop.people.finish_second_step(shop.people.who("", token), code, session_token=token, device="here")
    return shop.browser(**{SESSION: token})


async def everybody(shop: Shop) -> dict[str, Client]:
    cashier, till = await shop.cashier(), await shop.till("1")
    cookies = f"{cashier.headers['Cookie']}; {till.headers['Cookie']}"
    return {
        "till": till,
        "display": await shop.display("1"),
        "cashier": Client(shop.url, shop.session, {**cashier.headers, "Cookie": cookies}),
        "pos": await shop.machine("sales", "refunds", "reports", "bills"),
        "onboarding": await visitor(shop, Role.ONBOARDING),
        "integrator": await visitor(shop, Role.INTEGRATOR),
        "support": await visitor(shop, Role.SUPPORT),
        "owner": await shop.owner(),
    }


async def called(client: Client, method: str, path: str, told: dict[str, Any], parts: dict[str, str]) -> Any:
    """One request as the document says, with the document's example as its body."""
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace(f"{{{name}}}", parts.get(name, "01KAK3V5M2Q8ZP6T4W9XN7B1CD"))
    needed = [each for each in told.get("parameters", []) if each["in"] == "query" and each.get("required")]
    query = "&".join(f"{each['name']}=2026-01-05" for each in needed)
    content = told.get("requestBody", {}).get("content", {})
    headers = {"Idempotency-Key": f"matrix-{told['operationId']}"[:64]}
    data = b"" if FILE in content else None
    headers |= {"Content-Type": next(iter(content))} if content else {}
    if "application/json" in content:
        name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        data = msgspec.json.encode(EXAMPLES[name])
    return await client.ask(method.upper(), f"{path}?{query}" if query else path, headers=headers, data=data)


async def operations(client: Client) -> Document:
    paths = (await client.get("/openapi.json")).body["paths"]
    return [
        (method, path, told)
        for path, methods in paths.items()
        for method, told in methods.items()
        if told["operationId"] not in {"live", "stream_events"} and told.get("security") != []
    ]


async def let_in(who: str, client: Client, document: Document, parts: dict[str, str]) -> None:
    may = set((await client.get("/me")).body["may"])
    for method, path, told in document:
        name = told["operationId"]
        if name == "confirm_pin":
            continue  # it ends the cookie that the others need; tests of signing in have it
        answer = await called(client, method, path, told, parts)
        assert answer.status < 500, (who, name, answer.body)
        if answer.status >= 400:
            said = msgspec.json.encode(answer.body)
            assert not [each for each in INSIDE if each in said], (who, name)
        refused = answer.slug in {"not_allowed", "not_signed_in"}
        if who == "owner" or name in WRITTEN:
            assert refused != (who == "owner" or name in MAY[who]), (who, name, answer.status, answer.slug)
        else:
            assert refused or may & set(told["x-actions"]), (who, name, answer.status, answer.slug)
        assert not refused or answer.status in {401, 403}, (who, name)


@pytest.mark.row(124)
async def test_s29_s30_i23_every_role_at_every_operation_is_let_in_or_refused_by_the_table(tmp_path: Path) -> None:
    parts = {"counter": "1", "n": "1"}
    async with open_shop(tmp_path, simulated=False) as shop:
        callers = await everybody(shop)
        document = await operations(callers["owner"])
        for who, client in callers.items():
            await let_in(who, client, document, parts)
        names = {told["operationId"] for _, _, told in document}
        assert names <= RIGHTS.keys(), "what has no row is the owner's alone, and nobody said so"
        refused = [each for each in shop.journal.after(0, limit=5000) if each.type == "act_refused"]
        assert {each.body["role"] for each in refused} == set(MAY) - {"integrator of a test shop"}, "S50"


@pytest.mark.row(124)
async def test_s30_s31_an_integrator_where_money_is_simulated_and_who_tries_a_counter(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        other = await shop.shown(pos, counter="2")
        owner = await shop.owner()
        document = await operations(owner)
        await let_in("integrator of a test shop", await visitor(shop, Role.INTEGRATOR), document, {"counter": "1"})
        live = shop.service.lane("1").current
        assert live is not None, "the integrator opened one"
        assert (await owner.post(f"/sales/{live}/cancel")).status == 200
        guest = await visitor(shop, Role.ONBOARDING)
        too_much = await guest.post("/sales", {"counter": "1", "amount_minor": 2})
        assert (too_much.status, too_much.slug) == (403, "limit_of_role")
        mine = await shop.shown(guest, 1)
        assert (await guest.get(f"/sales/{mine['id']}")).body["amount_minor"] == 1
        for path in (f"/sales/{other['id']}", f"/sales/{other['id']}/events", f"/sales/{other['id']}/receipt"):
            assert (await guest.get(path)).slug == "sale_unknown", path
        assert (await guest.post(f"/sales/{other['id']}/cancel")).slug == "sale_unknown"
        assert (await guest.post(f"/sales/{mine['id']}/cancel")).status == 200


@pytest.mark.row(124)
async def test_s31_i14_what_belongs_to_another_counter_is_as_unknown_as_what_never_was(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        callers = await everybody(shop)
        callers["pos"] = await shop.machine("sales", "refunds", counters=["1"])
        sale = str((await shop.paid(await shop.machine(), counter="2"))["id"])
        document = [
            each for each in await operations(callers["owner"]) if "{sale}" in each[1] or "{counter}" in each[1]
        ]
        before = shop.service.book.sale(sale)
        for who in ("till", "cashier", "pos"):
            for method, path, told in document:
                if told["operationId"] not in MAY[who]:
                    continue
                answer = await called(callers[who], method, path, told, {"counter": "2", "sale": sale})
                assert answer.status == 404, (who, told["operationId"], answer.slug)
        assert shop.service.book.sale(sale) == before
