// The counter as it is now, over one WebSocket. When it drops, that is said at once and nothing is assumed.

import { nowMs } from "./words.js";

const AGAIN_MS = [250, 500, 1000]; // a service that restarts is back within seconds, and asking it costs nothing
const SILENT_MS = 15000; // so long without a word: ask whether anybody is still there
const ANSWER_MS = 5000;

/** The counter as a whole; every other message is one event of the journal. */
export const isView = (message) => message.type === "counter";

/** The same machine as this page's, at the other address' port; its fragment names the one that answers with TLS. */
export function portOf(elsewhere) {
  const at = new URL(elsewhere);
  return (location.protocol === "https:" && at.hash.slice(1)) || at.port;
}

/** This counter begins or ends training: its pages are at another port of the same machine. */
function moveTo(elsewhere) {
  const there = new URL(location.href);
  there.port = portOf(elsewhere);
  location.replace(there);
}

/**
 * Follow a counter. ``heard(message)`` gets every message; ``connected(yes, wordMs)`` follows the first view after a
 * (re)connection, and a drop: then with the wall clock of the last sign that what was told still held.
 */
export function follow(counter, { after, heard, connected }) {
  let newest = after;
  let tries = 0;
  let fresh = false;
  let silent;
  let wordMs = 0;

  function open() {
    const address = new URL("/api/v1/live", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (counter) address.searchParams.set("counter", counter);
    if (newest !== undefined) address.searchParams.set("after", newest);
    const socket = new WebSocket(address);
    fresh = true;
    let over = false;

    function end() {
      if (over) return;
      over = true;
      clearTimeout(silent);
      connected(false, wordMs);
      socket.close();
      setTimeout(open, AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]);
      tries += 1;
    }
    function alive() {
      clearTimeout(silent);
      silent = setTimeout(async () => {
        try {
          await fetch("/api/v1/health", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
          if (over) return;
          if (!fresh) wordMs = nowMs();
          alive();
        } catch {
          end();
        }
      }, SILENT_MS);
    }
    socket.addEventListener("open", alive);
    socket.addEventListener("close", end);
    socket.addEventListener("error", end);
    socket.addEventListener("message", (message) => {
      if (over) return;
      alive();
      const told = JSON.parse(message.data);
      if (isView(told) && told.elsewhere) {
        over = true;
        moveTo(told.elsewhere);
        return;
      }
      const number = isView(told) ? told.event : told.number;
      if (typeof number === "number") newest = Math.max(newest ?? 0, number);
      heard(told);
      wordMs = nowMs();
      if (fresh) {
        fresh = false;
        tries = 0;
        connected(true);
      }
    });
  }
  open();
}
