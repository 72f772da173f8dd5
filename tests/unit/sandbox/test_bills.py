"""The bank's bills: what its books say of a day, in each provider's own bytes, the next morning and not before."""

import gzip
import hashlib
import io
import json
import zipfile
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from terminal.sandbox.alipay import AlipayDoor
from terminal.sandbox.outcome import Reply
from tests.unit.sandbox.test_alipay import NUMBER, AlipayTill
from tests.unit.sandbox.till import START_MS, Till, refused

DAY = "2026-09-21"  # of START_MS in Beijing
HOUR_MS = 3_600_000
MORNING_MS = 1_790_038_800_000  # the next day, 9:00 in Beijing
TRADE = f"/v3/bill/tradebill?bill_date={DAY}&bill_type=ALL"
FUNDS = f"/v3/bill/fundflowbill?bill_date={DAY}&account_type=BASIC"


@pytest.fixture
def till() -> Till:
    """A day with a payment, a part given back, and a code payment that was reversed; seen the next morning."""
    till = Till()
    till.bank.customer_scans(till.code_url(description="茶, tea"), till.now_ms)
    till.bank.customer_pays("ORDER-0001", till.now_ms)
    till.wait(60)
    till.refund("R-1", 850)
    till.wait(60)
    till.codepay(till.new_code(), "ORDER-0002", 1200)
    till.reverse("ORDER-0002")
    till.now_ms = MORNING_MS
    return till


def fetched(till: Till, target: str) -> bytes:
    """What the address leads to, its hash compared."""
    told = till.said(till.send("GET", target))
    assert told["hash_type"] == "SHA1"
    url = urlsplit(told["download_url"])
    reply = till.send("GET", f"{url.path}?{url.query}")
    assert reply.status == 200
    assert "Wechatpay-Signature" not in reply.headers
    content = gzip.decompress(reply.body) if "tar_type=GZIP" in target else reply.body
    assert hashlib.sha1(content, usedforsecurity=False).hexdigest() == told["hash_value"]
    return content


def test_a_day_as_a_trade_bill(till: Till) -> None:
    text = fetched(till, TRADE).decode()
    assert text.startswith("\ufeff交易时间,公众账号ID,商户号,")
    lines = text.split("\r\n")
    assert (
        lines[-3] == "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
    )
    assert lines[-2] == "`4,`40.50,`20.50,`0.00,`0.12000,`40.50,`20.50"
    names = lines[0].removeprefix("\ufeff").split(",")
    assert len(names) == 27
    rows = [dict(zip(names, line[1:].split(",`"), strict=True)) for line in lines[1:-3]]
    assert [(row["商户订单号"], row["交易状态"]) for row in rows] == [
        ("ORDER-0001", "SUCCESS"),
        ("ORDER-0001", "REFUND"),
        ("ORDER-0002", "SUCCESS"),
        ("ORDER-0002", "REVOKED"),
    ]
    paid, back, _, gone = rows
    assert (paid["应结订单金额"], paid["手续费"], paid["费率"], paid["商户退款单号"]) == (
        "28.50",
        "0.17000",
        "0.60%",
        "0",
    )
    assert paid["商品名称"] == "茶， tea"
    assert (back["退款金额"], back["手续费"], back["退款状态"], back["商户退款单号"]) == (
        "8.50",
        "-0.05000",
        "SUCCESS",
        "R-1",
    )
    assert (gone["申请退款金额"], gone["手续费"]) == ("12.00", "-0.07000")


def test_other_types_of_the_bill_have_other_columns(till: Till) -> None:
    success = fetched(till, TRADE.replace("ALL", "SUCCESS")).decode().split("\r\n")
    assert len(success[0].split(",")) == 20
    assert success[-2] == "`2,`40.50,`0.24000,`40.50"
    refunds = fetched(till, TRADE.replace("ALL", "REFUND")).decode().split("\r\n")
    assert "费率,订单金额,申请退款金额" in refunds[0]
    assert ",退款申请时间,退款成功时间,微信退款单号," in refunds[0]
    assert refunds[-2] == "`2,`0.00,`20.50,`0.00,`-0.12000,`0.00,`20.50"


def test_the_fund_flow_of_the_day_packed(till: Till) -> None:
    lines = fetched(till, FUNDS + "&tar_type=GZIP").decode().split("\r\n")
    assert lines[0] == (
        "\ufeff记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
        "资金变更提交申请人,备注,业务凭证号"
    )
    assert lines[-2] == "`8,`4,`40.62,`4,`20.74"
    assert lines[1].split(",`")[4:8] == ["交易", "收入", "28.50", "1000028.50"]


