"""Families of addresses that are loaded when one is first asked for: they answer as if always there."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from terminal.web.app import make_app
from terminal.web.edge import EDGE
from terminal.web.late import Late
from tests.flows.api_rig import open_shop
from tests.flows.test_api_whole_app import settings

LOADED: Final = [0]


async def _answer(_request: web.Request) -> web.Response:
    return web.Response(text="here")


def _load() -> list[web.RouteDef]:
    LOADED[0] += 1
    return [web.get("/train", _answer), web.post("/train/{lesson}", _answer)]


def _router() -> web.UrlDispatcher:
    LOADED[0] = 0
    router = web.UrlDispatcher()
    router.register_resource(Late("/", r"/train(/.*)?", _load))
    return router


async def test_a_family_is_loaded_once_by_the_first_who_asks_for_one_of_its_addresses() -> None:
    router = _router()
    asked = [make_mocked_request("POST", f"/train/{number}") for number in range(3)]
    found = await asyncio.gather(*map(router.resolve, asked))
    assert [(each.http_exception, each["lesson"]) for each in found] == [(None, "0"), (None, "1"), (None, "2")]
    assert found[0].route.resource is not None
    assert (found[0].route.resource.canonical, LOADED) == ("/train/{lesson}", [1])
    assert ([len(each) for each in router.resources()], LOADED) == ([3], [1])


@pytest.mark.parametrize("path", ["/", "/trainer", "/sales/train", "/api/v1/visits"])
async def test_who_asks_for_something_else_loads_nothing(path: str) -> None:
    router = _router()
    found = await router.resolve(make_mocked_request("GET", path))
    assert isinstance(found.http_exception, web.HTTPNotFound)
    assert LOADED == [0]


async def test_another_method_is_refused_with_those_there_are_and_an_unknown_address_is_not_found() -> None:
    router = _router()
    found = await router.resolve(make_mocked_request("GET", "/train/1"))
    assert isinstance(found.http_exception, web.HTTPMethodNotAllowed)
    assert found.http_exception.allowed_methods == {"POST"}
    found = await router.resolve(make_mocked_request("GET", "/train/1/2"))
    assert isinstance(found.http_exception, web.HTTPNotFound)


async def test_each_family_claims_all_its_addresses_and_nobody_elses(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        app = make_app(shop.service, shop.people, settings(tmp_path), clock=shop.clock, entropy=shop.entropy)
        families = [each for each in app.router.resources() if isinstance(each, Late)]
        others = [each.canonical for each in app.router.resources() if not isinstance(each, Late)]
    assert len(families) == 5
    for family in families:
        own = {each.resource.canonical for each in family if each.resource is not None}
        assert own
        assert all(map(family.raw_match, own))
        assert not any(map(family.raw_match, others))
        assert not any(each.raw_match(path) for each in families if each is not family for path in own)


@pytest.mark.parametrize(
    ("path", "kind"), [("/train", "text/html"), ("/api/v1/visit", "application/problem+json")]
)
async def test_s29_what_cannot_be_loaded_fails_as_every_handler_does_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, kind: str
) -> None:
    async with open_shop(tmp_path) as shop:
        app = make_app(shop.service, shop.people, settings(tmp_path), clock=shop.clock, entropy=shop.entropy)
        async with TestClient(TestServer(app)) as client:
            app[EDGE].allow("127.0.0.1", client.port or 0, None)
            with monkeypatch.context() as replaced:  # as while another version is installed over this one
                replaced.setitem(sys.modules, "terminal.web.pages.training", None)
                replaced.setitem(sys.modules, "terminal.web.routes.visit", None)
                told = await client.get(path, headers={"Accept": kind})
                assert (told.status, told.content_type) == (500, kind)
                assert "Content-Security-Policy" in told.headers
                assert "aiohttp" not in told.headers["Server"]
            assert (await client.get(path, headers={"Accept": kind})).status != 500


@pytest.mark.parametrize("path", ["/setup/sheet", "/setup/visit", "/api/v1/visits"])
async def test_what_keeps_visits_is_loaded_off_the_loop_by_the_first_who_asks_for_one(
    tmp_path: Path, path: str
) -> None:
    threads: list[int] = []
    async with open_shop(tmp_path) as shop:
        app = make_app(shop.service, shop.people, settings(tmp_path), clock=shop.clock, entropy=shop.entropy)
        app[EDGE].load_visits = lambda: threads.append(threading.get_ident())
        async with TestClient(TestServer(app)) as client:
            app[EDGE].allow("127.0.0.1", client.port or 0, None)
            await client.get("/", allow_redirects=False)
            assert threads == []
            for _ in range(2):
                await client.get(path, allow_redirects=False)
    assert [each != threading.get_ident() for each in threads] == [True]


_ASK: Final = """
import sys, terminal.app
late = ("terminal.training", "terminal.visit.steps", "terminal.web.pages.training", "terminal.web.pages.visit",
        "terminal.web.routes.training", "terminal.web.routes.visit", "terminal.wiring.visit",
        "terminal.web.pages.reports", "terminal.web.pages.differences", "terminal.web.pages.glance",
        "terminal.settlement.period")
print(*(name for name in late if name in sys.modules))
"""


def test_the_service_starts_without_lessons_visits_and_the_pages_of_reports() -> None:
    told = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == []
