// One key about the last sale, inside the till's help: 1 to 4 while that sheet is open.

import { post } from "./api.js";
import { at, h } from "./dom.js";
import { facts, t } from "./words.js";

const WHATS = ["slow", "confusing", "device", "other"];

/** The row of keys; ``done`` hears what was noted. */
export function feedbackKeys(run, done) {
  const say = (what) => run("feedback", async () => {
    await post(`/counters/${facts.counter}/feedback`, { what });
    at("sheet").close();
    done(t("care.said", { what: t(`care.say_${what}`) }));
  });
  const keys = WHATS.map((what, index) => h("button", { type: "button", class: "button quiet", "data-say": what, "data-key": index + 1, onclick: () => say(what) }, h("b", {}, String(index + 1)), " ", t(`care.say_${what}`)));
  return h("div", { class: "say", role: "group", "aria-label": t("care.say") }, h("p", { class: "soft" }, t("care.say")), h("p", { class: "acts" }, ...keys));
}

at("sheet")?.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  const key = at("sheet").querySelector(`[data-say][data-key="${CSS.escape(event.key)}"]`);
  if (key) {
    event.preventDefault();
    key.click();
  }
});
