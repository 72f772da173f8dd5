"""A pack by codes at a running shop: shown and printed here, read there by a page or by the counter's scanner."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from drivers.printer.profile import load
from terminal.app import running
from terminal.brand.brand import to_bytes
from terminal.brand.shelf import read_brand
from terminal.errors import InvalidRequest
from terminal.lab.paper_picture import receipt_png
from terminal.payments.event import Actor
from terminal.payments.receipt import Row
from terminal.peripherals.painters import PAPER_FONTS, Painter
from terminal.peripherals.printer import printable
from terminal.settings import load as load_settings
from terminal.settings.tables import Shop as ShopTable
from terminal.visit.pack import pack_of
from terminal.visit.pack_codes import codes_of, read_code
from terminal.visit.seal import seal
from terminal.wiring.pack_scans import listen
from terminal.wiring.visit import Visiting
from terminal.wiring.visit_pack import READING_S, PackDesk
from terminal.wiring.visit_site import Site, site_of
from tests.flows.api_rig import WATCHDOG_S, Shop
from tests.flows.cli_rig import Place
from tests.flows.shop import Shop as Story
from tests.flows.shop import story
from tests.flows.test_api_whole_app import settings
from tests.qr_seen import texts_in

pytestmark = pytest.mark.row(100)
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def pack(currency: str = "CNY", zone: str = "UTC", brand: str = "") -> bytes:
    """Of a shop that stands elsewhere."""
    shop = ShopTable(merchant="m9", store="s9", title="Elsewhere", currency=currency, zone=zone, excess="refund")
    counters = [{"languages": {}, "kiosk": True, "scanner": {"port": "link:/x", "profile": "gm65"}}]
    told = {"shop": msgspec.to_builtins(shop), "counters": counters, "channels": {}}
    return seal("pack", pack_of(told, made_ms=1_763_000_000_000, software="1", brand=brand), OTHER)


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    opened = Shop(tmp_path)
    await opened.start()
    loaded = settings(tmp_path)
    machine = opened.clock, opened.entropy, opened.ids
    visiting = Visiting(site_of(loaded, opened.service, opened.people, tuple, machine))
    opened.edge.open_visits = lambda: visiting
    yield opened
    await opened.stop()


async def test_the_codes_of_the_page_and_those_on_the_roll_are_one_pack_and_a_camera_reads_them(
    shop: Shop,
) -> None:
    owner = await shop.owner()
    shown = (await owner.post("/visit/pack/codes")).body
    texts = [each["text"] for each in shown["codes"]]
    assert {read_code(each).pack for each in texts} == {shown["pack"]}
    assert all(each["picture"].startswith("<svg") for each in shown["codes"])
    assert (await owner.post("/visit/pack/print", {"counter": "1"})).status == 200
    async with asyncio.timeout(WATCHDOG_S):
        while not shop.printers["1"].slips:  # noqa: ASYNC110  # paper tells nobody
            await asyncio.sleep(0.01)
    lines = shop.printers["1"].slips[-1].receipt
    assert Row("1 of 3", align="center", size=2, bold=True) in lines
    slip = printable(lines, load("generic-58"), Painter(*PAPER_FONTS))
    paper = receipt_png(slip.data, width_dots=slip.width_dots, charset=slip.charset, native_qr=slip.native_qr)
    seen = texts_in(Image.open(io.BytesIO(paper)))
    assert sorted(seen) == sorted(texts), "on the narrowest paper"
    cashier = await shop.cashier()
    assert (await cashier.post("/visit/pack/codes")).slug == "not_allowed"
    assert shown["key"] in str(lines), "to be compared by who scans"


async def test_a_page_reads_codes_in_any_order_and_keeps_the_file_once_its_key_was_compared(shop: Shop) -> None:
    owner, sealed = await shop.owner(), pack()
    first, *others = codes_of(sealed)
    assert (await owner.get("/visit/pack/reading")).body["state"] == "none"
    assert (await owner.post("/visit/pack/reading/scan", {"code": first})).slug == "pack_code_early"
    assert (await owner.post("/visit/pack/reading")).body["state"] == "reading"

    async def scan(code: str) -> Any:
        return await owner.post("/visit/pack/reading/scan", {"code": code})

    for code in (*reversed(others), others[0]):
        assert (await scan(code)).status == 200
    seen = (await owner.get("/visit/pack/reading")).body
    assert (seen["state"], seen["have"], seen["missing"]) == ("reading", [2, 3], [1])
    assert (await owner.post("/visit/pack/reading/keep", {"key": "A" * 24})).slug == "pack_code_missing"
    assert (await scan(codes_of(pack(zone="Asia/Tokyo"))[0])).slug == "pack_code_other"
    refused = (await owner.get("/visit/pack/reading", accept_language="pt-BR")).body
    assert (refused["code"], "outro pacote" in refused["sentence"]) == ("C-127", True)
    read = (await scan(first)).body
    assert (read["state"], read["code"], read["shop"]["excess"]) == ("read", "", "refund")
    assert read["devices"] == [["scanner"]]
    assert (await owner.post("/visit/pack/reading/keep", {"key": "A" * 24})).slug == "sealed_other_key"
    kept = (await owner.post("/visit/pack/reading/keep", {"key": read["key"]})).body
    assert kept["state"] == "kept"
    assert Path(kept["file"]).read_bytes() == sealed  # noqa: ASYNC240  # a small file, and nothing else runs


async def test_a_page_says_whose_brand_a_pack_brings_and_one_that_is_no_brand_is_refused_at_once(
    shop: Shop,
) -> None:
    owner = await shop.owner()

    async def reading(sealed: bytes) -> Any:
        await owner.post("/visit/pack/reading")
        for code in codes_of(sealed):
            await owner.post("/visit/pack/reading/scan", {"code": code})
        return (await owner.get("/visit/pack/reading")).body

    bare = replace(read_brand("demo-bank"), logo=b"")
    seen = await reading(pack(brand=to_bytes(bare).decode()))
    assert (seen["state"], seen["brand"]) == ("read", bare.bank)
    assert (await reading(pack()))["brand"] == "", "of this one, not of the one before"
    spoilt = await reading(pack(brand="bank = 1"))
    assert (spoilt["state"], spoilt["code"], spoilt["brand"]) == ("reading", "C-122", "")


@pytest.mark.parametrize(
    ("sealed", "slug"),
    [
        (pack(currency="BRL"), "pack_other_currency"),
        (pack(zone="Asia/Tokyo"), "pack_other_region"),
        (pack().replace(b'"kiosk":true', b'"kiosk":false'), "sealed_broken"),
        (seal("certificate", {"a": 1}, OTHER), "sealed_wrong_kind"),
        (seal("pack", {"a": 1}, OTHER), "pack_unusable"),
        (b"no seal at all", "sealed_unreadable"),
    ],
)
async def test_a_whole_pack_that_is_not_for_this_shop_is_told_and_the_next_one_begins_anew(
    shop: Shop, sealed: bytes, slug: str
) -> None:
    owner = await shop.owner()
    await owner.post("/visit/pack/reading")
    told = [await owner.post("/visit/pack/reading/scan", {"code": each}) for each in codes_of(sealed)]
    assert told[-1].slug == slug
    assert (await owner.get("/visit/pack/reading")).body["state"] == "reading"
    for code in codes_of(pack()):
        told.append(await owner.post("/visit/pack/reading/scan", {"code": code}))
    assert told[-1].body["state"] == "read"


def desk(shop: Story, folder: Path) -> PackDesk:
    world = shop.world
    machine = world.clock, world.entropy, world.ids
    site = Site(shop.service, None, folder, folder, machine, tuple, {}, {})  # type: ignore[arg-type]  # nobody signs
    return PackDesk(site, pack)


async def scanned(shop: Story, *texts: str) -> bool:
    """By the counter's own scanner; how the last one sounded."""
    scanner = shop.counter.scanner
    for text in texts:
        heard = len(scanner.beeps)
        scanner.reads(text)
        await shop.until(lambda heard=heard: len(scanner.beeps) > heard, 20)  # type: ignore[misc]  # of this round
    return scanner.beeps[-1]


