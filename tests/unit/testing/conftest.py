"""The plugin's own fixtures, also where the environment was made before its entry point."""

import pytest

from terminal.testing.plugin import bank, clock, counter, display, phone, printer, scanner, speaker

__all__ = ["bank", "clock", "counter", "display", "phone", "printer", "scanner", "speaker"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "counter(**setup): how the test's simulated counter is set up")
