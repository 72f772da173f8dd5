"""A call that will end says so on every answer; a change says what it was made from (RFC 9745, 8594, 9110)."""

from dataclasses import replace
from datetime import date

import aiohttp
import pytest
from aiohttp import web

from terminal.web import openapi, versions
from terminal.web.calls import PREFIX
from terminal.web.routes.table import OPERATIONS
from terminal.web.versions import NOTICE_DAYS, Deprecation

ENDS = Deprecation(date(2026, 11, 1), date(2027, 12, 1), "/sales")


def test_the_headers_are_written_as_their_rfcs_say() -> None:
    """RFC 9745, section 2.1: an @ and seconds; RFC 8594, section 3: an HTTP date."""
    assert ENDS.headers(PREFIX) == {
        "Deprecation": "@1793491200",
        "Sunset": "Wed, 01 Dec 2027 00:00:00 GMT",
        "Link": '</api#versions>; rel="deprecation"; type="text/html", </api/v1/sales>; rel="successor-version"',
    }
    assert "Sunset" not in Deprecation(date(2026, 11, 1)).headers(PREFIX)


async def test_a_marked_call_says_so_with_every_answer_also_a_refusal() -> None:
    async def handle(request: web.Request) -> web.Response:
        versions.mark(request, ENDS if request.path != "/stays" else None, PREFIX)
        if request.path == "/refused":
            raise web.HTTPConflict
        return web.Response()

    app = web.Application()
    app.router.add_get("/{any}", handle)
    app.on_response_prepare.append(versions.put_marks)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with aiohttp.ClientSession() as session:
            for path, marked in (("/works", True), ("/refused", True), ("/stays", False)):
                async with session.get(base + path) as answer:
                    assert ("Deprecation" in answer.headers, "Sunset" in answer.headers) == (marked, marked)
    finally:
        await runner.cleanup()


def test_the_document_says_it_too_and_every_end_is_told_a_year_before() -> None:
    marked = replace(OPERATIONS[0], deprecated=ENDS)
    told = openapi.operation_told(marked)
    assert (told["deprecated"], told["x-sunset"], told["x-instead"]) == (True, "2027-12-01", "/sales")
    for operation in OPERATIONS:
        if operation.deprecated is not None and operation.deprecated.sunset is not None:
            assert (operation.deprecated.sunset - operation.deprecated.since).days >= NOTICE_DAYS, operation.name


@pytest.mark.row(88)
def test_a_call_that_takes_a_version_says_so() -> None:
    for operation in OPERATIONS:
        told = openapi.operation_told(operation)
        header = [each for each in told.get("parameters", ()) if each["name"] == "If-Match"]
        assert [each["required"] for each in header] == ([operation.if_match == "required"] if header else [])
        assert bool(header) == bool(operation.if_match)
        assert ("version_moved" in operation.problems) == bool(operation.if_match)
