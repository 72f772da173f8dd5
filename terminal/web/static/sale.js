// One sale's page: its lines grow while the sale goes on; what may be done stands on top.

import { newKey, post } from "./api.js";
import { at, fillWith, h, tell } from "./dom.js";
import { follow, isView } from "./live.js";
import { acceptTold, acceptable, mayPayAgain, openOverride } from "./override.js";
import { sentence, withPin } from "./pin.js";
import { openRefund } from "./refund.js";
import { clock, day, facts, has, money, t } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

let view = facts.view;
let reading = false;
let again = false;

async function run(act, done) {
  try {
    if ((await act()) && done) tell(done);
  } catch (problem) {
    if (!problem.slug) throw problem;
    tell(sentence(problem));
  }
}

function act(label, onclick, kind = "quiet") {
  return h("button", { type: "button", class: `button ${kind}`, onclick }, label);
}

function drawActs() {
  const parts = [];
  const path = `/sales/${view.id}`;
  for (const found of view.exceptions.filter((each) => !each.closed)) {
    const end = (how) => {
      const key = newKey();
      run(() => withPin(() => post(`${path}/exceptions/${encodeURIComponent(found.id)}`, { how }, key), { owner: true }), t("exception.resolved"));
    };
    const label = has(`exception.${found.kind}`) ? t(`exception.${found.kind}`) : found.kind;
    if (found.kind === "paid_late") parts.push(act(view.state === "paid" ? t("exception.accept") : t("till.attach", { no: view.no }), () => end("attached"), ""));
    else if (found.kind !== "excess") parts.push(act(`${label}: ${t("till.seen")}`, () => end("seen"), ""));
  }
  if (acceptable(view)) {
    parts.push(h("p", {}, acceptTold(view)));
    parts.push(act(t("override.accept"), async () => (await openOverride(view, "accept_paid")) && tell(t("exception.resolved")), ""));
  }
  if (mayPayAgain(view, true)) parts.push(act(t("override.again"), async () => (await openOverride(view, "new_attempt")) && tell(t("state.waiting"))));
  if (["checking", "person"].includes(view.word)) parts.push(act(t("till.check_again"), () => run(() => post(`${path}/check`))));
  if (["waiting", "acting", "checking"].includes(view.word) && !view.cancelling) parts.push(act(t("key.cancel"), () => run(() => post(`${path}/cancel`))));
  if (view.paid_minor > 0) parts.push(act(t("till.reprint"), () => run(() => post(`${path}/reprint`), t("till.reprint_asked"))));
  if (facts.sums && view.attempts.some((each) => each.captured)) parts.push(act(t("sale.merchant_slip"), () => run(() => post(`${path}/merchant-slip`), t("sale.merchant_printed"))));
  for (const waiting of view.refunds.filter((each) => each.state === "queued")) {
    const amount = money(waiting.amount_minor, view.currency);
    const key = newKey();
    const cancel = () => run(() => withPin(() => post(`${path}/refunds/${waiting.id}/cancel`, {}, key)), t("refund.cancelled"));
    parts.push(h("p", {}, t("refund.queued_one", { amount, when: `${day(waiting.due_ms)} ${clock(waiting.due_ms)}` })));
    parts.push(act(t("refund.cancel_queued", { amount }), cancel));
  }
  if (view.refundable_minor > 0) parts.push(act(t("till.refund"), async () => {
    const asked = await openRefund(view);
    if (asked) tell(`${t("till.refund_asked")}. ${asked.sentence}`);
  }, "danger"));
  return parts;
}

function draw() {
  at("check").hidden = !view.check_code;
  at("check-code").textContent = view.check_code;
  at("left").textContent = money(view.refundable_minor, view.currency);
  at("head").className = `sale-head word-${view.word}`;
  at("head-icon").setAttribute("href", `#i-${view.word}`);
  at("head-word").textContent = t(`state.${view.word}`);
  fillWith(at("acts"), [view.word, view.state, view.cancelling, view.paid_minor, view.refundable_minor, view.refunds, view.exceptions, view.attempts], drawActs);
}

