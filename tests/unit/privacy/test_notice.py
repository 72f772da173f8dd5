"""The notice is made from the map and the settings: another shop, another notice."""

import pytest

from terminal.help.languages import LANGUAGES
from terminal.privacy.datamap import data_map
from terminal.privacy.notice import Provider, breach_notice, kept, providers_told

WECHAT, OWN = Provider("WeChat Pay", "wechatpay"), Provider("My bank", "mine")


@pytest.mark.parametrize(
    ("provider", "place"),
    [
        (WECHAT, "China"),
        (Provider("Pix", "pix"), "Brazil"),
        (Provider("Giro", "any_bank", "eu"), "European Union"),
        (OWN, "a place the settings do not name: ask the provider"),
    ],
)
def test_pr13_every_provider_is_named_with_the_place_it_is_in_and_an_unknown_place_is_said(
    provider: Provider, place: str
) -> None:
    assert providers_told(data_map(), [provider], "en") == [(provider.title, place)]


def test_pr13_a_provider_is_called_as_its_customers_call_it() -> None:
    named = Provider("WeChat Pay", "wechatpay", titles={"zh-CN": "微信支付"})
    assert providers_told(data_map(), [named], "zh-CN") == [("微信支付", "中国")]
    assert providers_told(data_map(), [named], "pt-BR") == [("WeChat Pay", "China")]


def test_pr7_the_notice_names_what_is_kept_of_payers_once_and_nothing_of_staff() -> None:
    payer = [each.what for each in kept(data_map(), "payer", "en")]
    staff = [each.what for each in kept(data_map(), "staff", "en")]
    assert len(payer) == len(set(payer)) > 2
    assert not set(payer) & set(staff)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pr15_the_breach_notice_is_filled_in_and_leaves_the_rest_to_a_person(language: str) -> None:
    facts = {"shop": "Tea {0}", "since": "2026-01-01", "until": "2026-01-02", "payments": 12, "staff": 3}
    text = breach_notice(data_map(), [WECHAT], language, **facts)  # type: ignore[arg-type]  # mixed on purpose
    for value in facts.values():
        assert str(value) in text
    assert "WeChat Pay" in text
    assert data_map().kinds["code_hash"].purpose.say(language) in text
    assert breach_notice(data_map(), [], language, **facts) != text  # type: ignore[arg-type]  # as above
