"""WeChat Pay's bills read: columns by name, sums that must be the rows', odd files refused by line."""

import json
import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from terminal.banks.bill_columns import LINE_MAX, bounded_lines
from terminal.banks.wechatpay_bill import fund_flow, is_funds, is_trade, trade_bill
from terminal.payments.bill import BillEnd, BillLine, BillRefused, LineKind, LineState

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "wechatpay_bill.json").read_text())
HEADER: list[str] = GOLDEN["header"].split(",")
FUNDS_HEADER: list[str] = GOLDEN["funds_header"].split(",")
SUMS = GOLDEN["summary_header"].split(",")
PLAIN = dict(zip(HEADER, GOLDEN["row"][1:].split(",`"), strict=True))
SHEET_REFUND = {"交易状态": "REFUND", "退款类型": "ORIGINAL", "退款状态": "SUCCESS", "微信退款单号": "5030001"}


def payment(yuan: str = "10.00", fee: str = "0.06000", **changes: str) -> dict[str, str]:
    return PLAIN | {"应结订单金额": yuan, "订单金额": yuan, "手续费": fee, "商户订单号": "ORDER-1"} | changes


def refund(yuan: str = "4.00", fee: str = "-0.02000", **changes: str) -> dict[str, str]:
    amounts = {"应结订单金额": "0.00", "订单金额": "0.00", "退款金额": yuan, "申请退款金额": yuan, "手续费": fee}
    return PLAIN | SHEET_REFUND | amounts | {"商户订单号": "ORDER-1", "商户退款单号": "R-1"} | changes


def bill(
    *rows: dict[str, str], summary: str, header: list[str] = HEADER, sums: list[str] = SUMS, bom: str = "\ufeff"
) -> list[bytes]:
    lines = [bom + ",".join(header), *("`" + ",`".join(row[name] for name in header) for row in rows)]
    lines += [",".join(sums), "`" + ",`".join(summary.split())]
    return [f"{line}\r\n".encode() for line in lines]


def read(lines: list[bytes]) -> tuple[list[BillLine], BillEnd]:
    told = list(trade_bill(lines))
    assert isinstance(told[-1], BillEnd)
    return [line for line in told if isinstance(line, BillLine)], told[-1]


def refused(lines: list[bytes]) -> tuple[str, object, object]:
    with pytest.raises(BillRefused) as error:
        list(trade_bill(lines))
    return error.value.slug, error.value.facts.get("line"), error.value.facts.get("column")


def test_the_documents_own_sample() -> None:
    back = dict(PLAIN) | SHEET_REFUND
    back |= {"应结订单金额": "0.00", "订单金额": "0.00", "退款金额": "0.01", "申请退款金额": "0.01"}
    lines, end = read(
        bill(*[PLAIN] * 6, *[back] * 6, summary=GOLDEN["summary_of_six"].replace("`", "").replace(",", " "))
    )
    assert lines[0] == BillLine(
        line=2,
        kind=LineKind.PAYMENT,
        state=LineState.DONE,
        at="2022-03-21T13:51:31+08:00",
        currency="CNY",
        gross_minor=1,
        settle_minor=1,
        order_no="2021WERUN1647840687637",
        provider_txn="420000612032130748613220688",
        merchant_id="180023671",
        text="微信云托管支付测试",
    )
    assert (end.lines, end.account, str(end.first_day), str(end.last_day)) == (
        12,
        "180023671",
        "2022-03-21",
        "2022-03-21",
    )


def test_amounts_fees_and_refunds() -> None:
    (paid, back), _ = read(bill(payment(), refund(), summary="2 10.00 4.00 0.00 0.04000 10.00 4.00"))
    assert (paid.gross_minor, paid.settle_minor, paid.fee_milli, paid.refund_no) == (1000, 1000, 6000, "")
    assert (back.kind, back.state, back.gross_minor, back.fee_milli) == (
        LineKind.REFUND,
        LineState.DONE,
        400,
        -2000,
    )
    assert (back.order_no, back.refund_no, back.provider_refund) == ("ORDER-1", "R-1", "5030001")


