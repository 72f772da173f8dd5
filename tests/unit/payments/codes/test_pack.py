"""Region packs: the shipped ones are sound and whole, every contradiction is told, files are checked whole."""

from pathlib import Path

import msgspec
import pytest

from terminal.errors import BadSettings
from terminal.payments.codes.consumer import Card, WalletCode
from terminal.payments.codes.iso import COUNTRIES, CURRENCIES, NUMBERS
from terminal.payments.codes.pack import Pack, contradictions
from terminal.payments.codes.scheme import Piece, Scheme
from terminal.payments.currencies import EXPONENTS
from terminal.regions import FOLDER, load_region, region_names
from tests.unit.payments.codes.packs import PACKS, SCHEMES, WALLETS

LINK = Scheme("shop", "link", "Shop", "its page", ("CNY",), (Piece("url", from_="account.url"),))
EMV_PIECES = (
    Piece("00", is_="01"),
    Piece("26.01", from_="account.id"),
    Piece("53", from_="currency"),
    Piece("54", from_="amount"),
    Piece("58", is_="CN"),
)
EMV = Scheme("emv", "emv", "EMV", "the standard", ("CNY",), EMV_PIECES)


def test_every_shipped_pack_is_sound_and_names_are_unique_over_all() -> None:
    assert {"br", "th", "vn", "id", "sg", "kh", "my", "ph", "in", "eu", "ch", "cn", "world"} <= set(PACKS)
    assert all(list(contradictions(pack)) == [] for pack in PACKS.values())
    assert sum(len(pack.schemes) for pack in PACKS.values()) == len(SCHEMES)
    assert len({each.wallet for each in WALLETS}) == len(WALLETS)
    assert PACKS["br"].scheme("pix_static").source.startswith("Banco Central do Brasil")


def test_every_currency_has_its_number() -> None:
    assert NUMBERS.keys() == EXPONENTS.keys()
    assert len(CURRENCIES) == len(NUMBERS)
    assert all(len(number) == 3 and number.isdigit() for number in CURRENCIES)
    assert (NUMBERS["BDT"], NUMBERS["BRL"], NUMBERS["CNY"], NUMBERS["KHR"]) == ("050", "986", "156", "116")
    assert len(COUNTRIES) == 249


def changed(scheme: Scheme, **what: object) -> Pack:
    return Pack("xx", (msgspec.structs.replace(scheme, **what),))


def piece(**what: object) -> Pack:
    return changed(LINK, pieces=(msgspec.structs.replace(LINK.pieces[0], **what),))


@pytest.mark.parametrize(
    ("pack", "why"),
    [
        (Pack("xx", (LINK, EMV)), ""),
        (Pack("xx", (LINK, LINK)), "shop: twice"),
        (changed(LINK, pieces=LINK.pieces * 2), "shop: account.url: twice"),
        (changed(LINK, currencies=("XXX",)), "shop: currencies"),
        (changed(LINK, currencies=()), "shop: currencies"),
        (piece(from_="url"), "shop: says nobody's account"),
        (changed(LINK, with_amount=("made",)), "shop: made: no such field"),
        (changed(LINK, one_of=(("made",),)), "shop: made: no such field"),
        (changed(LINK, rules=("magic",)), "shop: magic: no such rule"),
        (changed(LINK, others=("2-5",)), "shop: 2-5: no span of tags"),
        (changed(LINK, letters="["), "shop: pattern: unterminated character set at position 0"),
        (piece(at="26"), "shop: 26: no place in a code of this kind"),
        (piece(is_="x"), "shop: url: either is or from"),
        (piece(from_=""), "shop: url: either is or from"),
        (piece(from_="account.URL"), "shop: url: account.URL: no field's name"),
        (piece(proof="magic"), "shop: url: magic: no such proof"),
        (piece(like="("), "shop: url: pattern: missing ), unterminated subpattern at position 0"),
        (piece(like="[0-9]", default="x"), "shop: url: the default does not fit"),
        (changed(EMV, pieces=EMV_PIECES[1:] + EMV_PIECES[:1]), "emv: 00 is not first"),
        (changed(EMV, pieces=EMV_PIECES[:-1]), "emv: 58: missing"),
        (changed(EMV, pieces=EMV_PIECES[:3] + EMV_PIECES[4:]), "emv: 54: not the amount"),
        (changed(EMV, static=("13",)), "emv: static and dynamic"),
        (changed(EMV, dynamic=()), "emv: static and dynamic"),
    ],
)
def test_a_scheme_that_contradicts_itself_is_told(pack: Pack, why: str) -> None:
    assert next(contradictions(pack), "") == why


@pytest.mark.parametrize(
    ("pack", "why"),
    [
        (Pack("xx", wallets=(WalletCode("w", "W", "s", "article", ("10",), (18,), (18,)),)), ""),
        (Pack("xx", wallets=(WalletCode("w", "W", "s", "article", owner="A0"),)), ""),
        (
            Pack("xx", wallets=(WalletCode("w", "W", "s", "article"),)),
            "wallet w: prefixes and lengths, or an owner",
        ),
        (
            Pack("xx", wallets=(WalletCode("w", "W", "s", "article", ("10",)),)),
            "wallet w: prefixes and lengths, or an owner",
        ),
        (
            Pack("xx", wallets=(WalletCode("w", "W", "s", "article", ("10",), (18,), (19,)),)),
            "wallet w: usual lengths that are none",
        ),
        (Pack("xx", wallets=(WalletCode("w", "W", "s", "article", ("1x",), (18,)),)), "wallet w: prefix 1x"),
        (Pack("xx", cards=(Card("c", ("51-55", "4"), (16,)),)), ""),
        (Pack("xx", cards=(Card("c", ("55-51",), (16,)),)), "card c: prefix 55-51"),
        (Pack("xx", cards=(Card("c", ("5-51",), (16,)),)), "card c: prefix 5-51"),
        (Pack("xx", cards=(Card("c", ("x",), (16,)),)), "card c: prefix x"),
    ],
)
def test_customers_codes_that_contradict_themselves_are_told(pack: Pack, why: str) -> None:
    assert next(contradictions(pack), "") == why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('region = "xx"', ""),
        ('region = "yy"', "region: yy"),
        ('region = "xx"\nsurprise = 1', "Object contains unknown field `surprise`"),
        ('region = "xx"\n[[cards]]\nnetwork = "c"\nprefixes = ["x"]\nlengths = [16]', "card c: prefix x"),
        ("region = ", "Invalid value (at end of document)"),
    ],
)
def test_a_file_is_checked_as_a_whole(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "xx.toml").write_text(text)
    if not why:
        assert load_region("xx", folder=tmp_path) == Pack("xx")
        return
    with pytest.raises(BadSettings) as refused:
        load_region("xx", folder=tmp_path)
    assert refused.value.slug == "profile_unusable"
    assert str(refused.value.facts["why"]).startswith(why)


@pytest.mark.parametrize("name", ["zz", "../br", "BR", ""])
def test_only_packs_of_the_folder_are_loaded(name: str) -> None:
    with pytest.raises(BadSettings, match="profile_unknown"):
        load_region(name)


def test_the_folder_holds_nothing_else() -> None:
    assert tuple(sorted(file.name for file in FOLDER.iterdir())) == tuple(
        f"{name}.toml" for name in region_names()
    )
