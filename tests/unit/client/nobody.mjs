/* The JavaScript client on a clock of its own: time passes once nothing else is left to do, so no second is waited.
   Prints what was told of every story as one JSON. */
const { Countertop, NoAnswer, Refused } = await import(process.argv[2]);

const ENOUGH = 1000; // calls of which one was too much
const NO = { slug: "sale_paid", code: "P-03", detail: "Paid.", fix: "Look.", facts: {} };
const real = setImmediate;
const timers = new Map();
let [nowMs, count, asked] = [0, 0, 0];

globalThis.setTimeout = (act, ms, ...args) => {
  timers.set((count += 1), [nowMs + ms, act, args]);
  return count;
};
globalThis.clearTimeout = (id) => timers.delete(id);

function pass() {
  const [next] = [...timers].sort(([, [one]], [, [other]]) => one - other);
  if (next) {
    const [id, [atMs, act, args]] = next;
    [nowMs] = [atMs, timers.delete(id)];
    act(...args);
  }
  real(pass);
}

globalThis.fetch = async (url) => {
  if ((asked += 1) > ENOUGH) throw new Error("it asks without a rest");
  if (url.endsWith("/cancel")) return new Response(JSON.stringify(NO), { status: 409 });
  throw new TypeError("fetch failed");
};

async function told(story) {
  asked = 0;
  let end;
  try {
    const { kind, why } = await story();
    end = [kind, why?.name];
  } catch (problem) {
    end = [problem instanceof NoAnswer || problem instanceof Refused ? problem.name : String(problem), ""];
  }
  await new Promise((done) => real(done)); // what ends with the call has ended now
  return { end, asked, left: timers.size };
}

const client = () => new Countertop("http://127.0.0.1", "key", { tries: 1 });
real(pass);
const found = {
  waits: await told(() => client().wait("s", { limitS: 60 })),
  late: await told(() => client().cancel("s", { limitS: 5 })),
};
for (const url of ["127.0.0.1:7600", "localhost:7600", "ftp://shop", ""]) found[url] = await told(async () => new Countertop(url, "key"));
process.stdout.write(JSON.stringify(found), () => process.exit());
