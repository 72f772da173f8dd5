"""Taking money: open, show, scan, cancel. Every door calls these, none has rules of its own (decision 10)."""

import asyncio
import contextlib
import hashlib
import hmac

from terminal.counter.book import SYSTEM, here
from terminal.counter.choosing import Choosing
from terminal.counter.claims import Key, answered, claim, opening_claims
from terminal.counter.engine import AttemptDriver
from terminal.counter.floor import Floor
from terminal.counter.lane import Lane
from terminal.counter.scans import channel_of_code, slip_of
from terminal.counter.unverified import Unverified
from terminal.errors import Conflict, InvalidRequest, Unavailable
from terminal.payments.attempt import Direction, State
from terminal.payments.decide import OpenSale, open_sale, park, request_cancel, request_switch, start_attempt
from terminal.payments.due import remaining
from terminal.payments.event import Actor, NewEvent
from terminal.payments.exceptions import sale_to
from terminal.payments.fact import Claim, Facts, fold
from terminal.payments.overriding import set_aside
from terminal.payments.sale import Attempt, Sale, SaleState, derive


def _must_sell(lane: Lane) -> None:
    """Raises Conflict("training_on" | "training_off"): no attempt begins here now."""
    if lane.away.slug:
        raise Conflict(lane.away.slug, counter=lane.id)


