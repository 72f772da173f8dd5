"""SWIFT MT940 statements, with the German structured field 86 and the Dutch one.

Source: SWIFT "Standards MT, Category 9, MT940 Customer Statement Message"; DFÜ-Abkommen, appendix 3, chapter 8.2
(field 86 with ?20 to ?29, GVC codes); ING "MT940 format description" (/EREF/…//REMI/…).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from terminal.banks.statements.amounts import minor, told
from terminal.banks.statements.entries import EntryIds
from terminal.banks.statements.text_lines import text_lines
from terminal.payments.bill import BillEnd, BillLine, BillReader, BillRefused, LineKind, LineState

LONGEST: Final = 512
CONTINUED_MAX: Final = 64  # lines of one field; the standard has six
NO_REFERENCE: Final = frozenset({"NONREF", "NOTPROVIDED", "NOREF"})
_TAG: Final = re.compile(r":([0-9]{2}[A-Z]?):(.*)")
_ENTRY: Final = re.compile(
    r"(?P<value>[0-9]{6})(?P<booked>[0-9]{4})?(?P<mark>R?[CD])[A-Z]?(?P<amount>[0-9]{1,15},[0-9]{0,5})"
    r"(?P<type>[A-Z][A-Z0-9]{3})(?P<owner>[^\n]*?)(?://(?P<bank>[^\n]*))?(?:\n(?P<more>.*))?",
    re.DOTALL,
)
_BALANCE: Final = re.compile(r"([CD])[0-9]{6}([A-Z]{3})([0-9]{1,15},[0-9]{0,5})")
_NUMBER: Final = re.compile(r"([0-9]{1,5})(?:/[0-9]{1,5})?")
_KEYED: Final = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|BREF|RREF|IBAN|BIC)\+")
_DUTCH: Final = re.compile(r"/(EREF|REMI|IREF|TRCD|CNTP|MARF|CSID|RTRN|PREF|NRTX|PURP|ULTD|ULTC)/")


@dataclass(slots=True)
class _Open:
    """An entry whose field 86 may still follow."""

    number: int
    found: "re.Match[str]"
    about: list[str] = field(default_factory=list)


def is_it(head: bytes) -> bool:
    return re.search(rb"(?m)^(?:\{4:\s*)?:20:", head) is not None and b":25:" in head


def read(chunks: Iterable[bytes]) -> BillReader:
    """Lines of every field 61 of one account's statements.

    Raises:
        BillRefused: ``bill_line_unreadable``, ``bill_line_too_long``, ``bill_sums_differ`` (opening balance,
            entries and closing balance), ``bill_several_accounts``, ``bill_cut_short``.
    """
    return _Reader().read(chunks)


class _Reader:
    def __init__(self) -> None:
        self._ids = EntryIds()
        self._account = self._currency = ""
        self._sequence = self._lines = self._statements = self._number = 0
        self._balance: int | None = None  # what the entries must have made by the closing balance
        self._entry: _Open | None = None
        self._first: date | None = None
        self._last: date | None = None

    def read(self, chunks: Iterable[bytes]) -> BillReader:
        for number, tag, text in _fields(chunks):
            self._number = number
            if tag == "86" and self._entry is not None:
                self._entry.about.append(text)
                continue
            yield from self._finished()
            match tag:
                case "25":
                    self._take_account(text)
                case "28" | "28C":
                    self._take_number(text)
                case "60F" | "60M":
                    self._balance = self._read_balance(text)
                case "61":
                    self._begin(number, text)
                case "62F" | "62M":
                    self._close(text)
                case _:
                    pass  # 20 and 21, which banks fill with the same word each day; 64 and 65, other balances
        if self._balance is not None or not self._statements:
            raise BillRefused("bill_cut_short", line=self._number)
        yield BillEnd(self._lines, "", self._account, self._sequence, self._first, self._last)

    def _take_account(self, text: str) -> None:
        account = text.strip().replace(" ", "")
        if self._account and account != self._account:
            raise BillRefused("bill_several_accounts", line=self._number)
        self._account = account

    def _take_number(self, text: str) -> None:
        match = _NUMBER.fullmatch(text.strip())
        self._sequence = int(match[1]) if match else 0

    def _read_balance(self, text: str) -> int:
        match = _BALANCE.match(text)
        if match is None:
            raise self._unreadable("60F/62F")
        self._currency = match[2]
        amount = minor(match[3].replace(",", "."), match[2], line=self._number, column="60F/62F")
        return amount if match[1] == "C" else -amount

    def _begin(self, number: int, text: str) -> None:
        match = _ENTRY.fullmatch(text)
        if match is None or self._balance is None:
            raise self._unreadable("61")
        self._entry = _Open(number, match)

    def _close(self, text: str) -> None:
        counted = self._balance
        closing = self._read_balance(text)
        if counted is None:
            raise self._unreadable("62F")
        if counted != closing:
            differs = {"told": told(closing, self._currency), "counted": told(counted, self._currency)}
            raise BillRefused("bill_sums_differ", line=self._number, column="62F", **differs)
        self._balance = None
        self._statements += 1

    def _finished(self) -> Iterator[BillLine]:
        """The entry before this field, now that nothing more is said about it."""
        entry, self._entry = self._entry, None
        if entry is None:
            return
        found = entry.found
        amount = minor(found["amount"].replace(",", "."), self._currency, line=entry.number, column="61")
        credit = found["mark"] in {"C", "RD"}
        assert self._balance is not None, "an entry begins only inside a statement"
        self._balance += amount if credit else -amount
        day = self._day(entry)
        about = _About.of("".join(entry.about))
        bank = (found["bank"] or "").strip()
        self._lines += 1
        yield BillLine(
            line=entry.number,
            kind=_kind(found["mark"], found["type"]),
            state=LineState.DONE,
            at=day.isoformat(),
            currency=self._currency,
            gross_minor=amount,
            settle_minor=amount,
            provider_txn="" if bank in NO_REFERENCE else bank,
            references=_references(about, found),
            entry_id=self._ids.of(
                "" if bank in NO_REFERENCE else bank,
                "C" if credit else "D",
                amount,
                self._currency,
                day.isoformat(),
                about.end_to_end,
                about.text,
            ),
            text=about.text[:140],
        )

    def _day(self, entry: _Open) -> date:
        """The booking day; its year is the value date's, or the one next to it."""
        value, booked = entry.found["value"], entry.found["booked"]
        try:
            day = date(2000 + int(value[:2]), int(value[2:4]), int(value[4:]))
            if booked:
                month = int(booked[:2])
                year = day.year + (
                    1 if (day.month, month) == (12, 1) else -1 if (day.month, month) == (1, 12) else 0
                )
                day = date(year, month, int(booked[2:]))
        except ValueError:
            raise BillRefused("bill_line_unreadable", line=entry.number, column="61") from None
        self._first, self._last = min(self._first or day, day), max(self._last or day, day)
        return day

    def _unreadable(self, column: str) -> BillRefused:
        return BillRefused("bill_line_unreadable", line=self._number, column=column)


