// Barcodes of the printed command sheet. The counter's own scanner is heard by the service, and an amount it collects is
// shown here as if it had been typed; a scanner that types into this page presses this page's keys.

import { post } from "./api.js";
import { facts } from "./words.js";

const PREFIX = "CT:KEY-";
const KEYS = { PAY: "Enter", STOP: "Escape", BACK: "Backspace", PARK: "F9", REPRINT: "F6", REFUND: "F7" };

let last = ""; // the digits before, for "same digit again"
let takenOver = 0; // clearings of the collected amount that came from this page
let stillThere = 0; // the count of the one whose clearing nobody answered
let newest = null; // what the counter told last

export const isCommand = (code) => code.startsWith(PREFIX);

/** What the barcode stands for is asked of the service: another shop's sheet is refused with a sentence. */
export async function pressCommand(code, tools) {
  const { name } = await post(`/counters/${facts.counter}/command`, { code });
  const digits = name === "SAME" ? last : name;
  last = "";
  if (/^[0-9]+$/.test(digits)) {
    tools.type(digits);
    last = digits;
  } else if (/^A[0-9]+$/.test(name)) tools.typeAmount(Number(name.slice(1)));
  else if (name === "OTHER") tools.next();
  else if (name === "CLEAR") tools.free() && tools.press("Escape");
  else if (name in KEYS) tools.press(KEYS[name]);
}

/** ``show(minor)``: what the counter's scanner has collected so far, each scan once. */
export function noteKeyed(before, after, show) {
  newest = after;
  clearAgain();
  if (!after.keyed || (before ? after.keyed.count === before.keyed?.count : !after.keyed.amount_minor)) return;
  if (!after.keyed.amount_minor && takenOver) takenOver -= 1;
  else show(after.keyed.amount_minor);
}

/** Who types here goes on with what was collected: from now on it is this page's amount alone. */
export function takeOver(view) {
  if (!view?.keyed?.amount_minor) return;
  view.keyed.amount_minor = stillThere = 0;
  takenOver += 1;
  const { count } = view.keyed; // what was scanned since stays, and is shown as the newest
  post(`/counters/${facts.counter}/keyed/clear`, { count }).then(
    ({ done }) => {
      if (!done) takenOver = Math.max(0, takenOver - 1);
    },
    () => {
      takenOver = Math.max(0, takenOver - 1); // it may have been done, and only the answer lost
      stillThere = count;
      clearAgain();
    },
  );
}

/** What nobody cleared the counter's own scanner would charge: once more, with the next news of it. */
function clearAgain() {
  if (stillThere && newest?.keyed?.count === stillThere) takeOver(newest);
}
