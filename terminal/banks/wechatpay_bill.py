"""WeChat Pay's bills: what was traded on a day, and what moved on the merchant's balance. Pure, line by line.

Text in UTF-8 with a byte order mark, CRLF, one header, rows whose every value begins with a back-tick, then a
summary of two lines that every sum of the rows must equal. Columns go by their names: ALL, SUCCESS and REFUND
bills have different ones.
Sources: WeChat Pay merchant documentation (APIv3), "Download trade bill", "Download fund flow bill"; sample of
developers.weixin.qq.com, cloud payment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from terminal.banks.bill_columns import (
    Columns,
    Days,
    beijing_time,
    fen,
    milli,
    must_equal,
    plain,
    texts,
    thousandths,
    yuan,
)
from terminal.payments.bill import BillEnd, BillLine, BillReader, BillRefused, LineKind, LineState

TRADE_COUNT: Final = "总交易单数"
FUNDS_COUNT: Final = "资金流水总笔数"
TRADE_HEAD: Final = "交易时间,公众账号ID".encode()
FUNDS_HEAD: Final = "记账时间,微信支付业务单号".encode()
_FREE: Final = ("商品名称", "商户数据包")  # the shop's own words: the only ones that might hold a separator
_SUMS: Final[Mapping[str, str]] = {  # of the summary, and the column each is the sum of
    "应结订单总金额": "应结订单金额",
    "退款总金额": "退款金额",
    "充值券退款总金额": "充值券退款金额",
    "手续费总金额": "手续费",
    "订单总金额": "订单金额",
    "申请退款总金额": "申请退款金额",
}
_STATES: Final = frozenset({"SUCCESS", "REFUND", "REVOKED"})
_REFUND_STATES: Final[Mapping[str, LineState]] = {
    "SUCCESS": LineState.DONE,
    "PROCESSING": LineState.PENDING,
    "FAIL": LineState.FAILED,
}
_FLOWS: Final[Mapping[tuple[str, str], LineKind]] = {  # by the kind of business and its direction
    ("交易", "收入"): LineKind.PAYMENT,
    ("退款", "支出"): LineKind.REFUND,
    ("提现", "支出"): LineKind.PAYOUT,
}
_FEE: Final = "手续费"


def is_trade(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").startswith(TRADE_HEAD)


def is_funds(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").startswith(FUNDS_HEAD)


def trade_bill(lines: Iterable[bytes]) -> BillReader:
    """Every order, refund and reverse of a day.

    A refund's state is that of the day the bill was made. A reverse is a line of its own (REVOKED): a refund where
    it says what went back, else the payment itself.

    Raises:
        BillRefused: ``bill_header_missing``, ``bill_line_unreadable``, ``bill_sums_differ``, ``bill_cut_short``,
            ``bill_encoding_wrong``, ``bill_line_too_long``.
    """
    table = _Table(
        texts(lines, "utf-8"), TRADE_COUNT, ("交易时间", "商户号", "微信订单号", "商户订单号", "交易状态")
    )
    reader = _Trades(table.columns)
    days = Days()
    for number, row in table.rows():
        line = reader.line(number, row)
        days.take(line.at, line.merchant_id)
        yield line
    reader.check(table)
    yield BillEnd(table.count, account=days.account, first_day=days.first, last_day=days.last)


def fund_flow(lines: Iterable[bytes]) -> BillReader:
    """Every movement on the merchant's balance: what came in, refunds, fees, payouts. Raises as ``trade_bill``."""
    needed = ("记账时间", "微信支付业务单号", "资金流水单号", "业务类型", "收支类型", "收支金额(元)", "业务凭证号")
    table = _Table(texts(lines, "utf-8"), FUNDS_COUNT, needed)
    flows = _Flows(table.columns)
    days = Days()
    for number, row in table.rows():
        line = flows.line(number, row)
        days.take(line.at, "")
        yield line
    flows.check(table)
    yield BillEnd(table.count, first_day=days.first, last_day=days.last)