def test_coupons_make_settled_less_than_ordered() -> None:
    rows = (
        payment(应结订单金额="9.50", 代金券金额="0.50"),
        refund("3.80", 申请退款金额="4.00", 充值券退款金额="0.20"),
    )
    (paid, back), _ = read(bill(*rows, summary="2 9.50 3.80 0.20 0.04000 10.00 4.00"))
    assert (paid.gross_minor, paid.settle_minor) == (1000, 950)
    assert (back.gross_minor, back.settle_minor) == (400, 380)


@pytest.mark.parametrize(
    ("told", "state"),
    [("SUCCESS", LineState.DONE), ("PROCESSING", LineState.PENDING), ("FAIL", LineState.FAILED)],
)
def test_a_refund_is_as_it_was_when_the_bill_was_made(told: str, state: LineState) -> None:
    (back,), _ = read(bill(refund(退款状态=told), summary="1 0.00 4.00 0.00 -0.02000 0.00 4.00"))
    assert back.state is state


def test_a_reverse_is_a_line_of_its_own() -> None:
    gone = payment(交易状态="REVOKED")
    taken_back = refund("10.00", 交易状态="REVOKED", 退款状态="", 微信退款单号="0", 商户退款单号="0")
    (one, two), _ = read(bill(gone, taken_back, summary="2 10.00 10.00 0.00 0.04000 10.00 10.00"))
    assert (one.kind, one.state, one.gross_minor) == (LineKind.PAYMENT, LineState.REVOKED, 1000)
    assert (two.kind, two.state, two.gross_minor, two.refund_no) == (LineKind.REFUND, LineState.REVOKED, 1000, "")


def test_success_and_refund_bills_have_other_columns() -> None:
    dropped = {
        "微信退款单号",
        "商户退款单号",
        "退款金额",
        "充值券退款金额",
        "退款类型",
        "退款状态",
        "申请退款金额",
    }
    header = [name for name in HEADER if name not in dropped]
    sums = ["总交易单数", "应结订单总金额", "手续费总金额", "订单总金额"]
    (paid,), _ = read(bill(payment(), header=header, sums=sums, summary="1 10.00 0.06000 10.00"))
    assert (paid.gross_minor, paid.kind) == (1000, LineKind.PAYMENT)
    place = HEADER.index("微信退款单号")
    header = [*HEADER[:place], "退款申请时间", "退款成功时间", *HEADER[place:]]
    row = refund(退款申请时间="2022-03-22 09:00:00", 退款成功时间="2022-03-22 09:00:07")
    (back,), _ = read(bill(row, header=header, summary="1 0.00 4.00 0.00 -0.02000 0.00 4.00"))
    assert back.at == "2022-03-22T09:00:07+08:00"


def test_words_with_commas_and_even_separators_move_no_column() -> None:
    rows = payment(商品名称="面包，奶, 糖"), payment(商品名称="a,`b", 商户数据包="c,`d")
    (one, two), _ = read(bill(*rows, summary="2 20.00 0.00 0.00 0.12000 20.00 0.00"))
    assert (one.text, two.text) == ("面包，奶, 糖", "a,`b,`c,`d")
    assert (two.gross_minor, two.fee_milli) == (1000, 6000)


def test_a_day_of_any_year_is_the_first_day() -> None:
    _, end = read(bill(payment(交易时间="9022-03-21 13:51:31"), summary="1 10.00 0.00 0.00 0.06 10.00 0.00"))
    assert end.first_day == end.last_day == date(9022, 3, 21)


def test_without_a_mark_and_with_plain_line_ends_it_is_the_same_bill() -> None:
    lines = bill(payment(), summary="1 10.00 0.00 0.00 0.06000 10.00 0.00", bom="")
    assert read([line.replace(b"\r", b"") for line in lines])[1].lines == 1
    assert is_trade(b"\xef\xbb\xbf" + lines[0])
    assert is_trade(lines[0])
    assert not is_funds(lines[0])


def test_the_summary_s_fee_may_be_rounded_to_fen() -> None:
    rows = [payment(fee="0.00600")] * 3
    assert read(bill(*rows, summary="3 30.00 0.00 0.00 0.02 30.00 0.00"))[1].lines == 3
    assert refused(bill(*rows, summary="3 30.00 0.00 0.00 0.03 30.00 0.00")) == (
        "bill_sums_differ",
        6,
        "手续费总金额",
    )


