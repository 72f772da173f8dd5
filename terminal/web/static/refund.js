// Giving money back: how much, why, then whose PIN. What is left, and how it goes back, is always in sight.

import { get, newKey, post } from "./api.js";
import { at } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { offerLines } from "./refund_lines.js";
import { minorOf, money, plain, saleNo, t } from "./words.js";

const TYPED_MS = 200; // after the last key of an amount, before the till asks how it would go back

/** Opens the dialog for one sale; ``minor`` and ``reason`` are proposals. Resolves to the answer when it was asked. */
export function openRefund(sale, { minor, reason } = {}) {
  const dialog = at("refund");
  const form = at("refund-form");
  const key = { value: newKey(), of: "" };
  form.reset();
  at("refund-of").textContent = `${t("till.sale_no", { no: saleNo(sale.no) })} · ${money(sale.amount_minor, sale.currency)}`;
  at("refund-left").textContent = t("refund.left", { amount: money(sale.refundable_minor, sale.currency) });
  const field = at("refund-amount");
  field.value = plain(minor ?? sale.refund_most_minor, sale.currency);
  field.readOnly = false;
  at("refund-refused").hidden = true;
  if (reason) for (const radio of form.elements.reason) radio.checked = radio.dataset.reason === reason;
  const lines = offerLines(minor === undefined ? sale : { ...sale, lines: [] }, ticked);
  let before = field.value; // what stood there before a line was ticked
  const typed = () => minorOf(field.value, sale.currency);
  const name = () => {
    const now = typed();
    at("refund-go").textContent = t("refund.confirm", { amount: now === null ? "…" : money(now, sale.currency) });
    at("refund-go").disabled = !now || lines.refused() !== "";
  };
  let timer;
  let asking = 0;
  /** Void or refund, cost and time: one sentence from the till, for the amount that stands there. */
  async function tellWay(wait) {
    clearTimeout(timer);
    const mine = ++asking;
    const amount = typed();
    at("refund-way").textContent = lines.refused() || "…";
    if (!amount || lines.refused()) return;
    if (wait) await new Promise((done) => { timer = setTimeout(done, wait); });
    const offer = await get(`/sales/${sale.id}/refund-offer?amount_minor=${amount}`).catch(() => null);
    if (mine === asking) at("refund-way").textContent = offer?.sentence ?? "";
  }
  function changed() {
    name();
    tellWay(TYPED_MS);
  }
  /** The amount follows the ticked lines; without one, what was typed stands there again. */
  function ticked() {
    const any = lines.ticked().length > 0;
    if (any && !field.readOnly) {
      before = field.value;
      for (const radio of form.elements.reason) radio.checked = radio.dataset.reason === "returned";
    }
    field.value = any ? plain(Math.max(lines.sum(), 0), sale.currency) : before;
    field.readOnly = any;
    changed();
  }
  name();
  tellWay(0);
  dialog.showModal();
  field.select();

  return new Promise((done) => {
    let asked = null;
    async function submit(event) {
      event.preventDefault();
      const amount = typed();
      if (!amount) return;
      const wish = { amount_minor: amount, reason: form.elements.reason.value };
      if (lines.ticked().length) wish.lines = lines.ticked();
      if (key.of !== JSON.stringify(wish)) [key.value, key.of] = [newKey(), JSON.stringify(wish)];
      at("refund-go").disabled = true;
      try {
        const answer = await withPin((approver) => post(`/sales/${sale.id}/refunds`, approver ? { ...wish, approver } : wish, key.value));
        if (answer) {
          asked = answer;
          dialog.close();
        }
      } catch (problem) {
        if (problem.slug === "refund_line_gone") {
          lines.gone(problem.told?.facts?.n);
          before = ""; // one more press gives back no other amount
          ticked();
        }
        at("refund-refused").textContent = sentence(problem);
        at("refund-refused").hidden = false;
      }
      name();
    }
    function closed() {
      form.removeEventListener("submit", submit);
      field.removeEventListener("input", changed);
      clearTimeout(timer);
      asking += 1;
      dialog.removeEventListener("close", closed);
      done(asked);
    }
    form.addEventListener("submit", submit);
    field.addEventListener("input", changed);
    dialog.addEventListener("close", closed);
  });
}
