// Scan the shop's own stickers: green "ours", or red with who would get the money.

import { get, newKey, post } from "./api.js";
import { at, h } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { showVerdict } from "./verdict.js";
import { facts, t } from "./words.js";

const LOOK_MS = 1000; // the counter's own scanner speaks to the service, not to this page
const LOOKS = { ours: ["good", "paid"], other: ["bad", "fault"], not_payment: ["bad", "not_paid"], unreadable: ["doubt", "cannot_tell"] };
let shown;
let busy = false;

function show(told) {
  shown = told.count;
  const [tone, sign] = LOOKS[told.result];
  const rows = told.differs.map((each) => h("li", {}, h("b", {}, each.field), each.ours || each.theirs ? ` · ${t("risk.ours")}: ${each.ours} · ${t("risk.theirs")}: ${each.theirs}` : ""));
  showVerdict({ tone, sign, word: told.word, told: told.told, todo: told.todo, parts: rows.length ? [h("ul", {}, ...rows)] : [] });
}

function draw(list) {
  at("due").textContent = list.stickers.length ? (list.due ? t("risk.stickers_due", { n: list.due }) : t("risk.stickers_done")) : t("risk.stickers_none");
  for (const row of document.querySelectorAll("[data-sticker]")) {
    const known = list.stickers.find((each) => each.id === row.dataset.sticker);
    row.querySelector("h3").className = known?.done ? "good" : "";
    row.querySelector("use").setAttribute("href", known?.done ? "#i-ok" : "#i-scanner");
  }
}

async function look() {
  const list = await get(`/stickers?counter=${encodeURIComponent(facts.counter)}`);
  draw(list);
  if (list.last && shown !== undefined && list.last.count !== shown) show(list.last);
  shown = list.last?.count ?? 0;
}

async function run(act) {
  if (busy) return;
  busy = true;
  try {
    await act();
  } catch (problem) {
    if (!problem.slug) throw problem;
    showVerdict({ tone: "doubt", sign: "fault", word: sentence(problem) });
  } finally {
    busy = false;
  }
}

at("scan-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = at("sticker-code").value;
  if (!code.trim()) return;
  run(async () => {
    show(await post(`/counters/${facts.counter}/sticker`, { code }));
    at("sticker-code").value = "";
    at("sticker-code").focus();
    await look();
  });
});
at("new-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const wish = { name: at("new-name").value.trim(), code: at("new-code").value };
  const key = newKey();
  run(async () => {
    if (wish.name && wish.code.trim() && (await withPin(() => post("/stickers", wish, key), { owner: true }))) location.reload();
  });
});
for (const button of document.querySelectorAll("[data-remove]")) {
  button.addEventListener("click", () => run(async () => {
    const path = `/stickers/${encodeURIComponent(button.dataset.remove)}/remove`;
    if (await withPin(() => post(path), { owner: true })) location.reload();
  }));
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) location.assign(`/c/${facts.counter}/till`);
});
setInterval(() => busy || look().catch(() => {}), LOOK_MS);
look().catch(() => {});
at("sticker-code").focus();
