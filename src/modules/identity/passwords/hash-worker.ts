import { argon2Sync, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { parentPort } from "node:worker_threads";
import bcrypt from "bcryptjs";
import { COST } from "./bcrypt.ts";
import { PARAMETERS, printPhc } from "./phc.ts";
import { type Algorithm, parseStored } from "./stored.ts";

// Runs in a worker: hashing in the shared thread pool would stop every file read and token check.
export type HashTask = { readonly id: number } & HashOrder;
export type HashOrder =
  | { readonly verb: "hash"; readonly password: string; readonly algorithm: Algorithm }
  | { readonly verb: "verify"; readonly password: string; readonly stored: string };
export type HashAnswer =
  /** `ms`: how long the work itself took. */
  | { readonly id: number; readonly value: string | boolean; readonly ms: number }
  | { readonly id: number; readonly error: string };

parentPort?.on("message", (task: HashTask) => {
  try {
    const began = performance.now();
    const value =
      task.verb === "hash" ? hash(task.password, task.algorithm) : verify(task.password, task.stored);
    const ms = performance.now() - began;
    parentPort?.postMessage({ id: task.id, value, ms } satisfies HashAnswer);
  } catch (error) {
    parentPort?.postMessage({ id: task.id, error: (error as Error).message } satisfies HashAnswer);
  }
});

function hash(password: string, algorithm: Algorithm): string {
  // The library writes `2b`, which here says that the password was folded.
  if (algorithm === "bcrypt") return bcrypt.hashSync(fold(password), COST);
  const salt = randomBytes(16);
  const message = Buffer.from(fold(password), "utf8");
  const tag = argon2Sync("argon2id", { ...PARAMETERS, message, nonce: salt, tagLength: 32 });
  return printPhc({ ...PARAMETERS, salt, tag });
}

function verify(password: string, text: string): boolean {
  const stored = parseStored(text);
  if (stored.kind === "bcrypt") return bcrypt.compareSync(stored.folded ? fold(password) : password, text);
  if (stored.kind === "pbkdf2-sha256") {
    const { salt, iterations, tag } = stored;
    return timingSafeEqual(pbkdf2Sync(password, salt, iterations, tag.length, "sha256"), tag);
  }
  const { memory, passes, parallelism, salt, tag } = stored;
  const message = Buffer.from(fold(password), "utf8");
  const parameters = { memory, passes, parallelism, message, nonce: salt, tagLength: tag.length };
  return timingSafeEqual(argon2Sync("argon2id", parameters), tag);
}

// One spelling for what looks the same, whatever the keyboard sent (NIST SP 800-63B-4 section 3.1.1.2). Hashes from
// elsewhere were made from the password as it was typed.
const fold = (password: string): string => password.normalize("NFKC");
