import type { ReactNode } from "react";

const most = 420;

/** A text with its marks; `[start, end)` in UTF-16 code units, ascending. */
export function Marked({ text, marks }: { text: string; marks: number[][] }): ReactNode {
  return piecesOf(text, marks, 0, text.length);
}

/**
 * The part of a passage around its first mark, with all marks in it, in one line. The server gives a piece of a long
 * passage, which need not begin or end with a sentence either.
 */
export function Snippet({ text, marks }: { text: string; marks: number[][] }): ReactNode {
  let from = beginning(text, marks[0]?.[0] ?? 0);
  while (/\s/.test(text.charAt(from))) from++;
  const to = ending(text, from + most);
  return (
    <>
      {(from > 0 || /^\p{Ll}/u.test(text)) && "… "}
      {piecesOf(text, marks, from, to).map((node) =>
        typeof node === "string" ? node.replaceAll(/\n+/g, " · ") : node,
      )}
      {(to < text.length || /[\p{Ll},]$/u.test(text)) && " …"}
    </>
  );
}

function piecesOf(text: string, marks: number[][], from: number, to: number): ReactNode[] {
  const nodes: ReactNode[] = [];
  let at = from;
  for (const [start = 0, end = 0] of marks) {
    if (start < at) continue;
    if (end > to) break;
    nodes.push(
      text.slice(at, start),
      <mark key={start} className="text-ink">
        {text.slice(start, end)}
      </mark>,
    );
    at = end;
  }
  nodes.push(text.slice(at, to));
  return nodes;
}

/** Shortly before the first mark, so that it is in sight, and at the beginning of a word. */
function beginning(text: string, first: number): number {
  if (first < 120) return 0;
  const blank = text.slice(first - 80, first).search(/\s/);
  return blank < 0 ? wholeCharacter(text, first - 80) : first - 80 + blank + 1;
}

function ending(text: string, wanted: number): number {
  if (text.length <= wanted + 40) return text.length;
  const blank = text.slice(0, wanted).search(/\s\S*$/);
  return blank > wanted - 60 ? blank : wholeCharacter(text, wanted);
}

/** Not between the two halves of a character. */
function wholeCharacter(text: string, at: number): number {
  return /[\uDC00-\uDFFF]/.test(text.charAt(at)) ? at - 1 : at;
}
