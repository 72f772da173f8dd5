import { post } from "./api.js";
import { at } from "./dom.js";
import { sentence } from "./pin.js";
import { facts } from "./words.js";

at("sign-in")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const pin = at("pin").value;
  at("pin").value = "";
  at("refused").hidden = true;
  try {
    await post("/sign-in", { person: at("person").value, pin });
    location.replace(facts.next);
  } catch (problem) {
    at("refused").textContent = sentence(problem);
    at("refused").hidden = false;
    at("pin").focus();
  }
});
