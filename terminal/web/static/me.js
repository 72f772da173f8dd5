// One's own second step: the secret and the recovery codes are shown once and stay nowhere.

import { post } from "./api.js";
import { at, h } from "./dom.js";
import { sentence, withPin } from "./pin.js";

async function run(act, then) {
  at("told").hidden = true;
  try {
    const told = await withPin(act);
    if (told) then(told);
  } catch (problem) {
    if (!problem.slug) throw problem;
    at("told").textContent = sentence(problem);
    at("told").hidden = false;
  }
}

at("begin").addEventListener("click", () =>
  run(
    () => post("/second-step"),
    (told) => {
      at("picture").replaceChildren(new DOMParser().parseFromString(told.picture, "image/svg+xml").documentElement);
      at("secret").textContent = told.secret.match(/.{1,4}/g).join(" ");
      at("scan").hidden = false;
      at("first-code").focus();
    },
  ),
);

at("finish").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = at("first-code").value.replaceAll(" ", "");
  at("first-code").value = "";
  run(
    () => post("/second-step/finish", { code }),
    (told) => {
      at("picture").replaceChildren();
      at("secret").textContent = "";
      at("scan").hidden = true;
      at("begin").hidden = true;
      at("codes").replaceChildren(...told.codes.map((each) => h("li", {}, each)));
      at("done").hidden = false;
    },
  );
});
