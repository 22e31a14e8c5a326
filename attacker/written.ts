import { bodyFor, genuine, revive, sendGenuine } from "./ask.ts";
import type { Answer } from "./client.ts";
import { isRecord } from "./contract.ts";
import { createdId, nounOf, objectsFor } from "./objects.ts";
import type { Operation, Schema } from "./openapi.ts";
import { allowed, type Person, type Run } from "./run.ts";
import { fileForm, type UploadedFile } from "./sample.ts";
import type { Scene } from "./scene.ts";
import { readerOf } from "./state.ts";

/** What came of a text or a file that an owner wrote: the answer, and the same read back and downloaded. */
export type Written = { answer: Answer; read: Answer | null; files: Answer[] };

/** Texts of a JSON body that may hold anything: no format, no list, no pattern. Secrets are left as they are. */
export function textFields(op: Operation): [name: string, most: number][] {
  const properties = op.body?.schema.properties;
  if (!op.body?.type.includes("json") || !isRecord(properties)) return [];
  return Object.entries(properties).flatMap(([name, inner]): [string, number][] => {
    const schema = (isRecord(inner) ? inner : {}) as Schema;
    const isFree = schema.type === "string" && !schema.format && !schema.enum && !schema.pattern;
    const isSecret = /password|token|code|secret|ticket|challenge|current|^new$/i.test(name);
    return isFree && !isSecret ? [[name, Number(schema.maxLength ?? 1_000)]] : [];
  });
}

/** The owner's own call on an object of its own with another value in one field. A text says what is missing. */
export async function writeField(scene: Scene, field: string, value: string): Promise<Written | string> {
  const { run, op, owner } = scene;
  if (!owner) return "nobody may write it";
  const found = await objectsFor(run, op, owner, true);
  if (found.missing !== null) return found.missing;
  const valid = await bodyFor(run, op, owner);
  const body = { ...(isRecord(valid) ? valid : {}), [field]: value };
  const answer = await sendGenuine(run, op, owner, { slug: owner.tenant.slug, ids: found.ids, body });
  return readBack(scene, owner, found.ids, answer);
}

/** A form with one file of this name and content, sent by the owner. */
export async function writeFile(scene: Scene, file: UploadedFile): Promise<Written | string> {
  const { run, op, owner } = scene;
  if (!owner) return "nobody may write it";
  const found = await objectsFor(run, op, owner, true);
  if (found.missing !== null) return found.missing;
  await revive(run, owner);
  const ask = genuine(run, op, owner, { slug: owner.tenant.slug, ids: found.ids, body: {} });
  const { type, bytes } = fileForm(op, await bodyFor(run, op, owner), file, run.fresh);
  const headers = { ...ask.headers, "content-type": type };
  const answer = await run.client.send({ ...ask, headers, body: bytes });
  return readBack(scene, owner, found.ids, answer);
}

async function readBack(
  { run, op }: Scene,
  owner: Person,
  ids: Record<string, string>,
  answer: Answer,
): Promise<Written> {
  if (answer.status >= 300) return { answer, read: null, files: [] };
  // What was made, or, of a change, what was changed.
  const noun = op.creates ?? (op.named === null ? null : nounOf(op, op.named));
  const id = op.creates === null ? (ids[op.named ?? ""] ?? null) : createdId(answer.json, op.creates);
  const slug = owner.tenant.slug;
  const ask = (reader: Operation, of: Record<string, string>) =>
    run.client.send(genuine(run, reader, owner, { slug, ids: of }));
  if (noun === null || id === null) return { answer, read: await readAbove(), files: [] };
  const readers = readersOf(run, noun).filter((reader) => allowed(reader, owner) !== false);
  const named = (reader: Operation) => ({ [reader.ids[0] ?? ""]: id });
  const item = readers.find((reader) => !reader.download && reader.path.endsWith("}"));
  const files: Answer[] = [];
  for (const reader of readers.filter((one) => one.download)) files.push(await ask(reader, named(reader)));
  const shown = item ? await ask(item, named(item)) : await readAbove();
  return { answer, read: shown, files };

  async function readAbove(): Promise<Answer | null> {
    const reader = readerOf(run, op);
    if (reader === null || typeof reader === "string" || allowed(reader.op, owner) === false) return null;
    return ask(reader.op, ids);
  }
}

function readersOf(run: Run, noun: string): Operation[] {
  return run.operations.filter(
    (op) => op.safe && !op.stream && op.resource === noun && op.ids.length === 1 && op.publicBecause === null,
  );
}
