"""A till that speaks to a payment terminal in nexo's JSON, written from the public documents alone.

Sources: Adyen Terminal API reference (message header, PaymentRequest, ReversalRequest, AbortRequest,
TransactionStatusRequest, DiagnosisRequest) and "Protect local communications". Knows nothing of the door it calls.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Send = Callable[[bytes], Awaitable[bytes]]
"""The body of one POST; returns the body of the answer, empty or ``ok`` after an abort."""


class Rejected(Exception):
    """The terminal answered with an event: it could not read the message."""


class Till:
    def __init__(self, send: Send, sale_id: str = "POS-1", poi_id: str = "V400m-324688042") -> None:
        self._send, self.sale_id, self.poi_id = send, sale_id, poi_id
        self._count = 207_111_104
        self.items: list[Any] = []  # what its payments say of what is sold

    def next_id(self) -> str:
        self._count += 1
        return f"{self._count:010d}"

    def header(self, category: str, service_id: str, **more: str) -> dict[str, Any]:
        return {
            "ProtocolVersion": "3.0",
            "MessageClass": "Service",
            "MessageCategory": category,
            "MessageType": "Request",
            "SaleID": self.sale_id,
            "ServiceID": service_id,
            "POIID": self.poi_id,
            **more,
        }

    async def ask(self, category: str, body: Any, service_id: str = "", **header: str) -> Any:
        """What stands in the response's own object; None after an abort."""
        head = self.header(category, service_id or self.next_id(), **header)
        request = {"SaleToPOIRequest": {"MessageHeader": head, f"{category}Request": body}}
        return self.read(await self._send(json.dumps(request).encode()), head)

    def read(self, raw: bytes, head: dict[str, Any]) -> Any:
        if raw in (b"", b"ok"):
            return None
        told = json.loads(raw, parse_float=Decimal)
        if "SaleToPOIRequest" in told:
            event = told["SaleToPOIRequest"]["EventNotification"]
            assert event["EventToNotify"] == "Reject"
            raise Rejected(event["EventDetails"])
        answer = told["SaleToPOIResponse"]
        assert answer["MessageHeader"] == {**head, "MessageType": "Response"}
        return answer[f"{head['MessageCategory']}Response"]

    def payment(self, amount: float, currency: str = "CNY", order: str = "order-42") -> dict[str, Any]:
        return {
            "SaleData": {
                "SaleTransactionID": {"TransactionID": order, "TimeStamp": "2026-11-02T10:11:12+00:00"},
                "SaleToAcquirerData": "applicationInfo.merchantApplication.version=1",
            },
            "PaymentTransaction": {
                "AmountsReq": {"Currency": currency, "RequestedAmount": amount, "TipAmount": 0},
                **({"SaleItem": self.items} if self.items else {}),
            },
        }

    async def pay(self, amount: float, *, currency: str = "CNY", service_id: str = "") -> Any:
        return await self.ask("Payment", self.payment(amount, currency), service_id)

    async def reverse(self, transaction: str, amount: float | None = None, *, service_id: str = "") -> Any:
        original = {"TransactionID": transaction, "TimeStamp": "2026-11-02T10:11:12+00:00"}
        body: dict[str, Any] = {"OriginalPOITransaction": {"POITransactionID": original}}
        body["ReversalReason"] = "CustCancel"
        if amount is not None:
            body["ReversedAmount"] = amount
        return await self.ask("Reversal", body, service_id)

    def reference(self, service_id: str, category: str = "Payment") -> dict[str, str]:
        return {
            "MessageCategory": category,
            "SaleID": self.sale_id,
            "ServiceID": service_id,
            "POIID": self.poi_id,
        }

    async def abort(self, service_id: str) -> None:
        body = {"AbortReason": "MerchantAbort", "MessageReference": self.reference(service_id)}
        assert await self.ask("Abort", body) is None

    async def status(self, service_id: str, category: str = "Payment") -> Any:
        body = {
            "ReceiptReprintFlag": False,
            "DocumentQualifier": ["CashierReceipt", "CustomerReceipt"],
            "MessageReference": self.reference(service_id, category),
        }
        return await self.ask("TransactionStatus", body)


def result(answer: Any) -> str:
    """``Success``, or what is wrong."""
    told = answer["Response"]
    return str(told.get("ErrorCondition") or told["Result"])


class Seal:
    """The same messages under a shared passphrase; an envelope around each way."""

    def __init__(self, send: Send, passphrase: str, key_id: str, version: int = 1) -> None:
        self._send, self._key_id, self._version = send, key_id, version
        made = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), b"AdyenNexoV1Salt", 4000, 80)
        self._hmac, self._key, self._iv = made[:32], made[32:64], made[64:80]
        self._sent = 0

    def wrap(self, raw: bytes, nonce: bytes = b"") -> bytes:
        self._sent += 1
        nonce = nonce or self._sent.to_bytes(16, "big")
        head = json.loads(raw)["SaleToPOIRequest"]["MessageHeader"]
        fill = 16 - len(raw) % 16
        work = self._cipher(nonce).encryptor()
        blob = work.update(raw + bytes([fill]) * fill) + work.finalize()
        trailer = {
            "AdyenCryptoVersion": 1,
            "KeyIdentifier": self._key_id,
            "KeyVersion": self._version,
            "Nonce": base64.b64encode(nonce).decode(),
            "Hmac": base64.b64encode(hmac.digest(self._hmac, raw, "sha256")).decode(),
        }
        inner = {"MessageHeader": head, "NexoBlob": base64.b64encode(blob).decode(), "SecurityTrailer": trailer}
        return json.dumps({"SaleToPOIRequest": inner}).encode()

    def _cipher(self, nonce: bytes) -> Any:
        return Cipher(
            algorithms.AES(self._key), modes.CBC(bytes(a ^ b for a, b in zip(self._iv, nonce, strict=True)))
        )

    def unwrap(self, raw: bytes) -> bytes:
        if raw in (b"", b"ok"):
            return raw
        [inner] = json.loads(raw).values()
        trailer = inner["SecurityTrailer"]
        work = self._cipher(base64.b64decode(trailer["Nonce"])).decryptor()
        padded = work.update(base64.b64decode(inner["NexoBlob"])) + work.finalize()
        plain: bytes = padded[: -padded[-1]]
        assert hmac.digest(self._hmac, plain, "sha256") == base64.b64decode(trailer["Hmac"])
        return plain

    async def __call__(self, raw: bytes) -> bytes:
        return self.unwrap(await self._send(self.wrap(raw)))
