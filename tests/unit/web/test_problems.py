"""What a failure leaves in the log."""

import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from terminal.errors import NotEvidence
from terminal.system import SystemIds
from terminal.web.problems import middleware


async def broken(_request: web.Request) -> web.Response:
    raise RuntimeError("broken")


async def refused(_request: web.Request) -> web.Response:
    raise NotEvidence("signature_wrong")


@pytest.mark.parametrize(("under", "status"), [("/broken", 500), ("/refused", 401)])
async def test_s54_a_path_writes_no_line_of_its_own_into_the_log(
    under: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = web.Application(middlewares=[middleware(SystemIds(), 1000, None)])
    app.add_routes([web.get("/broken/{x}", broken), web.get("/refused/{x}", refused)])
    caplog.set_level(logging.INFO)
    async with TestClient(TestServer(app)) as client:
        told = await client.get(f"{under}/x%0A2026-01-01%20INFO%20paid%1B[2J%E2%80%AE" + "a" * 500)
        assert told.status == status
    [line] = [each.getMessage() for each in caplog.records if each.name == "terminal.web.problems"]
    assert line.isprintable()
    assert f"{under}/x?2026-01-01" in line
    assert len(line) < 300
