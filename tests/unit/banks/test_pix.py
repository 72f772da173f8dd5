"""The Pix connector's own words, beside what every connector must do (the conformance kit)."""

import json
from typing import Any

import pytest
from msgspec import structs

from terminal.banks import pix_messages
from terminal.banks.open_pix import PixSettings, open_pix
from terminal.banks.pix import Merchant, Pix
from terminal.banks.profile_file import load_profile
from terminal.counter.ports import HttpReply, Order, RefundOrder
from terminal.errors import BadSettings, Hint, NotEvidence
from terminal.payments.codes.entry import build
from terminal.payments.codes.scheme import CodeOrder
from terminal.payments.money import Money
from terminal.payments.notice import Accepted, CodeReady, NotThere, Refusal, Refused, Told, Trade, Unclear
from terminal.regions import load_region
from tests.unit.banks.rigs import CountingEntropy, FakeClock

KEY = "7d9f0335-8dcc-4054-9bf9-0dbd61d36906"
TXID, OTHER = "01K5MZ0000ABCDEFGHJKMNPQRS", "01K5MZ0000ABCDEFGHJKMNPQRT"
E2E = "E12345678202009091221abcdef12345"
PLACE = "pix.example.com/qr/9d36b84fc70b478fb95c12729b90ca25"
SCHEMES = {each.name: each for each in load_region("br").schemes}
DYNAMIC = SCHEMES["pix_dynamic"]
ORDER = Order(TXID, Money(3700, "BRL"), "pão", "1", 0)


def code(place: str = PLACE) -> str:
    return build(
        DYNAMIC, CodeOrder("BRL", None, {"url": place}, details={"name": "Loja", "city": "BRASILIA"})
    ).text


def cob(**changes: Any) -> dict[str, Any]:
    return {
        "calendario": {"criacao": "2026-09-21T14:13:20Z", "expiracao": 150},
        "txid": TXID,
        "revisao": 0,
        "loc": {"id": 789, "location": PLACE, "tipoCob": "cob"},
        "status": "ATIVA",
        "valor": {"original": "37.00"},
        "chave": KEY,
        "pixCopiaECola": code(),
    } | changes


def received(**changes: Any) -> dict[str, Any]:
    return {"endToEndId": E2E, "txid": TXID, "valor": "37.00", "horario": "2026-09-21T14:13:50.358Z"} | changes


def reply(status: int, told: object) -> HttpReply:
    return HttpReply(status, {}, json.dumps(told).encode())


def problem(status: int, kind: str, *fields: str) -> HttpReply:
    told: dict[str, Any] = {"type": f"https://pix.bcb.gov.br/api/v2/error/{kind}", "title": kind, "status": status}
    told["violacoes"] = [{"razao": "x", "propriedade": each} for each in fields]
    return reply(status, told)


def connector(**merchant: str) -> Pix:
    return Pix(load_profile("pix"), Merchant(KEY, **merchant), DYNAMIC)


def read(act: str, answer: HttpReply) -> Any:
    pix = connector()
    back = RefundOrder("R1", TXID, Money(100, "BRL"), ORDER.amount, "", provider_txn=E2E)
    calls = {
        "order": pix.order(ORDER),
        "query": pix.query(TXID),
        "close": pix.close(TXID),
        "refund": pix.refund(back),
        "query_refund": pix.query_refund("R1", TXID),
    }
    return pix.read(calls[act], answer, verified=False)


def test_requests_say_what_the_document_wants_amounts_as_text() -> None:
    pix = connector()
    call = pix.order(ORDER)
    assert (call.method, call.target) == ("PUT", f"/api/v2/cob/{TXID}")
    assert json.loads(call.body) == {
        "calendario": {"expiracao": 150},
        "valor": {"original": "37.00"},
        "chave": KEY,
        "solicitacaoPagador": "pão",
    }
    assert json.loads(pix.close(TXID).body) == {"status": "REMOVIDA_PELO_USUARIO_RECEBEDOR"}
    back = pix.refund(RefundOrder("R1", TXID, Money(5, "BRL"), ORDER.amount, "troca", provider_txn=E2E))
    assert (back.method, back.target) == ("PUT", f"/api/v2/pix/{E2E}/devolucao/R1")
    assert json.loads(back.body) == {"valor": "0.05", "descricao": "troca"}


