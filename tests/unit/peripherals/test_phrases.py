"""Spoken amounts against expectations written by hand, over the edges of 0.01 to 9 999 999.99."""

import random
from typing import Literal

import pytest

from terminal.counter.ports import Utterance
from terminal.payments.money import MINOR_MAX, Money
from terminal.peripherals.phrases import LANGUAGES, amount_words, phrase, voice

ZH = {
    1: "一分",
    2: "两分",
    9: "九分",
    10: "一角",
    11: "一角一分",
    20: "两角",
    22: "两角两分",
    50: "五角",
    99: "九角九分",
    100: "一元",
    101: "一元零一分",
    110: "一元一角",
    123: "一元两角三分",
    200: "两元",
    202: "两元零两分",
    250: "两元五角",
    1000: "十元",
    1005: "十元零五分",
    1050: "十元五角",
    1200: "十二元",
    1205: "十二元零五分",
    1250: "十二元五角",
    1500: "十五元",
    1999: "十九元九角九分",
    2000: "二十元",
    2200: "二十二元",
    2850: "二十八元五角",
    10000: "一百元",
    10001: "一百元零一分",
    10100: "一百零一元",
    10200: "一百零二元",
    10500: "一百零五元",
    11000: "一百一十元",
    11500: "一百一十五元",
    20000: "两百元",
    22200: "两百二十二元",
    99999: "九百九十九元九角九分",
    100000: "一千元",
    100500: "一千零五元",
    101000: "一千零一十元",
    105000: "一千零五十元",
    110000: "一千一百元",
    200200: "两千零二元",
    222222: "两千两百二十二元两角两分",
    999999: "九千九百九十九元九角九分",
    1000000: "一万元",
    1000500: "一万零五元",
    1050000: "一万零五百元",
    1200000: "一万两千元",
    2000000: "两万元",
    2000500: "两万零五元",
    2200000: "两万两千元",
    10000000: "十万元",
    10001000: "十万零一十元",
    10500000: "十万五千元",
    12345678: "十二万三千四百五十六元七角八分",
    20000000: "二十万元",
    100000000: "一百万元",
    100000001: "一百万元零一分",
    102000000: "一百零二万元",
    200000000: "两百万元",
    110001500: "一百一十万零一十五元",
    999999999: "九百九十九万九千九百九十九元九角九分",
}
PT = {
    1: "um centavo",
    2: "dois centavos",
    10: "dez centavos",
    14: "quatorze centavos",
    21: "vinte e um centavos",
    50: "cinquenta centavos",
    99: "noventa e nove centavos",
    100: "um real",
    101: "um real e um centavo",
    150: "um real e cinquenta centavos",
    200: "dois reais",
    202: "dois reais e dois centavos",
    1000: "dez reais",
    1600: "dezesseis reais",
    1999: "dezenove reais e noventa e nove centavos",
    2000: "vinte reais",
    2100: "vinte e um reais",
    2850: "vinte e oito reais e cinquenta centavos",
    9900: "noventa e nove reais",
    10000: "cem reais",
    10001: "cem reais e um centavo",
    10100: "cento e um reais",
    11000: "cento e dez reais",
    12300: "cento e vinte e três reais",
    20000: "duzentos reais",
    50000: "quinhentos reais",
    55500: "quinhentos e cinquenta e cinco reais",
    99999: "novecentos e noventa e nove reais e noventa e nove centavos",
    100000: "mil reais",
    100100: "mil e um reais",
    101000: "mil e dez reais",
    110000: "mil e cem reais",
    110100: "mil cento e um reais",
    120000: "mil e duzentos reais",
    123400: "mil duzentos e trinta e quatro reais",
    200000: "dois mil reais",
    200500: "dois mil e cinco reais",
    999999: "nove mil novecentos e noventa e nove reais e noventa e nove centavos",
    1000000: "dez mil reais",
    2100000: "vinte e um mil reais",
    10000000: "cem mil reais",
    10000100: "cem mil e um reais",
    12345678: "cento e vinte e três mil quatrocentos e cinquenta e seis reais e setenta e oito centavos",
    100000000: "um milhão de reais",
    100000001: "um milhão de reais e um centavo",
    100000100: "um milhão e um reais",
    100100000: "um milhão e mil reais",
    150000000: "um milhão e quinhentos mil reais",
    123400000: "um milhão duzentos e trinta e quatro mil reais",
    200000000: "dois milhões de reais",
    999999999: "nove milhões novecentos e noventa e nove mil novecentos e noventa e nove reais"
    " e noventa e nove centavos",
}
EN = {
    1: "one cent",
    2: "two cents",
    10: "ten cents",
    12: "twelve cents",
    21: "twenty-one cents",
    50: "fifty cents",
    99: "ninety-nine cents",
    100: "one dollar",
    101: "one dollar and one cent",
    150: "one dollar and fifty cents",
    200: "two dollars",
    205: "two dollars and five cents",
    1000: "ten dollars",
    1100: "eleven dollars",
    1300: "thirteen dollars",
    1999: "nineteen dollars and ninety-nine cents",
    2000: "twenty dollars",
    2100: "twenty-one dollars",
    2850: "twenty-eight dollars and fifty cents",
    4000: "forty dollars",
    9900: "ninety-nine dollars",
    10000: "one hundred dollars",
    10001: "one hundred dollars and one cent",
    10100: "one hundred and one dollars",
    11000: "one hundred and ten dollars",
    12300: "one hundred and twenty-three dollars",
    20000: "two hundred dollars",
    99999: "nine hundred and ninety-nine dollars and ninety-nine cents",
    100000: "one thousand dollars",
    100100: "one thousand and one dollars",
    101000: "one thousand and ten dollars",
    110000: "one thousand one hundred dollars",
    110100: "one thousand one hundred and one dollars",
    200000: "two thousand dollars",
    1000000: "ten thousand dollars",
    1234567: "twelve thousand three hundred and forty-five dollars and sixty-seven cents",
    2100000: "twenty-one thousand dollars",
    10000000: "one hundred thousand dollars",
    10000500: "one hundred thousand and five dollars",
    10500000: "one hundred and five thousand dollars",
    100000000: "one million dollars",
    100000001: "one million dollars and one cent",
    100000500: "one million and five dollars",
    100500000: "one million five thousand dollars",
    150000000: "one million five hundred thousand dollars",
    200000000: "two million dollars",
    999999999: "nine million nine hundred and ninety-nine thousand nine hundred and ninety-nine dollars"
    " and ninety-nine cents",
}


