// An owner keeps a payment the bank proved while it was being taken back: its number, a reason, then the PIN.

import { newKey, post } from "./api.js";
import { at } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { money, saleNo, t } from "./words.js";

const TAKEN_BACK = new Set(["reversing", "reverse_unknown", "manual"]);

/** The attempt an owner may keep: proven, unpaid and still on its way back. */
export function acceptable(sale) {
  return sale.attempts.find((each) => each.captured && TAKEN_BACK.has(each.state));
}

export function acceptTold(sale) {
  return t("override.accept_told", { no: saleNo(sale.no), amount: money(acceptable(sale).amount_minor, sale.currency) });
}

/** Opens the dialog. Resolves to true when the payment was kept. */
export function openOverride(sale) {
  const dialog = at("override");
  const form = at("override-form");
  at("override-of").textContent = acceptTold(sale);
  at("override-number").value = "";
  at("override-refused").hidden = true;
  dialog.showModal();
  at("override-number").focus();

  return new Promise((done) => {
    let kept = false;
    async function submit(event) {
      event.preventDefault();
      const wish = { kind: "accept_paid", bank_reference: at("override-number").value, reason: form.elements.reason.value };
      const key = newKey();
      try {
        if (await withPin(() => post(`/sales/${sale.id}/overrides`, wish, key), { owner: true })) {
          kept = true;
          dialog.close();
        }
      } catch (problem) {
        if (!problem.slug) throw problem;
        at("override-refused").textContent = sentence(problem);
        at("override-refused").hidden = false;
      }
    }
    function closed() {
      form.removeEventListener("submit", submit);
      dialog.removeEventListener("close", closed);
      done(kept);
    }
    form.addEventListener("submit", submit);
    dialog.addEventListener("close", closed);
  });
}
