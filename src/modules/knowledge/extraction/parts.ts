import type { Block, Report } from "./blocks.ts";
import { type ExtractionFailureCode, extractionMessages, failureCodeOf } from "./failure.ts";
import { type Room, readDocument } from "./formats.ts";
import { refusalWords, sniffKind } from "./sniff.ts";
import { cleanLine } from "./text.ts";

/** A file within a file: an attachment, an entry of an archive. `name` is for showing only. */
export type Part = { name: string; bytes: Uint8Array };

export type PartOutcome = "read" | { refused: string; code: ExtractionFailureCode };

/**
 * Reads a part as a section under its name, with a heading of level `level`. What is wrong with the part is its outcome
 * and never its neighbours' trouble; what is wrong with the whole (too much text) is thrown.
 */
export async function readPart(part: Part, level: number, report: Report, room: Room): Promise<PartOutcome> {
  const kind = sniffKind(part.bytes, part.name);
  if (kind === null) return { refused: refusalWords(part.bytes, part.name), code: "unsupported_format" };
  const section = sectionOf(part.name, level, report);
  try {
    await readDocument(kind, part.bytes, section.report, undefined, { ...room, depth: room.depth + 1 });
  } catch (error) {
    section.raiseOwn();
    const code = failureCodeOf(error);
    return { refused: extractionMessages[code], code };
  }
  return section.begun() ? "read" : { refused: extractionMessages.no_text, code: "no_text" };
}

/** A part that could not be read, noted in the text where it would stand. */
export function notePart(name: string, words: string, report: Report): void {
  report.block({ kind: "paragraph", text: cleanLine(`[${name}: ${words}]`), page: null });
}

/** Headings go below the section's own; pages are the part's, and not those of the whole. */
function sectionOf(name: string, level: number, report: Report) {
  let begun = false;
  let own: unknown;
  function tell(block: Block): void {
    try {
      report.block(block);
    } catch (error) {
      own = error;
      throw error;
    }
  }
  const section: Report = {
    pages: () => {},
    title: () => {},
    pictures: () => {},
    block(block) {
      if (!begun) tell({ kind: "heading", level, text: cleanLine(name) || "Untitled", page: null });
      begun = true;
      const deeper = block.kind === "heading" ? { level: Math.min(6, (block.level ?? 1) + level) } : {};
      tell({ ...block, ...deeper, page: null });
    },
  };
  return {
    report: section,
    begun: () => begun,
    raiseOwn() {
      if (own !== undefined) throw own;
    },
  };
}
