"""Every kind of difference in every language: both sides, amounts by currency, plurals, nothing left unfilled."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.settlement.day_summary import BillRow, DaySummary, FeeGapTold
from terminal.settlement.differences import Difference, Fix, Kind, Note
from terminal.settlement.words import (
    day_line,
    ended,
    fix_name,
    left_alone,
    letter,
    plural,
    sentence,
    state_name,
    title,
)

DAY = "2026-11-20"
CATALOGUES = {language: Catalogue.load(language) for language in LANGUAGES}
ENGLISH, CHINESE, PORTUGUESE = (CATALOGUES[each] for each in ("en", "zh-CN", "pt-BR"))


def made(kind: Kind, here: int | None = 2850, there: int | None = 2800, **more: Any) -> Difference:
    facts = {"number": "A00017", "no": 17, "line": 3, **more.pop("facts", {})}
    key = more.pop("key", "A00017")
    return Difference(kind, "wechatpay", key, DAY, more.pop("currency", "CNY"), here, there, facts=facts, **more)


def every() -> Iterator[Difference]:
    """Each kind as reconciliation makes it, in each of its variants."""
    yield made(Kind.MISSING_HERE, here=None)
    yield made(Kind.MISSING_HERE, here=None, facts={"what": "refund"})
    for what in ("payment", "refund"):
        for asked in ("", "paid", "closed"):
            yield made(Kind.MISSING_THERE, there=None, facts={"what": what, "asked": asked})
    for there in ("done", "pending", "failed", "revoked"):
        for here in ("paid", "unpaid", "open", "voided"):
            yield made(Kind.STATUS, facts={"there": there, "here": here, "what": "payment"})
    yield made(Kind.SHORT)
    yield made(Kind.OVER, there=2950)
    fee = {"charged": "0.38 %", "agreed": "0.30 %", "number": "list"}
    for lines in (1, 2):
        yield made(Kind.FEE, here=9, there=11, facts={**fee, "lines": lines})
        yield made(Kind.FEE, here=0, there=11, facts={**fee, "lines": lines, "free": 1})
    for fix in (Fix.REFUND, Fix.ACCEPT):
        yield made(Kind.DUPLICATE, fix=fix, facts={"first": DAY})
    for fix in (Fix.REFUND, Fix.ATTACH):
        yield made(Kind.LATE, fix=fix)
    yield made(Kind.WRONG_ACCOUNT, here=None, facts={"account": "1999999999"})
    yield made(Kind.WRONG_CURRENCY, currency="USD", facts={"found": "USD"})
    yield made(Kind.WRONG_CURRENCY, here=None, currency="???", facts={"found": "???"})
    yield made(Kind.PAYOUT, here=-100, key=DAY, facts={"number": DAY})
    yield made(Kind.PAYOUT, key="PO-1", facts={"number": "PO-1"})
    late = {"number": DAY, "due": "2026-11-23"}
    yield made(Kind.PAYOUT_LATE, there=None, key=DAY, facts={**late, "came": ""})
    yield made(Kind.PAYOUT_LATE, key=DAY, facts={**late, "came": "2026-11-25"})
    for kind in Kind:
        yield Difference(kind, "wechatpay", f"{DAY}/abc/more", DAY, "CNY", facts={"number": "+5", "more": 5})


@pytest.mark.row(110)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_its_sentence_with_both_sides_and_nothing_unfilled(language: str) -> None:
    words = CATALOGUES[language]
    told = list(every())
    assert {each.kind for each in told} == set(Kind)
    for each in told:
        said = sentence(each, words)
        texts = (said, left_alone(each, words), title(each, words), *letter(each, words))
        for text in texts:
            assert text.strip() == text != "", each
            assert not re.search(r"[{}]|None|–", text.replace("–", "", text.count(": –"))), text
        if "more" in each.facts:
            assert "5" in said
            continue
        for minor in (each.here_minor, each.there_minor):
            if minor is not None and each.kind not in {Kind.LATE, Kind.DUPLICATE, Kind.STATUS} | wrong():
                assert f"{abs(minor) // 100}" in said, said
        assert language == "en" or said != sentence(each, ENGLISH), said


def wrong() -> set[Kind]:
    return {Kind.WRONG_ACCOUNT, Kind.WRONG_CURRENCY}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fix_and_every_end_has_words(language: str) -> None:
    words = CATALOGUES[language]
    names = {fix_name(each, words) for each in Fix}
    assert len(names) == len(Fix)
    for how in ("matched", "healed", "query", "refund", "attach", "accept"):
        assert ended(how, words)
    assert len({state_name(each, words) for each in ("open", "asked", "carried", "ended")}) == 4


def test_a_sentence_says_amounts_as_its_language_and_currency_write_them() -> None:
    short = made(Kind.SHORT, 123_456, 123_356, currency="BRL")
    assert sentence(short, PORTUGUESE).count("R$\u00a01.234,56") == 1
    assert "R$1,234.56" in sentence(short, ENGLISH)
    assert "R$1.00 less" in sentence(short, ENGLISH)
    assert sentence(made(Kind.WRONG_CURRENCY, currency="XX?", facts={"found": "XX?"}), ENGLISH).count("2800 XX?")
    asked = made(Kind.MISSING_THERE, there=None, facts={"what": "payment", "asked": "paid"})
    assert sentence(asked, ENGLISH) == (
        "Sale 0017 was paid with ¥28.50 (A00017), and neither the bank's bill of 2026-11-20 nor the next one has"
        " it. Asked again, the bank says: paid."
    )


@pytest.mark.parametrize(
    ("language", "ones", "others"),
    [("en", (1,), (0, 2, 11, 21, 101)), ("pt-BR", (0, 1), (2, 21)), ("zh-CN", (), (0, 1, 2))],
)
def test_plural_forms_are_those_of_cldr(language: str, ones: tuple[int, ...], others: tuple[int, ...]) -> None:
    assert {plural(language, each) for each in ones} <= {"one"}
    assert {plural(language, each) for each in others} == {"other"}


BILL = BillRow("wechatpay", "trade", 40, 37, 0, {}, {})


@pytest.mark.row(110, 115, 117)
def test_a_day_is_one_line_in_three_languages() -> None:
    day = DaySummary(
        DAY,
        (BILL,),
        kinds={Kind.LATE: 3, Kind.MISSING_THERE: 1, Kind.FEE: 1},
        notes={Note.REFUND_OTHER_DAY: 1, Note.HEALED: 2},
        fees=(FeeGapTold("wechatpay", "0.38 %", "0.30 %"),),
    )
    assert [day_line(day, words) for words in CATALOGUES.values()] == [
        "1 payment not in the bill, 3 late payments, 1 refund after close, fee 0.38 % instead of 0.30 %",
        "1 笔账单中没有，3 笔迟到的付款，1 笔日结后的退款，手续费 0.38 %，约定为 0.30 %",
        "1 pagamento fora do extrato, 3 pagamentos atrasados, 1 devolução após o fechamento, "
        "tarifa 0,38 % em vez de 0,30 %",
    ]
    for kind in set(Kind) - {Kind.FEE}:
        for count in (1, 2):
            said = [
                day_line(DaySummary(DAY, (BILL,), kinds={kind: count}), words) for words in CATALOGUES.values()
            ]
            assert all(each.startswith(f"{count} ") for each in said), said


def test_a_day_without_differences_says_so_and_a_day_without_a_bill_too() -> None:
    equal = DaySummary(DAY, (BILL, BillRow("wechatpay", "funds", 41, 0, 0, {}, {})))
    assert (equal.lines, equal.matched) == (40, 37)
    assert day_line(equal, ENGLISH) == "37 lines match, nothing differs"
    assert day_line(DaySummary(DAY, (BillRow("w", "trade", 1, 1, 0, {}, {}),)), ENGLISH).startswith(
        "1 line matches"
    )
    assert day_line(DaySummary(DAY), CHINESE) == "尚未读取这一天的账单"


def test_the_text_for_the_bank_names_every_number_it_could_look_for() -> None:
    lines = letter(made(Kind.SHORT), ENGLISH, merchant="1900000001", txn="4200017")
    told = "\n".join(lines)
    for number in ("1900000001", "wechatpay", DAY, "A00017", "4200017", "¥28.50", "¥28.00", made(Kind.SHORT).id):
        assert number in told