@pytest.mark.row(17)
def test_s62_only_a_dynamic_code_that_leads_to_its_own_charge_is_shown() -> None:
    assert read("order", reply(201, cob())) == CodeReady(code())
    static = build(
        SCHEMES["pix_static"], CodeOrder("BRL", ORDER.amount, {"key": KEY}, details={"name": "L", "city": "B"})
    )
    for wrong in (
        code("evil.example/qr/1"),
        code()[:-1] + "0",
        static.text,
        "https://pix.example.com/qr/1",
    ):
        answer = read("order", reply(201, cob(pixCopiaECola=wrong)))
        assert isinstance(answer, Unclear), wrong
    for changes in (
        {"chave": "x"},
        {"valor": {"original": "37.01"}},
        {"status": "CONCLUIDA"},
        {"txid": OTHER},
        {"pix": [received()]},
    ):
        assert isinstance(read("order", reply(201, cob(**changes))), Unclear)


def test_a_bank_that_leaves_the_code_out_gets_one_of_its_address() -> None:
    bare = {name: value for name, value in cob().items() if name != "pixCopiaECola"}
    named = connector(name="Loja", city="BRASILIA")
    assert named.read(named.order(ORDER), reply(201, bare), verified=False) == CodeReady(code())
    assert isinstance(read("order", reply(201, bare)), Unclear)


@pytest.mark.parametrize(
    ("changes", "trade"),
    [
        ({}, Trade.UNPAID),
        ({"status": "CONCLUIDA", "pix": [received()]}, Trade.PAID),
        ({"status": "ATIVA", "pix": [received()]}, Trade.PAID),
        ({"status": "REMOVIDA_PELO_PSP"}, Trade.CLOSED),
        ({"status": "REMOVIDA_PELO_USUARIO_RECEBEDOR", "pix": [received()]}, Trade.PAID),
    ],
)
def test_every_status_has_its_word_and_money_counts_whatever_it_says(
    changes: dict[str, Any], trade: Trade
) -> None:
    answer = read("query", reply(200, cob(**changes)))
    assert isinstance(answer, Told)
    assert (answer.notice.trade, answer.notice.amount_minor, answer.notice.merchant_id) == (trade, 3700, KEY)


@pytest.mark.parametrize(
    ("back", "trade"),
    [("EM_PROCESSAMENTO", Trade.PAID), ("NAO_REALIZADO", Trade.PAID), ("DEVOLVIDO", Trade.RETURNED)],
)
def test_i7_a_pix_has_gone_back_only_once_its_return_is_done(back: str, trade: Trade) -> None:
    returned = {"id": "r1", "rtrId": "D1", "valor": "37.00", "status": back, "horario": {}}
    answer = read("query", reply(200, cob(status="CONCLUIDA", pix=[received(devolucoes=[returned])])))
    assert isinstance(answer, Told)
    assert answer.notice.trade is trade


def test_i3_two_pix_are_two_proofs() -> None:
    second = "E" + "9" * 31
    answer = read("query", reply(200, cob(status="CONCLUIDA", pix=[received(), received(endToEndId=second)])))
    assert [each.provider_txn for each in (answer.notice, *answer.others)] == [E2E, second]
    assert answer.notice.evidence_id != answer.others[0].evidence_id


@pytest.mark.parametrize(
    "changes",
    [
        {"valor": {"original": 37.0}},
        {"valor": {"original": "37.0"}},
        {"valor": {"original": "-37.00"}},
        {"valor": {"original": "３7.00"}},
        {"valor": "37.00"},
        {"status": "EM_ANALISE"},
        {"status": "CONCLUIDA"},
        {"status": "CONCLUIDA", "pix": [received(valor=37)]},
        {"status": "CONCLUIDA", "pix": [received(endToEndId="../x")]},
        {"status": "CONCLUIDA", "pix": [received(horario="ontem")]},
        {"status": "CONCLUIDA", "pix": ["x"]},
        {"pix": {}},
        {"txid": None},
    ],
)
def test_b4_b6_what_is_not_as_documented_is_unclear(changes: dict[str, Any]) -> None:
    assert isinstance(read("query", reply(200, cob(**changes))), Unclear)


