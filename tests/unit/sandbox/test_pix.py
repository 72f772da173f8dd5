"""The Pix door of the sandbox, by its document: what it refuses, by which name, and that no book was touched."""

import base64
import json
from typing import Any

import pytest

from terminal.sandbox.outcome import Reply
from terminal.sandbox.payment_codes import price
from terminal.sandbox.pix import TOKENS_KEPT, PixDoor
from terminal.sandbox.pix_forms import API, pix_names
from tests.unit.sandbox.till import Till

TXID, OTHER = "01K5MZ0000ABCDEFGHJKMNPQRS", "01K5MZ0000ABCDEFGHJKMNPQRT"
FORM = "application/x-www-form-urlencoded"


class PixTill(Till):
    def __init__(self) -> None:
        super().__init__()
        self.door = PixDoor(self.bank)
        me = next(iter(self.bank.keys.merchants.values()))
        self.names = pix_names(me.mchid, me.apiv3_key)
        self.token = ""

    def fetch_token(self, secret: str = "", grant: str = "client_credentials", *, way: str = "basic") -> Reply:
        client, secret = self.names["pix_client_id"], secret or self.names["pix_client_secret"]
        headers, form = {"Content-Type": FORM}, f"grant_type={grant}"
        if way == "basic":
            headers["Authorization"] = "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()
        else:
            form += f"&client_id={client}&client_secret={secret}"
        return self.door.handle("POST", "/pix/oauth/token", headers, form.encode(), self.now_ms)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        if not self.token:
            self.token = json.loads(self.fetch_token().body)["access_token"]
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}"}
        reply = self.door.handle(method, API + path, headers, raw, self.now_ms)
        return reply.status, json.loads(reply.body or b"{}")

    def wish(self, original: object = "28.50", **changes: object) -> dict[str, object]:
        told = {"calendario": {"expiracao": 60}, "valor": {"original": original}, "chave": self.names["pix_key"]}
        return told | changes

    def paid(self) -> str:
        """The end-to-end id of 28.50."""
        assert self.ask("PUT", f"/cob/{TXID}", self.wish())[0] == 201
        self.bank.customer_pays(TXID, self.now_ms)
        return str(self.ask("GET", f"/cob/{TXID}")[1]["pix"][0]["endToEndId"])


def refused(answer: tuple[int, dict[str, Any]], status: int, kind: str, field: str = "") -> None:
    code, told = answer
    assert (code, told["status"], told["title"]) == (status, status, kind)
    assert told["type"] == f"https://pix.bcb.gov.br/api/v2/error/{kind}"
    assert [each["propriedade"] for each in told.get("violacoes", [])] == ([field] if field else [])


@pytest.mark.parametrize(
    "original", [37.0, 37, "37.0", "37", "37,00", "0.00", "-1.00", " 1.00", "12345678901.00", None]
)
def test_an_amount_is_a_text_with_two_decimals_above_zero(original: object) -> None:
    till = PixTill()
    refused(till.ask("PUT", f"/cob/{TXID}", till.wish(original)), 400, "CobOperacaoInvalida", "cob.valor.original")
    refused(till.ask("GET", f"/cob/{TXID}"), 404, "CobNaoEncontrado")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"chave": "another@shop.example"}, "cob.chave"),
        ({"calendario": {"expiracao": 0}}, "cob.calendario.expiracao"),
        ({"calendario": {"expiracao": "60"}}, "cob.calendario.expiracao"),
        ({"solicitacaoPagador": "x" * 141}, "cob.solicitacaoPagador"),
        ({"troco": "1.00"}, "cob.troco"),
    ],
)
def test_every_other_field_of_a_charge_is_held_to_the_document(changes: dict[str, object], field: str) -> None:
    till = PixTill()
    refused(till.ask("PUT", f"/cob/{TXID}", till.wish(**changes)), 400, "CobOperacaoInvalida", field)


@pytest.mark.parametrize("txid", ["A" * 25, "A" * 36, "A" * 25 + "-"])
def test_a_number_of_25_or_36_or_with_a_dash_is_no_charge(txid: str) -> None:
    till = PixTill()
    refused(till.ask("PUT", f"/cob/{txid}", till.wish()), 404, "NaoEncontrado")


def test_a_charge_is_removed_alone_and_once_and_never_declared_paid() -> None:
    till = PixTill()
    till.ask("PUT", f"/cob/{TXID}", till.wish())
    gone = {"status": "REMOVIDA_PELO_USUARIO_RECEBEDOR"}
    for body in ({"status": "CONCLUIDA"}, {"status": "ATIVA"}, gone | {"valor": {"original": "1.00"}}):
        refused(till.ask("PATCH", f"/cob/{TXID}", body), 400, "CobOperacaoInvalida", "cob.status")
    assert till.ask("GET", f"/cob/{TXID}")[1]["status"] == "ATIVA"
    assert till.ask("PATCH", f"/cob/{TXID}", gone)[1]["status"] == gone["status"]
    refused(till.ask("PATCH", f"/cob/{TXID}", gone), 400, "CobOperacaoInvalida", "cob.status")
    refused(till.ask("PUT", f"/cob/{TXID}", till.wish()), 400, "CobOperacaoInvalida", "cob.status")
    refused(till.ask("PATCH", f"/cob/{OTHER}", gone), 404, "CobNaoEncontrado")


