// What every page of the visit says alike: legs, states of steps, the record.

import { h, icon } from "./dom.js";
import { t } from "./words.js";

const ICONS = { ok: "ok", passed: "ok", dead: "fault", failed: "fault", cannot_tell: "cannot_tell", left_out: "not_used", open: "ready" };

/** Never colour alone: icon and word. */
export function stateWord(state, word) {
  return h("span", { class: `state ${state}` }, icon(ICONS[state] ?? "ready"), word);
}

export function legRows(sheet) {
  return sheet.legs.map((leg) => {
    const name = [t(`sheet.${leg.name}`), leg.of].filter(Boolean).join(" · ");
    const fix = leg.sentence ? [h("span", { class: "fix" }, h("b", {}, `${leg.code} ${leg.sentence} `), leg.fix)] : [];
    return h("li", {}, h("b", {}, name), stateWord(leg.state, t(`sheet.${leg.state}`)), ...fix);
  });
}

export function recordParts(visit) {
  return [
    h("p", {}, h("b", {}, t("wizard.accepted"))),
    h("div", { class: "keys" }, h("a", { class: "button big", href: "/api/v1/visit/record", download: `acceptance-${visit.visit}.json` }, t("wizard.record_json")), h("a", { class: "button big quiet", href: "/setup/visit/record.pdf" }, t("wizard.record_pdf"))),
    h("p", { class: "soft" }, t("wizard.record_key", { key: visit.key })),
    h("p", { class: "soft" }, t("wizard.record_hash", { hash: visit.record })),
  ];
}
