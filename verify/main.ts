/**
 * Checks an audit log without asking anybody.
 *
 *   node verify/main.ts export FILE --key KEY         a workspace's whole export
 *   node verify/main.ts entry FILE --key KEY          one entry with its proof, as the page and the API give it
 *   node verify/main.ts checkpoint NOTE --key KEY     who signed a checkpoint, and what it says
 *   node verify/main.ts consistency OLD NEW PROOF --key KEY
 *                       that the log of the file NEW only grew out of the one of OLD; PROOF holds one hash a line
 *
 * KEY is the log's public key as it was published, or a file that holds it. Exit code 0: all is as it must be; 1: it is
 * not, and what is wrong stands on standard output; 2: wrong use, or a file that cannot be read.
 */
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { checkEntry, checkExport, type ProvenEntry } from "./export.ts";
import { type Checkpoint, fromBase64, hex, readCheckpoint, readKey, type VerifierKey } from "./note.ts";
import { isConsistent } from "./tree.ts";

const USAGE =
  "node verify/main.ts export FILE --key KEY\nnode verify/main.ts entry FILE --key KEY\n" +
  "node verify/main.ts checkpoint NOTE --key KEY\n" +
  "node verify/main.ts consistency OLD NEW PROOF --key KEY\n";

async function run(args: string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { key: { type: "string" } },
    });
    const [verb = "", ...files] = positionals;
    const wanted = { export: 1, entry: 1, checkpoint: 1, consistency: 3 }[verb];
    if (values.key === undefined || files.length !== wanted) return usage();
    const key = await readKey(existsSync(values.key) ? readFileSync(values.key, "utf8") : values.key);
    const [first = "", second = "", third = ""] = files;
    if (verb === "export") return await verifyExport(first, key);
    if (verb === "entry") return await verifyEntry(first, key);
    if (verb === "checkpoint") return verdict([], words(await note(first, key)));
    return await verifyConsistency(first, second, third, key);
  } catch (error) {
    // A system error has a code: the file is not there. Every other is a verdict on what was in it.
    const { code, message } = error as { code?: string; message: string };
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return usage();
    process.stdout.write(`NOT VERIFIED: ${message}\n`);
    return code === undefined ? 1 : 2;
  }
}

async function verifyExport(file: string, key: VerifierKey): Promise<number> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  const { tenant, checkpoint, entries, erased, problems, more } = await checkExport(lines, key);
  const all = more > 0 ? [...problems, `and ${more} more`] : problems;
  return verdict(
    all,
    `All ${entries} entries of workspace ${tenant} are unchanged, in order and complete.` +
      (erased > 0 ? ` The content of ${erased} was erased, as the log shows.` : "") +
      (checkpoint ? `\n${words(checkpoint)}` : ""),
  );
}

async function verifyEntry(file: string, key: VerifierKey): Promise<number> {
  const proof = JSON.parse(readFileSync(file, "utf8")) as ProvenEntry;
  const { event, at, id } = proof.entry;
  return verdict(
    await checkEntry(proof, key),
    `Entry ${id} (${event}, ${at}) stands unchanged in the signed log.`,
  );
}

async function verifyConsistency(old: string, now: string, proof: string, key: VerifierKey): Promise<number> {
  const [before, after] = [await note(old, key), await note(now, key)];
  const path = readFileSync(proof, "utf8").split("\n").filter(Boolean).map(fromBase64);
  const holds = await isConsistent(before.size, before.root, after.size, after.root, path);
  const grew = `The log of ${after.size} entries begins with that of ${before.size}, unchanged.`;
  return verdict(holds ? [] : ["the newer log did not grow out of the older one"], grew);
}

const note = async (file: string, key: VerifierKey): Promise<Checkpoint> =>
  readCheckpoint(readFileSync(file, "utf8"), key);

const words = ({ origin, size, root }: Checkpoint): string =>
  `Signed by ${origin}: ${size} entries, root ${hex(root)}.`;

function verdict(problems: readonly string[], good: string): number {
  process.stdout.write(
    problems.length === 0
      ? `VERIFIED. ${good}\n`
      : `NOT VERIFIED:\n${problems.map((p) => `  ${p}\n`).join("")}`,
  );
  return problems.length === 0 ? 0 : 1;
}

function usage(): number {
  process.stderr.write(USAGE);
  return 2;
}

process.exitCode = await run(process.argv.slice(2));
