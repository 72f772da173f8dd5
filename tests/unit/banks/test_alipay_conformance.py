"""The Alipay connector in the conformance kit, and the kit against one that is wrong."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from terminal.banks.alipay import Alipay
from terminal.banks.channel import Channel
from terminal.banks.conformance import Case, Rig, run_all
from terminal.banks.conformance_cases import ALL_CASES
from terminal.banks.connector import Call, Seal
from terminal.banks.signing import RsaSigner
from terminal.counter.ports import HttpReply
from terminal.payments.notice import Accepted, Answer, NotThere, Refused, Unclear
from tests.unit.banks.alipay_rig import MERCHANT, AlipayBench, alipay_keys, profile
from tests.unit.banks.rigs import CountingEntropy
from tests.unit.banks.wechat_peer import merchant_key


@pytest.mark.row(28, 31, 32)
@pytest.mark.parametrize("one", ALL_CASES, ids=lambda one: one.name)
async def test_alipay_conforms(one: Case) -> None:
    await one.run(AlipayBench().rig())


class SealsAll(Alipay):
    """Verifies the first value it finds and reads the last."""

    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        return super().read(call, reply, verified=True)


class AnyTime(Alipay):
    def notification_seal(self, headers: Mapping[str, str], body: bytes) -> Seal:
        return replace(super().notification_seal(headers, body), at_s=None)


class NoMatter(Alipay):
    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        answer = super().read(call, reply, verified=verified)
        return Accepted() if answer == Unclear("other_order") else answer


class NeverThere(Alipay):
    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        answer = super().read(call, reply, verified=verified)
        return NotThere() if isinstance(answer, Refused) else answer


def wrong_rig(kind: type[Alipay]) -> Rig:
    bench = AlipayBench()
    channel = Channel(
        kind(profile(), MERCHANT),
        signer=RsaSigner(merchant_key(), "1", threaded=False),
        http=bench.http,
        clock=bench.clock,
        entropy=CountingEntropy(),
        keys=alipay_keys(),
    )
    return replace(bench.rig(), channel=channel)


@pytest.mark.parametrize(
    ("kind", "finds"),
    [
        (SealsAll, "B5 a success without"),
        (AnyTime, "S11 an old notification"),
        (NoMatter, "B10"),
        (NeverThere, "3.1 a definite refusal"),
    ],
)
async def test_the_kit_finds_a_wrong_connector(kind: type[Alipay], finds: str) -> None:
    cases = [one for one in ALL_CASES if one.name.startswith((finds, "push: an order"))]
    failed = [bool(one.failure) for one in await run_all(cases, lambda: wrong_rig(kind))]
    assert failed == [not one.name.startswith("push") for one in cases]
