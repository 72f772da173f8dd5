"""What a settings file may say: one class a table, unknown keys refused (decision 12)."""

from typing import Annotated, Final, Literal

import msgspec

from terminal.settings.channel_tables import AnyChannel, Table

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z._-]{1,64}\Z")]  # of the journal's streams and of addresses
HostName = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z.:-]{1,253}\Z")]
Hour = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class FavouriteTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    price_minor: Annotated[int, msgspec.Meta(ge=1)]


class Shop(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    merchant: str
    store: Id
    title: str
    lines: tuple[str, ...] = ()
    currency: str = "CNY"
    zone: str = "UTC"
    cut_off: Hour = "00:00"  # local time at which a new business day begins
    cashier_totals: bool = True  # today's sums on the till's page for everybody who sells
    limit_minor: int = 5_000_000
    cashier_refund_minor: int = 0  # a cashier may give back this much at once without the owner
    cashier_refund_day_minor: int = 0  # and this much a day
    pos_refund_minor: int = 0  # the same two for an API key or a door of its own
    pos_refund_day_minor: int = 0
    refund_day_minor: int = 0  # all refunds of a day together, whoever gives them; 0: no limit
    cashier_limit_minor: int = 0  # the most one sale of a till or cashier may be; 0: limit_minor alone
    pos_limit_minor: int = 0  # and one of an API key
    second_step: Literal["off", "office", "always"] = "office"  # the phone's code: never, away from tills, always
    offline: Literal["refuse", "list"] = "refuse"  # nobody can confirm: no sale, or one on the unverified list
    offline_sale_minor: int = 0  # the most such a sale may be
    offline_day_minor: int = 0  # and all of them of 24 hours that are not proven
    sheet_at_start: Literal["off", "printed", "said", "both"] = "off"  # once a power-on: which leg is dead
    products: str = ""  # a file code,name,price_minor: a product scanned while no sale is open opens its sale
    favourites: Annotated[tuple[FavouriteTable, ...], msgspec.Meta(max_length=6)] = ()  # keys of the till's page
    excess: Literal["list", "refund"] = "list"  # a second payment for one sale: shown, or given back by itself


class State(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``folder`` holds journal, keys and checkpoints; relative paths start at the settings file's folder."""

    folder: str = "/var/lib/countertop"
    bill_days: Annotated[int, msgspec.Meta(ge=1, le=4000)] = 400  # how long fetched and imported bills are kept


class JournalTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``dsn``: postgresql://user@host:port/database; its password is ``[journal] password`` of the secrets."""

    store: Literal["sqlite", "postgres"] = "sqlite"
    dsn: str = ""
    ca: str = ""  # a file: who signed the server's certificate; empty: whom this machine trusts
    schema: Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_]{0,39}\Z")] = "countertop"  # one a shop
    standby: bool = False  # wait while another machine serves one of these counters
    instance: str = ""  # this machine's name for people; empty: its own


class Listen(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Port = 7600
    notify_port: Port = 7601  # 0: no inbound notifications, queries alone confirm
    notify_host: str = "127.0.0.1"
    lan: bool = False  # phones and second screens of the shop's own network, with TLS on a port of its own
    lan_host: HostName = "0.0.0.0"  # noqa: S104  # asked for by lan; private addresses alone, paired devices alone
    lan_port: Port = 7643
    lan_names: tuple[HostName, ...] = ()  # further names and addresses by which phones call this machine


class LogTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Lines go to the error stream; the service manager keeps and turns them over."""

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Metrics(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port`` 0: no listener of its own; then ``/metrics`` beside the pages, for those who may see health."""

    port: Port = 0  # on this machine alone, without a key


class Traces(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``endpoint``: where ended sales are sent as spans (OTLP over HTTP, JSON); empty: nowhere."""

    endpoint: str = ""
    service: str = "countertop"


class Webhooks(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``allow``: hosts inside this shop, as in the address, that may be sent events, also without TLS."""

    allow: tuple[Annotated[str, msgspec.Meta(pattern=r"^[0-9a-z.:-]{1,253}\Z")], ...] = ()


class DeviceTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port`` is a binding: usb-serial:…, usb-path:…, link:/path or tcp:host:port (never ttyUSB0)."""

    port: str
    driver: str = ""
    profile: str = ""
    baud: int = 0  # 0: the profile's
    flow: Literal["none", "xonxoff", "rtscts", ""] = ""
    serial: str = ""  # of the one display that belongs here; empty takes whoever answers


PORTLESS: Final = ("browser:", "printer:")  # displays without a port: a paired page, the counter's own printer

Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class SpeakerTable(DeviceTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port`` may also be audio:NAME, this computer's own sound output."""

    volume: Percent | None = None  # of the loudest; unset: the profile's own
    quiet: tuple[Hour, Hour] | None = None  # from, until, in the shop's zone
    quiet_volume: Percent = 0  # in these hours; 0: nothing is spoken, screens show everything


class ScannerTable(DeviceTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port`` may also be evdev:/path, a scanner that types."""

    same_code_s: Annotated[float, msgspec.Meta(ge=0, le=30)] | None = None  # unset: the profile's own


class PrinterTable(DeviceTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port`` may also be usb-printer:TEXT, of the printer's own device id."""

    logo: str = ""  # a picture file beside the settings, printed above every slip


DEVICE_TABLES: Final[dict[str, type[DeviceTable]]] = {
    "display": DeviceTable,
    "scanner": ScannerTable,
    "printer": PrinterTable,
    "speaker": SpeakerTable,
}


class CounterTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: Id
    title: str = ""
    kiosk: bool = False  # its till, while nobody is signed in, has its own page and no way out of it
    channels: tuple[str, ...] = ("wechatpay",)
    languages: dict[Literal["cashier", "display", "receipt", "voice"], str] = msgspec.field(default_factory=dict)
    display: DeviceTable | None = None
    displays: tuple[DeviceTable, ...] = ()  # further ones, in the order in which they take over the code
    scanner: ScannerTable | None = None
    printer: PrinterTable | None = None
    printers: tuple[PrinterTable, ...] = ()  # further ones, in the order in which they take over
    speaker: SpeakerTable | None = None


class TrainingTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port``: where the pages of a counter that practises are; 0 takes a free one. ``lan_port``: for phones."""

    port: Port = 7602
    lan_port: Port = 7644  # with TLS, where listen.lan lets phones in


class BankPage(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A page of the bank's own, shown on ``/help/contact``."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    url: Annotated[str, msgspec.Meta(pattern=r"^https://[^\s]{1,300}\Z")]


class ReceiptsTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Receipts beside paper: nothing of it unless asked for.

    ``address``: where customers' phones reach this machine from anywhere: a server of the shop's own with a public
    certificate, which passes what begins with ``/r/`` on to ``listen.notify_port``. Empty: phones in the shop's
    own network, at ``listen.lan_port``.
    """

    display: bool = False  # after green a code on the customer's display, which opens the receipt on their phone
    shown_s: Annotated[int, msgspec.Meta(ge=5, le=120)] = 20  # at most so long; the next sale's code comes at once
    paper: Literal["always", "asked"] = "always"  # asked: where the display shows it, paper is for who wants it
    address: Annotated[str, msgspec.Meta(pattern=r"^(https://[0-9A-Za-z.:-]{1,253})?\Z")] = ""
    hours: Annotated[int, msgspec.Meta(ge=1, le=8760)] = 72  # so long the address leads to the receipt


class TaxTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A tax device asked for a number before each receipt; ``url`` empty: none (docs/integrate/tax-device.md).

    ``[tax] token`` of the secrets is sent with each question. Plain http only to this machine.
    """

    url: Annotated[str, msgspec.Meta(pattern=r"^(https?://[^\s?#@]{1,300})?\Z")] = ""
    ca: str = ""  # a file: who signed the device's certificate; empty: whom this machine trusts
    wait_s: Annotated[float, msgspec.Meta(ge=0.2, le=10)] = 3.0  # a slip waits no longer; then the number is owed


class CareTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom people call, what customers are asked; a complaint is answered within ``answer_h`` hours."""

    hotline: Annotated[str, msgspec.Meta(max_length=40)] = ""
    hours: Annotated[str, msgspec.Meta(max_length=60)] = ""
    bank: Annotated[str, msgspec.Meta(max_length=60)] = ""
    links: Annotated[tuple[BankPage, ...], msgspec.Meta(max_length=12)] = ()
    survey: Annotated[str, msgspec.Meta(pattern=r"^(https://[^\s]{1,300})?\Z")] = ""
    rating: bool = False  # two buttons on the customer's display after a payment
    on_receipt: Literal["off", "rating", "survey"] = "off"  # a code on paper: to two buttons, or to ``survey``
    answer_h: Annotated[int, msgspec.Meta(ge=1, le=720)] = 48


class DoorTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A way in for an existing till. ``peers``: who may come, by address; needed where ``host`` is no loopback."""

    kind: str
    counter: Id
    host: str = "127.0.0.1"
    port: Port = 0
    peers: tuple[str, ...] = ()


class HwProxyTable(DoorTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``origins``: exactly those of the till's pages, such as ``https://shop.example``."""

    kind: Literal["hw_proxy"]
    port: Port = 8069
    origins: tuple[str, ...] = ()
    silent_s: Annotated[float, msgspec.Meta(ge=5, le=600)] = 30.0  # a till that asks no more has given up
    unpaid_s: Annotated[float, msgspec.Meta(ge=10, le=3600)] = 180.0  # a customer who does not pay


class NexoTable(DoorTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``sealed``: every message encrypted with ``passphrase`` of ``[doors-NAME]`` in the secrets, no clear one."""

    kind: Literal["nexo"]
    port: Port = 8443
    names: tuple[HostName, ...] = ()  # further names and addresses by which the till calls this machine
    wait_s: Annotated[float, msgspec.Meta(ge=5, le=600)] = 110.0  # a customer who does not pay
    sealed: bool = False
    key_id: str = "countertop"  # KeyIdentifier and KeyVersion of its messages
    key_version: int = 1


class ZvtTable(DoorTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``line``: a binding as of a device, such as usb-serial:…, instead of host and port."""

    kind: Literal["zvt"]
    port: Port = 20007
    line: str = ""
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    terminal_id: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{8}\Z")] = "00000001"
    wait_s: Annotated[float, msgspec.Meta(ge=5, le=600)] = 110.0  # a customer who does not pay
    again_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 120.0  # a result nobody heard answers the same amount


class FolderTable(DoorTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``folder``: one of this till alone, owned by the service; no listener."""

    kind: Literal["folder"]
    folder: str
    look_s: Annotated[float, msgspec.Meta(ge=0.05, le=60)] = 0.5  # between two looks
    unpaid_s: Annotated[float, msgspec.Meta(ge=10, le=3600)] = 180.0


class AmountLineTable(DoorTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``line``: a binding as of a device, such as usb-serial:…, instead of host and port."""

    kind: Literal["amount_line"]
    port: Port = 20008
    line: str = ""
    baud: int = 9600
    prefix: str = ""  # what the till sends before and after each amount
    suffix: str = ""
    minor: bool = False  # 1250 means 12.50
    answers: bool = True  # false: the line goes one way, the till hears nothing
    unpaid_s: Annotated[float, msgspec.Meta(ge=10, le=3600)] = 180.0


AnyDoor = HwProxyTable | NexoTable | ZvtTable | FolderTable | AmountLineTable
DOORS: Final[dict[str, type[AnyDoor]]] = {
    "hw_proxy": HwProxyTable,
    "nexo": NexoTable,
    "zvt": ZvtTable,
    "folder": FolderTable,
    "amount_line": AmountLineTable,
}


class Settings(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a service is built from. ``mode`` test: sandbox only, TEST on every screen and slip (I25)."""

    mode: Literal["live", "test"]
    shop: Shop
    state: State = State()
    journal: JournalTable = JournalTable()
    listen: Listen = Listen()
    webhooks: Webhooks = Webhooks()
    log: LogTable = LogTable()
    metrics: Metrics = Metrics()
    traces: Traces = Traces()
    channels: dict[str, AnyChannel]
    counters: tuple[CounterTable, ...]
    training: TrainingTable = TrainingTable()
    care: CareTable = CareTable()
    receipts: ReceiptsTable = ReceiptsTable()
    tax: TaxTable = TaxTable()
    doors: dict[str, AnyDoor] = msgspec.field(default_factory=dict)
    secrets_file: str = "secrets.toml"
    taps: bool = False  # fault and tap points of the lab exist only when set, and only in test mode (S74)
