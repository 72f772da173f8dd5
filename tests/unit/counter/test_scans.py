"""Every scan that no channel takes is refused with its own sentence, and the code is not in it (rows 19, 24)."""

import pytest

from terminal.counter.scans import wallet_of
from terminal.errors import InvalidRequest
from terminal.help.registry import describe
from terminal.payments.codes.consumer import KnownCodes
from terminal.payments.scan import PaymentRule
from terminal.regions import known_codes

RULES = [PaymentRule("wechatpay", ("10", "11", "12", "13", "14", "15"), (18,))]


@pytest.mark.row(19)
@pytest.mark.parametrize(
    ("scan", "slug", "bare"),
    [
        ("281234567890123456", "code_other_wallet", "code_not_payment"),
        ("6212345678901234567", "code_other_wallet", "code_not_payment"),
        ("4111111111111111", "code_card_data", "code_not_payment"),
        ("hQVDUFYwMWETTwegAAAABVUgAQ==", "code_card_data", "code_card_data"),
        ("999999999999999999", "code_not_payment", "code_not_payment"),
        ("6901234567892", "code_product", "code_product"),
        ("https://qr.alipay.com/fkx0", "code_link", "code_link"),
    ],
)
def test_c4_what_no_channel_takes_is_named(scan: str, slug: str, bare: str) -> None:
    for known, wanted in ((known_codes(), slug), (KnownCodes(), bare)):
        with pytest.raises(InvalidRequest) as refused:
            wallet_of(scan, RULES, known)
        assert refused.value.slug == wanted
        assert scan[4:12] not in str(refused.value)


@pytest.mark.row(19)
def test_a_wallet_that_is_not_taken_is_told_by_name() -> None:
    with pytest.raises(InvalidRequest) as refused:
        wallet_of("281234567890123456", RULES, known_codes())
    assert "Alipay" in describe(refused.value.slug, refused.value.facts).sentence


@pytest.mark.row(19)
def test_a_channel_that_takes_the_code_gets_it_bare() -> None:
    assert wallet_of("]Q1134567890123456789\r\n", RULES, known_codes()) == ("wechatpay", "134567890123456789")
