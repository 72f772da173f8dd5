"""Which protocol a profile speaks. Each is imported when a scanner needs it: a start pays for one, not for all."""

from drivers.scanner.profile import ScannerProfile
from drivers.scanner.speech import Speech


def speech_of(profile: ScannerProfile) -> Speech:
    match profile.protocol:
        case "line":
            return Speech(profile)
        case "gm65":
            from drivers.scanner.gm65 import Gm65Speech

            return Gm65Speech(profile)
        case "gmssi":
            from drivers.scanner.gmssi import GrowSpeech

            return GrowSpeech(profile)
        case "ssi":
            from drivers.scanner.ssi import SsiSpeech

            return SsiSpeech(profile)
        case "hon":
            from drivers.scanner.hon import HoneywellSpeech

            return HoneywellSpeech(profile)
        case "nls":
            from drivers.scanner.nls import NewlandSpeech

            return NewlandSpeech(profile)
        case "m3y":
            from drivers.scanner.m3y import M3ySpeech

            return M3ySpeech(profile)
        case "evdev":
            from drivers.scanner.keys import KeyboardSpeech

            return KeyboardSpeech(profile)