class _Table:
    """Header, rows and the summary behind them."""

    def __init__(self, lines: Iterator[tuple[int, str]], count_name: str, needed: Sequence[str]) -> None:
        self._lines, self._count_name = lines, count_name
        number, header = next(lines, (0, ""))
        self.columns = Columns(number, header.split(","), needed)
        self.count, self.summary_line = 0, number
        self.summary: dict[str, str] = {}
        places = [place for name in _FREE if (place := self.columns.place(name)) >= 0]
        self._free = (min(places), max(places) + 1) if places else None

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row ends with an empty value, for columns that this bill has not."""
        width = len(self.columns)
        for number, text in self._lines:
            if not text.startswith("`"):
                self._read_summary(number, text)
                return
            row = text[1:].split(",`")
            if len(row) != width:
                row = self._mended(number, row)
            row.append("")
            self.count, self.summary_line = self.count + 1, number
            yield number, row
        raise BillRefused("bill_cut_short", line=self.summary_line)

    def _mended(self, number: int, row: list[str]) -> list[str]:
        """A separator within the shop's own words; what stands before and behind them is still in place."""
        extra = len(row) - len(self.columns)
        if extra < 0 and next(self._lines, None) is None:
            raise BillRefused("bill_cut_short", line=number)
        if self._free is None or extra < 0:
            raise BillRefused("bill_line_unreadable", line=number, column=self.columns.names[-1])
        first, end = self._free
        words = ",`".join(row[first : end + extra])
        return [*row[:first], words, *([""] * (end - first - 1)), *row[end + extra :]]

    def _read_summary(self, number: int, text: str) -> None:
        names = [plain(name) for name in text.split(",")]
        self.summary_line, values = next(self._lines, (number, ""))
        if names[0] != self._count_name and values:
            raise BillRefused("bill_line_unreadable", line=number, column=self.columns.names[0])
        if not values.startswith("`"):
            raise BillRefused("bill_cut_short", line=self.summary_line)
        told = values[1:].split(",`")
        if len(told) != len(names):
            raise BillRefused("bill_cut_short", line=self.summary_line)
        self.summary = dict(zip(names, told, strict=True))
        after = next(self._lines, None)
        if after is not None:
            raise BillRefused("bill_line_unreadable", line=after[0], column=self.columns.names[0])
        must_equal(self.summary_line, self._count_name, self.summary[self._count_name], str(self.count))


