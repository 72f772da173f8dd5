// Devices of the counters: what stands where and how it is, tests with what they measured, ports as they come and go.

import { get, post } from "./api.js";
import { at, fillWith, h, icon, tell } from "./dom.js";
import { refusal, sentence, withPin } from "./pin.js";
import { ago, facts, t, trouble } from "./words.js";

const LOOK_MS = 1000;
const ROLES = ["display", "scanner", "printer", "speaker"];
const OTHER = "other";
const SPEEDS = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200]; // of a serial line, as switches and labels name them
let report = { counters: [], ports: [], drivers: [] };
let counter = "";
let known = null; // ports that were there when the page opened
const fresh = new Set();

async function run(act) {
  try {
    const answer = await withPin(act, { owner: true });
    tell("");
    await look();
    return answer;
  } catch (problem) {
    if (!problem.slug) throw problem;
    tell(sentence(problem));
    return null;
  }
}

// --- places --------------------------------------------------------------------------------------------------

function button(label, onclick, more = {}) {
  return h("button", { type: "button", class: "button quiet", onclick, ...more }, label);
}

function stateOf(place) {
  if (!place.health) return h("span", { class: "state" }, t("bar.not_used"));
  const { state, age_s: seconds } = place.health;
  return h("span", { class: `state ${state}` }, icon(state, "mark"), h("span", { class: "word" }, t(`bar.${state}`)), h("small", { class: "soft age", "data-role": place.role }, ago(seconds)));
}

function whatOf(place) {
  if (!place.health) return [h("p", { class: "what soft" }, t("setup.nothing"))];
  const model = place.health.detail.model ?? place.driver;
  const parts = [h("p", { class: "what" }, [model, place.further ? t("setup.further", { n: place.further }) : ""].filter(Boolean).join(" · ") || place.port)];
  if (place.health.reason) {
    const told = trouble(place.health.reason, place.health.detail);
    parts.push(h("p", { class: "what" }, h("b", {}, told.sentence), ` ${told.fix}`));
    if (place.health.detail.advice) parts.push(h("p", { class: "what soft", lang: "en" }, place.health.detail.advice));
  }
  return parts;
}

const MEASURED = ["shown_ms", "printed_ms", "played_ms", "read_ms", "read", "told"];

function measuredOf(measured) {
  const said = MEASURED.filter((name) => measured[name]).map((name) => t(`setup.m_${name}`, { what: measured[name] }));
  return said.join(" · ");
}

function testOf(place) {
  const { test } = place;
  if (test.state === "none") return [];
  if (test.state === "running") {
    const parts = [h("p", { class: "verdict" }, t(test.asks === "scan" ? `setup.asks_scan_${place.role}` : `setup.asks_digits_${place.role}`))];
    if (place.role !== "scanner") parts.push(answerForm(place));
    return parts;
  }
  const told = test.reason ? trouble(test.reason, { ...test.measured, role: t(`bar.${place.role}`) }) : null;
  return [
    h("p", { class: `verdict ${test.state}` }, icon(test.state === "passed" ? "ok" : test.state === "failed" ? "fault" : "cannot_tell"), t(`setup.${test.state}`), h("small", { class: "soft tested" }, ago(test.age_s)), told ? h("span", { class: "what" }, told.sentence) : ""),
    ...(told ? [h("p", { class: "what" }, told.fix)] : []),
    h("p", { class: "measured" }, measuredOf(test.measured)),
  ];
}

function answerForm(place) {
  const input = h("input", { inputmode: "numeric", maxlength: "8", "aria-label": t("setup.digits"), placeholder: "4711", required: true });
  const send = (event) => {
    event.preventDefault();
    run(() => post(`/counters/${counter}/devices/${place.role}/test`, { answer: input.value }));
  };
  return h("form", { class: "answer", autocomplete: "off", onsubmit: send }, input, h("button", { class: "button", type: "submit" }, t("setup.send")));
}

/** It is out and another answers on a free port: one press takes it. The port may have been there at the start. */
function standInOf(place) {
  const found = place.stand_in;
  if (!found) return [];
  const answer = (use) => run(() => post(`/counters/${counter}/devices/${place.role}/stand-in`, { port: found.port, use }));
  const old = place.health?.detail.model ?? place.port;
  return [
    h("p", { class: "what" }, t("setup.replaces", { role: t(`bar.${place.role}`), old, title: found.title, port: found.port })),
    h("div", { class: "acts" }, h("button", { type: "button", class: "button", onclick: () => answer(true), "data-take": place.role }, t("till.stand_in_yes")), button(t("till.stand_in_no"), () => answer(false))),
  ];
}

