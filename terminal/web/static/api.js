// Calls of the API from a page: JSON, one key a wish, repeated with the same key while the line is bad.

import { facts } from "./words.js";

const PREFIX = "/api/v1";
const AGAIN_MS = [300, 900, 2000];

/** A refusal with the registry's words; slug "offline" when nobody answered. */
export class Problem extends Error {
  constructor(slug, told) {
    super(slug);
    this.slug = slug;
    this.told = told;
  }
}

export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** One call as it is; a refusal is a Problem. */
export async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(PREFIX + path, { ...options, credentials: "same-origin", redirect: "error", cache: "no-store" });
  } catch {
    throw new Problem("offline", null);
  }
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Problem(body?.slug ?? "internal", body);
  return body;
}

/** Safe to repeat: the key makes several requests one wish. */
export async function post(path, body = {}, key = newKey(), more = {}) {
  const headers = { ...more, "Content-Type": "application/json", "Idempotency-Key": key, "X-Requested-With": "countertop", "Accept-Language": facts.language };
  for (const wait of [...AGAIN_MS, null]) {
    try {
      return await ask(path, { method: "POST", headers, body: JSON.stringify(body) });
    } catch (problem) {
      const again = problem.slug === "offline" || problem.slug === "idempotency_running";
      if (!again || wait === null) throw problem;
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

export function get(path) {
  return ask(path, { headers: { "Accept-Language": facts.language } });
}