class _Trades:
    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._time, self._asked_at, self._done_at = map(
            columns.place, ("交易时间", "退款申请时间", "退款成功时间")
        )
        self._merchant, self._txn, self._order = map(columns.place, ("商户号", "微信订单号", "商户订单号"))
        self._state, self._currency = map(columns.place, ("交易状态", "货币种类"))
        self._refund_id, self._refund_no = map(columns.place, ("微信退款单号", "商户退款单号"))
        self._refund_state, self._words = map(columns.place, ("退款状态", "商品名称"))
        self._amounts = [(name, columns.place(name)) for name in _SUMS.values() if name in columns]
        self._counted = dict.fromkeys(_SUMS.values(), 0)  # in thousandths of a fen

    def line(self, number: int, row: list[str]) -> BillLine:
        found = self._read_amounts(number, row)
        state = row[self._state]
        if state not in _STATES:
            raise BillRefused("bill_line_unreadable", line=number, column="交易状态")
        if (currency := row[self._currency]) != "CNY" and self._currency >= 0:
            raise BillRefused("bill_line_unreadable", line=number, column="货币种类")
        went_back = found.get("申请退款金额", 0) or found.get("退款金额", 0)
        is_refund = state == "REFUND" or (state == "REVOKED" and went_back > 0)
        settled = found.get("退款金额", went_back) if is_refund else found.get("应结订单金额", 0)
        gross = went_back if is_refund else found.get("订单金额", settled)
        return BillLine(
            line=number,
            kind=LineKind.REFUND if is_refund else LineKind.PAYMENT,
            state=self._line_state(number, state, row),
            at=self._at(number, row, is_refund=is_refund),
            currency=currency or "CNY",
            gross_minor=gross // 1000,
            settle_minor=settled // 1000,
            fee_milli=found.get("手续费", 0),
            order_no=row[self._order],
            refund_no=_number(row[self._refund_no]) if is_refund else "",
            provider_txn=row[self._txn],
            provider_refund=_number(row[self._refund_id]) if is_refund else "",
            merchant_id=row[self._merchant],
            text=row[self._words],
        )

    def _read_amounts(self, number: int, row: list[str]) -> dict[str, int]:
        """In thousandths of a fen; only fees have more than two decimals, only they may be given back."""
        found: dict[str, int] = {}
        counted = self._counted
        for name, place in self._amounts:
            value = thousandths(row[place])
            if value is None:
                raise BillRefused("bill_line_unreadable", line=number, column=name)
            if not value:
                found[name] = 0
                continue
            if name != _FEE:
                if value < 0:
                    raise BillRefused("bill_sign_wrong", line=number, column=name)
                if value % 1000:
                    raise BillRefused("bill_line_unreadable", line=number, column=name)
            found[name] = value
            counted[name] += value
        return found

    def _line_state(self, number: int, state: str, row: list[str]) -> LineState:
        if state == "REVOKED":
            return LineState.REVOKED
        if state == "SUCCESS":
            return LineState.DONE
        told = _REFUND_STATES.get(row[self._refund_state])
        if told is None:
            raise BillRefused("bill_line_unreadable", line=number, column="退款状态")
        return told

    def _at(self, number: int, row: list[str], *, is_refund: bool) -> str:
        if is_refund and (told := row[self._done_at] or row[self._asked_at]):
            return beijing_time(told, number, "退款成功时间")
        return beijing_time(row[self._time], number, "交易时间")

    def check(self, table: _Table) -> None:
        """Every sum exactly; the fees' also rounded to fen, as the documents print them."""
        line = table.summary_line
        for name, column in _SUMS.items():
            if name not in table.summary:
                continue
            told, counted = milli(table.summary[name], line, name), self._counted[column]
            rounded = (abs(counted) + 500) // 1000 * 1000 * (-1 if counted < 0 else 1)
            if told != counted and not (column == _FEE and told == rounded):
                must_equal(
                    line, name, table.summary[name], _five(counted) if column == _FEE else yuan(counted // 1000)
                )


class _Flows:
    def __init__(self, columns: Columns) -> None:
        places = (columns.place(name) for name in ("记账时间", "微信支付业务单号", "资金流水单号", "业务类型"))
        self._time, self._business, self._flow, self._kind = places
        self._way, self._amount = columns.place("收支类型"), columns.place("收支金额(元)")
        self._proof, self._note = columns.place("业务凭证号"), columns.place("备注")
        self._sums = {"收入": 0, "支出": 0}
        self._counts = {"收入": 0, "支出": 0}

    def line(self, number: int, row: list[str]) -> BillLine:
        way, business = row[self._way], row[self._kind]
        amount = fen(row[self._amount], number, "收支金额(元)")
        if way not in self._sums:
            raise BillRefused("bill_line_unreadable", line=number, column="收支类型")
        if amount < 0:
            raise BillRefused("bill_sign_wrong", line=number, column="收支金额(元)")
        self._sums[way] += amount
        self._counts[way] += 1
        kind = LineKind.FEE if _FEE in business else _FLOWS.get((business, way), LineKind.OTHER)
        fee = amount if way == "支出" else -amount
        is_refund = kind is LineKind.REFUND
        return BillLine(
            line=number,
            kind=kind,
            state=LineState.DONE,
            at=beijing_time(row[self._time], number, "记账时间"),
            currency="CNY",
            gross_minor=amount,
            settle_minor=amount,
            fee_milli=fee * 1000 if kind is LineKind.FEE else 0,
            order_no="" if is_refund else row[self._proof],
            refund_no=row[self._proof] if is_refund else "",
            provider_txn="" if is_refund else row[self._business],
            provider_refund=row[self._business] if is_refund else "",
            entry_id=row[self._flow],
            text=row[self._note],
        )

    def check(self, table: _Table) -> None:
        line = table.summary_line
        for way in ("收入", "支出"):
            told = table.summary.get(f"{way}笔数", "")
            must_equal(line, f"{way}笔数", told, str(self._counts[way]))
            name = f"{way}金额"
            told_fen = fen(table.summary.get(name, ""), line, name)
            must_equal(line, name, yuan(told_fen), yuan(self._sums[way]))


def _number(text: str) -> str:
    """``0`` stands where a row has no such number."""
    return "" if text == "0" else text


def _five(milli_fen: int) -> str:
    sign = "-" if milli_fen < 0 else ""
    return f"{sign}{abs(milli_fen) // 100_000}.{abs(milli_fen) % 100_000:05d}"
