import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { later, minutes } from "../../../kernel/clock.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { openClient, solvedChallenge } from "../../trust/stage/client.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { inPieces, nothing } from "../../trust/stage/pieces.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { countAttempt, lock, MOST_FAILURES } from "../sign-in/lockout.ts";
import { type Ledger, noting } from "./ledger.ts";
import { resetsTellNothing, timeOfResets } from "./resets.ts";

/** Guesses one after the other and all at once, for an address that exists and one that does not. */
export const lockoutCheck = inPieces(
  nothing,
  {
    guesses: noting(guessed),
    challenges: noting(challenged),
    pauses: noting(lockedFor),
    time: noting(timing),
    resets: noting(resetsTellNothing),
    "time-of-resets": noting(timeOfResets),
  },
  () => ({ summary: "Guessed one after the other, 20 at once, and with a moved clock" }),
);

async function guessed(stage: Stage, ledger: Ledger): Promise<void> {
  const { url, system } = stage.server;
  const person = await stage.a.hire(`Locked Out ${Date.now()}`, "viewer");
  const guess = (address: string, password: string) =>
    openClient(url, stage.a.slug).call("POST", "session", { body: { address, password } });
  const nobody = `nobody.${Date.now()}@harrow-finch.example`;
  const seen: Record<string, string[]> = { known: [], unknown: [] };
  for (let i = 0; i < 6; i++) {
    for (const [who, address] of [
      ["known", person.address],
      ["unknown", nobody],
    ] as const) {
      const answer = await guess(address, "Wrong-password-0815");
      seen[who]?.push(`${answer.status} ${answer.json?.error?.message}`);
    }
  }
  ledger.note(
    seen.known?.slice(0, 5).every((s) => s.startsWith("401")) ?? false,
    "five wrong passwords",
    "known address",
    seen.known?.[4] ?? "",
  );
  ledger.note(
    seen.known?.[5]?.startsWith("423") ?? false,
    "the sixth",
    "known address",
    seen.known?.[5] ?? "",
  );
  ledger.note(
    JSON.stringify(seen.known) === JSON.stringify(seen.unknown),
    "the same words and statuses",
    "unknown address",
    seen.unknown?.join(" | ") ?? "",
  );
  ledger.status(
    "the right password while paused",
    "known address",
    await guess(person.address, person.password),
    423,
  );

  const at = await unlockedByLink(person.address);
  ledger.note(at, "the mailed link ends the pause", "its owner", at ? "signed in" : "still paused");

  const crowd = await stage.a.hire(`Crowd ${Date.now()}`, "viewer");
  const many = await Promise.all(
    Array.from({ length: 20 }, (_, i) => guess(crowd.address, `Wrong-guess-${i}-abc`)),
  );
  const looked = many.filter((a) => a.status === 401).length;
  ledger.note(looked <= 5, "20 guesses at the same moment", "known address", `${looked} were looked at`);
  const [admin] = stage.a.people.admin;
  ledger.status(
    "an admin ends the pause",
    "admin",
    await admin.client.call("POST", `members/${crowd.id}/unlock`, { body: {} }),
    204,
  );
  ledger.status(
    "the right password after it",
    "known address",
    await guess(crowd.address, crowd.password),
    200,
  );

  async function unlockedByLink(address: string): Promise<boolean> {
    for (let i = 0; i < 50; i++) {
      const token = await mailedToken(system, address, "unlock").catch(() => null);
      if (token) {
        await openClient(url, stage.a.slug).call("POST", "unlock", { body: { token } });
        const again = await openClient(url, stage.a.slug).call("POST", "unlock", { body: { token } });
        ledger.status("the same link twice", "its owner", again, 410);
        return (await guess(address, person.password)).status === 200;
      }
      await sleep(200);
    }
    return false;
  }
}

