// The first page: an owner makes pairing codes for further tills and displays.

import { post } from "./api.js";
import { at } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { t } from "./words.js";

at("pairing")?.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const wish = { counter: button.dataset.counter, display: button.dataset.display === "yes" };
  try {
    const made = await withPin(() => post("/pairing-codes", wish), { owner: true });
    if (made) at("pairing-code").textContent = t("page.pairing_valid", { code: made.code, minutes: Math.floor(made.valid_s / 60) });
  } catch (problem) {
    at("pairing-code").textContent = sentence(problem);
  }
});
