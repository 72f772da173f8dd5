// "Who are you?": one dialog for every act that asks for a person. The PIN lives only until it was sent.

import { Problem, post } from "./api.js";
import { at, h } from "./dom.js";
import { facts, t, trouble } from "./words.js";

const ASKS = new Set(["not_signed_in", "pin_again", "code_again", "not_allowed"]);

/** What happened and what to do; Chinese sentences need no space between them. */
const both = (happened, fix) => (facts.language === "zh-CN" ? happened + fix : `${happened} ${fix}`);

/** A refusal as {text, code}. */
export function refusal(problem) {
  if (problem.slug === "offline") return { text: t("till.connection_lost"), code: "" };
  const told = problem.told;
  if (told?.detail) return { text: both(told.detail, told.fix), code: told.code };
  const known = trouble(problem.slug);
  return { text: both(known.sentence, known.fix), code: known.code };
}

export function sentence(problem) {
  const { text, code } = refusal(problem);
  return code ? `${text} (${code})` : text;
}

/** Shows the dialog; resolves to {person, pin, code}, or null when it was closed. ``before``: what was typed already. */
function askFor(title, roles, refused, { second = false, before } = {}) {
  const dialog = at("pin-dialog");
  at("pin-title").textContent = title;
  const people = facts.people.filter((each) => roles.includes(each.role) || each.id === facts.me);
  at("pin-person").replaceChildren(...people.map((each) => h("option", { value: each.id, selected: each.id === (before?.person ?? facts.me) }, `${each.label} · ${t(`people.role_${each.role}`)}`)));
  at("pin-code").value = before?.pin ?? "";
  at("pin-second").value = "";
  at("pin-second-step").hidden = !second;
  at("pin-refused").hidden = !refused;
  at("pin-refused").textContent = refused ?? "";
  dialog.showModal();
  at(before?.pin ? "pin-second" : people.length > 1 ? "pin-person" : "pin-code").focus();
  return new Promise((done) => {
    const submit = (event) => {
      event.preventDefault();
      const code = at("pin-second").value.replaceAll(" ", "");
      finish({ person: at("pin-person").value, pin: at("pin-code").value, ...(code && { code }) });
    };
    const closed = () => finish(null);
    function finish(answer) {
      at("pin-form").removeEventListener("submit", submit);
      dialog.removeEventListener("close", closed);
      at("pin-code").value = "";
      at("pin-second").value = "";
      if (dialog.open) dialog.close();
      done(answer);
    }
    at("pin-form").addEventListener("submit", submit);
    dialog.addEventListener("close", closed);
  });
}

/**
 * Run ``act(approver)``; when it needs a person or another one's approval, ask for the PIN and run it again.
 * Resolves to its answer, or null when the person gave up. Whoever signs in here is signed out afterwards.
 */
export async function withPin(act, { owner = false } = {}) {
  let approver;
  let refused;
  let signedIn = false;
  try {
    for (;;) {
      try {
        return await act(approver);
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        if (problem.slug === "refund_needs_approval" || (approver && problem.slug.startsWith("pin_"))) {
          refused = approver ? sentence(problem) : undefined;
          approver = await askFor(t("refund.owner_pin"), ["owner"], refused);
          if (!approver) return null;
          continue;
        }
        if (!ASKS.has(problem.slug) || (problem.slug === "not_allowed" && signedIn && !owner)) throw problem;
        const roles = owner || problem.slug === "not_allowed" ? ["owner"] : ["owner", "cashier"];
        if (!(await signIn(roles, problem.slug === "code_again"))) return null;
        signedIn = true;
      }
    }
  } finally {
    if (signedIn && !facts.me) await post("/sign-out").catch(() => {});
  }
}

async function signIn(roles, second) {
  let refused;
  let before;
  for (;;) {
    const given = await askFor(t("till.pin_again"), roles, refused, { second, before });
    if (!given) return false;
    try {
      await post("/sign-in", given);
      return true;
    } catch (problem) {
      refused = sentence(problem);
      second ||= problem.slug === "code_needed";
      before = problem.slug === "code_needed" ? given : { person: given.person };
    }
  }
}
