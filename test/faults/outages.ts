import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, expectStatus } from "../../src/modules/trust/stage/client.ts";
import { PASSWORD } from "../../src/modules/trust/stage/people.ts";
import { textPaper } from "../support/papers.ts";
import { until } from "../support/server.ts";
import type { Fault } from "./faults.ts";
import { comeBack, type Firm, fileOf, stayIn } from "./firm.ts";
import type { Spread } from "./spread.ts";

// What is beside the server goes away, and its clock: what it says meanwhile, and that it comes back by itself.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export const clockMoved: Fault = {
  name: "a clock that is moved, and put right again",
  strike: async (at, firm, random) => {
    await sleep(300);
    const ahead = random.pick([HOUR, -HOUR, DAY, -DAY, 365 * DAY, -365 * DAY]) ?? HOUR;
    at.moveClock(ahead, random.pick(["server", "worker", "both"] as const) ?? "both");
    await sleep(500);
    // A wrong password while it is wrong: nobody is locked out by it for ever.
    const wrong = await signIn(firm, "Some-other-lantern-17");
    assert.ok([401, 428, 429].includes(wrong.status), `a wrong password: ${wrong.status} ${wrong.text}`);
    // Whoever was signed out meanwhile comes back, and goes on working at that time.
    await stayIn(firm);
    await sleep(700);
    at.moveClock(0, "both");
    await sleep(300);
    await comeBack(firm);
  },
};

export const valkeyGone: Fault<Spread> = {
  name: "Valkey killed, or hung",
  strike: async ({ valkey, url }, firm, random) => {
    const [lose, find] =
      random.int(2) === 0
        ? [valkey.kill, valkey.start]
        : [async () => valkey.hang(), async () => valkey.goOn()];
    await lose();
    try {
      const refused = await signIn(firm, PASSWORD);
      assert.equal(refused.status, 503, `signing in without Valkey: ${refused.status} ${refused.text}`);
      assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
      const made = await patiently(() =>
        firm.client.call("POST", "folders", { body: { name: `While ${Math.random()}`, parent: null } }),
      );
      expectStatus(made, 201, `a folder without Valkey at ${url}`);
      expectStatus(await patiently(() => upload(firm, textPaper(5))), 201, "an upload without Valkey");
      expectStatus(
        await patiently(() => firm.client.call("GET", "documents")),
        200,
        "listing without Valkey",
      );
      await sleep(500);
    } finally {
      await find();
    }
    await until("people can sign in again", 15_000, async () => {
      const { status } = await signIn(firm, PASSWORD);
      if (status !== 200) await sleep(500);
      return status !== 503;
    });
  },
};

export const bucketGone: Fault<Spread> = {
  name: "the store of files gone, hung, or failing",
  strike: async ({ bucket }, firm, random) => {
    const kind = random.pick(["gone", "errors", "hung"] as const) ?? "gone";
    const paper = textPaper(30);
    await bucket.outage(kind);
    try {
      if (kind === "hung") await sleep(1500);
      else {
        const refused = await patiently(() => upload(firm, paper));
        assert.equal(refused.status, 503, `an upload without a store: ${refused.status} ${refused.text}`);
        assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
        const [known] = firm.documents.keys();
        if (known) assert.equal(await fileOf(firm, known), 503, "a file without a store");
      }
      const listed = await patiently(() => firm.client.call("GET", "documents"));
      expectStatus(listed, 200, "listing without a store");
    } finally {
      await bucket.outage(null);
    }
    const { items } = expectStatus(
      await patiently(() => firm.client.call("GET", "documents?limit=100")),
      200,
      "listing",
    ).json;
    const half = items.filter((item: { name: string }) => item.name === paper.name);
    assert.deepEqual(half, [], "a document that was refused is there");
  },
};

/** Longer than the queue waits for a sign of life: what it was doing is begun anew elsewhere, and it goes on all the same. */
export const workerForgotten: Fault<Spread> = {
  name: "a worker that stands still until another does its work",
  strike: async (at) => {
    const { pid } = at.worker();
    process.kill(pid, "SIGSTOP");
    try {
      const other = await at.anotherWorker();
      await sleep(25_000);
      process.kill(pid, "SIGCONT");
      await sleep(1000);
      const { code } = await other.stop("SIGTERM");
      assert.equal(code, 0, "a worker that is told to end ends in order");
    } finally {
      process.kill(pid, "SIGCONT");
    }
  },
};

/** Without the client's own patience with a server that is busy. */
async function signIn({ client, owner }: Firm, password: string): Promise<Answer> {
  const response = await fetch(`${client.origin}/api/t/${client.slug}/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ address: owner.address, password }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: null };
}

async function upload(firm: Firm, paper: ReturnType<typeof textPaper>): Promise<Answer> {
  const form = new FormData();
  form.append("file", new Blob([new Uint8Array(paper.bytes)]), paper.name);
  const answer = await firm.client.call("POST", "documents", { raw: form });
  const [document] = answer.status === 201 ? answer.json.items : [];
  if (document) firm.documents.set(document.id, paper);
  return answer;
}

/** Whoever is told to come slower does: people work beside this. */
async function patiently(call: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await call();
    if (answer.status !== 429) return answer;
    await sleep(200);
  }
}
