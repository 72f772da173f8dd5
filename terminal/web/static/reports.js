// X and Z, paper, and differences: what a press does goes through the API; a PIN is asked for where one is needed.

import { ask, newKey, post } from "./api.js";
import { at, tell } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { facts, t } from "./words.js";

const FILE_MAX = 64 * 1024 * 1024; // what the service takes over HTTP

let running = false;

/** One act at a time: a second press while the first one runs is the same wish. Resolves to its answer, or null. */
async function run(act, done = "") {
  if (running) return null;
  running = true;
  tell("");
  const key = newKey();
  try {
    const answer = await withPin(() => act(key), { owner: true });
    if (answer && done) tell(done);
    return answer;
  } catch (problem) {
    if (!problem.slug) throw problem;
    tell(sentence(problem));
    return null;
  } finally {
    running = false;
  }
}

function openClose() {
  if (!document.querySelector("dialog[open]")) at("close-dialog").showModal();
}

async function closeDay() {
  const { day, empty } = at("close-form").dataset;
  const wish = { day, empty: empty === "yes", print_at: at("close-print")?.checked ? at("print-at").value : "" };
  const made = await run((key) => post("/reports/z", wish, key));
  if (made) location.assign(`/reports/z/${made.n}`);
}

async function end(id, wish) {
  const answer = await run((key) => post(`/differences/${encodeURIComponent(id)}/fix`, wish, key));
  if (!answer) return;
  if (!answer.letter.length) {
    location.reload();
    return;
  }
  at("letter-text").textContent = answer.letter.join("\n");
  at("letter-dialog").showModal();
}

/** Only leaving it so asks for a reason first; it is kept with who gave it. */
function fix(button) {
  const { id } = button.closest("[data-id]").dataset;
  if (button.dataset.fix !== "accept") return end(id, { choice: button.dataset.fix });
  at("accept-form").dataset.id = id;
  at("accept-reason").value = "";
  at("accept-dialog").showModal();
  at("accept-reason").focus();
  return undefined;
}

/** A bill as it is, its bytes and nothing else; its name is only for sentences. */
async function bring(file, channel) {
  if (file.size > FILE_MAX) return tell(t("reports.import_large"));
  const query = new URLSearchParams({ channel, name: file.name.slice(-80) });
  const headers = { "Content-Type": "application/octet-stream", "X-Requested-With": "countertop", "Accept-Language": facts.language };
  const told = await run(() => ask(`/bills/import?${query}`, { method: "POST", headers, body: file }));
  if (!told) return undefined;
  sessionStorage.setItem("told", t("reports.import_done", { lines: told.lines, settled: told.settled, n: told.found }));
  return location.reload();
}

at("print")?.addEventListener("click", () => {
  const path = at("print").closest("[data-print]").dataset.print;
  run((key) => post(path, { counter: at("print-at").value }, key), t("reports.print_asked"));
});
at("close-day")?.addEventListener("click", openClose);
at("close-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  at("close-dialog").close();
  closeDay();
});
at("accept-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  at("accept-dialog").close();
  end(at("accept-form").dataset.id, { choice: "accept", reason: at("accept-reason").value });
});
at("letter-dialog")?.addEventListener("close", () => location.reload());
at("import-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const [file] = at("import-file").files;
  if (file) bring(file, at("import-channel").value);
});
if (at("told") && sessionStorage.getItem("told")) {
  tell(sessionStorage.getItem("told"));
  sessionStorage.removeItem("told");
}
for (const button of document.querySelectorAll("[data-fix]")) button.addEventListener("click", () => fix(button));

document.addEventListener("keydown", (event) => {
  if (event.key === "F10" && at("close-day") && !event.repeat) {
    event.preventDefault();
    openClose();
    return;
  }
  const inField = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (inField || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (/^[1-9]$/.test(event.key)) document.querySelector(`[data-press="${event.key}"]`)?.click();
});
