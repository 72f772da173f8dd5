"""A settlement day of Pix, put together from the bank's lists, page by page.

Two lists tell it: the Pix of the day with their devoluções, and the earlier Pix of which something went back, for
the devoluções that were settled on the day. A list that changes while it is paged through proves nothing.
Source: Banco Central do Brasil, "API Pix" 2.9.0, GET /pix: inicio, fim, devolucaoPresente, paginacao.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Final

from terminal.banks import pix_messages
from terminal.banks.bill_fetching import DOWNLOAD_S, Exchanges, untimely
from terminal.banks.bill_file import BillFile, BillUnusable
from terminal.banks.connector import Call
from terminal.banks.fields import Unreadable
from terminal.banks.pix_list import Writer
from terminal.banks.pix_messages import Received
from terminal.counter.ports import NoAnswer, NothingSent
from terminal.errors import NotEvidence
from terminal.payments.bill import BillKind, FetchedBill, NoBill

PAGE: Final = 100  # about 100 KB
PAGES_MAX: Final = 1000
_NAME: Final = re.compile(r"[^0-9A-Za-z]")
Take = Callable[[Received], None]


class _Vain(Exception):
    """No bill this time; the text says why."""


class PixLists:
    """BillFetching for a bank with the Pix API.

    Args:
        path: of the API, such as ``/api/v2``.
        page: how many Pix are asked for at once.
    """

    def __init__(self, path: str, *, page: int = PAGE) -> None:
        self._path, self._page = path, page

    async def fetch(self, channel: Exchanges, day: date, kind: BillKind, folder: Path) -> FetchedBill | NoBill:
        """The day as a file of ``pix_list``; ``empty`` when both lists name nothing of it."""
        profile, account = channel.profile, channel.account
        if kind not in profile.bill_formats:
            return NoBill("not_offered")
        if early := untimely(profile, day, channel.now_s()):
            return early
        name = f"{account.provider}-{_NAME.sub('_', account.merchant_id)}-{kind}-{day.isoformat()}.jsonl"
        file = BillFile(folder, name, "")
        try:
            writer = Writer(account.merchant_id, day, profile.settlement_offset_min)
            async with asyncio.timeout(DOWNLOAD_S):
                await self._gather(channel, writer, file)
            if not writer.sums.pix + writer.sums.returned:
                return NoBill("empty")
            found = await asyncio.to_thread(file.finish, "")
        except (_Vain, NothingSent, NoAnswer, NotEvidence, BillUnusable, TimeoutError) as error:
            return NoBill("unclear", str(error) or "out_of_time")
        finally:
            file.discard()
        return FetchedBill(found, profile.bill_formats[kind], day, kind)

    async def _gather(self, channel: Exchanges, writer: Writer, file: BillFile) -> None:
        """Raises _Vain, and what the link and the file raise."""
        zone = timezone(timedelta(minutes=writer.offset_min))
        start = datetime.combine(writer.day, time(), zone)
        end, earliest = start + timedelta(days=1), start - timedelta(days=channel.profile.refund_days)

        def take(one: Received) -> None:
            if one.key not in ("", writer.key):
                return
            if _at(one) >= start:
                file.write(writer.pix(one))
            for back in one.returned:
                if start <= datetime.fromisoformat(back.settled_at or back.asked_at or one.at) < end:
                    file.write(writer.back(one, back))

        file.write(writer.first())
        await self._list(channel, (start, end), "", take)
        await self._list(channel, (earliest, start), "&devolucaoPresente=true", take)
        file.write(writer.last())

    async def _list(self, channel: Exchanges, span: tuple[datetime, datetime], more: str, take: Take) -> None:
        """Every Pix of the span, once. ``fim`` is inclusive, so whoever takes looks at the moment itself."""
        inicio, fim = (f"{each.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for each in span)
        seen, total = 0, -1
        for number in range(PAGES_MAX):
            asked = f"inicio={inicio}&fim={fim}{more}&paginacao.paginaAtual={number}"
            call = Call("bill", "GET", f"{self._path}/pix?{asked}&paginacao.itensPorPagina={self._page}")
            reply, _ = await channel.exchange(call)
            if reply.status != 200:
                raise _Vain(f"http_{reply.status}")
            try:
                page = pix_messages.listed(reply.body)
            except Unreadable as error:
                raise _Vain(f"unreadable: {error}") from None
            total = page.total if total < 0 else total
            seen += len(page.pix)
            if (page.number, page.total) != (number, total) or seen > total:
                raise _Vain("list_changed")
            for one in page.pix:
                if span[0] <= _at(one) < span[1]:
                    take(one)
            if seen == total:
                return
            if not page.pix:
                raise _Vain("list_changed")
            await asyncio.sleep(1 / channel.profile.queries_per_s)
        raise _Vain("list_too_long")


def _at(one: Received) -> datetime:
    return datetime.fromisoformat(one.at)
