"""Runs in an environment of its own: drives the PyPI package python-alipay-sdk, unmodified, against the sandbox.

Nothing of this project is imported. Argument: a JSON object with ``credentials`` (folder), ``admin_token``. The
only thing done to the package is that its gateway attribute points at the sandbox. Prints one JSON object.
"""

import base64
import io
import json
import os
import sys
import time
import urllib.request
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from alipay import AliPay, DCAliPay  # type: ignore[import-not-found]  # in the stranger's environment
from alipay.exceptions import AliPayException  # type: ignore[import-not-found]  # as above
from counterpart import WAIT_S, Customer, Listener  # type: ignore[import-not-found]  # beside this file

BILL = "alipay.data.dataservice.bill.downloadurl.query"


def push_sale(sdk: Any, customer: Customer, listener: Listener) -> dict[str, Any]:
    """Order, scan, pay, notification, query, refund, refund notification, refund query."""
    made = sdk.api_alipay_trade_precreate("茶 tea", "STRANGER-1", "28.50")
    unseen = refused(lambda: sdk.api_alipay_trade_query("STRANGER-1"))
    view = customer.ask("/admin/scan", code_url=made["qr_code"])
    unpaid = sdk.api_alipay_trade_query("STRANGER-1")
    customer.ask("/admin/pay", order_no="STRANGER-1")
    notified = dict(parse_qsl(listener.posts.get(timeout=WAIT_S)[1].decode()))
    believed, forged = believes(sdk, notified), believes(sdk, notified | {"total_amount": "0.01"})
    paid = sdk.api_alipay_trade_query("STRANGER-1")
    refunded = sdk.api_alipay_trade_refund("8.50", out_trade_no="STRANGER-1", out_request_no="STRANGER-R1")
    told = dict(parse_qsl(listener.posts.get(timeout=WAIT_S)[1].decode()))
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


def certified_sale(
    credentials: dict[str, Any], folder: Path, customer: Customer, listener: Listener
) -> dict[str, Any]:
    """The package's certificate mode: it names the app's and the root's certificates by its own reckoning."""
    text = {name: (folder / file).read_text() for name, file in credentials.items() if name.endswith("_file")}
    sdk = DCAliPay(
        appid=credentials["alipay_app_id"],
        app_notify_url=listener.url,
        app_private_key_string=text["merchant_private_key_file"],
        app_public_key_cert_string=text["alipay_app_certificate_file"],
        alipay_public_key_cert_string=text["alipay_certificate_file"],
        alipay_root_cert_string=text["alipay_root_certificate_file"],
    )
    sdk._gateway = credentials["alipay_gateway"]
    made = sdk.api_alipay_trade_precreate("茶 tea", "STRANGER-3", "7.00")
    customer.ask("/admin/scan", code_url=made["qr_code"])
    customer.ask("/admin/pay", order_no="STRANGER-3")
    notified: dict[str, str] = {}
    while notified.get("out_trade_no") != "STRANGER-3":  # the sale before may still be told of
        notified = dict(parse_qsl(listener.posts.get(timeout=WAIT_S)[1].decode()))
    own = sdk.get_cert_sn(text["alipay_certificate_file"])
    url = f"{credentials['alipay_gateway']}?{sdk.api_alipay_open_app_alipaycert_download(own)}"
    with urllib.request.urlopen(url, timeout=WAIT_S) as answer:
        downloaded = json.loads(answer.read())
    content = downloaded["alipay_open_app_alipaycert_download_response"]["alipay_cert_content"]
    paid = sdk.api_alipay_trade_query("STRANGER-3")
    sdk._alipay_root_cert_sn = "0" * 32
    return {
        "paid": paid,
        "notified": notified,
        "believed": believes(sdk, notified),
        "names": [sdk.app_cert_sn, own, downloaded["alipay_cert_sn"]],
        "same": base64.b64decode(content).decode() == text["alipay_certificate_file"],
        "other_root": refused(lambda: sdk.api_alipay_trade_query("STRANGER-3")),
    }


def bills(sdk: Any, day: str) -> dict[str, Any]:
    """Both bills of a day, asked for by the package's own general call; it has no download of its own."""
    found: dict[str, Any] = {}
    for kind in ("trade", "signcustomer"):
        told = sdk.server_api(BILL, biz_content={"bill_type": kind, "bill_date": day})
        with urllib.request.urlopen(told["bill_download_url"], timeout=WAIT_S) as answer:
            packed = answer.read()
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            names = [entry.filename.encode("cp437").decode("gbk") for entry in archive.infolist()]
            found[kind] = {"names": names, "text": archive.read(archive.infolist()[0]).decode("gbk")}
    found["none"] = refused(
        lambda: sdk.server_api(BILL, biz_content={"bill_type": "trade", "bill_date": "2020-01-01"})
    )
    return found


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
    customer, listener = Customer(credentials["gateway"], asked["admin_token"]), Listener(b"success")
    sdk = AliPay(
        appid=credentials["alipay_app_id"],
        app_notify_url=listener.url,
        app_private_key_string=(folder / credentials["merchant_private_key_file"]).read_text(),
        alipay_public_key_string=(folder / credentials["platform_public_key_file"]).read_text(),
    )
    sdk._gateway = credentials["alipay_gateway"]
    try:
        report = {
            "bills": bills(sdk, asked["day"]),
            "push": push_sale(sdk, customer, listener),
            "pull": pull_sale(sdk, customer),
            "certified": certified_sale(credentials, folder, customer, listener),
        }
    finally:
        listener.close()
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
