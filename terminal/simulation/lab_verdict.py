"""What people in the shop must have seen, heard and held after a headless run, beside the oracle's books."""

from typing import Final

from terminal.simulation.lab_shop import LabShop
from terminal.simulation.lab_told import in_order
from terminal.simulation.rails import IN_PART, RAILS
from terminal.simulation.story import Story

USUAL: Final = ("wechatpay", IN_PART)  # where the faults' own tables say what is seen
COPY: Final = "COPY"
WHOLE: Final = ("Sale no.", "Counter", "Paid with", "Check code", "Keep this slip")  # from first line to last
SILENT: Final = ("speaker", "kill", "stop", "partial")  # where nobody can promise that all of it was heard


def fired(shop: LabShop, story: Story | None) -> bool:
    """Whether the fault really happened; a run in which it did not proves nothing."""
    slug, stand = shop.fault.slug, shop.stand
    match shop.fault.layer:
        case "provider":
            return shop.world.bank.faults.fired[slug] > 0
        case "process" | "update":
            return shop.world.lives > 2  # the last restart is the audit's
        case "clock":
            return shop.happened
        case "scenario" if story is not None:
            return story.happened
        case "scenario":
            also = shop.fault.run.with_
            return shop.happened or not also or shop.world.bank.faults.fired[also] > 0
    match slug:
        case "paper-out" | "paper-out-mid-slip":
            return shop.seen.paper_out
        case "scanner-double-fire":
            return stand.double_fire == 0
        case "scanner-half-read":
            return stand.half_read == 0
        case "display-loses-answers":
            return stand.cables["display"].drop_answers == 0
        case "printer-power-cycle":
            return stand.printer.power_cycle_after is None
        case "unplug-display" | "unplug-scanner" | "unplug-printer" | "unplug-speaker":
            return slug.removeprefix("unplug-") in shop.seen.unplugged
    return shop.seen.written > 0


def judge(shop: LabShop, story: Story | None, *, slips_listed: bool) -> list[str]:
    """Everything that is wrong, in words; ``slips_listed``: a person is asked about a slip."""
    script = shop.fault.run
    wrong = list(story.failed) if story else []
    if story and (alerts := story.alerts_wrong()):
        wrong.append(alerts)
    if shop.seen.state not in script.ends:
        wrong.append(f"the sale ended {shop.seen.state!r}, expected {' or '.join(script.ends)}")
    captures = shop.world.bank.captures(shop.world.ring.shop.mchid)
    captured = sum(len(each) for each in captures.values())
    if script.captured not in (-1, captured):
        wrong.append(f"I3: the bank took the money {captured} times, expected {script.captured}")
    kinds = {each.kind for each in shop.oracle.log.exceptions.values()}
    if script.exception and script.exception not in kinds:
        wrong.append(f"no {script.exception} before a person; there is {sorted(kinds) or 'nothing'}")
    if shop.hands.glass():
        wrong.append("I10: a code is still on the glass")
    wrong += _voice(shop, story) + _paper(shop, story, slips_listed=slips_listed)
    return wrong + (_told(shop) if shop.channel in USUAL else [])


def _told(shop: LabShop) -> list[str]:
    """What till and POS had to hear in their order, and what had to come out, as the fault's own table says."""
    sees, wrong = shop.fault.sees, []
    for what, wanted, seen in (
        ("the till", sees.till, shop.seen.words),
        ("the POS", sees.pos, shop.seen.events),
    ):
        if not in_order(wanted, seen):
            wrong.append(f"{what} was told {', '.join(seen)}; expected in this order {', '.join(wanted)}")
    phrase = f"received {RAILS[shop.channel].phrase}"
    said = sum(phrase in text for text in shop.counter.transcript)
    if sees.voice != "any" and said != (sees.voice == "once"):
        wrong.append(f"the amount was said {said} times, expected {sees.voice}")
    mine = [slip for slip in shop.counter.paper if any(shop.hands.sale in line for line in slip)]
    whole = [slip for slip in mine if _is_whole(slip)]
    copies = [slip for slip in whole if any(COPY in line for line in slip)]
    came = "copy" if copies else "slip" if whole else "none"
    if sees.paper not in ("any", came):
        wrong.append(f"paper: {came}, expected {sees.paper}")
    return wrong


def _voice(shop: LabShop, story: Story | None) -> list[str]:
    """Said at most once, and once where the speaker was well (I11)."""
    received = f"received {RAILS[shop.channel].phrase}"  # the journal's amount as English says it
    said = [text for text in shop.counter.transcript if received in text]
    silent = story is not None or any(word in shop.fault.slug for word in SILENT)  # a story's own table says it
    must = shop.seen.state == "paid" and not silent
    if len(said) > 1:
        return [f"I11: said {len(said)} times: {said}"]
    return ["nothing was said"] if must and not said else []


def _paper(shop: LabShop, story: Story | None, *, slips_listed: bool) -> list[str]:
    """One original at most, one whole slip at least, or a person is asked (I9)."""
    mine = [slip for slip in shop.counter.paper if any(shop.hands.sale in line for line in slip)]
    whole = [slip for slip in mine if _is_whole(slip)]
    originals = [slip for slip in mine if not any(COPY in line for line in slip)]
    wrong = []
    refunds = story.does("refund") if story else shop.fault.run.direction == "refund"
    if len(originals) > 1 and not refunds:
        wrong.append(f"I9: {len(originals)} slips without a COPY mark")
    if shop.seen.state == "paid" and not whole and not slips_listed:
        wrong.append("I9: no whole slip, and nobody is asked about it")
    return wrong


def _is_whole(slip: list[str]) -> bool:
    return all(any(words in line for line in slip) for words in WHOLE)
