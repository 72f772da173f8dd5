"""Reading Alipay's messages: the signed part of an answer, notifications as forms, amounts in yuan. Pure.

Sources: Alipay Open Platform documentation, "Signature of synchronous answers" (the exact text of the value of
``…_response``), "Asynchronous notifications" (every parameter but ``sign`` and ``sign_type``, sorted, not URL
encoded); the notification vector of alipay/alipay-sdk-nodejs-all.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from terminal.banks.connector import Seal
from terminal.banks.fields import BODY_MAX, Unreadable, text
from terminal.errors import NotEvidence

BEIJING: Final = timezone(timedelta(hours=8))
NOTIFICATION_MAX: Final = 64 * 1024
FIELDS_MAX: Final = 100
KEY_ID: Final = "alipay"  # key mode: one public key an app, and no message names it; certificates: any we hold
SCHEME: Final = "RSA2"
_NODE: Final = re.compile(r'[ \t\r\n]*\{[ \t\r\n]*"([a-z_]{1,80}_response)"[ \t\r\n]*:[ \t\r\n]*')
_MEMBER: Final = re.compile(
    r'[ \t\r\n]*,[ \t\r\n]*"(?:sign"[ \t\r\n]*:[ \t\r\n]*"(?P<sign>(?:[0-9A-Za-z+=]|\\?/){0,1400})'
    r'|alipay_cert_sn"[ \t\r\n]*:[ \t\r\n]*"(?P<cert>[0-9a-fA-F]{32}))"'
)
CERT_SN: Final = re.compile(r"[0-9a-fA-F]{32}")
_END: Final = re.compile(r"[ \t\r\n]*\}[ \t\r\n]*")
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}]', re.DOTALL)
_SIGNATURE: Final = re.compile(r"[0-9A-Za-z+/=]{1,1400}")  # base64 of an RSA key up to 8192 bits
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_YUAN: Final = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,2}))?")


class Signed(NamedTuple):
    """An answer in its parts; ``value`` is the very text that was signed."""

    node: str  # such as alipay_trade_query_response, or error_response
    value: str
    signature: str  # empty: the answer carries none
    cert_sn: str = ""  # certificate mode: which of Alipay's certificates signed


def parts(body: bytes) -> Signed | None:
    """Cut an answer as the documents sign it: ``{"…_response":VALUE,"sign":"…"}``. None: it is no such text.

    Nothing may stand after it: a second node could be verified as one and read as the other.
    """
    try:
        text = body.decode("utf-8") if len(body) <= BODY_MAX else ""
    except UnicodeDecodeError:
        return None
    if (head := _NODE.match(text)) is None or (end := _value_end(text, head.end())) is None:
        return None
    value, beside = text[head.end() : end], dict[str, str]()
    while member := _MEMBER.match(text, end):
        name, told = ("sign", member["sign"]) if member["cert"] is None else ("cert", member["cert"])
        if name in beside:
            return None
        beside[name], end = told.replace("\\/", "/"), member.end()
    if not _END.fullmatch(text, end):
        return None
    return Signed(head[1], value, beside.get("sign", ""), beside.get("cert", "").lower())


def _value_end(text: str, start: int) -> int | None:
    """Where the object that begins at ``start`` ends, braces inside its strings apart."""
    if not text.startswith("{", start):
        return None
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token[0] == "{":
            depth += 1
        elif token[0] == "}":
            depth -= 1
            if depth == 0:
                return token.end()
    return None


def seal_of_answer(body: bytes, *, certificates: bool = False) -> Seal:
    """``certificates``: the key is the one the answer names, or any we hold when it names none.

    Raises NotEvidence: ``signature_missing``, also for a page or half an answer.
    """
    found = parts(body)
    if found is None or not found.signature:
        raise NotEvidence("signature_missing")
    key_id = (found.cert_sn if certificates else "") or KEY_ID
    return Seal(key_id, found.value.encode(), found.signature, None)


def form(body: bytes) -> dict[str, str]:
    """A notification's parameters, decoded. Raises NotEvidence ``signature_unreadable``: no form, a name twice."""
    if len(body) > NOTIFICATION_MAX:
        raise NotEvidence("signature_unreadable", field="body")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        raise NotEvidence("signature_unreadable", field="form") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotEvidence("signature_unreadable", field="form")
    return found


def seal_of_notification(body: bytes, *, certificates: bool = False) -> Seal:
    """As of an answer. Raises NotEvidence: ``signature_missing``; ``signature_unreadable`` with the field."""
    if not body or b"=" not in body:
        raise NotEvidence("signature_missing")
    found = form(body)
    signature = found.get("sign", "")
    if not signature:
        raise NotEvidence("signature_missing")
    at, cert_sn = found.get("notify_time", ""), found.get("alipay_cert_sn", "") if certificates else ""
    for field, good in (
        ("sign_type", found.get("sign_type") == SCHEME),
        ("charset", found.get("charset", "utf-8").lower() == "utf-8"),
        ("sign", _SIGNATURE.fullmatch(signature)),
        ("notify_time", seconds(at) is not None),
        ("alipay_cert_sn", not cert_sn or CERT_SN.fullmatch(cert_sn)),
    ):
        if not good:
            raise NotEvidence("signature_unreadable", field=field)
    key_id = cert_sn.lower() or KEY_ID
    return Seal(key_id, sign_text(found, leave_out=("sign", "sign_type")), signature, seconds(at))


def sign_text(found: Mapping[str, str], *, leave_out: tuple[str, ...] = ("sign",)) -> bytes:
    """``name=value`` of every non-empty parameter, sorted by name, joined with ``&``, nothing URL-encoded."""
    kept = sorted((name, value) for name, value in found.items() if value and name not in leave_out)
    return "&".join(f"{name}={value}" for name, value in kept).encode()


def fen(source: Mapping[str, object], name: str, *, optional: bool = False) -> int | None:
    """An amount of yuan as text, "88.88", in fen. Exact: a third decimal or a JSON number is no amount."""
    value = text(source, name, optional=optional)
    if not value:
        return None
    match = _YUAN.fullmatch(value)
    if match is None:
        raise Unreadable(name)
    return int(match[1] + (match[2] or "").ljust(2, "0"))


def yuan(minor: int) -> str:
    """88.88 for 8888."""
    return f"{minor // 100}.{minor % 100:02d}"


def beijing(at_s: int) -> str:
    """``yyyy-MM-dd HH:mm:ss`` of the provider's day."""
    return datetime.fromtimestamp(at_s, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def seconds(moment: str) -> int | None:
    """Seconds since 1970 of such a text; None when it is none."""
    if not _TIME.fullmatch(moment):
        return None
    try:
        return int(datetime.fromisoformat(moment).replace(tzinfo=BEIJING).timestamp())
    except ValueError:
        return None


def rfc3339(source: Mapping[str, object], name: str) -> str:
    """2014-11-27T15:45:57+08:00, or empty when the field is missing. Raises Unreadable."""
    moment = text(source, name, optional=True)[:19]  # some answers add milliseconds
    if moment and seconds(moment) is None:
        raise Unreadable(name)
    return moment.replace(" ", "T") + "+08:00" if moment else ""
