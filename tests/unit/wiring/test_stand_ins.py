"""What was plugged in for a dead printer is found once, offered, and taken by a person alone (row 44)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from terminal.counter.ports import Role
from terminal.errors import NotFound
from terminal.peripherals.place import PRINTER_BAUD
from terminal.virtual_time import run
from terminal.web.shapes.counters import StandInView
from terminal.web.shapes.devices import PortView, ProposalView
from terminal.wiring.stand_ins import AGAIN_S, BOOT_S, CALM_S, GONE_S, LOOK_S, Ill, StandIns

STAR = ProposalView("printer", "star", "star-line", "Star TSP100", "", 19200)
GM65 = ProposalView("scanner", "gm65", "gm65", "GM65", "")
OLD = Ill("1", "printer", "link:/dev/old", "escpos")


class Bench:
    """A counter's places as the shop's people change them; what was asked, and in whose hands the port was."""

    def __init__(self) -> None:
        self.out: list[Ill] = []
        self.equipped = True
        self.plugged: dict[str, str] = {"link:/dev/till": "2 printer", "link:/dev/modem": ""}
        self.answers: dict[str, list[tuple[str, ProposalView | None]]] = {}
        self.asked: list[str] = []
        self.holding: list[str] = []
        self.told = self.listed = 0
        self.meanwhile: Callable[[], None] = lambda: None  # what people do while a port is asked

    def ill(self, roles: Iterable[Role]) -> list[Ill]:
        return [each for each in self.out if each.role in roles]

    def has(self, roles: Iterable[Role]) -> bool:
        return self.equipped

    async def ports(self) -> list[PortView]:
        self.listed += 1
        return [PortView(port, port, True, by, [], "", "", None) for port, by in self.plugged.items()]

    async def who_is(self, port: str) -> tuple[str, ProposalView | None]:
        self.asked.append(port)
        self.meanwhile()
        answers = self.answers.get(port, [("silent", None)])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    @contextmanager
    def held(self, ill: Ill) -> Iterator[None]:
        self.holding.append(ill.port)
        yield
        self.holding.remove(ill.port)

    def changed(self, counter: str) -> None:
        self.told += 1


Story = Callable[[Bench, StandIns], Awaitable[None]]


def played(story: Story, *, well_before: bool = True, there: Iterable[str] = ()) -> None:
    """``well_before``: all was well until the story begins; ``there``: free ports when the service starts."""
    bench = Bench()
    bench.plugged |= dict.fromkeys(there, "")
    found = StandIns(bench)

    async def told() -> None:
        watch = asyncio.create_task(found.watch())
        await asyncio.sleep(CALM_S + 1 if well_before else 0)
        try:
            await story(bench, found)
        finally:
            watch.cancel()

    run(told(), seed=1)


@pytest.mark.row(44)
def test_a_port_that_came_since_is_asked_and_offered_until_a_person_answers() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.out = [OLD]
        found.look_round()
        await asyncio.sleep(GONE_S + LOOK_S)
        assert (bench.asked, found.offered("1")) == ([], []), "what stood there before is nobody's stand-in"
        bench.plugged["link:/dev/new"], bench.answers["link:/dev/new"] = "", [("found", STAR)]
        await asyncio.sleep(LOOK_S + 1)
        assert found.offered("1") == [StandInView("printer", "link:/dev/new", "Star TSP100")]
        assert (found.offered("2"), bench.told) == ([], 1)
        with pytest.raises(NotFound, match="stand_in_gone"):
            found.take("1", "printer", "link:/dev/modem")
        choice = found.take("1", "printer", "link:/dev/new")
        assert (choice.port, choice.driver, choice.profile) == ("link:/dev/new", "star", "star-line")
        assert choice.baud == 19200, "at the speed at which it answered"
        assert found.offered("1") == []
        await asyncio.sleep(10 * LOOK_S)
        assert bench.asked == ["link:/dev/new"], "asked once; a no is a no while it is there"
        del bench.plugged["link:/dev/new"]
        await asyncio.sleep(LOOK_S + 1)
        bench.plugged["link:/dev/new"] = ""
        await asyncio.sleep(LOOK_S + 1)
        assert len(found.offered("1")) == 1, "plugged in again is asked again"

    played(story)


@pytest.mark.row(44)
def test_an_offer_goes_when_the_old_one_is_back_or_the_new_one_is_pulled_out() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.out = [OLD]
        bench.plugged["link:/dev/new"], bench.answers["link:/dev/new"] = "", [("found", STAR)]
        found.look_round()
        await asyncio.sleep(GONE_S + LOOK_S + 1)
        del bench.plugged["link:/dev/new"]
        await asyncio.sleep(LOOK_S + 1)
        assert found.offered("1") == []
        bench.plugged["link:/dev/new"] = ""
        await asyncio.sleep(LOOK_S + 1)
        assert len(found.offered("1")) == 1
        bench.out = []
        await asyncio.sleep(LOOK_S + 1)
        assert found.offered("1") == []
        asked = len(bench.asked)
        await asyncio.sleep(600)
        assert len(bench.asked) == asked, "all is well: nobody looks"

    played(story)


@pytest.mark.row(44)
def test_a_port_that_a_person_gives_to_another_role_meanwhile_is_neither_asked_nor_offered() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.out = [OLD]
        bench.plugged |= {"link:/dev/a": "", "link:/dev/b": ""}
        bench.answers |= {"link:/dev/a": [("found", GM65)], "link:/dev/b": [("found", STAR)]}
        bench.meanwhile = lambda: bench.plugged.update({"link:/dev/b": "2 display"})
        found.look_round()
        await asyncio.sleep(GONE_S + 3 * LOOK_S)
        assert (bench.asked, found.offered("1")) == (["link:/dev/a"], [])

        bench.meanwhile = lambda: None
        bench.plugged["link:/dev/c"], bench.answers["link:/dev/c"] = "", [("found", STAR)]
        await asyncio.sleep(LOOK_S + 1)
        assert len(found.offered("1")) == 1
        bench.plugged["link:/dev/c"] = "2 printer"
        await asyncio.sleep(LOOK_S + 1)
        assert found.offered("1") == [], "it is another counter's now"

    played(story)


@pytest.mark.row(44)
@pytest.mark.parametrize(
    ("was", "baud", "offers"),
    [(9600, 9600, 0), (9600, 19200, 1), (9600, 0, 1), (PRINTER_BAUD, 9600, 1), (PRINTER_BAUD, 0, 0), (0, 0, 0)],
)
def test_one_of_the_same_kind_on_the_same_socket_is_offered_where_its_speed_is_another(
    was: int, baud: int, offers: int
) -> None:
    """``baud`` 0: it answers at the usual one."""

    async def story(bench: Bench, found: StandIns) -> None:
        bench.plugged[OLD.port] = "1 printer"
        bench.answers[OLD.port] = [("found", ProposalView("printer", "escpos", "generic-80", "Same", "", baud))]
        bench.out = [replace(OLD, baud=was)]
        found.look_round()
        await asyncio.sleep(GONE_S + 2 * LOOK_S)
        assert len(found.offered("1")) == offers

    played(story)


@pytest.mark.row(44)
def test_another_model_on_the_same_socket_is_asked_while_the_old_driver_lets_go() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.plugged[OLD.port] = "1 printer"
        bench.answers[OLD.port] = [("busy", None), ("found", STAR)]
        bench.out = [OLD]
        found.look_round()
        await asyncio.sleep(GONE_S + 2 * LOOK_S)
        assert found.offered("1") == [StandInView("printer", OLD.port, "Star TSP100")]
        assert bench.asked == [OLD.port] * 2
        assert bench.holding == [], "the port is free again"

    played(story)


@pytest.mark.row(44)
@pytest.mark.parametrize(
    "who", [("silent", None), ("found", GM65), ("found", ProposalView("printer", "escpos", "x", "Same", ""))]
)
def test_nobody_a_scanner_or_the_same_driver_are_no_stand_in_and_asked_seldom(
    who: tuple[str, ProposalView | None],
) -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.plugged[OLD.port] = "1 printer"
        bench.answers[OLD.port] = [who]
        bench.out = [OLD]
        found.look_round()
        await asyncio.sleep(GONE_S + AGAIN_S + 2 * LOOK_S + 2)
        assert found.offered("1") == []
        assert bench.asked == [OLD.port] * 2

    played(story)


@pytest.mark.row(44)
def test_what_comes_back_within_moments_is_nobodys_news() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.plugged["link:/dev/new"], bench.answers["link:/dev/new"] = "", [("found", STAR)]
        bench.out = [OLD]
        found.look_round()
        await asyncio.sleep(GONE_S / 2)
        bench.out = []
        await asyncio.sleep(60)
        assert bench.asked == []

    played(story)


@pytest.mark.row(44)
def test_l1_a_socket_that_stays_dead_is_asked_ever_less_and_one_that_is_plugged_anew_soon() -> None:
    """Each time takes the port from its driver and is told in the log: three lines a minute, all night."""

    async def story(bench: Bench, found: StandIns) -> None:
        bench.plugged[OLD.port] = "1 printer"
        bench.out = [OLD]
        found.look_round()
        await asyncio.sleep(4 * 3600)
        assert len(bench.asked) == 9, "after a minute, two, four and so on, at most an hour"
        del bench.plugged[OLD.port]
        await asyncio.sleep(2 * LOOK_S)
        bench.plugged[OLD.port], bench.answers[OLD.port] = "1 printer", [("found", STAR)]
        await asyncio.sleep(GONE_S + 2 * LOOK_S)
        assert [each.port for each in found.offered("1")] == [OLD.port]

    played(story)


@pytest.mark.row(44)
def test_l1_a_device_that_comes_back_after_a_while_is_opened_by_its_own_driver_and_not_asked_first() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.answers[OLD.port] = [("found", STAR)]
        bench.out = [OLD]
        found.look_round()
        for away_s in (GONE_S + LOOK_S, 60.0):
            await asyncio.sleep(away_s)
            bench.plugged[OLD.port] = "1 printer"
            await asyncio.sleep(GONE_S)  # its driver may look for it that long, and once more
            assert bench.asked == []
            del bench.plugged[OLD.port]
        bench.plugged[OLD.port] = "1 printer"
        await asyncio.sleep(GONE_S + 2 * LOOK_S)
        assert bench.asked == [OLD.port], "it stands there, and its driver cannot use it"

    played(story)


@pytest.mark.row(44)
def test_l1_a_device_that_came_back_while_another_was_asked_keeps_its_port() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        gun = Ill("1", "scanner", "link:/dev/gun", "gm65")
        bench.plugged |= {OLD.port: "1 printer", gun.port: "1 scanner"}
        bench.out = [OLD, gun]
        bench.meanwhile = bench.out.clear
        found.look_round()
        await asyncio.sleep(GONE_S + 3 * LOOK_S)
        assert bench.asked == [OLD.port], "a scanner that works is not taken from the till"

    played(story)


@pytest.mark.row(44)
def test_what_was_plugged_in_while_all_was_well_is_no_stand_in_and_a_freed_socket_is_new_again() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.plugged["link:/dev/stick"] = bench.plugged["link:/dev/spare"] = ""
        await asyncio.sleep(2 * CALM_S + 1)
        del bench.plugged["link:/dev/spare"]
        await asyncio.sleep(2 * CALM_S)
        bench.out = [OLD]
        found.look_round()
        await asyncio.sleep(GONE_S + LOOK_S + 1)
        assert bench.asked == [], "a customer's stick was there before the printer died"
        bench.plugged["link:/dev/spare"], bench.answers["link:/dev/spare"] = "", [("found", STAR)]
        await asyncio.sleep(LOOK_S + 1)
        assert [each.port for each in found.offered("1")] == ["link:/dev/spare"]

    played(story)


@pytest.mark.row(44)
def test_a_moment_in_which_a_dead_device_looks_well_makes_nothing_old() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.out = [OLD]
        found.look_round()
        await asyncio.sleep(CALM_S - 1)
        bench.out = []
        bench.plugged["link:/dev/new"], bench.answers["link:/dev/new"] = "", [("found", STAR)]
        await asyncio.sleep(LOOK_S + 1)
        bench.out = [OLD]
        found.look_round()
        await asyncio.sleep(GONE_S + LOOK_S + 1)
        assert len(found.offered("1")) == 1

    played(story)


@pytest.mark.row(44)
def test_while_something_is_out_the_ports_are_listed_once_a_look() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.out = [OLD]
        found.look_round()
        await asyncio.sleep(GONE_S + 3 * LOOK_S)
        before = bench.listed
        await asyncio.sleep(10 * LOOK_S)
        assert bench.listed - before == 10

    played(story)


@pytest.mark.row(44)
def test_a_port_that_a_person_takes_while_it_is_asked_is_not_offered() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.out = [OLD]
        bench.plugged["link:/dev/new"], bench.answers["link:/dev/new"] = "", [("found", STAR)]
        bench.meanwhile = lambda: bench.plugged.update({"link:/dev/new": "2 printer"})
        found.look_round()
        await asyncio.sleep(GONE_S + 3 * LOOK_S)
        assert (bench.asked, found.offered("1"), bench.told) == (["link:/dev/new"], [], 0)

    played(story)


@pytest.mark.row(44)
def test_a_device_that_is_dead_when_the_service_starts_is_offered_what_stands_there_already() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.out = [OLD]
        bench.answers["link:/dev/new"] = [("found", STAR)]
        found.look_round()
        await asyncio.sleep(BOOT_S - LOOK_S)
        assert bench.asked == [], "it may still be starting, as the service is"
        await asyncio.sleep(3 * LOOK_S)
        assert found.offered("1") == [StandInView("printer", "link:/dev/new", "Star TSP100")]
        assert bench.asked == ["link:/dev/modem", "link:/dev/new"], "no port in use, and nobody's keyboard"
        await asyncio.sleep(10 * LOOK_S)
        assert len(bench.asked) == 2, "each once"
        bench.out = []
        await asyncio.sleep(LOOK_S + 1)
        assert found.offered("1") == [], "the old one was only slow"

    keyboard = "evdev:/dev/input/by-id/keys-event-kbd"
    played(story, well_before=False, there=["link:/dev/new", keyboard])


@pytest.mark.row(44)
def test_what_answered_while_the_printer_was_looked_for_is_the_scanner_s_stand_in_too() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        bench.out = [OLD, Ill("1", "scanner", "link:/dev/gun", "gm65"), Ill("3", "printer", "link:/dev/x", "star")]
        bench.answers |= {"link:/dev/a": [("found", GM65)], "link:/dev/b": [("found", STAR)]}
        bench.answers["link:/dev/c"] = [("found", STAR)]
        found.look_round()
        await asyncio.sleep(BOOT_S + 3 * LOOK_S)
        offers = {(each.role, each.port) for each in found.offered("1")}
        assert offers == {("scanner", "link:/dev/a"), ("printer", "link:/dev/b")}
        assert [each.port for each in found.offered("3")] == ["link:/dev/c"], "no port is offered at two counters"
        found.take("3", "printer", "link:/dev/c")  # told no
        found.take("1", "printer", "link:/dev/b")
        await asyncio.sleep(LOOK_S + 1)
        assert [each.port for each in found.offered("3")] == ["link:/dev/b"], "a no is one counter's no"
        assert sorted(bench.asked) == ["link:/dev/a", "link:/dev/b", "link:/dev/c", "link:/dev/modem"]

    played(story, well_before=False, there=["link:/dev/a", "link:/dev/b", "link:/dev/c"])


def test_row_44_a_shop_without_printer_or_scanner_lists_its_ports_once() -> None:
    async def story(bench: Bench, found: StandIns) -> None:
        await asyncio.sleep(10 * CALM_S)
        before = bench.listed
        bench.equipped = False
        await asyncio.sleep(10 * CALM_S)
        assert bench.listed <= before + 1, "a thousand displays' ports are work, and for nobody"
        bench.equipped = True
        found.look_round()  # the new device's health
        await asyncio.sleep(2 * CALM_S)
        assert bench.listed >= before + 2

    played(story)
