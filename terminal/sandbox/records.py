"""What the bank remembers, as plain records in tables that know which rows changed since the last save."""

from collections.abc import Iterator
from itertools import islice
from typing import Final, Generic, Protocol, TypeVar

import msgspec


class Capture(msgspec.Struct):
    """Money taken from a customer for an order. An honest bank takes it once; every time is recorded."""

    transaction_id: str
    amount: int  # fen
    at_ms: int
    openid: str


class CodeUrl(msgspec.Struct):
    url: str
    until_ms: int


class Order(msgspec.Struct):
    """One out_trade_no of one merchant. ``meaning`` is the digest of the parameters it was made with."""

    mchid: str
    appid: str
    out_trade_no: str
    trade_type: str  # NATIVE or MICROPAY; PRECREATE or BARCODE at Alipay's door; PIX
    description: str
    total: int
    currency: str
    meaning: str
    created_ms: int
    state: str = "NOTPAY"
    payable_until_ms: int = 0
    attach: str = ""
    notify_url: str = ""
    device_id: str = ""
    openid: str = ""
    code_urls: list[CodeUrl] = []
    captures: list[Capture] = []
    returned: int = 0  # given back by a reverse; refunds are counted apart
    returned_ms: int = 0  # when
    scanned_ms: int = 0  # when a customer first looked at it; 0: nobody yet
    alterable: bool = False  # the payer may change the amount: CobValor.modalidadeAlteracao

    @property
    def key(self) -> str:
        return order_key(self.mchid, self.out_trade_no)


class Refund(msgspec.Struct):
    mchid: str
    out_refund_no: str
    refund_id: str
    out_trade_no: str
    transaction_id: str
    amount: int
    total: int
    currency: str
    meaning: str
    created_ms: int
    notify_url: str = ""
    status: str = "PROCESSING"
    success_ms: int = 0

    @property
    def key(self) -> str:
        return order_key(self.mchid, self.out_refund_no)


class Wallet(msgspec.Struct):
    openid: str
    balance: int  # fen

    @property
    def key(self) -> str:
        return self.openid


class PayCode(msgspec.Struct):
    """A customer's payment code: one use, one minute."""

    auth_code: str
    openid: str
    behaviour: str
    issued_ms: int
    confirm_after_ms: int = 0  # for "password": 0 waits until the customer acts
    used_for: str = ""

    @property
    def key(self) -> str:
        return self.auth_code


class Webhook(msgspec.Struct):
    """Where a Pix key's owner wants to hear of it."""

    chave: str
    url: str
    created_ms: int

    @property
    def key(self) -> str:
        return self.chave

    @property
    def address(self) -> str:
        """The bank adds the kind of its news."""
        return self.url.rstrip("/") + "/pix"


class Errand(msgspec.Struct):
    """Something the bank or a customer will do later."""

    number: int
    at_ms: int
    kind: str  # capture, lapse, settle, charge, close
    about: str  # key of an order or a refund
    detail: str = ""

    @property
    def key(self) -> str:
        return f"{self.number:012d}"


class Notice(msgspec.Struct):
    """A notification waiting to be delivered, or delivered again."""

    number: int
    notification_id: str
    about: str
    event_type: str
    url: str
    body: str
    due_ms: int
    attempt: int = 0  # how many times it has left
    repeats: bool = True  # a planted duplicate leaves once
    tamper: str = ""
    lose: int = 0  # how many of the next attempts are lost on the way
    kind: str = ""  # whose form and schedule: empty is WeChat Pay's, or alipay, pix

    @property
    def key(self) -> str:
        return f"{self.number:012d}"


def order_key(mchid: str, number: str) -> str:
    return f"{mchid}/{number}"


class Record(Protocol):
    @property
    def key(self) -> str: ...


R = TypeVar("R", bound=Record)
Row = tuple[str, str, bytes | None]  # table, key, JSON; None removes the row


class Table(Generic[R]):
    """Rows by key. A record that was changed must be ``put`` again, else the change is not saved."""

    def __init__(self, name: str, kind: type[R]) -> None:
        self.name, self._kind = name, kind
        self._rows: dict[str, R] = {}
        self._changed: dict[str, None] = {}

    def put(self, record: R) -> None:
        self._rows[record.key] = record
        self._changed[record.key] = None

    def drop(self, key: str) -> None:
        if self._rows.pop(key, None) is not None:
            self._changed[key] = None

    def get(self, key: str) -> R | None:
        return self._rows.get(key)

    def load(self, key: str, text: bytes) -> R:
        record = msgspec.json.decode(text, type=self._kind)
        self._rows[key] = record
        return record

    def take_changes(self) -> list[Row]:
        """Rows changed since the last call, in the order of their first change."""
        changed, self._changed = self._changed, {}
        rows = ((key, self._rows.get(key)) for key in changed)
        return [(self.name, key, None if row is None else msgspec.json.encode(row)) for key, row in rows]

    def __iter__(self) -> Iterator[R]:
        return iter(tuple(self._rows.values()))

    def newest(self, count: int) -> list[R]:
        """The last ``count`` rows that were made, newest first."""
        return list(islice(reversed(self._rows.values()), count))

    def __len__(self) -> int:
        return len(self._rows)


STATE_WORDS: Final = {
    "NOTPAY": "订单未支付",
    "USERPAYING": "用户支付中",
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "CLOSED": "订单已关闭",
    "REVOKED": "已撤销",
    "PAYERROR": "支付失败",
}
