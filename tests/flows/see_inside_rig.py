"""A shop whose inside is watched: pages, metrics and this run's calls, as the service wires them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from terminal.banks.channel import Channel
from terminal.settings import Loaded
from terminal.settings.tables import Traces
from terminal.web.app import Beside, make_app
from terminal.web.listen import listen
from terminal.wiring.observing import Watching
from tests.flows.api_rig import Client, Shop, open_shop
from tests.flows.test_api_whole_app import settings


@dataclass(frozen=True, slots=True)
class Inside:
    shop: Shop
    url: str
    watching: Watching

    def client(self, of: Client) -> Client:
        """The same caller at the address with pages."""
        return Client(
            self.url, of.session, {**of.headers, **({"Origin": self.url} if "Cookie" in of.headers else {})}
        )


@asynccontextmanager
async def inside(folder: Path, *, traces: str = "") -> AsyncIterator[Inside]:
    async with open_shop(folder) as shop, AsyncExitStack() as stack:
        loaded = settings(folder)
        told = msgspec.structs.replace(loaded.settings, traces=Traces(endpoint=traces))
        channel = shop.service.provider("wechatpay")
        assert isinstance(channel, Channel)
        watching = Watching(
            *(Loaded(told, loaded.folder, loaded.secrets), shop.service, {"wechatpay": channel}, shop.clock),
            settle_s=0,
        )
        app = make_app(
            *(shop.service, shop.people, loaded),
            clock=shop.clock,
            entropy=shop.entropy,
            beside=Beside(observed=watching.observed),
        )
        url = await listen(stack, app, "127.0.0.1", 0)
        job = asyncio.create_task(watching.run())
        try:
            yield Inside(shop, url, watching)
        finally:
            job.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await job
