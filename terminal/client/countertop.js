/* Countertop for programs in JavaScript: Node 18 or later, Deno, Bun, or pages of the service's own origin.
   One file, nothing else. The same calls as the Python client; no answer is never "not paid". */

const WAIT_S = 20; // one look for events; the service allows 30
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

const rest = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
const nowS = () => performance.now() / 1000;
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
    this.url = new URL(url).href.replace(/\/+$/, "");
    Object.assign(this, { apiKey, language, tries, pauseS, timeoutS, keep });
  }

  /** A call below /api/v1, repeated under one key while nobody answers; a POST where there is a body. */
  async ask(path, { body = null, key = "", waitS = 0, has = () => true } = {}) {
    const headers = { Authorization: `Bearer ${this.apiKey}`, "Accept-Language": this.language };
    if (body !== null) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    const sent = { method: body === null ? "GET" : "POST", headers, redirect: "manual", cache: "no-store" };
    if (body !== null) sent.body = JSON.stringify(body);
    let [lost, no, reply] = [false, null, { status: 0 }];
    for (let turn = 0; turn < this.tries; turn += 1) {
      if (turn) await rest(restS(reply, this.pauseS * 2 ** (turn - 1)));
      reply = await this.#send(`${this.url}/api/v1${path}`, sent, this.timeoutS + waitS);
      const told = parsed(reply.text);
      if (told && reply.status >= 200 && reply.status < 300 && has(told)) return told;
      no = told?.slug && reply.status >= 400 ? new Refused(reply.status, told) : null;
      if (no && no.status !== 500 && !reply.headers.has("retry-after")) break;
      lost ||= body !== null && (no === null || no.status === 500);
    }
    if (no && (!lost || (DECIDED.has(no.status) && no.slug !== "idempotency_running"))) throw no;
    throw new NoAnswer(path, key, no);
  }

  /** Status 0: no whole answer came. */
  async #send(url, sent, limitS) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), limitS * 1000);
    try {
      const answer = await fetch(url, { ...sent, signal: stop.signal });
      const [pieces, reader] = [[], answer.body?.getReader()];
      for (let size = 0, next; reader && !(next = await reader.read()).done && size <= BODY_MAX; ) {
        size += next.value.length;
        pieces.push(next.value);
      }
      return { status: answer.status, headers: answer.headers, text: await new Blob(pieces).text() };
    } catch {
      return { status: 0, text: "" };
    } finally {
      clearTimeout(timer);
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
      return resultOf(await this.wait(sale.id, { limitS }), key);
    } catch (why) {
      if (!(why instanceof NoAnswer) && !(sale && why instanceof Refused)) throw why;
      return { kind: "unknown", sale, key, why };
    }
  }

  /** With proof from the bank: not_paid charged nothing, paid says that it was too late. */
  async cancel(sale, { why = "pos", limitS = 30 } = {}) {
    try {
      await this.ask(`/sales/${encodeURIComponent(sale)}/cancel`, { body: { why }, has: isSale });
      return resultOf(await this.wait(sale, { limitS }), "");
    } catch (problem) {
      if (problem instanceof NoAnswer) return { kind: "unknown", sale: null, key: "", why: problem };
      if (!(problem instanceof Refused) || problem.slug !== "sale_paid") throw problem;
      return resultOf(await this.sale(sale), "");
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

  async sale(sale) {
    return this.ask(`/sales/${encodeURIComponent(sale)}`, { has: isSale });
  }

  /** The sale of an order number, or null: what to ask when the key is lost as well. */
  async find(orderNo) {
    const has = (told) => Array.isArray(told.sales);
    const { sales } = await this.ask(`/sales?limit=100&search=${encodeURIComponent(orderNo)}`, { has });
    const found = sales.find((each) => each.order_no === orderNo);
    return found ? this.sale(found.id) : null;
  }

  /** `{events, next, newest}`; `waitS`: answered with the next event, or empty after so many seconds. */
  async events(after, { limit = 100, waitS = 0 } = {}) {
    const has = (told) => Array.isArray(told.events);
    return this.ask(`/events?after=${after}&limit=${limit}&wait_s=${waitS}`, { waitS, has });
  }

  /** Every event after a number, for ever and through any break. Write `number` down once the work is done. */
  async *follow(after) {
    for (;;) {
      try {
        const page = await this.events(after, { waitS: WAIT_S });
        yield* page.events;
        after = page.next;
      } catch (problem) {
        if (!(problem instanceof NoAnswer)) throw problem;
        await rest(this.pauseS);
      }
    }
  }

  /** The sale at its end (or when `until`), or as it is when the time is; breaks meanwhile do not matter. */
  async wait(sale, { until = over, limitS = 300 } = {}) {
    const endS = nowS() + limitS;
    for (let after = 0; ; ) {
      try {
        after ||= (await this.events(0, { limit: 1 })).newest;
        const now = await this.sale(sale);
        const leftS = endS - nowS();
        if (until(now) || leftS <= 0) return now;
        after = (await this.events(after, { waitS: Math.min(Math.floor(leftS) + 1, WAIT_S) })).next;
      } catch (problem) {
        if (!(problem instanceof NoAnswer)) throw problem;
        await rest(this.pauseS);
        if (nowS() >= endS) throw problem;
      }
    }
  }
}

function isSale(told) {
  return typeof told.id === "string" && typeof told.state === "string" && Array.isArray(told.exceptions);
}
