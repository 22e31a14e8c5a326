import { genuine, revive } from "./ask.ts";
import { isRecord } from "./contract.ts";
import { nounOf } from "./objects.ts";
import type { Operation } from "./openapi.ts";
import { allowed, type Person, type Run } from "./run.ts";

/** What a route would change, read by its owner: canonical text to compare, and the value. */
export type State = { text: string; value: unknown };

/**
 * Reads the state that `op` would change, as `person` sees it. A string says why it cannot be read. The reader is
 * the operation's `x-state`; else the GET of the object (or its line in the collection); else the nearest GET above.
 */
export async function readState(
  run: Run,
  op: Operation,
  person: Person,
  ids: Record<string, string>,
): Promise<State | string> {
  const reader = readerOf(run, op);
  if (reader === null) return `nothing reads what ${op.key} changes: declare x-state`;
  if (typeof reader === "string") return reader;
  if (allowed(reader.op, person) === false) return `${person.label} may not read ${reader.op.key}`;
  await revive(run, person);
  const ask = genuine(run, reader.op, person, { slug: person.tenant.slug, ids });
  let answer = await run.client.send(ask);
  if (answer.status === 401) {
    // Whose session has ended says nothing of the object: they sign in again, and look.
    person.suspect = true;
    await revive(run, person);
    answer = await run.client.send(genuine(run, reader.op, person, { slug: person.tenant.slug, ids }));
  }
  if ([0, 401, 429].includes(answer.status) || answer.status >= 500) {
    return `${reader.op.key} answered ${answer.status}`;
  }
  const value = reader.line === null ? answer.json : lineOf(answer.json, ids[reader.line]);
  const still = withoutVolatile(value, new Set(["requestId", "csrf", ...(run.manifest.volatile ?? [])]));
  return { text: `${answer.status} ${JSON.stringify(still)}`, value: still };
}

type Reader = { op: Operation; line: string | null };

export function readerOf(run: Run, op: Operation): Reader | string | null {
  const reads = run.operations.filter((other) => other.safe && !other.stream);
  if (op.state?.startsWith("none")) return op.state;
  const named = reads.find((other) => other.key === op.state);
  if (named) return { op: named, line: null };
  const last = op.named ?? undefined;
  if (last !== undefined && nounOf(op, last) !== null) {
    const item = op.path.slice(0, op.path.lastIndexOf(`{${last}}`) + last.length + 2);
    const exact = reads.find((other) => other.path === item);
    if (exact) return { op: exact, line: null };
    const collection = reads.find((other) => other.path === item.slice(0, item.lastIndexOf("/")));
    return collection ? { op: collection, line: last } : null;
  }
  for (let path = op.path; path.includes("/"); path = path.slice(0, path.lastIndexOf("/"))) {
    const above = reads.find((other) => other.path === path && other.publicBecause === null);
    if (above) return { op: above, line: null };
  }
  return null;
}

function lineOf(json: unknown, id: string | undefined): unknown {
  const items = isRecord(json) && Array.isArray(json.items) ? json.items : [];
  return items.find((item) => isRecord(item) && item.id === id) ?? null;
}

function withoutVolatile(value: unknown, names: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutVolatile(item, names));
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !names.has(key));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutVolatile(inner, names)]));
}

/** Where two states part. */
export function difference(before: string, after: string): string {
  let at = 0;
  while (at < before.length && before[at] === after[at]) at++;
  const from = Math.max(0, at - 20);
  return `…${before.slice(from, at + 40)}… became …${after.slice(from, at + 40)}…`;
}
