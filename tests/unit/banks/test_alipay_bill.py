"""Alipay's bills read: GBK lists between comments, sums that must be the rows', archives opened within bounds."""

import io
import tracemalloc
from collections.abc import Iterator

import pytest

from terminal.banks import alipay_zip
from terminal.banks.alipay_bill import is_ledger, is_trade, ledger, trade_bill
from terminal.payments.bill import BillEnd, BillLine, BillRefused, LineKind, LineState
from tests.unit.banks.alipay_bills import HEADER, LEDGER_HEADER, PID, bill, packed, payment, refund, totals

SOUND = totals(1, "10.00", 1, "-4.00")
NAME = f"{PID}0156_20261101_业务明细.csv"
SUMMARY = f"{PID}0156_20261101_业务明细(汇总).csv"


def read(lines: list[bytes]) -> tuple[list[BillLine], BillEnd]:
    told = list(trade_bill(lines))
    assert isinstance(told[-1], BillEnd)
    return [line for line in told if isinstance(line, BillLine)], told[-1]


def refused(lines: list[bytes]) -> tuple[str, object, object]:
    with pytest.raises(BillRefused) as error:
        list(trade_bill(lines))
    return error.value.slug, error.value.facts.get("line"), error.value.facts.get("column")


def test_payments_and_refunds_of_a_day() -> None:
    lines, end = read(bill(payment(), refund(), sums=SOUND))
    assert lines[0] == BillLine(
        line=6,
        kind=LineKind.PAYMENT,
        state=LineState.DONE,
        at="2026-11-01T10:00:05+08:00",
        currency="CNY",
        gross_minor=1000,
        settle_minor=1000,
        fee_milli=6000,
        order_no="ORDER-1",
        provider_txn="2026110122001400001",
        merchant_id=PID,
        text="面包",
    )
    back = lines[1]
    assert (back.kind, back.gross_minor, back.fee_milli, back.refund_no) == (LineKind.REFUND, 400, -2000, "R-1")
    assert (end.lines, end.account, str(end.first_day), str(end.last_day)) == (2, PID, "2026-11-01", "2026-11-01")


def test_what_the_shop_received_may_be_less_than_ordered() -> None:
    row = payment() | {"商家实收（元）": "9.50", "商家优惠（元）": "0.50"}
    (paid,), _ = read(bill(row, sums=totals(1, "9.50", 0, "0.00")))
    assert (paid.gross_minor, paid.settle_minor) == (1000, 950)


def test_brackets_of_either_width_and_no_totals_are_the_same_bill() -> None:
    narrow = [name.replace("（", "(").replace("）", ")") for name in HEADER]
    rows = {half: payment()[full] for half, full in zip(narrow, HEADER, strict=True)}
    assert read(bill(rows, header=narrow))[1].lines == 1


def test_commas_in_the_goods_name_or_the_remark_move_no_column() -> None:
    (one, two), _ = read(bill(payment(商品名称="面包, 奶,糖"), payment(备注="a,b")))
    assert (one.text, one.gross_minor, two.gross_minor) == ("面包,奶,糖", 1000, 1000)
    elsewhere = payment() | {"门店名称": "a,b"}
    assert refused(bill(elsewhere))[:2] == ("bill_line_unreadable", 6)


def test_a_kind_nobody_listed_is_told_and_never_matched() -> None:
    (other,), _ = read(bill(payment("-3.00", 业务类型="分账")))
    assert (other.kind, other.gross_minor) == (LineKind.OTHER, 300)


@pytest.mark.parametrize(
    ("sums", "column"),
    [
        (totals(2, "10.00", 1, "-4.00"), "交易笔数"),
        (totals(1, "10.01", 1, "-4.00"), "交易合计"),
        (totals(1, "10.00", 0, "-4.00"), "退款笔数"),
        (totals(1, "10.00", 1, "-4.01"), "退款合计"),
    ],
)
def test_i13_b12_no_total_may_differ_from_its_rows(sums: tuple[str, str], column: str) -> None:
    slug, _, named = refused(bill(payment(), refund(), sums=sums))
    assert (slug, named) == ("bill_sums_differ", column)


@pytest.mark.parametrize("kept", range(8))
def test_b12_a_list_without_its_end_is_none(kept: int) -> None:
    slug, line, _ = refused(bill(payment(), refund(), sums=SOUND)[:kept])
    assert (slug, line) == ("bill_header_missing" if kept < 5 else "bill_cut_short", kept)


@pytest.mark.parametrize(
    ("row", "slug", "column"),
    [
        (payment("-10.00"), "bill_sign_wrong", "订单金额(元)"),
        (refund("4.00"), "bill_sign_wrong", "订单金额(元)"),
        (payment("10.001"), "bill_line_unreadable", "订单金额(元)"),
        (payment(""), "bill_line_unreadable", "订单金额(元)"),
        (payment(完成时间="2026-11-31 10:00:05"), "bill_line_unreadable", "完成时间"),
    ],
)
def test_b12_an_odd_value_refuses_the_bill_with_its_line(row: dict[str, str], slug: str, column: str) -> None:
    assert refused(bill(row)) == (slug, 6, column)


def test_other_encodings_columns_and_words_behind_the_end_are_refused() -> None:
    lines = bill(payment(), sums=totals(1, "10.00", 0, "0.00"))
    assert refused([line.decode("gb18030").encode() for line in lines])[0] in {
        "bill_encoding_wrong",
        "bill_header_missing",
    }
    assert refused([line.replace("商户订单号".encode("gbk"), b"x") for line in lines]) == (
        "bill_header_missing",
        5,
        "商户订单号",
    )
    assert refused([*lines, lines[5]])[:2] == ("bill_line_unreadable", len(lines) + 1)


