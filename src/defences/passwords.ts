import type { Defence } from "./defence.ts";

const hash = "src/modules/identity/passwords/hash.ts";
const signIn = "src/modules/identity/sign-in/service.ts";
const lockout = "src/modules/identity/sign-in/lockout.ts";

/** Hashes of passwords, the pause after failures, and the challenge before it. */
export const passwordDefences: readonly Defence[] = [
  {
    words: "new passwords are hashed at OWASP's strength",
    claim: "identity.password-hash",
    file: "src/modules/identity/passwords/phc.ts",
    text: "export const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 } as const;",
    without: "export const PARAMETERS = { memory: 1_024, passes: 1, parallelism: 1 } as const;",
  },
  {
    words: "a hash from elsewhere is renewed",
    claim: "identity.password-hash",
    file: signIn,
    text: "if (!isOutdated(stored, passwordHash)) return null;",
    without: "if (!isOutdated(stored, passwordHash) || stored.length > 0) return null;",
  },
  {
    words: "a hash that would keep the server busy is refused",
    claim: "identity.password-hash",
    file: "src/modules/identity/passwords/django.ts",
    text: "const MOST_ITERATIONS = 2_000_000;",
    without: "const MOST_ITERATIONS = 20_000_000;",
  },
  {
    words: "what bcrypt would cut off is refused",
    claim: "identity.password-hash",
    file: hash,
    text: 'if (algorithm === "bcrypt" && !fitsBcrypt(password)) {',
    without: 'if (algorithm === "bcrypt" && password === "") {',
  },
  {
    words: "a wrong password takes alike long for every kind of hash",
    claim: "identity.password-hash",
    file: hash,
    text: "if (slowest > ms) await sleep(slowest - ms);",
    without: "if (slowest > ms) await sleep(0);",
  },
  {
    words: "after two failures nothing is looked at without a challenge",
    claim: "identity.lockout",
    part: "challenges",
    file: lockout,
    text: "export const FREE_FAILURES = 2;",
    without: "export const FREE_FAILURES = 2000;",
  },
  {
    words: "a network that fails often gets challenges for every address",
    claim: "identity.lockout",
    part: "challenges",
    file: lockout,
    text: "export const FREE_FAILURES_OF_NETWORK = 10;",
    without: "export const FREE_FAILURES_OF_NETWORK = 10_000;",
  },
  {
    words: "a solution serves once",
    claim: "identity.lockout",
    part: "challenges",
    file: "db/migrations/0014_challenges.sql",
    text: "    v_solved := found;",
    without: "    v_solved := true;",
  },
  {
    words: "a solution is good in its workspace",
    claim: "identity.lockout",
    part: "challenges",
    file: "src/modules/identity/challenges/service.ts",
    text: 'createHmac("sha256", system.challengeKey).update(asked, "utf8").digest("hex");',
    without: 'createHmac("sha256", system.challengeKey).update(asked && "", "utf8").digest("hex");',
  },
  {
    words: "a crowd at one workspace's sign-in leaves the others open",
    claim: "http.rate-limits",
    file: "src/kernel/routes/guards.ts",
    text: "who.slug === undefined ? undefined : wholeOf(",
    without: 'who.slug !== "" ? undefined : wholeOf(',
  },
];
