// Signing in, pairing this browser, first set-up: three forms, one way. No PIN stays on the page.

import { post } from "./api.js";
import { at } from "./dom.js";
import { sentence } from "./pin.js";
import { facts } from "./words.js";

function form(name, path, body, after) {
  at(name)?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const refused = at(name).querySelector(".refused");
    const wish = body();
    for (const field of at(name).querySelectorAll('input[type="password"]')) field.value = "";
    refused.hidden = true;
    try {
      location.replace(after(await post(path, wish)));
    } catch (problem) {
      if (problem.slug === "code_needed") {
        at("second").hidden = false;
        at("pin").value = wish.pin; // half a sign-in: the other half is asked for now
        at("code").focus();
      }
      refused.textContent = sentence(problem);
      refused.hidden = false;
      if (problem.slug !== "code_needed") at(name).querySelector('input[type="password"], input').focus();
    }
  });
}

const ours = (me) => (me.counters.length ? `/c/${me.counters[0]}/${me.role === "display" ? "display" : "till"}` : "/");

function signingIn() {
  const code = at("code").value.replaceAll(" ", "");
  at("code").value = "";
  return { person: at("person").value, pin: at("pin").value, ...(code && { code }) };
}

form("sign-in", "/sign-in", signingIn, () => facts.next);
form("pair", "/pair", () => ({ code: at("pair-code").value.trim(), label: "Browser" }), ours);
form("set-up", "/set-up", () => ({ code: at("set-up-code").value.trim().toUpperCase(), label: at("set-up-name").value, pin: at("set-up-pin").value }), () => "/");
form("visit", "/visit-sign-in", () => ({ code: at("visit-code").value.trim(), label: at("visit-name").value, pin: at("visit-pin").value }), () => "/setup/visit");
if (new URLSearchParams(location.search).has("visit")) at("visit-code")?.focus();
