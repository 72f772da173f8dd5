"""A bank with the Pix API, the provider's side, without input or output: tokens, charges, devoluções, webhooks.

It keeps the same books, customers and faults as the bank beside it. Where it is asked over TLS with client
certificates, that is the server's part.
Sources: Banco Central do Brasil, "API Pix" 2.9.0 (openapi.yaml); RFC 6749 section 4.4; RFC 6750; RFC 7807.
"""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from terminal.sandbox import pix_charges
from terminal.sandbox.engine import Engine
from terminal.sandbox.faults import Active
from terminal.sandbox.keyring import Merchant
from terminal.sandbox.outcome import Lost, Reply
from terminal.sandbox.pix_charges import Charges, No
from terminal.sandbox.pix_forms import API, ROOT, TYPE, Form, pix_names, problem, reais
from terminal.sandbox.pix_telling import OTHER_KEY, PixTeller
from terminal.sandbox.telling import OTHER_ORDER

TOKEN_LIFE_S: Final = 3600
TOKEN_PATHS: Final = (f"{ROOT}/oauth/token", f"{ROOT}/api/oauth/token")  # no document says where; SDKs differ
TOKENS_KEPT: Final = 256
BODY_MAX: Final = 64 * 1024
_OTHER_TXID: Final = re.sub(r"[^A-Z]", "0", OTHER_ORDER).ljust(26, "0")
_TXID: Final = r"/([a-zA-Z0-9]{26,35})"
_E2E: Final = r"/([a-zA-Z0-9]{32})"
Do = Callable[[Charges, tuple[str, ...], Mapping[str, str], Form], Form]
_CALLS: Final[tuple[tuple[str, re.Pattern[str], str, int, Do], ...]] = tuple(
    (method, re.compile(pattern), call, code, do)
    for method, pattern, call, code, do in (
        ("PUT", f"/cob{_TXID}", "native", 201, lambda c, n, _q, f: pix_charges.create(c, n[0], f)),
        ("GET", f"/cob{_TXID}", "query", 200, lambda c, n, q, _f: pix_charges.show(c, n[0], q)),
        ("PATCH", f"/cob{_TXID}", "close", 200, lambda c, n, _q, f: pix_charges.change(c, n[0], f)),
        ("GET", "/cob", "list", 200, lambda c, _n, q, _f: pix_charges.list_charges(c, q)),
        ("GET", "/pix", "list", 200, lambda c, _n, q, _f: pix_charges.list_pix(c, q)),
        ("GET", f"/pix{_E2E}", "query-id", 200, lambda c, n, _q, _f: pix_charges.show_pix(c, n[0])),
        (
            "PUT",
            f"/pix{_E2E}/devolucao/([a-zA-Z0-9]{{1,35}})",
            "refund",
            201,
            lambda c, n, _q, f: pix_charges.give_back(c, n[0], n[1], f),
        ),
        (
            "GET",
            f"/pix{_E2E}/devolucao/([a-zA-Z0-9]{{1,35}})",
            "refund-query",
            200,
            lambda c, n, _q, _f: pix_charges.show_back(c, n[0], n[1]),
        ),
        ("PUT", "/webhook/([^/]{1,77})", "webhook", 200, lambda c, n, _q, f: pix_charges.set_webhook(c, n[0], f)),
        ("GET", "/webhook/([^/]{1,77})", "webhook", 200, lambda c, n, _q, _f: pix_charges.show_webhook(c, n[0])),
        (
            "DELETE",
            "/webhook/([^/]{1,77})",
            "webhook",
            204,
            lambda c, n, _q, _f: pix_charges.drop_webhook(c, n[0]),
        ),
    )
)


def is_pix(target: str) -> bool:
    return target.startswith(f"{ROOT}/")


@dataclass(slots=True)
class Saying:
    """An answer on its way out, and what the faults do to it."""

    status: int
    form: Form
    malformed: str = ""
    delay_ms: int = 0
    lost: Lost = ""
    fault: str = ""


