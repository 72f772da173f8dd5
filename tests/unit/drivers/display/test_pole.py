"""Pole displays: the makers' bytes, amounts on the right, every code page, no byte that is not a letter."""

from dataclasses import replace

import pytest

from drivers.display.panel import Kind, PanelScreen
from drivers.display.pole import COLUMNS, PoleProfile, bytes_of, digits_only, lines, start
from drivers.display.profile import load_panel
from firmware_stubs.display_pole import PoleStub
from tests.unit.drivers.golden import vectors

VECTORS = vectors("pole")
SALE = PanelScreen("code", payload="x", amount="12.50", digits="12.50", title="Corner Noodles", words="Scan")
ENTERED = PanelScreen(
    "idle", title="8.00 Ham", words="Total 28.50", item="Ham", price="8.00", amount="28.50", digits="28.50"
)
PAGES = {
    "escpos-vfd": ("cp437", 0, "Zürich Ñandú", "£12.50"),
    "escpos-vfd-cp850": ("cp850", 2, "Ângelo & São", "£12.50"),
    "escpos-vfd-cp860": ("cp860", 3, "Pão de Açúcar", "R$ 12,50"),
    "escpos-vfd-cp866": ("cp866", 17, "Чайная", "12,50"),
    "escpos-vfd-cp1252": ("cp1252", 16, "Café Œuvre", "€12.50"),
}


def shown(profile: PoleProfile, *screens: PanelScreen) -> PoleStub:
    stub = PoleStub(profile.dialect, codec=profile.codec)
    stub.receive(start(profile), 0)
    for screen in screens:
        stub.receive(bytes_of(screen, profile), 1)
    return stub


def test_the_published_lines_are_what_we_send() -> None:
    total = bytes_of(SALE, load_panel(PoleProfile, "cd5220"))
    words = PanelScreen("code", amount="12.50", digits="12.50")
    assert VECTORS["CD5220 upper"] in bytes_of(words, load_panel(PoleProfile, "cd5220"))
    assert bytes_of(words, load_panel(PoleProfile, "escpos-vfd")) == VECTORS["ESC/POS both lines"]
    assert total.startswith(b"\x0c"), "in line mode it hears nothing else before a clear"
    assert (
        bytes_of(PanelScreen("paid", digits="12.50"), load_panel(PoleProfile, "led8n"))
        == VECTORS["LED8N received"]
    )


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("cd5220", "1B3D02 0C 1B3D02 1B40 1B3D02 1B11 1B5F00 1B2A04 0C"),
        ("cd5220-cp850", "1B3D02 0C 1B3D02 1B40 1B3D02 1B6302 1B11 1B5F00 1B2A04 0C"),
        ("cd5220-cp866", "1B3D02 0C 1B3D02 1B40 1B3D02 1B6311 1B11 1B5F00 1B2A04 0C"),
        ("escpos-vfd", "1B3D02 1B40 1B3D02 1B7400 1F01 1F4300 1F5804 0C"),
        ("escpos-vfd-cp850", "1B3D02 1B40 1B3D02 1B7402 1F01 1F4300 1F5804 0C"),
        ("escpos-vfd-cp860", "1B3D02 1B40 1B3D02 1B7403 1F01 1F4300 1F5804 0C"),
        ("escpos-vfd-cp1252", "1B3D02 1B40 1B3D02 1B7410 1F01 1F4300 1F5804 0C"),
        ("escpos-vfd-cp866", "1B3D02 1B40 1B3D02 1B7411 1F01 1F4300 1F5804 0C"),
        ("led8n", "0C"),
    ],
)
def test_every_shipped_pole_is_started_with_the_makers_bytes(name: str, sent: str) -> None:
    assert start(load_panel(PoleProfile, name)).hex() == bytes.fromhex(sent).hex()


@pytest.mark.row(48)
@pytest.mark.parametrize("name", ["cd5220", "escpos-vfd"])
def test_the_amount_stands_on_the_right_and_old_text_never_shines_through(name: str) -> None:
    profile = load_panel(PoleProfile, name)
    long = PanelScreen("code", amount="1,234,567.89", digits="1234567.89", title="A very long name of a shop")
    stub = shown(profile, long, SALE)
    assert stub.lines == ("Scan           12.50", "Corner Noodles      ")
    stub = shown(profile, SALE, PanelScreen("idle", title="Tea", words="Welcome"))
    assert [line.strip() for line in stub.lines] == ["Tea", "Welcome"]
    assert stub.unknown == 0


