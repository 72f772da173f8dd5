"""Goals 1, 2, 3 and the wire's part of 6: whole sales through the real service, bank and devices, on one clock.

The service, the bank and everybody else are three processes. When something is lit is worked out for a real
115200-baud wire from the bytes that reach the far end (``far_end``).
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from drivers.qr import encode
from tests.bench.codes import PAYLOADS
from tests.bench.far_end import CALM_S, wire_s
from tests.bench.peers.lnbits import Lnbits
from tests.bench.profiled import own_time
from tests.bench.shop import Lit, Shop, Till, one_sale
from tests.bench.syncs import Waits, count_waits
from tests.bench.table import Figure, missing
from tests.bench.timing import ROUNDS, SyncFile, cpu_of, fdatasyncs, interleaved, now_s, p50, p99, rss_mb

COUNTERS: Final = 20  # in turn, so that each glass is idle again: a result stays on it for five seconds
EACH: Final = 6  # sales a payload and round
ALONE: Final = 20  # sales a round, one at a time
AT_ONCE: Final = 8
TOGETHER: Final = 10  # sales a round and counter, eight at a time
SOON_S: Final = 1.0
PEER_TOGETHER: Final = 5  # it is slow, and its figures are steady
BEGINS: Final = "weixin://wxpay/bizpayurl?pr="


@dataclass(slots=True)
class Course:
    """Sales made one way: by whom, how long, at what cost."""

    sales: list[Lit] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)  # a sale, by round
    rate: list[float] = field(default_factory=list)  # sales a second, by round
    posted: dict[str, float] = field(default_factory=dict)
    answers: dict[str, float] = field(default_factory=dict)
    syncs: list[float] = field(default_factory=list)  # beside it; between calm sales after as long a rest
    answered_ms: list[float] = field(default_factory=list)  # POST → 201

    @property
    def create_ms(self) -> list[float]:
        """From the till's request to the code at the display's plug: what a peer without a display has too."""
        return [(each.code.came_s - each.asked_s) * 1e3 for each in self.sales]

    @property
    def notify_ms(self) -> list[float]:
        """From the bank's request to "paid" at the display's plug."""
        return [(each.paid.came_s - self.posted[each.order]) * 1e3 for each in self.sales]


@dataclass(slots=True)
class Courses:
    calm: dict[str, Course]  # by payload
    soon: Course  # the next sale while "paid" is still on the glass
    alone: Course
    together: Course
    verify_s: float
    rss_mb: float = 0.0
    lnbits_mb: float = 0.0
    waits: Waits | None = None
    profile: list[str] = field(default_factory=list)
    lnbits: Lnbits | None = None
    no_peer: str = "LNbits: run with PEERS=1"


def code_length(text: str) -> int:
    """Characters of a code of the bank's own form that takes as many modules as ``text``."""
    version, count = encode(text).version, len(BEGINS) + 8
    while encode(BEGINS + "0a" * ((count - len(BEGINS)) // 2)).version < version:
        count += 2
    return count


async def run(shop: Shop, lnbits: Lnbits | None, no_peer: str) -> Courses:
    """``lnbits``: does the same work in every round, after ours."""
    courses = Courses({name: Course() for name in PAYLOADS}, Course(), Course(), Course(), _verify_s())
    courses.lnbits, courses.no_peer = lnbits, no_peer
    async with shop.serve() as till:
        await _all_idle(shop)
        for _ in range(ROUNDS):
            await _calm_round(shop, till, courses.calm)
            await shop.bank.ask(chars=code_length(PAYLOADS["wechat"]))
            await _round(shop, till, courses.alone, 1, ALONE)
            await _round(shop, till, courses.together, AT_ONCE, TOGETHER)
            if lnbits:
                await lnbits.round(lnbits.alone, 1, ALONE)
                await lnbits.round(lnbits.together, AT_ONCE, PEER_TOGETHER)
            await _soon(shop, till, courses.soon)
        courses.rss_mb, courses.lnbits_mb = rss_mb(till.pid), rss_mb(lnbits.pid) if lnbits else 0.0
        courses.waits = await count_waits(shop, till)
    return courses


async def _all_idle(shop: Shop) -> None:
    await asyncio.gather(*(display.idle() for display in shop.displays.values()))


async def _calm_round(shop: Shop, till: Till, calm: dict[str, Course]) -> None:
    counters = list(shop.displays)
    with SyncFile(shop.state) as disk:
        for turn in range(EACH):
            for place, (name, course) in enumerate(calm.items()):
                await shop.bank.ask(chars=code_length(PAYLOADS[name]))
                counter = counters[(turn * len(calm) + place) % len(counters)]
                course.sales.append(await one_sale(shop, till, counter))
                await _note_bank(shop, course)
                course.syncs.append(disk.sync_s())
                await asyncio.sleep(CALM_S)


async def _round(shop: Shop, till: Till, course: Course, at_once: int, count: int) -> None:
    """Sale after sale at so many counters; CPU is counted until the last slip is done."""
    cpu, began_s, before = cpu_of(till.pid), now_s(), len(till.answered_ms)

    async def counter(name: str) -> list[Lit]:
        return [await one_sale(shop, till, name, calm=False) for _ in range(count)]

    made = await asyncio.gather(*(counter(str(number)) for number in range(1, at_once + 1)))
    sales = [each for some in made for each in some]
    course.rate.append(len(sales) / (now_s() - began_s))
    await asyncio.sleep(0.5)  # the last receipts and captions
    course.cpu_s.append((cpu_of(till.pid) - cpu) / len(sales))
    course.sales += sales
    course.answered_ms += till.answered_ms[before:]
    course.syncs += fdatasyncs(shop.state, 20)
    await _note_bank(shop, course)


async def _soon(shop: Shop, till: Till, course: Course) -> None:
    """The cashier is quick: a sale a second after the last one was paid, while "paid" is still shown."""
    for _ in range(2):
        await one_sale(shop, till, calm=False)
    with SyncFile(shop.state) as disk:
        for _ in range(EACH):
            await asyncio.sleep(SOON_S / 2)
            course.syncs.append(disk.sync_s())
            await asyncio.sleep(SOON_S / 2)
            await shop.displays["1"].quiet()
            course.sales.append(await one_sale(shop, till, calm=False))
    await _note_bank(shop, course)


async def _note_bank(shop: Shop, course: Course) -> None:
    made = [each.order for each in course.sales if each.order not in course.posted]
    times = await shop.bank.times(made)
    course.answers |= times.answers
    course.posted |= times.posted


def _verify_s() -> float:
    """One RSA-2048 signature checked: the part of a notification that no code of ours can shorten."""
    key = generate_private_key(65537, 2048)
    signature, public = key.sign(b"x" * 700, PKCS1v15(), SHA256()), key.public_key()
    check = interleaved(
        {"v": lambda: public.verify(signature, b"x" * 700, PKCS1v15(), SHA256())}, rounds=9, times=20
    )
    return p50(check["v"])


# --- figures ---------------------------------------------------------------------------------------------------


async def profile(shop: Shop, courses: Courses) -> None:
    """One more course under cProfile, for the misses."""
    stats = shop.folder / "serve.profile"
    async with shop.serve(sys.executable, "-m", "tests.bench.profiled", str(stats)) as till:
        await _all_idle(shop)
        os.kill(till.pid, signal.SIGUSR1)
        await asyncio.gather(*(_some(shop, till, str(number)) for number in range(1, AT_ONCE + 1)))
    courses.profile = own_time(stats, AT_ONCE * TOGETHER)


async def _some(shop: Shop, till: Till, counter: str) -> None:
    for _ in range(TOGETHER):
        await one_sale(shop, till, counter, calm=False)


def figures(courses: Courses) -> list[Figure]:
    return [*_lit(courses), *_paid(courses), *_paper(courses), *_cost(courses)]


def _lit(courses: Courses) -> list[Figure]:
    made = []
    ratios: list[float] = []
    for name, course in courses.calm.items():
        sync = p50(course.syncs)
        ours = [each.code.lit_s - each.asked_s for each in course.sales]
        limits = [course.answers[each.order] + sync + wire_s(each.code.size) for each in course.sales]
        ratios += [mine / limit for mine, limit in zip(ours, limits, strict=True)]
        size = course.sales[0].code.size
        what = f"sale → code lit, p50, size of {name} (version {encode(PAYLOADS[name]).version}, {size} bytes)"
        answer = p50(course.answers.values()) * 1e3
        beside = f"answer {answer:.1f} + sync {sync * 1e3:.2f} + wire {wire_s(size) * 1e3:.1f}"
        made.append(
            Figure(1, what, p50(ours) * 1e3, "ms", beside, p50(limits) * 1e3, most=1.4, why=courses.profile)
        )
    what = f"sale → code lit, p99 of ours / limit over {len(ratios)} sales"
    made.append(Figure(1, what, p99(ratios), "", "its own limit each", 1.0, most=3, why=courses.profile))
    soon, sync = courses.soon, p50(courses.soon.syncs)
    ours = [each.code.lit_s - each.asked_s for each in soon.sales]
    limits = [soon.answers[each.order] + sync + wire_s(each.code.size) for each in soon.sales]
    what, most = "the same while the last “paid” is still shown, p50", 1.4
    why = ["the glass is cleared while the bank is asked: nothing but our own part", *courses.profile]
    made.append(Figure(1, what, p50(ours) * 1e3, "ms", "same limit", p50(limits) * 1e3, most=most, why=why))
    return made


def _paid(courses: Courses) -> list[Figure]:
    every = list(courses.calm.values())
    ours = [each.paid.lit_s - course.posted[each.order] for course in every for each in course.sales]
    sync = p50(value for course in every for value in course.syncs)
    size = every[0].sales[0].paid.size
    limit = courses.verify_s + sync + wire_s(size)
    beside = f"verify {courses.verify_s * 1e3:.2f} + sync {sync * 1e3:.2f} + wire {wire_s(size) * 1e3:.1f}"
    what = "notification → “paid” lit, p50"
    made = [Figure(2, what, p50(ours) * 1e3, "ms", beside, limit * 1e3, most=2, why=courses.profile)]
    return [*made, *_waits(courses.waits)]


def _waits(waits: Waits | None) -> list[Figure]:
    if waits is None:
        return [missing(2, "syncs waited for", "strace is not installed, or may not trace here")]
    made = []
    for goal, what, found in (
        (1, "syncs waited for, sale → code", waits.code),
        (2, "syncs waited for, notification → “paid”", waits.paid),
        (6, "syncs waited for, “paid” → first byte on paper", waits.paper),
    ):
        why = [f"by sale: {found}"]
        made.append(Figure(goal, what, p50(found), "", "one", 1.0, most=1, why=why))
    return made


def _paper(courses: Courses) -> list[Figure]:
    every = list(courses.calm.values())
    ours = [each.paper_s - each.paid.came_s for course in every for each in course.sales]
    limit = 0.001 + p50(courses.alone.syncs)  # not after a rest: "paid" has just been synced
    why = [
        "the slip's lines are made and durable before its first byte; the printer's state is asked meanwhile",
        *courses.profile,
    ]
    what = "“paid” at the display → first byte at the printer, p50"
    return [Figure(6, what, p50(ours) * 1e3, "ms", "1 ms + one sync", limit * 1e3, most=1, why=why)]


def _cost(courses: Courses) -> list[Figure]:
    ours, peer, why = (courses.alone, courses.together), courses.lnbits, courses.profile
    theirs = (peer.alone, peer.together) if peer else (None, None)
    made = []
    for in_flight, mine, other, cpu, notice in (
        (1, ours[0], theirs[0], 8, 8),
        (AT_ONCE, ours[1], theirs[1], 12, 30),
    ):
        at = f"{in_flight} in flight"
        name = "LNbits" if other else courses.no_peer
        spent = p50(other.cpu_s) * 1e3 if other else None
        heard = p50(other.notify_ms) if other else None
        rate = p50(other.rate) if other else None
        made += [
            Figure(3, f"CPU of a sale, {at}", p50(mine.cpu_s) * 1e3, "ms", name, spent, most=1 / cpu, why=why),
            Figure(
                2,
                f"notification → event, {at}, p50",
                p50(mine.notify_ms),
                "ms",
                name,
                heard,
                most=1 / notice,
                why=why,
            ),
        ]
        created = other.create_ms if other else None
        for part, of in (("p50", p50), ("p99", p99)):
            beside = of(created) if created else None
            what = f"POST sale → 201, {at}, {part}"
            made.append(Figure(14, what, of(mine.answered_ms), "ms", name, beside, most=1, why=why))
        what = f"sales a second, {at}"
        made.append(
            Figure(3, what, p50(mine.rate), "/s", name, rate, least=15 if in_flight > 1 else None, why=why)
        )
    name = "LNbits" if peer else courses.no_peer
    rss = courses.lnbits_mb if peer else None
    made.append(Figure(14, "memory after these sales, RSS", courses.rss_mb, "MB", name, rss, most=1, why=why))
    return [*made, _plug(courses)]


def _plug(courses: Courses) -> Figure:
    mine, peer = courses.alone, courses.lnbits
    what, name, create = "sale → code at the display's plug, 1 in flight, p50", courses.no_peer, None
    if peer:
        answer = p50(mine.answers.values()) * 1e3
        name, create = f"LNbits, answer {peer.answer_ms:.1f}, ours {answer:.1f}", p50(peer.alone.create_ms)
    return Figure(1, what, p50(mine.create_ms), "ms", name, create, most=1 / 6, why=courses.profile)


def misses(found: Sequence[Figure]) -> bool:
    return any(each.verdict == "MISS" for each in found)


def pattern_sale(journal: Path) -> str:
    """Id of the last sale of this run that is complete, paper included."""
    from terminal.journal.reader import Reader

    reader = Reader.at(journal)
    try:
        for row in reader.list("sale", limit=100):
            kinds = [event.type for event in reader.of_subject(row.subject)]
            if row.body["final"] and kinds.count("effect_done") == 2 and "print_started" in kinds:
                return row.subject
    finally:
        reader.close()
    raise AssertionError("no complete sale was made")
