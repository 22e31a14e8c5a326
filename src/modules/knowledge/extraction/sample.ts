const PIECE = 1000;
const MOST_PIECES = 64;

/** Gathers pieces from all over a text, however long it is. */
export function sampler(): { add(text: string): void; pieces(): string[] } {
  let kept: string[] = [];
  let piece = "";
  let stride = 1;
  let seen = 0;

  function close(): void {
    if (seen++ % stride === 0) kept.push(piece);
    piece = "";
    if (kept.length < 2 * MOST_PIECES) return;
    // Every other one goes, and from now on every other one is taken: what stays is spread evenly.
    kept = kept.filter((_, index) => index % 2 === 0);
    stride *= 2;
  }
  function add(text: string): void {
    piece += `${piece === "" ? "" : " "}${text.slice(0, PIECE)}`;
    if (piece.length >= PIECE) close();
  }
  return { add, pieces: () => (piece === "" ? kept : [...kept, piece]) };
}
