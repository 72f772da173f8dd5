"""Fetching a bill: asked for, its address checked, downloaded to a file, its hash compared.

No call raises for what a provider does.
What a provider's connector knows is a ``BillDesk``: pure, from a wish to a Call, from its answer to a ``Place``.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal, Protocol
from urllib.parse import urlsplit

from terminal.banks.bill_file import BillFile, BillUnusable
from terminal.banks.connector import Call
from terminal.counter.ports import HttpReply, HttpRequest, NoAnswer, NothingSent
from terminal.errors import NotEvidence
from terminal.payments.bill import BillKind, FetchedBill, NoBill
from terminal.payments.evidence import Account
from terminal.payments.profile import Profile

DOWNLOAD_S: Final = 300.0  # all of it: 256 MiB at 1 MiB/s
_TARGET: Final = re.compile(r"/[!-~]{0,4000}")
_DAY_S: Final = 86_400
_EPOCH: Final = date(1970, 1, 1)
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bill lies.

    Args:
        sha1: of the unpacked file, hexadecimal; empty where the provider tells none.
        signed: the download is signed like any request.
    """

    url: str
    packing: Literal["", "gzip", "zip"]
    sha1: str = ""
    signed: bool = False


class BillDesk(Protocol):
    """What one provider's documents say of its bills. Pure."""

    def ask(self, day: date, kind: BillKind) -> Call: ...

    def place(self, call: Call, reply: HttpReply, *, verified: bool) -> Place | NoBill:
        """``empty`` and ``not_ready`` only from a verified answer."""
        ...


class Exchanges(Protocol):
    """What the channel gives: its trusted time, and exchanges that are signed and verified."""

    @property
    def profile(self) -> Profile: ...

    @property
    def account(self) -> Account: ...

    def now_s(self) -> float: ...

    async def exchange(self, call: Call) -> tuple[HttpReply, bool]:
        """The reply, and whether its signature was there. Raises NothingSent, NoAnswer, NotEvidence."""
        ...

    async def signed(self, call: Call) -> HttpRequest: ...


class BillFetching(Protocol):
    """Brings the bill of a settlement day into a folder, however the provider tells it."""

    async def fetch(self, channel: Exchanges, day: date, kind: BillKind, folder: Path) -> FetchedBill | NoBill: ...


class Downloads(Protocol):
    """A link that can stream the body of a 200 into a sink."""

    async def download(
        self, request: HttpRequest, sink: Callable[[bytes], None], *, connect_s: float, whole_s: float
    ) -> HttpReply:
        """The reply without the body the sink got. Raises NothingSent, NoAnswer; what the sink raises passes."""
        ...

    async def aclose(self) -> None: ...


Opens = Callable[[str], Downloads]
"""A link to an origin; who asked for it closes it."""


class BillFetcher:
    """Fetches bills of one channel.

    Args:
        origins: ``https://host[:port]`` where its bills may lie: the gateway, and what the documents name.
    """

    def __init__(self, desk: BillDesk, origins: Sequence[str], opens: Opens) -> None:
        self._desk, self._origins, self._opens = desk, tuple(origins), opens

    async def fetch(self, channel: Exchanges, day: date, kind: BillKind, folder: Path) -> FetchedBill | NoBill:
        """The bill of a settlement day as a file in ``folder``, which the same bill fetched again replaces."""
        profile = channel.profile
        if kind not in profile.bill_formats:
            return NoBill("not_offered")
        if early := untimely(profile, day, channel.now_s()):
            return early
        call = self._desk.ask(day, kind)
        try:
            reply, verified = await channel.exchange(call)
        except (NothingSent, NoAnswer, NotEvidence) as error:
            return NoBill("unclear", str(error))
        place = self._desk.place(call, reply, verified=verified)
        if isinstance(place, NoBill):
            return place
        url = self._allowed(place.url)
        if url is None:
            _log.warning("%s: a bill at an address that is not the provider's", profile.name)
            return NoBill("unclear", "address_not_allowed")
        account = channel.account
        name = f"{account.provider}-{account.merchant_id}-{kind}-{day.isoformat()}.csv"
        found = await self._download(channel, place, url, folder, name)
        if isinstance(found, NoBill):
            return found
        return FetchedBill(found, profile.bill_formats[kind], day, kind)

    def _allowed(self, url: str) -> tuple[str, str] | None:
        """Origin and target. A known host told with plain http is asked over TLS; nobody else is asked at all."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if parts.username or parts.fragment or not _TARGET.fullmatch(target):
            return None
        for scheme in (parts.scheme, "https"):
            origin = f"{scheme}://{parts.netloc}"
            if origin in self._origins:
                return origin, target
        return None

    async def _download(
        self, channel: Exchanges, place: Place, url: tuple[str, str], folder: Path, name: str
    ) -> Path | NoBill:
        origin, target = url
        call = Call("bill", "GET", target)
        plain = HttpRequest("GET", target, (("Accept", "*/*"), ("User-Agent", "Countertop")))
        request = await channel.signed(call) if place.signed else plain
        link = self._opens(origin)
        try:
            return await _to_file(link, request, place, channel.profile, BillFile(folder, name, place.packing))
        finally:
            await link.aclose()


async def _to_file(
    link: Downloads, request: HttpRequest, place: Place, profile: Profile, file: BillFile
) -> Path | NoBill:
    try:
        reply = await link.download(request, file.write, connect_s=profile.timings.connect_s, whole_s=DOWNLOAD_S)
        if reply.status != 200:
            return NoBill("unclear", f"download_http_{reply.status}")
        return await asyncio.to_thread(file.finish, place.sha1)
    except BillUnusable as error:
        _log.warning("%s: the downloaded bill is unusable: %s", profile.name, error)
        return NoBill("unclear", str(error))
    except (NothingSent, NoAnswer) as error:
        return NoBill("unclear", str(error))
    finally:
        file.discard()


def untimely(profile: Profile, day: date, now_s: float) -> NoBill | None:
    """Before a day's bill is made, "there is none" would prove nothing; after some months it is gone."""
    hours, _, minutes = (profile.bill_ready or "00:00").partition(":")
    midnight_s = (day - _EPOCH).days * _DAY_S - profile.settlement_offset_min * 60
    if now_s < midnight_s + _DAY_S + int(hours) * 3600 + int(minutes) * 60:
        return NoBill("not_ready")
    if profile.bill_days_back and now_s >= midnight_s + (profile.bill_days_back + 1) * _DAY_S:
        return NoBill("not_offered", "too_old")
    return None
