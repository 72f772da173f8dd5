"""Runs in an environment of its own: drives the PyPI package wechatpayv3, unmodified, against the sandbox.

Nothing of this project is imported. Argument: a JSON object with ``credentials`` (folder), ``admin_token``. The
only thing done to the package is that its gateway attribute points at the sandbox. Prints one JSON object.
"""

import gzip
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from counterpart import WAIT_S, Customer, Listener  # type: ignore[import-not-found]  # beside this file
from wechatpayv3 import WeChatPay, WeChatPayType  # type: ignore[import-not-found]  # in the stranger's environment


def package(credentials: dict[str, str], folder: Path, notify_url: str, **mode: object) -> Any:
    made = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=credentials["mchid"],
        private_key=(folder / credentials["merchant_private_key_file"]).read_text(),
        cert_serial_no=credentials["merchant_serial"],
        apiv3_key=credentials["apiv3_key"],
        appid=credentials["appid"],
        notify_url=notify_url,
        timeout=(5, 20),
        **mode,
    )
    made._core._gate_way = credentials["gateway"]
    return made


def told(answer: tuple[int, Any]) -> tuple[int, Any]:
    status, text = answer
    return status, json.loads(text) if text else None


def push_sale(sdk: Any, customer: Customer, listener: Listener) -> dict[str, Any]:
    """Order, scan, pay, notification, query, refund, refund notification, refund query."""
    made = told(sdk.pay(description="茶 tea", out_trade_no="STRANGER-1", amount={"total": 2850}))
    view = customer.ask("/admin/scan", code_url=made[1]["code_url"])
    unpaid = told(sdk.query(out_trade_no="STRANGER-1"))
    customer.ask("/admin/pay", order_no="STRANGER-1")
    headers, body = listener.posts.get(timeout=WAIT_S)
    notified = sdk.callback(headers, body)
    forged = sdk.callback(headers, body.replace(b"TRANSACTION", b"TRANSACTI0N"))
    paid = told(sdk.query(transaction_id=notified["resource"]["transaction_id"]))
    amount = {"refund": 850, "total": 2850, "currency": "CNY"}
    refunded = told(sdk.refund(out_refund_no="STRANGER-R1", amount=amount, out_trade_no="STRANGER-1"))
    headers, body = listener.posts.get(timeout=WAIT_S)
    return {
        "made": made,
        "view": view,
        "unpaid": unpaid,
        "notified": notified,
        "forged": forged,
        "paid": paid,
        "refunded": refunded,
        "refund_notified": sdk.callback(headers, body),
        "refund": told(sdk.query_refund(out_refund_no="STRANGER-R1")),
    }


def closed_sale(sdk: Any) -> dict[str, Any]:
    sdk.pay(description="bread", out_trade_no="STRANGER-2", amount={"total": 100})
    return {"closed": told(sdk.close("STRANGER-2")), "after": told(sdk.query(out_trade_no="STRANGER-2"))}


def pull_sale(sdk: Any, customer: Customer) -> dict[str, Any]:
    code = customer.ask("/admin/code")["auth_code"]
    paid = told(
        sdk.pay(
            description="茶 tea",
            out_trade_no="STRANGER-3",
            amount={"total": 1200},
            payer={"auth_code": code},
            scene_info={"device_id": "counter-1", "store_info": {"id": "0001"}},
            pay_type=WeChatPayType.CODEPAY,
        )
    )
    reversed_ = told(sdk.codepay_reverse("STRANGER-3"))
    return {"paid": paid, "reversed": reversed_, "after": told(sdk.query(out_trade_no="STRANGER-3"))}


def rotation(sdk: Any, customer: Customer) -> dict[str, Any]:
    """In certificate mode an unknown serial makes the package fetch and open the certificate list."""
    before = told(sdk.query(out_trade_no="STRANGER-1"))
    serial = customer.ask("/admin/rotate-certificate")["serial"]
    after = told(sdk.query(out_trade_no="STRANGER-1"))
    known = [f"{certificate.serial_number:X}" for certificate in sdk._core._certificates]
    return {"before": before[0], "after": after[0], "serial": serial, "known": known}


def bills(sdk: Any, day: str) -> dict[str, Any]:
    """Both bills of a day: where they lie, and what the package downloads from there."""
    found: dict[str, Any] = {}
    for name, ask in (("trade", sdk.trade_bill), ("funds", sdk.fundflow_bill)):
        status, place = told(ask(bill_date=day))
        status_of_file, packed = sdk.download_bill(place["download_url"])
        content = gzip.decompress(packed)
        same = hashlib.sha1(content, usedforsecurity=False).hexdigest() == place["hash_value"]
        found[name] = {"status": [status, status_of_file], "same": same, "text": content.decode("utf-8-sig")}
    found["none"] = told(sdk.trade_bill(bill_date="2020-01-01"))
    return found


def main() -> None:
    asked = json.loads(sys.argv[1])
    folder = Path(asked["credentials"])
    credentials = json.loads((folder / "credentials.json").read_text())
    customer, listener = Customer(credentials["gateway"], asked["admin_token"]), Listener()
    public_key = (folder / credentials["platform_public_key_file"]).read_text()
    by_public_key = package(
        credentials,
        folder,
        listener.url,
        public_key=public_key,
        public_key_id=credentials["platform_public_key_id"],
    )
    certificates = Path(asked["scratch"])
    (certificates / "platform.pem").write_text((folder / credentials["platform_certificate_file"]).read_text())
    by_certificate = package(credentials, folder, listener.url, cert_dir=str(certificates))
    try:
        report = {
            "bills": bills(by_public_key, asked["day"]),
            "push": push_sale(by_public_key, customer, listener),
            "close": closed_sale(by_public_key),
            "pull": pull_sale(by_public_key, customer),
            "rotation": rotation(by_certificate, customer),
        }
    finally:
        listener.close()
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
