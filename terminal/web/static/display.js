// The customer's screen: amount, code and state as the counter says; after a drop or reload it heals by itself.

import { at, fillWith, fit, h, say } from "./dom.js";
import { follow, isView } from "./live.js";
import { drawRating } from "./rating.js";
import { facts, lineName, money, t } from "./words.js";

const RESULTS = {
  paid: ["paid", "paid", () => `${t("customer.paid")}. ${t("customer.thank_you")}`],
  not_paid: ["not_paid", "not_paid", () => t("customer.not_paid")],
  cancelled: ["not_paid", "not_paid", () => t("customer.cancelled")],
  checking: ["checking", "checking", () => t("customer.checking")],
  unverified: ["checking", "unverified", () => t("customer.unverified")],
  late: ["checking", "checking", () => t("customer.checking")],
};
const SCANS = { // the customer's own code pays
  scan: ["", "customer.show_yours"],
  scanned: ["waiting", "customer.checking"],
  acting: ["waiting", "customer.finish_on_phone"],
};
const BESIDE = 160; // pixels: smaller than this the amount does not stand beside the code
const LINES = 5; // so many stand beside the code
const SWITCH_MS = 3000;
let switched = 0; // since when a scan replaces the code
let view = null;
let connected = false;

function draw() {
  const glass = at("main");
  const screen = connected ? view.screen : { kind: "lost" };
  const word = connected ? view.sale?.word : "";
  const asked = word === "waiting" && view.sale.attempts.at(-1)?.direction === "pull" && view.sale.attempts.at(-1).state !== "paid";
  const scanned = connected && (asked || isSwitching(view.sale));
  const acting = connected && screen.kind !== "result" && (word === "acting" || scanned);
  const [tone, sign, text] = shownAs(screen, acting, scanned);
  const entered = acting ? null : screen.entered;
  glass.dataset.kind = acting ? "result" : entered ? "entered" : screen.kind;
  if (tone) glass.dataset.tone = tone;
  else delete glass.dataset.tone;
  at("icon").setAttribute("href", `#i-${sign}`);
  say(at("word"), text);
  drawNewest(entered);
  const of = acting ? view.sale : screen;
  const amount = entered ? money(entered.total_minor, entered.currency) : of.amount_minor ? money(of.amount_minor, of.currency) : "";
  at("amount").hidden = !amount;
  say(at("amount"), amount);
  drawCode(screen, acting);
  drawLines(screen.kind === "code" && !acting ? screen : { lines: [] });
  drawReceipt(acting ? "" : (screen.receipt ?? ""));
  drawRating(connected && screen.kind === "result" && screen.result === "paid" && !acting);
  if (screen.title) say(at("shop"), screen.title);
  glass.classList.remove("stacked");
  fit(at("amount"));
  if (parseFloat(getComputedStyle(at("amount")).fontSize) < BESIDE) {
    glass.classList.add("stacked"); // a long amount has the whole width, the code goes below it
    fit(at("amount"));
  }
}

/** A scan takes the shown code's place: for a moment the old code's end is nobody's business. */
function isSwitching(sale) {
  if (!sale?.switching) switched = 0;
  else switched ||= performance.now();
  return switched > 0 && performance.now() - switched < SWITCH_MS;
}

function shownAs(screen, acting, scanned) {
  if (screen.kind === "lost") return ["", "ready", t("customer.connecting")];
  if (acting) return ["waiting", "acting", t(scanned ? "customer.checking" : "customer.finish_on_phone")];
  if (screen.kind === "code") return ["", "waiting", restOf(screen) || asksFor()];
  if (screen.kind in SCANS) {
    const [tone, word] = SCANS[screen.kind];
    return [tone, "acting", t(word)];
  }
  if (screen.kind === "result") {
    const [tone, sign, word] = RESULTS[screen.result] ?? RESULTS.checking;
    return [tone, sign, screen.check_code ? `${word()} · ${screen.check_code}` : word()];
  }
  return ["", "ready", t(screen.entered ? "customer.so_far" : "customer.welcome")];
}

/** Who shows whom a code: where nobody takes the customer's own, ours alone. */
function asksFor() {
  return t(view.scans ? "customer.scan_or_show" : "customer.scan_ours");
}

/** The code asks for what is missing of a sale that was paid in part. */
function restOf(screen) {
  if (!view.sale?.paid_minor || !view.sale.remaining_minor) return "";
  return t("customer.still_to_pay", { left: money(screen.amount_minor, screen.currency) });
}

/** While goods are entered: the newest of them, above the sum so far. */
function drawNewest(entered) {
  at("newest").hidden = !entered?.name;
  say(at("newest-name"), entered?.name ?? "");
  say(at("newest-amount"), entered ? money(entered.line_minor, entered.currency) : "");
}

function drawCode(screen, acting) {
  const picture = at("code");
  const shown = screen.kind === "code" && !acting;
  picture.hidden = !shown;
  if (!shown) {
    picture.removeAttribute("src");
    return;
  }
  const address = `/c/${facts.counter}/code.svg?for=${encodeURIComponent(screen.payload)}`;
  if (picture.getAttribute("src") !== address) picture.setAttribute("src", address);
  picture.alt = asksFor();
}

/** What the code asks for, where somebody said so; of a long list the newest, as the receipt has them all. */
function drawLines({ lines, currency, payload }) {
  at("lines").hidden = !lines.length;
  at("main").classList.toggle("with-lines", lines.length > 0);
  const more = lines.length > LINES ? lines.length - LINES + 1 : 0;
  fillWith(at("lines"), [payload, lines.length], () => [
    ...(more ? [h("li", {}, h("span", {}, t("customer.lines_more", { n: more })))] : []),
    ...lines.slice(more).map((each) => h("li", {}, h("bdi", {}, lineName(each, currency)), h("b", {}, money(each.amount_minor, currency)))),
  ]);
}

/** The receipt's own code, beside "paid" alone: what could be paid never stands there with it. */
function drawReceipt(link) {
  const picture = at("receipt-code");
  at("receipt").hidden = !link;
  at("main").classList.toggle("with-receipt", link !== "");
  if (!link) {
    picture.removeAttribute("src");
    return;
  }
  const address = `/c/${facts.counter}/receipt.svg?for=${encodeURIComponent(link)}`;
  if (picture.getAttribute("src") !== address) picture.setAttribute("src", address);
  picture.alt = t("customer.receipt");
}

at("receipt-code").addEventListener("error", () => { at("receipt").hidden = true; });
at("code").addEventListener("error", () => setTimeout(() => {
  at("code").removeAttribute("src");
  draw();
}, 500));
addEventListener("resize", draw);
follow(facts.counter, {
  heard(message) {
    if (!isView(message)) return;
    view = message;
    if (connected) draw();
  },
  connected(yes) {
    connected = yes && view !== null;
    draw();
  },
});