def test_a_bill_is_there_the_next_morning_and_only_for_days_with_trade(till: Till) -> None:
    till.now_ms = MORNING_MS - 1
    refused(till.send("GET", TRADE), 400, "STATEMENT_CREATING")
    till.now_ms = MORNING_MS + 2 * 24 * HOUR_MS
    for target in (
        TRADE.replace(DAY, "2026-09-22"),
        TRADE.replace("ALL", "RECHARGE_REFUND"),
        FUNDS.replace("BASIC", "FEES"),
    ):
        refused(till.send("GET", target), 400, "NO_STATEMENT_EXIST")
    refused(till.send("GET", TRADE.replace(DAY, "20260921")), 400, "PARAM_ERROR")
    refused(till.send("GET", TRADE + "&tar_type=ZIP"), 400, "PARAM_ERROR")
    till.now_ms = START_MS + 100 * 24 * HOUR_MS
    refused(till.send("GET", TRADE), 400, "NO_STATEMENT_EXIST")


def test_the_same_bill_whenever_it_is_asked_for(till: Till) -> None:
    first = fetched(till, TRADE)
    till.refund("R-2", 100)  # today's, not that day's
    assert fetched(till, TRADE) == first


def test_a_refund_is_told_as_it_stood_that_morning() -> None:
    till = Till()
    till.bank.set_fault("refund-slow", till.now_ms, params={"delay_ms": 48 * HOUR_MS})
    till.bank.customer_scans(till.code_url(), till.now_ms)
    till.bank.customer_pays("ORDER-0001", till.now_ms)
    till.refund("R-1", 850)
    till.now_ms = MORNING_MS + 72 * HOUR_MS
    assert till.refund_status("R-1") == "SUCCESS"
    assert "`PROCESSING" in fetched(till, TRADE).decode()


def test_an_address_is_good_for_some_minutes_and_for_whoever_signs(till: Till) -> None:
    url = urlsplit(till.said(till.send("GET", TRADE))["download_url"])
    target = f"{url.path}?{url.query}"
    assert till.bank.handle("GET", target, {}, b"", till.now_ms).status == 401
    till.wait(299)
    assert till.send("GET", target).status == 200
    till.wait(1)
    assert till.send("GET", target).status == 400
    assert till.send("GET", f"{url.path}?token=guessed").status == 400


FAULTS = {
    "bill-row-missing": "`3,`12.00,`20.50,`0.00,`-0.05000,`12.00,`20.50",
    "bill-row-extra": "`5,`41.50,`20.50,`0.00,`0.13000,`41.50,`20.50",
    "bill-fee-wrong": "`4,`40.50,`20.50,`0.00,`0.34000,`40.50,`20.50",
    "bill-status-differs": "`5,`40.50,`49.00,`0.00,`-0.05000,`40.50,`49.00",
    "bill-duplicate-row": "`5,`69.00,`20.50,`0.00,`0.29000,`69.00,`20.50",
}


@pytest.mark.parametrize(("slug", "summary"), FAULTS.items())
def test_b12_a_planted_difference_is_in_rows_and_sums_once(till: Till, slug: str, summary: str) -> None:
    till.bank.set_fault(slug, till.now_ms)
    assert fetched(till, TRADE).decode().split("\r\n")[-2] == summary
    assert fetched(till, TRADE).decode().split("\r\n")[-2].startswith("`4,`40.50,`20.50")


def test_b12_a_difference_is_planted_where_it_is_wanted(till: Till) -> None:
    till.bank.set_fault("bill-row-missing", till.now_ms, params={"order_no": "ORDER-0002"})
    assert fetched(till, TRADE).decode().split("\r\n")[-2].startswith("`3,`28.50")


