// The till: keypad, states, keys. What is on the screen follows from the counter's last view and nothing else.

import { Entry } from "./amount.js";
import { get, newKey, post } from "./api.js";
import { drawBar, fixFor, states } from "./bar.js";
import { at, fillWith, fit, h, icon, say } from "./dom.js";
import { drawLines, hasFavourites, nextFavourite, showCustomer, startFavourites } from "./favourites.js";
import { feedbackKeys } from "./feedback.js";
import { listen } from "./keyboard.js";
import { follow, isView } from "./live.js";
import { drawNotices, freshTold } from "./notices.js";
import { awaitsRest, endPanel, helpText, isTurned, livePanel, oldPanel, openException, scanKey, waysOf } from "./panels.js";
import { isMoving, moveTo, nextWay, payWith, seen } from "./pay_with.js";
import { refusal } from "./pin.js";
import { openRefund } from "./refund.js";
import { startScan } from "./scan.js";
import * as sound from "./sound.js";
import { isCommand, noteKeyed, pressCommand, takeOver } from "./sheet_commands.js";
import { clock, clockSeconds, facts, money, nowMs, saleNo, shortMoney, t } from "./words.js";

const PAID_MS = 3000;
const NOT_PAID_MS = 4000;
const HINT_MS = 6000;
const DOUBT_MS = 700;
const FRESH_MS = 3000;
const LOOK_MS = 60_000;
const LEAVE_MS = 2000; // so long may an answer take before the page is left: later nobody expects that any more
const SLIP = "CT:S-"; // the look-up text of our own receipts
const SETTLES = new Set(["evidence_noted", "exception_opened", "exception_closed", "sale_parked", "sale_moved", "attempt_moved", "sale_unverified", "sale_claimed", "sale_written_off", "credit_matched"]);

const entry = new Entry(facts.money[facts.currency].exponent);
const now = {
  view: null, since: 0, connected: null, waiting: [], orphans: [], alerts: [], inbox: { keys: [], unverified: [], unverified_sums: {}, credits: [] },
  end: null, // the sale whose end fills the screen
  lost: null, // while the line is: what stood on the screen then, {time, panel, end}
  hint: "", code: "", doubt: {}, busy: new Set(), heardLate: new Set(), ticked: "", doubtful: {},
};
let endTimer;
let hintTimer;

// --- what happens ---------------------------------------------------------------------------------------

function heard(message) {
  if (isView(message)) {
    noteEnd(now.view, message);
    noteFound(now.view, message);
    noteKeyed(now.view, message, showKeyed);
    if (now.view && now.view.orphans !== message.orphans) readWaiting();
    now.view = message;
    now.since = performance.now();
    draw();
  } else if (SETTLES.has(message.event_type)) {
    readWaiting();
  }
}

/** A sale this page was showing has ended: its result fills the screen, whoever started it. */
function noteEnd(before, after) {
  const was = before?.sale;
  if (!was || after.sale?.id === was.id || after.sale) return;
  if (after.last?.id === was.id) showEnd(after.last);
  else get(`/sales/${was.id}`).then(showEnd).catch(() => {});
}

function showEnd(sale) {
  if (sale.word !== "unverified" && (sale.parked || !["paid", "cancelled", "expired"].includes(sale.state))) return;
  now.end = sale;
  clearTimeout(endTimer);
  endTimer = setTimeout(dismiss, sale.state === "paid" ? PAID_MS : NOT_PAID_MS);
  sound.play(endPanel(sale).sound);
  draw();
}

function dismiss() {
  clearTimeout(endTimer);
  now.end = null;
  draw();
}

/** The line is lost: what is on the screen stays there as old, and nothing leaves or joins it. */
function lose(wordMs) {
  const live = sale();
  const time = clockSeconds(wordMs);
  const panel = live ? livePanel(live, doubtOf(live)) : now.end && endPanel(now.end);
  now.lost = { time, panel: panel && oldPanel(panel, live ?? now.end, !live, time), end: now.end };
  clearTimeout(endTimer);
  for (const dialog of ["sheet", "scan", "pay-with"]) at(dialog).close(); // a refund's stays: it holds the key it is asked with
}

