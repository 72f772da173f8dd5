"""A bank without an API: an account that takes transfers and writes statements into the shop's folder.

Transfers appear in a camt.054 within the day and in the day's camt.053, with one identity in both; an account that
is told in MT940 or CSV has the day's statement alone. Faults by name.
Source: ISO 20022 camt.053.001.08 and camt.054.001.08.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Self
from xml.sax.saxutils import escape

import msgspec

from terminal.sandbox import statement_texts
from terminal.sandbox.payment_codes import DIGITS, Transfer, read

FAULTS: Final = {
    "statement-missing": "the day's statement never comes; the next one carries on with its number and balance",
    "statement-twice": "the day's statement comes again under another name, byte for byte",
    "statement-balance-wrong": "the closing balance is one smallest unit off",
    "statement-torn": "the file ends in the middle",
    "intraday-missing": "no camt.054 of this transfer; the day's statement has it",
    "reference-truncated": "another bank cut the reference to 18 characters",
    "reference-lower-case": "another bank folded its case",
    "reference-spaced": "another bank wrapped it in groups of four, into the free text",
    "reference-lost": "another bank dropped it",
    "credit-returned": "the credit is taken back the same day: a debit with the reversal mark",
    "amount-one-cent-off": "the payer typed one smallest unit less",
    "credit-twice": "the payer sent it twice",
}
ACCOUNT: Final = "DE89370400440532013000"
CUT: Final = 18
ENTRIES_KEPT: Final = 200


class UnknownFault(ValueError):
    """No such slug."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One booked line of the account."""

    service: str  # the bank's own reference
    credit: bool
    amount_minor: int
    currency: str
    day: date
    structured: str
    text: str
    payer: str
    reversal: bool = False


class Kept(msgspec.Struct):
    """An account between two runs."""

    stated: int
    number: int
    notices: int
    made: int
    today: int  # how many of the entries no statement has told yet
    entries: list[Entry]
    faults: dict[str, int]
    dropped: str = ""

    def dump(self) -> bytes:
        return msgspec.json.encode(self)

    @classmethod
    def load(cls, data: bytes) -> Self:
        return msgspec.json.decode(data, type=cls)


