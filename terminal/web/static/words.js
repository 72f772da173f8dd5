// What the server told this page: its words, errors and money marks. Text reaches the page as text only.

export const facts = JSON.parse(document.getElementById("facts").textContent);

const clockAhead = "now_ms" in facts ? facts.now_ms - Date.now() : 0;

/** The server's wall clock, in milliseconds: the ages on this screen do not depend on this machine's clock. */
export function nowMs() {
  return Date.now() + clockAhead;
}

export function fill(text, values = {}) {
  return text.replace(/\{([a-z_]+)\}/g, (_, name) => String(values[name] ?? "…").slice(0, 120));
}

export function t(key, values) {
  return fill(facts.words[key], values);
}

export function has(key) {
  return key in facts.words;
}

/** A failure in words: its printed code, what happened, what to do. */
export function trouble(slug, values = {}) {
  const [code, sentence, fix] = facts.errors[slug] ?? facts.errors.internal;
  return { code, sentence: fill(sentence, values), fix: fill(fix, values) };
}

/** 2850 in CNY as "¥28.50", written as the language of the page writes it. */
export function money(minor, currency = facts.currency) {
  const marks = facts.money[currency] ?? { prefix: `${currency} `, point: ".", group: "", exponent: 2 };
  const digits = String(Math.abs(minor)).padStart(marks.exponent + 1, "0");
  const whole = marks.exponent ? digits.slice(0, -marks.exponent) : digits;
  const part = marks.exponent ? marks.point + digits.slice(-marks.exponent) : "";
  return (minor < 0 ? "-" : "") + marks.prefix + whole.replace(/\B(?=(\d{3})+$)/g, marks.group) + part;
}

/** Like money, without the decimals of whole units: "¥5". */
export function shortMoney(minor) {
  const { exponent, point } = facts.money[facts.currency];
  const text = money(minor);
  return exponent && minor % 10 ** exponent === 0 ? text.slice(0, text.lastIndexOf(point)) : text;
}

/** One decimal, with the language's own mark. */
export function decimal(number) {
  return number.toFixed(1).replace(".", facts.money[facts.currency].point || ".");
}

/** A typed amount ("28.50", "28,50", "28") in the smallest unit; null when it is none. */
export function minorOf(text, currency = facts.currency) {
  const exponent = facts.money[currency]?.exponent ?? 2;
  const match = /^(\d{1,12})(?:[.,](\d{1,3}))?$/.exec(text.trim());
  if (!match || (match[2] ?? "").length > exponent) return null;
  return Number(match[1] + (match[2] ?? "").padEnd(exponent, "0"));
}

/** For a field where it is typed over: "28.50", or "28,50" where people write it so. */
export function plain(minor, currency = facts.currency) {
  const { exponent, point } = facts.money[currency] ?? { exponent: 2, point: "." };
  const digits = String(minor).padStart(exponent + 1, "0");
  return exponent ? `${digits.slice(0, -exponent)}${point}${digits.slice(-exponent)}` : digits;
}

/** A line of a sale with how much of it: "0.355 × Tea"; of one piece the name alone. */
export function lineName({ name, quantity_milli: milli }, currency = facts.currency) {
  return milli === 1000 ? name : `${String(milli / 1000).replace(".", facts.money[currency]?.point || ".")} × ${name}`;
}

export function saleNo(no) {
  return String(no).padStart(4, "0");
}

/** "2 s", "5 min": an age where there is little room. */
export function age(seconds) {
  for (const [limit, unit, key] of [[120, 1, "seconds"], [7200, 60, "minutes"], [172800, 3600, "hours"]]) {
    if (seconds < limit) return t(`bar.age_${key}`, { n: Math.floor(seconds / unit) });
  }
  return t("bar.age_days", { n: Math.floor(seconds / 86400) });
}

export function ago(seconds) {
  for (const [limit, unit, key] of [[2, 1, "now"], [120, 1, "seconds_ago"], [7200, 60, "minutes_ago"], [172800, 3600, "hours_ago"]]) {
    if (seconds < limit) return t(`bar.${key}`, { n: Math.floor(seconds / unit) });
  }
  return t("bar.days_ago", { n: Math.floor(seconds / 86400) });
}

/** "14:05" at the shop, wherever this screen stands. */
export function clock(wallMs) {
  return new Date(wallMs).toLocaleTimeString("en-GB", { timeZone: facts.zone, hour: "2-digit", minute: "2-digit" });
}

/** "14:05:09" at the shop. */
export function clockSeconds(wallMs) {
  return new Date(wallMs).toLocaleTimeString("en-GB", { timeZone: facts.zone });
}

/** "2026-05-01" at the shop. */
export function day(wallMs) {
  return new Date(wallMs).toLocaleDateString("en-CA", { timeZone: facts.zone });
}
