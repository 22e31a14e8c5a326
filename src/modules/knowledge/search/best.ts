export type Candidate = { score: number; passage: number; view: number; ordinal: number };

/** A heap of the best `limit` candidates, the worst of them on top. */
export function bestOf(limit: number) {
  const heap: Candidate[] = [];
  const worse = (x: Candidate, y: Candidate): boolean =>
    x.score < y.score || (x.score === y.score && x.passage > y.passage);
  const swap = (i: number, j: number): void => {
    const [x, y] = [heap[i], heap[j]];
    if (x && y) [heap[i], heap[j]] = [y, x];
  };
  const isWorse = (i: number, j: number): boolean => {
    const [x, y] = [heap[i], heap[j]];
    return x !== undefined && y !== undefined && worse(x, y);
  };
  const sinkTop = (): void => {
    for (let i = 0; ; ) {
      let worst = i;
      if (isWorse(2 * i + 1, worst)) worst = 2 * i + 1;
      if (isWorse(2 * i + 2, worst)) worst = 2 * i + 2;
      if (worst === i) return;
      swap(i, worst);
      i = worst;
    }
  };
  return {
    /** No candidate with a lower score can come in any more. */
    floor: limit === 0 ? Number.POSITIVE_INFINITY : 0,
    offer(score: number, passage: number, view: number, ordinal: number): void {
      const top = heap[0];
      const candidate = { score, passage, view, ordinal };
      if (heap.length < limit) {
        let i = heap.push(candidate) - 1;
        for (let parent = (i - 1) >> 1; i > 0 && isWorse(i, parent); parent = (i - 1) >> 1) {
          swap(i, parent);
          i = parent;
        }
      } else if (top && worse(top, candidate)) {
        heap[0] = candidate;
        sinkTop();
      }
      if (heap.length === limit) this.floor = heap[0]?.score ?? Number.POSITIVE_INFINITY;
    },
    take: (): Candidate[] => heap.sort((x, y) => (worse(x, y) ? 1 : -1)),
  };
}