/** A result that was shown before the loss is over: it never comes back as if it were new. */
function regain() {
  const { end } = now.lost;
  now.lost = null;
  if (end && now.end === end) now.end = null;
}

/** Away from this page only while somebody answers: else the browser's own error page would stand in its place. */
async function leave(go) {
  try {
    await fetch("/api/v1/health", { cache: "no-store", signal: AbortSignal.timeout(LEAVE_MS) });
  } catch {
    return sound.play("refused");
  }
  if (now.lost || !sale()) go();
}

let reading = false;
let readAgain = false;
async function readWaiting() {
  if (reading) {
    readAgain = true;
    return;
  }
  reading = true;
  do {
    readAgain = false;
    try {
      const answer = await fetch(`/c/${facts.counter}/attention`, { cache: "no-store" });
      const waiting = answer.ok ? await answer.json() : now.waiting;
      const { alerts } = await get("/alerts");
      const inbox = await get("/inbox");
      now.orphans = (await get("/orphans")).orphans;
      now.alerts = alerts;
      now.inbox = inbox;
      now.waiting = waiting; // with nothing awaited from here to the drawing: no half picture is ever seen
    } catch {
      // the socket's own loss is already told
    }
  } while (readAgain);
  reading = false;
  for (const sale of now.waiting) {
    const late = openException(sale, "paid_late", "excess");
    if (late && now.end?.id === sale.id && now.end.state !== "paid") dismiss(); // "nothing charged" is no longer true
    if (late && !now.heardLate.has(late.id)) {
      now.heardLate.add(late.id);
      sound.play("late");
    }
  }
  draw();
}

/** Run a call of the API, each name once at a time; a refusal becomes a sentence on the screen. */
async function run(name, act) {
  if (now.busy.has(name)) return undefined;
  now.busy.add(name);
  draw();
  try {
    return await act();
  } catch (problem) {
    if (!problem.slug) throw problem;
    sound.play("refused");
    const { text, code } = refusal(problem);
    tell(text, code);
    return undefined;
  } finally {
    now.busy.delete(name);
    draw();
  }
}

/** One line under the amount for a while; with a printed code it is a refusal. */
function tell(text, code = "") {
  [now.hint, now.code] = [text, code];
  clearTimeout(hintTimer);
  hintTimer = setTimeout(() => {
    hush();
    draw();
  }, HINT_MS);
  draw();
}

function hush() {
  [now.hint, now.code] = ["", ""];
}

// --- what the keys do -----------------------------------------------------------------------------------

const sale = () => now.view?.sale ?? null;
const lastPaid = () => (now.view?.last?.state === "paid" ? now.view.last : null);
const refundable = () => (now.view?.last?.refundable_minor > 0 && !sale() ? now.view.last : null);
const movable = () => Boolean(now.view?.moves.length) && !isMoving(sale());
const scannable = () => sale() && now.view.scans && ["waiting", "not_paid"].includes(sale().word) && !sale().cancelling && !isMoving(sale());

function charge() {
  if (now.end) dismiss();
  if (!entry.minor) {
    if (!entry.empty) tell(t("till.amount_empty"));
    return;
  }
  const key = newKey();
  const wish = { counter: facts.counter, amount_minor: entry.minor, currency: facts.currency, ...entry.what };
  run("charge", async () => {
    const opened = await post("/sales", wish, key);
    entry.clear();
    hush();
    if (now.view && !now.view.sale && now.view.last?.id !== opened.id) now.view = { ...now.view, sale: opened };
  });
}

