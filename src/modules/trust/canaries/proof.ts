import { createHmac, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { minutes } from "../../../kernel/clock.ts";
import type { System } from "../../../kernel/system.ts";

/** Where the runner's requests carry their proof. As a cookie where a browser is played. */
export const PROOF_HEADER = "x-canary-runner";
export const PROOF_COOKIE = "vs_canary_runner";

const GOOD_FOR = minutes(120);

/**
 * What tells the runner's requests from everybody else's, for two hours: the time under a key of the installation, which
 * every process of it has and nobody outside. It opens nothing; it only keeps the runner from raising alarms.
 */
export async function proofOfRunner(system: System): Promise<string> {
  const at = system.clock().getTime().toString(36);
  return `${at}.${await macOf(system, at)}`;
}

export async function isRunner(system: System, request: FastifyRequest): Promise<boolean> {
  const given = request.headers[PROOF_HEADER] ?? request.cookies[PROOF_COOKIE];
  const [, at = "", mac = ""] = /^([0-9a-z]{1,12})\.([A-Za-z0-9_-]{43})$/.exec(String(given ?? "")) ?? [];
  const age = system.clock().getTime() - Number.parseInt(at, 36);
  if (!(Math.abs(age) < GOOD_FOR)) return false;
  return timingSafeEqual(Buffer.from(mac), Buffer.from(await macOf(system, at)));
}

async function macOf(system: System, at: string): Promise<string> {
  const key = (await system.keyring.platform()).subkey("canary-runner");
  return createHmac("sha256", key).update(at).digest("base64url");
}
