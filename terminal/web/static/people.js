// The owner's page: people, paired devices, API keys. Every act may ask for the PIN once more; no PIN or key stays here.

import { acting, button, day, row, shown, taking, when } from "./acts.js";
import { get, post } from "./api.js";
import { at, h } from "./dom.js";
import { withPin } from "./pin.js";
import { granted, keyOf } from "./wish.js";
import { facts, t } from "./words.js";

const OVERLAP_H = 24;

const run = acting(look);
const toldOnce = async (act, done) => shown("made-key", (await run(act, done))?.key);

function person(each) {
  const path = `/people/${each.id}`;
  const acts = [button(t("access.set_pin"), () => newPin(each))];
  if (each.locked) acts.unshift(h("span", { class: "locked" }, t("access.locked")), button(t("access.unlock"), () => run(() => post(`${path}/unlock`), t("access.unlocked"))));
  if (each.second_step && each.id !== facts.me) acts.push(taking(t("access.remove_code"), () => run(() => post(`${path}/second-step/remove`), t("access.removed"))));
  if (each.id !== facts.me) acts.push(taking(t("access.remove"), () => run(() => post(`${path}/disable`), t("access.removed"))));
  const told = [t(`people.role_${each.role}`)];
  if (each.second_step) told.push(t("access.with_code"));
  if (each.until_ms) told.push(t("access.until", { date: when(each.until_ms) }));
  return row(each.label, told.join(" · "), ...acts);
}

function session(each) {
  const told = [t(`people.role_${each.role}`), each.device, t("access.idle", { minutes: Math.floor(each.idle_s / 60) })];
  const end = taking(t("access.end_session"), () => run(() => post(`/sessions/${each.id}/end`), t("access.ended")));
  return row(each.label, told.filter(Boolean).join(" · "), each.own ? h("span", { class: "soft" }, t("access.this_one")) : end);
}

function device(each) {
  const told = t(each.role === "display" ? "page.display_of" : "page.till_of", { counter: each.counter });
  return row(each.label, told, taking(t("access.remove"), () => run(() => post(`/devices/${each.id}/remove`), t("access.removed"))));
}

function apiKey(each) {
  const until = day(each.expires_ms);
  const used = each.used_ms ? t("access.used", { date: day(each.used_ms) }) : t("access.unused");
  const where = each.counters.length ? ` · ${t("access.at", { counters: each.counters.join(", ") })}` : "";
  const told = `${each.scopes.map((scope) => t(`access.scope_${scope.replace(":", "_")}`)).join(", ")}${where} · ${t("access.until", { date: until })} · ${used}`;
  const rotate = button(t("access.rotate"), () => toldOnce(() => post(`/keys/${each.id}/rotate`, { overlap_h: OVERLAP_H }), t("access.rotated", { hours: OVERLAP_H })));
  return row(each.label, told, rotate, taking(t("access.revoke"), () => run(() => post(`/keys/${each.id}/revoke`), t("access.removed"))));
}

function newPin(of) {
  at("new-pin-title").textContent = `${t("access.set_pin")}: ${of.label}`;
  at("new-pin-form").dataset.person = of.id;
  at("new-pin-code").value = "";
  at("new-pin").showModal();
}

/** Numbers and names as the settings have them, without the marks of the journal's own writing. */
function payee(text) {
  if (!text.startsWith("{")) return text;
  return Object.values(JSON.parse(text)).map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join(" · ");
}

function account(each) {
  const told = t("access.account_row", { ...each, before: payee(each.before), payee: payee(each.payee), names: each.yes.join(", ") || "–", date: when(each.due_ms) });
  return row(each.channel, told, taking(t("access.account_yes"), () => run(() => post(`/accounts/${each.channel}/approve`), t("access.added"))));
}

/** Money that would go elsewhere: only there while it waits. */
async function lookAtAccounts() {
  const { accounts } = await get("/accounts");
  at("accounts-part").hidden = !accounts.length;
  at("accounts").replaceChildren(...accounts.map(account));
}

async function look() {
  const told = await withPin(() => get("/access"), { owner: true });
  if (!told) return;
  for (const [list, make, rows] of [["staff", person, told.people], ["sessions", session, told.sessions], ["devices", device, told.devices], ["api-keys", apiKey, told.api_keys]]) {
    at(list).replaceChildren(...(rows.length ? rows.map(make) : [h("li", { class: "soft" }, t("access.none"))]));
  }
  await lookAtAccounts();
}

at("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const wish = { label: at("add-label").value, role: at("add-role").value, pin: at("add-pin").value };
  const visits = !at("visit").hidden;
  if (visits) wish.hours = Number(at("add-hours").value);
  if (!(await run(() => post(visits ? "/visitors" : "/people", wish, keyOf(event.target, wish)), t("access.added")))) return;
  granted(event.target);
  event.target.reset();
  at("visit").hidden = true;
});
at("add-role").addEventListener("change", () => {
  at("visit").hidden = !at("add-role").selectedOptions[0].dataset.visitor;
});
at("new-pin-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const pin = at("new-pin-code").value;
  const path = `/people/${at("new-pin-form").dataset.person}/pin`;
  at("new-pin-code").value = "";
  at("new-pin").close();
  await run(() => post(path, { pin }), t("access.pin_set"));
});
at("add-key").addEventListener("submit", async (event) => {
  event.preventDefault();
  const chosen = (name) => [...event.target.querySelectorAll(`[name=${name}]:checked`)].map((each) => each.value);
  const wish = { label: at("key-label").value, scopes: chosen("scopes"), counters: chosen("counters"), days: Number(at("key-days").value) };
  if (!(await toldOnce(() => post("/keys", wish, keyOf(event.target, wish)), t("access.added")))) return;
  granted(event.target);
  event.target.reset();
});
run(async () => true);
