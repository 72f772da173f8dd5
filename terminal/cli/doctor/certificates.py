"""What the doctor says of the certificates that this machine made for itself: which of them end soon."""

from datetime import UTC, datetime

from terminal.cli.doctor.checks import Finding
from terminal.settings import Loaded
from terminal.web.desks.care import EndingCertificate
from terminal.wiring.own_certificates import endings


def certificate_findings(loaded: Loaded, now_ms: int) -> list[Finding]:
    """By the files in the state folder, beside a running service."""
    return [_of(each) for each in endings(loaded, now_ms)]


def _of(ending: EndingCertificate) -> Finding:
    until = datetime.fromtimestamp(ending.until_ms / 1000, UTC)
    facts = {"file": ending.file, "until": f"{until:%Y-%m-%d}"}
    if ending.kind == "phones":
        return Finding("phones_certificate_ended" if ending.ended else "phones_certificate_ends", "warning", facts)
    if ending.ended:
        return Finding("machine_certificate_ended", "wrong", facts)
    return Finding("machine_certificate_ends", "warning", facts)
