"""The risk desk with the words people read: shared by the API's calls and the pages."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from terminal.counter.holds import Hold
from terminal.counter.service import Service
from terminal.help.catalogue import Catalogue
from terminal.help.wording import CatalogueWording
from terminal.payments.money import Money
from terminal.people.service import People
from terminal.risk.alerts import OpenAlert
from terminal.risk.desk import RiskDesk
from terminal.risk.proof import Proof
from terminal.risk.rules import ShopFacts
from terminal.risk.stickers import Checked, Sticker
from terminal.risk.table import RULES, STICKER
from terminal.risk.words import letter, rule_told, sentence, title
from terminal.settlement.business_day import ShopTime
from terminal.web.rates import Buckets
from terminal.web.shapes.risk import (
    DifferenceRow,
    HoldView,
    ProofAnswer,
    RiskAlertView,
    RiskView,
    RuleView,
    StickerAnswer,
    StickerRow,
    proof_view,
    sticker_view,
)

LOOKS_PER_S: Final = 1  # in the long run, of one caller: codes are short, and nobody may try them all
LOOKS_AT_ONCE: Final = 20
STICKER_OFFERS: Final = ("notify_bank",)
__all__ = ["RISK", "RiskWords"]


@dataclass(slots=True)
class RiskWords:
    """``looks`` counts look-ups and proofs by credential."""

    desk: RiskDesk
    service: Service
    people: People
    wording: CatalogueWording
    looks: Buckets

    @classmethod
    def of(cls, desk: RiskDesk, people: People, zone: str) -> "RiskWords":
        service = desk.service
        looks = Buckets(service.parts.clock, per_s=LOOKS_PER_S, burst=LOOKS_AT_ONCE)
        return cls(desk, service, people, CatalogueWording(zone), looks)

    def name(self, actor: str) -> str:
        return self.people.label(actor) or actor

    def method(self, channel: str, words: Catalogue) -> str:
        return self.service.parts.slips.method(channel, words.language)

    def when(self, wall_ms: int, words: Catalogue) -> str:
        return self.wording.when(wall_ms, words.language)

    def place(self, counter: str) -> str:
        lane = self.service.lanes.get(counter)
        return (lane.settings.title if lane else "") or counter

    # alerts and holds

    def alert(self, found: OpenAlert, words: Catalogue) -> RiskAlertView:
        sticker = found.rule == STICKER
        numbers = None if sticker else self.desk.table.rule(found.rule)
        return RiskAlertView(
            found.id,
            found.rule,
            title(found, words),
            sentence(found, words, self.name, lambda channel: self.method(channel, words)),
            found.count,
            found.limit,
            found.at_ms,
            numbers.till if numbers else True,
            str(found.facts.get("channel", "")),
            list(numbers.offers if numbers else STICKER_OFFERS),
        )

    def hold(self, hold: Hold, words: Catalogue) -> HoldView:
        told = words.text(f"risk.hold_{hold.what}", channel=self.method(hold.channel, words))
        return HoldView(hold.id, hold.what, hold.channel, told, hold.reason, self.name(hold.actor), hold.at_ms)

    def holds(self, words: Catalogue) -> list[HoldView]:
        return [self.hold(each, words) for each in self.service.holds.waiting()]

    def whole(self, words: Catalogue) -> RiskView:
        watcher, table = self.desk.watch.watcher, self.desk.table
        rules = [
            RuleView(
                rule,
                words.text(f"risk.rule_{rule}"),
                rule_told(rule, table, words),
                watcher.limit(rule),
                table.rule(rule).floor,
                table.rule(rule).ceiling,
                table.rule(rule).learns and watcher.history.knows,
            )
            for rule in RULES
        ]
        alerts = [self.alert(each, words) for each in self.desk.alerts.waiting()]
        return RiskView(alerts, self.holds(words), rules, watcher.history.days)

    def letter(self, found: OpenAlert, words: Catalogue) -> list[str]:
        channel = self.service.channel(str(found.facts.get("channel", "")))
        merchant = self.service.provider(channel).account.merchant_id if channel else ""
        return letter(
            found,
            words,
            name=self.name,
            method=lambda each: self.method(each, words),
            shop=self.service.house.title,
            merchant=merchant,
            when=self.when(found.at_ms, words),
        )

    # what a cashier is told

    def proof(self, proof: Proof, words: Catalogue, *, sees: bool) -> ProofAnswer:
        amount = words.money(proof.amount) if proof.amount else ""
        facts = {
            "amount": amount,
            "no": f"{proof.no:04}",
            "counter": self.place(proof.counter),
            "when": self.when(proof.paid_ms, words) if proof.paid_ms else "",
        }
        key = proof.verdict if proof.sale else {"no": "no_sale", "unknown": "unknown_sale"}[proof.verdict]
        told = words.text(f"risk.proof_told_{key}", **facts)
        return proof_view(
            proof,
            word=words.text(f"risk.proof_{proof.verdict}"),
            told=told,
            todo=words.text(f"risk.proof_todo_{proof.verdict}"),
            sees=sees,
        )

    def checked(self, checked: Checked, words: Catalogue) -> StickerAnswer:
        facts = {
            "who": checked.who,
            "name": checked.sticker,
            "detail": checked.detail,
            "what": words.text(f"risk.what_{checked.what}") if checked.what else "",
        }
        key = checked.result + ("_strange" if checked.result == "other" and not checked.sticker else "")
        differs = [DifferenceRow(words.text(f"risk.field_{x.field}"), x.ours, x.theirs) for x in checked.differs]
        return sticker_view(
            checked,
            differs,
            word=words.text(f"risk.sticker_{checked.result}"),
            told=words.text(f"risk.sticker_told_{key}", **facts),
            todo=words.text(f"risk.sticker_todo_{checked.result}"),
        )

    def sticker(self, sticker: Sticker) -> StickerRow:
        payee = self.desk.stickers.payee(sticker)
        due = {each.id for each in self.desk.stickers.due()}
        return StickerRow(
            sticker.id, sticker.name, payee.who if payee else "", sticker.id not in due, sticker.checked_ms
        )

    def money(self, minor: int, currency: str, words: Catalogue) -> str:
        return words.money(Money(minor, currency))


def shop_facts(shop: ShopTime, *, alone_minor: int = 0, cap_minor: int = 0, currency: str = "") -> ShopFacts:
    """What the rules must know of the shop, by its own days and hours."""
    return ShopFacts(
        lambda wall_ms: shop.business_day(wall_ms).isoformat(),
        lambda wall_ms: shop.local(wall_ms).hour,
        alone_minor,
        cap_minor,
        currency,
    )


RISK: Final = web.AppKey("risk", RiskWords)
