// An owner decides: keep a payment proven while it was taken back, or let the customer pay again after a long doubt.

import { newKey, post } from "./api.js";
import { at } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { money, nowMs, saleNo, t } from "./words.js";

const DOUBT_MS = 60_000;
const TAKEN_BACK = new Set(["reversing", "reverse_unknown", "manual"]);

/** The attempt an owner may keep: proven, unpaid and still on its way back. */
export function acceptable(sale) {
  return sale.attempts.find((each) => each.captured && TAKEN_BACK.has(each.state));
}

export function acceptTold(sale) {
  return t("override.accept_told", { no: saleNo(sale.no), amount: money(acceptable(sale).amount_minor, sale.currency) });
}

/** A long doubt beside which the customer may pay again; ``free``: no other sale is on at the counter. */
export function mayPayAgain(sale, free) {
  const last = sale.attempts.at(-1);
  return free && sale.parked && sale.word === "checking" && !sale.cancelling && !acceptable(sale) && nowMs() - last.started_ms > DOUBT_MS;
}

/** What the dialog says of each decision: [title, what it is about, explanation, key, whether it needs the bank's number]. */
function saying(sale, kind) {
  const no = saleNo(sale.no);
  const told = () => t("override.claim_told", { no, amount: money(sale.amount_minor, sale.currency) });
  switch (kind) {
    case "accept_paid":
      return [t("override.title"), acceptTold(sale), t("override.explain"), t("override.accept"), true];
    case "claimed":
      return [t("override.claim_title"), told(), t("override.claim_explain"), t("override.claim"), true];
    case "written_off":
      return [t("override.off_title"), told(), t("override.off_explain"), t("override.off"), false];
    default:
      return [t("override.again"), t("override.again_told", { no }), t("override.again_explain"), t("override.again"), false];
  }
}

/** Opens the dialog; ``kind``: accept_paid, new_attempt, claimed or written_off. Resolves to true when it was done. */
export function openOverride(sale, kind) {
  const dialog = at("override");
  const form = at("override-form");
  const [title, about, explain, go, numbered] = saying(sale, kind);
  at("override-title").textContent = title;
  at("override-of").textContent = about;
  at("override-explain").textContent = explain;
  at("override-go").textContent = go;
  at("override-number-of").hidden = !numbered;
  at("override-number").required = numbered;
  at("override-number").value = "";
  at("override-refused").hidden = true;
  dialog.showModal();
  if (numbered) at("override-number").focus();

  return new Promise((done) => {
    let kept = false;
    async function submit(event) {
      event.preventDefault();
      const wish = { kind, bank_reference: at("override-number").value, reason: form.elements.reason.value };
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