/** Nobody can confirm anything now, and the shop lists such sales: what is typed, or the sale that is on. */
const listable = () => now.view?.offline && (sale() ? ["waiting", "checking", "not_paid"].includes(sale().word) && !sale().cancelling : entry.minor > 0);

function listUnverified() {
  const live = sale();
  const key = newKey();
  const wish = { counter: facts.counter, amount_minor: entry.minor, currency: facts.currency, unverified: true, ...entry.what };
  run("list", async () => {
    const put = await (live ? post(`/sales/${live.id}/unverified`, {}, key) : post("/sales", wish, key));
    entry.clear();
    hush();
    showEnd(put);
  });
}

const acts = {
  Enter() {
    const live = sale();
    if (!live) charge();
    else if (live.cancelling) return;
    else if (live.word === "checking") run("check", () => post(`/sales/${live.id}/check`));
    else if (live.word === "not_paid" || awaitsRest(live)) run("code", () => post(`/sales/${live.id}/code`));
  },
  Escape() {
    const live = sale();
    if (live && !live.cancelling && live.word !== "person") run("cancel", () => post(`/sales/${live.id}/cancel`));
    else if (now.end) dismiss();
    else if (!live) {
      takeOver(now.view);
      entry.clear();
      hush();
      draw();
    }
  },
  Backspace() {
    if (sale()) return;
    takeOver(now.view);
    entry.back();
    draw();
  },
  F1: () => sheet(t("till.help"), [h("p", {}, helpText(sale(), now.end, waysOf(now.view))), h("p", { class: "acts" }, h("a", { class: "button", href: `/c/${facts.counter}/proof` }, t("till.check_proof")), " ", h("a", { class: "button quiet", href: "/help/contact" }, t("care.contact"))), feedbackKeys(run, tell), keyList()]),
  F2: () => scannable() && startScan(sendScan, waysOf(now.view).deaf),
  F3: () => hasFavourites() && !sale() && nextFavourite(),
  F4: () => listable() && listUnverified(),
  F5: () => movable() && payWith(now.view, move),
  F6: () => lastPaid() && !sale() && run("reprint", async () => {
    await post(`/sales/${lastPaid().id}/reprint`);
    tell(t("till.reprint_asked"));
  }),
  F7: () => refundable() && refund(refundable()),
  F8: () => showLast(),
  F10: () => !sale() && location.assign("/reports/z"),
  F9: () => ["checking", "person"].includes(sale()?.word) && run("park", () => post(`/sales/${sale().id}/park`)),
};

/** The old code is closed with proof before another one is shown; what came of it stands on the screen. */
function move(way) {
  const live = sale();
  run("move", async () => tell(await moveTo(live, way)));
  draw();
}

async function refund(of, proposal) {
  const asked = await openRefund(of, proposal);
  if (asked) tell(asked.sentence);
}

async function sendScan(code) {
  if (isCommand(code)) return pressCommand(code, tools);
  if (!code.startsWith(SLIP) || sale()) return post(`/counters/${facts.counter}/scan`, { code });
  const { sales } = await get(`/sales?receipt=${encodeURIComponent(code)}`);
  return openFound(sales[0].id);
}

/** A receipt was scanned while no sale waits: its sale stands there, ready to be given back. */
async function openFound(id) {
  const found = await get(`/sales/${id}`);
  if (sale()) return;
  at("refund").close();
  at("sheet").close();
  const no = saleNo(found.no);
  if (found.refundable_minor > 0) refund(found);
  else tell(t("till.found_nothing_left", { no }));
}

/** Each scan once, and none from before this page was opened. */
function noteFound(before, after) {
  const fresh = after.found && (before ? after.found.count !== before.found?.count : after.found.age_s * 1000 < FRESH_MS);
  if (fresh) run("found", () => openFound(after.found.sale));
}

function type(key) {
  if (sale() || !now.connected) return;
  takeOver(now.view);
  if (now.end) dismiss();
  entry.take(key);
  hush();
  draw();
}

