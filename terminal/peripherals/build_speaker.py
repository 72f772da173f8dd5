"""Which adapter drives a counter's speaker, by the protocol its settings name."""

from collections.abc import Callable

from drivers.speaker import profile as speakers
from terminal.counter.ports import Utterance
from terminal.peripherals.place import Place
from terminal.peripherals.speaker import TalkingSpeaker


def build_speaker(place: Place, phrase: Callable[[Utterance], str]) -> TalkingSpeaker:
    """Raises BadSettings."""
    voice = place.profile(speakers.load_profile)
    open_ = place.opener(voice.baud)
    return TalkingSpeaker(place.table.port, open_, place.clock, profile=voice, phrase=phrase, sweep=place.sweep)
