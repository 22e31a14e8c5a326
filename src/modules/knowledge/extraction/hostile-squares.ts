import type { HostileFile } from "./hostile-files.ts";

const many = (words: string, count: number) => words.repeat(count);
const file = (name: string, source: string, text: RegExp): HostileFile => ({
  name,
  bytes: () => Buffer.from(source, "latin1"),
  verdict: { text },
});

/** Small files that took, or would take, the square of their length: each is read in seconds, whatever is repeated in it. */
export const hostileSquares: readonly HostileFile[] = [
  file(
    "halves.rtf",
    `{\\rtf1\\ansi\\ansicpg932 ${many("\\'82a", 150_000)}\\par The honest words}`,
    /The honest words/,
  ),
  file(
    "blank lines in code.html",
    `<html><pre>a${many("\n", 300_000)}b</pre><p>The honest words`,
    /The honest words/,
  ),
  file("rule of blanks.md", `a|b\n${many(" ", 60_000)}x\n\nThe honest words`, /The honest words/),
  file("cell of blanks.md", `a|b\n-|-\na${many(" ", 60_000)}b|c\n\nThe honest words`, /The honest words/),
  file("comments without end.md", `a ${many("<!--a ", 10_000)}\n\nThe honest words`, /The honest words/),
  file("instructions without end.md", `a ${many("<?a ", 15_000)}\n\nThe honest words`, /The honest words/),
  file("items apart.md", `${many("- a\n\n  - b\n\n", 2000)}\n\nThe honest words`, /The honest words/),
  file("items without end.md", `${many("- a\n", 5000)}\n\nThe honest words`, /The honest words/),
  file("thirty thousand headings.txt", many("PART ABC\n", 30_000), /^PART ABC\nPART ABC/),
  file("thirty thousand underlined.txt", many("words\n---\n", 30_000), /^words\nwords/),
  file("quotes in quotes.csv", `a,b\n${many('"a\n', 300_000)}`, /^a \| b/),
  file("quotes without end.csv", `a,b\n${many('x,"a\n', 100_000)}`, /^a \| b/),
  file("one cell.csv", `a,b\n${many("x", 3_000_000)},The honest words`, /The honest words/),
  file(
    "lines that flow.eml",
    `From: a@b.example\nTo: c@d.example\nContent-Type: text/plain; format=flowed\n\n${many("a \n", 100_000)}`,
    /a\s+a/,
  ),
];
