"""The Pix API's problems in our words, as data. What is not listed is unknown, and unknown means ask.

Source: Banco Central do Brasil, "API Pix" 2.9.0 (openapi.yaml), "Tratamento de erros": types, status codes and the
violations each may mean; RFC 7807.
"""

import re
from collections.abc import Mapping
from typing import Final

from terminal.banks.connector import Act
from terminal.banks.fields import Unreadable, fields, text
from terminal.banks.meanings import Meaning, Other, answer_to
from terminal.counter.ports import HttpReply
from terminal.payments.notice import Answer, Refusal, Trade, Unclear

_TYPE: Final = re.compile(r"[!-~]{1,200}/error/([A-Za-z]{1,64})")
_WORDS_MAX: Final = 200
_VIOLATIONS_MAX: Final = 50
_STATE: Final = frozenset({"", "status", "txid"})
"""Fields of a violation that do not blame our own figures: the charge may exist and have moved on."""

_ASKED_WRONG: Final[Mapping[str, Meaning]] = {
    "RequisicaoInvalida": Refusal.BAD_REQUEST,
    "AcessoNegado": Refusal.NOT_ENTITLED,
}
_MEANINGS: Final[Mapping[Act, Mapping[str, Meaning]]] = {
    "order": {**_ASKED_WRONG, "PermanentementeRemovido": Refusal.ORDER_CLOSED},
    "query": {"CobNaoEncontrado": Other.NOT_THERE, "NaoEncontrado": Other.NOT_THERE},
    "close": {
        "CobNaoEncontrado": Other.NOT_THERE,
        "NaoEncontrado": Other.NOT_THERE,
        "PermanentementeRemovido": Other.DONE_BEFORE,
    },
    "refund": _ASKED_WRONG,
}

TRADES: Final[Mapping[str, Trade]] = {
    "ATIVA": Trade.UNPAID,  # also past its expiry: no status tells that, and only a removal is proof
    "CONCLUIDA": Trade.PAID,
    "REMOVIDA_PELO_USUARIO_RECEBEDOR": Trade.CLOSED,
    "REMOVIDA_PELO_PSP": Trade.CLOSED,
}


def answer(act: Act, reply: HttpReply, retry_after_s: float | None) -> Answer:
    """The Answer to a status of 4xx. A page, or a problem whose own status differs, means nothing."""
    try:
        problem = fields(reply.body)
        found = _TYPE.fullmatch(text(problem, "type", 300))
        words = text(problem, "detail", 4096, optional=True) or text(problem, "title", 4096, optional=True)
    except Unreadable as error:
        return Unclear(f"http_{reply.status}: {error}", retry_after_s)
    if found is None or problem.get("status") != reply.status:
        return Unclear(f"http_{reply.status}", retry_after_s)
    meant = _meaning(act, found[1], _violated(problem))
    return answer_to(meant, found[1], words[:_WORDS_MAX], retry_after_s)


def _meaning(act: Act, kind: str, violated: frozenset[str]) -> Meaning | None:
    if act == "order" and kind == "CobOperacaoInvalida":
        # "it exists and is not ATIVA" has the same name as a wrong amount: only the field tells them apart
        return Refusal.ORDER_NO_USED if violated <= _STATE else Refusal.BAD_REQUEST
    if act == "refund" and kind == "PixDevolucaoInvalida":
        return Refusal.REFUND_TOO_MUCH if "valor" in violated else Refusal.BAD_REQUEST
    return _MEANINGS.get(act, {}).get(kind)


def _violated(problem: Mapping[str, object]) -> frozenset[str]:
    """The last part of every property that a violation names, such as "original" of ``cob.valor.original``."""
    told = problem.get("violacoes")
    named = (
        [each.get("propriedade") for each in told[:_VIOLATIONS_MAX] if isinstance(each, dict)]
        if isinstance(told, list)
        else []
    )
    return frozenset(name.rpartition(".")[2] for name in named if isinstance(name, str))
