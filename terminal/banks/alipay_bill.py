"""Alipay's bills: what was traded on a day (业务明细), and the account's ledger (账务明细). Pure, line by line.

Text in GBK: comments that begin with #, one header, rows whose values are padded with tabs, then comments that
say that the list ends and what it sums up to. Columns go by their names.
Sources: Alipay Open Platform documentation, alipay.data.dataservice.bill.downloadurl.query and its bills' fields.
The layout of the closing comments is not in the documents: their counts and sums are compared where they stand.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from terminal.banks.bill_columns import Columns, beijing_time, fen, must_equal, texts, yuan
from terminal.payments.bill import BillEnd, BillLine, BillReader, BillRefused, LineKind, LineState

ENCODING: Final = "gb18030"  # GBK with all that was added to it
TRADE_TITLE: Final = "支付宝业务明细"
LEDGER_TITLE: Final = "支付宝账务明细"
_TRADE_KINDS: Final[Mapping[str, LineKind]] = {"交易": LineKind.PAYMENT, "退款": LineKind.REFUND}
_LEDGER_KINDS: Final = (  # the first word that stands in 业务类型, and which way the money must have gone
    ("退款", "out", LineKind.REFUND),
    ("收费", "", LineKind.FEE),
    ("服务费", "", LineKind.FEE),
    ("退费", "in", LineKind.FEE),
    ("提现", "out", LineKind.PAYOUT),
    ("支付", "in", LineKind.PAYMENT),
    ("交易", "in", LineKind.PAYMENT),
)
_ACCOUNT: Final = re.compile(r"#账号:\s*\[([0-9]{16})[0-9]*\]")
_FIRST: Final = re.compile(r"起始日期:\s*\[([0-9]{4})年([0-9]{2})月([0-9]{2})日")
_LAST: Final = re.compile(r"终止日期:\s*\[([0-9]{4})年([0-9]{2})月([0-9]{2})日 ([0-9:]{8})\]")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}")
_COUNT: Final = re.compile(r"#(交易|退款|收入|支出)合计:\s*([0-9]{1,9})笔")
_SUM: Final = re.compile(r"(?:商家实收(?:退款)?|,)共(-?[0-9.]{1,16})元")

Read = Callable[[int, list[str]], BillLine]


def is_trade(head: bytes) -> bool:
    return TRADE_TITLE.encode(ENCODING) in head


def is_ledger(head: bytes) -> bool:
    return LEDGER_TITLE.encode(ENCODING) in head


def trade_bill(lines: Iterable[bytes]) -> BillReader:
    """Every payment and refund of a day; refunds' amounts are negative in the file, positive in the lines.

    Raises:
        BillRefused: ``bill_header_missing``, ``bill_line_unreadable``, ``bill_sign_wrong``, ``bill_sums_differ``,
            ``bill_cut_short``, ``bill_encoding_wrong``, ``bill_line_too_long``.
    """
    needed = ("支付宝交易号", "商户订单号", "业务类型", "创建时间", "订单金额(元)", "商家实收(元)")
    return _read(_List(texts(lines, ENCODING), needed, "创建时间"), _Trades)


def ledger(lines: Iterable[bytes]) -> BillReader:
    """Every movement on the merchant's account. Raises as ``trade_bill``."""
    needed = ("账务流水号", "业务流水号", "商户订单号", "发生时间", "收入金额(+元)", "支出金额(-元)", "业务类型")
    return _read(_List(texts(lines, ENCODING), needed, "发生时间"), _Flows)


def _read(table: "_List", kind: "type[_Trades] | type[_Flows]") -> BillReader:
    reader = kind(table)
    for number, row in table.rows():
        yield reader.line(number, row)
    for name, line, count, told in table.totals:
        must_equal(line, f"{name}笔数", str(count), str(reader.counts.get(name, 0)))
        must_equal(line, f"{name}合计", yuan(abs(told)), yuan(abs(reader.sums.get(name, 0))))
    yield BillEnd(table.count, account=table.account, first_day=table.first_day, last_day=table.last_day)


