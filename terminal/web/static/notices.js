// Lines above the keypad: late money, parked sales, slips that wait, refusals. Amber asks, grey tells.

import { newKey, post } from "./api.js";
import { paperLow } from "./bar.js";
import { at, fillWith, h, icon } from "./dom.js";
import { acceptTold, acceptable, mayPayAgain, openOverride } from "./override.js";
import { withPin } from "./pin.js";
import { riskNotice, stickersNotice } from "./risk_notices.js";
import { age, clock, day, facts, has, money, nowMs, saleNo, t, trouble } from "./words.js";

const SHOWN = 2;
const TOLD_S = 8;
const CHOICES = 4; // sales one transfer may be for, the nearest ones

function exceptionNotice(sale, found, tools) {
  const no = saleNo(sale.no);
  const amount = money(found.amount_minor, sale.currency);
  const close = (how) => {
    const key = newKey();
    tools.run(() => withPin(() => post(`/sales/${sale.id}/exceptions/${encodeURIComponent(found.id)}`, { how }, key), { owner: true }));
  };
  const more = h("a", { href: `/sales/${sale.id}` }, t("till.open_timeline"));
  const refund = (label, reason) => h("button", { type: "button", onclick: () => tools.refund(sale, found, reason) }, label);
  const settle = (label, how) => h("button", { type: "button", onclick: () => close(how) }, label);
  const notice = (text, ...acts) => h("div", { class: "notice", role: "alert" }, icon("late"), h("p", { class: "what" }, text), ...acts);
  if (found.kind === "paid_late") {
    const paid = sale.state === "paid";
    const keep = settle(paid ? t("exception.accept") : t("till.attach", { no }), "attached");
    return notice(t("till.late_of", { no, amount }), keep, refund(t("till.refund"), "other"), more);
  }
  if (found.kind === "excess") return notice(t("till.excess_of", { no, amount }), refund(t("till.refund_second"), "twice"), more);
  const what = has(`exception.${found.kind}`) ? t(`exception.${found.kind}`) : found.kind;
  return notice(t("till.other_of", { no, what }), settle(t("till.seen"), "seen"), more);
}

/** The bank proved it while it was being taken back: an owner may keep it. */
function provenNotice(sale) {
  const keep = h("button", { type: "button", onclick: () => openOverride(sale, "accept_paid") }, t("override.accept"));
  const more = h("a", { href: `/sales/${sale.id}` }, t("till.open_timeline"));
  return h("div", { class: "notice", role: "alert" }, icon("late"), h("p", { class: "what" }, acceptTold(sale)), keep, more);
}

function parkedNotice(sale, again) {
  const text = t("till.parked_no", { no: saleNo(sale.no) });
  const more = h("a", { href: `/sales/${sale.id}` }, t("till.open_timeline"));
  return h("div", { class: "notice parked" }, icon("checking"), h("p", { class: "what" }, `${text} · ${money(sale.amount_minor, sale.currency)}`), ...(again ? [h("button", { type: "button", onclick: () => openOverride(sale, "new_attempt") }, t("override.again"))] : []), more);
}

/** A transfer without our reference: every sale it may be for has a key; none is taken by itself. */
function creditNotice(credit, tools) {
  const match = (sale) => {
    const wish = { channel: credit.channel, entry: credit.entry, sale: sale.sale };
    const key = newKey();
    tools.run(() => withPin(() => post("/inbox/credits", wish, key), { owner: true }).finally(tools.look));
  };
  const text = t("till.credit_of", { amount: money(credit.amount_minor, credit.currency), day: credit.at.slice(0, 10), entry: credit.entry });
  const keys = credit.sales.slice(0, CHOICES).map((sale) => h("button", { type: "button", onclick: () => match(sale) }, t("till.credit_is", { no: saleNo(sale.no), time: `${day(sale.opened_ms)} ${clock(sale.opened_ms)}` })));
  return h("div", { class: "notice", role: "alert" }, icon("bank"), h("p", { class: "what" }, text, ...(credit.clash ? [h("small", {}, t("till.credit_clash"))] : [])), ...keys);
}

