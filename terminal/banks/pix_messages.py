"""Reading the Pix API's messages: charges, the Pix they received, what went back; amounts as text. Pure.

Source: Banco Central do Brasil, "API Pix" 2.9.0 (openapi.yaml): CobCompleta, Pix, Devolucao, WebhookPixBody.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from terminal.banks.fields import Fields, Unreadable, fields, inner, text
from terminal.errors import NotEvidence
from terminal.payments.notice import RefundTrade

NOTIFICATION_MAX: Final = 64 * 1024
LIST_MAX: Final = 1000
HINTS_MAX: Final = 50  # of one notification; what is beyond is found by our own queries
CODE_MAX: Final = 512
TXID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")  # ours are ULIDs; the standard has [a-zA-Z0-9]{26,35}
E2E: Final = re.compile(r"[a-zA-Z0-9]{20,40}")  # 32 by the standard; one of its own examples has 34
REFUND_ID: Final = re.compile(r"[a-zA-Z0-9]{1,35}")
_REAIS: Final = re.compile(r"([0-9]{1,10})\.([0-9]{2})")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
REFUNDS: Final[Mapping[str, RefundTrade]] = {
    "EM_PROCESSAMENTO": RefundTrade.PROCESSING,
    "DEVOLVIDO": RefundTrade.REFUNDED,
    "NAO_REALIZADO": RefundTrade.FAILED,  # definite: its amount may be asked back again
}


@dataclass(frozen=True, slots=True)
class Returned:
    """One devolução."""

    id: str
    rtr_id: str
    minor: int
    trade: RefundTrade
    settled_at: str
    asked_at: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """One Pix."""

    e2e: str
    minor: int
    at: str
    returned: tuple[Returned, ...]
    txid: str = ""  # of a charge or a poster; a transfer to the key has none
    key: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """One cob. ``location`` and ``code`` are empty where the answer leaves them out."""

    txid: str
    status: str
    key: str
    minor: int
    location: str
    code: str
    pix: tuple[Received, ...]


def charge(body: bytes) -> Charge:
    """Raises Unreadable with the field."""
    found = fields(body)
    place = found.get("loc")
    return Charge(
        txid=text(found, "txid", 35),
        status=text(found, "status", 64),
        key=text(found, "chave", 77),
        minor=centavos(inner(found, "valor"), "original"),
        location=text(place if isinstance(place, dict) else found, "location", 200, optional=True),
        code=text(found, "pixCopiaECola", CODE_MAX, optional=True),
        pix=tuple(_received(each) for each in _list(found, "pix")),
    )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list of Pix: which one, and how many there are on all of them."""

    number: int
    total: int
    pix: tuple[Received, ...]


def listed(body: bytes) -> Page:
    """Raises Unreadable with the field."""
    found = fields(body)
    paging = inner(inner(found, "parametros"), "paginacao")
    number, total = paging.get("paginaAtual"), paging.get("quantidadeTotalDeItens")
    if type(number) is not int or type(total) is not int or total < 0:
        raise Unreadable("paginacao")
    return Page(number, total, tuple(_received(each) for each in _list(found, "pix")))


def _received(found: Fields) -> Received:
    e2e = text(found, "endToEndId", 64)
    if not E2E.fullmatch(e2e):
        raise Unreadable("endToEndId")
    back = tuple(_returned(each) for each in _list(found, "devolucoes"))
    txid, key = text(found, "txid", 35, optional=True), text(found, "chave", 77, optional=True)
    return Received(e2e, centavos(found, "valor"), moment(found, "horario"), back, txid, key)


def returned(body: bytes) -> Returned:
    """Raises Unreadable with the field."""
    return _returned(fields(body))


def _returned(found: Fields) -> Returned:
    trade = REFUNDS.get(text(found, "status", 64))
    if trade is None:
        raise Unreadable("status")
    times = found.get("horario")
    settled_at, asked_at = (
        moment(times, name, optional=True) if isinstance(times, dict) else ""
        for name in ("liquidacao", "solicitacao")
    )
    number = text(found, "rtrId", 64, optional=True)
    return Returned(text(found, "id", 35), number, centavos(found, "valor"), trade, settled_at, asked_at)


def hinted(body: bytes) -> tuple[str, ...]:
    """The charges of ours that a notification names, each once. What it says of them proves nothing.

    Pix of others who use the same key, or of a poster, carry another kind of txid or none.

    Raises:
        NotEvidence: ``notification_unreadable`` with the field.
    """
    try:
        found = [each.get("txid") for each in _list(fields(body, limit=NOTIFICATION_MAX), "pix", needed=True)]
    except Unreadable as error:
        raise NotEvidence("notification_unreadable", field=str(error)) from None
    ours = dict.fromkeys(each for each in found if isinstance(each, str) and TXID.fullmatch(each))
    return tuple(ours)[:HINTS_MAX]


def _list(source: Mapping[str, object], name: str, *, needed: bool = False) -> list[Fields]:
    found = source.get(name)
    if found is None and not needed:
        return []
    if not isinstance(found, list) or len(found) > LIST_MAX or not all(isinstance(each, dict) for each in found):
        raise Unreadable(name)
    return found


def centavos(source: Mapping[str, object], name: str) -> int:
    """An amount as the API writes it, "37.00". Exact: a JSON number is no amount."""
    match = _REAIS.fullmatch(text(source, name, 16))
    if match is None:
        raise Unreadable(name)
    return int(match[1] + match[2])


def reais(minor: int) -> str:
    """37.00 for 3700."""
    return f"{minor // 100}.{minor % 100:02d}"


def moment(source: Mapping[str, object], name: str, *, optional: bool = False) -> str:
    """A time of RFC 3339 as it was written."""
    value = text(source, name, 64, optional=optional)
    if not value and optional:
        return ""
    try:
        datetime.fromisoformat(value if _MOMENT.fullmatch(value) else "")
    except ValueError:
        raise Unreadable(name) from None
    return value
