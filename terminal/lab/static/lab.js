// One page over the simulated world. Everything shown comes from the lab and is put in as text only.
const words = JSON.parse(document.getElementById("words").textContent);
const at = (id) => document.getElementById(id);
const say = (key) => words[`lab.${key}`] ?? key;
const LINES_MAX = 400;
const ROUTINE = /^($|<00>$|status|busy\?|quiet|command$|command: read|answer|STATE|PING|ACK|TILE)/; // what a healthy counter asks all day, and pieces of pictures
let state = null;
let lastLine = 0;
let spokenUpTo = -1;

function make(tag, text = "", kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

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
  const answer = await fetch(`/lab/${path}`, options);
  const told = await answer.json();
  if (!answer.ok) throw new Error(words[`lab.why_${told.error}`] ?? told.error);
  return told;
}

async function run(job) {
  try {
    tell("");
    await job();
  } catch (error) {
    tell(error instanceof TypeError ? say("connection_lost") : error.message);
  }
}

// --- what the world is like ---------------------------------------------------------------------------------

function show(now) {
  const before = state;
  state = now;
  at("service").textContent = say(now.service === "up" ? "service_up" : "service_down");
  at("service").classList.toggle("down", now.service !== "up");
  if (before === null || before.glass.version !== now.glass.version) {
    at("glass").src = `/lab/glass.png?v=${now.glass.version}`;
  }
  at("glass").alt = `${now.glass.screen} ${now.glass.text}`;
  at("glass-says").textContent = now.glass.screen === "blank" ? say("nothing_shown") : (words[`lab.glass_${now.glass.screen}`] ?? now.glass.screen);
  showPaper(before?.paper, now.paper);
  showSpoken(now.spoken);
  for (const [role, plugged] of Object.entries(now.plugged)) {
    document.querySelector(`[data-plug="${role}"]`).setAttribute("aria-pressed", String(plugged));
  }
  showOrder(now.shown);
  showBank(now.bank);
  const broken = now.faults.map((slug) => make("code", slug));
  at("active").replaceChildren(...(broken.length ? broken : [make("span", say("nothing_broken"), "soft")]));
}

function showPaper(before, now) {
  at("close-cover").hidden = !now.cover;
  at("open-cover").hidden = now.cover;
  at("load").hidden = !now.out && !state.faults.some((slug) => slug.startsWith("paper-"));
  at("take-out").hidden = now.out;
  at("tear").hidden = !now.hanging;
  if (before && JSON.stringify(before) === JSON.stringify(now)) return;
  const numbers = [];
  if (now.hanging) numbers.push(0);
  for (let number = now.slips; number > Math.max(0, now.slips - 6); number -= 1) numbers.push(number);
  const slips = numbers.map((number) => {
    const picture = make("img", "", number ? "" : "hanging");
    picture.alt = `${say("paper")} ${number}`;
    picture.src = `/lab/paper/${number}.png?v=${number ? 1 : `${now.slips}-${now.hanging}`}`;
    return picture;
  });
  at("roll").replaceChildren(...(slips.length ? slips : [make("p", say("paper_empty"), "soft")]));
}

function showSpoken(spoken) {
  const items = spoken.slice(-8).reverse().map((said) => make("li", said.text, said.whole ? "" : "cut"));
  if (items.length) at("spoken").replaceChildren(...items);
  const newest = spoken.at(-1);
  if (newest && newest.number > spokenUpTo) {
    if (spokenUpTo >= 0 && at("aloud").checked && "speechSynthesis" in window) {
      const voice = new SpeechSynthesisUtterance(newest.text);
      voice.lang = /[\u4e00-\u9fff]/.test(newest.text) ? "zh-CN" : document.documentElement.lang;
      window.speechSynthesis.speak(voice);
    }
    spokenUpTo = newest.number;
  } else if (spokenUpTo < 0) {
    spokenUpTo = newest ? newest.number : 0;
  }
}

function showOrder(order) {
  const has = Boolean(order.order_no);
  at("order").hidden = !has;
  if (!has) return;
  at("order-shop").textContent = `${order.shop} · ${order.description}`;
  at("order-amount").textContent = order.price;
  at("order-why").textContent = order.why_not ? (words[`lab.why_${order.why_not}`] ?? order.why_not) : "";
  at("order-acts").hidden = order.why_not !== "";
}