@pytest.mark.row(2, 48)
@pytest.mark.parametrize("name", ["cd5220", "escpos-vfd"])
def test_what_is_entered_stands_above_the_total_and_both_prices_are_whole(name: str) -> None:
    profile = load_panel(PoleProfile, name)
    tea = replace(ENTERED, item="Earl Grey with a very long name", price="20.00")
    assert shown(profile, SALE, tea).lines == ("Earl Grey with 20.00", "TOTAL          28.50")
    assert shown(profile, tea, replace(ENTERED, item="")).lines == ("                8.00", "TOTAL          28.50")
    test = replace(ENTERED, test="TEST")
    assert shown(profile, test).lines == ("Ham             8.00", "TEST TOTAL     28.50")
    wide = replace(ENTERED, amount="R$ 1.234.567,12")
    assert shown(profile, wide).lines[1] == "     R$ 1.234.567,12", "no half word"
    vast = replace(ENTERED, amount="R$ 1.234.567.890,12", digits="1234567890.12")
    assert shown(profile, vast).lines[1] == " R$ 1.234.567.890,12"
    assert shown(profile, replace(vast, test="TEST")).lines[1] == "TEST   1234567890.12", "a test always says so"


@pytest.mark.row(48)
def test_a_chinese_letter_takes_two_of_the_twenty_columns_and_is_never_halved() -> None:
    profile = PoleProfile(codec="gbk", words={"code": "TOTAL"})
    noodles = replace(ENTERED, item="红烧牛肉面大碗加蛋", price="12.00")
    upper, lower = lines(noodles, profile)
    assert (upper, lower) == ("红烧牛肉面大碗 12.00", "TOTAL          28.50")
    stub = shown(profile, noodles)
    assert stub.raw.decode("gbk") == upper + lower
    assert len(bytes_of(PanelScreen("idle", title="奶茶店" * 9, words="欢迎"), profile)) == len(
        bytes_of(SALE, profile)
    )


@pytest.mark.row(48)
@pytest.mark.parametrize("words", ["扫码支付谢谢惠顾", "欢迎", ""])
@pytest.mark.parametrize("amount", ["￥28.50", "￥1,234,567,890.12", "￥12,345,678,901.23", "￥9" * 9])
def test_an_amount_s_wide_sign_takes_two_columns_too(amount: str, words: str) -> None:
    profile = PoleProfile(codec="gbk", words={"code": "合计", "paid": "已付", "test": "训练"})
    kinds: list[tuple[Kind, str]] = [("code", ""), ("paid", "训练")]
    for kind, test in kinds:
        screen = PanelScreen(kind, amount=amount, digits="28.50", title="奶茶店", words=words, test=test)
        upper, lower = shown(profile, screen).raw.decode("gbk"), lines(screen, profile)
        assert upper == "".join(lower)
        assert [len(line.encode("gbk")) for line in lower] == [COLUMNS, COLUMNS]
        assert lower[0].endswith((f" {amount}", " 28.50"))
        assert test in lower[1]


@pytest.mark.row(48)
def test_led8n_shows_the_sum_so_far_with_the_total_s_lamp() -> None:
    profile = load_panel(PoleProfile, "led8n")
    stub = shown(profile, ENTERED)
    assert (stub.digits, stub.lamp) == ("28.50", "2")
    stub.receive(bytes_of(PanelScreen("idle", title="Tea"), profile), 2)
    assert (stub.digits, stub.lamp) == ("", "0")


@pytest.mark.row(48)
def test_a_till_s_own_words_have_both_lines() -> None:
    """What a till sends while goods are entered (Odoo, nexo) is one text for 2x20."""
    profile = load_panel(PoleProfile, "cd5220")
    words = PanelScreen("idle", title="Espresso doppio 2.80 Total 11.20", words="Welcome")
    assert [line.strip() for line in shown(profile, words).lines] == ["Espresso doppio 2.80", "Total 11.20"]
    assert [line.strip() for line in shown(profile, replace(words, test="TEST")).lines] == [
        "Espresso doppio 2.80",
        "TEST Total 11.20",
    ]
    endless = replace(words, title="x" * 50)
    assert shown(profile, endless).lines == ("x" * 20, "x" * 20)


