"""Alipay's side of the wire for unit tests: the conformance kit's peer, with keys by name."""

from terminal.conformance.kit import NOW_S
from terminal.conformance.peers import alipay
from terminal.conformance.peers.alipay import APP_ID, SELLER_ID, beijing
from tests.unit.banks.wechat_peer import made_key, merchant_key

__all__ = ["APP_ID", "SELLER_ID", "beijing"]


class AlipayPeer(alipay.AlipayPeer):
    def __init__(self, *, key: str = "platform", now_s: int = NOW_S) -> None:
        super().__init__(key=made_key(key), now_s=now_s, shop=merchant_key().public_key())
