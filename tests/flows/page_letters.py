"""Whether a page brings Chinese letters: asked for as a browser asks, by the address that its styles name."""

import re
from urllib.parse import urljoin

import aiohttp

_FACE = re.compile(r'@font-face \{ font-family: "Shop Chinese";[^}]*url\("([^"]+)"\)')


async def brings_its_letters(session: aiohttp.ClientSession, page: str) -> None:
    async with session.get(page) as answer:
        html, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert "font-src 'self'" in policy
    faces, bodies = [], []
    for sheet in re.findall(r'<link rel="stylesheet" href="([^"]+)"', html):
        async with session.get(urljoin(page, sheet)) as answer:
            style = await answer.text()
        faces += [urljoin(urljoin(page, sheet), each) for each in _FACE.findall(style)]
        bodies += re.findall(r"\nbody \{[^}]*font: \S+ ([^,]+),", style)
    assert bodies == ['"Shop Chinese"'], "behind a font of the system Chromium keeps empty boxes"
    [face] = faces
    async with session.get(face) as answer:
        assert answer.status == 200
        assert (await answer.read())[:4] == b"OTTO"
