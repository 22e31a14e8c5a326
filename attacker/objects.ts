import { asTheyAre, bodyFor, genuine, revive, sendGenuine, signIn } from "./ask.ts";
import { isRecord } from "./contract.ts";
import type { Operation } from "./openapi.ts";
import { unusedLike } from "./random.ts";
import { adopt, allowed, type Person, type Run } from "./run.ts";
import { sample } from "./sample.ts";

export type Handle = {
  id: string;
  noun: string;
  /** May the owner's own call change or destroy it? */
  expendable: boolean;
};

/** Is this noun private to its user, as far as the manifest shows? */
export function isPrivate(run: Run, noun: string | null): boolean {
  if (noun === null) return false;
  const known = run.manifest.tenants.flatMap((tenant) => tenant.objects[noun] ?? []);
  return known.some((item) => item.visibility === "private");
}

/** The noun that a path parameter names: its own `x-resource`, else the operation's for the last one. */
export function nounOf(op: Operation, name: string): string | null {
  const parameter = op.parameters.find((candidate) => candidate.in === "path" && candidate.name === name);
  return parameter?.resource ?? (name === op.named ? op.resource : null);
}

/** The routes by which a person may make an object of a noun. */
export function creatorsOf(run: Run, noun: string, person: Person): Operation[] {
  return run.operations.filter(
    (op) => op.creates === noun && !op.safe && op.publicBecause === null && allowed(op, person) !== false,
  );
}

/**
 * The objects that a person's call on this route would name. A `fresh` one is made for it: through the route that
 * creates its noun, by signing in once more for a session, by the manifest's hook, or from its spare objects.
 * Null for a parameter's noun of which the person has nothing.
 */
export async function objectsFor(
  run: Run,
  op: Operation,
  person: Person,
  fresh: boolean,
): Promise<{ ids: Record<string, string>; handle: Handle | null; missing: string | null }> {
  const ids: Record<string, string> = {};
  let handle: Handle | null = null;
  for (const [at, name] of [...op.ids.entries()].reverse()) {
    if (ids[name] !== undefined) continue;
    const noun = nounOf(op, name);
    if (noun === null) {
      const schema = op.parameters.find((candidate) => candidate.name === name)?.schema;
      ids[name] = String(schema ? sample(schema, run.fresh) : run.fresh.next());
      continue;
    }
    const found = await objectOf(run, noun, person, fresh);
    if (found === null) return { ids, handle: null, missing: `${person.label} has no ${noun} to use` };
    ids[name] = found.id;
    handle ??= found;
    // What it lies in is named before it.
    for (const [above, id] of (run.within.get(found.id) ?? []).entries()) {
      const parent = op.ids[at - (run.within.get(found.id)?.length ?? 0) + above];
      if (parent !== undefined) ids[parent] = id;
    }
  }
  return { ids, handle, missing: null };
}

/** An object of one noun that is the person's: `fresh`, or one that stands. Null when there is none. */
export async function objectOf(
  run: Run,
  noun: string,
  person: Person,
  fresh: boolean,
): Promise<Handle | null> {
  const known = (person.tenant.objects[noun] ?? []).filter((item) => !run.spent.has(item.id));
  const own = known.filter((item) => item.owner === person.user.userId && !item.spare);
  if (!fresh) {
    const standing = own.find((item) => item.visibility === "private") ?? own[0];
    if (standing) return { id: standing.id, noun, expendable: false };
  }
  const id = run.harmless ? null : await made(run, noun, person);
  if (id !== null) {
    run.knownIds.get(person.tenant.slug)?.add(id);
    return { id, noun, expendable: true };
  }
  const spare = known.find(
    (item) => item.spare && (item.owner === person.user.userId || !isPrivate(run, noun)),
  );
  if (spare) return { id: spare.id, noun, expendable: true };
  const any = own[0] ?? known.find((item) => item.visibility !== "private");
  return any ? { id: any.id, noun, expendable: false } : null;
}

async function made(run: Run, noun: string, person: Person): Promise<string | null> {
  for (const creator of creatorsOf(run, noun, person)) {
    const parents = await objectsFor(run, creator, person, true);
    if (parents.missing !== null) continue;
    const body = await bodyFor(run, creator, person);
    const answer = await sendGenuine(run, creator, person, {
      slug: person.tenant.slug,
      ids: parents.ids,
      body,
    });
    if (answer.status >= 200 && answer.status < 300) {
      const id = createdId(answer.json, noun);
      if (id !== null && creator.ids.length > 0)
        run.within.set(
          id,
          creator.ids.map((name) => parents.ids[name] ?? ""),
        );
      return id;
    }
  }
  if (noun === "session") return anotherSession(run, person);
  try {
    return (await run.manifest.create?.(noun, person.tenant.slug, asTheyAre(person))) ?? null;
  } catch {
    // What the hook could not make is not there: the route that needs it stays open and says so.
    return null;
  }
}

/** A body made from its schema, whose `x-resource` values name objects of the person's own. */
export async function namingOwn(run: Run, op: Operation, person: Person, body: unknown): Promise<unknown> {
  if (!isRecord(body) || !isRecord(op.body?.schema.properties)) return body;
  const named = { ...body };
  for (const [name, schema] of Object.entries(op.body.schema.properties)) {
    if (!isRecord(schema) || !(name in named)) continue;
    const isList = isRecord(schema.items);
    const noun = isRecord(schema.items) ? schema.items["x-resource"] : schema["x-resource"];
    if (typeof noun !== "string") continue;
    const own = await objectOf(run, noun, person, !op.safe);
    if (own) named[name] = isList ? [own.id] : own.id;
  }
  return named;
}

/** `id`, `items[0].id` or `<noun>.id` of an answer. */
export function createdId(json: unknown, noun: string): string | null {
  if (!isRecord(json)) return null;
  const inner = Array.isArray(json.items) ? json.items[0] : json[noun];
  const id = isRecord(inner) ? inner.id : json.id;
  return typeof id === "string" ? id : null;
}

/** Signs in once more and finds the session in the list that was not there before. */
async function anotherSession(run: Run, person: Person): Promise<string | null> {
  const listed = run.operations.find(
    (op) =>
      op.safe &&
      run.operations.some((other) => other.resource === "session" && other.path === `${op.path}/{id}`),
  );
  if (!listed) return null;
  const ask = () => genuine(run, listed, person, { slug: person.tenant.slug, ids: {} });
  await revive(run, person);
  const before = idsIn((await run.client.send(ask())).json);
  const credentials = await signIn(run, person);
  if (!credentials) return null;
  const after = idsIn((await run.client.send(ask())).json);
  if (after.length === 0) adopt(person, credentials);
  return after.find((id) => !before.includes(id)) ?? null;
}

function idsIn(json: unknown): string[] {
  const items = isRecord(json) && Array.isArray(json.items) ? json.items : [];
  return items.filter(isRecord).map((item) => String(item.id));
}

/** Identifiers of the same shape that name nothing. */
export function unusedIds(run: Run, ids: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, unusedLike(id, run.random)]));
}
