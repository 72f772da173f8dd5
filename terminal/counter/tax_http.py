"""A tax device behind an HTTP address: one POST a receipt, docs/integrate/tax-device.md says what is sent."""

import json
from typing import Any, Final

from terminal.counter.ports import HttpRequest, NoAnswer, NothingSent, ProviderHttp
from terminal.counter.settings import House
from terminal.counter.tax import TaxQuestion, TaxUnanswered
from terminal.errors import InvalidRequest
from terminal.payments.tax_mark import TaxMark
from terminal.strict_json import parse

BODY_MAX: Final = 16 * 1024


class HttpTaxDevice:
    """``target``: the address's path. ``token``: sent as a bearer's, empty sends none."""

    def __init__(self, link: ProviderHttp, target: str, house: House, *, token: str, wait_s: float) -> None:
        self._link, self._target, self._house = link, target, house
        self._token, self._wait_s = token, wait_s

    async def register(self, question: TaxQuestion) -> TaxMark:
        """Raises TaxUnanswered."""
        try:
            reply = await self._link.send(self._request(question), connect_s=self._wait_s, answer_s=self._wait_s)
        except (NothingSent, NoAnswer):
            raise TaxUnanswered("no_answer") from None
        if reply.status != 200:
            raise TaxUnanswered("refused" if 400 <= reply.status < 500 else "no_answer")
        return answer_of(reply.body)

    def _request(self, question: TaxQuestion) -> HttpRequest:
        body = {
            "receipt": question.receipt,
            "kind": question.kind,
            "of": question.of,
            "merchant": self._house.merchant,
            "store": self._house.store,
            "counter": question.counter,
            "sale_no": question.sale_no,
            "order_no": question.order_no,
            "amount_minor": question.amount.minor,
            "currency": question.amount.currency,
            "at_ms": question.at_ms,
            "test": question.test,
        }
        headers = [("Content-Type", "application/json"), ("Idempotency-Key", question.receipt)]
        headers += [("Authorization", f"Bearer {self._token}")] if self._token else []
        return HttpRequest("POST", self._target, tuple(headers), json.dumps(body).encode())


def answer_of(body: bytes) -> TaxMark:
    """``{"number": "…", "code": "…", "lines": ["…"]}``; code and lines may be missing. Raises TaxUnanswered."""
    try:
        told: Any = parse(body, limit=BODY_MAX)
    except InvalidRequest:
        raise TaxUnanswered("answer_wrong") from None
    match told:
        case {"number": str(number), **more}:
            code, lines = more.get("code", ""), more.get("lines", [])
            if isinstance(code, str) and isinstance(lines, list) and all(isinstance(x, str) for x in lines):
                found = TaxMark(number, code, tuple(lines))
                if found.printable:
                    return found
    raise TaxUnanswered("answer_wrong")
