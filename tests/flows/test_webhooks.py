"""Events leave the house: an endpoint set up over the API, a server that checks signatures by itself (row 90)."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from terminal.people.roles import Role
from terminal.web.callers import SESSION
from tests.authenticator import Phone
from tests.flows.api_rig import OWNER_PIN, WATCHDOG_S, Client, Shop
from tests.flows.client_players import NODE
from tests.flows.receiver import NAME, Receiver, delivering, receiving

MOVED = {"label": "Back office", "events": ["sale_moved"]}


@asynccontextmanager
async def house(folder: Path, receiver: Receiver) -> AsyncIterator[tuple[Shop, Client]]:
    shop = Shop(folder)
    shop.hooks_of = delivering
    async with receiving(receiver):
        await shop.start()
        try:
            yield shop, await shop.owner()
        finally:
            await shop.stop()


async def registered(owner: Client, receiver: Receiver, **wish: object) -> dict[str, Any]:
    told = await owner.post("/hooks", {**MOVED, "url": receiver.url, **wish})
    assert told.status == 201, told.body
    receiver.secret = told.body["secret"]
    return dict(told.body["hook"])


def paid(receiver: Receiver) -> list[str]:
    """Sales that the receiver knows to be paid, in the order in which it heard, repeats left out."""
    found = [event["subject"] for _, event in receiver.came if event["body"].get("to") == "paid"]
    return list(dict.fromkeys(found))


@pytest.mark.row(90, 122)
async def test_s19_d1_a_paid_sale_reaches_another_server_signed_also_over_a_crash(tmp_path: Path) -> None:
    receiver = Receiver()
    async with house(tmp_path, receiver) as (shop, before):
        hook = await registered(before, receiver)
        till = await shop.machine()
        first = await shop.paid(till)
        await receiver.until(lambda: first["id"] in paid(receiver))
        event = receiver.came[-1][1]
        told = await till.get(f"/events?after={event['number'] - 1}&limit=1")
        assert event == told.body["events"][0], "the very event of the API"
        assert {each["type"] for _, each in receiver.came} == {"sale_moved"}

        receiver.answer = lambda _event: 500
        second = await shop.paid(till)
        await receiver.until(lambda: second["id"] in paid(receiver))
        assert (await before.get(f"/hooks/{hook['id']}")).body["behind"] > 0
        await shop.restart()
        receiver.answer = lambda _event: 200
        third = await shop.paid(await shop.machine())
        await receiver.until(lambda: third["id"] in paid(receiver))
        assert paid(receiver) == [first["id"], second["id"], third["id"]], "in order, none lost"
        ids = {
            event["number"]: {i for i, each in receiver.came if each["number"] == event["number"]}
            for _, event in receiver.came
        }
        assert all(len(each) == 1 for each in ids.values()), "one id an event, on every try"
        assert receiver.forged == 0
        sent = [each.operation for each in shop.sent.entries() if each.host.startswith(NAME)]
        assert any(each.startswith("POST /") for each in sent), "what left stands in the ledger"


@pytest.mark.row(90)
async def test_s17_while_the_secret_changes_old_and_new_both_fit(tmp_path: Path) -> None:
    receiver = Receiver()
    async with house(tmp_path, receiver) as (shop, owner):
        hook = await registered(owner, receiver)
        path = f"/hooks/{hook['id']}"
        made = await owner.post(f"{path}/rotate", {"overlap_h": 1}, If_Match='"1"')
        assert (made.status, made.headers["ETag"]) == (201, '"2"')
        first = await shop.paid(await shop.machine())
        await receiver.until(lambda: first["id"] in paid(receiver))
        receiver.secret = made.body["secret"]
        shop.clock.ahead_s += 2 * 3600
        second = await shop.paid(await shop.machine(), counter="2")
        await receiver.until(lambda: second["id"] in paid(receiver))
        assert receiver.forged == 0


@pytest.mark.row(90)
async def test_two_who_change_one_endpoint_do_not_overwrite_each_other(tmp_path: Path) -> None:
    receiver = Receiver()
    async with house(tmp_path, receiver) as (_, owner):
        hook = await registered(owner, receiver)
        path, wish = f"/hooks/{hook['id']}", {**MOVED, "url": receiver.url, "label": "Mine"}
        seen = await owner.get(path)
        assert seen.headers["ETag"] == '"1"'
        assert (await owner.post(path, wish)).slug == "version_missing"
        assert (await owner.post(path, wish, If_Match="1")).slug == "field_wrong"
        changed = await owner.post(path, wish, If_Match='"1"')
        assert (changed.status, changed.body["version"], changed.headers["ETag"]) == (200, 2, '"2"')
        late = await owner.post(path, {**wish, "label": "Yours"}, If_Match='"1"')
        assert (late.status, late.slug) == (412, "version_moved")
        assert (await owner.get(path)).body["label"] == "Mine"
        assert (await owner.post(f"{path}/remove", {}, If_Match='"1"')).status == 412
        assert (await owner.post(f"{path}/remove")).status == 200
        assert (await owner.get(path)).slug == "hook_unknown"


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://127.0.0.1/", "hook_address_inside"),
        ("https://169.254.169.254/", "hook_address_inside"),
        ("http://pos.example/", "hook_not_https"),
        ("gopher://pos.example/", "hook_url_wrong"),
    ],
)
async def test_s18_an_address_inside_is_refused_at_once(tmp_path: Path, url: str, slug: str) -> None:
    async with house(tmp_path, Receiver()) as (_, owner):
        assert (await owner.post("/hooks", {"label": "x", "url": url})).slug == slug
        assert (await owner.get("/hooks")).body["hooks"] == []


@pytest.mark.row(90, 124)
async def test_i23_only_an_owner_and_an_integrator_of_a_simulated_shop_say_where_events_go(tmp_path: Path) -> None:
    receiver = Receiver()
    async with house(tmp_path, receiver) as (shop, owner):
        for nobody in (await shop.machine(), await shop.till(), await shop.cashier()):
            assert (await nobody.get("/hooks")).status in {401, 403}
            assert (await nobody.post("/hooks", {**MOVED, "url": receiver.url})).status in {401, 403}
        session = await shop.people.sign_in(shop.owner_id, OWNER_PIN, device="here")
        visitor = await shop.people.add_visitor(
            shop.people.who("", session), Role.INTEGRATOR, "Ana", "518264", hours=8
        )
        token = await shop.people.sign_in(visitor, "518264", device="here")
        begun = shop.people.begin_second_step(shop.people.who("", token))
        code = Phone.scan(begun.uri).code(shop.clock.wall_ms())
        await shop.people.finish_second_step(shop.people.who("", token), code, session_token=token, device="here")
        assert (await registered(shop.browser(**{SESSION: token}), receiver))["state"] == "on"
        assert len((await owner.get("/hooks")).body["hooks"]) == 1


@pytest.mark.row(89, 90)
async def test_i16_a_lost_answer_makes_no_second_endpoint_and_its_secret_is_told_a_minute_long(
    tmp_path: Path,
) -> None:
    receiver = Receiver()
    async with house(tmp_path, receiver) as (shop, before):
        wish = {**MOVED, "url": receiver.url}
        first = await before.post("/hooks", wish, key="hook-key-0001")
        again = await before.post("/hooks", wish, key="hook-key-0001")
        assert again.body["secret"] == first.body["secret"]
        shop.clock.ahead_s += 61
        owner = await shop.owner()
        late = await owner.post("/hooks", wish, key="hook-key-0001")
        assert late.slug == "key_told_once"
        assert len((await owner.get("/hooks")).body["hooks"]) == 1


@pytest.mark.row(90)
async def test_s19_what_was_never_taken_is_listed_page_by_page_sent_again_and_dropped(tmp_path: Path) -> None:
    """An endpoint a day dead on the wall clock: its letters by the API."""
    receiver = Receiver(answer=lambda _event: 503)
    async with house(tmp_path, receiver) as (shop, before):
        hook = await registered(before, receiver)
        letters = f"/hooks/{hook['id']}/letters"
        sale = await shop.paid(await shop.machine())
        await receiver.until(lambda: len(receiver.came) >= 2)  # the outage is on record
        shop.clock.ahead_s += 25 * 3600
        owner = await shop.owner()
        async with asyncio.timeout(WATCHDOG_S), aclosing(shop.service.feed.follow(0)) as news:
            async for batch in news:
                if any(each.type == "letter_kept" for each in batch):
                    break
        found = (await owner.get(f"{letters}?limit=1")).body
        seen = (await owner.get(f"/hooks/{hook['id']}")).body
        assert (seen["why"], seen["status"], seen["state"]) == ("answer", 503, "on")
        rows = found["letters"]
        assert rows[0]["event_type"] == "sale_moved"
        assert seen["letters"] >= 1
        receiver.answer = lambda _event: 200
        assert (await owner.post(f"{letters}/replay", {"numbers": [999_999]})).slug == "letter_unknown"
        taken = len(receiver.came)
        asked = await owner.post(f"{letters}/replay", {"numbers": [rows[0]["number"]]})
        assert (asked.status, asked.body["count"]) == (202, 1)
        await receiver.until(lambda: len(receiver.came) > taken)
        assert (await owner.post(f"{letters}/drop", {})).status == 200
        assert (await owner.get(letters)).body == {"letters": [], "next": None}
        assert sale["id"] in {event["subject"] for _, event in receiver.came}


PAGE = Path(__file__).parents[2] / "docs" / "integrate" / "events.md"
PLAY = """
import {{ verify }} from "./verify.mjs";
const {{ secret, headers, body }} = JSON.parse(process.argv[2]);
const bytes = Buffer.from(body, "base64");
const changed = Buffer.concat([bytes, Buffer.from(" ")]);
console.log(JSON.stringify([verify(secret, headers, bytes), verify(secret, headers, changed)]));
"""


@pytest.mark.row(88, 90)
async def test_s19_the_examples_of_the_page_take_our_delivery_and_refuse_a_changed_one(tmp_path: Path) -> None:
    fences = dict(re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S))
    receiver = Receiver()
    async with house(tmp_path, receiver) as (shop, owner):
        await registered(owner, receiver)
        await shop.shown(await shop.machine())
        sale = await shop.paid(await shop.machine(), counter="2")
        await receiver.until(lambda: sale["id"] in paid(receiver))
    headers, body = receiver.requests[-1]
    page = ModuleType("page")
    exec(compile(fences["python"], str(PAGE), "exec"), page.__dict__)  # the page's own words, not a stranger's
    assert page.verify(receiver.secret, headers, body)
    assert not page.verify(receiver.secret, headers, body + b" ")
    stale = {**headers, "webhook-timestamp": "1614265330"}
    assert not page.verify(receiver.secret, stale, body)
    (tmp_path / "verify.mjs").write_text(fences["js"], "utf-8")
    (tmp_path / "play.mjs").write_text(PLAY.replace("{{", "{").replace("}}", "}"), "utf-8")
    told = {"secret": receiver.secret, "headers": headers, "body": base64.b64encode(body).decode()}
    node = await asyncio.create_subprocess_exec(
        str(NODE), "play.mjs", json.dumps(told), cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(node.communicate(), WATCHDOG_S)
    assert json.loads(said) == [True, False]


@pytest.mark.row(90)
async def test_s19_every_till_is_told_of_a_program_that_takes_nothing_and_no_longer_once_it_does(
    tmp_path: Path,
) -> None:
    receiver = Receiver(answer=lambda _event: 500)
    async with house(tmp_path, receiver) as (shop, owner):
        await registered(owner, receiver, events=["sale_opened"])
        till, changes = await shop.till(), shop.hooks.register.changes
        assert (await till.get("/inbox")).body["risks"] == []
        await shop.shown(await shop.machine())
        await receiver.until(lambda: len(receiver.came) >= 2)
        [told] = (await till.get("/inbox", Accept_Language="pt-BR")).body["risks"]
        assert "Back office" in told["title"]
        assert told["id"].startswith("hook:")
        assert receiver.url not in str(told), "no till learns the address"
        assert shop.hooks.register.changes > changes, "tills look again"
        receiver.answer = lambda _event: 200
        async with asyncio.timeout(WATCHDOG_S), aclosing(shop.service.feed.follow(0)) as news:
            async for batch in news:
                if any(each.type == "hook_well" for each in batch):
                    break
        assert (await till.get("/inbox")).body["risks"] == []
