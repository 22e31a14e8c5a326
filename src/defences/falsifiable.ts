import type { Defence } from "./defence.ts";

const claim = "trust.falsifiable";
const folder = "src/modules/trust/falsifiable";

/** Of removing defences itself: a removal that nobody sees may not pass for one that was seen. */
export const falsifiableDefences: readonly Defence[] = [
  {
    words: "a copy that does not start has noticed nothing",
    claim,
    part: "removals",
    file: `${folder}/source-copy.ts`,
    text: 'if ("problem" in looked) return { noticed: false,',
    without: 'if ("problem" in looked) return { noticed: true,',
  },
  {
    words: "a check that failed by itself has noticed nothing",
    claim,
    part: "removals",
    file: `${folder}/source-copy.ts`,
    text: "if (result.evidence.some(isSeen)) return",
    without: 'if (result.result === "broken") return',
  },
  {
    words: "what is removed is no longer where the list says, and that is seen",
    claim,
    part: "list",
    file: `${folder}/source-copy.ts`,
    text: "if (places !== (times ?? 1)) return",
    without: "if (places > (times ?? 1)) return",
  },
];
