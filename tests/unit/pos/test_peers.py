"""Who may come to a door."""

import pytest

from terminal.pos.peers import Peers


@pytest.mark.parametrize("came", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::1%lo"])
def test_without_peers_this_machine_alone_comes(came: str) -> None:
    assert Peers(()).admits(came)


@pytest.mark.parametrize("came", ["10.0.0.7", "fe80::1%eth0", "", None, "till"])
def test_without_peers_nobody_else_does(came: object) -> None:
    assert not Peers(()).admits(came)


def test_named_addresses_and_networks_come_and_only_they() -> None:
    peers = Peers(("10.0.0.7", "192.168.4.0/24"))
    assert [peers.admits(each) for each in ("10.0.0.7", "192.168.4.200", "::ffff:10.0.0.7")] == [True] * 3
    assert [peers.admits(each) for each in ("10.0.0.8", "192.168.5.1", "127.0.0.1")] == [False] * 3


def test_what_is_no_address_is_said() -> None:
    with pytest.raises(ValueError, match="kassa"):
        Peers(("kassa",))
