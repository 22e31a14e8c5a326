import { odfStory } from "./odf-story.ts";
import type { OdfStyles } from "./odf-styles.ts";
import { type Piece, wordsOfPieces } from "./office-flow.ts";
import { cleanLine } from "./text.ts";
import type { XmlEvents } from "./xml.ts";

type Shape = { class: string; pieces: Piece[] };

const SHAPES = new Set([
  "draw:frame",
  "draw:custom-shape",
  "draw:rect",
  "draw:ellipse",
  "draw:line",
  "draw:connector",
]);
// The layout's own lines on every slide.
const REPEATED = new Set(["page", "date-time", "page-number", "footer", "header"]);

/** The events of a presentation to the pieces of each slide: its title as heading, what it shows, notes, comments. */
export function slidesOf(styles: OdfStyles, take: (pieces: Piece[], page: number) => void): XmlEvents {
  const path: string[] = [];
  let page = 0;
  let heading = "";
  let hidden = false;
  let shapes: Shape[] = [];
  let loose: Piece[] = [];
  let shape: Shape | null = null;
  /** Shapes within a shape are its own. */
  let depth = 0;
  let inNotes = false;
  const inner = odfStory(styles, (piece) => (shape?.pieces ?? loose).push(piece));

  function endSlide(): void {
    const title = shapes
      .filter(({ class: is }) => is === "title")
      .map(wordsOf)
      .find(Boolean);
    const notes = shapes
      .filter(({ class: is }) => is === "notes")
      .map(wordsOf)
      .filter(Boolean);
    const shown = shapes.filter(
      (each) =>
        each.class !== "notes" &&
        !REPEATED.has(each.class) &&
        !(each.class === "title" && wordsOf(each) === title),
    );
    take(
      [
        { kind: "heading", level: 1, text: `${title ?? heading}${hidden ? " (hidden slide)" : ""}` },
        ...shown.flatMap(({ pieces }) => pieces),
        ...notes.map((words): Piece => ({ kind: "paragraph", text: `Notes: ${words}` })),
        ...loose,
      ],
      page,
    );
    shapes = [];
    loose = [];
  }
  return {
    open(name, attribute) {
      const parent = path.at(-1);
      path.push(name);
      if (name === "draw:page" && parent === "office:presentation") {
        page++;
        heading = `Slide ${page}`;
        hidden = styles.hidden(attribute("draw:style-name"));
      } else if (name === "presentation:notes") inNotes = true;
      else if (page > 0 && SHAPES.has(name) && depth++ === 0) {
        const given = attribute("presentation:class") ?? "";
        shape = { class: inNotes && !REPEATED.has(given) ? "notes" : given, pieces: [] };
        shapes.push(shape);
      }
      if (page > 0) inner.open?.(name, attribute);
    },
    close(name) {
      path.pop();
      if (page > 0) inner.close?.(name);
      if (page > 0 && SHAPES.has(name) && --depth === 0) shape = null;
      else if (name === "presentation:notes") inNotes = false;
      else if (name === "draw:page" && path.at(-1) === "office:presentation") endSlide();
    },
    text(text) {
      inner.text?.(text);
    },
  };
}

const wordsOf = ({ pieces }: Shape) => cleanLine(wordsOfPieces(pieces));