/** Nobody has confirmed it: how old, how much in all; an owner claims it with the bank's number or writes it off. */
function unverifiedNotice(row, inbox, tools) {
  const facts_ = { no: saleNo(row.no), amount: money(row.amount_minor, row.currency), age: age(Math.max(nowMs() - row.listed_ms, 0) / 1000), reference: row.reference };
  const of = { id: row.sale, no: row.no, amount_minor: row.amount_minor, currency: row.currency };
  const decide = (label, kind) => h("button", { type: "button", onclick: () => openOverride(of, kind).then(tools.look) }, label);
  const acts = [...(row.mark === "unverified" ? [decide(t("till.unverified_claim"), "claimed")] : []), decide(t("till.unverified_off"), "written_off")];
  const sum = Object.entries(inbox.unverified_sums).map(([currency, minor]) => money(minor, currency)).join(" + ");
  const more = h("a", { href: `/sales/${row.sale}` }, t("till.open_timeline"));
  return h("div", { class: "notice", role: "alert" }, icon(row.mark), h("p", { class: "what" }, t(`till.${row.mark}_of`, facts_), h("small", {}, t("till.unverified_sum", { sum }))), ...acts, more);
}

function orphanNotice(orphan, tools) {
  const close = () => {
    const key = newKey();
    const path = `/orphans/${encodeURIComponent(orphan.order_no)}`;
    tools.run(() => withPin(() => post(path, { how: "seen" }, key), { owner: true }).finally(tools.look));
  };
  const text = `${t("exception.orphan")} · ${money(orphan.amount_minor, orphan.currency)} · ${orphan.order_no}`;
  const seen = h("button", { type: "button", onclick: close }, t("till.seen"));
  return h("div", { class: "notice", role: "alert" }, icon("late"), h("p", { class: "what" }, text), seen);
}

/** Somebody sends messages in the bank's name: one line a channel, however many. */
function alertNotice(alert, tools) {
  const close = () => {
    const key = newKey();
    const path = `/alerts/${encodeURIComponent(alert.channel)}`;
    tools.run(() => withPin(() => post(path, { how: "seen" }, key), { owner: true }).finally(tools.look));
  };
  const channel = facts.wallets[alert.channel] ?? alert.channel;
  const seen = h("button", { type: "button", onclick: close }, t("till.seen"));
  return h("div", { class: "notice", role: "alert" }, icon("fault"), h("p", { class: "what" }, t(has(`till.${alert.slug}`) ? `till.${alert.slug}` : "till.forged", { n: alert.count, channel })), seen);
}

/** A key or certificate ends: which, until when, what to do. */
function endingKeyNotice(key, tools) {
  const close = () => {
    const once = newKey();
    const path = `/inbox/keys/${encodeURIComponent(key.id)}`;
    tools.run(() => withPin(() => post(path, { how: "seen" }, once), { owner: true }).finally(tools.look));
  };
  const channel = facts.wallets[key.channel] ?? key.channel;
  const told = trouble(`ends_${key.kind}`, { channel, file: key.name, until: day(key.until_ms) });
  const seen = h("button", { type: "button", onclick: close }, t("till.seen"));
  return h("div", { class: "notice", role: "alert" }, icon("fault"), h("p", { class: "what" }, told.sentence, h("small", {}, told.fix)), seen);
}

function slipNotice(slip, counter, tools) {
  const no = saleNo(slip.no);
  const answer = (print) => {
    const key = newKey();
    tools.run(() => post(`/counters/${counter}/slips/${encodeURIComponent(slip.effect)}`, { print }, key));
  };
  const drop = slip.why === "may_have_printed" ? t("till.printed_already") : t("till.drop");
  const yes = h("button", { type: "button", onclick: () => answer(true) }, t("till.print_now"));
  const drops = h("button", { type: "button", onclick: () => answer(false) }, drop);
  return h("div", { class: "notice" }, icon("printer"), h("p", { class: "what" }, t(`till.slip_${slip.why}`, { no })), yes, drops);
}

/** Another device answers in place of a dead one: yes takes it for good, and what was kept is printed once. */
function standInNotice(found, counter, tools) {
  const answer = (use) => tools.run(() => post(`/counters/${counter}/devices/${found.role}/stand-in`, { port: found.port, use }));
  const yes = h("button", { type: "button", onclick: () => answer(true) }, t("till.stand_in_yes"));
  const no = h("button", { type: "button", onclick: () => answer(false) }, t("till.stand_in_no"));
  return h("div", { class: "notice", role: "alert" }, icon(found.role), h("p", { class: "what" }, t(`till.stand_in_${found.role}`, { title: found.title })), yes, no);
}

