// Which state fills the till's screen: decided from the sale alone, so every reload shows the same.

import { isMoving, stuckWords } from "./pay_with.js";
import { decimal, facts, has, money, nowMs, saleNo, t } from "./words.js";

const seconds = (from, to) => Math.max(0, Math.round((to - from) / 1000));

const SWITCH_MS = 3000; // so long a scan may take to replace the shown code before that counts as doubt

/** The display is broken or there is none: the code stands on the till, until another one takes its place. */
export function isTurned(view) {
  return Boolean(view.sale) && !isMoving(view.sale) && view.screen.kind === "code" && (view.glass !== "" || !view.health.display);
}

/**
 * By which ways the customer may pay now: with the code on this screen (``turned``), with their own code (``theirs``)
 * and a scanner of this counter (``stands``) that is out of order (``deaf``).
 */
export function waysOf(view) {
  const scanner = view?.health.scanner;
  return { turned: Boolean(view) && isTurned(view), theirs: view?.scans !== false, stands: Boolean(scanner), deaf: scanner?.state === "fault" };
}

/** The key that takes the customer's code: typed, while no scanner reads it. */
export function scanKey(ways) {
  return t(ways.deaf ? "key.f2_type" : "key.f2");
}

/** F2 where the customer's own code can be taken. */
const theirCode = (ways) => (ways.theirs ? [["F2", scanKey(ways), "F2"]] : []);

/** What a sale waits for, and nothing that cannot be done: who scans what, and what ends a scanner's trouble. */
function waitingFor(sale, { turned, theirs, stands, deaf }) {
  if (!sale.attempts.length) {
    if (deaf) return `${t("help.scanner_out")}\n${t("help.type_code")}`;
    return t(stands ? "help.waiting_scan" : "help.waiting_typed");
  }
  const word = helpWord("waiting", sale.attempts.at(-1));
  const ours = turned ? "help.waiting_here" : word === "help.waiting" ? "help.waiting_display" : word;
  if (!theirs || !stands) return t(ours);
  if (!deaf) return t(turned ? "till.turned" : word);
  return ours === word ? t(word) : `${t(ours)}\n${t("help.scanner_out")}`;
}

const partWaits = (ways) => t(ways.theirs ? "help.part_paid" : "help.part_paid_code");

/** An exception a person must still decide, of one of these kinds. */
export function openException(sale, ...kinds) {
  return sale.exceptions.find((each) => !each.closed && (!kinds.length || kinds.includes(each.kind)));
}

const ENDED = new Set(["paid", "declined", "closed", "reversed", "not_sent"]);

/** Part of it is paid and nothing is under way for the rest: a code or a scan asks for it. */
export function awaitsRest(sale) {
  return sale?.state === "part_paid" && sale.word === "waiting" && sale.attempts.every((each) => ENDED.has(each.state));
}

/** "¥20.00 received, ¥8.50 still to pay"; empty where nothing is paid yet. */
function received(sale) {
  if (!sale.paid_minor || !sale.remaining_minor) return "";
  return t("till.part_received", { paid: money(sale.paid_minor, sale.currency), left: money(sale.remaining_minor, sale.currency) });
}

/**
 * The panel of the sale that is on: {tone, icon, word, more, amount, left, share, pulse, acts}.
 * ``doubtMs``: since when this page has seen it being checked; ``ways``: of ``waysOf``.
 */
export function livePanel(sale, doubtMs, ways = waysOf()) {
  const attempt = sale.attempts.at(-1);
  const part = received(sale);
  const base = { amount: money(part ? sale.remaining_minor : sale.amount_minor, sale.currency), acts: [["Escape", t("key.cancel"), "Esc"]], more: "", left: null };
  if (sale.cancelling) {
    const word = t(part ? "state.giving_back" : "state.cancelling");
    const acts = ["checking", "person"].includes(sale.word) ? [["F9", t("till.park"), "F9", true]] : [];
    return { ...base, amount: money(part ? sale.paid_minor : sale.amount_minor, sale.currency), tone: "checking", icon: "checking", word, more: t("help.checking"), acts };
  }
  if (isMoving(sale)) return { ...base, tone: "waiting", icon: "acting", word: t("till.move_closing"), more: t("till.move_wait"), pulse: true, acts: [] };
  if (awaitsRest(sale)) {
    const acts = [["Enter", t("till.show_rest"), "Enter", true], ...theirCode(ways), ...base.acts];
    return { ...base, tone: "waiting", icon: "waiting", word: part, more: partWaits(ways), acts };
  }
  const asked = sale.word === "waiting" && attempt?.direction === "pull";
  if (asked || isSwitching(sale, doubtMs)) return { ...base, tone: "waiting", icon: "acting", word: t("state.scanned"), more: t("till.working"), pulse: true };
  switch (sale.word) {
    case "checking": {
      const checking = t("till.checking_since", { seconds: seconds(doubtMs, nowMs()) });
      const acts = [["Enter", t("till.check_again"), "Enter", true], ["F9", t("till.park"), "F9"], ...base.acts];
      return { ...base, tone: "checking", icon: "checking", word: t("state.checking"), more: `${checking} · ${stuckWords(sale) || t(helpWord("checking", attempt))}`, acts };
    }
    case "person":
      return { ...base, tone: "checking", icon: "person", word: t("state.person"), more: t("help.person"), acts: [["F9", t("till.park"), "F9", true]] };
    case "acting":
      return { ...base, tone: "waiting", icon: "acting", word: t("state.acting"), more: t("help.acting"), pulse: true, ...countdown(attempt) };
    case "not_paid": {
      const acts = [["Enter", t("till.show_code_again"), "Enter", true], ...theirCode(ways), ...base.acts];
      return { ...base, tone: "not_paid", icon: "not_paid", word: t("state.nothing_charged"), more: refusedBecause(attempt, ways) || t("help.not_paid"), acts };
    }
    default:
      return { ...base, tone: "waiting", icon: "waiting", word: part || t("state.waiting"), more: part && !ways.turned ? partWaits(ways) : waitingFor(sale, ways), ...countdown(attempt) };
  }
}

