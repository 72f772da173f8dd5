"""A Brazilian bank's side of the Pix API, written from the central bank's documents.

It shares no code with the connector. Nothing is signed: TLS says who answers. Sources: Banco Central do Brasil,
"API Pix" 2.9.0 (openapi.yaml): Cob, Pix, Devolução, webhook, problems; "Manual de Padrões para Iniciação do Pix"
(dynamic BR Code); EMVCo "Merchant-Presented Mode" 1.1, CRC.
"""

import binascii
import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

from terminal.conformance.kit import NOW_S, PAYER, WORDS, Says
from terminal.counter.ports import HttpReply, HttpRequest, Order, RefundOrder

KEY: Final = "7d9f0335-8dcc-4054-9bf9-0dbd61d36906"
E2E: Final = "E12345678202609211034abcdef12345"
STATES: Final = {
    "unpaid": "ATIVA",
    "paid": "CONCLUIDA",
    "returned": "CONCLUIDA",
    "closed": "REMOVIDA_PELO_USUARIO_RECEBEDOR",
    "close_done": "REMOVIDA_PELO_USUARIO_RECEBEDOR",
    "made": "ATIVA",
    "made_foreign": "ATIVA",
    "odd_state": "PAGA",
    "odd_amount": "CONCLUIDA",
    "negative_amount": "CONCLUIDA",
    "foreign_merchant": "CONCLUIDA",
}
PROBLEMS: Final = {
    "system_error": (503, "ServicoIndisponivel"),
    "odd_error": (400, "AlgoNovo"),
    "rate_limited": (429, "MuitasRequisicoes"),
    "refund_too_much": (400, "PixDevolucaoInvalida"),
}
REFUNDS: Final = {
    "refund_done": "DEVOLVIDO",
    "refund_running": "EM_PROCESSAMENTO",
    "refund_failed": "NAO_REALIZADO",
    "refund_odd": "QUASE",
}


class PixPeer:
    """Peer of the kit."""

    def __init__(self, *, now_s: int = NOW_S) -> None:
        self.now_s = now_s

    # --- Peer ---

    def says(
        self, what: Says, order: Order, refund: RefundOrder | None = None, *, act: str = "query"
    ) -> HttpReply | None:
        if what in PROBLEMS:
            return self.problem(*PROBLEMS[what])
        if what == "not_there":
            if act == "query_refund":
                return self.answer(200, self.charge(order, "paid"))  # the Pix is there, no such devolução
            return self.problem(404, "CobNaoEncontrado")
        if what in STATES:
            return self.answer(201 if what.startswith("made") else 200, self.charge(order, what))
        if what in REFUNDS:
            assert refund is not None
            back = devolucao(refund, REFUNDS[what])
            if act == "refund":
                return self.answer(201, back)
            charge = self.charge(order, "paid")
            charge["pix"][0]["devolucoes"] = [back]
            return self.answer(200, charge)
        return None

    def notifies(self, order: Order, refund: RefundOrder | None = None, what: Says = "paid") -> HttpReply:
        pix = received(order)
        if refund is not None:
            pix["devolucoes"] = [devolucao(refund, "DEVOLVIDO")]
        del what  # a webhook tells of Pix that arrived, and of nothing else
        return self.answer(200, {"pix": [pix]})

    def content(self, reply: HttpReply) -> bytes:
        return reply.body

    def signed(self, status: int, body: bytes, *, act: str = "query") -> HttpReply:  # noqa: ARG002  # all are alike
        at = format_datetime(datetime.fromtimestamp(self.now_s, UTC), usegmt=True)
        return HttpReply(status, {"date": at, "content-type": "application/json"}, body)

    def forged(self, reply: HttpReply) -> HttpReply:
        return reply  # nothing is signed: a stranger's words look the same

    def unsigned(self, reply: HttpReply) -> HttpReply:
        return reply

    def probe(self, reply: HttpReply) -> None:  # noqa: ARG002  # there are none
        return None

    def aged(self, reply: HttpReply, seconds: int) -> None:  # noqa: ARG002  # no time is signed
        return None

    def accepts(self, request: HttpRequest) -> bool:
        """A bearer token, and nothing over the bytes."""
        return dict(request.headers).get("Authorization", "").startswith("Bearer ")

    # --- what it is made of ---

    def answer(self, status: int, body: dict[str, Any]) -> HttpReply:
        return self.signed(status, json.dumps(body, ensure_ascii=False).encode())

    def problem(self, status: int, kind: str) -> HttpReply:
        body: dict[str, Any] = {
            "type": f"https://pix.bcb.gov.br/api/v2/error/{kind}",
            "title": kind,
            "status": status,
            "detail": WORDS,
        }
        if kind == "PixDevolucaoInvalida":
            body["violacoes"] = [{"razao": WORDS, "propriedade": "devolucao.valor", "valor": "1.00"}]
        return self.answer(status, body)

    def charge(self, order: Order, what: str) -> dict[str, Any]:
        place = f"pix.example.com/qr/{order.order_no.lower()}"
        shown = "pix.evil.example/qr/1" if what == "made_foreign" else place
        found: dict[str, Any] = {
            "calendario": {"criacao": "2026-09-21T10:13:00Z", "expiracao": 150},
            "txid": order.order_no,
            "revisao": 0,
            "loc": {"id": 789, "location": place, "tipoCob": "cob"},
            "location": place,
            "status": STATES[what],
            "valor": {"original": reais(order.amount.minor)},
            "chave": "00000000-0000-4000-8000-000000000000" if what == "foreign_merchant" else KEY,
            "solicitacaoPagador": order.description,
            "pixCopiaECola": br_code(shown),
        }
        if STATES[what] == "CONCLUIDA":
            found["pix"] = [received(order)]
        match what:
            case "returned":
                whole = {"id": "D1", "rtrId": "D" + E2E[1:], "valor": reais(order.amount.minor)}
                found["pix"][0]["devolucoes"] = [{**whole, "status": "DEVOLVIDO", "horario": {}}]
            case "odd_amount":
                found["pix"][0]["valor"] = "28.5"
            case "negative_amount":
                found["pix"][0]["valor"] = "-28.50"
        return found


def received(order: Order) -> dict[str, Any]:
    return {
        "endToEndId": E2E,
        "txid": order.order_no,
        "valor": reais(order.amount.minor),
        "chave": KEY,
        "horario": "2026-09-21T10:14:00.000Z",
        "infoPagador": PAYER,
    }


def devolucao(refund: RefundOrder, status: str) -> dict[str, Any]:
    return {
        "id": refund.refund_no,
        "rtrId": "D" + E2E[1:],
        "valor": reais(refund.amount.minor),
        "horario": {"solicitacao": "2026-09-21T10:15:00Z", "liquidacao": "2026-09-21T10:15:01Z"},
        "status": status,
    }


def br_code(place: str) -> str:
    """A dynamic code: payload format, once only, the account template with its URL, the rest, the CRC."""
    account = entry("26", entry("00", "br.gov.bcb.pix") + entry("25", place))
    head = entry("00", "01") + entry("01", "12") + account
    rest = "52040000" + "5303986" + "5802BR" + entry("59", "Padaria") + entry("60", "Recife") + "62070503***"
    text = head + rest + "6304"
    return text + f"{binascii.crc_hqx(text.encode(), 0xFFFF):04X}"


def entry(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"


def reais(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"
