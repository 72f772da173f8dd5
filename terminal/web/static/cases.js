// Complaints: a number for the customer, what was done about it, the slip and the sale's story.

import { button, when } from "./acts.js";
import { get, post } from "./api.js";
import { at, h, tell } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { facts, t } from "./words.js";

async function run(act, done = () => "") {
  try {
    const answer = await withPin(act);
    if (!answer) return;
    tell(done(answer));
    await look();
  } catch (problem) {
    if (!problem.slug) throw problem;
    tell(sentence(problem));
  }
}

const caseNo = (each) => String(each.no).padStart(4, "0");

function row(each) {
  const path = `/cases/${each.id}`;
  const due = `${t("care.due")}: ${when(each.due_ms)}`;
  const told = [t(`care.reason_${each.reason}`), t(`care.state_${each.state}`), ...each.steps.map((step) => step.note).filter(Boolean)];
  const moves = each.to.map((to) => button(t(`care.to_${to}`), () => run(() => post(path, { to })), to === "closed" ? "quiet" : ""));
  const counter = facts.counters.includes(each.counter) ? each.counter : facts.counters[0];
  return h("li", {},
    h("span", { class: "name" }, h("a", { href: `/sales/${each.sale}` }, caseNo(each)),
      h("small", {}, told.join(" · ")),
      h("small", { class: each.late ? "late" : "" }, each.late ? `${due} · ${t("care.case_late")}` : due)),
    ...moves,
    button(t("care.case_print"), () => run(() => post(`${path}/print`, { counter }), () => t("care.case_printed"))),
    h("a", { class: "button quiet", href: `/api/v1${path}/evidence?format=html` }, t("care.case_evidence")));
}

async function look(before) {
  const found = await get(before ? `/cases?before=${before}` : "/cases");
  const rows = found.cases.map(row);
  if (before) at("cases").append(...rows);
  else at("cases").replaceChildren(...rows);
  at("none").hidden = at("cases").children.length > 0;
  at("more").hidden = found.next === null;
  at("more").onclick = () => look(found.next);
}

at("new-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const body = { reason: at("reason").value, note: at("note").value };
  run(() => post(`/sales/${encodeURIComponent(facts.sale)}/cases`, body), (made) => t("care.case_made", { no: caseNo(made), due: when(made.due_ms) }));
});

look();