class PixDoor:
    """``handle`` for the receiver. ``token_life_s`` is what its tokens live; ``revoke`` ends them all."""

    def __init__(self, bank: Engine, *, token_life_s: int = TOKEN_LIFE_S) -> None:
        self._bank, self.token_life_s = bank, token_life_s
        self._tokens: dict[str, tuple[Merchant, int]] = {}  # token -> whose, until when
        self.issued = 0
        teller = PixTeller(bank.keys, bank.faults, bank.teller, bank.ledger)
        bank.others |= dict.fromkeys((TYPE, "pix"), teller)

    def revoke(self) -> None:
        self._tokens.clear()

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes, now_ms: int) -> Reply:
        """Answer one request; what proves nothing is refused before any book is opened."""
        self._bank.advance(now_ms)
        sent = {name.lower(): value for name, value in headers.items()}
        parts = urlsplit(target)
        if parts.path in TOKEN_PATHS and method == "POST":
            return self._token(sent, body, now_ms)
        merchant = self._bearer(sent, now_ms)
        if merchant is None:
            return _reply(Saying(401, problem("AcessoNegado", 401, "token")))
        path = parts.path.removeprefix(API)
        for wanted, pattern, call, code, do in _CALLS:
            if wanted == method and (match := pattern.fullmatch(path)):
                charges = Charges(self._bank, merchant, now_ms)
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                saying = Saying(code, {})
                self._work(saying, call, lambda: do(charges, match.groups(), query, _asked(method, body)), now_ms)  # noqa: B023  # called at once
                return _reply(saying)
        return _reply(Saying(404, problem("NaoEncontrado", 404, "recurso")))

    # --- who asks ---------------------------------------------------------------------------------------

    def _token(self, sent: Mapping[str, str], body: bytes, now_ms: int) -> Reply:
        form = _form(sent, body)
        client = _basic(sent) or (form.get("client_id", ""), form.get("client_secret", ""))
        merchant = next((each for each in self._bank.keys.merchants.values() if _is(each, client)), None)
        if merchant is None or form.get("grant_type") != "client_credentials":
            known = "invalid_client" if merchant is None else "unsupported_grant_type"
            return _reply(Saying(401 if merchant is None else 400, {"error": known}))
        token = base64.urlsafe_b64encode(self._bank.keys.entropy.bytes(32)).decode().rstrip("=")
        if len(self._tokens) >= TOKENS_KEPT:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[token] = (merchant, now_ms + self.token_life_s * 1000)
        self.issued += 1
        told: Form = {"access_token": token, "token_type": "Bearer", "expires_in": self.token_life_s}
        return _reply(Saying(200, told | {"scope": form.get("scope", "")}))

    def _bearer(self, sent: Mapping[str, str], now_ms: int) -> Merchant | None:
        way, _, token = sent.get("authorization", "").partition(" ")
        merchant, until_ms = self._tokens.get(token, (None, 0))
        return merchant if way.lower() == "bearer" and now_ms < until_ms else None

    # --- the work ---------------------------------------------------------------------------------------

    def _work(self, saying: Saying, call: str, do: Callable[[], Form], now_ms: int) -> None:
        if fault := self._bank.faults.take_for_call("before", call, now_ms, {}):
            _not_worked_on(saying, fault)
            return
        try:
            saying.form = do()
        except No as no:
            saying.status, saying.form = no.code, no.form()
        if fault := self._bank.faults.take_for_call("answer", call, now_ms, _needs(saying.form)):
            _spoil(saying, fault)
        elif call == "list" and saying.status == 200 and self._bank.faults.take("bill-truncated", now_ms):
            saying.malformed, saying.fault = "truncated", "bill-truncated"