class _List:
    """Comments, header, rows, closing comments.

    Args:
        time_column: stands right behind the goods' name: where a row has more commas than columns, it tells
            whether they were in the name.
    """

    def __init__(self, lines: Iterator[tuple[int, str]], needed: tuple[str, ...], time_column: str) -> None:
        self._lines = lines
        self.account, self.count = "", 0
        self.first_day: date | None = None
        self.last_day: date | None = None
        self.totals: list[tuple[str, int, int, int]] = []  # name, line, count, fen
        self._at, header = 0, ""
        for number, text in lines:
            self._at = number
            if not text.startswith("#"):
                header = text
                break
            self._read_comment(_narrow(text))
        self.columns = Columns(self._at, header.split(","), needed)
        self._time, self._name = self.columns.place(time_column), self.columns.place("商品名称")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Without padding; each ends with an empty value, for columns that this bill has not."""
        width, ended = len(self.columns), False
        for number, text in self._lines:
            self._at = number
            if text.startswith("#"):
                ended = self._read_closing(number, _narrow(text)) or ended
                continue
            row = [value.strip() for value in text.split(",")]
            if ended:
                raise BillRefused("bill_line_unreadable", line=number, column=self.columns.names[0])
            if len(row) != width:
                row = self._mended(number, row)
            row.append("")
            self.count += 1
            yield number, row
        if not ended:
            raise BillRefused("bill_cut_short", line=self._at)

    def _mended(self, number: int, row: list[str]) -> list[str]:
        """Commas in the goods' name, or else in the remark, which is the last column."""
        extra = len(row) - len(self.columns)
        if extra < 0 and next(self._lines, None) is None:
            raise BillRefused("bill_cut_short", line=number)
        if extra < 0:
            raise BillRefused("bill_line_unreadable", line=number, column=self.columns.names[-1])
        in_name = self._name >= 0 and not _TIME.fullmatch(row[self._time])
        start = self._name if in_name else len(self.columns) - 1
        return [*row[:start], ",".join(row[start : start + extra + 1]), *row[start + extra + 1 :]]

    def _read_comment(self, text: str) -> None:
        if found := _ACCOUNT.match(text):
            self.account = found[1]
        if found := _FIRST.search(text):
            self.first_day = _day(found)
        if (found := _LAST.search(text)) and (last := _day(found)):
            self.last_day = last - timedelta(days=1) if found[4] == "00:00:00" else last  # midnight is its end

    def _read_closing(self, number: int, text: str) -> bool:
        """True for the line that says that the list ends."""
        if (count := _COUNT.match(text)) and (total := _SUM.search(text)):
            self.totals.append((count[1], number, int(count[2]), fen(total[1], number, f"{count[1]}合计")))
        return "列表结束" in text


class _Trades:
    def __init__(self, table: _List) -> None:
        place = table.columns.place
        self._txn, self._order, self._kind = place("支付宝交易号"), place("商户订单号"), place("业务类型")
        self._made, self._done = place("创建时间"), place("完成时间")
        self._gross, self._received = place("订单金额(元)"), place("商家实收(元)")
        self._refund_no, self._fee, self._words = (
            place("退款批次号/请求号"),
            place("服务费(元)"),
            place("商品名称"),
        )
        self._table = table
        self.counts = dict.fromkeys(_TRADE_KINDS, 0)
        self.sums = dict.fromkeys(_TRADE_KINDS, 0)

    def line(self, number: int, row: list[str]) -> BillLine:
        business = row[self._kind]
        kind = _TRADE_KINDS.get(business, LineKind.OTHER)
        sign = -1 if kind is LineKind.REFUND else 1
        gross = self._amount(row[self._gross], number, "订单金额(元)", sign, kind)
        received = self._amount(row[self._received], number, "商家实收(元)", sign, kind)
        if business in self.counts:
            self.counts[business] += 1
            self.sums[business] += received
        made = row[self._done] or row[self._made]
        return BillLine(
            line=number,
            kind=kind,
            state=LineState.DONE,
            at=beijing_time(made, number, "完成时间"),
            currency="CNY",
            gross_minor=gross,
            settle_minor=received,
            fee_milli=-1000 * fen(row[self._fee] or "0", number, "服务费(元)"),
            order_no=row[self._order],
            refund_no=row[self._refund_no] if sign < 0 else "",
            provider_txn=row[self._txn],
            merchant_id=self._table.account,
            text=row[self._words],
        )

    @staticmethod
    def _amount(text: str, number: int, column: str, sign: int, kind: LineKind) -> int:
        value = fen(text, number, column) * sign
        if kind is LineKind.OTHER:
            return abs(value)
        if value < 0:
            raise BillRefused("bill_sign_wrong", line=number, column=column)
        return value


class _Flows:
    def __init__(self, table: _List) -> None:
        place = table.columns.place
        self._flow, self._business, self._order = place("账务流水号"), place("业务流水号"), place("商户订单号")
        self._at, self._in, self._out = place("发生时间"), place("收入金额(+元)"), place("支出金额(-元)")
        self._kind, self._note = place("业务类型"), place("备注")
        self._table = table
        self.counts = {"收入": 0, "支出": 0}
        self.sums = {"收入": 0, "支出": 0}

    def line(self, number: int, row: list[str]) -> BillLine:
        came = fen(row[self._in] or "0", number, "收入金额(+元)")
        went = abs(fen(row[self._out] or "0", number, "支出金额(-元)"))  # told with or without its minus
        if came < 0:
            raise BillRefused("bill_sign_wrong", line=number, column="收入金额(+元)")
        way, amount = ("in", came) if came else ("out", went)
        if came and went:
            raise BillRefused("bill_line_unreadable", line=number, column="支出金额(-元)")
        name = "收入" if way == "in" else "支出"
        self.counts[name] += 1
        self.sums[name] += amount
        kind = _ledger_kind(row[self._kind], way)
        return BillLine(
            line=number,
            kind=kind,
            state=LineState.DONE,
            at=beijing_time(row[self._at], number, "发生时间"),
            currency="CNY",
            gross_minor=amount,
            settle_minor=amount,
            fee_milli=1000 * (amount if way == "out" else -amount) if kind is LineKind.FEE else 0,
            order_no=row[self._order],
            provider_txn=row[self._business],
            merchant_id=self._table.account,
            entry_id=row[self._flow],
            text=row[self._note],
        )


def _ledger_kind(business: str, way: str) -> LineKind:
    for word, wanted, kind in _LEDGER_KINDS:
        if word in business:
            return kind if wanted in ("", way) else LineKind.OTHER
    return LineKind.OTHER


def _narrow(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _day(found: re.Match[str]) -> date | None:
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