@pytest.mark.parametrize(
    ("act", "answer", "meant"),
    [
        ("order", problem(400, "CobOperacaoInvalida", "cob.valor.original"), Refusal.BAD_REQUEST),
        ("order", problem(400, "CobOperacaoInvalida", "cob.status"), Refusal.ORDER_NO_USED),
        ("order", problem(400, "CobOperacaoInvalida"), Refusal.ORDER_NO_USED),
        ("order", problem(403, "AcessoNegado"), Refusal.NOT_ENTITLED),
        ("order", HttpReply(401, {}, b""), Refusal.CLOCK_OR_KEY),
        ("refund", problem(400, "PixDevolucaoInvalida", "devolucao.valor"), Refusal.REFUND_TOO_MUCH),
        ("refund", problem(400, "PixDevolucaoInvalida", "devolucao.id"), Refusal.BAD_REQUEST),
        ("query", problem(404, "CobNaoEncontrado"), NotThere()),
        ("close", problem(410, "PermanentementeRemovido"), Accepted()),
        ("close", problem(400, "CobOperacaoInvalida"), None),
        ("refund", problem(404, "PixNaoEncontrado"), None),
        ("refund", HttpReply(401, {}, b""), None),
        ("query", reply(404, {"message": "no route"}), None),
        ("query", reply(404, {"type": "https://x/error/CobNaoEncontrado", "title": "x", "status": 200}), None),
        ("query", problem(503, "ServicoIndisponivel"), None),
    ],
)
def test_problems_in_our_words_and_everything_else_unclear(act: str, answer: HttpReply, meant: object) -> None:
    told = read(act, answer)
    if isinstance(meant, Refusal):
        assert isinstance(told, Refused)
        assert told.why is meant
    elif meant is None:
        assert isinstance(told, Unclear)
    else:
        assert told == meant


def test_a_close_is_believed_only_when_the_charge_is_removed_and_unpaid() -> None:
    gone = cob(status="REMOVIDA_PELO_USUARIO_RECEBEDOR")
    assert read("close", reply(200, gone)) == Accepted()
    assert isinstance(read("close", reply(200, cob())), Unclear)
    assert isinstance(read("close", reply(200, gone | {"pix": [received()]})), Unclear)


def test_s13_a_webhook_is_a_hint_about_our_own_charges_each_once() -> None:
    body = json.dumps({"pix": [received(), received(), received(txid=OTHER), {"txid": "poster1"}, {"valor": "1"}]})
    with pytest.raises(Hint) as caught:
        connector().notification_seal({}, body.encode())
    assert caught.value.order_nos == (TXID, OTHER)
    many = json.dumps({"pix": [{"txid": f"{each:026d}"} for each in range(99)]}).encode()
    assert len(pix_messages.hinted(many)) == pix_messages.HINTS_MAX


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"pix":{}}', b'{"pix":[1]}', b'{"pix":[],"pix":[]}'])
def test_b4_a_webhook_of_nonsense_is_not_evidence(body: bytes) -> None:
    with pytest.raises(NotEvidence, match="notification_unreadable"):
        connector().notification_seal({}, body)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"key": "no key"}, "key"),
        ({"gateway": "https://bank.example/api?x=1"}, "gateway"),
        ({"gateway": "http://bank.example/api/v2"}, "gateway"),
        ({"client_secret": ""}, "client_secret"),
        ({"oauth_url": "oauth/token"}, "oauth_url"),
        ({"certificate_file": "c.pem"}, "key_file"),
    ],
)
def test_settings_that_cannot_work(changes: dict[str, Any], word: str) -> None:
    given = {
        "gateway": "https://bank.example/api/v2",
        "client_id": "c",
        "key": KEY,
        "client_secret": "s",
    } | changes
    with pytest.raises(BadSettings) as caught:
        open_pix(PixSettings(**given), scheme=DYNAMIC, clock=FakeClock(), entropy=CountingEntropy(), test=True)
    assert word in str(caught.value)


@pytest.mark.row(33)
def test_only_where_the_shop_takes_less_than_asked_the_payer_may_change_the_amount() -> None:
    profile = structs.replace(load_profile("pix"), approves_part=True)
    pix = Pix(profile, Merchant(KEY), DYNAMIC)
    assert json.loads(pix.order(ORDER).body)["valor"] == {"original": "37.00", "modalidadeAlteracao": 1}
    assert (pix.account.approves_part, connector().account.approves_part) == (True, False)
    told = read("query", reply(200, cob(status="CONCLUIDA", pix=[received(valor="25.00")])))
    assert (told.notice.trade, told.notice.amount_minor) == (Trade.PAID, 2500)
