// The status bar: Bank, Printer, Scanner, Display, Speaker, Clock, each with icon, word and age; press for the fix.

import { at, fillWith, h, icon } from "./dom.js";
import { age, ago, t, trouble } from "./words.js";

const DEVICES = ["printer", "scanner", "display", "speaker"];

/** Six states from a counter's view; ``since`` is when it arrived (performance.now). While the line is lost nobody can tell. */
export function states(view, since, connected = true) {
  const known = statesOf(view, since);
  if (connected) return known;
  return known.map((each) => (each.state === "not_used" ? each : { role: each.role, state: "cannot_tell", reason: "", word: t("bar.cannot_tell"), detail: {} }));
}

function statesOf(view, since) {
  const older = Math.floor((performance.now() - since) / 1000);
  const slugs = Object.values(view.bank);
  const down = slugs.find((slug) => slug && slug !== "clock_off");
  const working = slugs.some((slug) => !slug);
  const clockOff = slugs.includes("clock_off");
  const bank = down
    ? { state: "fault", reason: down, word: down === "no_internet" ? t("bar.no_internet") : t("bar.fault"), down: !working }
    : { state: "ok", reason: "", word: t("bar.ok") };
  const list = [{ role: "bank", detail: {}, ...bank }];
  for (const role of DEVICES) {
    const health = view.health[role];
    if (!health) {
      list.push({ role, state: "not_used", reason: "", word: t("bar.not_used"), detail: {} });
      continue;
    }
    const paper = role === "printer" && health.reason === "printer_paper_out";
    const low = paperLow(role, health);
    const word = paper ? t("bar.slip_kept") : low ? t("bar.paper_low") : t(`bar.${health.state}`);
    list.push({ role, state: health.state, reason: health.reason, word, brief: paper || low, seconds: health.age_s + older, detail: health.detail });
  }
  list.push({ role: "clock", state: clockOff ? "fault" : "ok", reason: clockOff ? "clock_off" : "", word: t(clockOff ? "bar.fault" : "bar.ok"), detail: {} });
  return list;
}

/** A printer that still prints and whose roll ends soon: told while there is time to change it. */
export function paperLow(role, health) {
  return role === "printer" && health?.state === "ok" && health.detail.paper === "near_end";
}

export function drawBar(list, press) {
  for (const each of list) {
    const name = t(`bar.${each.role}`);
    const text = each.brief || each.seconds === undefined ? each.word : `${each.word} · ${age(each.seconds)}`;
    let item = at(`chip-${each.role}`);
    if (!item) {
      item = h("li", { id: `chip-${each.role}` });
      at("bar").append(item);
    }
    item.className = each.state;
    fillWith(item, [each.state, each.word, each.down], () => {
      const chip = h("button", { type: "button", class: `chip ${each.down ? "down" : each.state}`, onclick: () => press(each.role) }, icon(each.role), h("b", {}, name), h("span", { class: "word" }, icon(each.state, "mark"), h("span", {}, text)));
      return [chip];
    });
    const words = item.querySelector("span span");
    if (words.textContent !== text) words.textContent = text;
    item.firstElementChild.setAttribute("aria-label", `${name}: ${text}`);
  }
}

/** What to do about one of them, from the registry. */
export function fixFor(state) {
  const told = state.reason ? trouble(state.reason, state.detail) : null;
  const parts = [h("p", { class: "soft" }, state.seconds === undefined ? state.word : `${state.word} · ${ago(state.seconds)}`)];
  if (told) {
    parts.push(h("p", {}, h("b", {}, told.sentence)), h("p", {}, told.fix), h("p", {}, h("a", { href: `/help/${told.code}`, target: "_blank", rel: "noopener" }, t("page.code", { code: told.code }))));
  }
  if (!told && state.detail.paper === "near_end") parts.push(h("p", {}, t("till.paper_low")));
  const known = Object.entries(state.detail);
  if (known.length) parts.push(h("p", { class: "soft mono" }, known.map(([name, value]) => `${name}: ${value}`).join(" · ")));
  return { title: t(`bar.${state.role}`), parts };
}
