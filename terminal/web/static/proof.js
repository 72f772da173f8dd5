// A customer shows a screen or a receipt: the bank, or our own journal, says yes or no.

import { get, post } from "./api.js";
import { at, h } from "./dom.js";
import { sentence } from "./pin.js";
import { showVerdict } from "./verdict.js";
import { clock, day, facts, money, saleNo, t } from "./words.js";

const LOOKS = { yes: ["good", "paid"], late: ["care", "late"], used: ["care", "late"], returned: ["bad", "not_paid"], no: ["bad", "not_paid"], unknown: ["doubt", "checking"] };
const LOOK_MS = 1000;
let busy = false;
let seen;

/** One question at a time; the field is empty again for the next customer. */
async function ask(input, act) {
  const typed = input.value.trim();
  if (!typed || busy) return;
  busy = true;
  showVerdict({ tone: "doubt", sign: "checking", word: t("risk.wait") });
  try {
    await act(typed);
  } catch (problem) {
    if (!problem.slug) throw problem;
    showVerdict({ tone: "doubt", sign: "fault", word: sentence(problem) });
  } finally {
    busy = false;
    input.value = "";
    input.focus();
  }
}

const link = (sale) => (sale ? [h("a", { href: `/sales/${sale}` }, t("till.open_timeline"))] : []);

async function askBank(proof) {
  show(await post(`/counters/${facts.counter}/proof`, { proof }));
  seen = undefined; // what is there next is this very answer
}

function show(told) {
  const [tone, sign] = LOOKS[told.verdict];
  const sum = told.amount_minor && told.verdict !== "no" ? money(told.amount_minor, told.currency) : "";
  showVerdict({ tone, sign, word: told.word, sum, told: told.told, todo: told.todo, parts: link(told.sale) });
}

/** The counter's own scanner speaks to the service, not to this page. */
async function look() {
  const { count, last } = await get(`/counters/${facts.counter}/proof`);
  if (last && seen !== undefined && count !== seen && !busy) show(last);
  if (!busy) seen = count;
}

function row(payment) {
  const when = payment.paid_ms ? `${day(payment.paid_ms)} ${clock(payment.paid_ms)}` : t("risk.code_unpaid");
  const back = payment.refunded_minor ? t("risk.code_refunded", { amount: money(payment.refunded_minor, payment.currency) }) : t("risk.code_not_refunded");
  const old = payment.today ? "" : ` · ${t("risk.code_old")}`;
  const where = t("risk.code_row", { no: saleNo(payment.no), counter: payment.counter, when });
  return h("li", {}, h("b", {}, money(payment.amount_minor, payment.currency)), ` · ${where} · ${back}${old} `, ...link(payment.sale));
}

async function findCode(code) {
  const { found } = await get(`/codes?code=${encodeURIComponent(code)}`);
  const rows = found.length ? [h("ul", {}, ...found.map(row))] : [];
  if (!found.length) {
    showVerdict({ tone: "bad", sign: "not_paid", word: t("risk.code_none"), todo: t("risk.code_none_todo") });
  } else if (found.length > 1) {
    showVerdict({ tone: "care", sign: "list", word: t("risk.code_ours"), told: t("risk.code_several", { n: found.length }), parts: rows });
  } else {
    const [one] = found;
    const care = !one.today || one.refunded_minor > 0;
    const [tone, sign] = one.paid_ms ? (care ? ["care", "late"] : ["good", "paid"]) : ["bad", "not_paid"];
    showVerdict({ tone, sign, word: one.paid_ms ? t("risk.code_ours") : t("risk.code_unpaid"), sum: money(one.amount_minor, one.currency), parts: rows });
  }
}

for (const [form, input, act] of [["proof-form", "proof", askBank], ["code-form", "code", findCode]]) {
  at(form).addEventListener("submit", (event) => {
    event.preventDefault();
    ask(at(input), act);
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") location.assign(`/c/${facts.counter}/till`);
});
setInterval(() => look().catch(() => {}), LOOK_MS);
look().catch(() => {});
at("proof").focus();
