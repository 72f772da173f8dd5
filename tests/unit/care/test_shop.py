"""What the safety card says is what the settings say."""

from dataclasses import replace

import pytest

from terminal.care.paper import plain
from terminal.care.shop import Protection, sayings
from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.payments.money import Money
from terminal.web.pages.safety import TRICKS, own_rows


def cny(minor: int) -> Money:
    return Money(minor, "CNY")


SHOP = Protection(cny(500_000), cny(0), cny(0), cny(0), channels=("WeChat Pay", "Alipay"))


def words(shop: Protection) -> list[str]:
    return [word for word, _ in sayings(shop)]


@pytest.mark.parametrize(
    ("changed", "said", "unsaid"),
    [
        (SHOP, "safe_refund_owner", "safe_refund_alone"),
        (replace(SHOP, cashier_refund=cny(5000)), "safe_refund_alone", "safe_refund_owner"),
        (replace(SHOP, refund_day=cny(90_000)), "safe_refund_day", ""),
        (replace(SHOP, second_step="off"), "safe_journal", "safe_second_step"),
        (SHOP, "safe_offline_refuse", "safe_offline_list"),
        (replace(SHOP, offline="list", offline_sale=cny(2000)), "safe_offline_list", "safe_offline_refuse"),
        (replace(SHOP, excess="refund"), "safe_excess_refund", "safe_excess_list"),
        (replace(SHOP, traces="https://spans.example"), "safe_traces", ""),
        (replace(SHOP, test=True), "safe_test", ""),
        (SHOP, "safe_leaves", "safe_traces"),
        (replace(SHOP, kiosk=True), "safe_kiosk", "safe_test"),
    ],
)
def test_a_sentence_stands_there_only_where_it_is_so(changed: Protection, said: str, unsaid: str) -> None:
    assert said in words(changed)
    assert unsaid not in words(changed)


def test_the_limit_is_the_cashiers_own_where_there_is_one() -> None:
    assert dict(sayings(SHOP))["safe_limit"] == {"amount": cny(500_000)}
    assert dict(sayings(replace(SHOP, cashier_limit=cny(9900))))["safe_limit"] == {"amount": cny(9900)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_has_its_words_without_a_hole(language: str) -> None:
    catalogue = Catalogue.load(language)
    shop = replace(
        SHOP, cashier_refund=cny(1), refund_day=cny(2), traces="https://t.example", test=True, kiosk=True
    )
    told = []
    for word, facts in [*sayings(SHOP), *sayings(shop)]:
        said = {name: catalogue.money(x) if isinstance(x, Money) else x for name, x in facts.items()}
        told.append(catalogue.text(f"care.{word}", **said))
    assert not [each for each in told if "…" in each or len(each) > 150]
    text = plain(own_rows(shop, "95588", catalogue))
    assert text.count("\n- ") == len(sayings(shop)) - len(TRICKS & set(words(shop))), "each once on the whole card"
    assert text.endswith("95588\n")
