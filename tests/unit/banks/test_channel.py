"""The channel: what is verified when, time learnt, keys rotated, queries paced, new sales held back."""

import asyncio
import logging
from dataclasses import replace
from email.utils import formatdate

import msgspec
import pytest

from terminal.conformance.kit import ScriptedHttp
from terminal.counter.ports import HttpReply, HttpRequest, NoAnswer, NothingSent
from terminal.errors import NotEvidence
from terminal.payments.money import Money
from terminal.payments.notice import CodeReady, NotSent, Refusal, Refused, Told, Unclear
from terminal.virtual_time import VirtualClock, run
from tests.unit.banks.rigs import CODE, ORDER_NO, Bench, order, platform_keys, profile, refund
from tests.unit.banks.wechat_peer import APIV3_KEY, NOW_S, WeChatPeer, certificate


async def test_clock_wrong_by_an_hour_is_learnt_corrected_and_named() -> None:
    bench = Bench()
    bench.clock.now_s = NOW_S - 3600
    channel = bench.channel()
    assert channel.trouble() == "", "nobody told us yet"
    refused = replace(bench.peer.answer(401, {"code": "SIGN_ERROR", "message": ""}))
    bench.http.steps += [bench.peer.unsigned(refused), bench.peer.says("paid", order())]
    assert await channel.query(ORDER_NO) == Unclear("signature_missing")
    assert not bench.peer.accepts(bench.http.requests[0]), "the first stamp was an hour old"
    assert isinstance(await channel.query(ORDER_NO), Told)
    assert bench.peer.accepts(bench.http.requests[1]), "old payments are resolved with the corrected time"
    assert channel.clock_offset_s == 3600
    assert channel.trouble() == "clock_off"
    assert await channel.take_notification(*notified(bench.peer)), "fresh by the provider's time"
    bench.clock.now_s = NOW_S
    assert channel.trouble() == ""


async def test_a_wrong_signature_teaches_no_time() -> None:
    bench = Bench()
    channel = bench.channel()
    later = WeChatPeer(now_s=NOW_S + 7200)
    bench.http.steps.append(later.forged(later.says("paid", order())))
    assert await channel.query(ORDER_NO) == Unclear("signature_wrong")
    assert channel.clock_offset_s == 0


def notified(peer: WeChatPeer) -> tuple[dict[str, str], bytes]:
    message = peer.notifies(order())
    return dict(message.headers), message.body


@pytest.mark.parametrize("late_s", [301, -301])  # of a clock that is ahead, or stamped for later use
async def test_s11_a_stale_notification_names_the_order_to_be_asked_for(late_s: int) -> None:
    bench = Bench()
    old = bench.peer.aged(bench.peer.notifies(order()), late_s)
    with pytest.raises(NotEvidence) as caught:
        await bench.channel().take_notification(old.headers, old.body)
    assert caught.value.slug == "message_stale"
    assert caught.value.facts == {"order_no": ORDER_NO, "late_s": late_s}


async def test_b5_what_proves_nothing_is_counted_apart() -> None:
    bench = Bench()
    channel = bench.channel()
    genuine = bench.peer.notifies(order())
    for message in (bench.peer.probe(genuine), bench.peer.probe(genuine), bench.peer.forged(genuine)):
        with pytest.raises(NotEvidence):
            await channel.take_notification(message.headers, message.body)
    assert channel.rejected == {"signature_probe": 2, "signature_wrong": 1}


# --- keys ---


def certified() -> Bench:
    """A shop in certificate mode that holds no key yet; the platform signs with its certificate's key."""
    return Bench(peer=WeChatPeer(key="platform", key_id=serial("platform")))


def serial(key: str) -> str:
    return f"{certificate(key).serial_number:X}"


def targets(requests: list[HttpRequest]) -> list[str]:
    return [request.target.partition("?")[0].rpartition("/")[2] for request in requests]


