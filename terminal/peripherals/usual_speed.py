"""The speed at which a device's line is opened where the settings name none."""

from drivers.display import profile as displays
from terminal.peripherals.place import PRINTER_BAUD


def usual_speed(role: str, driver: str, profile: str) -> int:
    """In bit/s, of a device that can be asked who it is; 0: it is none of those, or has no such profile.

    Args:
        driver, profile: empty for the role's usual ones, as in the settings.
    """
    try:
        match role:
            case "printer":
                return PRINTER_BAUD
            case "scanner":
                from drivers.scanner import profile as scanners  # most shops have none

                return scanners.load_profile(profile or "gm65").baud
            case "display" if driver in ("", "countertop"):
                return displays.load(profile or "countertop").baud
    except (KeyError, OSError, ValueError):
        pass
    return 0
