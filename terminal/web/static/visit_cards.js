// Cards on the receipt printer.

import { post } from "./api.js";
import { tell } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { t } from "./words.js";

for (const button of document.querySelectorAll("[data-card]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const done = await withPin(() => post(`/counters/${button.dataset.counter}/cards/${button.dataset.card}/print`));
      if (done) tell(t("card.printed"));
    } catch (problem) {
      if (!problem.slug) throw problem;
      tell(sentence(problem));
    } finally {
      button.disabled = false;
    }
  });
}
