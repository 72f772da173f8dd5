"""A stranger's package for Alipay, code unmodified, completes its sales against the sandbox."""

import json
from pathlib import Path

import pytest

from tests.flows.old_trades import DAY, old_trades
from tests.flows.sandbox_rig import running_sandbox
from tests.strangers.environments import ROOT, python_of, run


@pytest.mark.row(143)
async def test_python_alipay_sdk_from_pypi_orders_pays_refunds_cancels_and_verifies(tmp_path: Path) -> None:
    python = await python_of("python-alipay-sdk")
    async with running_sandbox(tmp_path / "state") as sandbox:
        old_trades(sandbox, "alipay")
        asked = {
            "credentials": str(sandbox.credentials),
            "admin_token": sandbox.admin_token,
            "day": DAY.isoformat(),
        }
        client = ROOT / "tests" / "strangers" / "alipay_client.py"
        told = json.loads(await run(str(python), "-E", "-s", str(client), json.dumps(asked)))
        held = sandbox.bank.keys.alipay
        assert held is not None
        [app_sn], alipay_sn = held.apps.values(), held.sn
        captures, returned = sandbox.bank.captures(), sandbox.bank.returned()

    push = told["push"]
    assert push["made"]["qr_code"].startswith("https://qr.alipay.com/")
    assert "ACQ.TRADE_NOT_EXIST" in push["unseen"]
    assert (push["view"]["amount"], push["view"]["description"]) == (2850, "茶 tea")
    assert push["unpaid"]["trade_status"] == "WAIT_BUYER_PAY"
    assert (push["notified"]["trade_status"], push["notified"]["total_amount"]) == ("TRADE_SUCCESS", "28.50")
    assert (push["believed"], push["forged"], push["refund_believed"]) == (True, False, True)
    assert push["paid"]["trade_status"] == "TRADE_SUCCESS"
    assert push["paid"]["trade_no"] == push["notified"]["trade_no"]
    assert (push["refunded"]["fund_change"], push["refunded"]["refund_fee"]) == ("Y", "8.50")
    assert push["refund_notified"]["out_biz_no"] == "STRANGER-R1"
    assert (push["refund"]["refund_status"], push["refund"]["refund_amount"]) == ("REFUND_SUCCESS", "8.50")

    pull = told["pull"]
    assert (pull["paid"]["code"], pull["paid"]["total_amount"]) == ("10000", "12.00")
    assert pull["cancelled"]["action"] == "refund"
    assert pull["after"]["trade_status"] == "TRADE_CLOSED"

    bills = told["bills"]
    assert bills["trade"]["names"][0].endswith("_业务明细.csv")
    assert "#交易合计：2笔，商家实收共40.50元" in bills["trade"]["text"]
    assert bills["signcustomer"]["names"][0].endswith("_账务明细.csv")
    assert "#收入合计：4笔，共40.62元" in bills["signcustomer"]["text"]
    assert bills["none"] == "isp.bill_not_exist"

    certified = told["certified"]
    assert (certified["paid"]["trade_status"], certified["paid"]["total_amount"]) == ("TRADE_SUCCESS", "7.00")
    assert certified["believed"], "signed with the certificate's key in certificate mode"
    assert certified["names"] == [app_sn, alipay_sn, alipay_sn], "it reckons the same names"
    assert certified["same"], "the download brings what the merchant has"
    assert "isv.invalid-signature" in certified["other_root"]

    del captures["STRANGER-3"]
    assert captures == {"alipay-1": [2850], "alipay-2": [1200], "STRANGER-1": [2850], "STRANGER-2": [1200]}
    assert returned == {"alipay-1": 850, "alipay-2": 1200, "STRANGER-1": 850, "STRANGER-2": 1200}
