"""What this machine is called in its own network, and how its certificate changes under open doors."""

from pathlib import Path

import pytest

from terminal.errors import BadSettings
from terminal.wiring.lan import EVERYWHERE, own_names, private_addresses

TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.1
              /32 host LOCAL
     +-- 192.168.1.0/24 2 0 2
        |-- 192.168.1.0
           /24 link UNICAST
        |-- 192.168.1.20
           /32 host LOCAL
        |-- 192.168.1.255
           /32 link BROADCAST
     |-- 203.0.113.9
        /32 host LOCAL
     |-- 169.254.3.4
        /32 host LOCAL
Local:
        |-- 192.168.1.20
           /32 host LOCAL
"""


def proc(folder: Path, text: str) -> Path:
    (folder / "self/net").mkdir(parents=True)
    (folder / "self/net/fib_trie").write_text(text)
    return folder


def test_only_addresses_of_the_shop_s_own_network_are_named(tmp_path: Path) -> None:
    assert private_addresses(proc(tmp_path, TRIE)) == ["192.168.1.20"]
    names = own_names(EVERYWHERE, ("till.shop", "192.168.1.20"), tmp_path)
    assert names[0] == "192.168.1.20"
    assert names[-1] == "till.shop"
    assert names.count("192.168.1.20") == 1
    assert own_names("10.0.0.3", (), tmp_path)[0] == "10.0.0.3"


@pytest.mark.parametrize("text", ["", "Main:\n  |-- 203.0.113.9\n     /32 host LOCAL\n"])
def test_a_machine_without_a_network_of_the_shop_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadSettings, match="config_value_wrong"):
        own_names(EVERYWHERE, (), proc(tmp_path, text))
    assert private_addresses(tmp_path / "nowhere") == []
