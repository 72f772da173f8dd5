// One big answer on a page: its colour, sign and word always come together.

import { at, h, icon } from "./dom.js";

/** ``tone``: good, bad, care, doubt; what to do stands right below the word, on the smallest screen too. */
export function showVerdict({ tone, sign, word, sum = "", told = "", todo = "", parts = [] }) {
  const box = at("verdict");
  box.hidden = false;
  box.className = `verdict ${tone}`;
  box.replaceChildren(
    h("div", { class: "head" }, h("p", { class: "word" }, icon(sign), h("span", {}, word)), ...(sum ? [h("p", { class: "sum" }, sum)] : [])),
    ...(todo ? [h("p", { class: "todo" }, todo)] : []),
    ...(told ? [h("p", { class: "told" }, told)] : []),
    ...parts,
  );
  box.scrollIntoView({ block: "nearest" });
}
