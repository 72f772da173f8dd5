"""ISO 20022 statements: camt.053 (the day's statement), camt.054 and camt.052 (intraday, provisional).

Source: ISO 20022 message definitions camt.052/.053/.054.001, versions 02 to 13, "Cash Management".
Versions differ in where a code stands (``Sts`` or ``Sts/Cd``); both places are read.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Final

from terminal.banks.statements.amounts import minor, told
from terminal.banks.statements.entries import EntryIds
from terminal.banks.statements.xml_scopes import Record, records
from terminal.payments.bill import BillEnd, BillLine, BillReader, BillRefused, LineKind, LineState

ROOTS: Final = {"BkToCstmrStmt": "Stmt", "BkToCstmrDbtCdtNtfctn": "Ntfctn", "BkToCstmrAcctRpt": "Rpt"}
STATEMENT: Final = "BkToCstmrStmt"
SCOPES: Final = frozenset({"GrpHdr", "Bal", "Ntry", "TxDtls", *ROOTS.values()})
NO_ID: Final = frozenset({"NOTPROVIDED", "NOT PROVIDED", "UNSTRUCTURED", "NULL", "NONREF", "NOREF"})
SENT_BACK: Final = frozenset({"RRTN", "RPCR"})  # BkTxCd sub-families: a payment that was returned
CHARGES: Final = frozenset({"CHRG", "COMM", "FEES"})
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?")


@dataclass(slots=True)
class _Statement:
    """One account's part of the file, as far as it was read."""

    opening: int | None = None
    closing: int | None = None
    interim: list[int] = field(default_factory=list)
    booked: int = 0  # what the booked entries make, signed
    first: date | None = None
    last: date | None = None


@dataclass(slots=True)
class _Batch:
    """The details of the entry being read."""

    count: int = 0
    sum: int = 0
    told: bool = True  # each of them says its own amount
    held: Record | None = None  # the newest: of an only one the entry says more


@dataclass(frozen=True, slots=True)
class _Money:
    amount: int
    currency: str
    credit: bool

    @property
    def signed(self) -> int:
        return self.amount if self.credit else -self.amount


def name_of(head: bytes) -> str:
    """``camt.053`` and its like, by the file's first bytes; empty: it is none."""
    names = zip(("camt.053", "camt.054", "camt.052"), ROOTS, strict=True)
    return next((name for name, root in names if f"{name}.".encode() in head or root.encode() in head), "")


def read(chunks: Iterable[bytes]) -> BillReader:
    """Lines of every booked entry, one for each payment of a batch; ``line`` counts entries.

    Raises:
        BillRefused: ``bill_xml_doctype``, ``bill_xml_unreadable``, ``bill_not_statement``,
            ``bill_line_unreadable``, ``bill_sums_differ`` (a balance, a batch), ``bill_several_accounts``,
            ``bill_cut_short``.
    """
    return _Reader().read(chunks)


