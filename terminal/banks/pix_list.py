"""A settlement day of Pix as a file: our own format, because the API has lists but no bill. Pure, line by line.

JSON lines in UTF-8, format "pix-list" 1. The first line names key and day, the last counts and sums up; between
them one line a Pix received on that day, and one a devolução that was settled on it, or asked for and not settled:

    {"format":"pix-list","version":1,"key":"…","day":"2026-11-01","offset_min":-180}
    {"pix":"E123…","txid":"01K5…","valor":"37.00","horario":"2026-11-01T14:13:50.358Z"}
    {"devolucao":"R1","pix":"E123…","txid":"01K5…","rtrId":"D123…","valor":"7.89","status":"DEVOLVIDO","horario":"…"}
    {"end":true,"pix":1,"valor_pix":"37.00","devolucoes":1,"valor_devolucoes":"7.89"}

Names and values are those of Banco Central do Brasil, "API Pix" 2.9.0: Pix, Devolucao.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Final

from terminal.banks.bill_columns import must_equal, texts
from terminal.banks.fields import Fields, Unreadable, fields, text
from terminal.banks.pix_messages import REFUNDS, Received, Returned, centavos, moment, reais
from terminal.payments.bill import BillEnd, BillLine, BillReader, BillRefused, LineKind, LineState
from terminal.payments.notice import RefundTrade

FORMAT: Final = "pix-list"
VERSION: Final = 1
LINE_MAX: Final = 4096
_STATES: Final[Mapping[RefundTrade, LineState]] = {
    RefundTrade.PROCESSING: LineState.PENDING,
    RefundTrade.REFUNDED: LineState.DONE,
    RefundTrade.FAILED: LineState.FAILED,
}
_WORDS: Final = {trade: word for word, trade in REFUNDS.items()}


@dataclass(slots=True)
class Sums:
    """What the last line says; devoluções count whatever became of them."""

    pix: int = 0
    pix_minor: int = 0
    returned: int = 0
    returned_minor: int = 0

    def told(self) -> Fields:
        return {
            "pix": self.pix,
            "valor_pix": reais(self.pix_minor),
            "devolucoes": self.returned,
            "valor_devolucoes": reais(self.returned_minor),
        }


@dataclass(slots=True)
class Writer:
    """Makes the lines of one day.

    Args:
        offset_min: of the settlement day from UTC, in minutes.
    """

    key: str
    day: date
    offset_min: int
    sums: Sums = field(default_factory=Sums)

    def first(self) -> bytes:
        head: Fields = {"format": FORMAT, "version": VERSION, "key": self.key}
        return _line(head | {"day": self.day.isoformat(), "offset_min": self.offset_min})

    def pix(self, one: Received) -> bytes:
        self.sums.pix += 1
        self.sums.pix_minor += one.minor
        return _line({"pix": one.e2e, "txid": one.txid, "valor": reais(one.minor), "horario": one.at})

    def back(self, one: Received, back: Returned) -> bytes:
        self.sums.returned += 1
        self.sums.returned_minor += back.minor
        told: Fields = {"devolucao": back.id, "pix": one.e2e, "txid": one.txid, "rtrId": back.rtr_id}
        told |= {"valor": reais(back.minor), "status": _WORDS[back.trade]}
        return _line(told | {"horario": back.settled_at or back.asked_at or one.at})

    def last(self) -> bytes:
        return _line({"end": True} | self.sums.told())


def _line(told: Fields) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def is_it(head: bytes) -> bool:
    return head.startswith(b'{"format":"pix-list",')


def read(lines: Iterable[bytes]) -> BillReader:
    """Payments and devoluções of a day; the list tells no fees, so every line's is zero.

    Raises:
        BillRefused: ``bill_header_missing``, ``bill_line_unreadable``, ``bill_sums_differ``, ``bill_cut_short``,
            ``bill_encoding_wrong``, ``bill_line_too_long``.
    """
    numbered = texts(lines, "utf-8")
    number, first = next(numbered, (1, "{}"))
    try:
        head = fields(first.encode(), limit=LINE_MAX)
        key, day = text(head, "key", 77), date.fromisoformat(text(head, "day", 10))
        offset = head.get("offset_min")
        if head.get("format") != FORMAT or head.get("version") != VERSION or type(offset) is not int:
            raise Unreadable("format")
        zone = timezone(timedelta(minutes=offset))
    except (Unreadable, ValueError, OverflowError) as error:
        raise BillRefused("bill_header_missing", line=number, column=str(error)) from None
    sums = Sums()
    for number, row in numbered:  # where the file ended is told below
        try:
            found = fields(row.encode(), limit=LINE_MAX)
            if "end" in found:
                break
            yield _read(number, found, key, zone, sums)
        except Unreadable as error:
            if next(numbered, None) is None:
                raise BillRefused("bill_cut_short", line=number) from None
            raise BillRefused("bill_line_unreadable", line=number, column=str(error)) from None
    else:
        raise BillRefused("bill_cut_short", line=number)
    for name, counted in sums.told().items():
        must_equal(number, name, str(found.get(name)), str(counted))
    if extra := next(numbered, None):
        raise BillRefused("bill_line_unreadable", line=extra[0], column="end")
    yield BillEnd(sums.pix + sums.returned, account=key, first_day=day, last_day=day)


def _read(number: int, found: Fields, key: str, zone: timezone, sums: Sums) -> BillLine:
    minor, back = centavos(found, "valor"), "devolucao" in found
    state = LineState.DONE
    if back:
        trade = REFUNDS.get(text(found, "status", 64))
        if trade is None:
            raise Unreadable("status")
        state = _STATES[trade]
        sums.returned += 1
        sums.returned_minor += minor
    else:
        sums.pix += 1
        sums.pix_minor += minor
    return BillLine(
        line=number,
        kind=LineKind.REFUND if back else LineKind.PAYMENT,
        state=state,
        at=datetime.fromisoformat(moment(found, "horario")).astimezone(zone).isoformat(timespec="seconds"),
        currency="BRL",
        gross_minor=minor,
        settle_minor=minor,
        order_no=text(found, "txid", 35, optional=True),
        refund_no=text(found, "devolucao", 35) if back else "",
        provider_txn=text(found, "pix", 64),
        provider_refund=text(found, "rtrId", 64, optional=True) if back else "",
        merchant_id=key,
    )