async def test_b8_the_first_answer_brings_the_certificates_once() -> None:
    bench = certified()
    channel = bench.channel(keys={}, platform_key_id="")
    paid = bench.peer.says("paid", order())
    bench.http.steps += [paid, bench.peer.certificates(certificate("platform")), paid]
    assert isinstance(await channel.query(ORDER_NO), Told)
    assert isinstance(await channel.query(ORDER_NO), Told)
    assert targets(bench.http.requests) == [ORDER_NO, "certificates", ORDER_NO]
    assert all(bench.peer.accepts(request) for request in bench.http.requests)


async def test_b8_rotation_old_and_new_certificate_and_the_public_key_are_valid_together() -> None:
    bench = certified()
    following = WeChatPeer(key="next", key_id=serial("next"))
    channel = bench.channel(keys=platform_keys())
    both = bench.peer.certificates(certificate("platform"), certificate("next"))
    bench.http.steps += [bench.peer.says("paid", order()), both]
    assert isinstance(await channel.query(ORDER_NO), Told)
    for peer in (following, bench.peer, WeChatPeer()):
        assert await channel.take_notification(*notified(peer))
    assert len(bench.http.requests) == 2


async def test_b8_a_certificate_left_out_of_the_next_list_is_revoked() -> None:
    bench = certified()
    channel = bench.channel(keys={}, platform_key_id="")
    following = WeChatPeer(key="next", key_id=serial("next"))
    bench.http.steps.append(bench.peer.certificates(certificate("platform")))
    await channel.take_notification(*notified(bench.peer))
    bench.http.steps.append(following.certificates(certificate("next")))
    loop = asyncio.get_running_loop()
    assert await channel._ring.refresh("", loop.time() + 61)
    assert await channel.take_notification(*notified(following))
    with pytest.raises(NotEvidence) as caught:
        await channel.take_notification(*notified(bench.peer))
    assert caught.value.slug == "key_unknown"


async def test_b8_an_unknown_serial_asks_exactly_once_then_refuses() -> None:
    bench = certified()
    channel = bench.channel(keys={}, platform_key_id="")
    stranger = WeChatPeer(key="stranger", key_id="ABCDEF")
    bench.http.steps.append(bench.peer.certificates(certificate("platform")))
    for _ in range(5):
        with pytest.raises(NotEvidence) as caught:
            await channel.take_notification(*notified(stranger))
        assert caught.value.slug == "key_unknown"
    assert targets(bench.http.requests) == ["certificates"], "a stranger does not set our pace"
    assert await channel.take_notification(*notified(bench.peer)), "what came is kept"


class UnhurriedHttp(ScriptedHttp):
    """Lets everybody else run before it answers."""

    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        reply = await super().send(request, connect_s=connect_s, answer_s=answer_s)
        await asyncio.sleep(0)
        return reply


async def test_b8_many_messages_wait_for_one_fetch() -> None:
    bench = certified()
    bench.http = UnhurriedHttp()
    channel = bench.channel(keys={}, platform_key_id="")
    bench.http.steps.append(bench.peer.certificates(certificate("platform")))
    notices = await asyncio.gather(*(channel.take_notification(*notified(bench.peer)) for _ in range(20)))
    assert len({notice.evidence_id for notice in notices}) == 20
    assert len(bench.http.requests) == 1


async def test_b8_an_unknown_public_key_id_cannot_be_fetched() -> None:
    bench = Bench(peer=WeChatPeer(key_id="PUB_KEY_ID_0119999"))
    with pytest.raises(NotEvidence) as caught:
        await bench.channel().take_notification(*notified(bench.peer))
    assert caught.value.slug == "key_unknown"
    assert not bench.http.requests


