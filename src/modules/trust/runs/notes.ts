import { createHash } from "node:crypto";
import type { System } from "../../../kernel/system.ts";
import { signerOf } from "../../operations/audit/log/keeper.ts";
import { openNote, signNote } from "../../operations/audit/log/note.ts";

// Results are kept as text, and what they are is signed beside them: whoever can write rows, and has no key, makes none.

export const digestOf = (text: string | Buffer): string => createHash("sha256").update(text).digest("base64");

/** Signs what a result is, line by line, as this installation. */
export const signLines = async (system: System, lines: readonly string[]): Promise<string> =>
  signNote(lines, await signerOf(system));

/** What a note of this installation says; null for one that nobody here signed. */
export async function readLines(system: System, note: string): Promise<string[] | null> {
  const signer = await signerOf(system);
  try {
    return openNote(note, signer);
  } catch {
    return null;
  }
}

/** Whether this installation signed exactly these lines. */
export async function isSigned(system: System, note: string, lines: readonly string[]): Promise<boolean> {
  return (await readLines(system, note))?.join("\n") === lines.join("\n");
}