/** A favourite's key: one more of it. */
function addFavourite([name, minor]) {
  if (sale() || !now.connected) return;
  takeOver(now.view);
  if (now.end) dismiss();
  entry.add(name, minor, t("till.line_other"));
  hush();
  draw();
}

async function showLast() {
  const list = await run("list", () => get(`/sales?counter=${encodeURIComponent(facts.counter)}&limit=20`));
  if (!list) return;
  const rows = list.sales.map((each) => h("a", { href: `/sales/${each.id}` },
    h("b", {}, saleNo(each.no)), h("span", { class: "soft" }, clock(each.opened_ms)),
    h("span", { class: `state word-${each.word}` }, icon(each.word), t(`state.${each.word}`)),
    h("span", { class: "sum" }, money(each.amount_minor, each.currency))));
  const tail = rows.length ? h("div", { class: "tail" }, ...rows) : h("p", { class: "soft" }, t("till.check_list_empty"));
  sheet(t("key.f8"), [tail]);
  at("sheet").querySelector(".tail a")?.focus();
}

function sheet(title, parts) {
  at("sheet-title").textContent = title;
  at("sheet-body").replaceChildren(...parts);
  if (!at("sheet").open) at("sheet").showModal();
}

/** The keys that do something now. */
function keysNow() {
  const live = sale();
  const keys = [["F1", t("key.f1")]];
  if (scannable()) keys.push(["F2", scanKey(waysOf(now.view))]);
  if (hasFavourites() && !live) keys.push(["F3", t("key.f3")]);
  if (listable()) keys.push(["F4", t("key.f4")]);
  if (movable()) keys.push(["F5", t("key.f5")]);
  if (lastPaid() && !live) keys.push(["F6", t("key.f6")]);
  if (refundable()) keys.push(["F7", t("key.f7")]);
  keys.push(["F8", t("key.f8")]);
  if (!live) keys.push(["F10", t("key.f10")]);
  if (["checking", "person"].includes(live?.word)) keys.push(["F9", t("till.park_now")]);
  return keys;
}

function keyList() {
  const live = sale();
  const digits = live ? [] : [["0–9  00  .", t("till.amount")], ["⌫", t("key.backspace")], ["Enter", t("key.enter")], ["Esc", t("key.clear")]];
  const panel = live ? livePanel(live, doubtOf(live), waysOf(now.view)).acts.filter(([key]) => !key.startsWith("F")).map(([, word, cap]) => [cap, word]) : [];
  const rows = [...digits, ...panel, ...keysNow()];
  return h("div", { class: "keylist" }, ...rows.flatMap(([key, word]) => [h("kbd", {}, key), h("span", {}, word)]));
}

// --- what is drawn --------------------------------------------------------------------------------------

/** Since when the sale is being checked or a scan takes its code's place; after a reload of the page, since it was begun. */
function doubtOf(live) {
  if (live.word !== "checking" && !live.switching) delete now.doubt[live.id];
  if (live.word !== "checking" && !live.switching) return 0;
  now.doubt[live.id] ??= performance.now() < FRESH_MS ? live.attempts.at(-1).started_ms : nowMs();
  return now.doubt[live.id];
}

function draw() {
  const live = sale();
  at("lost").hidden = now.connected !== false;
  seen(now.view);
  const panel = now.connected ? (live ? livePanel(live, doubtOf(live), waysOf(now.view)) : now.end && endPanel(now.end)) : now.lost?.panel;
  at("panel").hidden = !panel;
  at("ready").hidden = Boolean(panel);
  document.body.classList.toggle("offline", !now.connected);
  for (const locked of ["ready", "notices"]) at(locked).inert = !now.connected;
  if (panel) drawPanel(panel, live);
  drawEntry();
  const health = () => states(now.view, now.since, now.connected !== false);
  if (now.view) drawBar(health(), (role) => {
    const found = fixFor(health().find((each) => each.role === role));
    sheet(found.title, found.parts);
  });
  drawNotices({ view: now.view, waiting: now.waiting, orphans: now.orphans, alerts: now.alerts, inbox: now.inbox, told: freshTold(now.view, now.since), tools });
  const keys = now.connected ? keysNow() : [];
  fillWith(at("keys"), keys, () => keys.map(([key, word]) => h("button", { type: "button", onclick: () => acts[key]() }, h("b", {}, key), word)));
}

