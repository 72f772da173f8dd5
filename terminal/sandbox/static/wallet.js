// The customer's phone. All words and numbers come from the sandbox and are shown as text only.
const token = document.querySelector('meta[name="wallet-token"]').content;
const at = (id) => document.getElementById(id);
const REASONS = {
  "unknown-code": "This code is not ours.",
  "code-expired": "This code has expired.",
  closed: "The shop has closed this order.",
  expired: "This order has expired.",
  paid: "Already paid.",
  "no-funds": "Not enough money.",
  "not-waiting": "Nothing to confirm any more.",
  "unknown-order": "No such order.",
  "amount-open": "This code has no amount.",
  token: "The sandbox was restarted: reload this page.",
};
const DONE = { paid: "Paid 已支付", later: "Will be paid in a moment", refused: "Refused" };
let shown = null;
let code = null;

async function ask(path, body) {
  const options = { headers: { "X-Wallet-Token": token }, cache: "no-store" };
  if (body !== undefined) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(path, options);
  const told = await answer.json();
  if (!answer.ok) throw new Error(REASONS[told.error] ?? told.error);
  return told;
}

function tell(text) {
  at("told").textContent = text;
}

async function run(job) {
  try {
    tell("");
    await job();
  } catch (error) {
    tell(error instanceof TypeError ? "The sandbox does not answer." : error.message);
  }
}

function button(text, data, main = false) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  Object.assign(made.dataset, data);
  if (main) made.className = "main";
  return made;
}

function list(id, orders, none, row) {
  const rows = orders.map((order) => {
    const item = document.createElement("li");
    row(item, order);
    return item;
  });
  if (rows.length === 0) {
    const item = document.createElement("li");
    item.className = "none";
    item.textContent = none;
    rows.push(item);
  }
  at(id).replaceChildren(...rows);
}

const line = (order) => `${order.shop} · ${order.price}`;

let painted = "";
async function refresh() {
  const phone = await ask("/wallet/state");
  const now = JSON.stringify(phone);
  if (now === painted) return; // do not move what the finger is about to touch
  painted = now;
  at("balance").textContent = phone.money;
  list("open", phone.open, "no open order", (item, order) =>
    item.append(button(line(order), { codeUrl: order.code_url })));
  list("waiting", phone.waiting, "nothing", (item, order) => {
    item.dataset.order = order.order_no;
    item.dataset.mchid = order.mchid;
    item.append(`${line(order)} `, button("Confirm 确认", { act: "confirm" }, true), " ",
      button("Refuse", { act: "refuse" }));
  });
  list("history", phone.history, "nothing yet", (item, order) => {
    item.textContent = `${line(order)} · ${order.state}`;
  });
}

async function scan(codeUrl) {
  shown = await ask("/wallet/scan", { code_url: codeUrl });
  at("order-shop").textContent = shown.shop;
  at("order-description").textContent = shown.description;
  at("order-amount").textContent = shown.price;
  at("order-why").textContent = REASONS[shown.why_not] ?? shown.why_not;
  at("order-acts").hidden = shown.why_not !== "";
  at("order").hidden = false;
  if (shown.why_not === "") at("order-acts").querySelector("button").focus();
}

async function act(name, order) {
  const told = await ask("/wallet/act", { act: name, order_no: order.order_no, mchid: order.mchid });
  tell(DONE[told.result] ?? told.result);
  at("order").hidden = true;
  await refresh();
}

async function newCode(behaviour, wallet = "wechatpay") {
  code = { ...(await ask("/wallet/code", { behaviour, wallet })), wallet };
  at("my-code-picture").src = `/wallet/code/${code.auth_code}.svg`;
  at("my-code-digits").textContent = code.auth_code.replace(/(\d{4})(?=\d)/g, "$1 ");
  at("my-code").hidden = false;
}

at("scan").addEventListener("submit", (event) => {
  event.preventDefault();
  run(() => scan(at("code-url").value));
});

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (pressed === null) return;
  const { codeUrl, behaviour, wallet, act: name } = pressed.dataset;
  if (codeUrl !== undefined) run(() => scan(codeUrl));
  if (behaviour !== undefined) run(() => newCode(behaviour, wallet));
  if (name !== undefined) {
    const row = pressed.closest("li");
    const order = row === null ? shown : { order_no: row.dataset.order, mchid: row.dataset.mchid };
    run(() => act(name, order));
  }
});

setInterval(() => {
  refresh().catch(() => tell("The sandbox does not answer."));
}, 1500);
setInterval(() => {
  if (code === null) return;
  const left = Math.ceil((code.expires_ms - Date.now()) / 1000);
  at("my-code-left").textContent = left > 0 ? `new code in ${left} s` : "renewing";
  if (left <= 0) {
    const { behaviour, wallet } = code;
    code = null;
    run(() => newCode(behaviour, wallet));
  }
}, 1000);
