"""What the Pix API's calls do to the books. Pure.

Source: Banco Central do Brasil, "API Pix" 2.9.0 (openapi.yaml): paths /cob, /pix, /webhook, their violations.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from terminal.sandbox.engine import CustomerCannot, Engine
from terminal.sandbox.keyring import Merchant
from terminal.sandbox.ledger import DAY_MS
from terminal.sandbox.pix_bills import as_a_bill
from terminal.sandbox.pix_forms import (
    TYPE,
    Form,
    br_code,
    cob,
    devolucao,
    key_of,
    moment,
    notes_of,
    pix,
    problem,
    read_moment,
    return_id,
    transaction_of,
)
from terminal.sandbox.records import Capture, Order, Refund, Webhook, order_key
from terminal.sandbox.refunds import settle_at_once

REFUND_WITHIN_MS: Final = 90 * DAY_MS
PAGE_MAX: Final = 1000
_REAIS: Final = re.compile(r"([0-9]{1,10})\.([0-9]{2})")
_URL: Final = re.compile(r"https?://[!-~]{1,200}")
_COUNT: Final = re.compile(r"[0-9]{1,9}")
_REMOVED: Final = "REMOVIDA_PELO_USUARIO_RECEBEDOR"
_HELD: Final = ("valor", "calendario", "solicitacaoPagador", "chave", "devedor", "infoAdicionais", "loc")


class No(Exception):
    """A documented refusal."""

    def __init__(self, kind: str, code: int = 400, *violations: tuple[str, str]) -> None:
        super().__init__(kind)
        self.kind, self.code, self.violations = kind, code, violations

    def form(self) -> Form:
        return problem(self.kind, self.code, self.kind, self.violations)


@dataclass(frozen=True, slots=True)
class Charges:
    """One authenticated request's view of the books."""

    bank: Engine
    merchant: Merchant
    now_ms: int

    @property
    def key(self) -> str:
        return key_of(self.merchant)

    def known(self, txid: str) -> Order:
        order = self.bank.ledger.find(self.merchant.mchid, txid, self.now_ms)
        if order is None or order.trade_type != TYPE:
            raise No("CobNaoEncontrado", 404)
        return order

    def told(self, order: Order, *, complete: bool) -> Form:
        return cob(order, self.key, self.bank.ledger.refunds_of(order), complete=complete)

    def received(self, e2e: str) -> tuple[Order, Capture]:
        order = self.bank.ledger.find_paid(self.merchant.mchid, transaction_of(e2e), self.now_ms)
        if order is None or order.trade_type != TYPE:
            raise No("PixNaoEncontrado", 404)
        return order, next(one for one in order.captures if one.transaction_id == transaction_of(e2e))


# --- charges ---------------------------------------------------------------------------------------------


def create(charges: Charges, txid: str, asked: Form) -> Form:
    """The same number again changes a charge that is still ATIVA, and is refused for any other."""
    total, life_s = _terms(charges, asked)
    ledger = charges.bank.ledger
    order = ledger.find(charges.merchant.mchid, txid, charges.now_ms)
    if order is not None:
        if order.trade_type != TYPE or order.state != "NOTPAY":
            raise No("CobOperacaoInvalida", 400, ("cob.status", "A cobrança já existe e não está ATIVA."))
        if (order.total, order.description) != (total, asked.get("solicitacaoPagador", "")):
            _revise(charges, order, asked)
        return charges.told(order, complete=False)
    webhook = ledger.webhooks.get(charges.key)
    order = Order(
        mchid=charges.merchant.mchid,
        appid="",
        out_trade_no=txid,
        trade_type=TYPE,
        description=str(asked.get("solicitacaoPagador", "")),
        total=total,
        currency="BRL",
        meaning="",
        created_ms=charges.now_ms,
        payable_until_ms=charges.now_ms + life_s * 1000,
        notify_url="" if webhook is None else webhook.address,
        alterable=_alterable(asked["valor"]),
    )
    ledger.add(order)
    ledger.add_code_url(order, br_code(order, charges.merchant.shop), charges.now_ms)
    charges.bank.forge_if_asked(charges.now_ms)
    return charges.told(order, complete=False)


def change(charges: Charges, txid: str, asked: Form) -> Form:
    order = charges.known(txid)
    removes = asked.get("status") == _REMOVED
    bank = charges.bank
    if removes and order.state == "NOTPAY" and bank.faults.take("pay-during-close", charges.now_ms):
        with suppress(CustomerCannot):
            bank.capture(order, charges.now_ms)
    if order.state != "NOTPAY":
        raise No("CobOperacaoInvalida", 400, ("cob.status", "A cobrança não está ATIVA."))
    if "status" in asked and (not removes or len(asked) > 1):
        raise No("CobOperacaoInvalida", 400, ("cob.status", "Somente a remoção, e sozinha."))
    _revise(charges, order, asked)
    if removes:
        order.attach = json.dumps(notes_of(order) | {"removida": True})
        bank.ledger.move(order, "CLOSED")
    return charges.told(order, complete=False)


