// The shop's favourites: keys that add a line and its amount. Whoever types an amount never meets them.

import { post } from "./api.js";
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

let customerSees = "{}";
let customerWish = {};
let telling = false;

/** The newest line and the sum so far on the customer's display. One is on its way at a time, then the newest: no queue. */
export async function showCustomer(lines, minor) {
  const newest = lines.at(-1);
  const wish = newest ? { name: newest.name, line_minor: newest.count * newest.unit_minor, total_minor: minor } : {};
  customerWish = wish;
  if (telling || JSON.stringify(wish) === customerSees) return;
  telling = true;
  try {
    while (JSON.stringify(customerWish) !== customerSees) {
      const told = customerWish;
      await post(`/counters/${facts.counter}/entered`, told);
      customerSees = JSON.stringify(told);
    }
  } catch {
    customerSees = JSON.stringify(customerWish); // no till's trouble: the next line tells again, not every drawing
  } finally {
    telling = false;
  }
}
