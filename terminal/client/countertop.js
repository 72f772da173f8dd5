/* Countertop for programs in JavaScript: Node 18 or later, Deno, Bun, or pages of the service's own origin.
   One file, nothing else. The same calls as the Python client; no answer is never "not paid". */

const STREAM_S = 3600; // then another one goes on from there; every 15 s it says that it is alive
const SILENT_S = 40;
const REST_MAX_S = 30;
const BODY_MAX = 8 * 1024 * 1024;
const DECIDED = new Set([400, 404, 409, 413, 415, 422]); // holds for earlier copies of the request as well
const webcrypto = globalThis.crypto ?? (await import("node:crypto")).webcrypto;

/** The service said no, and did nothing. Programs go by `slug`; people get `detail`, `fix` and `code`. */
export class Refused extends Error {
  constructor(status, told) {
    super(`${told.slug} (${told.code}): ${told.detail} ${told.fix}`);
    this.name = "Refused";
    this.status = status;
    this.slug = told.slug;
    this.code = told.code;
    this.detail = told.detail;
    this.fix = told.fix;
    this.facts = told.facts;
  }
}

/** It may have happened, or may still. Send the same again under the same `key`, or read. */
export class NoAnswer extends Error {
  constructor(call, key, cause) {
    super(`no answer to ${call}; it may have happened${key ? `, key ${key}` : ""}`, { cause });
    this.name = "NoAnswer";
    this.key = key;
  }
}

/** Ends early with `signal`: a program that waits for nothing any more is over at once. */
function rest(seconds, signal = null) {
  return new Promise((done) => {
    const timer = setTimeout(end, seconds * 1000);
    function end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      done();
    }
    signal?.addEventListener("abort", end);
  });
}

export const over = (sale) => ["paid", "cancelled", "expired"].includes(sale.state);

/** Letters and digits for one act: 24 of them, from the system's own chance. */
export function newKey() {
  const bytes = webcrypto.getRandomValues(new Uint8Array(24));
  return Array.from(bytes, (each) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[each & 31]).join("");
}

/** `kind` paid, not_paid (proven: nothing was charged) or unknown: keep the goods, charge nothing again. */
function resultOf(sale, key) {
  if (sale.state === "paid") return { kind: "paid", sale, key };
  const late = sale.exceptions.some((each) => !each.closed); // money after the end waits for a person
  return { kind: over(sale) && !late ? "not_paid" : "unknown", sale, key };
}

/** As long as the service asks; else longer each time, and not in step with other tills. */
function restS(reply, usualS) {
  const asked = reply.headers?.get("retry-after") ?? "";
  const seconds = /^[0-9]+$/.test(asked) ? Number(asked) : usualS * (0.75 + Math.random() / 2);
  return Math.min(seconds, REST_MAX_S);
}

function parsed(text) {
  try {
    const told = JSON.parse(text);
    return told !== null && typeof told === "object" && !Array.isArray(told) ? told : null;
  } catch {
    return null;
  }
}

