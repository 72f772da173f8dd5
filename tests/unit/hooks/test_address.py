"""Which addresses may be called: none inside, however it is written (S18; SSRF)."""

import pytest

from terminal.errors import InvalidRequest
from terminal.hooks.address import URL_MAX, all_may, may_call, target_of

TILL = "till.shop.lan"
PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34", "64:ff9b::5db8:d822")
INSIDE = (
    *("127.0.0.1", "127.8.8.8", "::1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "fd12::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:c0a8:101::1"),
    *("100.64.0.1", "192.0.2.1", "198.18.0.1", "2001:db8::1"),
    *("fec0::1", "::ffff:0:7f00:1", "::ffff:0:10.0.0.1", "5f00::1", "4000::1"),  # outside of what is given out
)
NEVER = (
    *(
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fe80::1",
        "fe80::1%eth0",
    ),
    *("100.100.100.200", "fd00:ec2::254", "192.0.0.192", "0.0.0.0", "::", "::7f00:1", "64:ff9b:1::1"),
    *("224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1"),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_s18_the_outside_may_be_called(address: str) -> None:
    assert may_call(address, allowed=False)


@pytest.mark.parametrize("address", INSIDE)
def test_s18_the_inside_may_be_called_only_where_the_settings_allow_it(address: str) -> None:
    assert not may_call(address, allowed=False)
    assert may_call(address, allowed=True)


@pytest.mark.parametrize("address", NEVER)
def test_s18_metadata_link_local_and_nowhere_never(address: str) -> None:
    assert not may_call(address, allowed=False)
    assert not may_call(address, allowed=True)


def test_s18_one_address_inside_spoils_the_name_and_none_is_none() -> None:
    assert not all_may(("93.184.216.34", "10.0.0.1"), allowed=False)
    assert not all_may((), allowed=True)
    assert not all_may(("not an address",), allowed=True)


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("http://pos.example/", "hook_not_https"),
        ("https://127.0.0.1/", "hook_address_inside"),
        ("https://[::ffff:127.0.0.1]/", "hook_address_inside"),
        ("https://169.254.169.254/latest/", "hook_address_inside"),
        ("https://user:secret@pos.example/", "hook_url_wrong"),
        ("https://pos.example/#part", "hook_url_wrong"),
        ("https://pos.example:0/", "hook_url_wrong"),
        ("https://pos.example:99999/", "hook_url_wrong"),
        ("https://pos exa.example/", "hook_url_wrong"),
        ("https://pos.example/\r\nHost: x", "hook_url_wrong"),
        ("https://pös.example/", "hook_url_wrong"),
        ("https://pos_.example/", "hook_url_wrong"),
        ("ftp://pos.example/", "hook_url_wrong"),
        ("file:///etc/passwd", "hook_url_wrong"),
        ("//pos.example/", "hook_url_wrong"),
        ("https://[::1/", "hook_url_wrong"),
        ("https:///path", "hook_url_wrong"),
        ("https://pos.example/" + "x" * URL_MAX, "hook_url_wrong"),
        ("", "hook_url_wrong"),
    ],
)
def test_s18_what_is_no_address_of_a_receiver_is_refused(url: str, slug: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        target_of(url, {TILL})
    assert refused.value.slug == slug


def test_a_receiver_has_a_name_a_port_and_an_origin() -> None:
    target = target_of("https://POS.example/hooks?a=1", ())
    assert (target.host, target.port, target.origin, target.allowed) == (
        "pos.example",
        443,
        "https://pos.example",
        False,
    )


def test_s18_a_till_in_the_shop_may_be_called_plainly_once_the_settings_name_it() -> None:
    target = target_of(f"http://{TILL}:8080/hooks", {TILL})
    assert (target.port, target.allowed, target.origin) == (8080, True, f"http://{TILL}:8080")
    assert target_of("http://192.168.1.20/x", {"192.168.1.20"}).allowed
    with pytest.raises(InvalidRequest, match="hook_not_https"):
        target_of("http://other.shop.lan/", {TILL})
    with pytest.raises(InvalidRequest, match="hook_address_inside"):
        target_of("http://169.254.169.254/", {"169.254.169.254"})