function actsOf(place, busy, testing) {
  const acts = [];
  if (place.health) {
    const begin = () => run(() => post(`/counters/${counter}/devices/${place.role}/test`));
    acts.push(button(t("setup.test"), begin, { disabled: busy || testing, "data-test": place.role }));
  }
  if (facts.chooses) acts.push(button(t(place.health ? "setup.change" : "setup.choose"), () => choose(place.role), { "data-choose": place.role }));
  return h("div", { class: "acts" }, ...acts);
}

function drawPlaces() {
  const now = report.counters.find((each) => each.counter === counter);
  if (!now) return;
  const testing = now.places.some((each) => each.test.state === "running");
  for (const place of now.places) {
    let item = at(`place-${place.role}`);
    if (!item) {
      item = h("li", { id: `place-${place.role}` });
      at("places").append(item);
    }
    const { health, test } = place;
    const meaning = [counter, place.port, health && [health.state, health.reason, health.detail], { ...test, age_s: 0 }, now.busy, testing, place.further, place.stand_in];
    fillWith(item, meaning, () => [
      h("h2", {}, icon(place.role), t(`bar.${place.role}`), stateOf(place)),
      h("div", {}, ...whatOf(place), ...standInOf(place)),
      h("div", { class: "test", role: "status" }, ...testOf(place)),
      actsOf(place, now.busy, testing),
    ]);
    const age = item.querySelector(".age");
    if (age && health) age.textContent = ago(health.age_s);
    const tested = item.querySelector(".tested");
    if (tested) tested.textContent = ago(test.age_s);
  }
}

// --- ports ---------------------------------------------------------------------------------------------------

function portSays(port) {
  if (port.used_by) return t("setup.used_by", { by: usedBy(port.used_by) });
  if (port.asked === "found") return t("setup.looks_like", { what: port.proposal.title });
  if (port.asked === "stranger" || port.asked === "busy") return port.says;
  if (port.asked) return t(`setup.asked_${port.asked}`);
  return t("setup.free");
}

function usedBy(by) {
  const [id, role] = by.split(" ");
  return `${t(`bar.${role}`)} · ${id}`;
}

function drawPorts() {
  if (!facts.chooses) return;
  const rows = report.ports.map((port) => {
    const acts = [];
    if (fresh.has(port.port)) acts.push(h("span", { class: "new" }, t("setup.new")));
    if (!port.used_by) {
      acts.push(button(t("setup.what_is_it"), () => run(() => post("/ports/probe", { port: port.port })), { disabled: port.asked === "asking" }));
      acts.push(button(t("setup.use"), () => choose(port.proposal?.role ?? "printer", port.port)));
    }
    const twins = port.twins.length ? h("small", {}, t("setup.twins", { n: port.twins.length + 1 })) : "";
    return h("li", {}, h("span", { class: "name" }, port.what || port.port, h("small", { class: "mono" }, port.port), twins), h("span", {}, portSays(port)), ...acts);
  });
  fillWith(at("ports"), [report.ports, [...fresh]], () => (rows.length ? rows : [h("li", { class: "soft" }, t("setup.no_ports"))]));
}

/** What was plugged in while this page is open is asked at once who it is: nothing prints or sounds by that. */
function notice() {
  if (!facts.chooses) return;
  const now = report.ports.map((each) => each.port);
  const came = known ? report.ports.filter((each) => !known.has(each.port)) : [];
  known = new Set(now);
  for (const port of [...fresh]) if (!known.has(port)) fresh.delete(port);
  for (const port of came) {
    fresh.add(port.port);
    if (!port.used_by && !port.asked) post("/ports/probe", { port: port.port }).catch(() => {});
  }
}

// --- choosing ------------------------------------------------------------------------------------------------

function option(value, label, chosen) {
  return h("option", { value, selected: value === chosen }, label);
}

