// A till with nobody signed in: no menu, no second window, no way back, nothing dropped in, no printing of the page.
// What the browser keeps for itself (Ctrl+W, the address bar) is taken away by its own flags: docs/security.md.

const HERE = location.href;
const CTRL = new Set(["p", "s", "o", "u", "n", "t", "w", "f", "g", "h", "j", "d", "l", "k", "e", "r", "i"]);
const ALONE = new Set(["F3", "F11", "F12", "BrowserBack", "BrowserForward", "BrowserHome", "BrowserSearch", "ContextMenu"]);

function stop(event) {
  event.preventDefault();
}

for (const kind of ["contextmenu", "dragstart", "dragover", "drop", "auxclick"]) addEventListener(kind, stop, { capture: true });

addEventListener(
  "keydown",
  (event) => {
    const inField = event.target instanceof HTMLInputElement;
    const moves = event.altKey && ["ArrowLeft", "ArrowRight", "Home", "d", "e", "f"].includes(event.key);
    const commands = (event.ctrlKey || event.metaKey) && CTRL.has(event.key.toLowerCase());
    if (moves || commands || ALONE.has(event.key) || (event.key === "Backspace" && !inField)) stop(event);
  },
  { capture: true },
);

// a link opens here or not at all: in this window, at this service
addEventListener(
  "click",
  (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link) return;
    const away = new URL(link.href).origin !== location.origin;
    if (away || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) stop(event);
    link.removeAttribute("target");
  },
  { capture: true },
);

history.pushState(null, "", HERE);
addEventListener("popstate", () => history.pushState(null, "", HERE));
