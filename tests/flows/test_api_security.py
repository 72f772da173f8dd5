"""Who reaches the API: exact Host, our Origin, JSON with our header, a credential on each call (S20-S29)."""

import re
from pathlib import Path

import msgspec
import pytest

from terminal.web.callers import DISPLAY, SESSION, TILL
from terminal.web.routes.table import OPERATIONS
from tests.flows.api_rig import open_shop

SALE = {"counter": "1", "amount_minor": 2850}


@pytest.mark.row(126)
async def test_s20_every_call_needs_a_credential_but_the_doors(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        for operation in OPERATIONS:
            path = re.sub(r"{\w+}", "x", operation.path.replace("{counter}", "1"))
            body = {"counter": "1", "amount_minor": 5, "reason": "r", "how": "seen", "code": "1", "print": True}
            known = {name: body[name] for name in operation.form.__struct_fields__ if name in body}
            if operation.open_to == "anyone":
                continue
            stranger = shop.browser()
            sent = {"Content-Type": "application/octet-stream" if operation.upload else "application/json"}
            data = None if operation.method == "GET" else msgspec.json.encode(known)
            told = await stranger.ask(operation.method, path, headers=sent, data=data)
            if told.slug == "rate_limited":
                shop.clock.ahead_s += 60
                told = await stranger.ask(operation.method, path, headers=sent, data=data)
            assert (told.status, told.slug) == (401, "not_signed_in"), operation.name
            assert told.headers["WWW-Authenticate"] == "Bearer"
        doors = {operation.name for operation in OPERATIONS if operation.open_to == "anyone"}
        assert doors == {"sign_in", "sign_out", "pair_device", "set_up", "visit_sign_in", "read_health"}


async def test_s37_a_wrong_or_revoked_key_is_nobody(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        for header in ("Bearer ctk_wrong", "Bearer ", "Basic YTpi", "bearer", ""):
            told = await shop.client(Authorization=header).get("/me")
            assert (told.status, told.slug) == (401, "not_signed_in"), header
        pos = await shop.machine()
        me = await pos.get("/me")
        owner = await shop.owner()
        token = owner.headers["Cookie"].partition("=")[2]
        await shop.people.revoke_api_key(shop.people.who("", token), me.body["id"])
        assert (await pos.get("/me")).status == 401


@pytest.mark.row(126)
async def test_s21_dns_rebinding_another_host_is_refused_before_anything_else(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        port = shop.url.rpartition(":")[2]
        for host in ("evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", f"0.0.0.0:{port}", ""):
            told = await pos.get("/me", Host=host)
            assert (told.status, told.slug) == (421, "host_not_allowed"), host
            forwarded = await pos.get("/me", Host=host, X_Forwarded_Host=f"127.0.0.1:{port}")
            assert forwarded.status == 421, host


async def test_s21_our_names_with_our_port_are_answered(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        port = shop.url.rpartition(":")[2]
        for name in ("localhost", "127.0.0.1", "LOCALHOST", "[::1]"):
            assert (await pos.get("/me", Host=f"{name}:{port}")).status == 200, name


@pytest.mark.row(126)
async def test_s22_another_origin_is_refused_also_with_a_key(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till, pos = await shop.till(), await shop.machine()
        for origin in ("https://evil.example", "null", "http://localhost:1", "http://127.0.0.1", ""):
            told = await till.post("/sales", SALE, Origin=origin)
            assert (told.status, told.slug) == (403, "origin_not_allowed"), origin
            assert (await pos.get("/me", Origin=origin)).status == 403, origin


async def test_s22_fetch_metadata_lets_pages_be_reached_by_links_and_the_api_never(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        link = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        for site in ("cross-site", "same-site", "nonsense"):
            told = await till.ask("GET", "/me", headers={"Sec-Fetch-Site": site, **link})
            assert told.slug == "origin_not_allowed", site
        for site in ("cross-site", "same-site", "none"):
            page = await till.ask("GET", f"{shop.url}/api", headers={"Sec-Fetch-Site": site, **link})
            assert page.status == 200, site
            framed = {"Sec-Fetch-Site": site, **link, "Sec-Fetch-Dest": "iframe"}
            assert (await till.ask("GET", f"{shop.url}/api", headers=framed)).status == 403, site
        typed = await till.ask("GET", "/me", headers={"Sec-Fetch-Site": "none", **link})
        assert typed.status == 200


@pytest.mark.row(126)
async def test_s22_a_page_sends_json_and_a_header_no_form_can_send(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""):
            told = await till.post("/sign-out", Content_Type=kind)
            assert (told.status, told.slug) == (415, "media_type"), kind
        packed = await till.post("/sign-out", Content_Encoding="gzip")
        assert packed.slug == "media_type"
        del till.headers["X-Requested-With"]
        told = await till.post("/sign-out")
        assert (told.status, told.slug) == (403, "csrf_header")
        opened = await till.post("/sales", SALE)
        assert opened.status == 201, "an Idempotency-Key is such a header too"


async def test_s23_no_answer_opens_itself_to_other_origins(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        for told in (await pos.get("/me", Origin=shop.url), await pos.ask("OPTIONS", "/me", headers={})):
            assert not [name for name in told.headers if name.lower().startswith("access-control")]


async def test_s25_every_answer_has_the_headers_of_a_careful_service(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        answers = [
            await pos.get("/me"),
            await pos.get("/nowhere"),
            await pos.post("/sales", {"counter": "9"}),
            await pos.get("/me", Host="evil.example"),
            await shop.client().get(f"{shop.url}/api"),
            await shop.client().get("/health"),
        ]
        for told in answers:
            policy = told.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in policy
            assert "base-uri 'none'" in policy
            assert "unsafe" not in policy
            assert told.headers["X-Content-Type-Options"] == "nosniff"
            assert told.headers["Referrer-Policy"] == "no-referrer"
            assert told.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert told.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert told.headers["Cache-Control"] == "no-store"
            assert told.headers["Server"] == "countertop"


async def test_s26_cookies_are_host_bound_secure_strict_and_hidden_from_scripts(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.owner()
        told = await shop.browser().post("/sign-in", {"person": shop.owner_id, "pin": "837465"})
        assert told.status == 200
        cookie = told.headers["Set-Cookie"]
        assert cookie.startswith(f"{SESSION}=cts_")
        for part in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
            assert part in cookie
        assert "Domain" not in cookie


async def test_s38_strangers_and_credentials_have_a_rate(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        stranger = shop.browser()
        limits = shop.edge.limits
        told = [await stranger.get("/me") for _ in range(limits.strangers_burst - 1)]
        assert {each.status for each in told} == {401}
        for _ in range(20 * limits.strangers_burst):  # a slow machine earns some while it asks
            if (last := await stranger.get("/me")).status == 429:
                break
        assert (last.status, last.slug) == (429, "rate_limited")
        assert int(last.headers["Retry-After"]) >= 1
        pos = await shop.machine()
        assert (await pos.get("/me")).status == 200, "others are not hindered"
        shop.clock.ahead_s += 60
        assert (await stranger.get("/me")).status == 401


@pytest.mark.row(124)
async def test_i14_a_display_cookie_sees_its_screen_and_takes_no_money(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        sale = await shop.shown(pos)
        display = await shop.display("1")
        screen = await display.get("/counters/1")
        assert screen.body["screen"]["payload"]
        assert (screen.body["sale"], screen.body["last"], screen.body["health"]) == (None, None, {})
        assert (await display.get("/counters/2")).status == 404
        for path in ("/sales", f"/sales/{sale['id']}", "/events", "/counters", "/people"):
            told = await display.get(path)
            assert (told.status, told.slug) == (403, "not_allowed"), path
        for path, body in (
            ("/sales", SALE),
            (f"/sales/{sale['id']}/cancel", {}),
            (f"/sales/{sale['id']}/refunds", {"reason": "r"}),
            ("/counters/1/scan", {"code": "130012345678901234"}),
        ):
            told = await display.post(path, body)
            assert (told.status, told.slug) == (403, "not_allowed"), path
        token = display.headers["Cookie"].partition("=")[2]
        as_till = await shop.browser(**{TILL: token}).post("/sales", SALE)
        assert as_till.slug == "not_allowed", "what a token may do is in the journal, not in a cookie's name"
        till_token = (await shop.till("1")).headers["Cookie"].partition("=")[2]
        assert (await shop.browser(**{DISPLAY: till_token}).get("/me")).body["role"] == "till"


@pytest.mark.row(124)
async def test_i14_a_key_of_one_counter_knows_nothing_of_another(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        everywhere = await shop.machine()
        sale = await shop.shown(everywhere, counter="2")
        one = await shop.machine(counters=["1"])
        for path in (f"/sales/{sale['id']}", f"/sales/{sale['id']}/events", "/counters/2", "/sales?counter=2"):
            told = await one.get(path)
            assert told.status == 404, path
        assert (await one.post(f"/sales/{sale['id']}/cancel")).status == 404
        assert (await one.post("/sales", {"counter": "2", "amount_minor": 5})).status == 404
        assert (await one.get("/sales")).body["sales"] == []
        assert [row["id"] for row in (await one.get("/counters")).body["counters"]] == ["1"]
        assert (await one.get("/events?limit=256")).body["events"] == []
        reader = await shop.machine("sales:read")
        assert (await reader.get(f"/sales/{sale['id']}")).status == 200
        assert (await reader.post("/sales", SALE)).slug == "not_allowed"
