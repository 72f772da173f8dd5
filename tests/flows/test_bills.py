"""Bills from a real sandbox over real HTTP: fetched, compared, read; and every fault of theirs seen."""

import json
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from terminal.banks.channel import Channel
from terminal.banks.open_alipay import AlipaySettings, open_alipay
from terminal.banks.open_wechatpay import WeChatPaySettings, open_wechatpay
from terminal.bills.readers import guess_format, open_bill
from terminal.payments.bill import (
    BillEnd,
    BillKind,
    BillLine,
    BillRefused,
    FetchedBill,
    LineKind,
    LineState,
    NoBill,
)
from terminal.sandbox.keys_folder import KeysFolder
from terminal.sandbox.server import Sandbox
from terminal.system import SystemClock, SystemEntropy
from tests.flows.old_trades import DAY, old_trades
from tests.flows.sandbox_rig import running_sandbox


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh sandbox's keys, made once: half a second each time."""
    state = tmp_path_factory.mktemp("bills") / "state"
    KeysFolder(state, SystemEntropy()).open(SystemClock().wall_ms(), ["TEST Shop"])
    return state


@pytest.fixture
async def sandbox(tmp_path: Path, keys: Path) -> AsyncIterator[Sandbox]:
    """Books of two days ago at both wallets: a sale, part of it given back, and one that was reversed."""
    shutil.copytree(keys, tmp_path / "state")
    async with running_sandbox(tmp_path / "state") as running:
        for wallet in WALLETS:
            old_trades(running, wallet)
        yield running


def wechatpay(sandbox: Sandbox) -> Channel:
    folder = sandbox.credentials
    told = json.loads((folder / "credentials.json").read_text())
    settings = WeChatPaySettings(
        told["mchid"],
        told["appid"],
        told["merchant_serial"],
        told["apiv3_key"],
        merchant_key_file=folder / told["merchant_private_key_file"],
        platform_key_id=told["platform_public_key_id"],
        platform_key_file=folder / told["platform_public_key_file"],
        gateway=told["gateway"],
    )
    return open_wechatpay(settings, clock=SystemClock(), entropy=SystemEntropy(), test=True)


def alipay(sandbox: Sandbox) -> Channel:
    folder = sandbox.credentials
    told = json.loads((folder / "credentials.json").read_text())
    settings = AlipaySettings(
        told["alipay_app_id"],
        told["alipay_seller_id"],
        folder / told["merchant_private_key_file"],
        folder / told["platform_public_key_file"],
        gateway=told["alipay_gateway"],
    )
    return open_alipay(settings, clock=SystemClock(), entropy=SystemEntropy(), test=True)


WALLETS: dict[str, Callable[[Sandbox], Channel]] = {"wechatpay": wechatpay, "alipay": alipay}


async def fetched(
    sandbox: Sandbox, wallet: str, kind: BillKind, folder: Path, day: date = DAY
) -> FetchedBill | NoBill:
    channel = WALLETS[wallet](sandbox)
    try:
        return await channel.fetch_bill(day, kind, folder)
    finally:
        await channel.aclose()


def files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if file.is_file()]


