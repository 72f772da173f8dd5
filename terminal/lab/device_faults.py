"""Named faults of devices and cables on one stand: how each breaks and how it is mended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from terminal.lab.faults import Value
from terminal.lab.stand import ROLES, Stand

Params = Mapping[str, Value]
Act = Callable[[Stand, Params], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class DeviceFault:
    """``mend`` undoes it; None: it is over the moment it happened, or uses itself up."""

    begin: Act
    mend: Act | None = None


def _number(params: Params, name: str) -> int:
    value = params[name]
    assert isinstance(value, int), name
    return value


def _set(device: str, **values: object) -> Act:
    def act(stand: Stand, _params: Params) -> None:
        for name, value in values.items():
            setattr(getattr(stand, device), name, value)

    return act


def _call(device: str, method: str) -> Act:
    def act(stand: Stand, _params: Params) -> None:
        stub = getattr(stand, device)
        getattr(stub, method)()
        stand.cable_of(stub).poke()

    return act


def _unplug(role: str) -> DeviceFault:
    async def begin(stand: Stand, _params: Params) -> None:
        await stand.unplug(role)

    async def mend(stand: Stand, _params: Params) -> None:
        await stand.plug(role)

    return DeviceFault(begin, mend)


def _swap(one: str, other: str) -> DeviceFault:
    async def act(stand: Stand, _params: Params) -> None:
        await stand.swap(one, other)

    return DeviceFault(act, act)


def _stall(stalled: bool) -> Act:
    def act(stand: Stand, _params: Params) -> None:
        cable = stand.cables["printer"]
        stall = getattr(cable, "stall", None)  # a pseudo-terminal stops reading, a wire has a switch
        if stall is not None:
            stall(stalled)
        else:
            setattr(cable, "stalled", stalled)  # noqa: B010  # only wires have it

    return act


def _paper_left(stand: Stand, params: Params) -> None:
    stand.printer.byte_budget = _number(params, "bytes")


def _power_fails(stand: Stand, params: Params) -> None:
    stand.printer.boot_ms = _number(params, "boot_ms")
    stand.printer.power_cycle_after = _number(params, "bytes")


def _slow(stand: Stand, params: Params) -> None:
    stand.printer.bytes_per_s = _number(params, "bytes_per_s")


def _noise(noise: bytes) -> Act:
    def act(stand: Stand, _params: Params) -> None:
        stand.cables["display"].noise = noise

    return act


def _flash(program: str) -> DeviceFault:
    """Another program in the display; mended, it has its own again."""

    def act(wanted: str) -> Act:
        def flash(stand: Stand, _params: Params) -> None:
            stand.display.flash(wanted)
            stand.cable_of(stand.display).poke()

        return flash

    return DeviceFault(act(program), act(""))


def _lose_answers(stand: Stand, params: Params) -> None:
    stand.cables["display"].drop_answers = _number(params, "count")


def _double_fire(stand: Stand, params: Params) -> None:
    stand.double_fire, stand.double_fire_ms = _number(params, "count"), _number(params, "every_ms")


def _half_read(stand: Stand, params: Params) -> None:
    stand.half_read = _number(params, "count")


_LOAD: Final = _call("printer", "load_paper")

DEVICE_FAULTS: Final[Mapping[str, DeviceFault]] = {
    "paper-out": DeviceFault(_call("printer", "paper_ends"), _LOAD),
    "paper-out-mid-slip": DeviceFault(_paper_left, _LOAD),
    "paper-low": DeviceFault(_call("printer", "paper_low"), _LOAD),
    "cover-open": DeviceFault(_call("printer", "open_cover"), _call("printer", "close_cover")),
    "cutter-jam": DeviceFault(_call("printer", "jam_cutter"), _call("printer", "clear_jam")),
    "printer-mute": DeviceFault(_set("printer", mute=True), _set("printer", mute=False)),
    "printer-power-cycle": DeviceFault(_power_fails),
    "slow-printer": DeviceFault(_slow, _set("printer", bytes_per_s=0)),
    "stall-printer": DeviceFault(_stall(True), _stall(False)),
    **{f"unplug-{role}": _unplug(role) for role in ROLES},
    "display-mute": DeviceFault(_set("display", mute=True), _set("display", mute=False)),
    "display-reboot": DeviceFault(_call("display", "restart")),
    "display-lies": DeviceFault(_set("display", lies=True), _set("display", lies=False)),
    "firmware-available": _flash("older"),
    "firmware-required": _flash("other"),
    "firmware-broken": _flash("broken"),
    "display-noise": DeviceFault(_noise(b"\x00\xaa\x55\xff"), _noise(b"")),
    "display-loses-answers": DeviceFault(_lose_answers),
    "scanner-double-fire": DeviceFault(_double_fire),
    "scanner-half-read": DeviceFault(_half_read),
    "speaker-mute": DeviceFault(_set("speaker", mute=True), _set("speaker", mute=False)),
    "speaker-dead": DeviceFault(_set("speaker", dead=True), _set("speaker", dead=False)),
    "speaker-hang": DeviceFault(_set("speaker", hang=True), _set("speaker", hang=False)),
    "swap-printer-speaker": _swap("printer", "speaker"),
    "swap-display-scanner": _swap("display", "scanner"),
}


class Breakage:
    """What is broken on a stand now, and since when it mends by itself."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        self._active: dict[str, dict[str, Value]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def active(self) -> dict[str, dict[str, Value]]:
        return dict(self._active)

    async def begin(
        self, slug: str, params: Params, *, seconds: int | None = None, count: int | None = None
    ) -> None:
        """Switch a device fault on, for ``seconds`` or until mended."""
        fault = DEVICE_FAULTS[slug]
        await self.mend(slug)
        given = {**params, "count": count or 1}
        await _run(fault.begin, self._stand, given)
        if fault.mend is None:
            return
        self._active[slug] = dict(params)
        if seconds is not None:
            loop = asyncio.get_running_loop()
            self._timers[slug] = loop.call_later(seconds, self._mend_soon, slug)

    async def mend(self, slug: str = "") -> None:
        """Undo one, or all."""
        for each in [slug] if slug else list(self._active):
            if timer := self._timers.pop(each, None):
                timer.cancel()
            params = self._active.pop(each, None)
            mend = DEVICE_FAULTS[each].mend
            if params is not None and mend is not None:
                await _run(mend, self._stand, params)
                self._stand.timeline.add("lab", "", f"{each} is over")

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    def _mend_soon(self, slug: str) -> None:
        task = asyncio.get_running_loop().create_task(self.mend(slug), name=f"mend {slug}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _run(act: Act, stand: Stand, params: Params) -> None:
    done = act(stand, params)
    if done is not None:
        await done