def _not_worked_on(saying: Saying, fault: Active) -> None:
    saying.fault = fault.row.slug
    match fault.row.slug:
        case "error-500":
            saying.status = fault.number("status")
            saying.form = problem("ErroInternoDoServidor", saying.status, "erro")
        case "rate-429":
            saying.status, saying.form = 429, problem("LimiteDeRequisicoes", 429, "aguarde")
        case "not-found-lag":
            saying.status, saying.form = 404, No("CobNaoEncontrado", 404).form()
        case _:
            saying.lost = "cut" if fault.params.get("how") == "cut" else "silent"


def _spoil(saying: Saying, fault: Active) -> None:
    """A fault of the "answer" stage; what is about signatures finds none here."""
    saying.fault = fault.row.slug
    match fault.row.slug:
        case "answer-lost-after-debit":
            saying.lost = "cut" if fault.text("how") == "cut" else "silent"
        case "slow-answer":
            saying.delay_ms = fault.number("delay_ms")
        case "error-500-after-debit":
            saying.status, saying.form = 500, problem("ErroInternoDoServidor", 500, "erro")
        case "malformed-answer":
            saying.malformed = fault.text("variant")
        case "wrong-amount":
            for each in saying.form["pix"]:
                each["valor"] = reais(int(each["valor"].replace(".", "")) + fault.number("by"))
        case "wrong-merchant":
            saying.form["chave"] = OTHER_KEY
        case "wrong-order":
            saying.form["txid"] = _OTHER_TXID
        case "unknown-state":
            saying.form["status"] = "EM_ANALISE"


def _needs(form: Form) -> dict[str, object]:
    """The answer in the words in which the faults say what they can spoil. A charge names key, txid and status."""
    words: dict[str, object] = {}
    if "txid" in form and "status" in form:
        words["trade_state"] = 1
    if form.get("pix") and "txid" in form:
        words |= {"amount": 1, "mchid": 1, "out_trade_no": 1, "transaction_id": 1}
    return words


# --- what came in, what goes out ----------------------------------------------------------------------------


def _is(merchant: Merchant, client: tuple[str, str]) -> bool:
    names = pix_names(merchant.mchid, merchant.apiv3_key)
    right = hmac.compare_digest(client[1].encode(), names["pix_client_secret"].encode())
    return client[0] == names["pix_client_id"] and right


def _basic(sent: Mapping[str, str]) -> tuple[str, str] | None:
    way, _, told = sent.get("authorization", "").partition(" ")
    if way.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote(name), unquote(secret)


def _form(sent: Mapping[str, str], body: bytes) -> dict[str, str]:
    """Of the token endpoint: a form by the standard; some banks take JSON, and their packages send it."""
    text = body.decode(errors="replace")
    if sent.get("content-type", "").startswith("application/json"):
        try:
            found = json.loads(text)
        except ValueError:
            return {}
        return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}
    return dict(parse_qsl(text, max_num_fields=32)) if text.count("&") < 32 else {}


def _asked(method: str, body: bytes) -> Form:
    if method in ("GET", "DELETE"):
        return {}
    try:
        found = json.loads(body) if len(body) <= BODY_MAX else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise No("RequisicaoInvalida")
    return found


def _reply(saying: Saying) -> Reply:
    good = saying.status < 400 or "error" in saying.form
    headers = {"Content-Type": "application/json" if good else "application/problem+json"}
    body = b"" if saying.status == 204 else json.dumps(saying.form, ensure_ascii=False).encode()
    match saying.malformed:
        case "":
            pass
        case "html":
            headers, body = {"Content-Type": "text/html"}, b"<html><body><h1>502 Bad Gateway</h1></body></html>"
        case "empty":
            body = b""
        case "duplicate-key":
            body = body[:-1] + b',"status":"CONCLUIDA","status":"ATIVA"}'
        case "list":
            body = b"[" + body + b"]"
        case _:
            body = body[: len(body) // 2]
    return Reply(saying.status, headers, body, saying.delay_ms, saying.lost, saying.fault)
