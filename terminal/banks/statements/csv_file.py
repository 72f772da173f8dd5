"""A bank's CSV statement by its mapping. Cells are text and never a formula, whatever they begin with.

Source: RFC 4180; OWASP "CSV Injection" (why banks write ="0123" and '0123, which are unwrapped here).
"""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from terminal.banks.statements.amounts import minor, told
from terminal.banks.statements.entries import EntryIds
from terminal.banks.statements.mapping import Mapping
from terminal.banks.statements.text_lines import text_lines
from terminal.payments.bill import BillEnd, BillLine, BillReader, BillRefused, LineKind, LineState
from terminal.payments.currencies import EXPONENTS

LONGEST: Final = 16_384
_DATE: Final = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})|([0-9]{1,4})[^0-9]([0-9]{1,2})[^0-9]([0-9]{1,4})(?:[ T].*)?"
)
_AMOUNT: Final = re.compile(r"([+-]?)([0-9.]+)(-?)")

Row = dict[str, str]


def read(chunks: Iterable[bytes], mapping: Mapping) -> BillReader:
    """Lines of the table below the header.

    Raises:
        BillRefused: ``bill_header_missing`` (a column), ``bill_line_unreadable``, ``bill_encoding_wrong``,
            ``bill_line_too_long``, ``bill_sums_differ`` (the balances), ``bill_cut_short`` (no header at all).
    """
    return _Reader(mapping).read(chunks)


class _Reader:
    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._ids = EntryIds()
        self._balances = _Balances()
        self._first: date | None = None
        self._last: date | None = None

    def read(self, chunks: Iterable[bytes]) -> BillReader:
        count = 0
        for number, row in self._rows(chunks):
            yield self._line(number, row)
            count += 1
        yield BillEnd(count, "", self._mapping.account, 0, self._first, self._last)

    def _rows(self, chunks: Iterable[bytes]) -> Iterator[tuple[int, Row]]:
        mapping = self._mapping
        numbers = [0]
        reader = csv.reader(self._texts(chunks, numbers), delimiter=mapping.delimiter, strict=True)
        header: list[str] = []
        try:
            for cells in reader:
                number, plain = numbers[0], [_plain(each) for each in cells]
                if not any(plain):
                    continue
                if not header:
                    header = plain
                    self._check_header(header, number)
                elif mapping.until and plain[0].startswith(mapping.until):
                    return
                elif len(plain) < len(header):
                    raise BillRefused("bill_line_unreadable", line=number, column=header[len(plain)])
                else:
                    yield number, dict(zip(header, plain, strict=False))
        except csv.Error:
            raise BillRefused("bill_line_unreadable", line=numbers[0], column="quotes") from None
        if not header:
            raise BillRefused("bill_cut_short", line=numbers[0])

    def _texts(self, chunks: Iterable[bytes], numbers: list[int]) -> Iterator[str]:
        for number, raw in text_lines(chunks, LONGEST):
            numbers[0] = number
            if number <= self._mapping.skip:
                continue
            try:
                text = raw.decode(self._mapping.encoding)
            except UnicodeDecodeError:
                raise BillRefused("bill_encoding_wrong", line=number) from None
            yield text.lstrip("\ufeff") + "\n"

    def _check_header(self, header: list[str], number: int) -> None:
        columns = self._mapping.columns
        named = (columns.date, columns.amount, columns.credit, columns.debit, columns.mark, columns.currency)
        wanted = (*named, columns.bank_reference, columns.balance, *columns.references)
        if missing := next((each for each in wanted if each and each not in header), ""):
            raise BillRefused("bill_header_missing", line=number, column=missing)

    def _line(self, number: int, row: Row) -> BillLine:
        columns = self._mapping.columns
        currency = (row[columns.currency] if columns.currency else self._mapping.currency).upper()
        if currency not in EXPONENTS:
            raise BillRefused("bill_line_unreadable", line=number, column=columns.currency)
        signed = self._signed(number, row, currency)
        if columns.balance:
            self._balances.take(number, signed, self._amount(number, row, columns.balance, currency), currency)
        day = self._day(number, row[columns.date])
        references = tuple(dict.fromkeys(row[each] for each in columns.references if row[each]))
        bank = row[columns.bank_reference] if columns.bank_reference else ""
        sign, amount = "C" if signed > 0 else "D", abs(signed)
        return BillLine(
            line=number,
            kind=LineKind.PAYMENT if signed > 0 else LineKind.OTHER,
            state=LineState.DONE,
            at=day.isoformat(),
            currency=currency,
            gross_minor=amount,
            settle_minor=amount,
            provider_txn=bank,
            references=(*references, bank) if bank else references,
            entry_id=self._ids.of(bank, sign, amount, currency, day.isoformat(), *references),
            text=" ".join(references)[:140],
        )

    def _signed(self, number: int, row: Row, currency: str) -> int:
        columns = self._mapping.columns
        if columns.amount:
            amount = self._amount(number, row, columns.amount, currency)
            if columns.mark and row[columns.mark] not in self._mapping.credit_marks:
                amount = -abs(amount)
            return amount
        credit, debit = (
            abs(self._amount(number, row, each, currency)) if row[each] else 0
            for each in (columns.credit, columns.debit)
        )
        if credit and debit:
            raise BillRefused("bill_line_unreadable", line=number, column=columns.debit)
        return credit - debit

    def _amount(self, number: int, row: Row, column: str, currency: str) -> int:
        mapping = self._mapping
        text = row[column].replace("\xa0", " ").replace("−", "-").strip()
        if mapping.group:
            text = text.replace(mapping.group, "")
        if mapping.decimal == ",":
            text = text.replace(".", "?").replace(",", ".")
        match = _AMOUNT.fullmatch(text.replace(" ", ""))
        if match is None:
            raise BillRefused("bill_line_unreadable", line=number, column=column)
        amount = minor(match[2], currency, line=number, column=column)
        return -amount if "-" in (match[1], match[3]) else amount

    def _day(self, number: int, text: str) -> date:
        match = _DATE.fullmatch(text.strip())
        try:
            if match is None:
                raise ValueError
            day = date(*self._ordered(match))
        except ValueError:
            raise BillRefused("bill_line_unreadable", line=number, column=self._mapping.columns.date) from None
        self._first, self._last = min(self._first or day, day), max(self._last or day, day)
        return day

    def _ordered(self, match: "re.Match[str]") -> tuple[int, int, int]:
        if match[1]:
            return int(match[1]), int(match[2]), int(match[3])
        named = dict(zip(self._mapping.dates, (int(match[4]), int(match[5]), int(match[6])), strict=True))
        return named["y"] + (2000 if named["y"] < 100 else 0), named["m"], named["d"]


class _Balances:
    """Whether each balance follows from the one before it, whichever end of the file is the newest."""

    def __init__(self) -> None:
        self._before: tuple[int, int] | None = None  # amount and balance of the line before
        self._downwards = self._upwards = True

    def take(self, number: int, amount: int, balance: int, currency: str) -> None:
        """Raises BillRefused("bill_sums_differ")."""
        if self._before is not None:
            amount_before, balance_before = self._before
            self._downwards &= balance_before + amount == balance
            self._upwards &= balance + amount_before == balance_before
            if not self._downwards and not self._upwards:
                differs = {"told": told(balance, currency), "counted": told(balance_before + amount, currency)}
                raise BillRefused("bill_sums_differ", line=number, column="balance", **differs)
        self._before = amount, balance


def _plain(cell: str) -> str:
    """Without the wrapping that keeps a spreadsheet from calculating it."""
    text = cell.strip().strip("\t")
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.removeprefix("'").strip()