function choose(role, port = null) {
  const places = report.counters.find((each) => each.counter === counter).places;
  at("choose-told").hidden = true;
  at("choose-role").replaceChildren(...ROLES.map((each) => option(each, t(`bar.${each}`), role)));
  const place = places.find((each) => each.role === role);
  const wanted = port ?? place.port;
  const free = report.ports.filter((each) => !each.used_by || each.used_by === `${counter} ${role}`);
  const options = free.map((each) => option(each.port, `${each.what || each.port} – ${each.port}`, wanted));
  if (wanted && !free.some((each) => each.port === wanted)) options.push(option(wanted, wanted, wanted));
  at("choose-port").replaceChildren(option("", t("setup.nothing"), wanted), ...options, option(OTHER, t("setup.other_port"), wanted));
  at("choose-other").hidden = true;
  const found = report.ports.find((each) => each.port === wanted)?.proposal;
  drawDrivers(found?.role === role ? found.driver : place.driver, found?.role === role ? found.profile : place.profile);
  drawSpeeds();
  at("choose-title").textContent = t("setup.choose_title", { counter });
  at("choose").showModal();
  at("choose-port").focus();
}

function drawDrivers(driver, profile = "") {
  const drivers = report.drivers.filter((each) => each.role === at("choose-role").value);
  const chosen = drivers.find((each) => each.name === driver) ?? drivers[0];
  at("choose-driver").replaceChildren(...drivers.map((each) => option(each.name, each.title, chosen.name)));
  at("choose-profile").replaceChildren(...chosen.profiles.map((each) => option(each, each, profile)));
}

/** Of this kind of device at this port, as it answered or was set: another's is not its own. */
function drawSpeeds() {
  const [role, port] = [at("choose-role").value, at("choose-port").value];
  const found = report.ports.find((each) => each.port === port)?.proposal;
  const place = report.counters.find((each) => each.counter === counter).places.find((each) => each.role === role);
  const baud = found?.role === role ? found.baud : place.port === port ? place.baud : 0;
  const known = !baud || SPEEDS.includes(baud) ? SPEEDS : [...SPEEDS, baud];
  at("choose-baud").replaceChildren(option(0, t("setup.baud_usual"), baud), ...known.map((each) => option(each, `${each}`, baud)));
}

async function save(event) {
  event.preventDefault();
  const picked = at("choose-port").value;
  const port = picked === OTHER ? at("choose-other").value.trim() : picked;
  const found = report.ports.find((each) => each.port === port)?.proposal;
  const role = at("choose-role").value;
  const wish = { port, driver: port ? at("choose-driver").value : "", profile: port ? at("choose-profile").value : "", baud: port ? Number(at("choose-baud").value) : 0 };
  if (found?.role === role && role === "display" && found.serial) wish.serial = found.serial;
  try {
    const done = await withPin(() => post(`/counters/${counter}/devices/${role}`, wish), { owner: true });
    if (!done) return;
    at("choose").close();
    tell(t("setup.saved", { role: t(`bar.${role}`) }));
    await look();
  } catch (problem) {
    if (!problem.slug) throw problem;
    const { text } = refusal(problem);
    at("choose-told").textContent = text;
    at("choose-told").hidden = false;
  }
}

// --- looking -------------------------------------------------------------------------------------------------

async function look() {
  report = await get("/devices");
  if (!report.counters.some((each) => each.counter === counter)) counter = report.counters[0]?.counter ?? "";
  at("which").hidden = report.counters.length < 2;
  fillWith(at("counter"), report.counters.map((each) => each.counter), () => report.counters.map((each) => option(each.counter, each.title || each.counter, counter)));
  notice();
  drawPlaces();
  drawPorts();
}

async function watch() {
  for (;;) {
    try {
      await look();
      if (at("told").dataset.lost) tell("");
      delete at("told").dataset.lost;
    } catch (problem) {
      if (!problem.slug) throw problem;
      tell(sentence(problem));
      at("told").dataset.lost = "yes";
    }
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

at("counter").addEventListener("change", () => {
  counter = at("counter").value;
  drawPlaces();
});
if (facts.chooses) {
  at("choose-form").addEventListener("submit", save);
  at("choose-role").addEventListener("change", () => {
    drawDrivers("");
    drawSpeeds();
  });
  at("choose-driver").addEventListener("change", () => drawDrivers(at("choose-driver").value));
  at("choose-port").addEventListener("change", () => {
    at("choose-other").hidden = at("choose-port").value !== OTHER;
    const found = report.ports.find((each) => each.port === at("choose-port").value)?.proposal;
    if (found?.role === at("choose-role").value) drawDrivers(found.driver, found.profile);
    drawSpeeds();
  });
}
watch();
