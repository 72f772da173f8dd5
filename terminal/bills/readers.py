"""From a file to a reader of bills: the one place that knows which reader belongs to which format.

A format's reader lives in ``terminal/banks``; whoever fetches, imports or matches bills opens them here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from terminal.banks import alipay_bill, alipay_zip, pix_list, wechatpay_bill
from terminal.banks.bill_columns import bounded_lines
from terminal.banks.statements import camt, mt940
from terminal.payments.bill import BillReader, BillRefused

HEAD_BYTES: Final = 4096
CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Format:
    """One format of bills or statements.

    Args:
        read: opens the file when its first line is asked for, and closes it with its last.
        is_it: whether the first ``HEAD_BYTES`` of a file look like it.
    """

    name: str
    read: Callable[[Path], BillReader]
    is_it: Callable[[bytes], bool]


def _table(read: Callable[[Iterable[bytes]], BillReader]) -> Callable[[Path], BillReader]:
    """A reader of lines; a packed bill is the same list inside a zip."""

    def opened(path: Path) -> BillReader:
        try:
            with path.open("rb") as file:
                packed = alipay_zip.is_zip(file.read(4))
                file.seek(0)
                yield from read(alipay_zip.detail_lines(file) if packed else bounded_lines(file))
        except OSError as error:
            raise BillRefused("bill_unreadable", file=path.name, why=error.strerror or "unknown") from error

    return opened


def _alipay_trade(head: bytes) -> bool:
    return alipay_bill.is_trade(head) or alipay_zip.is_trade(head)


def _alipay_funds(head: bytes) -> bool:
    return alipay_bill.is_ledger(head) or alipay_zip.is_ledger(head)


def _statement(read: Callable[[Iterable[bytes]], BillReader]) -> Callable[[Path], BillReader]:
    """A reader of bytes as they come."""

    def opened(path: Path) -> BillReader:
        try:
            with path.open("rb") as file:
                yield from read(iter(lambda: file.read(CHUNK), b""))
        except OSError as error:
            raise BillRefused("bill_unreadable", file=path.name, why=error.strerror or "unknown") from error

    return opened


def _camt(name: str) -> Format:
    return Format(name, _statement(camt.read), lambda head: camt.name_of(head) == name)


FORMATS: Final[tuple[Format, ...]] = (
    Format("wechatpay-trade", _table(wechatpay_bill.trade_bill), wechatpay_bill.is_trade),
    Format("wechatpay-funds", _table(wechatpay_bill.fund_flow), wechatpay_bill.is_funds),
    Format("alipay-trade", _table(alipay_bill.trade_bill), _alipay_trade),
    Format("alipay-funds", _table(alipay_bill.ledger), _alipay_funds),
    Format(pix_list.FORMAT, _table(pix_list.read), pix_list.is_it),
    *(_camt(name) for name in ("camt.053", "camt.054", "camt.052")),
    Format("mt940", _statement(mt940.read), mt940.is_it),
)


def open_bill(path: Path, format: str) -> BillReader:  # noqa: A002  # the word FetchedBill has for it
    """The lines of a file, read as they are asked for.

    Raises:
        BillRefused: ``bill_format_unknown``; and while it is read, what the format's reader refuses.
    """
    for each in FORMATS:
        if each.name == format:
            return each.read(path)
    raise BillRefused("bill_format_unknown", file=path.name)


def guess_format(path: Path) -> str:
    """The format's name, by the file's first bytes.

    Raises:
        BillRefused: ``bill_format_unknown``, ``bill_unreadable``.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise BillRefused("bill_unreadable", file=path.name, why=error.strerror or "unknown") from error
    for each in FORMATS:
        if each.is_it(head):
            return each.name
    raise BillRefused("bill_format_unknown", file=path.name)
