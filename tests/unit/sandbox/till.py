"""A merchant's terminal for these tests: signs, sends into the bank in memory, checks the signed answer."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from terminal.sandbox.engine import Rules
from terminal.sandbox.keyring import SimulatedMerchant, simulated_keyring
from terminal.sandbox.notifications import Delivery
from terminal.sandbox.outcome import Reply
from terminal.sandbox.wechatpay import Bank

START_MS = 1_790_000_000_000
NOTIFY = "https://till.test/notify"


class CountedEntropy:
    """Bytes that differ every time and are the same in every run."""

    def __init__(self, seed: str = "tests") -> None:
        self._seed, self._count = seed, 0

    def bytes(self, count: int) -> bytes:
        out = b""
        while len(out) < count:
            self._count += 1
            out += hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
        return out[:count]


class Till:
    def __init__(self, *, rules: Rules | None = None, mchids: tuple[str, ...] = ("1900000001",)) -> None:
        keys, merchants = simulated_keyring(CountedEntropy(), mchids)
        self.bank = Bank(keys, rules=rules)
        self.merchants: list[SimulatedMerchant] = merchants
        self.me = merchants[0]
        self.now_ms = START_MS
        self._nonces = CountedEntropy("nonces")

    def send(self, method: str, target: str, form: Mapping[str, Any] | None = None, **changes: str) -> Reply:
        body = b"" if form is None else json.dumps(form).encode()
        return self.bank.handle(method, target, self.headers(method, target, body, **changes), body, self.now_ms)

    def headers(self, method: str, target: str, body: bytes, **changes: str) -> dict[str, str]:
        claim = {
            "mchid": self.me.mchid,
            "nonce_str": self._nonces.bytes(16).hex(),
            "timestamp": str(self.now_ms // 1000),
            "serial_no": self.me.serial,
        } | changes
        message = f"{method}\n{target}\n{claim['timestamp']}\n{claim['nonce_str']}\n".encode() + body + b"\n"
        claim.setdefault("signature", base64.b64encode(_mac(self.me.merchant_key, message)).decode())
        fields = ",".join(f'{name}="{value}"' for name, value in claim.items())
        return {
            "Authorization": f"WECHATPAY2-SHA256-RSA2048 {fields}",
            "Accept": "application/json",
            "User-Agent": "tests",
            "Content-Type": "application/json",
            "Wechatpay-Serial": self.me.platform_serial,
        }

    def genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a careful merchant would believe these bytes."""
        told = {name.lower(): value for name, value in headers.items()}
        timestamp, nonce = told["wechatpay-timestamp"], told["wechatpay-nonce"]
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        fresh = abs(self.now_ms // 1000 - int(timestamp)) <= 300
        signed = base64.b64encode(_mac(self.me.platform_key, message)).decode()
        return (
            fresh
            and told.get("wechatpay-signature") == signed
            and (told["wechatpay-serial"] == self.me.platform_serial)
        )

    def said(self, reply: Reply) -> dict[str, Any]:
        assert self.genuine(reply.headers, reply.body), reply
        assert not reply.lost
        told: dict[str, Any] = json.loads(reply.body)
        return told

    def opened(self, delivery: Delivery) -> dict[str, Any]:
        resource = json.loads(delivery.body)["resource"]
        sealed = base64.b64decode(resource["ciphertext"])
        nonce, associated = resource["nonce"].encode(), resource["associated_data"].encode()
        told: dict[str, Any] = json.loads(AESGCM(self.me.apiv3_key.encode()).decrypt(nonce, sealed, associated))
        return told

    # --- the usual requests -----------------------------------------------------------------------------

    def native(self, number: str = "ORDER-0001", total: int = 2850, **changes: Any) -> Reply:
        form = {
            "appid": self.me.appid,
            "mchid": self.me.mchid,
            "description": "茶 tea",
            "out_trade_no": number,
            "notify_url": NOTIFY,
            "amount": {"total": total, "currency": "CNY"},
        }
        return self.send("POST", "/v3/pay/transactions/native", form | changes)

    def code_url(self, number: str = "ORDER-0001", total: int = 2850, **changes: Any) -> str:
        return str(self.said(self.native(number, total, **changes))["code_url"])

    def codepay(self, auth_code: str, number: str = "ORDER-0001", total: int = 2850, **changes: Any) -> Reply:
        form = {
            "appid": self.me.appid,
            "mchid": self.me.mchid,
            "description": "茶 tea",
            "out_trade_no": number,
            "payer": {"auth_code": auth_code},
            "amount": {"total": total, "currency": "CNY"},
            "scene_info": {"device_id": "counter-1", "store_info": {"out_id": "S1"}},
        }
        return self.send("POST", "/v3/pay/transactions/codepay", form | changes)

    def query(self, number: str = "ORDER-0001") -> Reply:
        return self.send("GET", f"/v3/pay/transactions/out-trade-no/{number}?mchid={self.me.mchid}")

    def state(self, number: str = "ORDER-0001") -> str:
        return str(self.said(self.query(number))["trade_state"])

    def close(self, number: str = "ORDER-0001") -> Reply:
        return self.send("POST", f"/v3/pay/transactions/out-trade-no/{number}/close", {"mchid": self.me.mchid})

    def reverse(self, number: str = "ORDER-0001") -> Reply:
        form = {"appid": self.me.appid, "mchid": self.me.mchid}
        return self.send("POST", f"/v3/pay/transactions/out-trade-no/{number}/reverse", form)

    def refund(
        self, refund_no: str, amount: int, *, number: str = "ORDER-0001", total: int = 2850, **changes: Any
    ) -> Reply:
        form = {
            "out_trade_no": number,
            "out_refund_no": refund_no,
            "notify_url": NOTIFY,
            "amount": {"refund": amount, "total": total, "currency": "CNY"},
        }
        return self.send("POST", "/v3/refund/domestic/refunds", form | changes)

    def refund_status(self, refund_no: str) -> str:
        return str(self.said(self.send("GET", f"/v3/refund/domestic/refunds/{refund_no}"))["status"])

    def new_code(self, behaviour: str = "pays", *, confirm_after_ms: int = 0) -> str:
        return self.bank.new_customer_code(self.now_ms, behaviour, confirm_after_ms=confirm_after_ms)

    def wait(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)

    def deliveries(self) -> list[Delivery]:
        return self.bank.due(self.now_ms)


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def refused(reply: Reply, status: int, code: str) -> dict[str, Any]:
    """The error body, after checking the two words a merchant goes by."""
    told: dict[str, Any] = json.loads(reply.body)
    assert (reply.status, told["code"]) == (status, code), reply
    return told