/** What to do now; a bank that nobody can ask is waited for in other words. */
function helpWord(word, attempt) {
  const other = `help.statement_${word}`;
  return facts.statements?.includes(attempt?.provider) && has(other) ? other : `help.${word}`;
}

/** A scan takes the shown code's place: the old code is being closed, which is neither doubt nor refusal. */
function isSwitching(sale, doubtMs) {
  return sale.switching && ["checking", "not_paid"].includes(sale.word) && nowMs() - doubtMs < SWITCH_MS;
}

const CODE_REFUSED = new Set(["code_expired", "code_invalid"]);
const BUSY = new Set(["rate_limited"]);
const MONEY_REFUSED = new Set(["no_funds", "limit"]);

/** Why the last try was refused and what helps, where the bank said so. */
function refusedBecause(attempt, ways) {
  if (!attempt?.why || !has(`refusal.${attempt.why}`)) return "";
  const help = CODE_REFUSED.has(attempt.why) ? "code" : MONEY_REFUSED.has(attempt.why) ? "money" : BUSY.has(attempt.why) ? "busy" : "shop";
  const told = help === "code" ? freshCode(ways) : t(`help.refused_${help}`);
  return `${t(`refusal.${attempt.why}`)}\n${told}`;
}

/** How another code of the customer's is taken: by the scanner, or typed while none works. */
function freshCode({ stands, deaf }) {
  if (deaf) return `${t("help.refused_code_typed")}\n${t("help.scanner_out")}`;
  return t(stands ? "help.refused_code" : "help.refused_code_f2");
}

/** What is left of the shown code's life; null where nothing counts down. */
function countdown(attempt) {
  const life = attempt && attempt.direction === "push" ? facts.life_s[attempt.provider] : undefined;
  if (!life) return { left: null };
  const left = Math.max(0, Math.ceil(life - (nowMs() - attempt.started_ms) / 1000));
  return { left, share: left / life };
}

/** The panel of a sale that ended before the cashier's eyes. */
export function endPanel(sale) {
  const amount = money(sale.amount_minor, sale.currency);
  const no = t("till.sale_no", { no: saleNo(sale.no) });
  const next = ["Enter", t("till.new_sale"), "Enter", true];
  if (sale.word === "unverified") return { tone: "checking", icon: "unverified", word: t("state.unverified"), more: `${no}\n${t("help.unverified")}`, amount, left: null, acts: [next], sound: "checking" };
  if (sale.state === "paid") {
    const paying = sale.attempts.find((each) => each.state === "paid") ?? sale.attempts.at(-1);
    const how = paying ? t("till.paid_with", { amount, wallet: walletName(paying) }) : amount;
    const took = t("till.paid_in", { seconds: decimal((sale.ended_ms - sale.opened_ms) / 1000) });
    const check = t("till.check_code", { code: sale.check_code });
    const after = [next, ["F6", t("till.reprint"), "F6"], ["F7", t("till.undo"), "F7"]];
    if (openException(sale, "paid_late")) {
      return { tone: "late", icon: "late", word: t("state.late"), more: `${how} · ${no}\n${check}`, amount, left: null, acts: after, sound: "late" };
    }
    const already = paying?.flags.includes("while_closing");
    return { tone: "paid", icon: "paid", word: t(already ? "state.already_paid" : "state.paid"), more: `${how}\n${no} · ${took}\n${check}`, amount, left: null, acts: after, sound: "paid" };
  }
  const word = sale.state === "cancelled" ? "state.cancelled" : "state.expired";
  return { tone: "not_paid", icon: "not_paid", word: t(word), more: no, amount, left: null, acts: [next], sound: "not_paid" };
}

/**
 * What stood on the screen when the line was lost, as old: grey, with its time and without keys, whatever it was.
 * ``sale`` is what the panel is about, ``ended`` whether it is a result; a result keeps its own details.
 */
export function oldPanel(panel, sale, ended, time) {
  const details = ended ? panel.more : t("till.sale_no", { no: saleNo(sale.no) });
  const more = `${t("till.last_known", { state: panel.word })}\n${details}`;
  return { tone: "old", icon: "cannot_tell", word: t("till.as_of", { time }), more, amount: panel.amount, left: null, acts: [] };
}

/** The wallet as customers know it; the provider's own word where the profile has no name. */
export function walletName(attempt) {
  const name = attempt.wallet || attempt.provider;
  return facts.wallets[name] ?? name;
}

/** The help text of what is on the screen now. */
export function helpText(sale, end, ways) {
  if (sale?.state === "part_paid" && sale.word === "waiting") return partWaits(ways);
  const word = sale && helpWord(sale.word, sale.attempts.at(-1));
  if (sale) return sale.word !== "waiting" && has(word) ? t(word) : waitingFor(sale, ways);
  if (end?.word === "unverified") return t("help.unverified");
  if (end) return t(end.state === "paid" ? "help.paid" : "help.not_paid");
  return t("help.ready");
}
