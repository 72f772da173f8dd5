"""Where WeChat Pay keeps a day's bills. Pure.

Source: WeChat Pay merchant documentation (APIv3), "Apply for trade bill", "Apply for fund flow bill", "Download
bill": the hash is SHA-1 over the unpacked file; the download is signed, its answer is not.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from terminal.banks.bill_fetching import Place
from terminal.banks.connector import Call
from terminal.banks.fields import Unreadable, fields, text
from terminal.counter.ports import HttpReply
from terminal.payments.bill import BillKind, NoBill

URL_MAX: Final = 2048
_SHA1: Final = re.compile(r"[0-9A-Fa-f]{40}")
_CODE: Final = re.compile(r"[A-Z_]{1,64}")
_NONE: Final[Mapping[str, NoBill]] = {
    "NO_STATEMENT_EXIST": NoBill("empty"),
    "STATEMENT_CREATING": NoBill("not_ready"),
}


class WeChatPayBills:
    """BillDesk of WeChat Pay. ``settings``: ``bill_tar`` gzip or plain, ``bill_account`` of the fund flow."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._gzip = settings.get("bill_tar", "gzip") == "gzip"
        self._account = settings.get("bill_account", "BASIC")

    def ask(self, day: date, kind: BillKind) -> Call:
        which = "tradebill" if kind == "trade" else "fundflowbill"
        choice = "bill_type=ALL" if kind == "trade" else f"account_type={self._account}"
        packed = "&tar_type=GZIP" if self._gzip else ""
        return Call("bill", "GET", f"/v3/bill/{which}?bill_date={day.isoformat()}&{choice}{packed}")

    def place(self, call: Call, reply: HttpReply, *, verified: bool) -> Place | NoBill:  # noqa: ARG002  # one day, one answer
        if not verified:
            return NoBill("unclear", "signature_missing")
        try:
            found = fields(reply.body)
            if reply.status != 200:
                code = text(found, "code", 64)
                told = code if _CODE.fullmatch(code) else "code unreadable"
                return _NONE.get(code, NoBill("unclear", told))
            sha1, url = text(found, "hash_value", 64), text(found, "download_url", URL_MAX)
            if text(found, "hash_type", 16).upper() != "SHA1" or not _SHA1.fullmatch(sha1):
                return NoBill("unclear", "hash_unknown")
        except Unreadable as error:
            return NoBill("unclear", f"unreadable: {error}")
        return Place(url, "gzip" if self._gzip else "", sha1, signed=True)