function line(each) {
  const time = (ms) => (ms / 1000).toFixed(3);
  const details = each.details.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", { class: /^[!-~]+$/.test(value) ? "mono" : "" }, value)));
  return h("li", { class: `tone-${each.tone}` },
    h("span", { class: "when" }, h("time", {}, each.clock), h("span", { class: "after" }, `${time(each.after_ms)} s`), h("span", { class: "delta" }, `+${time(each.delta_ms)}`)),
    h("span", { class: "what" }, h("b", {}, each.text), " ", h("small", { class: "who" }, `${each.who} · #${each.number}`), details.length ? h("dl", {}, ...details) : ""));
}

function bar(each) {
  const svg = document.createElementNS(SVG, "svg");
  const rect = document.createElementNS(SVG, "rect");
  for (const [name, value] of [["viewBox", "0 0 1000 10"], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) svg.setAttribute(name, value);
  for (const [name, value] of [["x", each.left], ["y", 0], ["width", each.width], ["height", 10]]) rect.setAttribute(name, value);
  svg.append(rect);
  return h("li", { class: `stage-${each.name}` }, h("span", { class: "stage-name" }, each.label), svg, h("span", { class: "stage-took" }, `${(each.took_ms / 1000).toFixed(3)} s`));
}

function call(each) {
  return h("li", {}, h("span", { class: "when" }, `${(each.from_ms / 1000).toFixed(3)} s`), h("span", {}, `${each.channel} · ${each.text}`), h("span", { class: "stage-took" }, `${each.took_ms} ms`));
}

function drawStory(told) {
  at("green").textContent = told.green_ms === null ? "" : t("story.green", { s: (told.green_ms / 1000).toFixed(3) });
  fillWith(at("stages"), told.bars, () => [h("ol", { class: "stages" }, ...told.bars.map(bar))]);
  fillWith(at("calls"), told.calls, () => [h("ol", { class: "calls" }, ...told.calls.map(call))]);
  at("calls-of").hidden = !told.calls.length;
}

/** What is passed on names no money unless it is asked to. */
function shareAs() {
  const amounts = at("share-amounts").checked ? "yes" : "no";
  const path = `/api/v1/sales/${view.id}/story?amounts=${amounts}`;
  at("share-html").href = `${path}&format=html`;
  at("share-json").href = path;
}

/** A slip as it came out of the printer, and as text; only the text where no picture can be made. */
function paper({ text, picture }) {
  const details = h("details", {}, h("summary", {}, t("timeline.as_text")), h("pre", { class: "paper" }, text));
  const image = h("img", { src: picture, alt: text, width: "288", onerror: () => onlyText(image) });
  return h("figure", { class: "slip" }, image, details);
}

function onlyText(image) {
  image.hidden = true;
  image.nextElementSibling.open = true;
}

async function read() {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  do {
    again = false;
    try {
      const answer = await fetch(`/sales/${view.id}/lines`, { cache: "no-store" });
      if (!answer.ok) break;
      const told = await answer.json();
      view = told.view;
      at("lines").replaceChildren(...told.lines.map(line));
      fillWith(at("papers"), told.papers, () => told.papers.map(paper));
      at("papers-of").hidden = !told.papers.length;
      drawStory(told);
      draw();
    } catch {
      break; // the socket tells when the line is back
    }
  } while (again);
  reading = false;
}

at("share-amounts").addEventListener("change", shareAs);
for (const image of document.querySelectorAll("#papers img")) {
  if (image.complete && !image.naturalWidth) onlyText(image);
  image.addEventListener("error", () => onlyText(image));
}
follow(facts.counter, {
  after: facts.event,
  heard(message) {
    if (!isView(message) && message.subject === view.id) read();
  },
  connected(yes) {
    at("lost").hidden = yes;
    if (yes) read();
  },
});
draw();
