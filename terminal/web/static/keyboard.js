// One listener for all keys. A scanner that types like a keyboard is told apart by its speed, so that a scanned
// code never becomes an amount; its fragments are joined.

const SCANNER_GAP_MS = 35; // no person types eight keys with less between each
const SCANNER_KEYS = 8;
const JOIN_MS = 100; // fragments of one scan arrive within this

/** ``keys`` maps names to acts; ``text`` gets characters; ``before`` makes a snapshot, ``undo`` returns to it. */
export function listen({ act, text, scanned, before, undo }) {
  let burst = [];
  let saved = null;
  let last = 0;
  let scanning = false;
  let timer;

  function finish() {
    clearTimeout(timer);
    const code = burst.join("");
    burst = [];
    scanning = false;
    scanned(code);
  }

  function character(event) {
    if (event.timeStamp - last > (scanning ? JOIN_MS : SCANNER_GAP_MS)) {
      burst = [];
      saved = before();
    }
    last = event.timeStamp;
    burst.push(event.key);
    if (!scanning && burst.length >= SCANNER_KEYS) {
      scanning = true;
      undo(saved);
    }
    if (!scanning) {
      text(event.key === "," ? "." : event.key);
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(finish, JOIN_MS);
  }

  document.addEventListener("keydown", (event) => {
    const functionKey = /^F\d+$/.test(event.key);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) {
      if (functionKey) event.preventDefault();
      return;
    }
    const inField = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (inField) return;
    if (event.key === "Enter" && scanning) {
      event.preventDefault();
      finish();
      return;
    }
    if (event.key === "Enter" && event.repeat) {
      event.preventDefault(); // held a little long: pressed once
      return;
    }
    const onControl = event.target.closest?.("a, button");
    if (onControl && (event.key === "Enter" || event.key === " ")) return; // the focused control's own
    if (event.key.length === 1 && event.key !== " ") {
      if (event.repeat) return;
      event.preventDefault();
      if (/[0-9.,]/.test(event.key)) document.activeElement?.blur?.();
      character(event);
      return;
    }
    if (act(event.key)) event.preventDefault();
    else if (functionKey && ["F1", "F2", "F4", "F6", "F7", "F8", "F9", "F10"].includes(event.key)) event.preventDefault();
  });
}