export class Countertop {
  /** `keep(key, body)` is called before the first byte leaves: write both where a restart finds them. */
  constructor(url, apiKey, { language = "en", tries = 5, pauseS = 0.5, timeoutS = 10, keep = null } = {}) {
    if (!/^https?:\/\//.test(url)) throw new TypeError(`no address of a service: ${url}`);
    this.url = new URL(url).href.replace(/\/+$/, "");
    Object.assign(this, { apiKey, language, tries, pauseS, timeoutS, keep });
  }

  /** A call below /api/v1, repeated under one key while nobody answers; a POST where there is a body. */
  async ask(path, { body = null, key = "", has = () => true, signal = null } = {}) {
    let [lost, no, reply, text] = [false, null, { status: 0 }, ""];
    for (let turn = 0; turn < this.tries && !signal?.aborted; turn += 1) {
      if (turn) await rest(restS(reply, this.pauseS * 2 ** (turn - 1)), signal);
      [reply, text] = [{ status: 0 }, ""];
      for await (reply of this.#pieces(path, { body, key, signal })) text += reply.text;
      const told = parsed(text);
      if (told && reply.status >= 200 && reply.status < 300 && has(told)) return told;
      no = told?.slug && reply.status >= 400 ? new Refused(reply.status, told) : null;
      if (no && no.status !== 500 && !reply.headers.has("retry-after")) break;
      lost ||= body !== null && (no === null || no.status === 500);
    }
    if (no && (!lost || (DECIDED.has(no.status) && no.slug !== "idempotency_running"))) throw no;
    throw new NoAnswer(path, key, no);
  }

  /** An answer as it comes, while its line holds: to its end, or to a bound. */
  async *#pieces(path, { body = null, key = "", limitS = this.timeoutS, signal = null }) {
    const headers = { Authorization: `Bearer ${this.apiKey}`, "Accept-Language": this.language };
    if (body !== null) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    const sent = { method: body === null ? "GET" : "POST", headers, redirect: "manual", cache: "no-store" };
    if (body !== null) sent.body = JSON.stringify(body);
    const stop = new AbortController();
    const end = () => stop.abort();
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
    const whole = setTimeout(() => stop.abort(), limitS * 1000);
    let silent = setTimeout(() => stop.abort(), SILENT_S * 1000);
    try {
      const answer = await fetch(`${this.url}/api/v1${path}`, { ...sent, signal: stop.signal });
      const [reader, letters] = [answer.body?.getReader(), new TextDecoder()];
      for (let size = 0, next; reader && !(next = await reader.read()).done && size <= BODY_MAX; ) {
        clearTimeout(silent);
        silent = setTimeout(() => stop.abort(), SILENT_S * 1000);
        size += next.value.length;
        const text = letters.decode(next.value, { stream: true });
        yield { status: answer.status, headers: answer.headers, text };
      }
    } catch (problem) {
      if (!(problem instanceof TypeError) && problem?.name !== "AbortError") throw problem; // as fetch says it
    } finally {
      clearTimeout(whole);
      clearTimeout(silent);
      signal?.removeEventListener("abort", end);
      stop.abort(); // nothing of it goes on
    }
  }

  async #money(path, body, key, has) {
    const { code, approver, ...plain } = body; // neither is ever kept
    await this.keep?.(key, plain);
    return this.ask(path, { body, key, has });
  }

  /** Ask for money and return at once: `{counter: "1", amount_minor: 2850, order_no: "A-1"}`. */
  async openSale(order, { key = newKey() } = {}) {
    return this.#money("/sales", order, key, isSale);
  }

  /** Open a sale and stay until its end: `{kind, sale, key, why}`. Throws Refused while nothing was opened. */
  async pay(order, { key = newKey(), limitS = 300 } = {}) {
    let sale = null;
    try {
      sale = await this.openSale(order, { key });
    } catch (why) {
      if (!(why instanceof NoAnswer)) throw why;
      return { kind: "unknown", sale, key, why };
    }
    return this.#ended(sale.id, key, limitS, sale);
  }

  /** With proof from the bank: not_paid charged nothing, paid says that it was too late. */
  async cancel(sale, { why = "pos", limitS = 30 } = {}) {
    let now = null;
    try {
      now = await this.ask(`/sales/${encodeURIComponent(sale)}/cancel`, { body: { why }, has: isSale });
    } catch (problem) {
      if (problem instanceof NoAnswer) return { kind: "unknown", sale: null, key: "", why: problem };
      if (!(problem instanceof Refused) || problem.slug !== "sale_paid") throw problem;
    }
    return this.#ended(sale, "", limitS, now);
  }

