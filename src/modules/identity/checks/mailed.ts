import { setTimeout as sleep } from "node:timers/promises";
import type { System } from "../../../kernel/system.ts";
import { mailedToken } from "../../trust/stage/people.ts";

/** The token of a link that a job mails, once it is there; null after ten seconds. */
export async function tokenOnceMailed(
  system: System,
  address: string,
  kind: Parameters<typeof mailedToken>[2],
): Promise<string | null> {
  const until = Date.now() + 10_000;
  while (Date.now() < until) {
    const token = await mailedToken(system, address, kind).catch(() => null);
    if (token) return token;
    await sleep(50);
  }
  return null;
}