def test_b12_late_cut_wrong_and_expired(till: Till) -> None:
    till.bank.set_fault("bill-not-ready", till.now_ms)
    refused(till.send("GET", TRADE), 400, "STATEMENT_CREATING")
    whole = fetched(till, TRADE)
    till.bank.set_fault("bill-truncated", till.now_ms)
    assert fetched(till, TRADE) == whole[: len(whole) * 2 // 3]
    till.bank.set_fault("bill-hash-wrong", till.now_ms)
    with pytest.raises(AssertionError):
        fetched(till, TRADE)
    till.bank.set_fault("bill-download-expired", till.now_ms)
    url = urlsplit(till.said(till.send("GET", TRADE))["download_url"])
    assert till.send("GET", f"{url.path}?{url.query}").status == 400


# --- Alipay's door ----------------------------------------------------------------------------------------------


@pytest.fixture
def alipay() -> AlipayTill:
    till = AlipayTill()
    till.charged(till.wallet_code())
    till.wait(60)
    till.says("refund", out_trade_no=NUMBER, out_request_no="R-1", refund_amount="8.50")
    till.wait(60)
    till.charged(till.wallet_code(), "ORDER-0002")
    till.says("cancel", out_trade_no="ORDER-0002")
    till.now_ms = MORNING_MS
    return till


def asked(till: AlipayTill, kind: str, day: str = DAY) -> dict[str, Any]:
    content = json.dumps({"bill_type": kind, "bill_date": day})
    method = "alipay.data.dataservice.bill.downloadurl.query"
    given = till.signed({"method": method, "biz_content": content})
    return till.told(till.door.handle("POST", "/gateway.do?" + urlencode(given), {}, b"", till.now_ms))


def downloaded(till: AlipayTill, told: dict[str, Any]) -> Reply:
    url = urlsplit(told["bill_download_url"])
    return till.door.handle("GET", f"{url.path}?{url.query}", {}, b"", till.now_ms)


def unpacked(till: AlipayTill, kind: str) -> tuple[list[str], str]:
    """Both names as their bytes say, and the details."""
    with zipfile.ZipFile(io.BytesIO(downloaded(till, asked(till, kind)).body)) as archive:
        assert archive.testzip() is None
        assert all(not entry.flag_bits & 0x800 for entry in archive.infolist())
        names = [entry.filename.encode("cp437").decode("gbk") for entry in archive.infolist()]
        return names, archive.read(archive.infolist()[0]).decode("gb18030")


def test_a_day_as_alipay_s_zip(alipay: AlipayTill) -> None:
    seller = alipay.names["alipay_seller_id"]
    names, text = unpacked(alipay, "trade")
    assert names == [f"{seller}0156_20260921_业务明细.csv", f"{seller}0156_20260921_业务明细(汇总).csv"]
    lines = text.split("\r\n")
    assert lines[:3] == [
        "#支付宝业务明细查询",
        f"#账号：[{seller}0156]",
        "#起始日期：[2026年09月21日 00:00:00]   终止日期：[2026年09月22日 00:00:00]",
    ]
    columns = lines[4].split(",")
    rows = [dict(zip(columns, line.split(","), strict=True)) for line in lines[5:9]]
    told = [
        (row["业务类型"], row["订单金额（元）"], row["服务费（元）"], row["退款批次号/请求号"]) for row in rows
    ]
    assert told == [
        ("交易\t", "28.50\t", "-0.17\t", "\t"),
        ("退款\t", "-8.50\t", "0.05\t", "R-1\t"),
        ("交易\t", "28.50\t", "-0.17\t", "\t"),
        ("退款\t", "-28.50\t", "0.17\t", "\t"),
    ]
    assert lines[9].endswith("业务明细列表结束----------------------------------------")
    assert lines[10] == "#交易合计：2笔，商家实收共57.00元，商家优惠共0.00元"
    assert lines[11] == "#退款合计：2笔，商家实收退款共-37.00元，商家优惠退款共0.00元"


def test_the_account_s_ledger_of_the_day(alipay: AlipayTill) -> None:
    names, text = unpacked(alipay, "signcustomer")
    assert names[0].endswith("_账务明细.csv")
    assert text.startswith("#支付宝账务明细查询\r\n")
    assert "#支出合计：4笔，共37.34元" in text
    assert "#收入合计：4笔，共57.22元" in text


def test_alipay_has_no_bill_yet_or_none_at_all(alipay: AlipayTill) -> None:
    assert asked(alipay, "trade", "2026-09-20")["sub_code"] == "isp.bill_not_exist"
    assert asked(alipay, "weather")["sub_code"] == "isv.invalid-arguments"
    alipay.now_ms = MORNING_MS - 1
    assert asked(alipay, "trade")["code"] == "20000"


def test_b12_alipay_s_archive_damaged_and_its_address_gone(alipay: AlipayTill) -> None:
    alipay.bank.set_fault("bill-hash-wrong", alipay.now_ms)
    with (
        pytest.raises(zipfile.BadZipFile),
        zipfile.ZipFile(io.BytesIO(downloaded(alipay, asked(alipay, "trade")).body)) as archive,
    ):
        archive.read(archive.infolist()[0])
    told = asked(alipay, "trade")
    assert downloaded(alipay, told).status == 200
    alipay.wait(30)
    assert downloaded(alipay, told).status == 400


def test_neither_wallet_s_bill_tells_the_other_s_trades(till: Till, alipay: AlipayTill) -> None:
    refused(alipay.send("GET", TRADE), 400, "NO_STATEMENT_EXIST")
    door = AlipayTill()
    door.bank, door.door, door.me, door.now_ms = till.bank, AlipayDoor(till.bank), till.me, till.now_ms
    assert asked(door, "trade")["sub_code"] == "isp.bill_not_exist"
