"""Where merchants ask for bills and fetch them, at both doors. Pure.

Source: WeChat Pay merchant documentation, API v3, "申请交易账单", "申请资金账单", "下载账单" (the file is not
signed, its SHA-1 is over the unpacked bytes); Alipay Open Platform documentation,
alipay.data.dataservice.bill.downloadurl.query (its address lives 30 seconds).
"""

import gzip
import hashlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from terminal.sandbox import alipay_bills, bill_making, wechatpay_bills
from terminal.sandbox.bill_making import NoBill
from terminal.sandbox.engine import Engine
from terminal.sandbox.keyring import Merchant, alipay_names
from terminal.sandbox.outcome import Reply
from terminal.sandbox.refusals import Refused
from terminal.sandbox.wire_forms import Form

WECHAT_TYPES: Final = ("NATIVE", "MICROPAY")
ALIPAY_TYPES: Final = ("PRECREATE", "BARCODE")
WECHAT_FILE: Final = "/v3/billdownload/file"
ALIPAY_FILE: Final = "/downloadBillFile.resource"
WECHAT_LIFE_MS: Final = 300_000
ALIPAY_LIFE_MS: Final = 30_000
_BILL_TYPES: Final = ("ALL", "SUCCESS", "REFUND")


def ask_wechatpay(bank: Engine, merchant: Merchant, which: str, query: Mapping[str, str], now_ms: int) -> Form:
    """``which``: tradebill or fundflowbill. Raises Refused: NO_STATEMENT_EXIST, STATEMENT_CREATING…"""
    bill_type, account = query.get("bill_type", "ALL"), query.get("account_type", "BASIC")
    packed = query.get("tar_type", "")
    if packed not in ("", "GZIP"):
        raise Refused("PARAM_ERROR", "压缩类型有误")
    if (which == "tradebill" and bill_type not in _BILL_TYPES) or account != "BASIC":
        raise Refused("NO_STATEMENT_EXIST")
    try:
        _, day = bill_making.day_of(bank, merchant.mchid, WECHAT_TYPES, query.get("bill_date", ""), now_ms)
    except NoBill as no:
        code = {"none": "NO_STATEMENT_EXIST", "making": "STATEMENT_CREATING"}.get(str(no), "PARAM_ERROR")
        raise Refused(code) from None
    trade = which == "tradebill"
    text = (
        wechatpay_bills.trade_bill(day, bill_type, bank.rules.fee_ppm) if trade else wechatpay_bills.fund_flow(day)
    )
    content = bill_making.cut(bank, text, now_ms)
    wrong = b"x" if bank.faults.take("bill-hash-wrong", now_ms) else b""
    token = bill_making.shelved(
        bank, gzip.compress(content, mtime=0) if packed else content, WECHAT_LIFE_MS, now_ms
    )
    sha1 = hashlib.sha1(content + wrong, usedforsecurity=False).hexdigest()
    return {"hash_type": "SHA1", "hash_value": sha1, "download_url": f"{bank.address}{WECHAT_FILE}?token={token}"}


def ask_alipay(bank: Engine, merchant: Merchant, asked: Form, now_ms: int) -> str:
    """The address of the zip. Raises NoBill."""
    kind, seller_id = asked.get("bill_type"), alipay_names(merchant.mchid)["alipay_seller_id"]
    if kind not in ("trade", "signcustomer"):
        raise NoBill("no-day")
    date = str(asked.get("bill_date", ""))
    start_ms, day = bill_making.day_of(bank, merchant.mchid, ALIPAY_TYPES, date, now_ms)
    make = alipay_bills.trade_bill if kind == "trade" else alipay_bills.account_ledger
    detail = bill_making.cut(bank, make(day, seller_id, start_ms), now_ms)
    packed = alipay_bills.packed(seller_id, start_ms, "业务明细" if kind == "trade" else "账务明细", detail)
    if bank.faults.take("bill-hash-wrong", now_ms):  # Alipay tells no hash: the archive's own checksum fails
        place = len(packed) // 3
        packed = packed[:place] + bytes((packed[place] ^ 0xFF,)) + packed[place + 1 :]
    return f"{bank.address}{ALIPAY_FILE}?token={bill_making.shelved(bank, packed, ALIPAY_LIFE_MS, now_ms)}"


def file_of(bank: Engine, target: str, now_ms: int) -> Reply:
    """The file behind a token, unsigned; 400 when its time is over."""
    parts = urlsplit(target)
    token = parse_qs(parts.query).get("token", [""])[0]
    content = bank.shelf.get(token, now_ms)
    if content is None:
        told = b'{"code":"INVALID_REQUEST","message":"TEST download_url expired"}'
        return Reply(400, {"Content-Type": "application/json; charset=utf-8"}, told)
    return Reply(200, {"Content-Type": "application/octet-stream"}, content)