def lines_of(bill: FetchedBill | NoBill) -> list[BillLine]:
    assert isinstance(bill, FetchedBill), bill
    assert guess_format(bill.path) == bill.format
    *lines, end = open_bill(bill.path, bill.format)
    assert isinstance(end, BillEnd)
    assert (end.first_day, end.last_day, end.lines) == (DAY, DAY, len(lines))
    return [line for line in lines if isinstance(line, BillLine)]


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.parametrize("wallet", WALLETS)
async def test_yesterday_s_bill_is_fetched_and_read(sandbox: Sandbox, wallet: str, tmp_path: Path) -> None:
    lines = lines_of(await fetched(sandbox, wallet, "trade", tmp_path))
    gone = LineState.REVOKED if wallet == "wechatpay" else LineState.DONE
    assert [(line.order_no[-1], line.kind, line.state, line.gross_minor, line.fee_milli) for line in lines] == [
        ("1", LineKind.PAYMENT, LineState.DONE, 2850, 17_000),
        ("2", LineKind.PAYMENT, LineState.DONE, 1200, 7_000),
        ("2", LineKind.REFUND, gone, 1200, -7_000),
        ("1", LineKind.REFUND, LineState.DONE, 850, -5_000),
    ]
    assert lines[3].refund_no == f"R-{wallet}"
    assert all(line.provider_txn for line in lines)


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.parametrize("wallet", WALLETS)
async def test_what_moved_on_the_balance_adds_up_with_the_trades(
    sandbox: Sandbox, wallet: str, tmp_path: Path
) -> None:
    trade = lines_of(await fetched(sandbox, wallet, "trade", tmp_path))
    funds = lines_of(await fetched(sandbox, wallet, "funds", tmp_path))
    for kind in (LineKind.PAYMENT, LineKind.REFUND):
        moved = sum(line.gross_minor for line in funds if line.kind is kind)
        assert moved == sum(line.settle_minor for line in trade if line.kind is kind)
    assert sum(line.fee_milli for line in funds) == sum(line.fee_milli for line in trade)


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.parametrize("wallet", WALLETS)
async def test_days_without_trade_days_too_new_and_days_too_old(
    sandbox: Sandbox, wallet: str, tmp_path: Path
) -> None:
    assert await fetched(sandbox, wallet, "trade", tmp_path, DAY - timedelta(days=5)) == NoBill("empty")
    assert await fetched(sandbox, wallet, "trade", tmp_path, DAY + timedelta(days=3)) == NoBill("not_ready")
    if wallet == "wechatpay":
        old = await fetched(sandbox, wallet, "trade", tmp_path, DAY - timedelta(days=100))
        assert old == NoBill("not_offered", "too_old")


NO_FILE = {
    "bill-not-ready": {"wechatpay": NoBill("not_ready"), "alipay": NoBill("unclear", "20000 isp.unknow-error")},
    "bill-hash-wrong": {"wechatpay": NoBill("unclear", "hash_wrong"), "alipay": NoBill("unclear", "zip_unusable")},
    "bill-download-expired": dict.fromkeys(WALLETS, NoBill("unclear", "download_http_400")),
    "bad-signature": dict.fromkeys(WALLETS, NoBill("unclear", "signature_wrong")),
}


@pytest.mark.parametrize("wallet", WALLETS)
async def test_b5_b12_a_bill_that_cannot_be_had_is_said_so_and_comes_the_next_time(
    sandbox: Sandbox, wallet: str, tmp_path: Path
) -> None:
    for slug, said in NO_FILE.items():
        sandbox.bank.set_fault(slug, SystemClock().wall_ms())
        assert await fetched(sandbox, wallet, "trade", tmp_path) == said[wallet], slug
        assert files(tmp_path) == []
    assert len(lines_of(await fetched(sandbox, wallet, "trade", tmp_path))) == 4


@pytest.mark.parametrize("wallet", WALLETS)
async def test_b12_half_a_bill_with_the_right_hash_is_refused_by_its_reader(
    sandbox: Sandbox, wallet: str, tmp_path: Path
) -> None:
    sandbox.bank.set_fault("bill-truncated", SystemClock().wall_ms())
    bill = await fetched(sandbox, wallet, "trade", tmp_path)
    with pytest.raises(BillRefused, match="bill_cut_short"):
        lines_of(bill)


PLANTED = {
    "bill-row-missing": ("gone", 3),
    "bill-row-extra": ("stranger", 5),
    "bill-status-differs": ("back", 5),
    "bill-duplicate-row": ("twice", 5),
    "bill-fee-wrong": ("fee", 4),
}


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.parametrize("wallet", WALLETS)
async def test_i13_b12_a_planted_difference_arrives_in_a_bill_whose_sums_hold(
    sandbox: Sandbox, wallet: str, tmp_path: Path
) -> None:
    for slug, (what, count) in PLANTED.items():
        sandbox.bank.set_fault(slug, SystemClock().wall_ms())
        lines = lines_of(await fetched(sandbox, wallet, "trade", tmp_path))
        first = [line for line in lines if line.order_no == f"{wallet}-1"]
        paid = [line for line in first if line.kind is LineKind.PAYMENT]
        seen = {
            "gone": not paid,
            "stranger": any(line.order_no.startswith("STRANGE") for line in lines),
            "back": sum(line.gross_minor for line in first if line.kind is LineKind.REFUND) == 2850 + 850,
            "twice": len(paid) == 2 and paid[0].provider_txn == paid[1].provider_txn,
            "fee": bool(paid) and paid[0].fee_milli == 39_000,
        }
        assert [name for name, holds in seen.items() if holds] == [what], slug
        assert len(lines) == count