  /** `before`: the sale as it was last seen, should nobody tell more. */
  async #ended(sale, key, limitS, before) {
    try {
      return resultOf(await this.wait(sale, { limitS }), key);
    } catch (why) {
      if (!(why instanceof NoAnswer) && !(why instanceof Refused)) throw why;
      return { kind: "unknown", sale: before, key, why };
    }
  }

  /** The customer's code, read by the till's own scanner, for the sale open there. */
  async scan(counter, code, { key = newKey() } = {}) {
    return this.#money(`/counters/${encodeURIComponent(counter)}/scan`, { code }, key, isSale);
  }

  /** On its way, not done: `wait` for it. No `minor`: all that is left. `approver`: `{person, pin}`. */
  async refund(sale, reason, { minor = null, approver = null, key = newKey() } = {}) {
    const body = { reason, amount_minor: minor, approver };
    const path = `/sales/${encodeURIComponent(sale)}/refunds`;
    return (await this.#money(path, body, key, (told) => Boolean(told.refund))).refund;
  }

  async sale(sale, { signal = null } = {}) {
    return this.ask(`/sales/${encodeURIComponent(sale)}`, { has: isSale, signal });
  }

  /** The sale of an order number, or null: what to ask when the key is lost as well. */
  async find(orderNo) {
    const has = (told) => Array.isArray(told.sales);
    const { sales } = await this.ask(`/sales?limit=100&search=${encodeURIComponent(orderNo)}`, { has });
    const found = sales.find((each) => each.order_no === orderNo);
    return found ? this.sale(found.id) : null;
  }

  /** Every event after a number, through any break, until `signal`. Write `number` down once the work is done. */
  async *follow(after, { signal = null } = {}) {
    for (let turn = 1; !signal?.aborted; turn += 1) {
      let [reply, text] = [{ status: 0 }, ""];
      for await (reply of this.#pieces(`/events/stream?after=${after}`, { limitS: STREAM_S, signal })) {
        text += reply.text;
        for (let end; reply.status === 200 && (end = text.indexOf("\n\n")) >= 0; turn = 1) {
          const told = Object.fromEntries(text.slice(0, end).split("\n").map((line) => line.split(/: (.*)/s, 2)));
          [after, text] = [Number(told.id ?? after), text.slice(end + 2)];
          if (told.data && !told.event) yield eventOf(told.data);
        }
      }
      const no = reply.status >= 400 && reply.status < 500 ? parsed(text) : null;
      if (no?.slug && !reply.headers.has("retry-after")) throw new Refused(reply.status, no);
      if (!signal?.aborted) await rest(restS(reply, this.pauseS * 2 ** Math.min(turn - 1, 9)), signal);
    }
  }

  /** The sale at its end (or when `until`), or as it is when the time is; breaks meanwhile do not matter. */
  async wait(sale, { until = over, limitS = 300 } = {}) {
    const stop = new AbortController();
    const states = this.#states(sale, stop.signal);
    let timer = null;
    const late = new Promise((done) => (timer = setTimeout(done, limitS * 1000, null)));
    try {
      for (let next; (next = await Promise.race([states.next(), late])); ) {
        if (until(next.value)) return next.value;
      }
      return await this.sale(sale);
    } finally {
      clearTimeout(timer);
      stop.abort(); // where it waits for bytes, and where it waits for us
      states.return().catch(() => {});
    }
  }

  /** The sale as it is, and again after each event of its counter: the number first, so that none is missed. */
  async *#states(sale, signal) {
    while (!signal.aborted) {
      try {
        const has = (told) => Number.isInteger(told.newest);
        const { newest } = await this.ask("/events?limit=1", { has, signal });
        const now = await this.sale(sale, { signal });
        yield now;
        for await (const event of this.follow(newest, { signal })) {
          if (event.counter === now.counter) yield await this.sale(sale, { signal });
        }
      } catch (problem) {
        if (!(problem instanceof NoAnswer)) throw problem;
        if (!signal.aborted) await rest(restS({}, this.pauseS * 2 ** Math.min(this.tries - 1, 9)), signal);
      }
    }
  }
}

/** In a stream `type` says what the message is; here it is the event's own. */
function eventOf(data) {
  const { event_type: type, ...told } = JSON.parse(data);
  return { ...told, type };
}

function isSale(told) {
  return typeof told.id === "string" && typeof told.state === "string" && Array.isArray(told.exceptions);
}