def _revise(charges: Charges, order: Order, asked: Form) -> None:
    if "valor" in asked:
        order.total = _amount(asked["valor"], "original", "cob.valor.original")
        order.alterable = _alterable(asked["valor"])
    if "solicitacaoPagador" in asked:
        order.description = _words(asked)
    if "calendario" in asked:
        order.payable_until_ms = order.created_ms + _life(asked) * 1000
    notes = notes_of(order)
    order.attach = json.dumps(notes | {"revisao": notes["revisao"] + 1})
    charges.bank.ledger.orders.put(order)


def show(charges: Charges, txid: str, query: Mapping[str, str]) -> Form:
    order = charges.known(txid)
    wanted = query.get("revisao")
    if wanted is not None and wanted != str(notes_of(order)["revisao"]):
        raise No("CobConsultaInvalida", 400, ("revisao", "Revisão inexistente."))
    return charges.told(order, complete=True)


def list_charges(charges: Charges, query: Mapping[str, str]) -> Form:
    start, end = _span(query, "CobConsultaInvalida")
    found = [
        charges.told(order, complete=True)
        for order in charges.bank.ledger.orders
        if _mine(charges, order) and start <= order.created_ms <= end
    ]
    return _paged("cobs", [each for each in found if query.get("status", each["status"]) == each["status"]], query)


# --- what arrived, and what went back ---------------------------------------------------------------------


def show_pix(charges: Charges, e2e: str) -> Form:
    order, capture = charges.received(e2e)
    return pix(order, capture, charges.key, charges.bank.ledger.refunds_of(order))


def list_pix(charges: Charges, query: Mapping[str, str]) -> Form:
    """Everything received in a span of time: the receiver's own bill."""
    start, end = _span(query, "PixConsultaInvalida")
    if charges.bank.faults.take("bill-not-ready", charges.now_ms):
        raise No("ServicoIndisponivel", 503)
    ledger, found = charges.bank.ledger, []
    for order in ledger.orders:
        if not _mine(charges, order) or query.get("txid", order.out_trade_no) != order.out_trade_no:
            continue
        told = ((each, pix(order, each, charges.key, ledger.refunds_of(order))) for each in order.captures)
        found += [(each.at_ms, form) for each, form in told if start <= each.at_ms <= end]
    wanted = query.get("devolucaoPresente")
    forms = [form for _, form in sorted(found, key=lambda each: each[0])]
    if wanted is None and "txid" not in query:
        forms = as_a_bill(charges.bank.faults, forms, charges.now_ms)
    return _paged("pix", [x for x in forms if wanted is None or ("devolucoes" in x) == (wanted == "true")], query)


def give_back(charges: Charges, e2e: str, number: str, asked: Form) -> Form:
    """The same id with the same amount is the same devolução; with another one it is refused."""
    order, capture = charges.received(e2e)
    bank, ledger = charges.bank, charges.bank.ledger
    amount = _amount(asked, "valor", "devolucao.valor", kind="PixDevolucaoInvalida")
    earlier = ledger.refunds.get(order_key(order.mchid, f"{e2e}/{number}"))
    if earlier is not None:
        if earlier.amount != amount:
            raise No("PixDevolucaoInvalida", 400, ("devolucao.id", "Já utilizado por outra devolução."))
        return devolucao(earlier)
    if charges.now_ms > capture.at_ms + REFUND_WITHIN_MS:
        raise No("PixDevolucaoInvalida", 400, ("devolucao", "Fora da janela de 90 dias."))
    if amount > ledger.refundable(order):
        raise No("PixDevolucaoInvalida", 400, ("devolucao.valor", "Excederia o valor do Pix."))
    if bank.faults.take("refund-no-balance", charges.now_ms):
        raise No("PixDevolucaoInvalida", 400, ("devolucao", "Saldo insuficiente."))
    made = Refund(
        mchid=order.mchid,
        out_refund_no=f"{e2e}/{number}",
        refund_id=return_id(charges.now_ms, bank.keys.entropy.bytes(8)),
        out_trade_no=order.out_trade_no,
        transaction_id=capture.transaction_id,
        amount=amount,
        total=order.total,
        currency="BRL",
        meaning="",
        created_ms=charges.now_ms,
    )
    ledger.add_refund(made)
    ledger.move(order, "REFUND")
    slow = bank.faults.take("refund-slow", charges.now_ms)
    fails = bank.faults.take("refund-closed", charges.now_ms) or bank.faults.take(
        "refund-abnormal", charges.now_ms
    )
    after_ms = slow.number("delay_ms") if slow else bank.rules.refund_takes_ms
    ledger.later(charges.now_ms + after_ms, "settle", made.key, "CLOSED" if fails else "SUCCESS")
    told = devolucao(made)
    if bank.faults.take("notify-before-answer", charges.now_ms):
        settle_at_once(bank, charges.merchant, made.out_refund_no, charges.now_ms)
    return told


