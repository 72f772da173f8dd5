"""Codes that are a provider's own address: recognised by scheme, host and path, shown exactly as they came (S62).

Such a code says nothing about amount or payee, so a look at it proves whose it is and no more.
"""

import re
from collections.abc import Sequence
from typing import Final

from terminal.payments.codes.flaws import BadCode, Flaw

_VISIBLE: Final = re.compile(r"[!-~]{1,512}")


def is_under(text: str, addresses: Sequence[str]) -> bool:
    """Whether ``text`` is one of these addresses or continues one with a path, a query or nothing else.

    "weixin://wxpay/bizpayurl" takes "…/bizpayurl?pr=1" and "…/bizpayurl/up?pr=1", never "…/bizpayurl.example".
    """
    return _VISIBLE.fullmatch(text) is not None and any(
        text.startswith(each) and (each.endswith(("/", "?")) or text[len(each) : len(each) + 1] in {"", "/", "?"})
        for each in addresses
    )


def parse(text: str) -> dict[str, str]:
    if not _VISIBLE.fullmatch(text):
        raise BadCode(Flaw.CHARSET)
    return {"url": text}