@story()
async def test_the_counters_scanner_reads_a_pack_while_somebody_waits_for_one_and_sells_all_the_same(
    shop: Story,
) -> None:
    packs = desk(shop, Path("/nowhere"))
    listen(shop.service, lambda: packs)
    codes = codes_of(pack())
    assert not await scanned(shop, codes[0])
    refusal = shop.lane().told
    assert refusal is not None
    assert refusal[1].slug == "pack_code_early"
    packs.begin()
    assert await scanned(shop, *codes[1:])
    sale = await shop.with_code()
    assert not await scanned(shop, codes[0][:-1]), "a letter was lost"
    assert await scanned(shop, codes[0])
    assert packs.seen().state == "read"
    assert [each.direction for each in shop.sale(sale).attempts] == ["push"], "no payment was begun by a pack"
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).ended, 5)
    await shop.wait(READING_S + 1)
    assert packs.seen().state == "none", "it ends by itself"
    assert not await scanned(shop, codes[0])


async def test_a_service_at_which_nobody_looked_for_a_visit_takes_a_pack_s_code_for_no_payment(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path)
    place.example()
    loaded = load_settings(place.config)
    async with running(loaded) as now:
        counter = loaded.settings.counters[0].id
        with pytest.raises(InvalidRequest) as refused:
            await now.service.first_look(counter, codes_of(pack())[0], Actor("device", "scanner"))
        assert refused.value.slug == "pack_code_early"
