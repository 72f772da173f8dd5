"""Where Alipay keeps a day's bills. Pure.

Source: Alipay Open Platform documentation, alipay.data.dataservice.bill.downloadurl.query: the address lives 30
seconds, is not signed for, and leads to a zip.
"""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Final
from urllib.parse import quote

from terminal.banks import alipay_messages
from terminal.banks.alipay_codes import SUCCESS
from terminal.banks.bill_fetching import Place
from terminal.banks.connector import Call
from terminal.banks.fields import Unreadable, fields, text
from terminal.counter.ports import HttpReply
from terminal.payments.bill import BillKind, NoBill

METHOD: Final = "alipay.data.dataservice.bill.downloadurl.query"
URL_MAX: Final = 2048
_NODE: Final = METHOD.replace(".", "_") + "_response"
_CODE: Final = re.compile(r"[A-Za-z0-9_.\- ]{1,80}")
_TYPES: Final[Mapping[BillKind, str]] = {"trade": "trade", "funds": "signcustomer"}


class AlipayBills:
    """BillDesk of Alipay."""

    def ask(self, day: date, kind: BillKind) -> Call:
        wish = json.dumps({"bill_type": _TYPES[kind], "bill_date": day.isoformat()})
        return Call("bill", "POST", f"method={METHOD}", f"biz_content={quote(wish, safe='')}".encode())

    def place(self, call: Call, reply: HttpReply, *, verified: bool) -> Place | NoBill:  # noqa: ARG002  # one day, one answer
        found = alipay_messages.parts(reply.body)
        if not verified or found is None:
            return NoBill("unclear", "signature_missing")
        if found.node not in {_NODE, "error_response"}:
            return NoBill("unclear", "other_call")
        try:
            told = fields(found.value.encode())
            code = text(told, "code", 16)
            if code == SUCCESS and found.node == _NODE:
                return Place(text(told, "bill_download_url", URL_MAX), "zip")
            sub_code = text(told, "sub_code", 64, optional=True)
        except Unreadable as error:
            return NoBill("unclear", f"unreadable: {error}")
        if sub_code == "isp.bill_not_exist":
            return NoBill("empty")
        words = f"{code} {sub_code}".strip()
        return NoBill("unclear", words if _CODE.fullmatch(words) else "code unreadable")
