"""Which browser the tests drive: the machine's Chromium, else the one Playwright brought itself."""

import shutil
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
CACHE: Final = Path.home() / ".cache" / "ms-playwright"
MISSING: Final = "browser tests: no Chromium here (apt-get install chromium)"


def find_chromium() -> str:
    """The program's path, empty when there is none."""
    installed = (shutil.which(name) for name in NAMES)
    brought = (str(each) for each in sorted(CACHE.glob("chromium-*/chrome-linux*/chrome"), reverse=True))
    return next((path for path in (*installed, *brought) if path), "")