@pytest.mark.row(51)
@pytest.mark.parametrize(("minor", "words"), ZH.items())
def test_mandarin(minor: int, words: str) -> None:
    assert amount_words(Money(minor, "CNY"), "zh-CN") == words


@pytest.mark.row(51)
@pytest.mark.parametrize(("minor", "words"), PT.items())
def test_portuguese(minor: int, words: str) -> None:
    assert amount_words(Money(minor, "BRL"), "pt-BR") == words


@pytest.mark.row(51)
@pytest.mark.parametrize(("minor", "words"), EN.items())
def test_english(minor: int, words: str) -> None:
    assert amount_words(Money(minor, "USD"), "en") == words


@pytest.mark.parametrize(
    ("minor", "currency", "language", "words"),
    [
        (1250, "USD", "zh-CN", "十二点五美元"),
        (200, "USD", "zh-CN", "两美元"),
        (1, "USD", "zh-CN", "零点零一美元"),
        (500, "JPY", "zh-CN", "五百日元"),
        (500, "JPY", "en", "five hundred yen"),
        (1, "JPY", "pt-BR", "um iene"),
        (1250, "CNY", "en", "twelve yuan and fifty fen"),
        (1250, "CNY", "pt-BR", "doze yuans e cinquenta fens"),
        (1205, "KWD", "en", "one point two zero five K W D"),
        (1, "KWD", "pt-BR", "zero vírgula zero zero um K W D"),
        (3000, "KWD", "en", "three K W D"),
        (1250, "THB", "en", "twelve point five baht"),
        (100_000_000_000, "CNY", "zh-CN", "十亿元"),
        (20_000_000_500, "CNY", "zh-CN", "两亿零五元"),
        (100_000_000_000, "BRL", "pt-BR", "um bilhão de reais"),
        (0, "CNY", "zh-CN", "零元"),
    ],
)
def test_other_currencies_and_large_amounts(minor: int, currency: str, language: str, words: str) -> None:
    assert amount_words(Money(minor, currency), language) == words


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(51)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("currency", ["CNY", "BRL", "USD", "JPY", "KWD", "THB"])
def test_distinct_amounts_give_distinct_words(language: str, currency: str) -> None:
    chance = random.Random(f"{language}{currency}")
    edges = [10**power + step for power in range(10) for step in range(-3, 4)]
    amounts = {minor for minor in edges if minor > 0} | set(range(1, 1500))
    amounts |= {chance.randrange(1, 10**9) for _ in range(1500)} | {MINOR_MAX}
    amounts |= {chance.randrange(1, 10**4) * 10 ** chance.randrange(1, 7) for _ in range(800)}
    words = {amount_words(Money(minor, currency), language) for minor in amounts}
    assert len(words) == len(amounts)
    assert not any("  " in said or said != said.strip() for said in words)


