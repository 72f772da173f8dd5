// The shop's favourites: keys that add a line and its amount. Whoever types an amount never meets them.

import { at, fillWith, h } from "./dom.js";
import { facts, money, shortMoney } from "./words.js";

export const hasFavourites = () => facts.favourites.length > 0;

/** Their keys, once: nothing of them where the shop has none. */
export function startFavourites() {
  at("favourites").hidden = !hasFavourites();
  const keys = facts.favourites.map(([name, minor], place) => h("button", { type: "button", class: "key", "data-favourite": String(place) },
    h("span", {}, name), h("small", {}, shortMoney(minor))));
  at("favourites").replaceChildren(...keys);
}

/** The first of them, then one after the other: Enter takes it. */
export function nextFavourite() {
  const keys = [...at("favourites").children];
  keys[(keys.indexOf(document.activeElement) + 1) % keys.length]?.focus();
}

/** What the amount is made of, the newest in sight; while there is something, it stands where the quick amounts are. */
export function drawLines(lines) {
  const list = at("lines");
  list.hidden = !lines.length;
  at("ready").classList.toggle("with-lines", lines.length > 0);
  const before = list.dataset.meaning;
  fillWith(list, lines, () => lines.map((each) => h("li", {},
    h("span", {}, each.count > 1 ? `${each.count} × ${each.name}` : each.name), h("b", {}, money(each.count * each.unit_minor)))));
  if (list.dataset.meaning !== before) list.scrollTop = list.scrollHeight; // else whoever scrolled back reads on
}
