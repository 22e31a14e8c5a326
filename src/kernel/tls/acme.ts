import { randomInt } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, days, minutes } from "../clock.ts";
import type { TlsSource } from "../config-servers.ts";
import { createFile, replaceFile } from "../files/durable.ts";
import type { Logger } from "../log.ts";
import { challengePath, pathsOf, tlsFolder } from "./files.ts";
import { checkPair, namesOf, type Pair, readPair } from "./pair.ts";

export type AcmeSource = Extract<TlsSource, { kind: "acme" }>;

export interface AcmeOptions {
  readonly source: AcmeSource;
  readonly home: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly alert: (text: string) => void;
}

const LOOK_EVERY = minutes(10);
const FIRST_PAUSE = minutes(1);
const LONGEST_PAUSE = minutes(6 * 60);
const SOON = days(10);
const ANSWER_MS = 30_000;

/**
 * Keeps a certificate by ACME (RFC 8555): fetches one where there is none that fits, and the next one when two thirds of
 * its life are over. To be run by one process of several: the others see the file change. Answers how to stop.
 */
export function keepCertificate(options: AcmeOptions): () => Promise<void> {
  const keeper = certificateKeeper(options);
  let running: Promise<void> = Promise.resolve();
  const look = () => {
    running = running.then(keeper.look);
  };
  look();
  const timer = setInterval(look, LOOK_EVERY).unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** One look at a time. Failures are told and tried again after growing pauses; `look` never throws. */
export function certificateKeeper(options: AcmeOptions): { look(): Promise<void> } {
  const { source, home, clock, log, alert } = options;
  const { cert, key } = pathsOf(source, home);
  // Not all servers of the world on the same day after an outage: within a tenth of the life.
  const jitter = randomInt(1000) / 10_000;
  let failures = 0;
  let notBefore = 0;
  return {
    async look() {
      const now = clock();
      const pair = await readPair(cert, key, now).catch(() => null);
      if (pair && fits(pair, source) && now < renewAt(pair, jitter)) return;
      if (now.getTime() < notBefore) return;
      try {
        await fetchCertificate(options);
        failures = 0;
        log.warn({ domains: source.domains.length }, "ACME has brought a certificate");
      } catch (error) {
        const pause = Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE);
        failures++;
        notBefore = now.getTime() + pause / 2 + randomInt(pause / 2);
        log.error({ err: error, failures }, "ACME has brought no certificate");
        const left = pair ? pair.until.getTime() - now.getTime() : 0;
        if (left < SOON)
          alert(
            `ACME has brought no certificate after ${failures} attempts, and ${pair ? `the present one ends on ${pair.until.toISOString().slice(0, 10)}` : "there is no other"}. The server's log tells why.`,
          );
      }
    },
  };
}

/** When the next one is fetched: after two thirds of its life, a little earlier by chance. */
export function renewAt({ from, until }: Pick<Pair, "from" | "until">, jitter = 0): Date {
  const life = until.getTime() - from.getTime();
  return new Date(from.getTime() + life * (2 / 3 - jitter));
}

// Other names than before: it is of no use.
function fits({ cert }: Pair, { domains }: AcmeSource): boolean {
  return namesOf(cert).join() === [...domains].sort().join();
}

/** Fetches a certificate now and puts it in place, whole or not at all. */
export async function fetchCertificate({ source, home, clock }: AcmeOptions): Promise<void> {
  // Loaded by those who use it.
  const acme = (await import("acme-client")).default;
  // Pauses after failures are ours; an authority that hangs is one that fails.
  Object.assign(acme.axios.defaults, { timeout: ANSWER_MS });
  Object.assign((acme.axios.defaults as unknown as { acmeSettings: object }).acmeSettings, {
    retryMaxAttempts: 0,
  }); // not in its types
  const client = new acme.Client({
    directoryUrl: source.directoryUrl,
    accountKey: await accountKey(home),
    backoffAttempts: 12,
    backoffMin: 500,
    backoffMax: 20_000,
  });
  const [first = "", ...others] = source.domains;
  const [key, csr] = await acme.crypto.createCsr(
    { commonName: first, altNames: [first, ...others] },
    await acme.crypto.createPrivateEcdsaKey("P-256"),
  );
  const answers: string[] = [];
  try {
    const cert = await client.auto({
      csr,
      email: source.email,
      termsOfServiceAgreed: true,
      challengePriority: ["http-01"],
      // Asked from here it would say little of how the authority reaches us, and a server behind a router nothing.
      skipChallengeVerification: true,
      challengeCreateFn: async (_authorization, challenge, answer) => {
        const path = challengePath(home, challenge.token);
        if (challenge.type !== "http-01" || path === null)
          throw new Error("a challenge that cannot be answered");
        answers.push(path);
        await replaceFile(path, answer);
      },
      challengeRemoveFn: async () => {},
    });
    const pair = checkPair(cert, key.toString(), clock());
    await replaceFile(pathsOf(source, home).cert, pair.key + pair.cert);
  } finally {
    for (const path of answers) await rm(path, { force: true });
  }
}

async function accountKey(home: string): Promise<string> {
  const acme = (await import("acme-client")).default;
  const path = join(tlsFolder(home), "account.pem");
  const known = await readFile(path, "utf8").catch(() => null);
  if (known) return known;
  // Of two processes that make one at once, one wins, and both read the same.
  await createFile(path, (await acme.crypto.createPrivateEcdsaKey("P-256")).toString());
  return readFile(path, "utf8");
}
