"""Runs in an environment of its own: drives the PyPI package python-alipay-sdk, unmodified, against the sandbox.

Nothing of this project is imported. Argument: a JSON object with ``credentials`` (folder), ``admin_token``. The
only thing done to the package is that its gateway attribute points at the sandbox. Prints one JSON object.
"""

import json
import os
import queue
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from alipay import AliPay  # type: ignore[import-not-found]  # in the stranger's environment
from alipay.exceptions import AliPayException  # type: ignore[import-not-found]  # as above

WAIT_S = 20.0


class Listener:
    """A merchant's notify_url: keeps the form and says the word it wants."""

    def __init__(self) -> None:
        self.posts: queue.Queue[bytes] = queue.Queue()
        posts = self.posts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                posts.put(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"success")

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/notify"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Customer:
    """The person with the phone, through the sandbox's laboratory doors."""

    def __init__(self, gateway: str, token: str) -> None:
        self._gateway, self._token = gateway, token

    def ask(self, path: str, **body: object) -> Any:
        request = urllib.request.Request(  # loopback only
            self._gateway + path,
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return json.load(answer)


def push_sale(sdk: Any, customer: Customer, listener: Listener) -> dict[str, Any]:
    """Order, scan, pay, notification, query, refund, refund notification, refund query."""
    made = sdk.api_alipay_trade_precreate("茶 tea", "STRANGER-1", "28.50")
    unseen = refused(lambda: sdk.api_alipay_trade_query("STRANGER-1"))
    view = customer.ask("/admin/scan", code_url=made["qr_code"])
    unpaid = sdk.api_alipay_trade_query("STRANGER-1")
    customer.ask("/admin/pay", order_no="STRANGER-1")
    notified = dict(parse_qsl(listener.posts.get(timeout=WAIT_S).decode()))
    believed, forged = believes(sdk, notified), believes(sdk, notified | {"total_amount": "0.01"})
    paid = sdk.api_alipay_trade_query("STRANGER-1")
    refunded = sdk.api_alipay_trade_refund("8.50", out_trade_no="STRANGER-1", out_request_no="STRANGER-R1")
    told = dict(parse_qsl(listener.posts.get(timeout=WAIT_S).decode()))
    return {
        "made": made,
        "unseen": unseen,
        "view": view,
        "unpaid": unpaid,
        "notified": notified,
        "believed": believed,
        "forged": forged,
        "paid": paid,
        "refunded": refunded,
        "refund_notified": told,
        "refund_believed": believes(sdk, told),
        "refund": sdk.api_alipay_trade_fastpay_refund_query("STRANGER-R1", out_trade_no="STRANGER-1"),
    }


def pull_sale(sdk: Any, customer: Customer) -> dict[str, Any]:
    code = customer.ask("/admin/code", wallet="alipay")["auth_code"]
    paid = sdk.api_alipay_trade_pay("STRANGER-2", "bar_code", code, "bread", total_amount="12.00")
    return {
        "code": code,
        "paid": paid,
        "cancelled": sdk.api_alipay_trade_cancel("STRANGER-2"),
        "after": sdk.api_alipay_trade_query("STRANGER-2"),
    }


def believes(sdk: Any, told: dict[str, str]) -> bool:
    kept = dict(told)
    return bool(sdk.verify(kept, kept.pop("sign")))


def refused(call: Any) -> str:
    """The package tells a refusal as an exception or as the answer's own words."""
    try:
        return str(call().get("sub_code"))
    except AliPayException as error:
        return str(error)


def main() -> None:
    asked = json.loads(sys.argv[1])
    os.environ["TZ"] = "Asia/Shanghai"  # the package stamps with the machine's local time
    time.tzset()
    folder = Path(asked["credentials"])
    credentials = json.loads((folder / "credentials.json").read_text())
    customer, listener = Customer(credentials["gateway"], asked["admin_token"]), Listener()
    sdk = AliPay(
        appid=credentials["alipay_app_id"],
        app_notify_url=listener.url,
        app_private_key_string=(folder / credentials["merchant_private_key_file"]).read_text(),
        alipay_public_key_string=(folder / credentials["platform_public_key_file"]).read_text(),
    )
    sdk._gateway = credentials["alipay_gateway"]
    try:
        report = {"push": push_sale(sdk, customer, listener), "pull": pull_sale(sdk, customer)}
    finally:
        listener.close()
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
