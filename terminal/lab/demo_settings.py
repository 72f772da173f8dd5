"""What the demo writes for its service: settings and secrets of the sandbox's merchant, 0600, kept for good."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from terminal.counter.ports import Entropy
from terminal.sandbox.keyring import alipay_names
from terminal.whole_file import write_whole

_TEXT: Final = """\
# Written by `countertop demo`; it is kept between runs. TEST: the bank is the sandbox beside it.
mode = "test"
taps = true
secrets_file = "secrets.toml"

[shop]
merchant = "demo"
store = "demo-1"
title = "Countertop Demo 示例小店"
lines = ["1 Example Road 示例路1号"]
currency = "{currency}"
zone = "Asia/Shanghai"
cashier_refund_minor = 10000
cashier_refund_day_minor = 50000

[state]
folder = "state"

[listen]
port = {service}
notify_port = {notify}

[channels.wechatpay]
sandbox = true
gateway = "{gateway}"
mchid = "{mchid}"
appid = "{appid}"
merchant_serial = "{merchant_serial}"
merchant_key_file = "{folder}/{merchant_private_key_file}"
platform_key_id = "{platform_public_key_id}"
platform_key_file = "{folder}/{platform_public_key_file}"

[channels.alipay]
connector = "alipay"
sandbox = true
gateway = "{gateway}/gateway.do"
app_id = "{alipay_app_id}"
seller_id = "{alipay_seller_id}"
app_key_file = "{folder}/{merchant_private_key_file}"
alipay_key_file = "{folder}/{platform_public_key_file}"

[channels.account]  # any bank, without an API: a euro account, told in camt.053 and camt.054
connector = "any_bank"
sandbox = true
region = "eu"
scheme = "epc"
account = {{ iban = "{iban}", name = "Countertop Demo" }}
statement_account = "{iban}"
statement_folder = "{statements}/EUR"
statement_look_s = 0.3

[channels.upi]  # the same for rupees, told in MT940
connector = "any_bank"
sandbox = true
region = "in"
scheme = "upi"
account = {{ vpa = "countertop@sandbox" }}
details = {{ name = "Countertop Demo" }}
statement_account = "{rupees}"
statement_folder = "{statements}/INR"
statement_look_s = 0.3

[[counters]]
id = "1"
channels = ["wechatpay", "alipay", "account", "upi"]
languages = {{ cashier = "{language}", display = "zh-CN", receipt = "zh-CN", voice = "zh-CN" }}

[counters.display]
port = "link:{devices}/display"
profile = "countertop"

[counters.scanner]
port = "link:{devices}/scanner"
profile = "gm65"

[counters.printer]
port = "link:{devices}/printer"
profile = "generic-80"

[counters.speaker]
port = "link:{devices}/speaker"
profile = "syn6288"
"""


IBAN: Final = "DE89370400440532013000"  # a sample everybody prints; nobody's
RUPEES: Final = "50100000000001"
CURRENCIES: Final = ("CNY", "EUR", "INR")


@dataclass(frozen=True, slots=True)
class Ports:
    """On loopback, all in one block: the lab has the base plus 20, the sandbox plus 10."""

    service: int = 7600

    @property
    def notify(self) -> int:
        return self.service + 1

    @property
    def sandbox(self) -> int:
        return self.service + 10

    @property
    def lab(self) -> int:
        return self.service + 20

    def named(self) -> dict[int, str]:
        return {
            self.service: "service",
            self.notify: "notifications",
            self.sandbox: "sandbox",
            self.lab: "lab",
        }


@dataclass(frozen=True, slots=True)
class Places:
    """The demo's folders and files; ``root`` is absolute."""

    root: Path

    @property
    def sandbox(self) -> Path:
        return self.root / "sandbox"

    @property
    def lab(self) -> Path:
        return self.root / "lab"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def statements(self) -> Path:
        """Where the bank without an API puts its statements, and the service looks for them."""
        return self.root / "statements"

    @property
    def accounts(self) -> tuple[str, str]:
        """As the sandbox is told of them."""
        return f"EUR:{IBAN}:camt:{self.statements / 'EUR'}", f"INR:{RUPEES}:mt940:{self.statements / 'INR'}"

    @property
    def config(self) -> Path:
        return self.root / "countertop.toml"

    def log(self, name: str) -> Path:
        return self.root / "logs" / f"{name}.log"


def write_settings(places: Places, ports: Ports, language: str, entropy: Entropy, currency: str = "CNY") -> bool:
    """Write both files when they are missing or name other ports, folders, keys or currency. True: it wrote.

    The sandbox must have made its merchant's credentials already.
    """
    folder = places.sandbox / "merchant"
    told: dict[str, Any] = json.loads((folder / "credentials.json").read_text())
    told |= alipay_names(told["mchid"])  # a folder of an older sandbox does not say them
    secrets = places.root / "secrets.toml"
    wrote = False
    if not secrets.exists() or told["apiv3_key"] not in secrets.read_text():
        pepper = _pepper(secrets) or entropy.bytes(32).hex()
        text = f'[wechatpay]\napiv3_key = "{told["apiv3_key"]}"\n\n[people]\npepper = "{pepper}"\n'
        write_whole(secrets, text.encode(), 0o600)
        wrote = True
    gateway = f"http://127.0.0.1:{ports.sandbox}"
    facts = {**told, "gateway": gateway, "folder": folder, "devices": places.lab / "dev", "language": language}
    facts |= {"currency": currency, "iban": IBAN, "rupees": RUPEES, "statements": places.statements}
    marks = (
        f"\nport = {ports.service}\n",
        f'gateway = "{gateway}"',
        f'"link:{places.lab / "dev"}/display"',
        str(told["merchant_serial"]),
        str(told["alipay_app_id"]),
        f'"{folder}/',
        f'\ncurrency = "{currency}"\n',
        f'"{places.statements}/EUR"',
    )
    if not places.config.exists() or any(mark not in places.config.read_text() for mark in marks):
        text = _TEXT.format(service=ports.service, notify=ports.notify, **facts)
        write_whole(places.config, text.encode(), 0o600)
        wrote = True
    return wrote


def _pepper(secrets: Path) -> str:
    """People's PINs hang on it: a new merchant must not lock everybody out."""
    if not secrets.exists():
        return ""
    return next((line.split('"')[1] for line in secrets.read_text().splitlines() if line.startswith("pepper")), "")
