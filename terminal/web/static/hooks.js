// Programs that get events: their addresses, secrets shown once, and what they never took.

import { acting, button, row, shown, taking, when } from "./acts.js";
import { get, post } from "./api.js";
import { at, h } from "./dom.js";
import { withPin } from "./pin.js";
import { granted, keyOf } from "./wish.js";
import { saleNo, t } from "./words.js";

const OVERLAP_H = 24;
let open = null; // whose undelivered events are shown

const run = acting(look);
const once = async (act, done) => shown("made-secret", (await run(act, done))?.secret);
const why = (each) => t(`hooks.why_${each.why}`, { status: each.status });

function state(each) {
  if (each.state === "gone") return t("hooks.state_gone");
  if (each.state === "off") return t("hooks.state_off");
  if (each.failing_ms) return t("hooks.failing", { since: when(each.failing_ms), why: why(each) });
  return each.behind ? t("hooks.behind", { n: each.behind }) : t("hooks.well");
}

function hook(each) {
  const path = `/hooks/${each.id}`;
  const whole = { label: each.label, url: each.url, events: each.events, counters: each.counters };
  const made_from = { "If-Match": `"${each.version}"` };
  const turn = (on) => run(() => post(path, { ...whole, on }, undefined, made_from), t("hooks.changed"));
  const turned = each.state === "on" ? button(t("hooks.off"), () => turn(false)) : button(t("hooks.on"), () => turn(true), "");
  const rotate = button(t("access.rotate"), () => once(() => post(`${path}/rotate`, { overlap_h: OVERLAP_H }, undefined, made_from), t("hooks.rotated", { hours: OVERLAP_H })));
  const remove = taking(t("access.remove"), () => run(() => post(`${path}/remove`, {}, undefined, made_from), t("access.removed")));
  const letters = each.letters ? [button(t("hooks.letters", { n: each.letters }), () => show(each), "danger")] : [];
  const told = [state(each), each.url, each.events.join(", ") || t("hooks.all_events"), each.counters.length ? t("access.at", { counters: each.counters.join(", ") }) : ""];
  return row(each.label, told, ...letters, turned, rotate, remove);
}

function letter(each) {
  const path = `/hooks/${open.id}/letters`;
  const one = { numbers: [each.number] };
  const again = each.asked ? h("span", { class: "soft" }, t("hooks.asked")) : button(t("hooks.replay"), () => run(() => post(`${path}/replay`, one), t("hooks.replayed")), "");
  const told = `${t("hooks.event_no", { n: each.number })} · ${when(each.at_ms)} · ${why(each)}`;
  return row(h("span", { class: "mono" }, each.event_type), told, again, taking(t("hooks.drop"), () => run(() => post(`${path}/drop`, one), t("hooks.dropped"))));
}

async function show(of) {
  open = of;
  await run(async () => true);
  at("letters-title").focus();
}

async function more(after) {
  const found = await get(`/hooks/${open.id}/letters?after=${after}`);
  at("letters").append(...found.letters.map(letter));
  at("more").hidden = found.next === null;
  at("more").onclick = () => more(found.next);
}

function unheard(each) {
  const told = [t(`state.${each.word}`), each.order_no, when(each.changed_ms)].filter(Boolean).join(" · ");
  const seen = button(t("till.seen"), () => run(() => post(`/unheard/${each.id}`), t("hooks.noted")));
  return row(h("a", { href: `/sales/${each.id}` }, t("hooks.sale_no", { no: saleNo(each.no) })), told, seen);
}

/** Sales that a program asked for and never came back to: only there while there are some. */
async function moreUnheard(before) {
  const found = await get(before ? `/unheard?before=${before}` : "/unheard");
  at("unheard").append(...found.sales.map(unheard));
  at("unheard-part").hidden = !at("unheard").children.length && found.next === null;
  at("more-unheard").hidden = found.next === null;
  at("more-unheard").onclick = () => moreUnheard(found.next);
}

async function look() {
  const told = await withPin(() => get("/hooks"), { owner: true });
  if (!told) return;
  at("hooks").replaceChildren(...(told.hooks.length ? told.hooks.map(hook) : [h("li", { class: "soft" }, t("access.none"))]));
  at("unheard").replaceChildren();
  await moreUnheard();
  open = open && told.hooks.find((each) => each.id === open.id && each.letters);
  at("letters-part").hidden = !open;
  at("letters").replaceChildren();
  if (!open) return;
  at("letters-title").textContent = t("hooks.letters_of", { label: open.label });
  at("letters-title").tabIndex = -1;
  await more(0);
}

at("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const chosen = (name) => [...event.target.querySelectorAll(`[name=${name}]:checked`)].map((each) => each.value);
  const wish = { label: at("add-label").value, url: at("add-url").value, events: chosen("events"), counters: chosen("counters") };
  if (!(await once(() => post("/hooks", wish, keyOf(event.target, wish)), t("access.added")))) return;
  granted(event.target);
  event.target.reset();
});
at("replay-all").addEventListener("click", () => run(() => post(`/hooks/${open.id}/letters/replay`), t("hooks.replayed")));
at("drop-all").replaceWith(Object.assign(taking(t("hooks.drop_all"), () => run(() => post(`/hooks/${open.id}/letters/drop`), t("hooks.dropped"))), { id: "drop-all" }));
run(async () => true);
