// The owner's page: people, paired devices, API keys. Every act may ask for the PIN once more; no PIN or key stays here.

import { get, post } from "./api.js";
import { at, h } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { facts, t } from "./words.js";

function tell(text) {
  at("told").textContent = text;
  at("told").hidden = !text;
}

/** Run one act and look again; a refusal becomes a sentence. Resolves to the answer, or null. */
async function run(act, done) {
  try {
    const answer = await withPin(act, { owner: true });
    if (answer && done) tell(done);
    if (answer) await look();
    return answer;
  } catch (problem) {
    if (!problem.slug) throw problem;
    tell(sentence(problem));
    return null;
  }
}

function button(label, onclick, kind = "quiet") {
  return h("button", { type: "button", class: `button ${kind}`, onclick }, label);
}

function row(name, told, ...acts) {
  return h("li", {}, h("span", { class: "name" }, name, h("small", {}, told)), ...acts);
}

/** Taking something away asks once, on the button itself. */
function taking(label, act) {
  const made = button(label, () => {
    if (made.dataset.sure) act();
    made.dataset.sure = "yes";
    made.textContent = t("access.sure");
    made.classList.replace("quiet", "danger");
  });
  return made;
}

function person(each) {
  const path = `/people/${each.id}`;
  const acts = [button(t("access.set_pin"), () => newPin(each))];
  if (each.locked) acts.unshift(h("span", { class: "locked" }, t("access.locked")), button(t("access.unlock"), () => run(() => post(`${path}/unlock`), t("access.unlocked"))));
  if (each.id !== facts.me) acts.push(taking(t("access.remove"), () => run(() => post(`${path}/disable`), t("access.removed"))));
  return row(each.label, t(`people.role_${each.role}`), ...acts);
}

function device(each) {
  const told = t(each.role === "display" ? "page.display_of" : "page.till_of", { counter: each.counter });
  return row(each.label, told, taking(t("access.remove"), () => run(() => post(`/devices/${each.id}/remove`), t("access.removed"))));
}

function apiKey(each) {
  const until = new Date(each.expires_ms).toLocaleDateString(facts.language, { timeZone: facts.zone, dateStyle: "medium" });
  const where = each.counters.length ? ` · ${t("access.at", { counters: each.counters.join(", ") })}` : "";
  const told = `${each.scopes.map((scope) => t(`access.scope_${scope.replace(":", "_")}`)).join(", ")}${where} · ${t("access.until", { date: until })}`;
  return row(each.label, told, taking(t("access.revoke"), () => run(() => post(`/keys/${each.id}/revoke`), t("access.removed"))));
}

function newPin(of) {
  at("new-pin-title").textContent = `${t("access.set_pin")}: ${of.label}`;
  at("new-pin-form").dataset.person = of.id;
  at("new-pin-code").value = "";
  at("new-pin").showModal();
}

async function look() {
  const told = await withPin(() => get("/access"), { owner: true });
  if (!told) return;
  for (const [list, make, rows] of [["staff", person, told.people], ["devices", device, told.devices], ["api-keys", apiKey, told.api_keys]]) {
    at(list).replaceChildren(...(rows.length ? rows.map(make) : [h("li", { class: "soft" }, t("access.none"))]));
  }
}

at("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const wish = { label: at("add-label").value, role: at("add-role").value, pin: at("add-pin").value };
  if (await run(() => post("/people", wish), t("access.added"))) event.target.reset();
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
  const made = await run(() => post("/keys", wish), t("access.added"));
  if (!made) return;
  at("made-key").textContent = made.key;
  at("made").hidden = false;
  event.target.reset();
});
run(async () => true);
