// What lists of things with buttons have in common: a line that tells, buttons that ask, an act that is followed by a look.

import { at, h, tell } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { facts, t } from "./words.js";

/** An owner's act, then another look; a refusal becomes a sentence, and what moved meanwhile is looked at again. */
export function acting(look) {
  return async function run(act, done) {
    try {
      const answer = await withPin(act, { owner: true });
      if (answer && done) tell(done);
      if (answer) await look();
      return answer;
    } catch (problem) {
      if (!problem.slug) throw problem;
      tell(sentence(problem));
      if (problem.slug === "version_moved") await look();
      return null;
    }
  };
}

export function button(label, onclick, kind = "quiet") {
  return h("button", { type: "button", class: `button ${kind}`, onclick }, label);
}

/** Taking something away asks once, on the button itself. */
export function taking(label, act) {
  const made = button(label, () => {
    if (made.dataset.sure) act();
    made.dataset.sure = "yes";
    made.textContent = t("access.sure");
    made.classList.replace("quiet", "danger");
  });
  return made;
}

/** A secret that is shown once, whatever made it; true when there is one. */
export function shown(id, secret) {
  if (!secret) return false;
  at(id).textContent = secret;
  at("made").hidden = false;
  return true;
}

export function row(name, told, ...acts) {
  const lines = [told].flat().filter(Boolean).map((line) => h("small", {}, line));
  return h("li", {}, h("span", { class: "name" }, name, ...lines), ...acts);
}

const said = (ms, style) => new Date(ms).toLocaleString(facts.language, { timeZone: facts.zone, ...style });

export const day = (ms) => said(ms, { dateStyle: "medium" });

export const when = (ms) => said(ms, { dateStyle: "medium", timeStyle: "short" });
