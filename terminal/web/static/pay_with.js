// "Pay with …": the cashier moves the sale to another channel. The old code is closed with proof before another is shown.

import { post } from "./api.js";
import { at, h } from "./dom.js";
import * as sound from "./sound.js";
import { facts, t, trouble } from "./words.js";

const OVER = new Set(["declined", "closed", "reversed", "not_sent"]);

let moving = ""; // the sale whose old code is being closed from this page
let elsewhere = ""; // or from another one, or by another program
let stuck = { sale: "", code: "" }; // the sale whose old code could not be proven closed, and the refusal's printed code
let offered = ""; // the sale the open dialog is about

export const isMoving = (sale) => Boolean(sale) && [moving, elsewhere].includes(sale.id);

/** What to ask and to press when nothing is proven; empty for every other sale. It stays as long as the doubt does. */
export const stuckWords = (sale) => (sale.id === stuck.sale ? `${t("till.move_stuck")} (${stuck.code})` : "");

/** A channel as people know it; with its own name where two are called the same. */
function titleOf(channel) {
  const title = facts.wallets[channel] ?? channel;
  const twins = facts.channels.filter((each) => (facts.wallets[each] ?? each) === title);
  return twins.length > 1 ? `${title} (${channel})` : title;
}

/** The counter's other channels: {channel, title, why}; ``why`` one cannot be taken now, empty where it can. */
function otherWays(view) {
  const present = view.sale.attempts.at(-1).provider;
  const why = (channel) => {
    if (view.moves.includes(channel)) return "";
    return view.bank[channel] ? trouble(view.bank[channel]).sentence : t("till.move_not_now");
  };
  return facts.channels.filter((each) => each !== present).map((channel) => ({ channel, title: titleOf(channel), why: why(channel) }));
}

/** For whoever cannot choose in a dialog: the service names the next channel first. */
export const nextWay = ({ moves: [channel] }) => ({ channel, title: titleOf(channel) });

/** Offers the other channels by number; ``choose(way)`` is called with the one that was taken. */
export function payWith(view, choose) {
  const dialog = at("pay-with");
  at("pay-with-explain").hidden = OVER.has(view.sale.attempts.at(-1).state);
  const take = (way) => {
    dialog.close();
    choose(way);
  };
  const buttons = otherWays(view).map((way, index) => h("button", { type: "button", class: "button", disabled: way.why !== "", onclick: () => take(way) },
    h("kbd", {}, String(index + 1)), h("span", {}, way.title), way.why && h("small", {}, way.why)));
  const free = buttons.filter((each) => !each.disabled);
  function press(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) free.at((free.indexOf(document.activeElement) + step) % free.length)?.focus();
    else if (/^[1-9]$/.test(event.key)) buttons[Number(event.key) - 1]?.click();
    else return;
    event.preventDefault();
  }
  offered = view.sale.id;
  at("pay-with-ways").replaceChildren(...buttons);
  dialog.addEventListener("keydown", press);
  dialog.addEventListener("close", () => dialog.removeEventListener("keydown", press), { once: true });
  dialog.showModal();
  free[0]?.focus();
}

/** With every news: what was offered is taken off the screen once it is no longer true. */
export function seen(view) {
  elsewhere = view?.moving ? (view.sale?.id ?? "") : "";
  const still = view?.sale?.id === offered && view.moves.length > 0;
  if (!still && at("pay-with").open) at("pay-with").close();
}

/** Resolves to what came of it, in words for a moment; what lasts is on the panel by itself. Throws other refusals. */
export async function moveTo(sale, { channel, title }) {
  [moving, stuck] = [sale.id, { sale: "", code: "" }];
  try {
    const after = await post(`/sales/${sale.id}/code`, { channel });
    if (after.attempts.at(-1).provider === channel) return t("till.move_done", { wallet: title });
    return after.state === "part_paid" ? t("till.move_paid") : ""; // a sale that ended fills the screen by itself
  } catch (problem) {
    if (problem.slug !== "move_unproven") throw problem;
    stuck = { sale: sale.id, code: problem.told.code };
    sound.play("refused");
    return "";
  } finally {
    moving = "";
  }
}