def show_back(charges: Charges, e2e: str, number: str) -> Form:
    order, _ = charges.received(e2e)
    found = charges.bank.ledger.refunds.get(order_key(order.mchid, f"{e2e}/{number}"))
    if found is None:
        raise No("PixDevolucaoNaoEncontrada", 404)
    return devolucao(found)


# --- webhooks --------------------------------------------------------------------------------------------


def set_webhook(charges: Charges, key: str, asked: Form) -> Form:
    url = asked.get("webhookUrl")
    if key != charges.key:
        raise No("WebhookOperacaoInvalida", 400, ("chave", "Não pertence a este usuário recebedor."))
    if not isinstance(url, str) or not _URL.fullmatch(url):
        raise No("WebhookOperacaoInvalida", 400, ("webhook.webhookUrl", "Não respeita o schema."))
    charges.bank.ledger.webhooks.put(Webhook(key, url, charges.now_ms))
    return {}


def show_webhook(charges: Charges, key: str) -> Form:
    found = charges.bank.ledger.webhooks.get(key)
    if found is None or key != charges.key:
        raise No("WebhookNaoEncontrado", 404)
    return {"webhookUrl": found.url, "chave": key, "criacao": moment(found.created_ms)}


def drop_webhook(charges: Charges, key: str) -> Form:
    show_webhook(charges, key)
    charges.bank.ledger.webhooks.drop(key)
    return {}


# --- small parts -----------------------------------------------------------------------------------------


def _mine(charges: Charges, order: Order) -> bool:
    return order.trade_type == TYPE and order.mchid == charges.merchant.mchid


def _terms(charges: Charges, asked: Form) -> tuple[int, int]:
    """Amount in centavos and life in seconds of a new charge."""
    missing = [name for name in ("valor", "chave", "calendario") if name not in asked]
    strange = [name for name in asked if name not in _HELD]
    if missing or strange:
        raise No("CobOperacaoInvalida", 400, (f"cob.{(missing + strange)[0]}", "Não respeita o schema."))
    if asked["chave"] != charges.key:
        raise No("CobOperacaoInvalida", 400, ("cob.chave", "Não pertence a este usuário recebedor."))
    _words(asked)
    return _amount(asked["valor"], "original", "cob.valor.original"), _life(asked)


def _alterable(told: Any) -> bool:
    """CobValor: "se o campo estiver ausente, assume-se o valor 0": the payer may not change the amount."""
    wish = told.get("modalidadeAlteracao", 0)
    if type(wish) is not int or wish not in (0, 1):
        raise No("CobOperacaoInvalida", 400, ("cob.valor.modalidadeAlteracao", "Deve ser 0 ou 1."))
    return wish == 1


def _life(asked: Form) -> int:
    told = asked["calendario"]
    life = told.get("expiracao", 86400) if isinstance(told, dict) else None
    if type(life) is not int or not 0 < life < 1 << 31:
        raise No("CobOperacaoInvalida", 400, ("cob.calendario.expiracao", "Deve ser maior que zero."))
    return life


def _words(asked: Form) -> str:
    words = asked.get("solicitacaoPagador", "")
    if not isinstance(words, str) or len(words) > 140:
        raise No("CobOperacaoInvalida", 400, ("cob.solicitacaoPagador", "Não respeita o schema."))
    return words


def _amount(told: Any, name: str, where: str, *, kind: str = "CobOperacaoInvalida") -> int:
    value = told.get(name) if isinstance(told, dict) else None
    match = _REAIS.fullmatch(value) if isinstance(value, str) else None
    if match is None or value == "0.00":
        raise No(kind, 400, (where, "Não respeita o schema."))
    return int(match[1] + match[2])


def _span(query: Mapping[str, str], kind: str) -> tuple[int, int]:
    start, end = read_moment(query.get("inicio", "")), read_moment(query.get("fim", ""))
    if start is None or end is None or start > end:
        raise No(kind, 400, ("inicio", "RFC 3339, e antes de fim."))
    return start, end


def _paged(name: str, found: list[Form], query: Mapping[str, str]) -> Form:
    page, size = query.get("paginacao.paginaAtual", "0"), query.get("paginacao.itensPorPagina", "100")
    if not (_COUNT.fullmatch(page) and _COUNT.fullmatch(size) and 1 <= int(size) <= PAGE_MAX):
        raise No(
            "PixConsultaInvalida" if name == "pix" else "CobConsultaInvalida", 400, ("paginacao", "Inválida.")
        )
    at, count = int(page) * int(size), int(size)
    told: Form = {name: query[name] for name in ("inicio", "fim")}
    told["paginacao"] = {
        "paginaAtual": int(page),
        "itensPorPagina": count,
        "quantidadeDePaginas": max(1, -(-len(found) // count)),  # "Paginacao": never below one
        "quantidadeTotalDeItens": len(found),
    }
    return {"parametros": told, name: found[at : at + count]}
