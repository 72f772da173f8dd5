"""What a run should say at its end beside passed and failed: figures that tests hand over by name."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """``record_property("summary", "…")`` in a test prints its line here, also from worker processes."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, value in report.user_properties:
            if name == "summary":
                terminalreporter.write_line(str(value))
