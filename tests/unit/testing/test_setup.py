"""What a marker may say."""

from typing import Any

import pytest

from terminal.testing import BadSetup, Fault, Setup


def test_a_fault_is_a_name_or_a_name_with_what_it_takes() -> None:
    given: dict[str, Any] = {"name": "slow-answer", "count": 3, "delay_ms": 9000}
    assert Setup.read({"faults": ["paper-out", given, Fault("rate-429")]}).faults == (
        Fault("paper-out"),
        Fault("slow-answer", 3, None, {"delay_ms": 9000}),
        Fault("rate-429"),
    )
    assert str(Fault.read(given)) == "slow-answer count=3 delay_ms=9000"


def test_the_seed_of_the_command_line_wins() -> None:
    assert (Setup.read({"seed": 7}).seed, Setup.read({"seed": 7}, seed=9).seed) == (7, 9)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"chanel": "pix"}, "counter has no chanel; it has seed, channel"),
        ({"channel": "paypal"}, "channel: 'paypal' is none of wechatpay, alipay, pix"),
        ({"devices": ["printer", "drawer"]}, "devices: 'drawer' is none of display"),
        ({"signatures": "none"}, "signatures: 'none' is none of simulated, rsa"),
        ({"faults": [7]}, "a fault is a name or"),
        ({"faults": "paper-out"}, "faults is a list, also of one, not 'paper-out'"),
        ({"devices": "display"}, "devices is a list, also of one, not 'display'"),
        ({"seed": 1.5}, "seed is a whole number or a word, not 1.5"),
        ({"captions": "no"}, "captions is True or False, not 'no'"),
    ],
)
def test_what_nobody_can_follow_is_said_with_what_would_do(told: dict[str, Any], why: str) -> None:
    with pytest.raises(BadSetup, match=why):
        Setup.read(told)
