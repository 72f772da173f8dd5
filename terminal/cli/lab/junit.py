"""Verdicts of headless runs as JUnit XML, as CI systems read it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

if TYPE_CHECKING:
    from terminal.simulation.lab_run import Verdict


def report(verdicts: "Sequence[Verdict]") -> bytes:
    """One test case a seed; its time is virtual. Source: the JUnit schema of Apache Ant's junitreport task."""
    failures = sum(not each.agrees for each in verdicts)
    suite = Xml.Element("testsuite", name="countertop lab", tests=str(len(verdicts)), failures=str(failures))
    for each in verdicts:
        case = Xml.SubElement(
            suite, "testcase", classname=f"lab.{each.name}", name=f"seed {each.seed}", time=f"{each.virtual_s:.3f}"
        )
        if not each.agrees:
            why = list(each.wrong) or ["the fault never happened: this run proves nothing"]
            failure = Xml.SubElement(case, "failure", message=_plain(why[0]))
            failure.text = _plain("\n".join(why))
        out = Xml.SubElement(case, "system-out")
        out.text = _plain(" → ".join(each.words))
    tree: bytes = Xml.tostring(suite, encoding="utf-8", xml_declaration=True)
    return tree


def _plain(text: str) -> str:
    """XML 1.0 has no control characters, not even escaped ones (section 2.2)."""
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
