// A lesson above the real till: what to do now, what the customer says, and whether the goods were handed over.

import { get, post } from "./api.js";
import { fillWith, h } from "./dom.js";
import { sentence } from "./pin.js";
import { facts } from "./words.js";

const LOOK_MS = 700;
const path = `/counters/${facts.counter}/lesson`;
const strip = h("section", { class: "lesson-strip", hidden: true, "aria-live": "polite" });
const note = h("p", { class: "refused", role: "alert" });
const sheet = h("dialog", { class: "lesson-sheet" });
let said = "";

document.getElementById("main").before(strip);
document.body.append(sheet);

async function act(name) {
  note.textContent = "";
  try {
    show(await post(`${path}/acts`, { act: name }));
    if (name === "leave") location.assign(`/train?counter=${facts.counter}`);
  } catch (problem) {
    note.textContent = sentence(problem);
  }
}

function show(told) {
  strip.hidden = !told.run;
  document.body.classList.toggle("has-lesson", Boolean(told.run));
  if (!told.run) return;
  strip.dataset.outcome = told.outcome;
  const { seconds_left: _, ...meaning } = told; // a strip that is made anew each second would lose the focus
  fillWith(strip, meaning, () => (told.outcome ? ended(told) : going(told)));
  if (told.track === "calm") calm(told);
}

function going(told) {
  return [
    h("div", { class: "lesson-told" },
      h("p", { class: "lesson-now" }, h("b", {}, `${told.step}/${told.steps} `), told.now),
      told.says ? h("p", { class: "lesson-says" }, `${told.says_who}: ${told.says}`) : "",
      told.code ? h("p", { class: "lesson-code" }, `${told.code_told}: `, h("b", { class: "mono" }, told.code)) : "",
      told.warning ? h("p", { class: "lesson-red" }, told.warning) : "",
      note),
    h("div", { class: "lesson-acts" },
      ...told.buttons.map((each) => h("button", { type: "button", class: "button quiet", "data-act": each.act, onclick: () => act(each.act) }, each.label)),
      h("button", { type: "button", class: "button quiet small", "aria-label": told.leave, title: told.leave, onclick: () => act("leave") }, "✕")),
  ];
}

function ended(told) {
  const next = told.exam ? `/train/exam?counter=${facts.counter}&exam=${told.exam}` : `/train?counter=${facts.counter}&track=${told.track}`;
  return [
    h("div", { class: "lesson-told" }, h("p", { class: "lesson-now" }, h("b", {}, `${told.word} `), told.told)),
    h("div", { class: "lesson-acts" }, h("a", { class: "button quiet", href: next }, told.go_on)),
  ];
}

/** The calm track: each step once on a screen of its own, read aloud where the browser can. */
function calm(told) {
  const text = told.outcome ? `${told.word}. ${told.told}` : told.large;
  const key = `${told.run}/${told.outcome || told.step}`;
  if (said === key) return;
  said = key;
  sheet.replaceChildren(
    h("p", { class: "lesson-large" }, text),
    told.says && !told.outcome ? h("p", { class: "lesson-large soft" }, `${told.says_who}: ${told.says}`) : "",
    h("form", { method: "dialog" }, h("button", { class: "button", autofocus: true }, "OK")));
  if (!sheet.open) sheet.showModal();
  if ("speechSynthesis" in window) {
    const voice = new SpeechSynthesisUtterance(text);
    voice.lang = facts.language;
    speechSynthesis.cancel();
    speechSynthesis.speak(voice);
  }
}

async function look() {
  try {
    show(await get(path));
  } catch {
    // no line for a moment: the till itself says so
  }
  setTimeout(look, LOOK_MS);
}

look();
