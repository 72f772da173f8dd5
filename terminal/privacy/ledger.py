"""What left the shop: when, to whom, for what, and the names of the fields; never a value (PR5).

Equal requests of one hour are one entry with a count, so that a busy shop's day still fits the ring.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from terminal.counter.ports import Clock, HttpRequest

ENTRIES_MAX: Final = 1000
FIELDS_MAX: Final = 64
KEPT_MS: Final = 30 * 86_400_000
HOUR_MS: Final = 3_600_000
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyz-_.")
_NAME: Final = re.compile(r"\(body\)|(?!.*[0-9]{5})[A-Za-z0-9_.-]{1,80}")  # what else stands there may be a value
_BODY_MAX: Final = 64 * 1024
_DEPTH: Final = 6


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """``connections`` counts what was opened, ``requests`` what was sent over them; times in UTC milliseconds."""

    host: str
    purpose: str
    operation: str
    fields: tuple[str, ...]
    first_ms: int
    last_ms: int
    requests: int = 0
    connections: int = 0


_Key = tuple[str, str, tuple[str, ...], int]


@dataclass(slots=True)
class Ledger:
    """Bounded; the oldest go first. ``purpose`` says for what a host is spoken to, such as a channel's name."""

    clock: Clock
    purpose: Callable[[str], str] = lambda _host: ""
    changed: bool = False
    _entries: "OrderedDict[_Key, Entry]" = field(default_factory=OrderedDict)

    def connecting(self, origin: str) -> None:
        """A socket is about to be opened there."""
        self._entry(origin, "connect", ()).connections += 1

    def sent(self, origin: str, request: HttpRequest) -> None:
        """This request leaves, or has just left."""
        self._entry(origin, operation(request), field_names(request)).requests += 1

    def entries(self) -> list[Entry]:
        """Newest first."""
        return sorted(self._entries.values(), key=lambda each: -each.last_ms)

    def load(self, stored: Iterable[Entry]) -> None:
        """What was there before this start; older than ``KEPT_MS`` stays away."""
        since = self.clock.wall_ms() - KEPT_MS
        for each in sorted(stored, key=lambda each: each.last_ms):
            if each.last_ms >= since:
                self._entries[each.host, each.operation, each.fields, each.first_ms // HOUR_MS] = each
        self._shorten()

    def forget_old(self) -> int:
        """Drop entries past their time; returns how many."""
        since = self.clock.wall_ms() - KEPT_MS
        old = [key for key, each in self._entries.items() if each.last_ms < since]
        for key in old:
            del self._entries[key]
        self.changed = self.changed or bool(old)
        return len(old)

    def _entry(self, origin: str, doing: str, names: tuple[str, ...]) -> Entry:
        now, host = self.clock.wall_ms(), urlsplit(origin).netloc or origin
        key = host, doing, names, now // HOUR_MS
        found = self._entries.get(key)
        if found is None:
            found = self._entries[key] = Entry(host, self.purpose(host), doing, names, now, now)
            self._shorten()
        found.last_ms, self.changed = now, True
        return found

    def _shorten(self) -> None:
        while len(self._entries) > ENTRIES_MAX:
            self._entries.popitem(last=False)


def operation(request: HttpRequest) -> str:
    """Method and path; a piece of the path that may be somebody's number is a star."""
    path = urlsplit(request.target).path
    pieces = [each if _public(each) else "*" for each in path.split("/")]
    return f"{request.method} {'/'.join(pieces)}"


def _public(piece: str) -> bool:
    return len(piece) <= 32 and (set(piece) <= _PLAIN or (piece[:1] == "v" and piece[1:].isdecimal()))


def field_names(request: HttpRequest) -> tuple[str, ...]:
    """Names of the query and the body, nested ones with dots; no value is kept."""
    found = {name for name, _ in parse_qsl(urlsplit(request.target).query, keep_blank_values=True)}
    if request.body:
        found |= set(_body_names(request.body))
    named = {name if _NAME.fullmatch(name) else "(other)" for name in found}
    return tuple(sorted(named)[:FIELDS_MAX])


def _body_names(body: bytes) -> Iterator[str]:
    if len(body) > _BODY_MAX:
        yield "(body)"
        return
    try:
        yield from _named("", msgspec.json.decode(body), _DEPTH)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        if not pairs:
            yield "(body)"
        for name, value in pairs:
            yield from _of_form(name, value)


def _of_form(name: str, value: str) -> Iterator[str]:
    """A form's field may hold a whole document (Alipay's ``biz_content``)."""
    if value.startswith("{"):
        try:
            yield from _named(f"{name}.", msgspec.json.decode(value), _DEPTH)
        except msgspec.DecodeError:
            yield name
    else:
        yield name


def _named(before: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping) and depth:
        for name, inner in value.items():
            if isinstance(inner, Mapping | list):
                yield from _named(f"{before}{name}.", inner, depth - 1)
            else:
                yield f"{before}{name}"
    elif isinstance(value, list) and depth:
        for inner in value:
            yield from _named(before, inner, depth - 1)
    else:
        yield before.rstrip(".") or "(body)"