@pytest.mark.no_cover  # many rounds through lines that others measure
def test_a_list_is_read_line_by_line_in_memory_that_does_not_grow() -> None:
    lines = bill(payment())

    def many() -> Iterator[bytes]:
        yield from lines[:5]
        for _ in range(5_000):
            yield lines[5]

    reader = trade_bill(many())
    tracemalloc.start()
    with pytest.raises(BillRefused):
        for _ in reader:
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


# --- the account's ledger ---------------------------------------------------------------------------------------

FLOWS = [
    ("B1", "在线支付", "10.00", "0.00"),
    ("B1", "收费", "0.00", "-0.06"),
    ("B1", "交易退款", "", "-4.00"),
    ("B1", "退费", "0.02", ""),
    ("W1", "提现", "0.00", "5.00"),
    ("X1", "余额宝转入", "1.00", "0.00"),
]


def flows(
    rows: list[tuple[str, str, str, str]], income: str = "3笔，共11.02元", spent: str = "3笔，共9.06元"
) -> list[bytes]:
    told = [
        dict.fromkeys(LEDGER_HEADER, "")
        | {"账务流水号": f"F{place}", "业务流水号": business, "商户订单号": "ORDER-1", "业务类型": kind}
        | {"发生时间": "2026-11-01 10:00:05", "收入金额（+元）": came, "支出金额（-元）": went}
        for place, (business, kind, came, went) in enumerate(rows)
    ]
    lines = bill(*told, header=LEDGER_HEADER, sums=(f"#支出合计：{spent}", f"#收入合计：{income}"))
    return [line.replace("业务明细".encode("gbk"), "账务明细".encode("gbk")) for line in lines]


def test_what_moved_on_the_account() -> None:
    lines = flows(FLOWS)
    assert is_ledger(lines[0])
    assert not is_trade(lines[0])
    *told, end = ledger(lines)
    assert isinstance(end, BillEnd)
    assert (end.lines, end.account) == (6, PID)
    assert [(line.kind, line.gross_minor, line.fee_milli) for line in told if isinstance(line, BillLine)] == [
        (LineKind.PAYMENT, 1000, 0),
        (LineKind.FEE, 6, 6000),
        (LineKind.REFUND, 400, 0),
        (LineKind.FEE, 2, -2000),
        (LineKind.PAYOUT, 500, 0),
        (LineKind.OTHER, 100, 0),
    ]


@pytest.mark.parametrize(
    ("changed", "slug"),
    [
        ({"income": "2笔，共11.02元"}, "bill_sums_differ"),
        ({"income": "3笔，共11.03元"}, "bill_sums_differ"),
        ({"spent": "3笔，共9.00元"}, "bill_sums_differ"),
    ],
)
def test_i13_b12_no_total_of_the_ledger_may_differ(changed: dict[str, str], slug: str) -> None:
    with pytest.raises(BillRefused) as error:
        list(ledger(flows(FLOWS, **changed)))
    assert error.value.slug == slug


@pytest.mark.parametrize(
    ("row", "slug"),
    [
        (("B", "在线支付", "-1.00", ""), "bill_sign_wrong"),
        (("B", "在线支付", "1.00", "1.00"), "bill_line_unreadable"),
    ],
)
def test_b12_an_odd_movement_refuses_the_ledger(row: tuple[str, str, str, str], slug: str) -> None:
    with pytest.raises(BillRefused) as error:
        list(ledger(flows([row])))
    assert (error.value.slug, error.value.facts["line"]) == (slug, 6)


# --- the archive ------------------------------------------------------------------------------------------------

DETAIL = b"".join(bill(payment(), refund(), sums=SOUND))


def unpacked(archive: bytes) -> list[bytes]:
    return list(alipay_zip.detail_lines(io.BytesIO(archive)))


@pytest.mark.parametrize("gbk", [True, False], ids=["names in GBK", "names in UTF-8"])
def test_the_details_are_found_in_the_archive(gbk: bool) -> None:
    archive = packed({SUMMARY: b"#no\r\n", NAME: DETAIL}, gbk=gbk)
    assert alipay_zip.is_trade(archive[:4096])
    assert not alipay_zip.is_ledger(archive[:4096])
    assert read(unpacked(archive))[1].lines == 2


def zip_refused(archive: bytes) -> str:
    with pytest.raises(BillRefused) as error:
        unpacked(archive)
    assert error.value.slug == "bill_zip_unusable"
    return str(error.value.facts["why"])


def test_b3_an_archive_that_would_burst_is_not_opened() -> None:
    assert "too large" in zip_refused(packed({NAME: b"0" * (2 << 20)}))
    assert "more than" in zip_refused(packed({f"{number}.csv": b"" for number in range(20)} | {NAME: DETAIL}))


def test_b3_an_archive_that_lies_about_its_size_is_cut_off() -> None:
    archive = packed({NAME: b"0,0\r\n" * 400_000})
    told = (2_000_000).to_bytes(4, "little")
    assert "damaged" in zip_refused(archive.replace(told, (50_000).to_bytes(4, "little")))


def test_b12_half_an_archive_other_files_and_two_lists_are_refused() -> None:
    whole = packed({NAME: DETAIL})
    assert "directory" in zip_refused(whole[: len(whole) // 2])
    assert "directory" in zip_refused(b"PK\x03\x04")
    assert "0 lists" in zip_refused(packed({"../../etc/cron.csv": DETAIL, SUMMARY: DETAIL}))
    assert "2 lists" in zip_refused(packed({NAME: DETAIL, "other_业务明细.csv": DETAIL}))
    broken = bytearray(whole)
    broken[80] ^= 0xFF
    assert "damaged" in zip_refused(bytes(broken))