def forged_lists() -> list[HttpReply]:
    """Key lists that must not be believed."""
    stranger = WeChatPeer(key="stranger", key_id=serial("stranger"))
    platform = WeChatPeer(key="platform", key_id=serial("platform"))
    genuine = platform.certificates(certificate("platform"))
    expired = certificate("platform", from_s=NOW_S - 200, until_s=NOW_S - 100)
    return [
        stranger.certificates(certificate("stranger"), secret="f" * 32),  # sealed with another secret
        stranger.signed(200, genuine.body),  # genuine content, signed by who is not in it
        platform.forged(genuine),
        platform.unsigned(genuine),
        platform.probe(genuine),
        platform.aged(genuine, 301),
        platform.answer(200, {"data": []}),
        platform.answer(200, {"data": ["x"]}),
        platform.answer(200, {}),
        replace(genuine, status=500),
        HttpReply(404, {}, b""),
        platform.certificates(expired),  # a list, but no key that is good now
    ]


@pytest.mark.parametrize("forged", range(12))
async def test_b8_a_forged_or_broken_key_list_brings_no_key(forged: int) -> None:
    bench = certified()
    channel = bench.channel(keys={}, platform_key_id="")
    bench.http.steps.append(forged_lists()[forged])
    for name in ("platform", "stranger"):
        with pytest.raises(NotEvidence) as caught:
            await channel.take_notification(*notified(WeChatPeer(key=name, key_id=serial(name))))
        assert caught.value.slug == "key_unknown"
    assert len(bench.http.requests) == 1


@pytest.mark.parametrize("failure", [NothingSent("x"), NoAnswer("x")])
async def test_b8_the_key_list_endpoint_is_down(failure: Exception) -> None:
    bench = certified()
    channel = bench.channel(keys={}, platform_key_id="")
    assert isinstance(failure, NothingSent | NoAnswer)
    bench.http.steps += [bench.peer.says("paid", order()), failure]
    assert await channel.query(ORDER_NO) == Unclear("key_unknown")


async def test_a_known_key_vouches_for_the_next_list() -> None:
    """The list is signed with the old key and brings the new one."""
    bench = Bench()
    following = WeChatPeer(key="next", key_id=serial("next"))
    channel = bench.channel()
    bench.http.steps.append(bench.peer.certificates(certificate("next")))
    assert await channel.take_notification(*notified(following))
    broken = Bench()
    broken.http.steps.append(broken.peer.forged(broken.peer.certificates(certificate("next"))))
    with pytest.raises(NotEvidence):
        await broken.channel().take_notification(*notified(following))


def test_keys_are_renewed_every_twelve_hours_and_sooner_after_a_failure() -> None:
    bench = certified()
    asked: list[float] = []

    class Link:
        async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
            asked.append(asyncio.get_running_loop().time())
            if len(asked) == 1:
                raise NothingSent("down")
            return bench.peer.certificates(certificate("platform"))

    async def scenario() -> None:
        bench.http.send = Link().send  # type: ignore[method-assign]  # a link with a memory of times
        async with asyncio.timeout(86_400):
            await bench.channel(keys={}, platform_key_id="").keep_keys()

    with pytest.raises(TimeoutError):
        run(scenario(), seed=1)
    assert [round(at) for at in asked] == [0, 600, 43_800]


# --- pace and breaker ---