@pytest.mark.row(48)
@pytest.mark.parametrize("name", PAGES)
def test_code_pages_their_letters_arrive_as_they_are(name: str) -> None:
    codec, page, title, amount = PAGES[name]
    profile = load_panel(PoleProfile, name)
    assert profile.codec == codec
    stub = shown(profile, PanelScreen("code", amount=amount, digits="12.50", title=title))
    assert stub.code_page == page
    assert stub.lines[0].endswith(" " + amount)
    assert stub.lines[1].rstrip() == title


@pytest.mark.row(48)
def test_what_a_glass_has_no_letters_for_is_said_in_its_own_words_or_left_out() -> None:
    profile = load_panel(PoleProfile, "escpos-vfd")
    stub = shown(profile, PanelScreen("paid", amount="¥28.50", digits="28.50", title="街角面馆", words="付款成功"))
    assert stub.lines[0] == "PAID          ¥28.50"
    chinese = shown(
        profile, PanelScreen("code", amount="฿28.50", digits="28.50", title="街角面馆", words="请扫码")
    )
    assert chinese.lines == ("TOTAL          28.50", " " * 20)
    accents = shown(profile, PanelScreen("code", amount="1.00", digits="1.00", title="Pão São João"))
    assert accents.lines[1].rstrip() == "Pao Sao Joao"


def test_an_escpos_display_is_told_where_each_line_begins() -> None:
    data = bytes_of(SALE, load_panel(PoleProfile, "escpos-vfd"))
    assert data == b"\x1f\x24\x01\x01Scan           12.50\x1f\x24\x01\x02Corner Noodles      "


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("ABCDEF", ("ABCDEF 1234567890.12", "Tea")),
        ("ABCDEFG", ("       1234567890.12", "ABCDEFG")),
        ("ABCDEFGHIJKL", ("       1234567890.12", "ABCDEFGHIJKL")),
        ("ABCDEFGHIJKLM", ("TOTAL  1234567890.12", "Tea")),
    ],
)
def test_a_word_stands_beside_its_amount_with_a_space_between_or_below_it(
    words: str, wanted: tuple[str, str]
) -> None:
    screen = PanelScreen("code", amount="1234567890.12", digits="1234567890.12", title="Tea", words=words)
    upper, lower = lines(screen, load_panel(PoleProfile, "cd5220"))
    assert (upper, lower.rstrip()) == wanted


def test_a_paid_sale_has_its_check_code_below_and_no_name() -> None:
    screen = PanelScreen("paid", amount="12.50", digits="12.50", title="Tea", words="Paid", reference="7KQ2")
    upper, lower = lines(screen, load_panel(PoleProfile, "cd5220"))
    assert (upper, lower.rstrip()) == ("Paid           12.50", "7KQ2")


@pytest.mark.parametrize(
    ("title", "upper", "lower"),
    [
        ("Tea", "        Tea         ", "      Welcome       "),
        ("A" * 20, "A" * 20, "      Welcome       "),
        ("Corner Noodles & Co of Pa", "Corner Noodles & Co ", "       of Pa        "),
        ("Twenty letters to to be", "Twenty letters to to", "         be         "),
        ("A" * 21, "A" * 20, "         A          "),
    ],
)
def test_a_name_is_centred_and_broken_between_words(title: str, upper: str, lower: str) -> None:
    shown_lines = lines(PanelScreen("idle", title=title, words="Welcome"), load_panel(PoleProfile, "cd5220"))
    assert shown_lines == (upper, lower)


@pytest.mark.row(48)
@pytest.mark.parametrize("amount", ["9,999,999.99", "12345678901234567890", "123456789012345678901", "1" * 40])
def test_an_amount_is_whole_or_not_there(amount: str) -> None:
    profile = load_panel(PoleProfile, "cd5220")
    upper, lower = lines(PanelScreen("code", amount=amount, digits=amount, title="Tea"), profile)
    assert len(upper) == len(lower) == COLUMNS
    assert upper.split(" ")[-1] == (amount if len(amount) <= COLUMNS else "")


@pytest.mark.parametrize("kind", ["code", "paid", "failed", "cancelled", "checking", "late", "idle"])
@pytest.mark.parametrize("name", ["cd5220", "escpos-vfd"])
def test_i25_every_screen_of_a_test_says_so(name: str, kind: str) -> None:
    screen = PanelScreen(kind, amount="¥9,999,999.99", digits="9999999.99", title="Tea", test="测试 – 不会扣款")  # type: ignore[arg-type]  # each is one of the kinds
    assert "TEST" in shown(load_panel(PoleProfile, name), screen).screen