class Checkout:
    def __init__(self, floor: Floor, choosing: Choosing, unverified: Unverified) -> None:
        self._floor, self._book, self._parts = floor, floor.book, floor.parts
        self._choosing, self._unverified = choosing, unverified

    async def open_sale(
        self,
        request: OpenSale,
        *,
        actor: Actor,
        key: Key | None = None,
        unverified: bool = False,
        new_key: bool = False,
    ) -> Sale:
        """Open a sale and, where the counter shows codes, start its first attempt: one durable step.

        Args:
            unverified: nobody can confirm it now; it goes on the list of the unverified (row 39).
            new_key: whoever asks holds the key and found that the journal does not know it: nobody looks again.

        Raises:
            InvalidRequest, Conflict("sale_live" | "order_no_used" | "idempotency_other_meaning"), Unavailable;
            as ``Unverified.open`` for one that goes on the list.
        """
        lane, doubted = self._floor.lane(request.counter), None if new_key else key
        if lane.turn.locked() and (known := self._known(request, doubted)):
            return known  # a repeat does not stand in line
        async with lane.turn:
            if known := self._known(request, doubted):
                return known
            _must_sell(lane)
            try:
                if unverified:
                    return await self._unverified.open(lane, request, actor, key)
                return await self._begin(lane, request, actor, key)
            except Conflict as taken:  # the same key or order number won at another counter meanwhile
                if taken.slug != "key_taken":
                    raise
        return await self.open_sale(request, actor=actor, key=key, unverified=unverified)

    async def _begin(self, lane: Lane, request: OpenSale, actor: Actor, key: Key | None) -> Sale:
        channel = self._choosing.first(lane, request.amount)
        if lane.current is not None:
            raise Conflict("sale_live", sale=lane.current)
        with self._choosing.days.held(channel, request.amount):
            return await self._open(lane, request, channel, actor, key)

    def _known(self, request: OpenSale, key: Key | None) -> Sale | None:
        """The sale that this request has made before."""
        if key and (known := answered(self._floor.feed, key)):
            return self._book.sale(known)
        return self._known_order(request) if request.order_no else None

    def _known_order(self, request: OpenSale) -> Sale | None:
        """A POS order number is one sale for ever: again with equal meaning returns it."""
        sale_id = self._floor.feed.claimed("pos_order", f"{self._floor.house.merchant}/{request.order_no}")
        if sale_id is None:
            return None
        sale = self._book.sale(sale_id)
        if sale.amount != request.amount or sale.counter != request.counter:
            raise Conflict("order_no_used", sale=sale_id)
        return sale

    async def _open(self, lane: Lane, request: OpenSale, channel: str, actor: Actor, key: Key | None) -> Sale:
        sale_id, at_ms = self._parts.ids.ulid(), self._parts.clock.wall_ms()
        claims = opening_claims(self._floor.house.merchant, request, sale_id, key)
        facts = open_sale(request, sale=sale_id, no=lane.last_no + 1, at_ms=at_ms, claims=claims)
        attempt = ""
        if "push" in request.directions and self._floor.provider(channel).profile.push:
            attempt, opened = self._parts.ids.ulid(), fold(None, facts)
            begun = self._start(opened, channel, attempt, "push", at_ms)
            facts += begun
            self._floor.prepare(fold(opened, begun), attempt)  # signed in a thread while the disk works
        sale = await self._book.commit(
            sale_id, lambda _: facts, actor, lambda now: self._drive(now, attempt), new=True
        )
        await asyncio.sleep(0)  # its order leaves for the bank before the till is answered
        return sale

    def _drive(self, sale: Sale, attempt: str, code: str = "") -> None:
        if attempt:
            self._floor.drive(sale, attempt, code=code)

    def _start(
        self,
        sale: Sale,
        channel: str,
        attempt: str,
        direction: Direction,
        at_ms: int,
        claims: tuple[Claim, ...] = (),
    ) -> Facts:
        profile = self._floor.provider(channel).profile
        life_s = profile.timings.code_life_s + profile.timings.expiry_extra_s
        return start_attempt(
            sale,
            attempt=attempt,
            provider=channel,
            direction=direction,
            share=next((i for i in range(len(sale.shares)) if not sale.share_paid(i)), 0),
            at_ms=at_ms,
            expires_ms=at_ms + int(life_s * 1000),
            fee=profile.fee,
            claims=claims,
        )

    async def show_code(self, sale_id: str, *, actor: Actor, key: Key | None = None, channel: str = "") -> Sale:
        """Another code for an open sale: after a refusal, or at another channel (row 35).

        Args:
            channel: the one to move to. What is live elsewhere is closed or taken back with proof first; a sale
                that turns out to be paid, or whose code is that channel's already, is returned as it is.

        Raises:
            Conflict("attempt_live" | "move_unproven" | "sale_ended"), InvalidRequest, Unavailable.
        """
        if key and (known := answered(self._floor.feed, key)):
            return self._book.sale(known)
        asked = self._book.sale(sale_id)
        lane = self._floor.lane(asked.counter)
        async with lane.turn:
            sale = self._book.sale(sale_id)
            _must_sell(lane)
            amount = remaining(sale)
            choosing = self._choosing
            chosen = (
                choosing.named(lane, channel, amount, sale=sale_id)
                if channel
                else choosing.first(lane, amount, sale=sale_id, push=True)
            )
            if channel and (live := sale.blocking_attempt):
                # asked twice, or another hand was quicker: with the same wish, or with a scan of who is paying
                if self._asks_at(live, chosen):
                    return sale
                if live.id not in {each.id for each in asked.attempts}:
                    raise Conflict("attempt_live", sale=sale_id, attempt=live.id)
                sale = await self._leave(lane, sale, live.id, chosen)
                if sale.ended or sale.share_paid(live.share):
                    return sale  # they had already paid: nothing else is begun
            attempt, at_ms = self._parts.ids.ulid(), self._parts.clock.wall_ms()

            def start(current: Sale | None) -> Facts:
                assert current is not None
                return self._start(current, chosen, attempt, "push", at_ms, claim(key, sale_id))

            with choosing.days.held(chosen, amount):
                return await self._book.commit(sale_id, start, actor, lambda now: self._drive(now, attempt))

    def _asks_at(self, live: Attempt, channel: str) -> bool:
        """Whether its code is on the way from this channel, or shown."""
        shown = live.direction == "push" and live.state in {State.ORDERING, State.SHOWN, State.WAITING}
        return shown and self._floor.channel(live.provider) == channel

    async def _leave(self, lane: Lane, sale: Sale, attempt_id: str, channel: str) -> Sale:
        """Every till of the counter says meanwhile that the old code is being closed, and for what."""
        lane.moving = channel
        try:
            return await self._switch(sale, attempt_id, "move_unproven")
        finally:
            lane.moving = ""
            lane.on_change()

    async def begin_again(self, sale_id: str, *, reason: str, actor: Actor, key: Key | None = None) -> Sale:
        """A new code although the last attempt's result is not known: an owner's decision (3.4).

        Raises:
            Conflict: ``override_…``, ``sale_live``; InvalidRequest, Unavailable as for another code.
        """
        if key and (known := answered(self._floor.feed, key)):
            return self._book.sale(known)
        sale = self._book.sale(sale_id)
        lane = self._floor.lane(sale.counter)
        async with lane.turn:
            _must_sell(lane)
            if lane.current not in {None, sale_id}:
                raise Conflict("sale_live", sale=str(lane.current))
            # what was set aside may still be taken: it counts
            channel = self._choosing.first(lane, remaining(sale), push=True)
            attempt, at_ms = self._parts.ids.ulid(), self._parts.clock.wall_ms()

            def start(current: Sale | None) -> Facts:
                doubt_s = self._floor.watches.doubt_s(sale_id)
                claims = claim(key, sale_id)
                aside = set_aside(here(current), reason=reason, doubt_s=doubt_s, at_ms=at_ms, claims=claims)
                now = fold(current, aside)
                begun = self._start(now, channel, attempt, "push", at_ms)
                after = fold(now, begun)
                return (*aside, *begun, *sale_to(now, after, derive(after), "", at_ms))

            with self._choosing.days.held(channel, remaining(sale)):
                return await self._book.commit(sale_id, start, actor, lambda now: self._drive(now, attempt))

    async def cancel(self, sale_id: str, *, why: str, actor: Actor) -> Sale:
        """Cancel with proof (row 31): waits a little for it, then says "checking"; idempotent."""
        at_ms = self._parts.clock.wall_ms()
        sale = await self._book.commit(
            sale_id, lambda sale: request_cancel(here(sale), why=why, at_ms=at_ms), actor, self._give_up
        )
        if sale.live_attempt and self._driver(sale):
            await self._floor.until(sale_id, lambda now: now.ended, self._floor.limits.cancel_answer_s)
        return self._book.sale(sale_id)

    def _driver(self, sale: Sale) -> AttemptDriver | None:
        live = sale.live_attempt
        return self._floor.adopt(sale.counter).drive(live.id) if live else None

    def _give_up(self, sale: Sale) -> None:
        if driver := self._driver(sale):
            driver.give_up()

    async def park(self, sale_id: str, *, actor: Actor) -> Sale:
        """Free the counter for the next customer while a doubt is resolved; only a doubt can be parked."""
        if self._book.sale(sale_id).state is not SaleState.CHECKING:
            raise Conflict("park_not_checking", sale=sale_id)
        at_ms = self._parts.clock.wall_ms()
        return await self._book.commit(sale_id, lambda sale: park(here(sale), at_ms=at_ms), actor)

    def check_again(self, sale_id: str) -> Sale:
        sale = self._book.sale(sale_id)
        if driver := self._driver(sale):
            driver.nudge()
        elif (live := sale.live_attempt) and live.state is State.MANUAL:
            self._floor.drive(sale, live.id, fresh=False)
        return sale

    def scans(self, lane: Lane) -> bool:
        """Whether customers' own codes pay here: at a channel of this counter, and the sale that is on, if any."""
        asked = lane.current is None or "pull" in self._book.sale(lane.current).directions
        return asked and any(self._floor.provider(name).profile.pull for name in lane.settings.channels)

    async def take_scan(self, counter: str, scan: str, *, actor: Actor, key: Key | None = None) -> Sale:
        """The customer's payment code for the sale open at this counter (3.4: ours is closed with proof first).

        Raises:
            Conflict("scan_without_sale" | "switch_unproven" | …), InvalidRequest("code_…"): what was scanned;
            as ``open_sale`` and InvalidRequest("product_unlisted") of a product while no sale is open.
        """
        lane = self._floor.lane(counter)
        if key and (known := answered(self._floor.feed, key)):
            return self._book.sale(known)
        if slip_of(scan):
            raise InvalidRequest("code_receipt")
        if lane.current is None and (asked := self._floor.goods.sale_of(counter, scan)):
            return await self.open_sale(asked, actor=actor, key=key)
        async with lane.turn:
            if lane.current is None:
                raise Conflict("scan_without_sale")
            sale = self._book.sale(lane.current)
            if "pull" not in sale.directions:
                raise Conflict("scan_not_asked_for", sale=sale.id)
            channel, code = self._channel_of_code(lane, scan, sale)
            with self._choosing.days.held(channel, remaining(sale)):
                return await self._take_code(sale, channel, code, actor, key)

    async def _take_code(self, sale: Sale, channel: str, code: str, actor: Actor, key: Key | None) -> Sale:
        digest = hmac.new(self._parts.code_key, code.encode(), hashlib.sha256).hexdigest()
        used = self._floor.feed.claimed("code", digest)
        live = sale.live_attempt
        if used == sale.id and live is not None and live.direction == "pull":
            return sale  # the scanner fired twice: one attempt (C1)
        if used is not None:
            await self._seen_again(sale, digest, used, actor)
            raise Conflict("code_used")
        if live is not None and live.direction == "pull":
            raise Conflict("attempt_live", sale=sale.id, attempt=live.id)
        if live is not None:
            sale = await self._switch(sale, live.id)
            if sale.ended or sale.share_paid(live.share):
                return sale  # they had already paid, all or a part: the scan is discarded unsent
        try:
            return await self._pay_with(sale, channel, code, digest, actor, key)
        except Conflict as taken:
            if taken.facts.get("kind") == "code":
                raise Conflict("code_used") from None  # another counter was quicker with the same code
            raise

    async def _seen_again(self, sale: Sale, digest: str, first: str, actor: Actor) -> None:
        """A code that was used, at a sale it was not used for: told once a sale. Of the code only a keyed hash."""
        if self._floor.feed.claimed("code_again", f"{digest}/{sale.id}") is not None:
            return
        claims = [["code_again", f"{digest}/{sale.id}", first]]
        body = {"code": digest[:16], "sale": sale.id, "first": first, "index": {"claims": claims}}
        event = NewEvent(f"counter:{sale.counter}", "code_seen_again", sale.counter, actor, body)
        with contextlib.suppress(Conflict):  # two scans at once: told already
            await self._floor.feed.append([event])

    async def _switch(self, sale: Sale, attempt_id: str, unproven: str = "switch_unproven") -> Sale:
        at_ms = self._parts.clock.wall_ms()
        await self._book.commit(sale.id, lambda now: request_switch(here(now), at_ms=at_ms), SYSTEM, self._give_up)
        proven = await self._floor.until(
            sale.id, lambda now: not now.attempt(attempt_id).live, self._floor.limits.switch_proof_s
        )
        if not proven:
            raise Conflict(unproven, sale=sale.id)
        return self._book.sale(sale.id)

    async def _pay_with(
        self, sale: Sale, channel: str, code: str, digest: str, actor: Actor, key: Key | None
    ) -> Sale:
        attempt, at_ms = self._parts.ids.ulid(), self._parts.clock.wall_ms()

        def start(current: Sale | None) -> Facts:
            claims = (("code", digest, sale.id), *claim(key, sale.id))
            return self._start(here(current), channel, attempt, "pull", at_ms, claims)

        return await self._book.commit(sale.id, start, actor, lambda now: self._drive(now, attempt, code))

    def _channel_of_code(self, lane: Lane, scan: str, sale: Sale) -> tuple[str, str]:
        chosen = {name: self._floor.provider(name) for name in lane.settings.channels}
        channel, code = channel_of_code(scan, chosen, self._floor.house.known)
        if self._floor.stopping:
            raise Unavailable("stopping")
        if no := self._choosing.refusal(channel, remaining(sale), sale.id):
            raise no
        return channel, code