@pytest.mark.parametrize(
    ("kind", "language", "said"),
    [
        ("paid", "zh-CN", "支付宝到账，二十八元五角"),
        ("late", "zh-CN", "迟到的付款，支付宝到账，二十八元五角"),
        ("not_paid", "zh-CN", "未付款，没有扣款"),
        ("checking", "zh-CN", "正在向银行核实，请勿交货"),
        ("paid", "en", "Alipay, received twenty-eight yuan and fifty fen"),
        ("late", "en", "Late payment arrived. Alipay, twenty-eight yuan and fifty fen"),
        ("not_paid", "en", "Not paid. Nothing was charged"),
        ("paid", "pt-BR", "Alipay: pagamento recebido, vinte e oito yuans e cinquenta fens"),
        ("checking", "pt-BR", "Consultando o banco. Não entregue"),
    ],
)
def test_each_kind_has_its_phrase(
    kind: Literal["paid", "not_paid", "late", "checking", "unverified"], language: str, said: str
) -> None:
    assert phrase(Utterance(kind, Money(2850, "CNY"), "alipay", language, test=False)) == said


@pytest.mark.row(51)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["paid", "not_paid", "late", "checking", "unverified"])
def test_i25_test_and_training_are_said_first(
    kind: Literal["paid", "not_paid", "late", "checking", "unverified"], language: str
) -> None:
    words = voice(language).phrases

    def said(*, test: bool = False, training: bool = False) -> str:
        amount = Money(2850, "CNY")
        return phrase(Utterance(kind, amount, "alipay", language, test=test, training=training))

    plain = said()
    assert said(test=True) == words.test + plain
    assert said(training=True) == words.training + plain
    assert said(test=True, training=True) == words.test + words.training + plain


def test_the_wallets_name_comes_from_its_profile_then_from_the_voice_then_as_it_is() -> None:
    def said(wallet: str, title: str = "") -> str:
        utterance = Utterance("paid", Money(200, "CNY"), wallet, "zh-CN", test=False)
        return phrase(utterance, wallet_title=title)

    assert said("wechatpay") == "微信支付到账，两元"
    assert said("wechatpay", "微信") == "微信到账，两元"
    assert said("shop{pay}") == "shop{pay}到账，两元"


@pytest.mark.parametrize(("wish", "same"), [("zh", "zh-CN"), ("pt", "pt-BR"), ("en-GB", "en"), ("xx", "en")])
def test_a_language_falls_to_its_nearest(wish: str, same: str) -> None:
    assert voice(wish) == voice(same)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_that_reports_money_says_wallet_and_amount(language: str) -> None:
    words = voice(language).phrases
    for text in (words.paid, words.late):
        assert "{wallet}" in text
        assert "{amount}" in text
    assert not any("{" in text for text in (words.not_paid, words.checking, words.unverified, words.test))