def test_b2_after_a_429_queries_wait_and_none_is_dropped() -> None:
    async def scenario() -> list[float]:
        clock = VirtualClock()
        bench = Bench(peer=WeChatPeer(now_s=clock.wall_ms() // 1000))
        bench.clock.now_s = clock.wall_ms() / 1000
        channel = bench.channel(with_profile=msgspec.structs.replace(profile(), queries_per_s=10.0))
        limited = bench.peer.says("rate_limited", order())
        bench.http.steps.append(replace(limited, headers={**limited.headers, "retry-after": "7"}))
        loop = asyncio.get_running_loop()
        assert await channel.query(ORDER_NO) == Unclear("rate_limited", 7.0)
        bench.http.steps += [bench.peer.says("unpaid", order())] * 12
        done: list[float] = []

        async def ask() -> None:
            assert isinstance(await channel.query(ORDER_NO), Told)
            done.append(loop.time())

        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(ask())
        started = loop.time()
        bench.http.steps.append(bench.peer.says("close_done", order()))
        await channel.close(ORDER_NO)
        assert loop.time() == started, "only queries wait"
        return done

    done = run(scenario(), seed=3)
    assert len(done) == 10
    assert done[0] == pytest.approx(7.0)
    assert done[-1] == pytest.approx(7.0 + 9 * 0.2)


async def test_b13_a_dead_provider_stops_new_sales_only() -> None:
    bench = Bench()
    channel = bench.channel()
    bench.http.steps += [NoAnswer("slow"), HttpReply(503, {}, b""), NothingSent("dns"), NoAnswer("reset")]
    for _ in range(4):
        await channel.query(ORDER_NO)
    assert channel.trouble() == ""
    bench.http.steps.append(HttpReply(502, {}, b"<html>"))
    await channel.query(ORDER_NO)
    assert channel.trouble() == "provider_down"
    bench.http.steps += [bench.peer.says("reverse_done", order())]
    assert str(await channel.reverse(ORDER_NO)) == "Accepted()", "old ones are resolved regardless"
    assert channel.trouble() == "", "one good answer opens it again"


async def test_refusals_are_the_work_of_a_living_provider() -> None:
    bench = Bench()
    channel = bench.channel()
    for _ in range(10):
        bench.http.steps.append(bench.peer.says("code_expired", order()))
        assert isinstance(await channel.pay(order(), CODE), Refused)
    assert channel.trouble() == ""


# --- what never leaves ---


@pytest.mark.parametrize(
    "code", ["", "99" + "0" * 16, CODE + "0", CODE[:-1], " " + CODE[1:], CODE + "\n", "１３" + CODE[2:], "13abc"]
)
async def test_what_is_no_code_of_this_wallet_is_not_sent(code: str) -> None:
    bench = Bench()
    assert await bench.channel().pay(order(), code) == Refused(Refusal.CODE_INVALID)
    assert not bench.http.requests


async def test_another_currency_or_direction_is_not_sent() -> None:
    bench = Bench()
    channel = bench.channel()
    dollars = replace(order(), amount=Money(100, "USD"))
    assert await channel.order(dollars) == Refused(Refusal.BAD_REQUEST)
    assert await channel.pay(dollars, CODE) == Refused(Refusal.BAD_REQUEST)
    neither = bench.channel(with_profile=msgspec.structs.replace(profile(), push=False, pull=False))
    assert await neither.order(order()) == Refused(Refusal.BAD_REQUEST)
    assert await neither.pay(order(), CODE) == Refused(Refusal.BAD_REQUEST)
    assert not bench.http.requests


async def test_every_request_has_a_nonce_of_its_own() -> None:
    bench = Bench()
    channel = bench.channel()
    bench.http.steps += [bench.peer.says("unpaid", order())] * 3
    for _ in range(3):
        await channel.query(ORDER_NO)
    assert len({dict(request.headers)["Authorization"] for request in bench.http.requests}) == 3


async def test_i19_neither_logs_nor_answers_carry_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bench = Bench()
    channel = bench.channel()
    genuine = bench.peer.says("paid", order())
    answers = []
    for step in (
        genuine,
        bench.peer.forged(genuine),
        bench.peer.signed(200, CODE.encode()),
        NoAnswer("x"),
        NothingSent("x"),
        HttpReply(500, {}, CODE.encode()),
    ):
        bench.http.steps.append(step)
        answers.append(await channel.pay(order(), CODE))
    told = caplog.text + repr(answers) + repr(channel)
    for secret in (CODE, APIV3_KEY, dict(bench.http.requests[0].headers)["Authorization"]):
        assert secret not in told
    assert "signature_wrong" in caplog.text


async def test_nothing_sent_says_so() -> None:
    bench = Bench(http=ScriptedHttp())
    assert await bench.channel().refund(refund()) == NotSent("the script is over")
    bench.http.steps.append(bench.peer.says("made", order()))
    assert isinstance(await bench.channel().order(order()), CodeReady)


def test_dates_in_these_tests_are_those_of_the_clock() -> None:
    assert WeChatPeer().signed(200, b"").headers["date"] == formatdate(NOW_S, usegmt=True)