class _Reader:
    def __init__(self) -> None:
        self._ids = EntryIds()
        self._root = ""
        self._now, self._batch = _Statement(), _Batch()
        self._document = self._account = self._currency = ""
        self._sequence = self._lines = self._statements = 0
        self._entries = 1  # the number of the one being read
        self._first: date | None = None
        self._last: date | None = None

    def read(self, chunks: Iterable[bytes]) -> BillReader:
        for name, record, around in records(chunks, SCOPES):
            if record is None:
                self._begins(name)
                continue
            for line in self._ends(name, record, around):
                self._lines += 1
                yield line
        if not self._statements:
            raise BillRefused("bill_cut_short", line=self._entries)
        yield BillEnd(self._lines, self._document, self._account, self._sequence, self._first, self._last)

    def _begins(self, root: str) -> None:
        if root not in ROOTS:
            raise BillRefused("bill_not_statement", what=root[:40])
        self._root = root

    def _ends(self, name: str, record: Record, around: Record) -> Iterator[BillLine]:
        if name == "GrpHdr":
            self._document = _one(record, "MsgId")
        elif name == "Bal":
            self._balance(record)
        elif name == "TxDtls":
            self._batch.count += 1
            held, self._batch.held = self._batch.held, record
            if held is not None:
                yield from self._details(held, around)
        elif name == "Ntry":
            yield from self._entry(record)
            self._entries += 1
            self._batch = _Batch()
        elif name == ROOTS.get(self._root):
            self._statement(record)

    # --- entries ------------------------------------------------------------------------------------------

    def _entry(self, entry: Record) -> Iterator[BillLine]:
        status = _one(entry, "Sts/Cd", "Sts", "Sts/Prtry")
        if status not in {"BOOK", ""}:
            return  # pending or for information: told again once it is booked
        money, batch = self._money(entry, "Amt", _one(entry, "CdtDbtInd")), self._batch
        self._now.booked += money.signed
        self._seen(_at(entry))
        if batch.held is None:
            yield self._line(money, {}, entry)
        elif batch.count == 1:
            self._batch_money(batch.held, entry, money)
            yield self._line(self._own(batch.held, entry) or money, batch.held, entry)
        else:
            yield from self._details(batch.held, entry)
        self._check_batch(entry, money)

    def _details(self, details: Record, entry: Record) -> Iterator[BillLine]:
        """One payment of a batch."""
        if _one(entry, "Sts/Cd", "Sts", "Sts/Prtry") not in {"BOOK", ""}:
            return
        money = self._own(details, entry)
        if money is None:
            self._batch.told = False
            money = _Money(0, _one(entry, "Amt@Ccy"), _one(entry, "CdtDbtInd") == "CRDT")
        self._batch.sum += money.signed
        yield self._line(money, details, entry)

    def _batch_money(self, details: Record, entry: Record, money: _Money) -> None:
        self._batch.sum = (self._own(details, entry) or money).signed

    def _own(self, details: Record, entry: Record) -> _Money | None:
        """What the details say of their amount, in the entry's currency; None: nothing."""
        for path in ("Amt", "AmtDtls/TxAmt/Amt"):
            if _one(details, path) and _one(details, f"{path}@Ccy") == _one(entry, "Amt@Ccy"):
                return self._money(details, path, _one(details, "CdtDbtInd") or _one(entry, "CdtDbtInd"))
        return None

    def _money(self, record: Record, path: str, sign: str) -> _Money:
        currency, text = _one(record, f"{path}@Ccy"), _one(record, path)
        if sign not in {"CRDT", "DBIT"}:
            raise BillRefused("bill_line_unreadable", line=self._entries, column="CdtDbtInd")
        self._currency = currency
        return _Money(minor(text, currency, line=self._entries, column=path), currency, sign == "CRDT")

    def _check_batch(self, entry: Record, money: _Money) -> None:
        """Σ of the details is the entry, and as many as the batch says."""
        batch, line = self._batch, self._entries
        said = _one(entry, "NtryDtls/Btch/NbOfTxs")
        one_batch = len(entry.get("NtryDtls/Btch/NbOfTxs", ())) == 1
        if one_batch and said.isdigit() and batch.count > 1 and int(said) != batch.count:
            raise BillRefused("bill_sums_differ", line=line, column="NbOfTxs", told=said, counted=str(batch.count))
        if batch.count and batch.told and batch.sum != money.signed:
            differs = {"told": told(money.signed, money.currency), "counted": told(batch.sum, money.currency)}
            raise BillRefused("bill_sums_differ", line=line, column="Amt", **differs)

    def _line(self, money: _Money, details: Record, entry: Record) -> BillLine:
        only = self._batch.count <= 1
        at = _at(entry)
        references = _references(details, entry if only else {})
        own = _one(details, "Refs/AcctSvcrRef") or (_one(entry, "AcctSvcrRef") if only else "")
        remittance = " ".join(details.get("RmtInf/Ustrd", ()))
        return BillLine(
            line=self._entries,
            kind=_kind(money.credit, details, entry),
            state=LineState.DONE,
            at=at,
            currency=money.currency,
            gross_minor=money.amount,
            settle_minor=money.amount,
            provider_txn=own,
            references=references,
            entry_id=self._ids.of(
                own,
                "C" if money.credit else "D",
                money.amount,
                money.currency,
                at[:10],
                _one(details, "Refs/EndToEndId"),
                remittance or _one(details, "RmtInf/Strd/CdtrRefInf/Ref"),
            ),
            provisional=self._root != STATEMENT,
            text=remittance[:140],
        )

    # --- the statement around them ------------------------------------------------------------------------

    def _balance(self, record: Record) -> None:
        kind = _one(record, "Tp/CdOrPrtry/Cd")
        money = self._money(record, "Amt", _one(record, "CdtDbtInd"))
        now = self._now
        if kind in {"OPBD", "PRCD"} and (now.opening is None or kind == "OPBD"):
            now.opening = money.signed
        elif kind == "CLBD":
            now.closing = money.signed
        elif kind == "ITBD":  # a statement of several pages carries over
            now.interim.append(money.signed)

    def _statement(self, record: Record) -> None:
        account = _one(record, "Acct/Id/IBAN", "Acct/Id/Othr/Id").replace(" ", "")
        if self._statements and account != self._account:
            raise BillRefused("bill_several_accounts", line=self._entries)
        self._statements += 1
        self._account = account
        number = _one(record, "ElctrncSeqNb", "LglSeqNb")
        self._sequence = int(number) if number.isdigit() and len(number) < 10 else 0
        for text in (_one(record, "FrToDt/FrDtTm"), _one(record, "FrToDt/ToDtTm")):
            self._seen(text)
        if self._root == STATEMENT:
            self._check_balance(_one(record, "Acct/Ccy"))
        self._now = _Statement()

    def _check_balance(self, currency: str) -> None:
        """Opening + credits − debits = closing, of what is booked."""
        now = self._now
        opening = now.opening if now.opening is not None else next(iter(now.interim), None)
        closing = now.closing if now.closing is not None else next(iter(now.interim[::-1]), None)
        if opening is None or closing is None:
            raise BillRefused("bill_line_unreadable", line=self._entries, column="Bal")
        if opening + now.booked != closing:
            currency = currency or self._currency
            differs = {"told": told(closing, currency), "counted": told(opening + now.booked, currency)}
            raise BillRefused("bill_sums_differ", line=self._entries, column="CLBD", **differs)

    def _seen(self, at: str) -> None:
        try:
            day = date.fromisoformat(at[:10])
        except ValueError:
            return
        self._first = min(self._first or day, day)
        self._last = max(self._last or day, day)