def test_i8_what_goes_back_is_never_more_than_what_came() -> None:
    till = PixTill()
    e2e = till.paid()
    where = f"/pix/{e2e}/devolucao"
    refused(till.ask("PUT", f"{where}/R1", {"valor": "28.51"}), 400, "PixDevolucaoInvalida", "devolucao.valor")
    assert till.ask("PUT", f"{where}/R1", {"valor": "8.50"})[0] == 201
    assert till.ask("PUT", f"{where}/R1", {"valor": "8.50"})[1]["id"] == "R1", "the same again is the same"
    refused(till.ask("PUT", f"{where}/R1", {"valor": "8.51"}), 400, "PixDevolucaoInvalida", "devolucao.id")
    refused(till.ask("PUT", f"{where}/R2", {"valor": "20.01"}), 400, "PixDevolucaoInvalida", "devolucao.valor")
    refused(till.ask("PUT", f"{where}/R2", {"valor": 20}), 400, "PixDevolucaoInvalida", "devolucao.valor")
    assert till.ask("PUT", f"{where}/R2", {"valor": "20.00"})[0] == 201
    refused(till.ask("GET", f"{where}/R3"), 404, "PixDevolucaoNaoEncontrada")
    refused(till.ask("PUT", f"/pix/{'E' * 32}/devolucao/R1", {"valor": "1.00"}), 404, "PixNaoEncontrado")


def test_after_ninety_days_nothing_goes_back_any_more() -> None:
    till = PixTill()
    e2e = till.paid()
    till.wait(90 * 86_400 + 1)
    till.token = ""
    refused(
        till.ask("PUT", f"/pix/{e2e}/devolucao/R1", {"valor": "0.01"}), 400, "PixDevolucaoInvalida", "devolucao"
    )


@pytest.mark.parametrize(
    "query",
    [
        "inicio=2099-01-01T00:00:00Z&fim=2020-01-01T00:00:00Z",
        "inicio=2020-01-01T00:00:00Z",
        "inicio=2020-01-01T00:00:00&fim=2099-01-01T00:00:00Z",
        "inicio=2020-01-01T00:00:00Z&fim=2099-01-01T00:00:00Z&paginacao.itensPorPagina=1001",
        "inicio=2020-01-01T00:00:00Z&fim=2099-01-01T00:00:00Z&paginacao.paginaAtual=-1",
    ],
)
def test_a_list_wants_a_span_that_runs_forward_and_a_page_that_can_be(query: str) -> None:
    till = PixTill()
    for path, kind in (("/pix", "PixConsultaInvalida"), ("/cob", "CobConsultaInvalida")):
        status, told = till.ask("GET", f"{path}?{query}")
        assert (status, told["title"]) == (400, kind)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"[" * 5000, b"x" * 70_000])
def test_a_body_that_is_no_object_is_a_problem_of_its_own(body: bytes) -> None:
    refused(PixTill().ask("PUT", f"/cob/{TXID}", body), 400, "RequisicaoInvalida")


def test_only_a_token_of_ours_and_of_its_hour_opens_the_door() -> None:
    till = PixTill()
    assert [till.fetch_token("wrong", way=way).status for way in ("basic", "body")] == [401, 401]
    assert till.fetch_token(grant="password").status == 400
    assert till.fetch_token(way="body").status == 200
    assert till.ask("GET", f"/cob/{TXID}")[0] == 404
    till.wait(3600)
    refused(till.ask("GET", f"/cob/{TXID}"), 401, "AcessoNegado")
    till.token = ""
    assert till.ask("GET", f"/cob/{TXID}")[0] == 404
    for _ in range(TOKENS_KEPT):
        till.fetch_token()
    refused(till.ask("GET", f"/cob/{TXID}"), 401, "AcessoNegado")


def test_prices_are_shown_in_their_own_currency() -> None:
    shown = [price(1250, "CNY"), price(5, "BRL"), price(100, "XYZ")]
    assert shown == ["¥ 12.50", "R$ 0.05", "XYZ 1.00"]


@pytest.mark.row(33)
def test_a_payer_changes_only_an_amount_that_may_be_changed_and_less_is_all_that_can_go_back() -> None:
    till = PixTill()
    till.bank.set_fault("partial-approval", till.now_ms, count=5, params={"percent": 70})
    fixed = till.wish(valor={"original": "28.50", "modalidadeAlteracao": 0})
    assert till.ask("PUT", f"/cob/{OTHER}", fixed)[1]["valor"]["modalidadeAlteracao"] == 0
    till.bank.customer_pays(OTHER, till.now_ms)
    assert till.ask("GET", f"/cob/{OTHER}")[1]["pix"][0]["valor"] == "28.50"
    free = till.wish(valor={"original": "28.50", "modalidadeAlteracao": 1})
    assert till.ask("PUT", f"/cob/{TXID}", free)[1]["valor"] == {"original": "28.50", "modalidadeAlteracao": 1}
    till.bank.customer_pays(TXID, till.now_ms)
    told = till.ask("GET", f"/cob/{TXID}")[1]
    assert (told["status"], told["valor"]["original"], told["pix"][0]["valor"]) == ("CONCLUIDA", "28.50", "19.95")
    back = f"/pix/{told['pix'][0]['endToEndId']}/devolucao"
    refused(till.ask("PUT", f"{back}/r1", {"valor": "19.96"}), 400, "PixDevolucaoInvalida", "devolucao.valor")
    assert till.ask("PUT", f"{back}/r2", {"valor": "19.95"})[0] == 201


@pytest.mark.parametrize("wish", [2, True, "1", None])
def test_whether_an_amount_may_be_changed_is_nought_or_one(wish: object) -> None:
    till = PixTill()
    asked = till.wish(valor={"original": "28.50", "modalidadeAlteracao": wish})
    refused(till.ask("PUT", f"/cob/{TXID}", asked), 400, "CobOperacaoInvalida", "cob.valor.modalidadeAlteracao")