@pytest.mark.parametrize(
    ("summary", "column"),
    [
        ("2 10.00 0.00 0.00 0.06000 10.00 0.00", "总交易单数"),
        ("1 10.01 0.00 0.00 0.06000 10.00 0.00", "应结订单总金额"),
        ("1 10.00 0.01 0.00 0.06000 10.00 0.00", "退款总金额"),
        ("1 10.00 0.00 0.01 0.06000 10.00 0.00", "充值券退款总金额"),
        ("1 10.00 0.00 0.00 0.07000 10.00 0.00", "手续费总金额"),
        ("1 10.00 0.00 0.00 0.06000 9.99 0.00", "订单总金额"),
        ("1 10.00 0.00 0.00 0.06000 10.00 0.01", "申请退款总金额"),
    ],
)
def test_i13_b12_no_sum_may_differ_from_its_rows(summary: str, column: str) -> None:
    assert refused(bill(payment(), summary=summary)) == ("bill_sums_differ", 4, column)


GOOD = bill(payment(), refund(), summary="2 10.00 4.00 0.00 0.04000 10.00 4.00")


@pytest.mark.parametrize("kept", range(5))
def test_b12_a_bill_cut_short_is_none(kept: int) -> None:
    slug, line, _ = refused(GOOD[:kept])
    assert (slug, line) == (("bill_cut_short", kept) if kept else ("bill_header_missing", 0))


def test_b12_wherever_the_bytes_end_it_is_seen() -> None:
    whole = b"".join(GOOD)
    for kept in range(len(GOOD[0]), len(whole) - 10):
        slug, line, _ = refused(whole[:kept].splitlines(keepends=True))
        assert (slug, line) in {("bill_cut_short", number) for number in range(1, 6)} | {
            ("bill_sums_differ", 5)
        }, kept


@pytest.mark.parametrize(
    ("changes", "slug", "column"),
    [
        ({"订单金额": "10,00"}, "bill_line_unreadable", "订单金额"),
        ({"订单金额": "1e1"}, "bill_line_unreadable", "订单金额"),
        ({"订单金额": "１０.00"}, "bill_line_unreadable", "订单金额"),
        ({"订单金额": "10.005"}, "bill_line_unreadable", "订单金额"),
        ({"订单金额": "-10.00"}, "bill_sign_wrong", "订单金额"),
        ({"退款金额": "-4.00"}, "bill_sign_wrong", "退款金额"),
        ({"手续费": "0.060000"}, "bill_line_unreadable", "手续费"),
        ({"手续费": ""}, "bill_line_unreadable", "手续费"),
        ({"交易状态": "PAID"}, "bill_line_unreadable", "交易状态"),
        ({"货币种类": "USD"}, "bill_line_unreadable", "货币种类"),
        ({"交易时间": "2022-02-30 13:51:31"}, "bill_line_unreadable", "交易时间"),
        ({"交易时间": "2022/03/21 13:51"}, "bill_line_unreadable", "交易时间"),
        ({"交易状态": "REFUND", "退款状态": "MAYBE"}, "bill_line_unreadable", "退款状态"),
    ],
)
def test_b12_an_odd_value_refuses_the_bill_with_its_line(changes: dict[str, str], slug: str, column: str) -> None:
    lines = bill(payment(), payment(**changes), summary="2 20.00 0.00 0.00 0.12000 20.00 0.00")
    assert refused(lines) == (slug, 3, column)


def test_too_few_values_other_encodings_and_words_behind_the_end_are_refused() -> None:
    assert refused([*GOOD[:2], b"`2022-03-21 13:51:31,`x\r\n", *GOOD[2:]])[:2] == (
        "bill_line_unreadable",
        3,
    )
    assert refused([GOOD[0], GOOD[1].decode().encode("gbk"), *GOOD[2:]])[:2] == ("bill_encoding_wrong", 2)
    assert refused([*GOOD, b"`1,`2\r\n"])[:2] == ("bill_line_unreadable", 6)
    assert refused([GOOD[0].replace("商户订单号".encode(), b"x"), *GOOD[1:]]) == (
        "bill_header_missing",
        1,
        "商户订单号",
    )
    assert refused([*GOOD[:3], b"something else\r\n", *GOOD[3:]])[:2] == ("bill_line_unreadable", 4)