function showBank(bank) {
  if (bank.away !== undefined) {
    at("books").replaceChildren(make("tr"));
    at("books").firstChild.append(make("td", say("bank_away"), "why"));
    return;
  }
  if (bank.orders === undefined) return;
  at("balance").textContent = bank.money;
  showAccount(bank.accounts);
  at("books").replaceChildren(...bank.orders.map((order) => {
    const row = make("tr");
    const taken = order.captures.length;
    row.append(make("td", `…${order.out_trade_no.slice(-6)}`), make("td", order.state),
      make("td", `${order.price}${taken > 1 ? ` ×${taken}` : ""}`, "money"));
    return row;
  }));
  showMessages(bank.orders, bank.accounts);
  at("waiting").replaceChildren(...bank.waiting.map((order) => {
    const box = make("div", "", "order");
    const confirm = make("button", say("password"), "main");
    const refuse = make("button", say("refuse"));
    for (const [button, act] of [[confirm, "confirm"], [refuse, "refuse"]]) {
      button.type = "button";
      Object.assign(button.dataset, { act, order: order.order_no, mchid: order.mchid });
    }
    box.append(make("p", `${say("waiting_password")}: ${order.price}`), confirm, " ", refuse);
    return box;
  }));
}

/** An account at a bank without an API: its statements come when the button says so. */
function showAccount(accounts) {
  at("account").hidden = accounts.length === 0;
  if (accounts.length === 0) return;
  const chooser = at("account-currency");
  const now = accounts.map((each) => `${each.currency} · ${each.account}`);
  if ([...chooser.options].map((each) => each.text).join() !== now.join()) {
    chooser.replaceChildren(...accounts.map((each, index) => new Option(now[index], each.currency)));
  }
  const one = accounts.find((each) => each.currency === chooser.value) ?? accounts[0];
  at("account-balance").textContent = one.balance;
  const file = one.last_file ? ` · ${one.last_file}` : "";
  at("account-says").textContent = one.undelivered ? `${say("undelivered")}: ${one.undelivered}${file}` : `${say("all_delivered")}${file}`;
  at("account-entries").replaceChildren(...one.entries.slice(0, 4).map((entry) => {
    const row = make("tr");
    row.append(make("td", entry.reference), make("td", entry.amount, "money"));
    return row;
  }));
  at("account-broken").textContent = one.faults.map((slug) => say(`account_${slug}`)).join(" · ");
}

/** What the wallet would tell its owner about the newest orders. */
function showMessages(orders, accounts) {
  const key = { SUCCESS: "paid_to", REFUND: "money_back", PAYERROR: "not_paid_to", REVOKED: "money_back" };
  const told = orders.filter((order) => key[order.state]).slice(0, 6).map((order) => {
    const text = `${say(key[order.state])} ${order.price}`;
    return make("li", `${text} · …${order.out_trade_no.slice(-6)}`, order.state === "PAYERROR" ? "no" : "");
  });
  const sent = accounts.flatMap((each) => each.entries.slice(0, 2)).map((entry) => {
    const back = entry.amount.startsWith("−");
    return make("li", `${say(back ? "money_back" : "paid_to")} ${entry.amount.replace("−", "")} · …${entry.reference.slice(-6)}`);
  });
  if (told.length || sent.length) at("messages").replaceChildren(...sent, ...told);
}

// --- the timeline -------------------------------------------------------------------------------------------

