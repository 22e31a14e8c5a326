import type { Report } from "./blocks.ts";
import { extractionFailure } from "./failure.ts";
import { flow, type Piece } from "./office-flow.ts";
import { openPackage, type Package } from "./ooxml.ts";
import { drawnWords } from "./ooxml-drawings.ts";
import { type Shape, slideEvents } from "./pptx-slide.ts";
import { cleanLine, cleanLines } from "./text.ts";
import type { ZipBudget } from "./zip.ts";

const MOST_SLIDES = 20_000;

/**
 * A PresentationML document (ECMA-376 part 1, 19) to blocks: slides in the order of the show, each with its title, what
 * it shows, its notes and its comments; `page` is the slide's number. Footers are told once.
 */
export async function extractPptx(bytes: Uint8Array, report: Report, budget?: ZipBudget): Promise<void> {
  const pack = await openPackage(bytes, budget);
  const slides = await slidesOf(pack);
  if (slides.length > MOST_SLIDES) throw extractionFailure("too_large_inflated");
  if (slides.length > 0) report.pages(slides.length);
  if (pack.title !== "") report.title(pack.title);
  const footers = new Set<string>();
  for (const [index, part] of slides.entries()) {
    const take = flow(report, index + 1);
    for (const piece of await slidePieces(pack, part, index + 1, footers)) take(piece);
    take(null);
  }
}

async function slidesOf(pack: Package): Promise<string[]> {
  const relations = new Map((await pack.relations(pack.main)).map(({ id, target }) => [id, target]));
  const slides: string[] = [];
  await pack.read(pack.main, {
    open(name, attribute) {
      const target = name === "p:sldId" ? relations.get(attribute("r:id") ?? "") : undefined;
      if (target !== undefined) slides.push(target);
    },
  });
  return slides;
}

async function slidePieces(pack: Package, part: string, no: number, footers: Set<string>): Promise<Piece[]> {
  const relations = await pack.relations(part);
  const slide = await readSlide(pack, part);
  const title = slide.shapes.filter(isTitle).map(textOf).map(cleanLine).find(Boolean);
  // Without a heading of its own a slide would be found under the title of the one before.
  const heading = `${title ?? `Slide ${no}`}${slide.hidden ? " (hidden slide)" : ""}`;
  const pieces: Piece[] = [{ kind: "heading", level: 1, text: heading }];
  for (const shape of slide.shapes) {
    if (isTitle(shape)) {
      if (cleanLine(textOf(shape)) !== title) pieces.push({ kind: "paragraph", text: textOf(shape) });
    } else if (shape.placeholder === "ftr") {
      const text = cleanLine(textOf(shape));
      if (!footers.has(text)) pieces.push({ kind: "paragraph", text });
      footers.add(text);
    } else if (shape.placeholder !== "dt" && shape.placeholder !== "sldNum") {
      pieces.push(...shapePieces(shape));
      const linked = relations.find(({ id }) => id === shape.linked)?.target;
      pieces.push({ kind: "paragraph", text: await drawnWords(pack, linked) });
    }
  }
  for (const { type, target } of relations) {
    if (type === "notesSlide") {
      const { shapes } = await readSlide(pack, target);
      const words = shapes
        .filter(({ placeholder }) => placeholder === "body")
        .map(textOf)
        .join("\n");
      if (words.trim() !== "") pieces.push({ kind: "paragraph", text: `Notes: ${words}` });
    } else if (type === "comments") {
      for (const words of await commentWords(pack, target))
        pieces.push({ kind: "paragraph", text: `Comment: ${words}` });
    }
  }
  return pieces;
}

async function readSlide(pack: Package, part: string): Promise<{ shapes: Shape[]; hidden: boolean }> {
  const shapes: Shape[] = [];
  let hidden = false;
  const events = slideEvents((shape) => shapes.push(shape));
  await pack.read(part, {
    ...events,
    open(name, attribute) {
      if (name === "p:sld") hidden = /^(?:0|false)$/.test(attribute("show") ?? "");
      events.open?.(name, attribute);
    },
  });
  return { shapes, hidden };
}

const isTitle = ({ placeholder }: Shape) => placeholder === "title" || placeholder === "ctrTitle";
const textOf = ({ paragraphs }: Shape) => paragraphs.map(({ text }) => text).join("\n");

function shapePieces({ placeholder, paragraphs, rows }: Shape): Piece[] {
  if (rows.length > 0)
    return [...rows.map((cells): Piece => ({ kind: "row", cells })), { kind: "table end" }];
  const said = paragraphs.filter(({ text }) => text.trim() !== "");
  const isOutline =
    placeholder === "body" || placeholder === "obj" || said.some(({ bullet }) => bullet === "own");
  if (!isOutline || said.length < 2)
    return [{ kind: "paragraph", text: said.map(({ text }) => text).join("\n") }];
  return said.map(({ bullet, text }) => ({ kind: "item", text: bullet === "none" ? text : `- ${text}` }));
}

async function commentWords(pack: Package, part: string): Promise<string[]> {
  const comments: string[] = [];
  let text = "";
  let inside = false;
  await pack.read(part, {
    open(name) {
      inside = name === "p:text" || name === "a:t";
    },
    close(name) {
      inside = false;
      if (name === "a:p") text += "\n";
      if (name !== "p:cm" && name !== "modern:cm" && name !== "modern:reply") return;
      if (text.trim() !== "") comments.push(cleanLines(text));
      text = "";
    },
    text(piece) {
      if (inside) text += piece;
    },
  });
  return comments;
}
