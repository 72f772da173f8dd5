// The trainer's phone: what the trainee's till says, big buttons for what breaks. Texts are put in as text only.
const words = JSON.parse(document.getElementById("words").textContent);
const at = (id) => document.getElementById(id);
const LOOK_MS = 700;

function tell(text) {
  at("told").textContent = text;
  at("told").hidden = text === "";
}

async function ask(path, body, method = "POST") {
  const options = { method, cache: "no-store" };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(`/lab/trainer/${path}`, options);
  if (answer.status === 403) throw new Error(words["lab.trainer_wrong_code"]);
  const told = await answer.json();
  if (!answer.ok) throw new Error(words[`lab.why_${told.error}`] ?? told.error);
  return told;
}

async function run(job) {
  try {
    tell("");
    await job();
  } catch (error) {
    tell(error instanceof TypeError ? words["lab.connection_lost"] : error.message);
  }
}

async function enter(code) {
  await ask("enter", { code });
  location.replace("/lab/trainer");
}

function show(now) {
  at("says").textContent = now.service === "up" ? now.says : words["lab.service_down"];
  at("says").dataset.word = now.service === "up" ? now.word : "down";
  at("amount").textContent = now.amount;
  const chips = now.faults.map((slug) => {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.textContent = `${slug} ×`;
    chip.dataset.end = slug;
    return chip;
  });
  const none = document.createElement("span");
  none.textContent = words["lab.nothing_broken"];
  if (at("active").dataset.now !== now.faults.join()) {
    at("active").dataset.now = now.faults.join();
    at("active").replaceChildren(...(chips.length ? chips : [none]));
  }
  for (const button of document.querySelectorAll("[data-fault]")) {
    button.setAttribute("aria-pressed", String(now.faults.includes(button.dataset.fault)));
  }
}

async function look() {
  const language = document.documentElement.lang;
  show(await ask(`state?language=${encodeURIComponent(language)}`, undefined, "GET"));
}

function search() {
  const wanted = at("search").value.trim().toLowerCase().split(/\s+/);
  let left = 0;
  for (const row of document.querySelectorAll("#faults li")) {
    row.hidden = !wanted.every((word) => row.dataset.words.includes(word));
    left += row.hidden ? 0 : 1;
  }
  at("none").hidden = left > 0;
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (pressed === null) return;
  const { fault, phone, end } = pressed.dataset;
  const on = pressed.getAttribute("aria-pressed") === "true";
  if (fault && !on) run(() => ask("faults", { name: fault }).then(look));
  if (fault && on) run(() => ask(`faults?name=${encodeURIComponent(fault)}`, undefined, "DELETE").then(look));
  if (end) run(() => ask(`faults?name=${encodeURIComponent(end)}`, undefined, "DELETE").then(look));
  if (phone) run(() => ask("phone", { act: phone }).then(look));
  if (pressed.id === "heal") run(() => ask("faults", undefined, "DELETE").then(look));
  if (pressed.id === "lend") {
    run(async () => {
      const told = await ask("code", {});
      at("lent").textContent = told.code;
      at("where").textContent = told.url;
      at("picture").src = `data:image/svg+xml,${encodeURIComponent(told.picture)}`;
      at("picture").hidden = false;
    });
  }
});

if (at("enter")) {
  at("enter").addEventListener("submit", (event) => {
    event.preventDefault();
    run(() => enter(at("code").value.trim()));
  });
  if (/^#[0-9]{6}$/.test(location.hash)) {
    const code = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    run(() => enter(code));
  }
} else {
  at("search").addEventListener("input", search);
  (async () => {
    for (;;) {
      try {
        await look();
      } catch (error) {
        at("says").textContent = words["lab.connection_lost"];
      }
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  })();
}
