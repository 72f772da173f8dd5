"""Certificates that end: told 30, 7 and 1 days before and when it is too late, until somebody saw it (row 36)."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from terminal.banks.channel import Channel
from terminal.counter.expiring import DAY_MS, EndingKey, Expiries
from terminal.counter.ports import Expiry, Provider
from terminal.payments.event import Actor
from tests.flows.api_rig import open_shop
from tests.flows.shop import CASHIER, Shop, refused, story

OWNER = Actor("person", "01OWNER")


class Ends(list[Expiry]):
    """What the channels of one story say of their keys; the story changes it."""


ENDS = Ends()


class WithEnds:
    """The real channel, whose files are the story's."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def expiries(self) -> Sequence[Expiry]:
        return tuple(ENDS)

    def __getattr__(self, name: str) -> object:
        return getattr(self._channel, name)


def with_ends(channel: Channel) -> Provider:
    return WithEnds(channel)  # type: ignore[return-value]  # everything else is the channel's by __getattr__


def told(shop: Shop) -> list[tuple[str, int]]:
    return [(each.name, each.days) for each in shop.service.expiries.waiting()]


def watched(shop: Shop) -> Expiries:
    return shop.service.expiries


@pytest.mark.row(36)
@story(provider=with_ends)
async def test_s17_the_end_is_told_at_30_7_and_1_days_and_when_it_is_past(shop: Shop) -> None:
    now_ms = shop.world.clock.wall_ms()
    ENDS[:] = [Expiry("merchant_certificate", "own.crt", now_ms + 40 * DAY_MS)]
    steps: list[int] = []
    for _ in range(42 * 2):
        await shop.wait(43_200)
        for each in watched(shop).waiting():
            steps.append(each.days)
            await watched(shop).close(each.id, actor=OWNER)
    assert steps == [30, 7, 1, 0], "each once, and none before its day"
    assert [each.body["days"] for each in shop.events("key_expiring")] == [30, 7, 1, 0]
    sale = await shop.open()
    assert sale.state == "open", "an alert refuses nobody"


@pytest.mark.row(36)
@story(provider=with_ends)
async def test_a_new_file_ends_the_alert_by_itself_and_a_restart_forgets_nothing(shop: Shop) -> None:
    now_ms = shop.world.clock.wall_ms()
    ENDS[:] = [
        Expiry("merchant_certificate", "own.crt", now_ms + 5 * DAY_MS),
        Expiry("authority", "ca.pem", now_ms + 400 * DAY_MS),
    ]
    await shop.wait(3700)
    assert told(shop) == [("own.crt", 7)]
    await shop.restart()
    await shop.wait(5)
    assert told(shop) == [("own.crt", 7)]
    assert len(shop.events("key_expiring")) == 1, "told once, however often it is looked at"
    ENDS.clear()
    await shop.wait(3700)
    assert told(shop) == [("own.crt", 7)], "not known now is not renewed"
    ENDS[:] = [Expiry("merchant_certificate", "own.crt", now_ms + 400 * DAY_MS)]
    await shop.wait(3700)
    assert told(shop) == []
    assert shop.events("key_alert_ended")[0].body["how"] == "renewed"


@pytest.mark.row(36)
@story(provider=with_ends)
async def test_another_serial_of_the_same_kind_ends_it_and_seen_is_seen_once(shop: Shop) -> None:
    now_ms = shop.world.clock.wall_ms()
    ENDS[:] = [Expiry("provider_certificate", "AA01", now_ms + DAY_MS // 2)]
    await shop.wait(3700)
    [waits] = watched(shop).waiting()
    assert waits == EndingKey(
        "expiry:wechatpay:provider_certificate:AA01", "wechatpay", "provider_certificate", "AA01",
        now_ms + DAY_MS // 2, 1,
    )  # fmt: skip
    ENDS[:] = [Expiry("provider_certificate", "BB02", now_ms + 900 * DAY_MS)]
    await shop.wait(3700)
    assert told(shop) == []
    assert (await refused(watched(shop).close(waits.id, actor=CASHIER))).slug == "exception_unknown"


@pytest.mark.row(36)
async def test_i23_the_till_shows_it_and_an_owner_has_seen_it(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till, owner = await shop.till(), await shop.owner()
        assert (await till.get("/inbox")).body["keys"] == []
        shop.service.parts.providers["wechatpay"] = WithEnds(shop.service.parts.providers["wechatpay"])  # type: ignore[index,arg-type]  # a channel whose files end soon
        ENDS[:] = [Expiry("authority", "ca.pem", shop.clock.wall_ms() + 2 * DAY_MS)]
        before = (await till.get("/counters/1")).body["orphans"]
        await shop.service.expiries.look()
        assert (await till.get("/counters/1")).body["orphans"] != before, "pages that are open read it now"
        [row] = (await till.get("/inbox")).body["keys"]
        assert (row["channel"], row["kind"], row["name"], row["days"]) == ("wechatpay", "authority", "ca.pem", 7)
        path = f"/inbox/keys/{row['id']}"
        assert (await till.post(path, {"how": "seen"})).status == 401
        assert (await (await shop.machine()).post(path, {"how": "seen"})).slug == "not_allowed"
        assert (await owner.post(path, {"how": "seen"})).body == {"done": True}
        assert (await till.get("/inbox")).body["keys"] == []
        assert (await (await shop.machine(counters=("1",))).get("/inbox")).body["keys"] == []
