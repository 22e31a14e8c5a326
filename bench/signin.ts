import { setTimeout as sleep } from "node:timers/promises";
import { db } from "../src/kernel/database/queries.ts";
import { unit, writeSoon } from "../src/kernel/database/unit.ts";
import { newId } from "../src/kernel/ids.ts";
import { jobContext } from "../src/kernel/jobs.ts";
import { addressHash } from "../src/modules/identity/addresses.ts";
import { deviceCookie, deviceHash } from "../src/modules/identity/devices/service.ts";
import { addressCell, nameCell, passwordCell } from "../src/modules/identity/members.ts";
import { hashPassword, verifyPassword } from "../src/modules/identity/passwords/hash.ts";
import { type Company, PASSWORD } from "../src/modules/trust/stage/people.ts";
import { upload, waitUntilReady } from "../src/modules/trust/stage/workspace.ts";
import { type Installation, openInstallation, readRequest } from "./installation.ts";
import { type Load, openLoad } from "./load.ts";
import { ownSeconds, secondsOfChildren, secondsOfWorkers } from "./processes.ts";
import { type Report, report, spread } from "./report.ts";

const AT_ONCE = 1000;
const READERS = 4;
// The cookie of a browser, the same for all of them.
const DEVICE = "D".repeat(43);

/**
 * `signin [--rounds N] [--seconds N]`: what a sign-in takes beside the password's hash, as a share of the hash; and
 * how reads fare while 1,000 people sign in at once.
 */
export async function run({ rounds, seconds }: { rounds: number; seconds: number }): Promise<Report> {
  const installation = await openInstallation({ durable: true });
  const load = openLoad();
  const crowd = openLoad();
  try {
    const company = await installation.founder.found("harrow-finch", "Harrow & Finch", "Mara Osei");
    const phc = await hashPassword(PASSWORD);
    const addresses = await hireMany(installation, company, phc);
    const requests = addresses.map((address) => signInRequest(company.slug, installation.port, address));
    const alone = await measureShare(installation, load, requests, phc, { rounds, seconds });
    const during = await measureReads(installation, company, load, crowd, requests, Math.max(seconds, 6));
    return report("signin", { at: "most", value: 0.1 }, alone.share.median, BASELINE, {
      ...alone,
      ...during,
      rounds,
    });
  } finally {
    load.close();
    crowd.close();
    await installation.close();
  }
}

const BASELINE =
  "the hash: processor time of the worker that checks the password, in the same sign-ins. Held against it: all other " +
  "threads of the server and the database, less what they use when nobody comes. Beside it what a person waits, against a bare hash in the same worker.";

/** Seconds of one sign-in. */
interface Taken {
  readonly hash: number;
  readonly server: number;
  readonly postgres: number;
  readonly elapsed: number;
}

/** One after the other; between rounds of sign-ins bare hashes, to compare how long a person waits. */
async function measureShare(
  { port, postgres }: Installation,
  load: Load,
  requests: readonly string[],
  phc: string,
  { rounds, seconds }: { rounds: number; seconds: number },
) {
  const used = async () => {
    const [workers, database] = [await secondsOfWorkers(), await secondsOfChildren(postgres.pid)];
    if (workers === null || database === null)
      throw new Error("this system does not tell what a thread has used");
    return { workers, database, process: ownSeconds() };
  };
  // What the server does on its own (its queue, its database's upkeep) goes on meanwhile and is no part of a sign-in.
  const idle = async (length: number) => {
    const before = await used();
    await sleep(length * 1000);
    const after = await used();
    return {
      process: (after.process - before.process) / length,
      database: (after.database - before.database) / length,
    };
  };
  const signIns = async (length: number, own = { process: 0, database: 0 }): Promise<Taken> => {
    const before = await used();
    const began = performance.now();
    const round = await load.run({ port, requests, connections: 1, seconds: length });
    const after = await used();
    const elapsed = (performance.now() - began) / 1000;
    if (round.statuses["200"] !== round.answers)
      throw new Error(`not all could sign in: ${JSON.stringify(round.statuses)}`);
    const hash = after.workers - before.workers;
    return {
      hash: hash / round.answers,
      server: (after.process - before.process - hash - own.process * elapsed) / round.answers,
      postgres: (after.database - before.database - own.database * elapsed) / round.answers,
      elapsed: round.p50 / 1000,
    };
  };
  const hashes = async (length: number): Promise<number> => {
    const times: number[] = [];
    for (const end = performance.now() + length * 1000; performance.now() < end; ) {
      const began = performance.now();
      if (!(await verifyPassword(PASSWORD, phc))) throw new Error("the password does not match its own hash");
      times.push((performance.now() - began) / 1000);
    }
    return spread(times, 6).median;
  };
  await hashes(0.5);
  // Some hundreds, until the engine has compiled what it will.
  await signIns(10);
  const taken: (Taken & { bare: number })[] = [];
  for (let i = 0; i < rounds; i++) {
    const bare = await hashes(seconds / 2);
    // As long as the sign-ins: looking at the processes takes time of its own, which is in both alike.
    const own = await idle(seconds);
    taken.push({ ...(await signIns(seconds, own)), bare });
  }
  if (taken.some((t) => t.server + t.postgres <= 0))
    throw new Error(
      "this machine is too busy with other things to tell what a sign-in takes beside the hash",
    );
  const milliseconds = (of: keyof Taken | "bare") => spread(taken.map((t) => t[of] * 1000));
  return {
    share: spread(
      taken.map((t) => (t.server + t.postgres) / t.hash),
      3,
    ),
    processorMilliseconds: {
      hash: milliseconds("hash"),
      server: milliseconds("server"),
      postgres: milliseconds("postgres"),
    },
    elapsedMilliseconds: { signIn: milliseconds("elapsed"), bareHash: milliseconds("bare") },
    shareOfElapsed: spread(
      taken.map((t) => (t.elapsed - t.bare) / t.bare),
      3,
    ),
  };
}

