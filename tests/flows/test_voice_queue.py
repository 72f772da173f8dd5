"""More to say than there is time for: in order, each once, five wait at most, nothing that is no news any more."""

import pytest

from terminal.counter.ports import Played
from terminal.payments.sale import SaleState
from tests.flows.shop import Shop, story


async def paid_at_once(shop: Shop, *amounts: int) -> None:
    for minor in amounts:
        sale = await shop.open(minor, push=False)
        await shop.scan(shop.customer_code())
        await shop.until(lambda sale=sale: shop.sale(sale).state is SaleState.PAID, 1)  # type: ignore[misc]  # its own


def ends(shop: Shop) -> list[str]:
    return [str(each.body["outcome"]) for each in shop.events("effect_done") if each.body["kind"] == "voice"]


@pytest.mark.row(52)
@story()
async def test_v2_five_wait_the_oldest_are_dropped_to_the_screen_and_amounts_are_not_merged(shop: Shop) -> None:
    shop.counter.speaker.takes_s = 8.0
    await paid_at_once(shop, 1)
    await shop.wait(0.1)
    shop.counter.speaker.takes_s = 0.2
    await paid_at_once(shop, *range(2, 11))
    await shop.wait(30)
    assert [minor for _, minor in shop.counter.speaker.words] == [1, 6, 7, 8, 9, 10]
    assert sorted(ends(shop)) == ["dropped"] * 4 + ["taken"] * 6
    assert shop.service.feed.owed() == ()


@pytest.mark.row(52)
@story()
async def test_i11_what_waited_ten_seconds_for_its_turn_is_shown_and_not_spoken(shop: Shop) -> None:
    shop.counter.speaker.takes_s = 12.0
    await paid_at_once(shop, 100, 200)
    await shop.wait(30)
    assert shop.counter.speaker.words == [("paid", 100)]
    assert ends(shop) == ["taken", "stale"]


@pytest.mark.row(52)
@story()
async def test_v1_a_speaker_that_takes_for_ever_holds_up_nobody_for_longer_than_any_phrase(shop: Shop) -> None:
    shop.counter.speaker.takes_s = 10_000.0
    await paid_at_once(shop, 100)
    await shop.wait(21)
    shop.counter.speaker.takes_s = 0.2
    await paid_at_once(shop, 200)
    await shop.wait(1)
    assert shop.counter.speaker.words == [("paid", 100), ("paid", 200)]
    said = {each.body["outcome"] for each in shop.events("voice_ended")}
    assert said == {"cannot_tell", "done"}


@pytest.mark.row(50)
@pytest.mark.parametrize(("played", "warnings"), [(Played.QUIET, 0), (Played.NOT_PLAYED, 1)])
@story()
async def test_pr11_quiet_hours_are_an_end_of_their_own_and_no_trouble(
    shop: Shop, caplog: pytest.LogCaptureFixture, played: Played, warnings: int
) -> None:
    shop.counter.speaker.played = played
    await paid_at_once(shop, 100)
    await shop.wait(2)
    assert [each.body["outcome"] for each in shop.events("voice_ended")] == [played.value]
    assert sum("voice of counter" in each.message for each in caplog.records) == warnings
