// A settings pack by codes: this shop's shown one after the other, another shop's read in any order.

import { Problem, get, post } from "./api.js";
import { at, fillWith, h, icon, say } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { has, money, t } from "./words.js";

const TURN_MS = 2500; // a scanner reads a code in one; each comes round again
const LOOK_MS = 1000; // the counter's own scanner speaks to the service, not to this page
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
let codes = [];
let number = 0;
let turning;

function tell(text) {
  at("told").textContent = text;
  at("told").hidden = !text;
}

async function run(button, act) {
  button.disabled = true;
  tell("");
  try {
    return await withPin(act);
  } catch (problem) {
    if (!problem.slug) throw problem;
    tell(sentence(problem));
    return null;
  } finally {
    button.disabled = false;
  }
}

// --- this shop's -------------------------------------------------------------------------------------------------

function draw() {
  const words = { n: number + 1, count: codes.length };
  at("place").textContent = t("pack.of", words);
  at("picture").setAttribute("aria-label", t("pack.picture", words));
  at("picture").dataset.number = number + 1;
  at("picture").replaceChildren(new DOMParser().parseFromString(codes[number].picture, "image/svg+xml").documentElement);
}

function turn(step) {
  number = (number + step + codes.length) % codes.length;
  draw();
}

function hold(held) {
  clearInterval(turning);
  turning = held ? undefined : setInterval(() => turn(1), TURN_MS);
  at("hold").textContent = t(held ? "pack.go_on" : "pack.hold");
}

at("show").addEventListener("click", async () => {
  const made = await run(at("show"), () => post("/visit/pack/codes"));
  if (!made) return;
  codes = made.codes;
  number = 0;
  at("sealed-by").textContent = made.key;
  draw();
  hold(still || codes.length === 1);
  at("codes").showModal();
});
at("codes").addEventListener("close", () => clearInterval(turning));
at("hold").addEventListener("click", () => hold(turning !== undefined));
for (const [key, step] of [["before", -1], ["next", 1]]) {
  at(key).addEventListener("click", () => {
    hold(true);
    turn(step);
  });
}
at("codes").addEventListener("keydown", (event) => {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  hold(true);
  turn(event.key === "ArrowLeft" ? -1 : 1);
});
at("print")?.addEventListener("click", async () => {
  const counter = at("print").dataset.counter;
  if (await run(at("print"), () => post("/visit/pack/print", { counter }))) tell(t("pack.printed"));
});

// --- another shop's ----------------------------------------------------------------------------------------------

function value(name, told) {
  if (told === "" || told === false || (Array.isArray(told) && !told.length)) return t("pack.nothing");
  if (has(`wizard.r_${name}`) && !told) return t(`wizard.r_${name}_none`);
  if (name.endsWith("_minor")) return money(told);
  return String(told);
}

function rules(view) {
  const rows = Object.entries(view.shop).flatMap(([name, told]) => [
    h("dt", { class: has(`wizard.r_${name}`) ? "" : "mono" }, has(`wizard.r_${name}`) ? t(`wizard.r_${name}`) : name),
    h("dd", {}, value(name, told)),
  ]);
  const made = new Date(view.made_ms).toISOString().slice(0, 10);
  return h("dl", { class: "pairs" }, h("dt", {}, t("pack.made")), h("dd", {}, `${made} · ${view.currency} · ${view.zone}`), ...rows);
}

function parts(view) {
  const refused = view.sentence ? [h("p", { class: "refused" }, icon("fault"), `${view.code} ${view.sentence} ${view.fix}`)] : [];
  if (view.state === "reading") {
    const words = view.count ? [t("pack.taken", { have: view.have.length, count: view.count }), t("pack.to_come", { numbers: view.missing.join(", ") })] : [t("pack.waits")];
    return [h("p", {}, h("b", {}, words.join(" "))), ...refused];
  }
  const brand = view.brand ? [h("p", { id: "brings-brand" }, t("pack.brand", { bank: view.brand }))] : [];
  const key = h("p", { class: "mono" }, h("b", { id: "their-key" }, view.key));
  const whole = h("p", {}, icon("ok"), h("b", {}, t(view.state === "kept" ? "pack.kept" : "pack.whole")));
  if (view.state === "kept") {
    const command = `countertop pack apply ${view.file} --config FILE --key "${view.key}"`;
    return [whole, h("p", {}, t("pack.apply")), h("p", { class: "mono", id: "command" }, command), ...brand];
  }
  const keep = h("button", { type: "button", class: "button big", id: "keep" }, t("pack.same"));
  keep.addEventListener("click", async () => {
    if (await run(keep, () => post("/visit/pack/reading/keep", { key: view.key }))) await look();
  });
  return [whole, h("p", {}, t("pack.compare")), key, h("div", { class: "keys" }, keep), h("h3", {}, t("pack.rules")), rules(view), ...brand, ...refused];
}

function show(view) {
  const on = view.state !== "none";
  at("scan-form").hidden = view.state !== "reading";
  at("reading").hidden = !on;
  say(at("begin"), t(on ? "pack.again" : "pack.read"));
  if (on) fillWith(at("reading"), view, () => parts(view));
}

async function look() {
  show(await get("/visit/pack/reading"));
}

at("begin").addEventListener("click", async () => {
  const view = await run(at("begin"), () => post("/visit/pack/reading"));
  if (!view) return;
  show(view);
  at("scan-code").focus();
});
at("scan-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const code = at("scan-code").value.trim();
  at("scan-code").value = "";
  if (!code) return;
  try {
    show(await post("/visit/pack/reading/scan", { code }));
  } catch (problem) {
    if (problem.slug === "offline") tell(sentence(problem));
    else if (!(problem instanceof Problem)) throw problem;
    await look(); // it says what was wrong with the code, beside what was read already
  }
});
async function again() {
  for (;;) {
    try {
      await look();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem; // else the line is bad for a moment: looked at again
    }
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}
again();