/** Reads with nobody signing in, and then while 1,000 people do, each waiting as long as a refusal tells them. */
async function measureReads(
  { port }: Installation,
  company: Company,
  load: Load,
  crowd: Load,
  signIns: readonly string[],
  seconds: number,
) {
  const { client } = company.owner;
  const files = [{ name: "Harbour dues.md", bytes: Buffer.from("# Dues\n\nPaid on the first day.\n") }];
  const [document] = await waitUntilReady(
    client,
    (await upload(client, files)).map((d) => d.id),
  );
  const reading = { port, requests: [readRequest(client, port, document?.id ?? "")], connections: READERS };
  await load.run({ ...reading, seconds: 1 });
  const quiet = await load.run({ ...reading, seconds: seconds / 2 });
  const signingIn = crowd.run({ port, requests: signIns, connections: AT_ONCE, seconds });
  const busy = await load.run({ ...reading, seconds: seconds - 0.5 });
  const people = await signingIn;
  const unexpected = Object.keys(people.statuses).filter((s) => s !== "200" && s !== "503");
  if (unexpected.length > 0 || Object.keys(busy.statuses).join() !== "200") {
    throw new Error(
      `unexpected answers: ${JSON.stringify({ signIns: people.statuses, reads: busy.statuses })}`,
    );
  }
  return {
    readsAlone: quiet,
    readsWhileSigningIn: busy,
    signInsAtOnce: AT_ONCE,
    signIns: people,
    refusedWithRetryAfter: people.askedToWait === (people.statuses["503"] ?? 0),
  };
}

/**
 * Members who can sign in, all with one password, each with a browser that they have used before: put into the
 * database as joining would, without 1,000 mails.
 */
async function hireMany({ system }: Installation, company: Company, phc: string): Promise<string[]> {
  const keys = await system.keyring.tenant(company.id);
  const addresses = Array.from({ length: AT_ONCE }, (_, i) => `person.${i}@harrow-finch.example`);
  const ctx = jobContext(system, { tenantId: company.id, slug: company.slug });
  await unit(ctx, async (inner) => {
    for (const address of addresses) {
      const id = newId();
      writeSoon(
        inner,
        db.insertInto("member").values({
          tenant_id: company.id,
          member_id: id,
          address_hash: addressHash(keys, address),
          address: keys.seal(addressCell(id), address),
          name: keys.seal(nameCell(id), "Person"),
          password: keys.seal(passwordCell(id), phc),
          role: "manager",
          verified_at: system.clock(),
        }),
        db.insertInto("device").values({
          tenant_id: company.id,
          member_id: id,
          device_hash: deviceHash(keys, id, DEVICE),
          first_seen_at: system.clock(),
          last_seen_at: system.clock(),
        }),
      );
    }
  });
  return addresses;
}

function signInRequest(slug: string, port: number, address: string): string {
  const body = JSON.stringify({ address, password: PASSWORD });
  return [
    `POST /api/t/${slug}/session HTTP/1.1`,
    `host: localhost:${port}`,
    `origin: http://localhost:${port}`,
    "sec-fetch-site: same-origin",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "user-agent: bench",
    `cookie: ${deviceCookie(slug)}=${DEVICE}`,
    "",
    body,
  ].join("\r\n");
}
