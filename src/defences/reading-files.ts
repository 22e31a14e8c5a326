import type { Defence } from "./defence.ts";

const claim = "knowledge.files";
const folder = "src/modules/knowledge/extraction";

/** Of the process that reads documents: what it may touch. */
export const readingDefences: readonly Defence[] = [
  {
    words: "the reader of a document may read its own code only",
    claim,
    part: "reader",
    file: `${folder}/sandbox.ts`,
    text: '    "--permission",\n',
    without: '    "--permission",\n    "--allow-fs-read=*",\n',
  },
  {
    words: "the reader of a document gets an empty environment",
    claim,
    part: "reader",
    file: `${folder}/sandbox.ts`,
    text: '    "/usr/bin/env",\n    "-i",\n',
    without: '    "/usr/bin/env",\n    "LEAKED=1",\n',
  },
];
