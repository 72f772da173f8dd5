"""Accounts at a bank without an API, for the phone and the laboratory: scan, pay, deliver the statement.

One account a currency. What was scanned waits on the phone until it is paid or refused; an account is saved before
anybody is told of it, so that its statements count on after a restart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from terminal.sandbox.any_bank import FAULTS, AccountBank, Kept, UnknownFault
from terminal.sandbox.engine import CustomerCannot
from terminal.sandbox.payment_codes import NotACode, Transfer, price, read
from terminal.whole_file import write_whole

Plain = dict[str, Any]
AT: Final = "account"  # stands where a wallet's orders have their merchant
SCANS_KEPT: Final = 16
WAITING_MAX: Final = 64
ENTRIES_SHOWN: Final = 8
LATE_MS: Final = 90_000
PASSWORD_TAKES_MS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Place:
    """What ``--account`` says: "EUR:DE89370400440532013000:camt:/srv/bank/in"."""

    currency: str
    account: str
    format: str
    folder: Path

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Raises ValueError."""
        currency, account, form, folder = text.split(":", 3)
        if form not in ("camt", "mt940", "csv") or not currency.isupper() or not account or not folder:
            raise ValueError(text)
        return cls(currency, account, form, Path(folder))


class AccountDesk:
    """Args:
    state: where the accounts are kept between runs.
    """

    def __init__(self, places: Sequence[Place], state: Path) -> None:
        self._state = state
        self._banks: dict[str, AccountBank] = {}
        self._scanned: dict[str, Transfer] = {}  # by the number the phone was told
        self._waiting: list[tuple[int, Transfer]] = []  # sent later, with its time
        self._made = 0
        for place in places:
            bank = AccountBank(
                place.folder, account=place.account, currency=place.currency, form=place.format, distinct=True
            )
            if (file := self._file(place.currency)).exists():
                bank.restore(Kept.load(file.read_bytes()))
            self._banks[place.currency] = bank

    def __bool__(self) -> bool:
        return bool(self._banks)

    # --- the phone ------------------------------------------------------------------------------------------

    def scan(self, code: str) -> Plain | None:
        """What the banking app fills in; None: no code of these banks."""
        try:
            sent = read(code)
        except (NotACode, ValueError, IndexError):
            return None
        if sent.currency not in self._banks:
            return None  # a code of the wallets' own, Pix among them, looks alike
        self._made += 1
        number = f"T{self._made}"
        self._scanned[number] = sent
        while len(self._scanned) > SCANS_KEPT:
            del self._scanned[next(iter(self._scanned))]
        return {
            "test": True,
            "mchid": AT,
            "order_no": number,
            "shop": sent.payee,
            "description": sent.structured or sent.text,
            "amount": sent.amount_minor,
            "currency": sent.currency,
            "state": "NOTPAY",
            "price": price(sent.amount_minor, sent.currency),
            "why_not": "" if sent.amount_minor else "amount-open",
        }

    def act(self, act: str, number: str, now_ms: int) -> str:
        """pay, password, late, refuse. Raises CustomerCannot."""
        sent = self._scanned.pop(number, None)
        if sent is None or not sent.amount_minor:
            raise CustomerCannot("unknown-order")
        if act == "refuse":
            return "refused"
        if act in ("late", "password") and len(self._waiting) < WAITING_MAX:
            self._waiting.append((now_ms + (LATE_MS if act == "late" else PASSWORD_TAKES_MS), sent))
            return "later"
        self._send(sent, now_ms)
        return "paid"

    def advance(self, now_ms: int) -> None:
        """What was to be sent later and is due."""
        due = [each for each in self._waiting if each[0] <= now_ms]
        self._waiting = [each for each in self._waiting if each[0] > now_ms]
        for _, sent in due:
            self._send(sent, now_ms)

    def _send(self, sent: Transfer, now_ms: int) -> None:
        bank = self._banks[sent.currency]
        bank.transfer(sent, now_ms)
        self._save(sent.currency)

    # --- the bank -------------------------------------------------------------------------------------------

    def deliver(self, currency: str, now_ms: int) -> str:
        """The day's statement into the shop's folder; its file's name, "" when a fault kept it."""
        bank = self._bank(currency)
        bank.end_day(datetime.fromtimestamp(now_ms // 1000, UTC).date())
        self._save(currency)
        return bank.dropped

    def set_fault(self, currency: str, slug: str, count: int) -> None:
        """Raises CustomerCannot, UnknownFault."""
        self._bank(currency).set_fault(slug, count)
        self._save(currency)

    def clear_faults(self) -> None:
        for currency, bank in self._banks.items():
            bank.clear_faults()
            self._save(currency)

    def told(self) -> list[Plain]:
        """Every account as a page shows it."""
        return [
            {
                "currency": currency,
                "account": bank.account,
                "format": bank.form,
                "balance": price(bank.balance, currency),
                "undelivered": len(bank.today),
                "statements": bank.delivered,
                "last_file": bank.dropped,
                "faults": [slug for slug in FAULTS if bank.left(slug)],
                "entries": [
                    {"amount": price(each.amount_minor if each.credit else -each.amount_minor, currency),
                     "reference": each.structured or each.text, "day": str(each.day)}
                    for each in bank.entries[:-ENTRIES_SHOWN - 1:-1]
                ],
            }
            for currency, bank in self._banks.items()
        ]  # fmt: skip

    def _bank(self, currency: str) -> AccountBank:
        bank = self._banks.get(currency)
        if bank is None:
            raise CustomerCannot("unknown-account")
        return bank

    def _file(self, currency: str) -> Path:
        return self._state / f"account-{currency}.json"

    def _save(self, currency: str) -> None:
        write_whole(self._file(currency), self._banks[currency].kept().dump(), 0o600)


__all__ = ["AT", "FAULTS", "AccountDesk", "Place", "UnknownFault"]
