// Elements made and filled by hand: no text ever becomes markup.

const SVG = "http://www.w3.org/2000/svg";

export const at = (id) => document.getElementById(id);

/** at("x") made from parts: h("button", {class: "key", onclick: f}, "7"). Children are text or elements. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== ""));
  return element;
}

export function icon(name, kind = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  if (kind) svg.setAttribute("class", kind);
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Set only what changed: a screen reader is not told the same thing twice. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The page's line that tells how something went; nothing to tell hides it. */
export function tell(text, id = "told") {
  at(id).textContent = text;
  at(id).hidden = !text;
}

/** Replace children when their meaning changed; focus stays while it did not. */
export function fillWith(element, meaning, make) {
  const key = JSON.stringify(meaning);
  if (element.dataset.meaning === key) return;
  element.dataset.meaning = key;
  element.replaceChildren(...make());
}

/** Shrink a line of text until it fits its box, never below ``least`` pixels. */
export function fit(element, least = 24) {
  element.style.removeProperty("font-size");
  const room = element.clientWidth;
  const text = document.createRange();
  text.selectNodeContents(element);
  const wide = text.getBoundingClientRect().width; // also of centred text, which overflows to both sides
  if (!room || wide <= room) return;
  const size = parseFloat(getComputedStyle(element).fontSize);
  element.style.setProperty("font-size", `${Math.max(least, Math.floor((size * room) / wide))}px`);
}

for (const dialog of document.querySelectorAll("dialog")) {
  for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
}
