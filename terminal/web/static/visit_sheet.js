// The terminal's sheet: its legs, looked at again by a press; paper; the code of a visit, shown once.

import { get, post } from "./api.js";
import { at, tell } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { facts, t, trouble } from "./words.js";
import { legRows } from "./visit_words.js";

async function run(act) {
  try {
    return await withPin(act, { owner: true });
  } catch (problem) {
    if (!problem.slug) throw problem;
    tell(sentence(problem));
    return null;
  }
}

async function look() {
  at("look").disabled = true;
  try {
    at("legs").replaceChildren(...legRows(await get("/sheet")));
  } catch (problem) {
    if (!problem.slug) throw problem;
    tell(sentence(problem));
  } finally {
    at("look").disabled = false;
  }
}

at("look").addEventListener("click", look);
at("print")?.addEventListener("click", async () => {
  if (await run(() => post("/sheet/print", { counter: at("print").dataset.counter }))) tell(t("sheet.printed"));
});
at("say")?.addEventListener("click", async () => {
  if (await run(() => post("/sheet/print", { counter: at("say").dataset.counter, printed: false, said: true }))) tell(t("sheet.said_legs"));
});
at("void")?.addEventListener("click", async () => {
  if (!(await run(() => post("/visit-codes/void")))) return;
  at("made").hidden = true;
  tell(t("sheet.voided"));
});
at("code-form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const printed = at("code-print")?.checked ?? false;
  const said = at("code-say").checked;
  const counter = printed ? facts.printers[0] : facts.counter;
  const made = await run(() => post("/visit-codes", { counter, hours: Number(at("code-hours").value), printed, said }));
  if (!made) return;
  tell("");
  at("digits").textContent = `${made.code.slice(0, 3)} ${made.code.slice(3)}`;
  at("valid").textContent = t("sheet.valid", { minutes: Math.floor(made.valid_s / 60) });
  const outcome = [];
  if (printed) outcome.push(made.printed ? t("sheet.not_printed", { why: trouble(made.printed).sentence }) : t("sheet.printed"));
  if (said) outcome.push(t(made.said ? "sheet.said" : "sheet.not_said"));
  at("outcome").textContent = outcome.join(" ");
  at("address").textContent = made.address;
  at("made").hidden = false;
});
look();