def test_b3_no_line_is_longer_than_a_line_can_be(tmp_path: Path) -> None:
    file = tmp_path / "bill.csv"
    file.write_bytes(GOOD[0] + b"`" + b"9" * LINE_MAX + b"\r\n")
    with file.open("rb") as opened, pytest.raises(BillRefused) as error:
        list(trade_bill(bounded_lines(opened)))
    assert (error.value.slug, error.value.facts["line"]) == ("bill_line_too_long", 2)


@pytest.mark.no_cover  # many rounds through lines that others measure
def test_a_bill_is_read_line_by_line_in_memory_that_does_not_grow() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        for line in (GOOD[0], *[GOOD[1]] * 5_000):
            taken += 1
            yield line

    reader = trade_bill(endless())
    next(reader)
    assert taken == 2, "one row is asked for at a time"
    tracemalloc.start()
    with pytest.raises(BillRefused):
        for _ in reader:
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


# --- fund flow --------------------------------------------------------------------------------------------------

FLOWS = [
    "2026-11-01 10:00:00,4200001,F1,交易,交易,收入,10.00,10.00,system,note,ORDER-1",
    "2026-11-01 10:00:00,4200001,F2,扣除交易手续费,扣除交易手续费,支出,0.06,9.94,system,结算10.00元,ORDER-1",
    "2026-11-01 12:00:00,5030001,F3,退款,退款,支出,4.00,5.94,system,,R-1",
    "2026-11-01 12:00:00,5030001,F4,退还手续费,退还交易手续费,收入,0.02,5.96,system,,R-1",
    "2026-11-01 23:00:00,6000001,F5,提现,提现,支出,5.00,0.96,system,,W-1",
    "2026-11-01 23:30:00,6000002,F6,充值,充值,收入,1.00,1.96,system,,C-1",
]


def funds(rows: list[str], summary: str) -> list[bytes]:
    lines = ["\ufeff" + ",".join(FUNDS_HEADER), *("`" + row.replace(",", ",`") for row in rows)]
    lines += [GOLDEN["funds_summary_header"], "`" + ",`".join(summary.split())]
    return [f"{line}\r\n".encode() for line in lines]


def test_what_moved_on_the_balance() -> None:
    lines = funds(FLOWS, "6 3 11.02 3 9.06")
    assert is_funds(lines[0])
    *told, end = fund_flow(lines)
    assert isinstance(end, BillEnd)
    assert end.lines == 6
    assert [(line.kind, line.gross_minor, line.fee_milli) for line in told if isinstance(line, BillLine)] == [
        (LineKind.PAYMENT, 1000, 0),
        (LineKind.FEE, 6, 6000),
        (LineKind.REFUND, 400, 0),
        (LineKind.FEE, 2, -2000),
        (LineKind.PAYOUT, 500, 0),
        (LineKind.OTHER, 100, 0),
    ]
    back = told[2]
    assert isinstance(back, BillLine)
    assert (back.refund_no, back.order_no, back.provider_refund, back.entry_id) == ("R-1", "", "5030001", "F3")


@pytest.mark.parametrize(
    ("summary", "column"),
    [
        ("5 3 11.02 3 9.06", "资金流水总笔数"),
        ("6 2 11.02 3 9.06", "收入笔数"),
        ("6 3 11.03 3 9.06", "收入金额"),
        ("6 3 11.02 4 9.06", "支出笔数"),
        ("6 3 11.02 3 9.05", "支出金额"),
    ],
)
def test_i13_b12_no_sum_of_the_flows_may_differ(summary: str, column: str) -> None:
    with pytest.raises(BillRefused) as error:
        list(fund_flow(funds(FLOWS, summary)))
    assert (error.value.slug, error.value.facts["column"]) == ("bill_sums_differ", column)


@pytest.mark.parametrize(
    ("old", "new", "slug"),
    [("收入", "借方", "bill_line_unreadable"), (",10.00,10", ",-10.00,10", "bill_sign_wrong")],
)
def test_b12_an_odd_flow_refuses_the_bill(old: str, new: str, slug: str) -> None:
    with pytest.raises(BillRefused) as error:
        list(fund_flow(funds([FLOWS[0].replace(old, new)], "1 1 10.00 0 0.00")))
    assert (error.value.slug, error.value.facts["line"]) == (slug, 2)
