"""Another merchant id in the settings takes no money at once: two people and a day (S36)."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import pytest

from terminal.counter.accounts import DELAY_MS, NOBODY, Accounts, poster_of
from terminal.counter.ports import Ticket
from terminal.counter.settings import House
from terminal.counter.shopwide import Shopwide
from terminal.errors import Conflict, NotFound
from terminal.payments.event import Actor, Ledger, NewEvent

OLD, NEW, OTHER = '{"mchid":"1"}', '{"mchid":"2"}', '{"mchid":"3"}'
ANA, BEN = Actor("person", "A"), Actor("person", "B")
DAY: Final = DELAY_MS


class Shop:
    """What this asks of a shop: its events, its clock, its ledger."""

    def __init__(self, ledger: Ledger = Ledger.LIVE) -> None:
        self.events: Any = []
        self.claims: set[tuple[str, str]] = set()
        self.now_ms = 1_000
        self.house = House("m1", "s1", "Tea", ledger=ledger)
        self.told = 0

    def tell(self) -> None:
        self.told += 1

    def wall_ms(self) -> int:
        return self.now_ms

    async def append(self, events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> None:
        await asyncio.sleep(0)  # the disk works meanwhile
        for kind, key, _ in (x for each in events for x in each.body.get("index", {}).get("claims", [])):
            if (kind, key) in self.claims:
                raise Conflict("key_taken", kind=kind, key=key, value="")
            self.claims.add((kind, key))
        self.events += events

    def of_subject(self, subject: str) -> Sequence[Any]:
        return [each for each in self.events if each.subject == subject]

    def list(self, kind: str, *, limit: int) -> Sequence[Any]:
        rows = [each.body.get("index", {}).get("summary", {}) for each in self.events]
        return [each for each in rows if each.get("kind") == kind][:limit]

    async def start(self, payee: str, **more: str) -> Accounts:
        """The process begins with these settings."""
        shop = Shopwide(self.house, self, self, {}, self.tell)  # type: ignore[arg-type]  # all that is asked of them
        accounts = Accounts(shop)
        await accounts.begin({"wechatpay": payee, **more})
        return accounts

    @property
    def types(self) -> Sequence[str]:
        return [each.type for each in self.events]


async def test_s36_another_account_waits_for_two_people_and_a_day_over_restarts() -> None:
    shop = Shop()
    assert not (await shop.start(OLD)).waits("wechatpay"), "the first one is taken as it is"
    assert not (await shop.start(OLD)).waits("wechatpay")
    accounts = await shop.start(NEW)
    assert accounts.waits("wechatpay")
    before = shop.told
    await asyncio.gather(*(accounts.approve("wechatpay", ANA, "owner") for _ in range(2)))
    assert shop.told > before, "every counter's screens are told"
    await accounts.approve("wechatpay", ANA, "owner")
    assert shop.types.count("account_approved") == 1, "pressed thrice, written once"
    shop.now_ms += DAY
    assert accounts.waits("wechatpay"), "twice by one person is once"
    accounts = await shop.start(NEW)
    assert accounts.waits("wechatpay"), "a restart begins no new day and forgets no yes"
    await accounts.approve("wechatpay", BEN, "onboarding")
    assert not accounts.waits("wechatpay")
    assert not (await shop.start(NEW)).waits("wechatpay")
    assert shop.types == ["account_named", "account_changed", *["account_approved"] * 2]


async def test_s36_two_people_at_once_still_wait_a_day_and_none_of_them_an_owner_is_not_enough() -> None:
    shop = Shop()
    await shop.start(OLD)
    accounts = await shop.start(NEW)
    for who in (ANA, BEN):
        await accounts.approve("wechatpay", who, "onboarding")
    shop.now_ms += DAY
    assert accounts.waits("wechatpay")
    await accounts.approve("wechatpay", Actor("person", "C"), "owner")
    assert not accounts.waits("wechatpay")
    second = Shop()
    await second.start(OLD)
    accounts = await second.start(NEW)
    for who in (ANA, BEN):
        await accounts.approve("wechatpay", who, "owner")
    second.now_ms += DAY - 1
    assert accounts.waits("wechatpay")
    second.now_ms += 1
    assert not accounts.waits("wechatpay")


async def test_s36_the_old_account_written_back_ends_it_and_a_third_one_begins_anew() -> None:
    shop = Shop()
    await shop.start(OLD)
    accounts = await shop.start(NEW)
    await accounts.approve("wechatpay", ANA, "owner")
    assert not (await shop.start(OLD)).waits("wechatpay")
    accounts = await shop.start(OTHER)
    assert accounts.waits("wechatpay")
    assert [(each.before, each.yes) for each in accounts.waiting()] == [(OLD, ())], (
        "a yes to another is none to this"
    )
    with pytest.raises(NotFound, match="account_unchanged"):
        await accounts.approve("alipay", ANA, "owner")


async def test_s36_a_channel_or_static_code_that_is_new_in_a_shop_at_work_waits_like_a_changed_one() -> None:
    shop = Shop()
    assert (await shop.start(OLD, alipay=OTHER)).waiting() == [], "the first start takes all as they are"
    accounts = await shop.start(OLD, wechat2=NEW, **{poster_of("wechatpay"): "000201…"})
    told = {each.channel: each.before for each in accounts.waiting()}
    assert told == {"wechat2": NOBODY, poster_of("wechatpay"): NOBODY}
    assert not accounts.waits("wechatpay")
    assert (await shop.start(OLD, wechat2=NEW)).waits("wechat2"), "a restart does not make it known"
    for who in (ANA, BEN):
        await accounts.approve("wechat2", who, "owner")
    shop.now_ms += DAY
    assert not (await shop.start(OLD, wechat2=NEW)).waits("wechat2")
    assert not (await shop.start(OLD, alipay=OTHER)).waits("alipay"), "it was there before"


async def test_s36_a_yes_at_another_machine_is_heard_and_other_settings_there_are_none() -> None:
    shop = Shop()
    await shop.start(OLD)
    here, there = await shop.start(NEW), await shop.start(NEW)
    for who in (ANA, BEN):
        await there.approve("wechatpay", who, "owner")
    assert [len(each.yes) for each in here.waiting()] == [2]
    await shop.start(OLD)  # a third machine with the old settings
    shop.now_ms += DAY
    assert here.waits("wechatpay") is False, "both yes were read before"
    late = await shop.start(NEW)
    await shop.start(OLD)
    shop.now_ms += DAY
    assert late.waits("wechatpay")


async def test_s36_where_money_is_simulated_nothing_waits_and_nothing_is_noted() -> None:
    shop = Shop(Ledger.TEST)
    await shop.start(OLD)
    assert not (await shop.start(NEW)).waits("wechatpay")
    assert shop.events == []
