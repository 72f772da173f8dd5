// The lines of a sale that go back, ticked: then their sum is the amount. A sale without lines shows nothing of it.

import { at, h } from "./dom.js";
import { lineName, money, t } from "./words.js";

/** Draws the lines for a dialog that opens; ``changed()`` is called after each tick. */
export function offerLines({ lines, refunds, currency, refund_most_minor: most }, changed) {
  const back = new Set(refunds.filter((each) => each.state !== "failed").flatMap((each) => each.lines));
  const boxes = lines.map((_, place) => h("input", { type: "checkbox", value: String(place + 1), onchange: changed }));
  const rows = lines.map((each, place) => h("li", {}, h("label", { class: "choice" }, boxes[place],
    h("span", {}, `${place + 1}. ${lineName(each, currency)}`), h("b", {}, money(each.amount_minor, currency)))));
  at("refund-lines").hidden = !lines.length;
  at("refund-lines-list").replaceChildren(...rows);

  const ticked = () => boxes.filter((each) => each.checked).map((each) => Number(each.value));
  const sum = () => ticked().reduce((all, n) => all + lines[n - 1].amount_minor, 0);
  function gone(n) {
    const box = boxes[n - 1];
    if (!box || box.disabled) return;
    box.checked = false;
    box.disabled = true;
    box.nextElementSibling.append(" ", h("small", { class: "soft" }, `(${t("refund.line_back")})`));
  }
  /** Why these lines cannot go back, and what to do; empty when they can. */
  function refused() {
    if (!ticked().length || (sum() > 0 && sum() <= most)) return "";
    return t(sum() > 0 ? "refund.lines_too_much" : "refund.lines_nothing", { left: money(most, currency) });
  }
  back.forEach(gone);
  return { ticked, sum, gone, refused };
}
