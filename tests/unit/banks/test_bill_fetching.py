"""Fetching bills: what is asked and when, where a bill may lie, and every way there is none."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import msgspec
import pytest

from terminal.banks.ask_alipay_bill import AlipayBills
from terminal.banks.ask_wechatpay_bill import WeChatPayBills
from terminal.banks.bill_fetching import BillDesk, BillFetcher, Place
from terminal.banks.connector import Call
from terminal.banks.profile_file import load_profile
from terminal.counter.ports import HttpReply, HttpRequest, NoAnswer
from terminal.errors import NotEvidence
from terminal.payments.bill import BillKind, FetchedBill, NoBill
from terminal.payments.evidence import Account
from terminal.payments.profile import Profile
from tests.unit.banks.test_bill_file import names

DAY = date(2026, 11, 1)
READY_S = 1_793_584_800  # 2026-11-02 10:00 in Beijing
CONTENT = "\ufeff交易时间\r\n".encode()
GATEWAY = "https://api.mch.weixin.qq.com"
PLACE = Place(
    f"{GATEWAY}/v3/billdownload/file?token=a%2Fb", "gzip", hashlib.sha1(CONTENT).hexdigest(), signed=True
)


@dataclass(slots=True)
class Desk:
    """Answers with a place or its absence, and remembers what was asked."""

    answer: Place | NoBill = PLACE
    asked: list[tuple[date, BillKind]] = field(default_factory=list)

    def ask(self, day: date, kind: BillKind) -> Call:
        self.asked.append((day, kind))
        return Call("bill", "GET", "/bill")

    def place(self, call: Call, reply: HttpReply, *, verified: bool) -> Place | NoBill:  # scripted
        return self.answer if verified else NoBill("unclear")


@dataclass(slots=True)
class Line:
    """The channel and its links in one: a scripted answer, a scripted download."""

    desk: Desk = field(default_factory=Desk)
    at_s: float = READY_S
    trouble: Exception | None = None
    data: bytes = gzip.compress(CONTENT)
    status: int = 200
    cut: bool = False
    opened: list[str] = field(default_factory=list)
    requests: list[HttpRequest] = field(default_factory=list)
    closed: int = 0
    profile: Profile = field(default_factory=lambda: load_profile("wechatpay"))
    account: Account = field(default_factory=lambda: Account("wechatpay", "1900000001", "wx1"))

    def now_s(self) -> float:
        return self.at_s

    async def exchange(self, call: Call) -> tuple[HttpReply, bool]:  # scripted
        if self.trouble is not None:
            raise self.trouble
        return HttpReply(200, {}, b"{}"), True

    async def signed(self, call: Call) -> HttpRequest:
        return HttpRequest(call.method, call.target, (("Authorization", "signed"),))

    async def download(
        self, request: HttpRequest, sink: Callable[[bytes], None], *, connect_s: float, whole_s: float
    ) -> HttpReply:
        assert connect_s > 0
        assert whole_s > 0
        self.requests.append(request)
        if self.status == 200:
            sink(self.data)
        if self.cut:
            raise NoAnswer("ClientPayloadError")
        return HttpReply(self.status, {}, b"")

    async def aclose(self) -> None:
        self.closed += 1

    def opens(self, origin: str) -> "Line":
        self.opened.append(origin)
        return self

    async def fetch(self, folder: Path, day: date = DAY, kind: BillKind = "trade") -> FetchedBill | NoBill:
        fetcher = BillFetcher(self.desk, (GATEWAY, "https://bills.example"), self.opens)
        return await fetcher.fetch(self, day, kind, folder)


async def test_a_bill_is_asked_for_fetched_and_named(tmp_path: Path) -> None:
    line = Line()
    found = await line.fetch(tmp_path)
    path = tmp_path / "wechatpay-1900000001-trade-2026-11-01.csv"
    assert found == FetchedBill(path, "wechatpay-trade", DAY, "trade")
    assert path.read_bytes() == CONTENT
    assert (line.opened, line.closed) == ([GATEWAY], 1)
    assert line.requests == [
        HttpRequest("GET", "/v3/billdownload/file?token=a%2Fb", (("Authorization", "signed"),))
    ]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://bills.example/x?y=1", "https://bills.example"),
        ("http://bills.example/x", "https://bills.example"),  # a known host, told without TLS: asked with it
        ("http://api.mch.weixin.qq.com/x", GATEWAY),
    ],
)
async def test_b9_a_bill_lies_where_the_documents_say_and_comes_over_tls(
    tmp_path: Path, url: str, origin: str
) -> None:
    line = Line(Desk(Place(url, "gzip", PLACE.sha1)))
    assert isinstance(await line.fetch(tmp_path), FetchedBill)
    assert line.opened == [origin]
    assert dict(line.requests[0].headers)["User-Agent"], "not signed: no secret leaves"
    assert "Authorization" not in dict(line.requests[0].headers)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "https://bills.example:444/x",
        "https://bills.example.evil.example/x",
        "https://bills.example@evil.example/x",
        "https://me:secret@bills.example/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "https://bills.example/x y",
        "https://bills.example/x#y",
        "https://[bad/x",
        "",
    ],
)
async def test_b9_nobody_else_is_asked(tmp_path: Path, url: str) -> None:
    line = Line(Desk(Place(url, "gzip", PLACE.sha1)))
    assert await line.fetch(tmp_path) == NoBill("unclear", "address_not_allowed")
    assert line.opened == []


async def test_nothing_is_asked_before_the_bill_can_be_there_or_after_it_is_gone(tmp_path: Path) -> None:
    line = Line(at_s=READY_S - 1)
    assert await line.fetch(tmp_path) == NoBill("not_ready")
    line.at_s = READY_S + 90 * 86_400
    assert await line.fetch(tmp_path) == NoBill("not_offered", "too_old")
    line.at_s -= 10 * 3600 + 1  # the last second of the ninetieth day
    assert isinstance(await line.fetch(tmp_path), FetchedBill)
    assert line.desk.asked == [(DAY, "trade")]


async def test_a_channel_without_such_a_bill(tmp_path: Path) -> None:
    line = Line(profile=msgspec.structs.replace(load_profile("wechatpay"), bill_formats={"trade": "x"}))
    assert await line.fetch(tmp_path, kind="funds") == NoBill("not_offered")


@pytest.mark.parametrize(
    ("trouble", "text"),
    [(NoAnswer("TimeoutError"), "TimeoutError"), (NotEvidence("signature_wrong"), "signature_wrong")],
)
async def test_b1_b5_an_answer_that_proves_nothing_is_no_bill(
    tmp_path: Path, trouble: Exception, text: str
) -> None:
    assert await Line(trouble=trouble).fetch(tmp_path) == NoBill("unclear", text)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"status": 404}, "download_http_404"),
        ({"cut": True}, "ClientPayloadError"),
        ({"data": gzip.compress(CONTENT)[:-3]}, "cut_short"),
        ({"data": gzip.compress(CONTENT + b"x")}, "hash_wrong"),
    ],
)
async def test_b12_a_download_that_fails_leaves_nothing(
    tmp_path: Path, changes: dict[str, int | bool | bytes], text: str
) -> None:
    line = Line(**changes)  # type: ignore[arg-type]  # the tests change fields by name
    assert await line.fetch(tmp_path) == NoBill("unclear", text)
    assert names(tmp_path) == []
    assert line.closed == 1


# --- what the providers' own desks ask and understand -----------------------------------------------------------


def place(desk: BillDesk, status: int, body: str, *, verified: bool = True) -> Place | NoBill:
    reply = HttpReply(status, {}, body.encode())
    return desk.place(desk.ask(DAY, "trade"), reply, verified=verified)


WECHAT = WeChatPayBills({})
WECHAT_YES = f'{{"hash_type":"SHA1","hash_value":"{"ab" * 20}","download_url":"{PLACE.url}"}}'


def test_what_wechat_pay_is_asked() -> None:
    plain = WeChatPayBills({"bill_tar": "plain", "bill_account": "FEES"})
    assert WECHAT.ask(DAY, "trade").target == "/v3/bill/tradebill?bill_date=2026-11-01&bill_type=ALL&tar_type=GZIP"
    assert plain.ask(DAY, "funds").target == "/v3/bill/fundflowbill?bill_date=2026-11-01&account_type=FEES"


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (200, WECHAT_YES, Place(PLACE.url, "gzip", "ab" * 20, signed=True)),
        (400, '{"code":"NO_STATEMENT_EXIST","message":"账单不存在"}', NoBill("empty")),
        (400, '{"code":"STATEMENT_CREATING"}', NoBill("not_ready")),
        (500, '{"code":"SYSTEM_ERROR"}', NoBill("unclear", "SYSTEM_ERROR")),
        (400, '{"code":"<b>"}', NoBill("unclear", "code unreadable")),
        (200, WECHAT_YES.replace("SHA1", "MD5"), NoBill("unclear", "hash_unknown")),
        (200, WECHAT_YES.replace("ab", "zz"), NoBill("unclear", "hash_unknown")),
        (200, '{"hash_type":"SHA1"}', NoBill("unclear", "unreadable: hash_value")),
        (200, "[]", NoBill("unclear", "unreadable: object")),
    ],
)
def test_what_wechat_pay_may_answer(status: int, body: str, found: Place | NoBill) -> None:
    assert place(WECHAT, status, body) == found


ALIPAY = AlipayBills()
NODE = "alipay_data_dataservice_bill_downloadurl_query_response"


def test_what_alipay_is_asked() -> None:
    call = ALIPAY.ask(DAY, "funds")
    assert call.target == "method=alipay.data.dataservice.bill.downloadurl.query"
    assert b"%22signcustomer%22" in call.body
    assert b"%222026-11-01%22" in call.body
    assert b"%22trade%22" in ALIPAY.ask(DAY, "trade").body


@pytest.mark.parametrize(
    ("node", "value", "found"),
    [
        (NODE, '{"code":"10000","bill_download_url":"http:\\/\\/x\\/y"}', Place("http://x/y", "zip")),
        (NODE, '{"code":"40004","sub_code":"isp.bill_not_exist"}', NoBill("empty")),
        (NODE, '{"code":"20000","sub_code":"isp.unknow-error"}', NoBill("unclear", "20000 isp.unknow-error")),
        (NODE, '{"code":"10000"}', NoBill("unclear", "unreadable: bill_download_url")),
        ("alipay_trade_query_response", '{"code":"10000"}', NoBill("unclear", "other_call")),
    ],
)
def test_what_alipay_may_answer(node: str, value: str, found: Place | NoBill) -> None:
    assert place(ALIPAY, 200, f'{{"{node}":{value},"sign":"QQ=="}}') == found


def test_b5_no_unsigned_answer_says_that_nothing_happened() -> None:
    unsigned = NoBill("unclear", "signature_missing")
    assert place(WECHAT, 400, '{"code":"NO_STATEMENT_EXIST"}', verified=False) == unsigned
    empty = f'{{"{NODE}":{{"code":"40004","sub_code":"isp.bill_not_exist"}}}}'
    assert place(ALIPAY, 200, empty, verified=False) == unsigned
    assert place(ALIPAY, 200, "<html>", verified=True) == unsigned