/** A whole amount at once: a quick key, or one of the command sheet. */
function typeAmount(minor) {
  if (sale() || !now.connected) return;
  takeOver(now.view);
  if (now.end) dismiss();
  entry.set(minor);
  hush();
  draw();
}

/** What the counter's own scanner has collected; nothing once it was charged, while the sale is already on. */
function showKeyed(minor) {
  if (minor && now.end) dismiss();
  entry.set(minor);
  hush();
}

const tools = {
  type,
  typeAmount,
  press: (key) => acts[key](),
  free: () => !sale(),
  next: () => movable() && move(nextWay(now.view)),
  run: (act) => run("notice", act),
  look: readWaiting,
  refund: (of, found, reason) => refund(of, { minor: Math.min(found.amount_minor, of.refundable_minor), reason }),
};

function drawPanel(panel, live) {
  const box = at("panel");
  box.className = `panel tone-${panel.tone}${panel.pulse ? " pulse" : ""}`;
  at("panel-icon").setAttribute("href", `#i-${panel.icon}`);
  say(at("panel-word"), panel.word);
  say(at("panel-more"), now.lost || !now.hint ? panel.more : now.code ? `${now.hint} (${now.code})` : now.hint);
  say(at("panel-amount"), panel.amount);
  const counts = panel.left !== null;
  at("ring").toggleAttribute("hidden", !counts);
  at("seconds").hidden = !counts;
  at("ring").parentElement.classList.toggle("has-seconds", counts);
  if (counts) {
    say(at("seconds"), String(panel.left));
    at("ring").style.setProperty("--gone", String(100 - panel.share * 100));
    if (panel.left === 10 && now.ticked !== live.id) {
      now.ticked = live.id;
      sound.play("tick");
    }
  }
  drawTurned(live);
  fillWith(at("panel-acts"), panel.acts, () => panel.acts.map(([key, word, cap, main]) => h("button", { type: "button", class: main ? "main-act" : "", onclick: () => acts[key]() }, word, h("small", {}, cap))));
  fit(at("panel-amount"));
  const spoken = `${panel.word}. ${panel.amount}`;
  if (at("say").textContent !== spoken) {
    at("say").textContent = spoken;
    if (live && panel.tone === "not_paid") sound.play("not_paid");
  }
  if (!now.lost) soundDoubt(live && panel.tone === "checking" ? live.id : "");
}

/** Two low notes once a sale, and only when the doubt lasts: a scan that takes the code's place passes through it. */
function soundDoubt(id) {
  if (now.doubtful.id !== id) now.doubtful = { id, since: performance.now(), told: false };
  if (!id || now.doubtful.told || performance.now() - now.doubtful.since < DOUBT_MS) return;
  now.doubtful.told = true;
  sound.play("checking");
}

/** The display is broken or there is none: the code stands on the till. */
function drawTurned(live) {
  const screen = now.view.screen;
  const turned = !now.lost && isTurned(now.view); // nobody here could tell that it was paid
  at("turned").hidden = !turned;
  at("panel").classList.toggle("turned", turned);
  if (!turned) return;
  const address = `/c/${facts.counter}/code.svg?for=${encodeURIComponent(screen.payload)}`;
  const picture = at("turned-code");
  if (picture.getAttribute("src") !== address) picture.setAttribute("src", address);
  picture.alt = t(now.view.scans ? "customer.scan_or_show" : "customer.scan_ours");
}

