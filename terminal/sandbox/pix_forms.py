"""The Pix API's texts made from records: charges, Pix, devoluções, problems, and the BR Code. Pure.

Sources: Banco Central do Brasil, "API Pix" 2.9.0 (openapi.yaml); "Manual de Padrões para Iniciação do Pix".
"""

import base64
import binascii
import datetime
import hashlib
import json
import zlib
from typing import Any, Final

from terminal.sandbox.keyring import Merchant
from terminal.sandbox.records import Capture, Order, Refund
from terminal.sandbox.wire_forms import beijing_date

Form = dict[str, Any]
TYPE: Final = "PIX"
ROOT: Final = "/pix"
API: Final = f"{ROOT}/api/v2"
ISPB: Final = "99999999"  # of no bank
HOST: Final = "pix.sandbox.test/qr/v2"
_PROBLEMS: Final = "https://pix.bcb.gov.br/api/v2/error/"
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_NUMBER_DIGITS: Final = 15  # of a transaction id after its prefix and day
_TRANSACTION: Final = "42000"


def pix_names(merchant_id: str, shared_key: str) -> dict[str, str]:
    """Who a merchant is at the Pix door: client id and secret for tokens, and the random key that is paid."""
    digest = hashlib.sha256(merchant_id.encode()).hexdigest()
    key = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
    secret = hashlib.sha256(f"pix {merchant_id} {shared_key}".encode()).hexdigest()
    return {"pix_client_id": f"Client_Id_{merchant_id}", "pix_client_secret": secret, "pix_key": key}


def key_of(merchant: Merchant) -> str:
    return pix_names(merchant.mchid, merchant.apiv3_key)["pix_key"]


def reais(minor: int) -> str:
    """12.50 for 1250."""
    return f"{minor // 100}.{minor % 100:02d}"


def moment(at_ms: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return (
        datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).isoformat(timespec="milliseconds")[:23] + "Z"
    )


def read_moment(text: str) -> int | None:
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if found.tzinfo is None else int(found.timestamp() * 1000)


# --- numbers ---------------------------------------------------------------------------------------------


def e2e_of(capture: Capture) -> str:
    """E, bank, minute of UTC, eleven characters: the capture's own number, and back again."""
    number, tail = int(capture.transaction_id[-_NUMBER_DIGITS:]), ""
    for _ in range(11):
        number, rest = divmod(number, 36)
        tail = _DIGITS[rest] + tail
    return f"E{ISPB}{_minute(capture.at_ms)}{tail}"


def transaction_of(e2e: str) -> str:
    """The number in our books; empty when it is none of ours."""
    try:
        at = datetime.datetime.strptime(e2e[9:21], "%Y%m%d%H%M").replace(tzinfo=datetime.UTC)
        number = int(e2e[21:], 36)
    except ValueError:
        return ""
    day = beijing_date(int(at.timestamp()) * 1000)
    return f"{_TRANSACTION}{day}{number:0{_NUMBER_DIGITS}d}"


