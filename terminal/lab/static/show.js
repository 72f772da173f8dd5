// What an audience sees of the story that is played. Everything comes from the lab and is put in as text only.
const words = JSON.parse(document.getElementById("words").textContent);
const at = (id) => document.getElementById(id);
const language = document.documentElement.lang in { "zh-CN": 1, "pt-BR": 1 } ? document.documentElement.lang : "en";
const LOOK_MS = 350;
const SIGNS = { ready: "", waiting: "◔", acting: "▯", checking: "⌕", person: "⌕", paid: "✓", not_paid: "✕" };
const PHONE = { idle: "", code: "", order: "", paying: "◔", paid: "✓", back: "↩", screenshot: "", no: "✕" };
const KEYS = { " ": "pause", p: "pause", ArrowRight: "next", PageDown: "next", n: "next", r: "repeat", ArrowLeft: "repeat", PageUp: "repeat", s: "skip" };
let state = null;

async function ask(path, body) {
  const options = body === undefined ? { cache: "no-store" } : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`/lab/show/${path}`, options);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

const put = (id, text) => {
  if (at(id).textContent !== text) at(id).textContent = text;
};
const spoken = (told) => told[language] ?? told.en ?? "";

function showPhone(now) {
  const { kind, code, shop, proof } = now.phone;
  const money = ["order", "paying", "paid", "back"].includes(kind);
  at("phone").dataset.kind = kind;
  put("phone-sign", PHONE[kind]);
  put("phone-shop", money ? shop : "");
  put("phone-money", money ? spoken(now.amount) : "");
  const says = { code: "show_my_code", order: "show_is_it_right", paying: "show_moment", paid: "paid_to", back: "money_back", screenshot: "show_picture", no: "show_no_such" };
  put("phone-says", says[kind] ? words[`lab.${says[kind]}`].replace("{number}", proof) : "");
  const picture = at("phone-code");
  picture.hidden = kind !== "code";
  if (kind === "code" && picture.dataset.code !== code) {
    picture.dataset.code = code;
    picture.src = `/lab/code/${code}.svg`;
  }
}

function showTill(now) {
  const { word, giving_back, given_back } = now.till;
  at("till").dataset.word = given_back || giving_back ? "back" : word; // green is for what is paid and stays so
  put("till-sign", given_back ? "↩" : SIGNS[word] ?? "");
  put("till-money", word === "ready" ? "" : spoken(now.amount));
  const key = word === "not_paid" ? "nothing_charged" : word;
  put("till-says", given_back ? words["lab.show_given_back"] : words[`state.${giving_back ? "giving_back" : key}`] ?? word);
}

function show(now) {
  const glass = now.glass;
  if (state === null || state.glass.version !== glass.version) at("glass").src = `/lab/glass.png?v=${glass.version}`;
  at("glass").alt = `${glass.screen} ${glass.text}`;
  state = now;
  put("place", `${now.number}/${now.of}`);
  put("title", now.playing ? spoken(now.title) : spoken(now.list));
  const telling = now.waits ? words["lab.show_waits"] : spoken(now.tell);
  put("tell", now.playing ? telling || spoken(now.title) : words["lab.show_begin"]);
  at("tell").classList.toggle("last", now.last);
  const key = now.playing ? (now.paused ? "go_on" : "pause") : "start";
  put("pause", words[`lab.show_${key}`]);
  for (const button of document.querySelectorAll("button:not(#pause)")) button.disabled = !now.playing;
  showPhone(now);
  showTill(now);
}

async function press(key) {
  if (state !== null && !state.playing) {
    if (key !== "pause") return;
    key = "start";
  }
  try {
    await ask("press", { key });
  } catch {
    at("told").textContent = words["lab.connection_lost"];
    at("told").hidden = false;
  }
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-press]");
  if (pressed !== null) press(pressed.dataset.press);
});
document.addEventListener("keydown", (event) => {
  const key = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (key === undefined || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.key === " " && event.target.closest("button, a")) return; // the focused key itself is meant
  event.preventDefault();
  press(key);
});

for (;;) {
  try {
    show(await ask("state"));
    at("told").hidden = true;
  } catch {
    at("told").textContent = words["lab.connection_lost"];
    at("told").hidden = false;
  }
  await new Promise((done) => setTimeout(done, LOOK_MS));
}
