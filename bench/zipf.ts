/** Text whose words are as common as Zipf's law says, the same in every run. */
export interface Zipf {
  /** Numbers below 1. */
  random(): number;
  /** A word by its rank, the most common first. */
  word(rank: number): string;
  /** A word as common as the text has it, of rank `from` or later. */
  draw(from?: number): string;
  text(words: number): string;
}

const VOCABULARY = 60_000;

export function zipf(seed: number): Zipf {
  let state = seed >>> 0;
  // mulberry32
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
  const words = [...new Set(Array.from({ length: VOCABULARY * 1.2 }, () => spoken(random)))].slice(
    0,
    VOCABULARY,
  );
  const upTo = new Float64Array(words.length);
  let sum = 0;
  for (let i = 0; i < words.length; i++) {
    sum += 1 / (i + 3);
    upTo[i] = sum;
  }
  const rank = (): number => {
    const at = random() * sum;
    let [low, high] = [0, words.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const draw = (from = 0): string => {
    for (;;) {
      const drawn = rank();
      if (drawn >= from) return words[drawn] ?? "";
    }
  };
  return {
    random,
    word: (at) => words[at] ?? "",
    draw,
    text: (count) => {
      const said = Array.from({ length: count }, () => draw());
      // A sentence now and then.
      return said.map((word, i) => (i % 13 === 12 ? `${word}.` : word)).join(" ");
    },
  };
}

const ONSETS = [
  "b",
  "br",
  "c",
  "d",
  "dr",
  "f",
  "g",
  "gl",
  "h",
  "k",
  "l",
  "m",
  "n",
  "p",
  "pl",
  "r",
  "s",
  "st",
  "t",
  "tr",
  "v",
];
const VOWELS = ["a", "e", "i", "o", "u", "ai", "ou"];
const ENDS = ["", "", "n", "r", "l", "x", "m", "t"];

function spoken(random: () => number): string {
  const one = (of: readonly string[]): string => of[Math.floor(random() * of.length)] ?? "";
  const syllables = 2 + Math.floor(random() * 3);
  return Array.from({ length: syllables }, () => one(ONSETS) + one(VOWELS) + one(ENDS)).join("");
}
