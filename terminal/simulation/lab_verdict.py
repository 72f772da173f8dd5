"""What people in the shop must have seen, heard and held after a headless run, beside the oracle's books."""

from typing import TYPE_CHECKING, Final

from terminal.simulation.lab_told import in_order
from terminal.simulation.rails import IN_PART, RAILS

if TYPE_CHECKING:
    from terminal.simulation.lab_run import LabRun

USUAL: Final = ("wechatpay", IN_PART)  # where the faults' own tables say what is seen
COPY: Final = "COPY"
WHOLE: Final = ("Sale no.", "Counter", "Paid with", "Check code", "Keep this slip")  # from first line to last
SILENT: Final = ("speaker", "kill", "stop", "partial")  # where nobody can promise that all of it was heard


def judge(run: "LabRun", *, slips_listed: bool) -> list[str]:
    """Everything that is wrong, in words; ``slips_listed``: a person is asked about a slip."""
    script = run.fault.run
    wrong = list(run.story.failed) if run.story else []
    if run.story and (alerts := run.story.alerts_wrong()):
        wrong.append(alerts)
    if run.seen.state not in script.ends:
        wrong.append(f"the sale ended {run.seen.state!r}, expected {' or '.join(script.ends)}")
    captures = run.world.bank.captures(run.world.ring.shop.mchid)
    captured = sum(len(each) for each in captures.values())
    if script.captured not in (-1, captured):
        wrong.append(f"I3: the bank took the money {captured} times, expected {script.captured}")
    kinds = {each.kind for each in run.oracle.log.exceptions.values()}
    if script.exception and script.exception not in kinds:
        wrong.append(f"no {script.exception} before a person; there is {sorted(kinds) or 'nothing'}")
    if run.hands.glass():
        wrong.append("I10: a code is still on the glass")
    wrong += _voice(run) + _paper(run, slips_listed=slips_listed)
    return wrong + (_told(run) if run.channel in USUAL else [])


def _told(run: "LabRun") -> list[str]:
    """What till and POS had to hear in their order, and what had to come out, as the fault's own table says."""
    sees, wrong = run.fault.sees, []
    for what, wanted, seen in (
        ("the till", sees.till, run.seen.words),
        ("the POS", sees.pos, run.seen.events),
    ):
        if not in_order(wanted, seen):
            wrong.append(f"{what} was told {', '.join(seen)}; expected in this order {', '.join(wanted)}")
    phrase = f"received {RAILS[run.channel].phrase}"
    said = sum(phrase in text for text in run.counter.transcript)
    if sees.voice != "any" and said != (sees.voice == "once"):
        wrong.append(f"the amount was said {said} times, expected {sees.voice}")
    mine = [slip for slip in run.counter.paper if any(run.hands.sale in line for line in slip)]
    whole = [slip for slip in mine if _is_whole(slip)]
    copies = [slip for slip in whole if any(COPY in line for line in slip)]
    came = "copy" if copies else "slip" if whole else "none"
    if sees.paper not in ("any", came):
        wrong.append(f"paper: {came}, expected {sees.paper}")
    return wrong


def _voice(run: "LabRun") -> list[str]:
    """Said at most once, and once where the speaker was well (I11)."""
    received = f"received {RAILS[run.channel].phrase}"  # the journal's amount as English says it
    said = [text for text in run.counter.transcript if received in text]
    silent = run.story is not None or any(word in run.fault.slug for word in SILENT)  # a story's own table says it
    must = run.seen.state == "paid" and not silent
    if len(said) > 1:
        return [f"I11: said {len(said)} times: {said}"]
    return ["nothing was said"] if must and not said else []


def _paper(run: "LabRun", *, slips_listed: bool) -> list[str]:
    """One original at most, one whole slip at least, or a person is asked (I9)."""
    mine = [slip for slip in run.counter.paper if any(run.hands.sale in line for line in slip)]
    whole = [slip for slip in mine if _is_whole(slip)]
    originals = [slip for slip in mine if not any(COPY in line for line in slip)]
    wrong = []
    refunds = run.story.does("refund") if run.story else run.fault.run.direction == "refund"
    if len(originals) > 1 and not refunds:
        wrong.append(f"I9: {len(originals)} slips without a COPY mark")
    if run.seen.state == "paid" and not whole and not slips_listed:
        wrong.append("I9: no whole slip, and nobody is asked about it")
    return wrong


def _is_whole(slip: list[str]) -> bool:
    return all(any(words in line for line in slip) for words in WHOLE)
