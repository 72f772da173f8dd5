"""Who gets the money of a scanned code, in words, and how it differs from one of ours. Pure (row 23, S66).

Nothing is opened or fetched: what the code itself says is all. Sources of the fields: EMVCo merchant-presented
mode 1.1, tables 3.1 to 3.8; EPC069-12; NPCI UPI linking specification 1.6; wallets' static addresses as data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from terminal.payments.codes import emv, upi
from terminal.payments.codes.entry import identify
from terminal.payments.codes.flaws import BadCode
from terminal.payments.codes.scheme import Reading, Scheme
from terminal.payments.scan import (
    CardData,
    Command,
    Link,
    MerchantCode,
    OwnSlip,
    Product,
    Unknown,
    Wallet,
    bare,
    classify,
)
from terminal.risk.table import PayLink

TOLD_MAX: Final = 80  # characters of one value people read
_EPC: Final = "BCD"
Kind = Literal["payment", "not_payment", "unreadable"]
Field = Literal["name", "account", "city", "scheme", "amount", "code"]


@dataclass(frozen=True, slots=True)
class Payee:
    """What a static code says. Empty where it says nothing: an address of a wallet tells no name."""

    scheme: str
    title: str
    name: str = ""
    account: str = ""
    city: str = ""
    amount: str = ""

    @property
    def who(self) -> str:
        """Name, account and scheme as one line."""
        return " · ".join(each for each in (self.name, self.account, self.title) if each)


@dataclass(frozen=True, slots=True)
class Looked:
    """``what``: of a code that asks for no payment, whose word (product, link, receipt, …) and ``detail``."""

    kind: Kind
    text: str
    payee: Payee | None = None
    what: str = ""
    detail: str = ""


def look(scan: str, schemes: Sequence[Scheme], links: Sequence[PayLink]) -> Looked:
    """Read a code from a wall."""
    text = bare(scan)
    if not text:
        return Looked("unreadable", text)
    if payee := payee_of(text, schemes, links):
        return Looked("payment", text, payee)
    found = classify(text, ())
    match found:
        case MerchantCode():
            return Looked("unreadable", text)  # begins as one, and is not whole
        case Link(scheme, _):
            return Looked("not_payment", text, what="link", detail=_host(text) or scheme)
        case Product(ean):
            return Looked("not_payment", text, what="product", detail=ean)
        case OwnSlip():
            return Looked("not_payment", text, what="receipt")
        case Command():
            return Looked("not_payment", text, what="command")
        case CardData() | Wallet():
            return Looked("not_payment", text, what="customer")
        case Unknown():
            return Looked("unreadable" if text.startswith((_EPC, "0002")) else "not_payment", text, what="other")


def payee_of(text: str, schemes: Sequence[Scheme], links: Sequence[PayLink]) -> Payee | None:
    reading = identify(schemes, text)
    titles = {scheme.name: scheme.title for scheme in schemes}
    if reading is not None:
        return _of_scheme(reading, titles[reading.scheme])
    if text.startswith("0002"):
        return _of_emv(text)
    if text.lower().startswith("upi://"):
        return _of_upi(text)
    link = next((each for each in links if text.startswith(each.prefix)), None)
    return Payee("link", link.title, account=_short(text.removeprefix(link.prefix))) if link else None


def _of_scheme(reading: Reading, title: str) -> Payee:
    account = dict(reading.account)
    name = account.pop("name", "") or reading.fields.get("name", "")
    told = " ".join(value for value in account.values() if value)
    amount = f"{reading.amount.plain()} {reading.currency}" if reading.amount else ""
    return Payee(reading.scheme, title, _short(name), _short(told), _short(reading.fields.get("city", "")), amount)


def _of_emv(text: str) -> Payee | None:
    """A scheme no region pack describes: the standard's own places."""
    try:
        values = emv.parse(text).values
    except BadCode:
        return None
    accounts = [(path, value) for path, value in values.items() if "02" <= path[:2] <= "51"]
    guid = next((value for path, value in accounts if path.endswith(".00")), "")
    told = " ".join(value for path, value in accounts if not path.endswith(".00"))
    return Payee(
        "emv",
        _short(guid) or "EMV",
        _short(values.get("59", "")),
        _short(told),
        _short(values.get("60", "")),
        _short(f"{values.get('54', '')} {values.get('53', '')}".strip()) if "54" in values else "",
    )


def _of_upi(text: str) -> Payee | None:
    try:
        values = upi.parse(text)
    except BadCode:
        return None
    account = values.get("pa", "")
    return Payee("upi", "UPI", _short(values.get("pn", "")), _short(account)) if account else None


def _host(text: str) -> str:
    try:
        return _short(unquote(urlsplit(text).hostname or ""))
    except ValueError:
        return ""


def _short(text: str) -> str:
    plain = "".join(each if each.isprintable() else " " for each in text)
    return plain if len(plain) <= TOLD_MAX else plain[: TOLD_MAX - 1] + "…"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is another than on our sticker."""

    field: Field
    ours: str
    theirs: str


def differences(ours: Payee, theirs: Payee) -> tuple[Difference, ...]:
    """What a person can see that is another; the same in every field: only the code's bytes are."""
    pairs: Mapping[Field, tuple[str, str]] = {
        "name": (ours.name, theirs.name),
        "account": (ours.account, theirs.account),
        "city": (ours.city, theirs.city),
        "scheme": (ours.title, theirs.title),
        "amount": (ours.amount, theirs.amount),
    }
    found = [Difference(name, mine, other) for name, (mine, other) in pairs.items() if mine != other]
    return tuple(found) or (Difference("code", "", ""),)


def nearest(theirs: Payee, ours: Mapping[str, Payee]) -> str | None:
    """Which of ours this one pretends to be: the same name first, then the same scheme; None without one."""

    def far(poster: str) -> tuple[bool, bool, str]:
        mine = ours[poster]
        return mine.name.casefold() != theirs.name.casefold(), mine.title != theirs.title, poster

    return min(ours, key=far, default=None)
