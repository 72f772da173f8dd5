// Warnings and what an owner holds back: each press is a call of the API; a PIN is asked for where one is needed.

import { newKey, post } from "./api.js";
import { at, tell } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { t } from "./words.js";

let running = false;

async function run(path, wish) {
  if (running) return null;
  running = true;
  tell("");
  const key = newKey();
  try {
    return await withPin(() => post(path, wish, key), { owner: true });
  } catch (problem) {
    if (!problem.slug) throw problem;
    tell(sentence(problem));
    return null;
  } finally {
    running = false;
  }
}

async function act(button) {
  const { alert, channel } = button.closest("[data-alert]").dataset;
  const { offer } = button.dataset;
  const path = `/risk/alerts/${encodeURIComponent(alert)}`;
  if (offer === "notify_bank") {
    const made = await run(`${path}/letter`, { print_at: at("print-at")?.value ?? "" });
    if (!made) return;
    at("letter-text").textContent = made.lines.join("\n");
    at("letter-file").textContent = made.file ? t("risk.kept_in", { file: made.file }) : "";
    at("letter-dialog").showModal();
    return;
  }
  const wish = { what: offer, alert, channel: offer === "channel_paused" ? channel : "" };
  if (await (offer === "seen" ? run(path, { how: "seen" }) : run("/risk/holds", wish))) location.reload();
}

for (const button of document.querySelectorAll("[data-offer]")) button.addEventListener("click", () => act(button));
for (const button of document.querySelectorAll("[data-hold]")) {
  button.addEventListener("click", async () => {
    if (await run(`/risk/holds/${encodeURIComponent(button.dataset.hold)}/end`, {})) location.reload();
  });
}
for (const button of document.querySelectorAll("[data-begin]")) {
  button.addEventListener("click", async () => {
    const { begin, channel } = button.dataset;
    if (await run("/risk/holds", { what: begin, channel: channel ?? "" })) location.reload();
  });
}