function addLines(lines) {
  if (!lines.length) return;
  const list = at("lines");
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 30;
  for (const line of lines) {
    lastLine = line.number;
    const item = make("li", "", line.place);
    item.dataset.place = line.place;
    item.dataset.at = line.at_ms;
    if (ROUTINE.test(line.text)) item.classList.add("routine");
    const when = new Date(line.at_ms);
    const time = `${when.toTimeString().slice(0, 8)}.${String(line.at_ms % 1000).padStart(3, "0")}`;
    const sign = { out: "→", in: "←" }[line.way] ?? "·";
    item.append(make("span", `${time} `, "soft"), make("b", `${sign} ${line.place}`), ` ${line.text}`);
    if (line.hex) item.append(make("span", `${line.bytes} B  ${line.hex}`, "hex"));
    let next = null; // the bank is looked at now and then: what it did stands where it happened
    for (;;) {
      const earlier = next === null ? list.lastChild : next.previousSibling;
      if (earlier === null || Number(earlier.dataset.at) <= line.at_ms) break;
      next = earlier;
    }
    list.insertBefore(item, next);
  }
  while (list.children.length > LINES_MAX) list.firstChild.remove();
  filterLines();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function filterLines() {
  const place = at("place").value;
  for (const item of at("lines").children) item.hidden = place !== "" && item.dataset.place !== place;
}

function connect() {
  const socket = new WebSocket(`ws://${location.host}/lab/live?after=${lastLine}`);
  socket.addEventListener("open", () => tell(""));
  socket.addEventListener("message", (event) => {
    const told = JSON.parse(event.data);
    show(told.state);
    addLines(told.lines);
  });
  socket.addEventListener("close", () => {
    tell(say("connection_lost"));
    setTimeout(connect, 1000);
  });
}

// --- faults -------------------------------------------------------------------------------------------------

function chooseFault() {
  const chosen = at("fault-slug").selectedOptions[0];
  const takes = chosen.dataset.takes.split(" ");
  at("count-field").hidden = !takes.includes("count");
  at("seconds-field").hidden = !takes.includes("seconds");
  at("fault-expected").textContent = chosen.dataset.expected;
  at("fault-ids").textContent = chosen.dataset.ids;
  at("fault-till").textContent = chosen.dataset.till;
  at("fault-cashier").textContent = chosen.dataset.cashier;
  const fields = Object.entries(JSON.parse(chosen.dataset.params)).map(([name, value]) => {
    const label = make("label", `${say(`param_${name}`)} `);
    const input = document.createElement("input");
    input.value = value;
    input.dataset.param = name;
    if (typeof value === "number") input.type = "number";
    label.append(input, " ");
    return label;
  });
  at("fault-params").replaceChildren(...fields);
}

function wish() {
  const params = {};
  for (const input of at("fault-params").querySelectorAll("input")) {
    params[input.dataset.param] = input.type === "number" ? Number(input.value) : input.value;
  }
  const made = { slug: at("fault-slug").value, params };
  const seconds = Number(at("fault-seconds").value);
  if (!at("seconds-field").hidden && seconds > 0) made.seconds = seconds;
  else if (!at("count-field").hidden) made.count = Number(at("fault-count").value) || 1;
  return made;
}

// --- people's hands -----------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (pressed === null) return;
  const { act, order, mchid, code, plug, paper, fault } = pressed.dataset;
  if (act !== undefined) {
    const about = order === undefined ? state.shown : { order_no: order, mchid };
    run(() => ask("phone/act", { act, order_no: about.order_no, mchid: about.mchid }));
  }
  if (code !== undefined) run(async () => {
    const told = await ask("phone/code", { behaviour: code });
    at("my-code-picture").src = `/lab/code/${told.code}.svg`;
    at("my-code-digits").textContent = told.code;
    at("my-code").hidden = false;
  });
  if (plug !== undefined) run(() => ask("plug", { role: plug, plugged: !state.plugged[plug] }));
  if (fault !== undefined) run(() => ask("faults", { slug: fault }));
  if (paper !== undefined) run(() => ask("paper", { act: paper }));
});
at("scan-glass").addEventListener("click", () => run(() => ask("phone/scan", {})));
at("scan-phone").addEventListener("click", () => run(() => {
  const code = at("my-code").hidden ? "" : at("my-code-digits").textContent;
  at("my-code").hidden = true;
  return ask("scanner", { text: code });
}));
at("paste").addEventListener("submit", (event) => {
  event.preventDefault();
  run(() => ask("phone/scan", { code: at("paste-code").value }));
});
for (const button of document.querySelectorAll("[data-see]")) {
  button.addEventListener("click", () => run(() => ask("scanner", { see: button.dataset.see })));
}
at("shot").addEventListener("submit", (event) => {
  event.preventDefault();
  run(() => ask("scanner", { text: at("shot-text").value }));
});
at("fault").addEventListener("submit", (event) => {
  event.preventDefault();
  run(() => ask("faults", wish()));
});
at("heal").addEventListener("click", () => run(() => ask("faults", undefined, "DELETE")));
at("fault-slug").addEventListener("change", chooseFault);
at("place").addEventListener("change", filterLines);
for (const id of ["bytes", "routine"]) {
  at(id).addEventListener("change", () => at("lines").classList.toggle(id, at(id).checked));
}
at("account-currency").addEventListener("change", () => showAccount(state.bank.accounts ?? []));
at("deliver").addEventListener("click", () => run(() => ask("account/statement", { currency: at("account-currency").value })));
at("account-fault").addEventListener("submit", (event) => {
  event.preventDefault();
  run(() => ask("account/faults", { currency: at("account-currency").value, slug: at("account-slug").value }));
});
setInterval(() => {
  at("clock").textContent = new Date().toLocaleTimeString(document.documentElement.lang);
}, 1000);
chooseFault();
connect();
