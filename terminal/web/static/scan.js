// The customer's code typed by a scanner that is a keyboard, pasted, or typed by hand.

import { at } from "./dom.js";
import { sentence } from "./pin.js";
import { t } from "./words.js";

const JOIN_MS = 100; // fragments of one scan arrive within this
const SHORTEST = 10;

/** Opens the dialog; ``send(code)`` posts it. A scanner needs no Enter: its speed gives it away. ``deaf``: none works. */
export function startScan(send, deaf) {
  const dialog = at("scan");
  const field = at("scan-code");
  let timer;
  let slow = false;
  let last = 0;
  field.value = "";
  at("scan-title").textContent = t(deaf ? "key.f2_type" : "till.scan_now");
  at("scan-hint").textContent = t(deaf ? "till.type_hint" : "till.scan_hint");
  at("scan-refused").hidden = true;
  dialog.showModal();
  field.focus();

  async function submit(event) {
    event?.preventDefault();
    clearTimeout(timer);
    const code = field.value.trim();
    if (!code) return;
    field.value = "";
    try {
      await send(code);
      dialog.close();
    } catch (problem) {
      at("scan-refused").textContent = sentence(problem);
      at("scan-refused").hidden = false;
      field.focus();
    }
  }
  function input(event) {
    clearTimeout(timer);
    if (field.value.length <= 1) slow = false;
    else if (event.timeStamp - last > JOIN_MS) slow = true;
    last = event.timeStamp;
    if (event.inputType === "insertFromPaste") submit();
    else if (!slow && field.value.length >= SHORTEST) timer = setTimeout(submit, JOIN_MS);
  }
  function closed() {
    clearTimeout(timer);
    field.value = "";
    at("scan-form").removeEventListener("submit", submit);
    field.removeEventListener("input", input);
    dialog.removeEventListener("close", closed);
  }
  at("scan-form").addEventListener("submit", submit);
  field.addEventListener("input", input);
  dialog.addEventListener("close", closed);
}
