// One step of a visit: begun when the page opens, checked by the machine, ended by a person.

import { Problem, get, post } from "./api.js";
import { at, fillWith, h, icon } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { facts, has, money, t } from "./words.js";
import { legRows, recordParts, stateWord } from "./visit_words.js";

const LOOK_MS = 1500;
const NETWORK_MS = 6000; // banks are asked for that
const path = `/visit/steps/${facts.step}`;
let visit = null;
let cents = [];

function show(kind, ...parts) {
  at("verdict").className = `verdict-box ${kind}`;
  at("verdict").replaceChildren(...parts);
  at("verdict").hidden = parts.length === 0;
  at("verdict").scrollIntoView({ block: "nearest" }); // not behind the keys
}

function told(problem) {
  if (!problem.slug) throw problem;
  show("bad", h("p", {}, icon("fault"), sentence(problem)));
}

async function run(button, act) {
  button.disabled = true;
  try {
    return await withPin(act);
  } catch (problem) {
    told(problem);
    return null;
  } finally {
    button.disabled = false;
  }
}

// --- what is told with a step --------------------------------------------------------------------------------

function answers() {
  if (facts.step === "questions") return Object.fromEntries(new FormData(at("questions")));
  if (facts.step !== "faults") return {};
  const seen = [...document.querySelectorAll("[data-seen].ok")].map((each) => [`${each.dataset.seen}_seen`, true]);
  const ticked = facts.ticks.map((tick) => [tick, document.querySelector(`input[name=${tick}]`).checked]);
  return Object.fromEntries([...ticked, ...seen]);
}

const sales = () => (facts.step === "cent" ? cents.filter((each) => each.paid && each.back).map((each) => each.id) : []);

// --- keys ----------------------------------------------------------------------------------------------------

function next() {
  const after = facts.steps[facts.steps.indexOf(facts.step) + 1];
  location.assign(`/setup/visit/${after}`);
}

function failed(step) {
  show("bad", h("p", {}, icon("fault"), h("b", {}, step.sentence)), h("p", {}, step.fix));
}

async function check() {
  show("", h("p", {}, t("wizard.checking")));
  const found = await run(at("check"), () => post(`${path}/check`, { told: answers(), sales: sales() }));
  if (!found) return;
  drawProof(found.proof);
  if (!found.judged) show("", h("p", {}, t("wizard.for_people")));
  else if (found.passed) show("good", h("p", {}, icon("ok"), h("b", {}, t(facts.step === "sheet" ? "wizard.sheet_good" : "wizard.good"))));
  else failed(found);
}

/** Six answers and what they propose: shown at once, whichever changes. */
async function propose() {
  drawProof((await post(`${path}/check`, { told: answers() })).proof);
}

async function end(result) {
  const button = at(result === "passed" ? "done" : "leave");
  const now = await run(button, async () => {
    const view = await get("/visit");
    if (view.state !== "open") await post("/visit");
    if (!view.steps.find((each) => each.step === facts.step)?.running) await post(`${path}/begin`);
    return post(`${path}/end`, { result, told: answers(), sales: sales() });
  });
  if (!now) return;
  const step = now.steps.find((each) => each.step === facts.step);
  if (step.result === "failed") failed(step);
  else next();
}

async function accept(event) {
  event.preventDefault();
  const signers = [1, 2].map((n) => ({ person: at(`who-${n}`).value, pin: at(`pin-${n}`).value, code: at(`code-${n}`).value.replaceAll(" ", "") }));
  const done = await run(at("accept"), () => post("/visit/accept", { signers }));
  for (const n of [1, 2]) at(`pin-${n}`).value = "";
  if (!done) return;
  show("good", h("p", {}, icon("ok"), h("b", {}, t("wizard.accepted"))));
  await look();
}

// --- what is seen --------------------------------------------------------------------------------------------

function drawProof(proof) {
  if (facts.step === "identity") {
    const rows = (proof.channels ?? []).map((each) => h("li", {}, h("b", {}, facts.channels[each.channel] ?? each.channel), h("span", { class: "mono" }, t("wizard.account", { payee: each.payee })), stateWord(each.cause ? "failed" : "passed", t(each.cause ? "wizard.failed" : "wizard.passed"))));
    at("channels").replaceChildren(...rows);
  }
  if (facts.step === "questions" && proof.preset) {
    const said = (texts) => texts[facts.language] ?? texts.en;
    at("proposal").replaceChildren(h("h2", {}, t("wizard.proposed", { preset: said(proof.title) })), ...proof.says.map((each) => h("p", {}, said(each))), h("dl", { class: "pairs" }, ...ruleRows(proof.shop)));
  }
  if (facts.step === "people") at("policy").replaceChildren(...ruleRows(proof.policy ?? {}));
}

function ruleRows(rules) {
  const known = Object.entries(rules).filter(([name]) => has(`wizard.r_${name}`));
  return known.flatMap(([name, value]) => [h("dt", {}, t(`wizard.r_${name}`)), h("dd", {}, value ? money(value) : t(`wizard.r_${name}_none`))]);
}

