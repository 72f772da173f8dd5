"""Every language has every word with the same facts; amounts and times as people write them."""

import re
from datetime import UTC, timedelta, timezone
from decimal import Decimal

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from terminal.help.catalogue import FOLDER, Catalogue, pseudo
from terminal.help.languages import LANGUAGES, PSEUDO
from terminal.help.money_text import digits, money
from terminal.help.registry import PLACEHOLDER
from terminal.payments.attempt import SCREEN_WORDS
from terminal.payments.currencies import EXPONENTS
from terminal.payments.money import Money
from terminal.payments.notice import Refusal

ENGLISH = Catalogue.load("en")
WORDS = {language: Catalogue.load(language) for language in LANGUAGES}


@pytest.mark.row(137)
@pytest.mark.parametrize("language", [*LANGUAGES, PSEUDO])
def test_no_key_is_missing_extra_empty_or_differs_in_its_facts(language: str) -> None:
    catalogue = Catalogue.load(language)
    assert catalogue.names() == ENGLISH.names()
    sections = {key.partition(".")[0] for key in ENGLISH.names()}
    english, texts = ENGLISH.section(*sections), catalogue.section(*sections)
    for key, text in texts.items():
        assert text.strip() == text != "", key
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(english[key])), key
        assert not re.search(r"[{}]", PLACEHOLDER.sub("", text)), key


def test_every_text_is_said_somewhere() -> None:
    """A source names a key or begins it: ``timeline.how_`` says all of ``timeline.how_…``."""
    sources = [path for path in FOLDER.parents[1].rglob("*") if path.suffix in {".py", ".js", ".html"}]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    named = set(re.findall(r"[\"'`]([a-z_]+\.[a-z0-9_]+)[\"'`]", text))
    begun = {*re.findall(r"[\"'`]([a-z_]+\.[a-z0-9_]*)\$?\{", text)}
    begun |= {*re.findall(r"[\"'`]([a-z_]+\.(?:[a-z0-9_]*_)?)[\"'`]", text)}
    assert sorted(key for key in ENGLISH.names() - named if not key.startswith(tuple(begun))) == []


def test_there_is_a_file_for_every_language_and_no_other() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(LANGUAGES)


def test_the_state_words_are_those_of_the_screen_language() -> None:
    words = {
        "ready": ("Ready", "可以收款", "Pronto"),
        "waiting": ("Waiting for customer", "等待付款", "Aguardando cliente"),
        "acting": ("Customer is confirming", "顾客正在确认", "Cliente confirmando"),
        "checking": (
            "Checking with bank – keep the goods",
            "正在向银行核实,请勿交货",
            "Consultando o banco – não entregue",
        ),
        "paid": ("Paid", "已收款", "Pago"),
        "not_paid": ("Not paid", "未付款", "Não pago"),
        "late": ("Late payment arrived", "迟到的付款", "Pagamento atrasado"),
        "test": ("TEST", "测试", "TESTE"),
        "training": ("TRAINING", "培训模式", "TREINAMENTO"),
    }
    for word, texts in words.items():
        assert tuple(WORDS[language].text(f"state.{word}") for language in LANGUAGES) == texts


def test_what_the_core_can_say_has_words() -> None:
    wanted = {f"state.{word}" for word in SCREEN_WORDS.values()}
    wanted |= {f"refusal.{refusal}" for refusal in Refusal}
    assert wanted <= ENGLISH.names()


def test_languages_are_really_translated() -> None:
    chinese, english = (WORDS[name].section("till", "bar", "sale", "lab") for name in ("zh-CN", "en"))
    assert [key for key, text in chinese.items() if not re.search("[一-鿿]", text)] == []
    portuguese = WORDS["pt-BR"].section("till", "sale", "lab")
    assert sum(portuguese[key] == english[key] for key in portuguese) == 0


def test_facts_are_filled_and_a_missing_key_is_a_bug() -> None:
    assert WORDS["zh-CN"].text("receipt.copy", n=2) == "副本 2"
    with pytest.raises(KeyError):
        ENGLISH.text("state.never_heard_of")


def test_the_pseudo_locale_shows_itself_and_keeps_facts() -> None:
    assert pseudo("Sale {no}") == "⟦Šálé {no}~~~~⟧"
    assert "7" in Catalogue.load(PSEUDO).text("till.sale_no", no=7)
    assert all(text.startswith("⟦") for text in Catalogue.load(PSEUDO).section("till").values())


@pytest.mark.row(138)
@pytest.mark.parametrize(
    ("amount", "language", "text"),
    [
        (Money(2850, "CNY"), "en", "¥28.50"),
        (Money(2850, "CNY"), "zh-CN", "¥28.50"),
        (Money(123456789, "BRL"), "pt-BR", "R$\u00a01.234.567,89"),
        (Money(500, "JPY"), "en", "JP¥500"),
        (Money(1250, "KWD"), "en", "KWD\u00a01.250"),
        (Money(5, "KWD"), "pt-BR", "KWD\u00a00,005"),
        (Money(-500, "USD"), "en", "-$5.00"),
        (Money(100000, "USD"), "zh-CN", "US$1,000.00"),
        (Money(-100, "BRL"), "pt-BR", "-R$\u00a01,00"),
    ],
)
def test_amounts_as_people_write_them(amount: Money, language: str, text: str) -> None:
    assert money(amount, language) == text
    assert Catalogue.load(language).money(amount, paper=True) == text.replace("\u00a0", " ")


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from(sorted(EXPONENTS)),
    st.sampled_from(["en", "zh-CN", "pt-BR"]),
)
def test_i12_grouping_agrees_with_the_unicode_locale_data(minor: int, currency: str, language: str) -> None:
    amount = Money(minor, currency)
    places = "." + "0" * amount.exponent if amount.exponent else ""
    number = Decimal(minor).scaleb(-amount.exponent)
    expected = format_decimal(number, f"#,##0{places}", locale=language.replace("-", "_"))
    assert digits(amount, language) == expected


def test_times_are_plain_and_in_the_shop_s_zone() -> None:
    shanghai = timezone(timedelta(hours=8))
    at_ms = 1_769_868_309_999  # 2026-01-31T14:05:09.999Z
    assert WORDS["zh-CN"].date_time(at_ms, shanghai) == "2026-01-31 22:05:09"
    assert WORDS["pt-BR"].date_time(at_ms, UTC) == "31/01/2026 14:05:09"
    assert WORDS["en"].date(-1, UTC) == "1969-12-31"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "now"),
        (12, "12 s ago"),
        (119, "119 s ago"),
        (180, "3 min ago"),
        (7200, "2 h ago"),
        (180_000, "2 d ago"),
    ],
)
def test_ages(seconds: int, text: str) -> None:
    assert ENGLISH.age(seconds) == text
