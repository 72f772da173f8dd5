from pathlib import Path

import pytest

from terminal.banks.profile_file import FOLDER, load_profile, read_profile
from terminal.errors import BadSettings

GOOD = (FOLDER / "wechatpay.toml").read_text("utf-8")


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.toml")), ids=lambda file: file.stem)
def test_every_shipped_profile_reads_and_is_called_as_its_file(file: Path) -> None:
    assert load_profile(file.stem).name == file.stem


@pytest.mark.row(27)
def test_wechatpay_waits_as_its_documents_say() -> None:
    timings = load_profile("wechatpay").timings
    assert timings.answer_s >= 10
    assert timings.reverse_not_before_s >= 15
    assert timings.pull_first_query_s >= 5
    assert timings.pull_total_s <= 45
    assert timings.reverse_window_s == 7 * 86_400


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "wechatpay"', 'name = "wechatpay"\ncolour = "green"'),
        ("connect_s = 3.0", "connect_s = 3.0\nconnect_ms = 3"),
        ('name = "wechatpay"', ""),
        ("min_minor = 1 ", 'min_minor = "1" '),
        ("min_minor = 1 ", "min_minor = 0 "),
        ("min_minor = 1 ", "min_minor = 9_000_000 "),
        ('["CNY"]', '["RMB"]'),
        ('["weixin://wxpay/bizpayurl"]', "[]"),
        ("pull_lengths = [18]", "pull_lengths = []"),
        ("queries_per_s = 30.0", "queries_per_s = 0.0"),
        ("connect_s = 3.0", "connect_s = 0.0"),
        ("push_query_s = 2.5", "push_query_s = -1.0"),
        ("push_query_s = 2.5", "push_query_s = inf"),
        ("push_query_s = 2.5", "push_query_s = nan"),
        ("push_query_s = 2.5", "push_query_s = 2.5\npush_query_s = 2.5"),
        ('en = "WeChat Pay"\n', ""),
        ("refund_takes_days = 3", 'refund_takes_days = 3\nrefund_zone = "Moon/Tycho"'),
        ("refund_takes_days = 3", 'refund_takes_days = 3\nrefund_hours = ["9:00", "22:00"]'),
        ("refund_takes_days = 3", 'refund_takes_days = 3\nrefund_retry = ["whatever"]'),
        ('refund_fee_returned = "yes"', 'refund_fee_returned = "maybe"'),
        ('shows = ["reversed"]', 'shows = ["paid"]'),
        ("[timings]", "[timings"),
    ],
)
def test_a_profile_with_a_fault_is_refused_whole(tmp_path: Path, old: str, new: str) -> None:
    assert GOOD.count(old) >= 1, "the change changes something"
    file = tmp_path / "wechatpay.toml"
    file.write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(BadSettings) as caught:
        read_profile(file)
    assert caught.value.slug == "profile_unusable"
    assert caught.value.facts["why"]


@pytest.mark.parametrize("name", ["nobody", "", "../profiles/wechatpay", "WECHATPAY", "wechatpay\n"])
def test_an_unknown_profile_is_named(name: str) -> None:
    with pytest.raises(BadSettings) as caught:
        load_profile(name)
    assert caught.value.slug == "profile_unknown"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    for content in (b"\xff\xfe", b"\x00"):
        file.write_bytes(content)
        with pytest.raises(BadSettings):
            read_profile(file)
