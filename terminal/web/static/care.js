// Call for help, and the safety card on paper: buttons whose answer is a sentence.

import { post } from "./api.js";
import { at, tell } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { t } from "./words.js";

const TOLD = "call-told";

async function run(button, act) {
  tell("", TOLD);
  button.disabled = true;
  try {
    return await withPin(act);
  } catch (problem) {
    if (!problem.slug) throw problem;
    tell(sentence(problem), TOLD);
    return null;
  } finally {
    button.disabled = false;
  }
}

at("call-help")?.addEventListener("click", async (event) => {
  const made = await run(event.currentTarget, () => post("/help-code"));
  if (!made) return;
  at("call-code").textContent = made.code;
  at("call-file").textContent = t("care.call_file", { file: made.file });
  at("call-holds").textContent = t("care.call_holds", { files: made.holds.join(", ") });
  at("call").hidden = false;
  at("call-code").focus();
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", async () => {
    const done = await run(button, () => post(`/counters/${encodeURIComponent(button.dataset.print)}/safety-card`));
    if (done) tell(t("care.card_printed"), TOLD);
  });
}