async function devices() {
  const report = await get("/devices");
  return report.counters.flatMap((each) => each.places.map((place) => ({ ...place, counter: each.counter })));
}

async function drawDevices() {
  const places = (await devices()).filter((each) => each.health);
  const seen = places.map((each) => [each.counter, each.role, each.health.state, each.test.state]);
  fillWith(at("devices"), seen, () =>
    places.map(({ counter, role, health, test }) => {
      const state = test.state === "passed" ? "passed" : test.state === "failed" ? "failed" : "open";
      return h("li", {}, h("b", {}, `${t(`bar.${role}`)} · ${counter}`), h("span", { class: "soft" }, t(`bar.${health.state}`)), stateWord(state, t(`wizard.${state}`)));
    }),
  );
}

async function drawCents() {
  const answer = await fetch("/setup/visit/cents", { credentials: "same-origin", cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const before = JSON.stringify(cents);
  cents = await answer.json();
  if (JSON.stringify(cents) !== before && at("verdict").classList.contains("bad")) show(""); // it was about what is no longer so
  fillWith(at("cents"), cents, () => {
    if (!cents.length) return [h("li", { class: "soft" }, t("wizard.cent_none"))];
    return cents.map((each) =>
      h("li", {}, h("b", {}, `${String(each.no).padStart(4, "0")} · ${each.way ? t(`wizard.cent_${each.way}`) : ""}`), stateWord(each.paid ? "passed" : "open", t(each.paid ? "wizard.cent_paid" : "wizard.cent_waits")), each.paid ? stateWord(each.back ? "passed" : "failed", t(each.back ? "wizard.cent_back" : "wizard.cent_not_back")) : "", each.reference ? h("small", { class: "mono soft fix" }, each.reference) : ""),
    );
  });
}

const away = new Set();

/** A fault was seen; once it is over the machine ticks that it is. */
function notice(fault, there) {
  const place = document.querySelector(`[data-seen=${fault}]`);
  if (there) {
    away.add(fault);
    place.classList.add("ok");
    place.textContent = t("wizard.seen");
  } else if (away.delete(fault)) {
    document.querySelector(`input[name=${fault}_back]`).checked = true;
  }
}

async function drawFaults() {
  const places = await devices();
  const broken = (role, reason) => places.some((each) => each.role === role && each.health?.state === "fault" && (!reason || each.health.reason === reason));
  notice("paper_out", broken("printer", "printer_paper_out"));
  notice("display_gone", broken("display"));
}

async function drawNetwork() {
  const sheet = await get("/sheet");
  notice("internet_gone", sheet.legs.some((leg) => leg.name === "internet" && leg.state === "dead"));
}

function drawSummary() {
  const steps = visit.steps.filter((each) => each.step !== facts.step);
  at("summary").replaceChildren(...steps.map((each) => h("li", {}, h("b", {}, t(`wizard.${each.step}`)), stateWord(each.result, t(`wizard.${each.result}`)), each.sentence ? h("span", { class: "fix" }, each.sentence) : "")));
  at("missing").hidden = visit.missing.length === 0;
  at("missing").textContent = t("wizard.missing", { steps: visit.missing.map((each) => t(`wizard.${each}`)).join(", ") });
  const accepted = visit.state === "accepted";
  at("accept-form").hidden = accepted;
  at("accept").hidden = accepted;
  at("record").hidden = !accepted;
  if (accepted) at("record").replaceChildren(...recordParts(visit));
}

async function look() {
  visit = await get("/visit");
  if (facts.step === "acceptance") drawSummary();
}

async function again(act, pause) {
  for (;;) {
    try {
      await act();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem; // else the line is bad for a moment: looked at again
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}

async function start() {
  await look();
  if (visit.state === "open" && facts.step !== "acceptance" && !visit.steps.find((each) => each.step === facts.step)?.running) await post(`${path}/begin`);
  if (visit.state !== "open" && facts.step !== "acceptance") {
    show("", h("p", {}, t("wizard.none")), h("a", { class: "button", href: "/setup/visit" }, t("wizard.begin")));
  } else if (facts.step === "questions") await propose();
  if (facts.step === "sheet") at("legs").replaceChildren(...legRows(await get("/sheet")));
}

at("done")?.addEventListener("click", () => end("passed"));
at("leave")?.addEventListener("click", () => end("left_out"));
at("check")?.addEventListener("click", check);
at("accept-form")?.addEventListener("submit", accept);
start().catch(told);
at("questions")?.addEventListener("change", () => propose().catch(told));
if (facts.step === "devices") again(drawDevices, LOOK_MS);
if (facts.step === "cent") again(drawCents, LOOK_MS);
if (facts.step === "faults") {
  again(drawFaults, LOOK_MS);
  again(drawNetwork, NETWORK_MS);
}
