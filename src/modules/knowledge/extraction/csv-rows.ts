/** A quoted cell that is longer than this was opened by mistake. */
const LONGEST_CELL = 1024 * 1024;
/** What stands in columns beyond is passed over. */
const MOST_COLUMNS = 100_000;

/**
 * The rows of a table of text (RFC 4180), each once and in one pass. A quote means something at the beginning of a cell
 * only; what follows its end before the next delimiter is told as it stands. Where one is never closed, it and all that
 * come after it are letters. Rows may have any number of cells; empty lines are rows of one empty cell.
 */
export function* csvRows(text: string, delimiter: string): Generator<string[]> {
  let at = 0;
  let row: string[] = [];
  let quotes = true;
  const ends = nextOf(text, /\r\n|\r|\n/g);
  const cuts = nextOf(text, delimiter);
  for (;;) {
    let cell = "";
    if (quotes && text.charCodeAt(at) === 0x22) {
      const closed = quotedCell(text, at + 1);
      if (closed === null) quotes = false;
      else ({ cell, at } = closed);
    }
    const cut = cuts(at);
    const end = ends(at);
    const to = Math.min(cut.from, end.from);
    if (to > at) cell += text.slice(at, to);
    if (row.length < MOST_COLUMNS) row.push(cell);
    if (to === text.length) {
      if (row.length > 1 || cell !== "") yield row;
      return;
    }
    at = to === end.from ? end.to : cut.to;
    if (to !== end.from) continue;
    yield row;
    row = [];
    if (at === text.length) return;
  }
}

/** What is between quotes, from behind the first; two of them within stand for one. Null when they never end. */
function quotedCell(text: string, from: number): { cell: string; at: number } | null {
  const parts: string[] = [];
  for (let at = from; ; ) {
    const quote = text.indexOf('"', at);
    if (quote === -1 || quote - from > LONGEST_CELL) return null;
    parts.push(text.slice(at, quote));
    if (text.charCodeAt(quote + 1) !== 0x22) return { cell: parts.join('"'), at: quote + 1 };
    at = quote + 2;
  }
}

type Place = { from: number; to: number };

/** Where a mark is found next from a place on, looked for once however often it is asked; at the end when it is nowhere. */
function nextOf(text: string, mark: string | RegExp): (at: number) => Place {
  let found: Place = { from: -1, to: -1 };
  const end = { from: text.length, to: text.length };
  const look = (at: number): Place => {
    if (typeof mark === "string") {
      const from = text.indexOf(mark, at);
      return from === -1 ? end : { from, to: from + mark.length };
    }
    mark.lastIndex = at;
    const match = mark.exec(text);
    return match === null ? end : { from: match.index, to: match.index + match[0].length };
  };
  return (at) => {
    if (found.from < at) found = look(at);
    return found;
  };
}
