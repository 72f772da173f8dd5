"""A thousand open sales at one provider: its rate is never exceeded, and no query is dropped (B2)."""

import asyncio

import msgspec
import pytest

from terminal.banks.open_wechatpay import open_wechatpay
from terminal.banks.signing import MacSigner
from terminal.counter.ports import HttpReply, HttpRequest
from terminal.payments.notice import Told
from terminal.virtual_time import VirtualClock, run
from tests.unit.banks.rigs import CountingEntropy, order, platform_keys, profile, settings
from tests.unit.banks.wechat_peer import WeChatPeer

RATE = 50.0
SALES = 1000
BURST = 5


class Counted:
    """A bank that answers every query with the same signed yes, and knows when each came."""

    def __init__(self, reply: HttpReply) -> None:
        self.reply, self.at_s = reply, list[float]()

    async def send(self, _request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        assert connect_s > 0 < answer_s
        self.at_s.append(asyncio.get_running_loop().time())
        return self.reply


@pytest.mark.row(26)
def test_b2_a_thousand_open_sales_never_exceed_the_provider_s_rate() -> None:
    async def scenario() -> list[float]:
        clock = VirtualClock()
        peer = WeChatPeer(now_s=clock.wall_ms() // 1000)
        bank = Counted(peer.says("unpaid", order()))
        channel = open_wechatpay(
            settings(),
            clock=clock,
            entropy=CountingEntropy(),
            test=True,
            profile=msgspec.structs.replace(profile(), queries_per_s=RATE),
            http=bank,
            signer=MacSigner(b"k" * 32, "1A"),
            keys=platform_keys(),
        )
        answers = await asyncio.gather(*(channel.query(order().order_no) for _ in range(SALES)))
        assert all(isinstance(each, Told) for each in answers), "slowed, none dropped"
        return bank.at_s

    at_s = run(scenario(), seed=1)
    assert len(at_s) == SALES
    worst = max(sum(1 for each in at_s if begun <= each < begun + 1.0) for begun in at_s[::10])
    assert worst <= RATE + BURST
    assert at_s[-1] - at_s[0] <= SALES / RATE + 1.0, "and no slower than need be"
