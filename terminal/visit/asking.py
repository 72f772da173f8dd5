"""Asks a channel about an order that nobody made: nothing moves; what is verified proves line, keys and clock."""

import asyncio

from terminal.counter.ports import Provider
from terminal.payments.notice import Answer, Unclear
from terminal.visit.proofs import Heard


async def ask(
    channel: str, provider: Provider, order: str, limit_s: float, *, payee: str = "", waits: bool = False
) -> Heard:
    """``order``: a number made a moment ago. Where money is looked for in files there is nobody to ask."""
    if provider.profile.confirms_by == "statement":
        return Heard(channel, payee, None, waits=waits)
    answer: Answer
    try:
        async with asyncio.timeout(limit_s):
            answer = await provider.query(order)
    except TimeoutError:
        answer = Unclear("timeout")
    return Heard(channel, payee, answer, round(provider.clock_offset_s), waits)
