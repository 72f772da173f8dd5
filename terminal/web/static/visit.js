// The list of a visit: where it stands, what is next.

import { get, post } from "./api.js";
import { at, h } from "./dom.js";
import { sentence, withPin } from "./pin.js";
import { t } from "./words.js";
import { recordParts, stateWord } from "./visit_words.js";

async function begin() {
  try {
    const visit = await withPin(() => post("/visit"));
    if (visit) location.assign(`/setup/visit/${visit.next || "sheet"}`);
  } catch (problem) {
    tell(problem);
  }
}

function tell(problem) {
  if (!problem.slug) throw problem;
  at("told").textContent = sentence(problem);
  at("told").hidden = false;
}

function draw(visit) {
  const going = visit.state === "open";
  const key = going
    ? h("a", { class: "button big", href: `/setup/visit/${visit.next || "acceptance"}` }, t("wizard.go_on", { step: t(`wizard.${visit.next || "acceptance"}`) }))
    : h("button", { type: "button", class: "button big", onclick: begin }, t(visit.state === "none" ? "wizard.begin" : "wizard.again"));
  at("next").replaceChildren(key);
  for (const link of document.querySelectorAll("[data-step]")) {
    const step = visit.steps.find((each) => each.step === link.dataset.step);
    const result = step?.result ?? "open";
    const words = [t(`wizard.${result}`)];
    if (step?.needed && result !== "passed") words.push(t("wizard.needed"));
    if (step?.seconds) words.push(t("wizard.seconds", { n: step.seconds }));
    const place = link.querySelector(".state");
    place.replaceWith(stateWord(result, words.join(" · ")));
    link.classList.toggle("next", going && visit.next === link.dataset.step);
  }
  at("total").textContent = visit.state === "none" ? t("wizard.none") : t("wizard.total", { n: Math.ceil(visit.seconds / 60) });
  at("record").hidden = visit.state !== "accepted";
  if (visit.state === "accepted") at("record").replaceChildren(...recordParts(visit));
}

get("/visit").then(draw).catch(tell);
