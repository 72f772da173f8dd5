"""Runs in an environment of its own: the PyPI package efipay, unmodified, against the sandbox over mutual TLS.

Nothing of this project is imported. Argument: a JSON object with ``credentials`` (folder), ``admin_token``. The
only thing done to the package is that its table of addresses points at the sandbox. Prints one JSON object.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from counterpart import WAIT_S, Customer, Listener  # type: ignore[import-not-found]  # beside this file
from efipay import EfiPay  # type: ignore[import-not-found]  # in the stranger's environment
from efipay.constants import Constants  # type: ignore[import-not-found]  # as above

TXID = "stranger0pix0charge0000000001"
SPAN = {"inicio": "2020-01-01T00:00:00Z", "fim": "2099-01-01T00:00:00Z"}


def sale(sdk: Any, key: str, customer: Customer, listener: Listener) -> dict[str, Any]:
    """Webhook, order, scan, pay, notification, query, refund and its notification, refund query, list."""
    wish = {
        "calendario": {"expiracao": 300},
        "valor": {"original": "28.50"},
        "chave": key,
        "solicitacaoPagador": "chá",
    }
    told = {"hooked": sdk.pix_config_webhook(params={"chave": key}, body={"webhookUrl": listener.url})}
    told["unseen"] = sdk.pix_detail_charge(params={"txid": TXID})
    told["made"] = sdk.pix_create_charge(params={"txid": TXID}, body=wish)
    told["view"] = customer.ask("/admin/scan", code_url=told["made"]["pixCopiaECola"])
    told["unpaid"] = sdk.pix_detail_charge(params={"txid": TXID})
    customer.ask("/admin/pay", order_no=TXID)
    told["notified"] = json.loads(listener.posts.get(timeout=WAIT_S)[1])
    told["paid"] = sdk.pix_detail_charge(params={"txid": TXID})
    back = {"e2eId": told["paid"]["pix"][0]["endToEndId"], "id": "R1"}
    customer.ask("/admin/faults", slug="notify-before-answer", count=1)
    told["refunded"] = sdk.pix_devolution(params=back, body={"valor": "8.50"})
    told["refund_notified"] = json.loads(listener.posts.get(timeout=WAIT_S)[1])
    told["refund"] = sdk.pix_detail_devolution(params=back)
    told["too_much"] = sdk.pix_devolution(params=back | {"id": "R2"}, body={"valor": "20.01"})
    told["received"] = sdk.pix_list_received(params=SPAN)
    return told


def main() -> None:
    asked = json.loads(sys.argv[1])
    folder = Path(asked["credentials"])
    credentials = json.loads((folder / "credentials.json").read_text())
    os.environ["REQUESTS_CA_BUNDLE"] = str(folder / credentials["pix_authority_file"])
    both = folder / "both.pem"  # as the package wants it
    both.write_text(
        "".join((folder / credentials[f"pix_{name}_file"]).read_text() for name in ("certificate", "key"))
    )
    Constants.APIS["PIX"]["URL"]["sandbox"] = credentials["pix_gateway"].removesuffix("/v2")
    options = {"client_id": credentials["pix_client_id"], "client_secret": credentials["pix_client_secret"]}
    sdk = EfiPay(options | {"sandbox": True, "certificate": str(both)})
    customer, listener = Customer(credentials["gateway"], asked["admin_token"]), Listener(b"ok")
    try:
        told = sale(sdk, credentials["pix_key"], customer, listener)
    finally:
        listener.close()
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
