"""The file of the shop's products: read at the start, and again when it changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Final

from terminal.counter.goods import Article, read_goods
from terminal.counter.service import Service
from terminal.errors import BadSettings
from terminal.given_file import read_given
from terminal.settings import Loaded

log = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 10.0
BYTES_MAX: Final = 4 * 1024 * 1024
Stamp = tuple[int, int]


def goods_of(loaded: Loaded) -> Mapping[str, Article]:
    """Nothing where the settings name no file. Raises BadSettings."""
    shop = loaded.settings.shop
    if not shop.products:
        return {}
    path = loaded.path(shop.products)
    try:
        text = StringIO(read_given(path, BYTES_MAX).decode(), newline=None).read()  # whatever ends its lines
    except FileNotFoundError:
        raise BadSettings("config_missing", path=str(path)) from None
    except OSError as error:
        raise BadSettings("config_unreadable", path=str(path), why=error.strerror or "") from None
    except UnicodeDecodeError as error:
        raise BadSettings("config_unreadable", path=str(path), why=str(error)) from None
    return read_goods(text, shop.limit_minor)


class GoodsKeeper:
    """Prices change daily: a changed file is taken up in ``LOOK_EVERY_S``, a wrong one changes nothing."""

    def __init__(self, loaded: Loaded, service: Service) -> None:
        self._loaded, self._service = loaded, service
        self._path = loaded.path(loaded.settings.shop.products)
        self._seen = _stamp(self._path)
        service.goods.articles = goods_of(loaded)

    async def keep(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Once. What is wrong is logged once, and yesterday's prices stay."""
        stamp = _stamp(self._path)
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._service.goods.articles = await asyncio.to_thread(goods_of, self._loaded)
        except BadSettings as error:
            log.warning("the products stay as they were: %s", error)
        else:
            log.info("%d products", len(self._service.goods.articles))


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def open_goods(loaded: Loaded, service: Service) -> dict[str, Callable[[], Awaitable[None]]]:
    """The job that looks for other prices, by name; nothing where there is no list. Raises BadSettings."""
    return {"products": GoodsKeeper(loaded, service).keep} if loaded.settings.shop.products else {}