function paperNotice() {
  return h("div", { class: "notice plain-note" }, icon("printer"), h("p", { class: "what" }, t("till.paper_low")));
}

export function toldNotice(told) {
  return h("div", { class: "notice plain-note", role: "alert" }, icon("fault"), h("p", { class: "what" }, told.sentence, h("small", {}, `${told.fix} (${told.code})`)));
}

/**
 * Redraw. ``told`` is {code, sentence, fix} or null; ``waiting`` are sales that wait for a person or were parked;
 * ``orphans`` are amounts without a sale, ``alerts`` messages that were refused, ``inbox`` what else waits; ``tools`` has run(act), look() and refund(sale, exception, reason).
 */
export function drawNotices({ view, waiting, orphans, alerts, inbox, told, tools }) {
  const rows = [];
  if (told) rows.push([["told", told.code, told.sentence], () => toldNotice(told)]);
  const here = view?.sale && !waiting.some((each) => each.id === view.sale.id) ? [view.sale] : [];
  for (const sale of [...here, ...waiting].filter(acceptable)) rows.push([["proven", sale.id], () => provenNotice(sale)]);
  for (const sale of waiting) {
    for (const found of sale.exceptions.filter((each) => !each.closed)) {
      rows.push([["exception", sale.id, found.id, sale.state], () => exceptionNotice(sale, found, tools)]);
    }
  }
  for (const found of view?.stand_ins ?? []) rows.push([["stand_in", found.role, found.port], () => standInNotice(found, view.id, tools)]);
  for (const orphan of orphans) rows.push([["orphan", orphan.order_no, orphan.at_ms], () => orphanNotice(orphan, tools)]);
  for (const alert of alerts) rows.push([["alert", alert.channel, alert.count], () => alertNotice(alert, tools)]);
  for (const risk of inbox.risks ?? []) rows.push([["risk", risk.id], () => riskNotice(risk)]);
  for (const key of inbox.keys) rows.push([["key", key.id, key.days], () => endingKeyNotice(key, tools)]);
  for (const credit of inbox.credits) rows.push([["credit", credit.entry, credit.sales.map((each) => each.sale), credit.clash], () => creditNotice(credit, tools)]);
  for (const row of inbox.unverified) rows.push([["unverified", row.sale, row.mark, Math.floor((nowMs() - row.listed_ms) / 60_000), Object.values(inbox.unverified_sums)], () => unverifiedNotice(row, inbox, tools)]);
  for (const slip of view?.slips ?? []) rows.push([["slip", slip.effect], () => slipNotice(slip, view.id, tools)]);
  for (const sale of waiting) {
    if (sale.parked && !["unverified", "claimed"].includes(sale.word) && !acceptable(sale) && !sale.exceptions.some((each) => !each.closed)) {
      const again = mayPayAgain(sale, !view?.sale);
      rows.push([["parked", sale.id, again], () => parkedNotice(sale, again)]);
    }
  }
  if (rows.length < SHOWN && inbox.stickers_due && !view?.sale) rows.push([["stickers", inbox.stickers_due], () => stickersNotice(inbox.stickers_due)]);
  if (rows.length < SHOWN && paperLow("printer", view?.health?.printer)) rows.push([["paper_low"], paperNotice]);
  const shown = rows.slice(0, SHOWN);
  const unlisted = Math.max((view?.slips_waiting ?? 0) - (view?.slips ?? []).length, 0);
  const rest = rows.length - shown.length + unlisted;
  fillWith(at("notices"), [shown.map(([key]) => key), rest], () => {
    const parts = shown.map(([, make]) => make());
    if (rest) parts.at(-1).querySelector(".what").append(h("small", {}, t("till.waits_here", { n: rest })));
    return parts;
  });
}

/** A refusal a device caused, while it is news. */
export function freshTold(view, since) {
  const told = view?.told;
  if (!told || told.age_s + (performance.now() - since) / 1000 > TOLD_S) return null;
  return trouble(told.slug, told.facts);
}
