import { timingSafeEqual } from "node:crypto";
import { reveal } from "../../kernel/secret.ts";
import type { System } from "../../kernel/system.ts";

/** Whether a token opens the outbox of this process. Never where a mail server is set. */
export function holdsOutboxToken(system: System, given: string | undefined): boolean {
  if (!system.outboxToken || !given) return false;
  const right = Buffer.from(reveal(system.outboxToken));
  const tried = Buffer.from(given);
  return right.length === tried.length && timingSafeEqual(right, tried);
}

/** The outbox page with its token, for the terminal and the set-up page; null where a mail server is set. */
export function outboxLink(system: System): string | null {
  return system.outboxToken ? `/outbox#${reveal(system.outboxToken)}` : null;
}
