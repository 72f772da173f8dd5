"""Reads a support bundle that somebody sent: a zip file nobody believes, unpacked nowhere, with bounds on all."""

import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from terminal.errors import InvalidRequest
from terminal.payments.currencies import EXPONENTS
from terminal.payments.event import Event, Ledger

ZIP_MAX: Final = 16 << 20
FILES_MAX: Final = 200
FILE_MAX: Final = 4 << 20
TOTAL_MAX: Final = 24 << 20
EVENTS_MAX: Final = 2000
AMOUNT_MAX: Final = 10**15
_NAME: Final = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}/)?[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}")
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_NAMED: Final = ("direction", "to", "kind", "outcome", "way")  # what a sentence is chosen by


def read_bundle(path: Path) -> dict[str, bytes]:
    """The files by name.

    Raises:
        InvalidRequest("bundle_unusable", why=…): no zip, too large, too many, a name that leads elsewhere, a
            file that grows beyond its bound when it is unpacked, encrypted, twice, or damaged.
    """
    try:
        if path.stat().st_size > ZIP_MAX:
            raise _unusable("too large")
        with zipfile.ZipFile(path) as box:
            return _files(box)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        # RuntimeError: zipfile's word for versions, ciphers and patches that it does not know
        raise _unusable(type(error).__name__) from None


def _files(box: zipfile.ZipFile) -> dict[str, bytes]:
    listed = box.infolist()
    if len(listed) > FILES_MAX:
        raise _unusable("too many files")
    found: dict[str, bytes] = {}
    for each in listed:
        if not _NAME.fullmatch(each.filename) or each.filename in found:
            raise _unusable("a name that no bundle has")
        if each.compress_type not in _METHODS or each.flag_bits & 0x1:
            raise _unusable("packed in a way that no bundle is")
        with box.open(each) as file:
            data = file.read(FILE_MAX + 1)  # what the zip says of its size is not believed
        if len(data) > FILE_MAX or sum(map(len, found.values())) + len(data) > TOTAL_MAX:
            raise _unusable("too large when unpacked")
        found[each.filename] = data
    return found


def _unusable(why: str) -> InvalidRequest:
    return InvalidRequest("bundle_unusable", why=why)


def data_in(data: bytes) -> Any:
    """JSON, or None where it is none."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def events_in(data: Any) -> list[Event]:
    """Rows of a timeline as events; rows of another shape are left out."""
    rows = data if isinstance(data, list) else []
    return [event for row in rows[:EVENTS_MAX] if (event := _event(row)) is not None]


class _Row(msgspec.Struct):
    number: int
    at_ms: int
    counter: str
    type: str
    subject: str
    body: dict[str, Any]


def _event(row: object) -> Event | None:
    try:
        told = msgspec.convert(row, _Row)
    except msgspec.ValidationError:
        return None
    at_ms = told.at_ms if 0 <= told.at_ms < AMOUNT_MAX else 0
    body = {**dict.fromkeys(_NAMED, ""), **_plain(told.body)}
    return Event(
        *(told.number, "", 0, told.type, 1, Ledger.TEST, "", "", told.counter, told.subject, ""),
        *(at_ms, at_ms * 1_000_000, body, b""),
    )


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    """Texts and numbers, evidence one level down, and money only where it is some."""
    kept: dict[str, Any] = {}
    for name, value in body.items():
        if name in {"evidence", "refused"}:
            proof = value if isinstance(value, Mapping) else {}
            kept[name] = {key: str(inner) for key, inner in proof.items() if isinstance(inner, str | int)}
        elif isinstance(value, str) or (isinstance(value, int) and abs(value) < AMOUNT_MAX):
            kept[name] = value
    for name in _NAMED:
        kept[name] = str(kept.get(name, ""))
    amount = kept.get("amount_minor")
    if kept.get("currency") not in EXPONENTS or not isinstance(amount, int) or amount < 0:
        kept.pop("currency", None)
    return kept