/** After two failures nothing is looked at without a solved challenge, whoever's address it is. */
async function challenged(stage: Stage, ledger: Ledger): Promise<void> {
  // What the checks themselves have failed at counts for their network.
  await stage.sql("postgres", async (client) => {
    await client.query("delete from sign_in_guard");
    await client.query("commit");
  });
  const { url } = stage.server;
  const { slug } = stage.a;
  const known = await stage.a.hire(`Challenged ${Date.now()}`, "viewer");
  const given: [string, string | undefined, number][] = [
    ["the first wrong password", undefined, 401],
    ["the second", undefined, 401],
    ["the third without a challenge", undefined, 428],
    ["with what is no solution", "bm90aGluZw==", 428],
    ["with another workspace's", await solvedChallenge(openClient(url, stage.b.slug)), 428],
  ];
  const one = async (at: string, address: string, challenge?: string, password = "Wrong-password-0815") =>
    openClient(url, at).call("POST", "session", {
      body: { address, password, ...(challenge === undefined ? {} : { challenge }) },
      unsolved: true,
    });
  for (const [who, at, address] of [
    ["known address", slug, known.address],
    ["unknown address", slug, `nobody.${Date.now()}@harrow-finch.example`],
    ["unknown workspace", "no-such-workspace", known.address],
  ] as const) {
    for (const [what, challenge, status] of given)
      ledger.status(what, who, await one(at, address, challenge), status);
    const mine = await solvedChallenge(openClient(url, at));
    const both = await Promise.all([one(at, address, mine), one(at, address, mine)]);
    const statuses = both.map((answer) => answer.status).sort();
    ledger.note(statuses.join() === "401,428", "one solution twice at once", who, statuses.join(", "));
    ledger.status("the same solution again", who, await one(at, address, mine), 428);
  }
  const right = await one(slug, known.address, undefined, known.password);
  ledger.status("the right password without a challenge", "known address", right, 428);
  const solved = await solvedChallenge(openClient(url, slug));
  ledger.status(
    "the right password with one",
    "known address",
    await one(slug, known.address, solved, known.password),
    200,
  );
  const reset = (address: string) =>
    openClient(url, slug).call("POST", "password-resets", { body: { address }, unsolved: true });
  const failing = `nobody.else.${Date.now()}@harrow-finch.example`;
  for (let i = 0; i < 2; i++) await one(slug, failing);
  ledger.status("asking for a new password after failures", "unknown address", await reset(failing), 428);
  ledger.status("asking for a new password", "an address without failures", await reset(known.address), 202);
  for (let i = 0; i < 10; i++) await one(slug, `nobody.${i}.${Date.now()}@harrow-finch.example`);
  const first = `nobody.first.${Date.now()}@harrow-finch.example`;
  ledger.status("the first of an address", "a network with ten failures", await one(slug, first), 428);
}

// The pause is temporary, so that nobody can be shut out for good; it is longer when it is earned again.
async function lockedFor(stage: Stage, ledger: Ledger): Promise<void> {
  let now = new Date();
  const ctx = {
    ...jobContext(stage.server.system, { tenantId: stage.a.id, slug: stage.a.slug }),
    clock: () => now,
  };
  const hash = randomBytes(32);
  const attempt = () => unit(ctx, (inner) => countAttempt(inner, hash));
  const pause = async (): Promise<number> => {
    while ((await attempt()).failures < MOST_FAILURES);
    return (await unit(ctx, (inner) => lock(inner, hash))).getTime() - now.getTime();
  };
  const first = await pause();
  ledger.note(first === minutes(15), "the first pause", "moved clock", `${first / 60_000} minutes`);
  now = later(now, first - 1000);
  ledger.note((await attempt()).lockedUntil !== null, "one second before its end", "moved clock", "paused");
  now = later(now, 2000);
  const after = await attempt();
  ledger.note(
    after.lockedUntil === null && after.failures === 1,
    "one second after its end",
    "moved clock",
    "open",
  );
  const second = await pause();
  ledger.note(second === minutes(30), "the second pause", "moved clock", `${second / 60_000} minutes`);
}

/** Medians of refusals for an address that exists and one that does not, taken in turn. */
async function timing(stage: Stage, ledger: Ledger): Promise<void> {
  const samples: Record<"known" | "unknown" | "no-workspace", number[]> = {
    known: [],
    unknown: [],
    "no-workspace": [],
  };
  const once = async (slug: string, address: string) => {
    const client = openClient(stage.server.url, slug);
    const body = { address, password: "Wrong-password-0815", challenge: await solvedChallenge(client) };
    const started = performance.now();
    await client.call("POST", "session", { body });
    return performance.now() - started;
  };
  const people = await Promise.all([0, 1, 2].map((i) => stage.a.hire(`Timed ${i} ${Date.now()}`, "viewer")));
  const known = people[0]?.address ?? "";
  for (let i = 0; i < 12; i++) {
    samples.known.push(await once(stage.a.slug, people[i % 3]?.address ?? known));
    samples.unknown.push(await once(stage.a.slug, `nobody.${i}.${Date.now()}@harrow-finch.example`));
    samples["no-workspace"].push(await once(`no-such-${i}`, known));
  }
  const median = (list: number[]) => [...list].sort((x, y) => x - y)[Math.floor(list.length / 2)] ?? 0;
  const [a, b, c] = [median(samples.known), median(samples.unknown), median(samples["no-workspace"])];
  // An account that exists must not stand out by a third of what the hash itself takes.
  const spread = Math.max(a, b, c) / Math.min(a, b, c);
  ledger.note(
    spread < 1.6,
    "time of a refusal",
    "known address, unknown address, unknown workspace",
    `${a.toFixed(0)}, ${b.toFixed(0)}, ${c.toFixed(0)} ms`,
  );
}