def _one(record: Record, *paths: str) -> str:
    """The first text under the first of these paths that has one."""
    return next((found[0] for path in paths if (found := record.get(path))), "")


def _at(entry: Record) -> str:
    """When it was booked: with the bank's offset where it says a time, else the day alone."""
    text = _one(entry, "BookgDt/DtTm", "BookgDt/Dt", "ValDt/Dt", "ValDt/DtTm")
    match = _DAY.match(text)
    if match is None:
        return ""
    day, time, offset = match.groups()
    return f"{day}T{time}{offset}" if time and offset else str(day)


def _references(details: Record, entry: Record) -> tuple[str, ...]:
    """Everything that may carry our reference, the most trusted first."""
    found = chain(
        details.get("RmtInf/Strd/CdtrRefInf/Ref", ()),
        details.get("Refs/EndToEndId", ()),
        details.get("RmtInf/Ustrd", ()),
        ["".join(details["RmtInf/Ustrd"])] if len(details.get("RmtInf/Ustrd", ())) > 1 else (),  # cut into lines
        details.get("Refs/InstrId", ()),
        details.get("Refs/AcctSvcrRef", ()),
        entry.get("AcctSvcrRef", ()),
        entry.get("AddtlNtryInf", ()),
    )
    return tuple(dict.fromkeys(each for each in found if each.upper() not in NO_ID))


def _kind(credit: bool, details: Record, entry: Record) -> LineKind:
    """Only a credit that is no reversal and no returned payment of ours is money for an order."""
    sub = _one(details, "BkTxCd/Domn/Fmly/SubFmlyCd") or _one(entry, "BkTxCd/Domn/Fmly/SubFmlyCd")
    reversal = _one(entry, "RvslInd") in {"true", "1"} or bool(_one(details, "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"))
    back = reversal or sub in SENT_BACK
    if credit:
        return LineKind.OTHER if back else LineKind.PAYMENT
    if back:
        return LineKind.REFUND
    return LineKind.FEE if sub in CHARGES else LineKind.OTHER