def test_i25_eight_digits_cannot_say_test_and_stay_dark() -> None:
    profile = load_panel(PoleProfile, "led8n")
    sale = PanelScreen("code", amount="¥28.50", digits="28.50", test="TEST")
    stub = shown(profile, PanelScreen("code", digits="5.00"), sale)
    assert (stub.digits, stub.lamp) == ("", "0")


@pytest.mark.parametrize(("kind", "lamp"), [("idle", "2"), ("code", "2"), ("paid", "3"), ("late", "0")])
def test_eight_digits_have_the_lamp_of_what_they_say(kind: Kind, lamp: str) -> None:
    stub = shown(load_panel(PoleProfile, "led8n"), PanelScreen(kind, amount="1.00", digits="1.00"))
    assert (stub.lamp, stub.digits) == (lamp, "" if lamp == "0" else "1.00")


@pytest.mark.parametrize("brightness", [0, 5])
def test_a_brightness_no_pole_has_is_an_error(brightness: int) -> None:
    assert (PoleProfile(brightness=1).brightness, PoleProfile(brightness=4).brightness) == (1, 4)
    with pytest.raises(ValueError, match="brightness"):
        PoleProfile(brightness=brightness)


def test_eight_digits_show_a_whole_amount_with_its_lamp_or_nothing() -> None:
    profile = load_panel(PoleProfile, "led8n")
    assert shown(profile, PanelScreen("code", digits="123456.78")).digits == "123456.78"
    assert (
        shown(profile, PanelScreen("code", digits="1.00"), PanelScreen("code", digits="1234567.89")).digits == ""
    )
    stub = shown(profile, PanelScreen("code", digits="1.00"), PanelScreen("failed", digits="1.00"))
    assert (stub.digits, stub.lamp) == ("", "0")
    assert [digits_only(text) for text in ("1,234.50", "1.2.3", "-1.00", "١٢", "")] == ["1234.50", "", "", "", ""]


@pytest.mark.parametrize("name", ["cd5220", "escpos-vfd-cp866", "escpos-vfd-cp1252", "led8n"])
def test_s61_whatever_a_name_holds_no_control_byte_comes_out_of_it(name: str) -> None:
    profile = load_panel(PoleProfile, name)
    evil = "\x1b@\x0c\r\n\x1f\x01" + "".join(map(chr, range(0x7F, 0xA0))) + "\u202e\x00A"
    screen = PanelScreen("code", amount=evil, digits="1.00", title=evil, words=evil, reference=evil)
    plain = PanelScreen("code", amount="A", digits="1.00", title="A", words="A", reference="A")
    skeleton = [byte for byte in bytes_of(plain, profile) if byte < 0x20 or byte == 0x7F]
    assert [byte for byte in bytes_of(screen, profile) if byte < 0x20 or byte == 0x7F] == skeleton
    assert shown(profile, screen).unknown == 0


@pytest.mark.parametrize("name", ["cd5220", "escpos-vfd"])
def test_a_display_that_hands_its_bytes_to_a_printer_is_chosen_and_no_paper_gets_a_letter(name: str) -> None:
    """A reset may give the line back to the printer; a till before us may have left it there."""
    profile = load_panel(PoleProfile, name)
    stub = PoleStub(profile.dialect, chosen_first=1)
    for _ in range(2):
        stub.receive(start(profile), 0)
        stub.receive(bytes_of(SALE, profile), 1)
        assert (stub.screen, stub.passed, stub.unknown) == ("Scan           12.50\nCorner Noodles", 0, 0)
        assert stub.chosen == 2, "the display alone"


def test_l4_the_trap_of_the_cd5220_every_split_shows_the_same() -> None:
    profile = load_panel(PoleProfile, "cd5220")
    stream = start(profile) + bytes_of(SALE, profile) + start(profile) + bytes_of(SALE, profile)
    for cut in range(len(stream) + 1):
        stub = PoleStub("cd5220")
        stub.receive(stream[:cut], 0)
        stub.receive(stream[cut:], 1)
        assert stub.lines == ("Scan           12.50", "Corner Noodles      "), cut
        assert stub.unknown == 0
