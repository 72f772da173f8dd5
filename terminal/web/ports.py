"""What the edge asks of those who hold devices and practice; the app gives them."""

from typing import Protocol

from terminal.counter.ports import Role
from terminal.payments.event import Actor
from terminal.web.shapes.counters import StandInView
from terminal.web.shapes.devices import CounterPlaces, DriverView, NewChoice, PlaceView, PortView, TestView


class Fitter(Protocol):
    """Whoever holds the counters' devices."""

    def counters(self) -> list[CounterPlaces]: ...

    def place(self, counter: str, role: Role) -> PlaceView: ...

    def drivers(self) -> list[DriverView]: ...

    async def ports(self) -> list[PortView]: ...

    async def choose(self, counter: str, role: Role, choice: NewChoice, actor: Actor) -> None:
        """Raises InvalidRequest("device_choice_wrong"), Conflict("device_port_taken"), Unavailable."""
        ...

    def begin_test(self, counter: str, role: Role) -> TestView:
        """Raises Conflict, NotFound("device_not_fitted")."""
        ...

    def answer(self, counter: str, text: str) -> None:
        """Raises Conflict("device_test_not_running")."""
        ...

    def stand_ins(self, counter: str) -> list[StandInView]:
        """What may take a dead device's place there now."""
        ...

    async def stand_in(self, counter: str, role: Role, port: str, *, use: bool, actor: Actor) -> None:
        """A person's yes or no. Raises NotFound("stand_in_gone"); of a yes as ``choose``."""
        ...

    def probe(self, port: str) -> None:
        """Ask in the background who is there. Raises NotFound("device_port_unknown"), Conflict."""
        ...


class Trainer(Protocol):
    """Whoever lets a counter practise."""

    async def begin(self, counter: str, actor: Actor) -> str:
        """The address of the pages on which it is practised. Raises Conflict("sale_live"), Unavailable."""
        ...

    async def end(self, counter: str, actor: Actor) -> None: ...
