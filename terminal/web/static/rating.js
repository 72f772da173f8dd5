// Two buttons while "paid" stands on the customer's display, where the shop asks. They go with it: nobody waits.

import { post } from "./api.js";
import { at } from "./dom.js";
import { facts, t } from "./words.js";

let shown = false;

/** ``paid``: the result of a paid sale fills the glass now. */
export function drawRating(paid) {
  const box = at("rating");
  if (!box) return;
  if (paid && !shown) {
    at("rating-word").textContent = t("care.rate");
    for (const button of box.querySelectorAll("button")) button.hidden = false;
  }
  shown = paid;
  box.hidden = !paid;
  at("main").classList.toggle("asked", paid); // paid, amount and code stay in sight above the buttons
}

for (const button of at("rating")?.querySelectorAll("button") ?? []) {
  button.addEventListener("click", async () => {
    for (const each of at("rating").querySelectorAll("button")) each.hidden = true;
    at("rating-word").textContent = t("care.rate_thanks");
    await post(`/counters/${facts.counter}/rating`, { good: button.value === "good" }).catch(() => {}); // an answer lost is no harm
  });
}
