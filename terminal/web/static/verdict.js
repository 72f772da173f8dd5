// One big answer on a page: its colour, sign and word always come together.

import { at, h, icon } from "./dom.js";

/** ``tone``: good, bad, care, doubt; ``parts`` stand between what is told and what to do. */
export function showVerdict({ tone, sign, word, sum = "", told = "", todo = "", parts = [] }) {
  const box = at("verdict");
  box.hidden = false;
  box.className = `verdict ${tone}`;
  box.replaceChildren(
    h("p", { class: "word" }, icon(sign), h("span", {}, word)),
    ...(sum ? [h("p", { class: "sum" }, sum)] : []),
    ...(told ? [h("p", { class: "told" }, told)] : []),
    ...parts,
    ...(todo ? [h("p", { class: "todo" }, todo)] : []),
  );
}

export function hideVerdict() {
  at("verdict").hidden = true;
}
