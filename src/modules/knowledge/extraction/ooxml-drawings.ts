import type { Package } from "./ooxml.ts";

const MOST_LINES = 500;

/**
 * The words of a part that draws (a diagram's data, a chart, the shapes on a sheet), a line each, equal ones once. Of a
 * chart: its titles and the names of its series and categories; its numbers stand in a table that is told elsewhere.
 */
export async function drawnWords(pack: Package, part: string | undefined): Promise<string> {
  const lines = new Set<string>();
  let line = "";
  let names = 0;
  let inside = false;
  await pack.read(part, {
    open(name) {
      if (name === "c:strCache") names++;
      inside = name === "a:t" || (name === "c:v" && names > 0);
    },
    close(name) {
      if (name === "c:strCache") names--;
      inside = false;
      if (name !== "a:p" && name !== "c:v") return;
      if (line.trim() !== "" && lines.size < MOST_LINES) lines.add(line);
      line = "";
    },
    text(text) {
      if (inside) line += text;
    },
  });
  return [...lines].join("\n");
}
