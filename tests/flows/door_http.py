"""A door of the settings, opened by the wiring over the shop of the API's stories."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from terminal.settings import CounterTable, Loaded, Secrets, Settings
from terminal.settings import Shop as ShopTable
from terminal.settings.channel_tables import WeChatPayTable
from terminal.settings.tables import AnyDoor
from terminal.wiring.doors import open_doors
from tests.flows.api_rig import Shop

SECRET = "s3cret-path-of-one-till"


def loaded(folder: Path, secrets: dict[str, dict[str, str]] | None = None, **doors: AnyDoor) -> Loaded:
    channel = WeChatPayTable(mchid="m", appid="a", merchant_serial="s", merchant_key_file="k", sandbox=True)
    made = Settings(
        mode="test",
        shop=ShopTable(merchant="m1", store="s1", title="Tea 茶"),
        channels={"wechatpay": channel},
        counters=(CounterTable(id="1"), CounterTable(id="2")),
        doors=doors,
    )
    return Loaded(made, folder, Secrets(secrets or {"doors-front": {"path": SECRET}}))


async def open_at(stack: AsyncExitStack, shop: Shop, made: Loaded) -> dict[str, str]:
    machine: Any = (shop.clock, shop.entropy)
    return await open_doors(stack, made, shop.service, shop.people, machine)
