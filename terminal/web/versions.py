"""Versions of things and of calls: ETag and If-Match where two may change one thing; marks of a call that ends.

Sources: RFC 9110, 8.8.3 "ETag" and 13.1.1 "If-Match"; RFC 9745 "The Deprecation HTTP Response Header
Field"; RFC 8594 "The Sunset HTTP Header Field".
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any, Final

from aiohttp import web

from terminal.errors import InvalidRequest

PAGE: Final = "/api#versions"
_TAG: Final = re.compile(r'"([0-9]{1,16})"')
_MARKS: Final = web.RequestKey("marks", dict[str, str])


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A call that will end.

    Args:
        since: from when on nobody should begin to use it.
        sunset: the day after which it may be gone; None while that is open. At least ``NOTICE_DAYS`` later.
        instead: the address of what takes its place, below the API's prefix; empty when nothing does.
    """

    since: date
    sunset: date | None = None
    instead: str = ""

    def headers(self, prefix: str) -> dict[str, str]:
        links = [f'<{PAGE}>; rel="deprecation"; type="text/html"']
        if self.instead:
            links.append(f'<{prefix}{self.instead}>; rel="successor-version"')
        told = {"Deprecation": f"@{int(_midnight(self.since).timestamp())}", "Link": ", ".join(links)}
        if self.sunset is not None:
            told["Sunset"] = format_datetime(_midnight(self.sunset), usegmt=True)
        return told

    def document(self) -> dict[str, Any]:
        """Its part of the OpenAPI document."""
        told: dict[str, Any] = {"deprecated": True, "x-deprecated-since": self.since.isoformat()}
        if self.sunset is not None:
            told["x-sunset"] = self.sunset.isoformat()
        return told | ({"x-instead": self.instead} if self.instead else {})


NOTICE_DAYS: Final = 365


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def mark(request: web.Request, deprecation: Deprecation | None, prefix: str) -> None:
    """Whatever this request is answered with, also a refusal, carries the marks."""
    if deprecation is not None:
        request[_MARKS] = deprecation.headers(prefix)


async def put_marks(request: web.Request, response: web.StreamResponse) -> None:
    """On every response of the application, just before it leaves."""
    for name, value in request.get(_MARKS, {}).items():
        response.headers[name] = value


def tag(version: int) -> str:
    return f'"{version}"'


def wanted_version(request: web.Request, *, required: bool) -> int | None:
    """The version that a change was made from; None: whatever it is now.

    Raises:
        InvalidRequest: ``version_missing``, or ``field_wrong`` for what is no tag of ours.
    """
    found = request.headers.getall("If-Match", [])
    if not found and required:
        raise InvalidRequest("version_missing")
    if not found or found == ["*"]:
        return None
    matched = _TAG.fullmatch(found[0].strip()) if len(found) == 1 else None
    if matched is None:
        raise InvalidRequest("field_wrong", field="If-Match")
    return int(matched[1])
