import type { Report } from "./blocks.ts";
import { type Numbering, readNumbering } from "./docx-numbering.ts";
import { story } from "./docx-story.ts";
import { readStyles, type Styles } from "./docx-styles.ts";
import { flow, type Piece, wordsOfPieces } from "./office-flow.ts";
import { openPackage, type Package } from "./ooxml.ts";
import { drawnWords } from "./ooxml-drawings.ts";
import { cleanLine } from "./text.ts";
import type { ZipBudget } from "./zip.ts";

const UNNUMBERED: Numbering = { mark: () => "" };
const NOTHING = () => undefined;

/**
 * A WordprocessingML document (ECMA-376 part 1, 17) to blocks: the body with its notes and comments
 * after what refers to them, then what runs above and below its pages, once. It has no pages: these are made anew by whoever prints it.
 */
export async function extractDocx(bytes: Uint8Array, report: Report, budget?: ZipBudget): Promise<void> {
  const pack = await openPackage(bytes, budget);
  const relations = await pack.relations(pack.main);
  const parts = (type: string) => relations.filter((each) => each.type === type).map(({ target }) => target);
  const part = (type: string) => parts(type)[0];

  const styles = await readStyles(pack, part("styles"));
  const numbering = await readNumbering(pack, part("numbering"), (id) => styles.numbering(id)?.numbering);
  const notes = {
    footnote: await readNotes(pack, part("footnotes"), "w:footnote", styles),
    endnote: await readNotes(pack, part("endnotes"), "w:endnote", styles),
    comment: await readNotes(pack, part("comments"), "w:comment", styles),
  };
  const drawn = new Map<string, string>();
  for (const { id, type, target } of relations)
    if (type === "chart" || type === "diagramData") drawn.set(id, await drawnWords(pack, target));
  if (pack.title !== "") report.title(pack.title);
  const take = flow(report, null);
  await pack.read(
    pack.main,
    story(
      { styles, numbering, note: (kind, id) => notes[kind].get(id), drawn: (id) => drawn.get(id) },
      (piece) => {
        // Told once for a whole: a later title is not taken.
        if (piece.kind === "heading" && piece.isTitle) report.title(cleanLine(piece.text));
        take(piece);
      },
    ),
  );
  // At the end: the first passage of a document is to begin with its title.
  for (const line of await runningLines(pack, [...parts("header"), ...parts("footer")], styles)) take(line);
  take(null);
}

/** The words of all notes or comments of a part, by their ids. */
async function readNotes(
  pack: Package,
  part: string | undefined,
  element: string,
  styles: Styles,
): Promise<Map<string, string>> {
  const notes = new Map<string, string>();
  let pieces: Piece[] = [];
  let id = "";
  const inner = story({ styles, numbering: UNNUMBERED, note: NOTHING, drawn: NOTHING }, (piece) =>
    pieces.push(piece),
  );
  await pack.read(part, {
    ...inner,
    open(name, attribute) {
      if (name === element) {
        id = attribute("w:type")?.toLowerCase().includes("separator") ? "" : (attribute("w:id") ?? "");
        pieces = [];
      }
      inner.open?.(name, attribute);
    },
    close(name) {
      inner.close?.(name);
      if (name === element && id !== "") notes.set(id, cleanLine(wordsOfPieces(pieces)));
    },
  });
  return notes;
}

/** What runs above or below the pages, each line once, page numbers alone not at all. */
async function runningLines(pack: Package, parts: string[], styles: Styles): Promise<Piece[]> {
  const lines = new Map<string, Piece>();
  for (const part of parts) {
    const pieces: Piece[] = [];
    await pack.read(
      part,
      story({ styles, numbering: UNNUMBERED, note: NOTHING, drawn: NOTHING }, (piece) => pieces.push(piece)),
    );
    const text = cleanLine(wordsOfPieces(pieces));
    if (/\p{L}/u.test(text)) lines.set(text, { kind: "paragraph", text });
  }
  return [...lines.values()];
}
