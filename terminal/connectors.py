"""Connectors that are not ours: found by the entry point group ``countertop.connectors``.

A package declares ``[project.entry-points."countertop.connectors"] acme = "countertop_acme.offer:OFFER"`` and the
settings say ``connector = "acme"`` (docs/connect/your-own-bank.md).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from terminal.banks.channel import Channel
from terminal.banks.client import ProviderLink
from terminal.banks.profile_file import FOLDER as SHIPPED
from terminal.banks.profile_file import load_profile, read_profile
from terminal.conformance import proof
from terminal.counter.ports import Clock, Entropy, ProviderHttp
from terminal.errors import BadSettings
from terminal.payments.profile import Profile

if TYPE_CHECKING:
    from terminal.conformance.run import Bench  # needed only by those who run the kit

GROUP: Final = "countertop.connectors"
OURS: Final = ("wechatpay", "alipay", "pix")


@dataclass(frozen=True, slots=True)
class Opening:
    """What a connector's own ``open`` is given.

    Args:
        own: the table ``[channels.NAME.own]`` of the settings, text by name.
        secret: a value of the secrets file's section of this channel; raises BadSettings when it is missing.
        file: a path of ``own`` from the settings file's folder.
        http: None for the real line (``link``).
    """

    own: Mapping[str, str]
    secret: Callable[[str], str]
    file: Callable[[str], Path]
    profile: Profile
    gateway: str
    notify_url: str
    test: bool
    clock: Clock
    entropy: Entropy
    ca_file: Path | None = None
    http: ProviderHttp | None = None

    def value(self, name: str) -> str:
        """Of ``own``. Raises BadSettings ``setting_unusable`` when it is missing or empty."""
        if not (value := self.own.get(name, "")):
            raise BadSettings("setting_unusable", field=f"own.{name}", why="missing")
        return value

    def link(self) -> tuple[ProviderHttp, Callable[[], Awaitable[None]] | None]:
        """The line to the provider, and what closes it when it is ours to close."""
        if self.http is not None:
            return self.http, None
        own = ProviderLink(self.gateway, ca_file=self.ca_file, test=self.test)
        return own, own.aclose


@dataclass(frozen=True, slots=True)
class OwnConnector:
    """What the entry point names.

    Args:
        profile: the profile's TOML file, in the connector's own package.
        open: builds the channel; raises BadSettings for what it cannot use.
        bench: what the conformance kit tries it with; without one it never sees live money.
    """

    name: str
    profile: Path
    open: Callable[[Opening], Channel]
    bench: "Callable[[], Bench]"

    @property
    def folder(self) -> Path:
        """Everything in it counts for the kit's result."""
        return self.profile.parent

    def load_profile(self) -> Profile:
        return read_profile(self.profile)


def own_connector(name: str) -> OwnConnector | None:
    """The installed connector called ``name``; None: there is none.

    Raises:
        BadSettings: ``connector_unusable``, its package cannot be loaded or offers something else.
    """
    from importlib.metadata import entry_points

    for entry in entry_points(group=GROUP, name=name):
        try:
            offer = entry.load()
        except (ImportError, AttributeError) as error:
            raise BadSettings("connector_unusable", name=name, why=str(error)[:200]) from error
        if not isinstance(offer, OwnConnector) or offer.name != name:
            raise BadSettings("connector_unusable", name=name, why=f"{entry.value} is no such OwnConnector")
        return offer
    return None


def names() -> tuple[str, ...]:
    """Every connector that can be tried."""
    from importlib.metadata import entry_points

    return (*OURS, *sorted({entry.name for entry in entry_points(group=GROUP)} - set(OURS)))


def profile_of(name: str) -> Profile:
    """Raises BadSettings as ``load_profile``, ``read_profile`` and ``own_connector``."""
    own = None if (SHIPPED / f"{name}.toml").is_file() else own_connector(name)
    return own.load_profile() if own else load_profile(name)


def bench_of(name: str) -> "Callable[[], Bench] | None":
    if name in OURS:
        from terminal.conformance.benches import BENCHES

        return BENCHES[name]
    own = own_connector(name)
    return own.bench if own else None


def folder_of(name: str) -> Path | None:
    """Of a connector that is not ours."""
    own = None if name in OURS else own_connector(name)
    return own.folder if own else None


def asks_nobody(name: str) -> bool:
    """One of ours that is confirmed by statements alone has no protocol that the kit could try."""
    ours = (SHIPPED / f"{name}.toml").is_file()
    return ours and load_profile(name).confirms_by == "statement"


def demand_proof(name: str, state: Path, clock: Clock) -> None:
    """Let a live channel of this connector be opened; ``state`` keeps a result that has to be made first.

    Raises:
        BadSettings: ``connector_red``, ``connector_unproved``, and those of ``own_connector``.
    """
    if not asks_nobody(name):
        proof.demand(name, lambda: bench_of(name), state, clock, folder_of(name))