class AccountBank:
    """One account of one shop. Days are UTC.

    Args:
        folder: where the shop looks.
        form: camt, mt940 or csv.
        distinct: no file takes the name of an earlier one, for statements more often than once a day.
    """

    def __init__(
        self,
        folder: Path,
        *,
        account: str = ACCOUNT,
        currency: str = "EUR",
        opening_minor: int = 100_000,
        form: str = "camt",
        distinct: bool = False,
    ) -> None:
        self.folder, self.account, self.currency, self.form = folder, account, currency, form
        self.entries: list[Entry] = []
        self.dropped = ""  # name of the last statement in the folder
        self._distinct = distinct
        self._balance, self._number, self._notices, self._made = opening_minor, 0, 0, 0
        self._today: list[Entry] = []
        self._faults: Counter[str] = Counter()

    @property
    def today(self) -> list[Entry]:
        """Entries of the day that no statement has told yet."""
        return list(self._today)

    @property
    def balance(self) -> int:
        """With what no statement has told yet."""
        return self._balance + _sum(self._today)

    @property
    def delivered(self) -> int:
        return self._number

    def kept(self) -> Kept:
        entries = self.entries[-max(ENTRIES_KEPT, len(self._today)) :]
        numbers = self._balance, self._number, self._notices, self._made
        return Kept(*numbers, len(self._today), entries, dict(self._faults), self.dropped)

    def restore(self, kept: Kept) -> None:
        self._balance, self._number = kept.stated, kept.number
        self._notices, self._made = kept.notices, kept.made
        self.entries, self._today = list(kept.entries), kept.entries[len(kept.entries) - kept.today :]
        self._faults, self.dropped = Counter(kept.faults), kept.dropped

    def clear_faults(self) -> None:
        self._faults.clear()

    def set_fault(self, slug: str, count: int = 1) -> None:
        """Raises UnknownFault."""
        if slug not in FAULTS:
            raise UnknownFault(slug)
        self._faults[slug] += count

    def left(self, slug: str) -> int:
        """How often a fault will still happen."""
        return self._faults[slug]

    def _takes(self, slug: str) -> bool:
        if not self._faults[slug]:
            return False
        self._faults[slug] -= 1
        return True

    # --- the customer -------------------------------------------------------------------------------------

    def scan_and_pay(self, code: str, at_ms: int, *, payer: str = "Erika Mustermann") -> list[Entry]:
        """A banking app reads the code and sends what it says. Raises NotACode."""
        return self.transfer(read(code), at_ms, payer=payer)

    def transfer(self, sent: Transfer, at_ms: int, *, payer: str = "Erika Mustermann") -> list[Entry]:
        """Book it and tell of it, through whatever the banks in between do to it."""
        sent = self._underway(sent)
        day = datetime.fromtimestamp(at_ms // 1000, UTC).date()
        times = 2 if self._takes("credit-twice") else 1
        booked = [self._book(sent, day, payer) for _ in range(times)]
        if self._takes("credit-returned"):
            taken = self._add(replace(booked[0], service=self._reference(), credit=False, reversal=True))
            booked.append(taken)
        if not self._takes("intraday-missing") and self.form == "camt":
            for each in booked:
                self._write_intraday(each)
        return booked

    def _underway(self, sent: Transfer) -> Transfer:
        if self._takes("amount-one-cent-off"):
            sent = replace(sent, amount_minor=sent.amount_minor - 1)
        if self._takes("reference-truncated"):
            sent = replace(sent, structured=sent.structured[:CUT], text=sent.text[:CUT])
        if self._takes("reference-lower-case"):
            sent = replace(sent, structured=sent.structured.lower(), text=sent.text.lower())
        if self._takes("reference-spaced"):
            reference = sent.structured or sent.text
            groups = " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))
            sent = replace(sent, structured="", text=f"Ref {groups} danke")
        if self._takes("reference-lost"):
            sent = replace(sent, structured="", text="Rechnung")
        return sent

    def _book(self, sent: Transfer, day: date, payer: str) -> Entry:
        assert sent.currency == self.currency, "this account has one currency"
        return self._add(
            Entry(
                self._reference(), True, sent.amount_minor, sent.currency, day, sent.structured, sent.text, payer
            )
        )

    def _reference(self) -> str:
        self._made += 1
        return f"SBX{self._made:08d}"

    def _add(self, entry: Entry) -> Entry:
        self.entries.append(entry)
        self._today.append(entry)
        return entry

    # --- statements ---------------------------------------------------------------------------------------

    def _write_intraday(self, entry: Entry) -> None:
        self._notices += 1
        head = f"<Id>N{self._notices}</Id><ElctrncSeqNb>{self._notices}</ElctrncSeqNb>{self._acct()}"
        name = f"{entry.day}-{self._notices:04d}-camt054.xml"
        text = self._document(
            "054", "BkToCstmrDbtCdtNtfctn", "Ntfctn", f"N-{self._notices}", head + self._ntry(entry)
        )
        self._drop(name, text)

    def end_day(self, day: date) -> str:
        """The day's camt.053, also of a day without entries; returns its text."""
        self._number += 1
        opening = self._balance
        self._balance = opening + _sum(self._today)
        closing = self._balance + (1 if self._takes("statement-balance-wrong") else 0)
        text, name = self._told(day, opening, closing), self._name(day)
        self._today, self.dropped = [], ""
        if not self._takes("statement-missing"):
            self.dropped = name
            self._drop(name, text[: len(text) // 2] if self._takes("statement-torn") else text)
        if self._takes("statement-twice"):
            stem, _, suffix = name.rpartition(".")
            self._drop(f"{stem}-again.{suffix}", text)
        return text

    def _name(self, day: date) -> str:
        number = f"-{self._number:04d}" if self._distinct else ""
        return f"{day}{number}-" + {"camt": "camt053.xml", "mt940": "mt940.sta", "csv": "umsatz.csv"}[self.form]

    def _told(self, day: date, opening: int, closing: int) -> str:
        if self.form != "camt":
            lines = [
                statement_texts.Line(
                    each.service,
                    each.amount_minor if each.credit else -each.amount_minor,
                    each.structured or each.text,
                    each.payer,
                    each.reversal,
                )
                for each in self._today
            ]
            told = statement_texts.Day(self.account, self.currency, day, self._number, opening, closing, lines)
            return statement_texts.mt940(told) if self.form == "mt940" else statement_texts.csv(told)
        head = (
            f"<Id>S{self._number}</Id><ElctrncSeqNb>{self._number}</ElctrncSeqNb>"
            f"<FrToDt><FrDtTm>{day}T00:00:00Z</FrDtTm><ToDtTm>{day}T23:59:59Z</ToDtTm></FrToDt>{self._acct()}"
            f"{self._bal('OPBD', opening, day)}{self._bal('CLBD', closing, day)}"
        )
        inner = head + "".join(self._ntry(each) for each in self._today)
        return self._document("053", "BkToCstmrStmt", "Stmt", f"S-{self._number}", inner)

    def _drop(self, name: str, text: str) -> None:
        """Whole or not at all, as a careful bank's client writes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f"{name}.part"
        draft.write_text(text, encoding="utf-8")
        draft.rename(self.folder / name)

    def _document(self, kind: str, root: str, part: str, message: str, inner: str) -> str:
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.08">'
            f"<{root}><GrpHdr><MsgId>{message}</MsgId></GrpHdr><{part}>{inner}</{part}></{root}></Document>\n"
        )

    def _acct(self) -> str:
        return f"<Acct><Id><IBAN>{self.account}</IBAN></Id><Ccy>{self.currency}</Ccy></Acct>"

    def _bal(self, kind: str, amount: int, day: date) -> str:
        sign = "CRDT" if amount >= 0 else "DBIT"
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{self._amount(abs(amount))}"
            f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        )

    def _ntry(self, entry: Entry) -> str:
        sign = "CRDT" if entry.credit else "DBIT"
        structured = f"<Strd><CdtrRefInf><Ref>{escape(entry.structured)}</Ref></CdtrRefInf></Strd>"
        remittance = (f"<Ustrd>{escape(entry.text)}</Ustrd>" if entry.text else "") + (
            structured if entry.structured else ""
        )
        reversal = "<RvslInd>true</RvslInd>" if entry.reversal else ""
        return (
            f"<Ntry>{self._amount(entry.amount_minor)}<CdtDbtInd>{sign}</CdtDbtInd>{reversal}<Sts><Cd>BOOK</Cd></Sts>"
            f"<BookgDt><Dt>{entry.day}</Dt></BookgDt><ValDt><Dt>{entry.day}</Dt></ValDt>"
            f"<AcctSvcrRef>{entry.service}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>"
            f"<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs>"
            f"<EndToEndId>NOTPROVIDED</EndToEndId></Refs>{self._amount(entry.amount_minor)}<CdtDbtInd>{sign}</CdtDbtInd>"
            f"<RltdPties><Dbtr><Pty><Nm>{escape(entry.payer)}</Nm></Pty></Dbtr></RltdPties>"
            f"<RmtInf>{remittance}</RmtInf></TxDtls></NtryDtls></Ntry>"
        )

    def _amount(self, amount: int) -> str:
        digits = DIGITS.get(self.currency, 2)
        text = str(amount).rjust(digits + 1, "0")
        plain = f"{text[:-digits]}.{text[-digits:]}" if digits else text
        return f'<Amt Ccy="{self.currency}">{plain}</Amt>'


def _sum(entries: list[Entry]) -> int:
    return sum(each.amount_minor if each.credit else -each.amount_minor for each in entries)
