"""Goal 12: what a payment's cryptography costs beside the bare library, and what making a code costs."""

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from terminal.banks.connector import Stamp
from terminal.banks.profile_file import load_profile
from terminal.banks.signing import RsaSigner, RsaVerifier
from terminal.banks.wechatpay import Merchant, WeChatPay
from terminal.banks.wechatpay_messages import unsealed
from terminal.conformance.kit import NOW_S
from terminal.conformance.peers.rsa_keys import rsa_key
from terminal.conformance.peers.wechatpay import APIV3_KEY, APPID, KEY_ID, MCHID, WeChatPeer
from terminal.counter.ports import HttpReply, Order
from terminal.payments.codes.entry import build, check, read
from terminal.payments.money import Money
from tests.bench.table import Figure
from tests.bench.timing import hottest, interleaved, p50
from tests.unit.payments.codes.packs import SCHEMES, VECTORS, order_of

ROUNDS: Final = 31
PAYMENTS: Final = 10  # a round
CODES: Final = 20
LIMIT_MS: Final = 1.0
ORDER: Final = Order("00T00000000000000000000001", Money(2850, "CNY"), "Tea", "1", NOW_S * 1000 + 90_000)


def measure() -> Iterator[Figure]:
    payment = Payment()
    taken = interleaved(
        {"ours": lambda: asyncio.run(payment.ours()), "bare": lambda: asyncio.run(payment.bare())}, rounds=ROUNDS
    )
    ours, bare = (p50(taken[name]) / PAYMENTS * 1e6 for name in ("ours", "bare"))
    why = hottest(lambda: asyncio.run(payment.ours()))
    what = "a payment: signed once, verified twice, opened once"
    yield Figure(12, what, ours, "µs", "cryptography alone", bare, most=1.3, why=why)
    yield from _codes()


class Payment:
    """The same messages for both: what differs is everything around the library."""

    def __init__(self) -> None:
        self._key, self._theirs = rsa_key("merchant"), rsa_key("platform").public_key()
        merchant = Merchant(MCHID, APPID, APIV3_KEY.encode(), KEY_ID)
        self._shop = WeChatPay(load_profile("wechatpay"), merchant)
        self._signer, self._verifier = RsaSigner(self._key, "SERIAL", threaded=False), RsaVerifier(self._theirs)
        peer = WeChatPeer()
        made = peer.says("made", ORDER)
        assert made is not None
        self._answer, self._notice, self._call = made, peer.notifies(ORDER), self._shop.order(ORDER)
        self._resource = json.loads(self._notice.body)["resource"]

    async def ours(self) -> None:
        """What the channel does with bytes before it understands them."""
        shop = self._shop
        for number in range(PAYMENTS):
            stamp = Stamp(NOW_S, f"{number:032X}")
            await self._signer.sign(shop.to_sign(self._call, stamp))
            for each in (self._answer, self._notice):
                seal = shop.seal(each.headers, each.body)
                assert self._verifier.verifies(seal.message, seal.signature)
            unsealed(self._resource, APIV3_KEY.encode())

    async def bare(self) -> None:
        message = b"m" * 400
        replies = [
            (base64.b64decode(each.headers["wechatpay-signature"]), _signed(each))
            for each in (self._answer, self._notice)
        ]
        found = self._resource
        nonce, data = found["nonce"].encode(), found["associated_data"].encode()
        sealed = base64.b64decode(found["ciphertext"])
        for _ in range(PAYMENTS):
            self._key.sign(message, PKCS1v15(), SHA256())
            for signature, text in replies:
                self._theirs.verify(signature, text, PKCS1v15(), SHA256())
            AESGCM(APIV3_KEY.encode()).decrypt(nonce, sealed, data)


def _signed(reply: HttpReply) -> bytes:
    at, nonce = reply.headers["wechatpay-timestamp"], reply.headers["wechatpay-nonce"]
    return f"{at}\n{nonce}\n".encode() + reply.body + b"\n"


def _codes() -> Iterator[Figure]:
    """One published code of each scheme: our own of the same order is built, read back and compared."""
    first = {each["scheme"]: each["text"] for each in reversed(VECTORS["valid"])}
    slowest, name = 0.0, ""
    for scheme_name, text in sorted(first.items()):
        scheme = SCHEMES[scheme_name]
        order = order_of(read(scheme, text))

        def made() -> None:
            check(scheme, build(scheme, order).text, order)  # noqa: B023  # called within this turn

        took = p50(interleaved({"made": made}, rounds=ROUNDS, times=CODES)["made"]) * 1e3
        slowest, name = max((slowest, name), (took, scheme_name))
    what = f"a code built and checked, without QR: the slowest of {len(first)} schemes ({name})"
    yield Figure(12, what, slowest, "ms", "limit", LIMIT_MS, most=1)
