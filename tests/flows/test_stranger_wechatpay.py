"""A stranger's package, code unmodified, completes its sales against the sandbox."""

import json
from pathlib import Path

import pytest

from tests.flows.old_trades import DAY, old_trades
from tests.flows.sandbox_rig import running_sandbox
from tests.strangers.environments import ROOT, python_of, run


@pytest.mark.row(143)
async def test_wechatpayv3_from_pypi_orders_pays_closes_refunds_reverses_and_verifies(tmp_path: Path) -> None:
    python = await python_of("wechatpayv3")
    (tmp_path / "certificates").mkdir()
    async with running_sandbox(tmp_path / "state") as sandbox:
        old_trades(sandbox, "wechatpay")
        asked = {
            "credentials": str(sandbox.credentials),
            "admin_token": sandbox.admin_token,
            "day": DAY.isoformat(),
            "scratch": str(tmp_path / "certificates"),
        }
        client = ROOT / "tests" / "strangers" / "wechatpay_client.py"
        told = json.loads(await run(str(python), "-E", "-s", str(client), json.dumps(asked)))
        captures, returned = sandbox.bank.captures(), sandbox.bank.returned()

    push = told["push"]
    assert push["made"][0] == 200
    assert push["made"][1]["code_url"].startswith("weixin://wxpay/bizpayurl?pr=")
    assert (push["view"]["amount"], push["view"]["description"]) == (2850, "茶 tea")
    assert push["unpaid"][1]["trade_state"] == "NOTPAY"
    assert push["notified"]["event_type"] == "TRANSACTION.SUCCESS"
    assert push["notified"]["resource"]["trade_state"] == "SUCCESS"
    assert push["notified"]["resource"]["amount"]["total"] == 2850
    assert push["forged"] is None
    assert push["paid"] == [200, push["notified"]["resource"]]
    assert (push["refunded"][0], push["refunded"][1]["status"]) == (200, "PROCESSING")
    assert push["refund_notified"]["resource"]["refund_status"] == "SUCCESS"
    assert push["refund"][1]["status"] == "SUCCESS"

    assert told["close"]["closed"] == [204, None]
    assert told["close"]["after"][1]["trade_state"] == "CLOSED"

    assert told["pull"]["paid"][1]["trade_state"] == "SUCCESS"
    assert told["pull"]["reversed"][0] == 200
    assert told["pull"]["after"][1]["trade_state"] == "REVOKED"

    rotation = told["rotation"]
    assert (rotation["before"], rotation["after"]) == (200, 200)
    assert rotation["serial"] in rotation["known"]

    bills = told["bills"]
    for name, summary in (
        ("trade", "`4,`40.50,`20.50,`0.00,`0.12000,`40.50,`20.50"),
        ("funds", "`8,`4,`40.62,`4,`20.74"),
    ):
        assert (bills[name]["status"], bills[name]["same"]) == ([200, 200], True)
        assert bills[name]["text"].splitlines()[-1] == summary
    assert (bills["none"][0], bills["none"][1]["code"]) == (400, "NO_STATEMENT_EXIST")

    assert captures == {"wechatpay-1": [2850], "wechatpay-2": [1200], "STRANGER-1": [2850], "STRANGER-3": [1200]}
    assert returned == {"wechatpay-1": 850, "wechatpay-2": 1200, "STRANGER-1": 850, "STRANGER-3": 1200}
