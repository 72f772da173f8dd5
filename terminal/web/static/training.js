// A counter that practises: its pages are at another address. Begin leads there, end leads back.

import { post } from "./api.js";
import { portOf } from "./live.js";
import { sentence, withPin } from "./pin.js";

function tell(text) {
  const place = document.querySelector("[data-training-told]");
  if (place) place.textContent = text;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-training]");
  if (!button) return;
  const path = `/counters/${button.dataset.counter}/training${button.dataset.training === "end" ? "/end" : ""}`;
  button.disabled = true;
  try {
    const told = await withPin(() => post(path));
    if (told?.url) location.assign(at(told.url, button.dataset.to ?? `/c/${button.dataset.counter}/till`));
    // the end is told by the counter itself: live.js leads every page of it back
  } catch (problem) {
    tell(sentence(problem));
  } finally {
    button.disabled = false;
  }
});

function at(url, path) {
  const there = new URL(path, location.href);
  there.port = portOf(url);
  return there;
}
