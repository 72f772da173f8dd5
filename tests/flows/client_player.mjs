/* Plays calls of the JavaScript client for the tests: one JSON a line in, one out. */
import { createInterface } from "node:readline";

const { Countertop, NoAnswer, Refused } = await import(process.argv[2]);

function plain(found) {
  return found?.why ? { ...found, why: found.why.name } : found;
}

async function followed(client, after, count) {
  const found = [];
  for await (const event of client.follow(after)) {
    if (found.push(event) === count) break;
  }
  return found;
}

async function play({ to, call, args, options }) {
  const kept = [];
  const client = new Countertop(to.url, to.key, { ...to.options, keep: (key, body) => kept.push([key, body]) });
  try {
    if (call === "follow") return { told: await followed(client, ...args), kept };
    return { told: plain(await client[call](...args, options)), kept };
  } catch (problem) {
    if (problem instanceof Refused) {
      const { status, slug, code, detail, fix } = problem;
      return { refused: { status, slug, code, detail, fix }, kept };
    }
    if (problem instanceof NoAnswer) return { no_answer: problem.key, kept };
    throw problem;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  play(asked).then((told) => process.stdout.write(JSON.stringify({ id: asked.id, ...told }) + "\n"));
}