def _minute(at_ms: int) -> str:
    return datetime.datetime.fromtimestamp(at_ms // 1000, datetime.UTC).strftime("%Y%m%d%H%M")


# --- charges ---------------------------------------------------------------------------------------------


def location_of(order: Order) -> str:
    return f"{HOST}/{hashlib.sha256(order.key.encode()).hexdigest()[:32]}"


def br_code(order: Order, shop: str) -> str:
    """A dynamic code: the payer's app reads everything else at the address."""
    account = _object("00", "br.gov.bcb.pix") + _object("25", location_of(order))
    name = "".join(char for char in shop if char.isascii() and char.isprintable())[:25].strip() or "TEST SHOP"
    text = "".join(
        (
            _object("00", "01"),
            _object("01", "12"),
            _object("26", account),
            _object("52", "0000"),
            _object("53", "986"),
            _object("58", "BR"),
            _object("59", name),
            _object("60", "BRASILIA"),
            _object("62", _object("05", "***")),
            "6304",
        )
    )
    return f"{text}{binascii.crc_hqx(text.encode(), 0xFFFF):04X}"


def _object(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"


def notes_of(order: Order) -> Form:
    """What a charge has that other orders have not: its revision, and who removed it."""
    found: Form = json.loads(order.attach) if order.attach else {}
    return {"revisao": 0, "removida": False} | found


def status(order: Order) -> str:
    """The expiry is in no status: an unpaid charge is ATIVA until somebody removes it."""
    if order.state in ("SUCCESS", "REFUND"):
        return "CONCLUIDA"
    if order.state == "NOTPAY":
        return "ATIVA"
    return "REMOVIDA_PELO_USUARIO_RECEBEDOR" if notes_of(order)["removida"] else "REMOVIDA_PELO_PSP"


def cob(order: Order, key: str, refunds: list[Refund], *, complete: bool) -> Form:
    """``complete`` shows what was paid for it, as a query does."""
    made, location = moment(order.created_ms), location_of(order)
    told: Form = {
        "calendario": {"criacao": made, "expiracao": (order.payable_until_ms - order.created_ms) // 1000},
        "txid": order.out_trade_no,
        "revisao": notes_of(order)["revisao"],
        "loc": {
            "id": zlib.crc32(location.encode()) >> 2,
            "txid": order.out_trade_no,
            "location": location,
            "tipoCob": "cob",
            "criacao": made,
        },
        "location": location,
        "status": status(order),
        "valor": {"original": reais(order.total), "modalidadeAlteracao": int(order.alterable)},
        "chave": key,
        "pixCopiaECola": order.code_urls[-1].url,
    }
    if order.description:
        told["solicitacaoPagador"] = order.description
    if complete and order.captures:
        told["pix"] = [pix(order, capture, key, refunds) for capture in order.captures]
    return told


def pix(order: Order, capture: Capture, key: str, refunds: list[Refund]) -> Form:
    told: Form = {
        "endToEndId": e2e_of(capture),
        "txid": order.out_trade_no,
        "valor": reais(capture.amount),
        "componentesValor": {"original": {"valor": reais(capture.amount)}},
        "chave": key,
        "horario": moment(capture.at_ms),
        "infoPagador": "TEST",
    }
    mine = [refund for refund in refunds if refund.transaction_id == capture.transaction_id]
    if mine:
        told["devolucoes"] = [devolucao(refund) for refund in mine]
    return told


_ENDS: Final = {"PROCESSING": "EM_PROCESSAMENTO", "SUCCESS": "DEVOLVIDO"}


def devolucao(refund: Refund) -> Form:
    times = {"solicitacao": moment(refund.created_ms)}
    if refund.success_ms:
        times["liquidacao"] = moment(refund.success_ms)
    told: Form = {
        "id": refund.out_refund_no.rpartition("/")[2],
        "rtrId": refund.refund_id,
        "valor": reais(refund.amount),
        "natureza": "ORIGINAL",
        "horario": times,
        "status": _ENDS.get(refund.status, "NAO_REALIZADO"),
    }
    if told["status"] == "NAO_REALIZADO":
        told["motivo"] = "TEST: conta do pagador não aceita a devolução"
    return told


def return_id(at_ms: int, chance: bytes) -> str:
    tail = base64.b32encode(chance).decode().lower()[:11]
    return f"D{ISPB}{_minute(at_ms)}{tail}"


# --- problems --------------------------------------------------------------------------------------------


def problem(kind: str, code: int, detail: str, violations: tuple[tuple[str, str], ...] = ()) -> Form:
    told: Form = {"type": _PROBLEMS + kind, "title": kind, "status": code, "detail": f"TEST {detail}"}
    if violations:
        told["violacoes"] = [{"razao": reason, "propriedade": name} for name, reason in violations]
    return told
