import { argon2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { parentPort } from "node:worker_threads";
import { PARAMETERS, parsePhc, printPhc } from "./phc.ts";

// Runs in a worker: hashing in the shared thread pool would stop every file read and token check.
export type HashTask =
  | { readonly id: number; readonly verb: "hash"; readonly password: string }
  | { readonly id: number; readonly verb: "verify"; readonly password: string; readonly phc: string };
export type HashAnswer =
  | { readonly id: number; readonly value: string | boolean }
  | { readonly id: number; readonly error: string };

parentPort?.on("message", (task: HashTask) => {
  try {
    const value = task.verb === "hash" ? hash(task.password) : verify(task.password, task.phc);
    parentPort?.postMessage({ id: task.id, value } satisfies HashAnswer);
  } catch (error) {
    parentPort?.postMessage({ id: task.id, error: (error as Error).message } satisfies HashAnswer);
  }
});

function hash(password: string): string {
  const salt = randomBytes(16);
  const tag = argon2Sync("argon2id", { ...PARAMETERS, message: bytes(password), nonce: salt, tagLength: 32 });
  return printPhc({ ...PARAMETERS, salt, tag });
}

function verify(password: string, phc: string): boolean {
  const { memory, passes, parallelism, salt, tag } = parsePhc(phc);
  const again = argon2Sync("argon2id", {
    memory,
    passes,
    parallelism,
    message: bytes(password),
    nonce: salt,
    tagLength: tag.length,
  });
  return timingSafeEqual(again, tag);
}

// One spelling for what looks the same, whatever the keyboard sent (NIST SP 800-63B-4 section 3.1.1.2).
const bytes = (password: string): Buffer => Buffer.from(password.normalize("NFKC"), "utf8");
