"""A lesson's video on its page: for who may practise, in pieces, and on no other page of the shop."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp

from terminal.web.app import make_app
from terminal.web.edge import STATE
from terminal.web.listen import listen
from tests.flows.api_rig import Client, Shop, open_shop
from tests.flows.test_api_whole_app import settings
from tests.flows.test_pages_roles import asked_by

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40


@asynccontextmanager
async def pages(folder: Path) -> AsyncIterator[tuple[Shop, str]]:
    async with open_shop(folder) as shop, AsyncExitStack() as stack:
        app = make_app(shop.service, shop.people, settings(folder), clock=shop.clock, entropy=shop.entropy)
        app[STATE] = folder
        yield shop, await listen(stack, app, "127.0.0.1", 0)


async def test_a_video_is_offered_where_there_is_one_played_in_pieces_and_by_the_strict_policy_of_its_page(
    tmp_path: Path,
) -> None:
    async with pages(tmp_path) as (shop, url):
        owner = asked_by(await shop.owner(), url, "pt-BR")

        async def get(path: str, client: Client = owner, **more: str) -> aiohttp.ClientResponse:
            headers = {**client.headers, **more}
            answer = await client.session.get(f"{url}{path}", headers=headers, allow_redirects=False)
            await answer.read()
            return answer

        for path in ("/train/video/take-money", "/train/video/take-money/file", "/train/video/none"):
            assert (await get(path)).status == 404
        assert "Ver o vídeo" not in await (await get("/train")).text()
        (tmp_path / "lessons").mkdir()
        (tmp_path / "lessons" / "take-money.mp4").write_bytes(MP4)
        (tmp_path / "lessons" / "refund.mp4").write_bytes(b"no video at all")
        listed = await get("/train")
        assert (await listed.text()).count("Ver o vídeo") == 1
        assert "media-src" not in listed.headers["Content-Security-Policy"]
        shown = await get("/train/video/take-money")
        assert 'src="/train/video/take-money/file"' in await shown.text()
        assert shown.headers["Content-Security-Policy"].endswith("media-src 'self'")
        whole = await get("/train/video/take-money/file")
        assert (whole.status, whole.content_type, await whole.read()) == (200, "video/mp4", MP4)
        assert whole.headers["X-Content-Type-Options"] == "nosniff"
        piece = await get("/train/video/take-money/file", Range="bytes=8-15")
        assert (piece.status, await piece.read()) == (206, MP4[8:16])
        for path in ("/train/video/refund", "/train/video/..%2Ftake-money/file"):
            assert (await get(path)).status == 404
        stranger = asked_by(shop.client(), url, "en")
        assert (await get("/train/video/take-money/file", stranger)).status in (303, 401, 403)