at("turned-code").addEventListener("error", () => setTimeout(() => {
  at("turned-code").removeAttribute("src"); // asked for again with the next drawing
  draw();
}, 500));

function drawEntry() {
  say(at("amount"), money(entry.minor));
  fit(at("amount"));
  const charged = [t("till.charge", { amount: money(entry.minor) }), ...(entry.lines.length ? [t("till.line_back")] : [])].join(" · ");
  const hint = now.busy.size ? t("till.working") : now.hint || (entry.minor ? charged : t("till.amount_empty"));
  drawLines(entry.lines);
  showCustomer(entry.lines, entry.minor);
  say(at("hint"), hint);
  say(at("hint-code"), now.code && `(${now.code})`);
  for (const part of ["hint", "hint-code"]) at(part).classList.toggle("wrong", now.code !== "");
  const last = now.view?.last;
  at("last").hidden = !last;
  if (!last) return;
  at("last").setAttribute("href", `/sales/${last.id}`);
  const old = now.lost ? ` · ${t("till.as_of", { time: now.lost.time })}` : "";
  fillWith(at("last"), [last.id, last.word, last.paid_minor, old], () => [icon(last.word), h("span", {}, `${t("till.last_sale")} `, h("b", {}, `${saleNo(last.no)} · ${money(last.amount_minor, last.currency)}`), ` · ${t(`state.${last.word}`)}${old}`)]);
}

function drawSound() {
  const level = sound.loudness();
  at("sound").querySelector("use").setAttribute("href", { on: "#i-speaker", low: "#i-speaker-low", off: "#i-mute" }[level]);
  at("sound").querySelector("span").textContent = t(`till.sound_${level}`);
}

// --- start ----------------------------------------------------------------------------------------------

for (const minor of facts.quick) {
  at("quick").append(h("button", { type: "button", class: "key", "data-minor": String(minor) }, shortMoney(minor)));
}
startFavourites();
at("point").hidden = !entry.exponent;
at("point").textContent = facts.money[facts.currency].point || ".";
at("ready").addEventListener("pointerdown", (event) => event.target.closest("button") && event.preventDefault());
at("ready").addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (!pressed) return;
  const key = pressed.dataset.key;
  if (pressed.dataset.favourite) {
    pressed.blur(); // the next Enter charges
    addFavourite(facts.favourites[Number(pressed.dataset.favourite)]);
  } else if (pressed.dataset.minor) typeAmount(Number(pressed.dataset.minor));
  else if (key in acts) acts[key]();
  else if (key) type(key);
});
at("sound").addEventListener("click", () => {
  sound.turn();
  drawSound();
});
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, sound.wake, { capture: true });
addEventListener("resize", draw);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || !now.lost || link.target || event.defaultPrevented) return; // beside this page, or not at all
  event.preventDefault();
  leave(() => location.assign(link.href));
}, { capture: true });
listen({
  act(key) {
    if (!(key in acts)) return false; // then it is the browser's own
    if (now.lost) {
      if (key === "F5") leave(() => location.reload());
      return true;
    }
    if ((key === "F5" && !sale()) || (key === "F3" && !hasFavourites())) return false;
    acts[key]();
    return true;
  },
  text: (key) => /[0-9.]/.test(key) && type(key),
  scanned: (code) => (now.lost ? sound.play("refused") : run("scan", () => sendScan(code))),
  before: () => entry.snapshot(),
  undo(snapshot) {
    entry.restore(snapshot);
    draw();
  },
});
follow(facts.counter, {
  after: facts.event,
  heard,
  connected(yes, wordMs) {
    if (yes && now.lost) regain();
    else if (!yes && !now.lost && now.view) lose(wordMs);
    now.connected = yes;
    if (yes) readWaiting();
    draw();
  },
});
setInterval(draw, 500);
setInterval(() => now.connected && readWaiting(), LOOK_MS); // should a message be lost
drawSound();
draw();
