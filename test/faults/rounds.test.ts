import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../attacker/random.ts";
import { openClient } from "../../src/modules/trust/stage/client.ts";
import { newPlace, remove, type Server, startServer, until } from "../support/server.ts";
import { FIRM, foundFirm } from "../support/visitor.ts";
import { allFaults, smallDisk } from "./faults.ts";
import { everythingHolds, type Firm, newFirm } from "./firm.ts";
import { startWorking } from "./load.ts";

// One installation under load, to which something goes wrong round after round. `ROUNDS=200 SEED=7 node bin/test.ts
// test/faults/rounds` is the long form; a failing round names the seed that repeats its faults (not their moments).

const ROUNDS = Number(process.env.ROUNDS ?? 10);
const SEED = process.env.SEED ?? String(Date.now());
const DISK_MB = 700;

const place = newPlace();
const takeDiskAway = smallDisk(place, DISK_MB);
const random = seededRandom(SEED);
let port = 0;
let server: Server;
let firm: Firm;
let failed = true;

before(async () => {
  port = await freePort();
  server = await start();
  firm = newFirm((await foundFirm(server)).client);
});

after(async () => {
  // Killed first: what a failing round leaves behind may not listen any more.
  await server?.stop(failed ? "SIGKILL" : "SIGTERM");
  takeDiskAway?.();
  remove(place);
});

test(`${ROUNDS} rounds of faults under load lose nothing that was acknowledged (seed ${SEED})`, async (t) => {
  const faults = allFaults.filter(({ name }) => takeDiskAway !== null || name !== "a full disk");
  if (!takeDiskAway) t.diagnostic("no full disk: mounting one of its own is not allowed here");
  const all = new Map<string, number>();
  for (let round = 1; round <= ROUNDS; round++) {
    // Each kind once before any comes again.
    const fault = faults[(round - 1) % faults.length] ?? assert.fail("no faults");
    const when = `after round ${round} (${fault.name}, seed ${SEED})`;
    const work = startWorking(firm);
    await sleep(200 + random.int(900));
    await fault.strike(server, place, random);
    if (fault.needsStart) server = await start();
    await until(`it answers ${when}`, 20_000, async () => (await readiness()) === 200);
    await sleep(300);
    await work.stop();
    assert.deepEqual(work.odd, [], `errors that nobody can understand ${when}`);
    await everythingHolds(firm, when, round < ROUNDS ? "some" : "all");
    for (const [status, count] of work.tally) all.set(status, (all.get(status) ?? 0) + count);
  }
  failed = false;
  const { documents, folders, answers } = firm;
  t.diagnostic(
    `${documents.size} documents, ${folders.size} folders, ${answers.size} answers held; answers by status: ${[...all].map(([status, count]) => `${status} ${count}×`).join(", ")}`,
  );
  assert.ok(documents.size >= ROUNDS, "people got little done: this showed nothing");
});

const start = () => startServer(place, { env: { PORT: String(port) } });

const readiness = async (): Promise<number> => {
  await sleep(50);
  const answer = await openClient(`http://127.0.0.1:${port}`, FIRM)
    .call("GET", "/readyz")
    .catch(() => null);
  return answer?.status ?? 0;
};

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
