// Lines of the till about risk: a warning every till must know of, and the stickers still to be scanned today.

import { h, icon } from "./dom.js";
import { facts, t } from "./words.js";

export function riskNotice(risk) {
  const [kind] = risk.id.split(":");
  const more = h("a", { href: { hook: "/hooks", case: "/cases" }[kind] ?? "/risk" }, t("till.risk_open"));
  return h("div", { class: "notice", role: "alert" }, icon("fault"), h("p", { class: "what" }, h("b", {}, risk.title), h("small", {}, risk.sentence)), more);
}

export function stickersNotice(due) {
  const scan = h("a", { href: `/c/${facts.counter}/stickers` }, t("till.stickers_open"));
  return h("div", { class: "notice plain-note" }, icon("scanner"), h("p", { class: "what" }, t("till.stickers_due", { n: due })), scan);
}