@dataclass(frozen=True, slots=True)
class _About:
    """Field 86: what the payment says."""

    text: str = ""
    end_to_end: str = ""
    customer: str = ""

    @classmethod
    def of(cls, field_86: str) -> "_About":
        if re.match(r"[0-9]{3}[^0-9A-Za-z]", field_86):  # a GVC code and the sign that parts the subfields
            parts = field_86[4:].split(field_86[3])
            whole = "".join(part[2:] for part in parts if re.match(r"2[0-9]|6[0-3]", part))
            keyed = _KEYED.split(whole)
        elif _DUTCH.search(field_86):
            whole, keyed = field_86, [each.rstrip("/") for each in _DUTCH.split(field_86)]
        else:
            return cls(field_86)
        found = dict(zip(keyed[1::2], keyed[2::2], strict=True))
        text = found.get("SVWZ") or found.get("REMI") or (keyed[0] if len(keyed) == 1 else whole)
        return cls(text.strip(), found.get("EREF", "").strip(), found.get("KREF", "").strip())


def _references(about: _About, found: "re.Match[str]") -> tuple[str, ...]:
    owner, bank = found["owner"].strip(), (found["bank"] or "").strip()
    every = (about.end_to_end, about.text, about.customer, owner, bank, (found["more"] or "").strip())
    return tuple(dict.fromkeys(each for each in every if each and each.upper() not in NO_REFERENCE))


def _kind(mark: str, kind: str) -> LineKind:
    """RC takes a credit back; RTI is a payment that was returned."""
    returned = kind.endswith("RTI")
    if mark == "C":
        return LineKind.OTHER if returned else LineKind.PAYMENT
    if mark == "RC" or (mark == "D" and returned):
        return LineKind.REFUND
    return LineKind.FEE if mark == "D" and kind[1:] in {"CHG", "COM"} else LineKind.OTHER


def _fields(chunks: Iterable[bytes]) -> Iterator[tuple[int, str, str]]:
    """(line it begins at, tag, its text with line breaks); SWIFT's envelope is passed over."""
    begun, tag, parts = 0, "", list[str]()
    for number, raw in text_lines(chunks, LONGEST):
        line = _decoded(raw)
        line = line[line.find("{4:") + 3 :] if line.startswith("{1:") and "{4:" in line else line
        match = _TAG.fullmatch(line)
        if match is not None or line in {"-", "-}"} or line.startswith("{"):
            if tag:
                yield begun, tag, _joined(tag, parts)
            begun, tag, parts = (number, match[1], [match[2]]) if match else (number, "", [])
        elif tag:
            parts.append(line)
            if len(parts) > CONTINUED_MAX:
                raise BillRefused("bill_line_too_long", line=number)
    if tag:
        yield begun, tag, _joined(tag, parts)


def _joined(tag: str, parts: list[str]) -> str:
    """Field 86 is one text that was cut; of field 61 the second line is something else."""
    return ("" if tag == "86" else "\n").join(parts)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode().rstrip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").rstrip()
