import { type Entry, isContentOf, leafOf } from "./entry.ts";
import { type Checkpoint, fromBase64, readCheckpoint, readNote, type VerifierKey } from "./note.ts";
import { isIncluded } from "./tree.ts";

/** What was found in an export. Anything in `problems` means: do not trust it. */
export interface Verdict {
  readonly tenant: string | null;
  readonly checkpoint: Checkpoint | null;
  readonly entries: number;
  /** Entries whose content was erased; the tree still holds them. */
  readonly erased: number;
  /** At most 100, each with where it is; `more` counts the others. */
  readonly problems: readonly string[];
  readonly more: number;
}

const MOST_PROBLEMS = 100;

interface Head {
  readonly format: string;
  readonly tenant: string;
  readonly checkpoint: string;
  readonly head: string | null;
  readonly removed: number;
}

/** An entry with its proof, by itself. */
export interface ProvenEntry extends Line {
  readonly checkpoint: string;
}

interface Line {
  readonly entry: Entry;
  readonly content: string | null;
  readonly number: number;
  readonly index: number;
  readonly path: readonly string[];
}

/** Checks an export line by line: every entry's content, hash, number and place in the signed tree, and that none is missing. */
export async function checkExport(
  lines: AsyncIterable<string> | Iterable<string>,
  key: VerifierKey,
): Promise<Verdict> {
  const problems: string[] = [];
  let more = 0;
  const complain = (words: string) => {
    if (problems.length < MOST_PROBLEMS) problems.push(words);
    else more++;
  };
  let head: Head | null = null;
  let checkpoint: Checkpoint | null = null;
  let [entries, erased, lastIndex, ended, no] = [0, 0, -1, false, 0];
  for await (const text of lines) {
    no++;
    if (text === "") continue;
    if (ended) {
      complain(`line ${no}: there is more behind the end`);
      break;
    }
    const value = parsed(text);
    if (value === null) {
      complain(`line ${no}: is not JSON`);
    } else if (!head) {
      head = value as unknown as Head;
      if (head.format !== "vouchsafe-audit-export/1") {
        complain("line 1: this is not an export of an audit log");
        break;
      }
      checkpoint = await readCheckpoint(String(head.checkpoint), key).catch((error: Error) => {
        complain(`line 1: ${error.message}`);
        return null;
      });
      if (!checkpoint) break;
      if (head.removed !== 0)
        complain(
          `line 1: ${head.removed} entries of this installation were removed after they had been recorded`,
        );
    } else if (value.end === true) ended = true;
    else {
      entries++;
      const line = value as unknown as Line;
      for (const words of await checkLine(line, head, entries, checkpoint as Checkpoint))
        complain(`line ${no}: ${words}`);
      if (!(line.index > lastIndex))
        complain(`line ${no}: stands at another place of the tree than its number says`);
      lastIndex = line.index;
      if (line.content === null) erased++;
    }
  }
  if (!head) complain("the file is empty");
  else if (checkpoint && !ended) complain("the file was cut off: its last line is missing");
  if (head && checkpoint && ended) {
    const signed = await headOf(head, key).catch((error: Error) => error.message);
    if (typeof signed === "string") complain(`line 1: ${signed}`);
    else if (signed !== entries)
      complain(`there are ${entries} entries, and the log was signed with ${signed}: the end is missing`);
  }
  return { tenant: head?.tenant ?? null, checkpoint, entries, erased, problems, more };
}

/** Checks one entry with its proof; answers what is wrong. */
export async function checkEntry(proof: ProvenEntry, key: VerifierKey): Promise<string[]> {
  const checkpoint = await readCheckpoint(String(proof.checkpoint), key).catch(
    (error: Error) => error.message,
  );
  if (typeof checkpoint === "string") return [checkpoint];
  return checkLine(proof, { tenant: proof.entry.tenant }, proof.number, checkpoint);
}

/** How many entries the workspace had when the checkpoint was signed. */
async function headOf({ tenant, head }: Head, key: VerifierKey): Promise<number> {
  if (typeof head !== "string") throw new Error("it does not say how many entries there must be");
  const [, workspace, count, ...more] = (await readNote(head, key)).slice(0, -1).split("\n");
  if (workspace !== `workspace ${tenant}` || !/^[1-9]\d{0,15}$/.test(count ?? "") || more.length > 0)
    throw new Error("what it says of the number of entries is of another workspace");
  return Number(count);
}

async function checkLine(
  line: Line,
  head: Pick<Head, "tenant">,
  expected: number,
  { size, root }: Checkpoint,
): Promise<string[]> {
  try {
    const { entry, content, number, index, path } = line;
    const wrong: string[] = [];
    if (entry.tenant !== head.tenant) wrong.push("is an entry of another workspace");
    if (number !== expected)
      wrong.push(
        `has number ${number} where ${expected} must stand: an entry is missing, doubled or out of order`,
      );
    if (content !== null && !(await isContentOf(entry, content))) wrong.push("its content was changed");
    if (!(await isIncluded(await leafOf(entry, number), index, size, path.map(fromBase64), root)))
      wrong.push("is not in the signed tree: it was changed, or never recorded");
    return wrong;
  } catch (error) {
    return [error instanceof Error ? error.message : "is malformed"];
  }
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
