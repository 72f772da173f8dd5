"""Sound bytes of every kind, from the golden vectors and the tests' own makers of bills and statements."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.banks.pix_list import FORMAT, VERSION
from terminal.visit.pack_codes import codes_of
from terminal.visit.seal import seal
from tests.unit.banks import alipay_bills
from tests.unit.banks.statements import camt_text
from tests.unit.banks.test_alipay_bill import FLOWS as ALIPAY_FLOWS
from tests.unit.banks.test_alipay_bill import flows
from tests.unit.banks.test_wechatpay_bill import FLOWS, PLAIN, bill, funds

GOLDEN: Final = Path(__file__).parents[1] / "golden"
_HEX: Final = re.compile(r"(?:[0-9A-F]{2} )*[0-9A-F]{2}$")
_PIX: Final = {
    "endToEndId": "E00000000202611201000abcdefghijk",
    "txid": "a" * 26,
    "valor": "28.50",
    "chave": "shop@bank.br",
    "horario": "2026-11-20T10:00:00.000Z",
}
_BACK: Final = {"id": "r1", "rtrId": "D" + "1" * 31, "valor": "1.00", "status": "DEVOLVIDO", "horario": {}}


@cache
def wire(name: str) -> tuple[bytes, ...]:
    """The bytes of every line of a golden hex file."""
    lines = (GOLDEN / f"{name}.hex").read_text("utf-8").splitlines()
    found = (_HEX.search(line) for line in lines if not line.startswith("#"))
    return tuple(bytes.fromhex(each.group()) for each in found if each)


@cache
def codes(name: str) -> tuple[bytes, ...]:
    told = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    return tuple(each["text"].encode() for each in told["valid"])


def _json(told: Any) -> bytes:
    return json.dumps(told).encode()


JSON: Final = (b"[1,2.5,null]", b'"\\u00e9"', _json(_PIX))
CHARGE: Final = (
    _json({"txid": "a" * 26, "status": "CONCLUIDA", "chave": "k", "valor": {"original": "28.50"}, "pix": [_PIX]}),
)
PAGE: Final = (
    _json({"parametros": {"paginacao": {"paginaAtual": 0, "quantidadeTotalDeItens": 1}}, "pix": [_PIX]}),
)
BACK: Final = (_json(_BACK),)
HINT: Final = (_json({"pix": [_PIX]}),)
PIX_BILL: Final = (
    _json({"format": FORMAT, "version": VERSION, "key": "k", "day": "2026-11-20", "offset_min": -180})
    + b'\n{"end":true,"pix":0,"valor_pix":"0.00","devolucoes":0,"valor_devolucoes":"0.00"}\n',
)
WECHAT_HEADERS: Final = (
    b"1554208460\nn0nce\n5157F09EFDC096DE15EBE81A47057A72\nc2ln\nWECHATPAY2-SHA256-RSA2048\n{}",
)
ALIPAY_ANSWER: Final = (b'{"alipay_trade_query_response":{"code":"10000"},"sign":"YQ=="}',)
ALIPAY_FORM: Final = (
    b"app_id=1&out_trade_no=2&total_amount=28.50&sign_type=RSA2&sign=abcd&charset=utf-8"
    b"&notify_time=2026-11-20+10%3A00%3A00",
)
WECHAT_BILL: Final = (b"".join(bill(PLAIN, summary="1 0.01 0.00 0.00 0.00000 0.01 0.00")),)
ALIPAY_BILL: Final = (b"".join(alipay_bills.bill(alipay_bills.payment(), alipay_bills.refund())),)
WECHAT_FUNDS: Final = (b"".join(funds(FLOWS, "6 3 11.02 3 9.06")),)
ALIPAY_FUNDS: Final = (b"".join(flows(ALIPAY_FLOWS)),)
CAMT: Final = (
    camt_text.document(
        camt_text.entry("12.50", inner=camt_text.details("12.50", reference="RF18539007547034")), closing="112.50"
    ),
)
MT940: Final = (
    b":20:START\r\n:25:DE89370400440532013000\r\n:28C:112/1\r\n:60F:C261102EUR100,00\r\n"
    b":61:2611021102C12,50NTRFEREF//B1\r\n:86:166?20EREF+E2E-4711?32Li Mei\r\n:62F:C261102EUR112,50\r\n-\r\n",
)
CSV: Final = (b"Datum;Betrag;Zweck;Nr\r\n20.11.2026;28,50;CT-0001;B1\r\n21.11.2026;-1.200,00;Miete;B2\r\n",)
MAPPING: Final = (
    b'account = "A1"\ncurrency = "EUR"\n[columns]\ndate = "Day"\namount = "Sum"\nreferences = ["Text"]\n',
)
SETTINGS: Final = (
    b'mode = "test"\n[shop]\nmerchant = "m1"\nstore = "s1"\ntitle = "Tea"\n[state]\nfolder = "state"\n'
    b'[channels.wechatpay]\nconnector = "wechatpay"\nsandbox = true\ngateway = "http://127.0.0.1:7610"\n'
    b'mchid = "1900000001"\nappid = "wx1"\nmerchant_serial = "S1"\nmerchant_key_file = "k.pem"\n'
    b'[[counters]]\nid = "1"\n',
)
SECRETS: Final = b'[wechatpay]\napiv3_key = "0123456789abcdef0123456789abcdef"\n[people]\npepper = "00"\n'
UPI: Final = (b"upi://pay?pa=shop@bank&pn=Tea&am=28.50&cu=INR&tr=A1",)
NEXO: Final = tuple(
    json.dumps(
        {
            "SaleToPOIRequest": {
                "MessageHeader": {
                    "ProtocolVersion": "3.0",
                    "MessageClass": "Service",
                    "MessageCategory": name,
                    "MessageType": "Request",
                    "SaleID": "POS-1",
                    "ServiceID": "0207111104",
                    "POIID": "V400m-324688042",
                },
                f"{name}Request": body,
            }
        }
    ).encode()
    for name, body in (
        (
            "Payment",
            {
                "SaleData": {"SaleTransactionID": {"TransactionID": "order-42", "TimeStamp": "2026-11-02"}},
                "PaymentTransaction": {"AmountsReq": {"Currency": "EUR", "RequestedAmount": 10.99}},
            },
        ),
        ("Abort", {"AbortReason": "MerchantAbort", "MessageReference": {"ServiceID": "0207111104"}}),
        ("Print", {"PrintOutput": {"OutputContent": {"OutputFormat": "Text", "OutputText": [{"Text": "a"}]}}}),
    )
)
AMOUNT_LINES: Final = (b"12.50\r\n9.00 CNY\rC\r\x1b?\n", b"12.505\r")
REQUEST_TEXT: Final = (b"ACTION=refund\nSALE=0017\nAMOUNT=8.50\nREASON=cold\n", b"# a\r\nAMOUNT = 28.50\r\n")
REQUEST_JSON: Final = (b'{"action": "sale", "amount": 28.5, "currency": "CNY", "order": "A-17"}',)
PROXY_CALL: Final = (
    b'{"jsonrpc":"2.0","method":"call","id":7,"params":{"payment_info":{"amount":56.300000000000004,'
    b'"currency_iso":"CNY","currency_decimals":2,"payment_id":"p1","order_id":"O1"}}}',
    b'{"jsonrpc":"2.0","method":"call","id":7,"params":{"payment_info":"{\\"amount\\":28.5,\\"currency_iso\\":'
    b'\\"CNY\\",\\"payment_id\\":\\"p1\\"}"}}',
)
PROXY_RECEIPT: Final = (
    b"<receipt><h1>Tea</h1><line><left>a</left><right><value>1</value></right></line><hr/><br/>b &amp; c"
    b"</receipt>",
)
PACK: Final = seal(
    "pack",
    {
        **{"format": 1, "made_ms": 1, "software": "1", "currency": "CNY", "zone": "Asia/Shanghai", "shop": {}},
        **{"counters": [{"languages": {}, "kiosk": False, "devices": {}}], "connectors": ["wechatpay"]},
    },
    Ed25519PrivateKey.from_private_bytes(bytes(32)),
)
PACK_CODES: Final = ("\n".join(codes_of(PACK)).encode(), codes_of(b"{}")[0].encode())
