import type { Defence } from "./defence.ts";

const claim = "knowledge.files";
const zip = "src/modules/knowledge/extraction/zip.ts";

/** Of files that are zips: what they may unpack to, and what their XML may declare. */
export const packedDefences: readonly Defence[] = [
  {
    words: "nothing unpacks to more than it says or may",
    claim,
    part: "packed",
    file: zip,
    text: "if (size > entry.bytes || size > most) throw",
    without: "if (size > Infinity) throw",
  },
  {
    words: "parts of a zip that share their bytes are refused",
    claim,
    part: "packed",
    file: zip,
    text: '    if (from < before) throw extractionFailure("too_large_inflated");\n',
    without: "",
  },
  {
    words: "what is packed better than anything that people write is refused before it is unpacked",
    claim,
    part: "packed",
    file: zip,
    text: "bytes > packed * MOST_RATIO",
    without: "bytes > packed * Infinity",
  },
  {
    words: "what is behind a password is said to be",
    claim,
    part: "packed",
    file: zip,
    text: 'if (entry.locked) throw extractionFailure("password_protected");',
    without: "",
  },
  {
    words: "XML that declares entities is refused",
    claim,
    part: "packed",
    file: "src/modules/knowledge/extraction/xml.ts",
    text: 'if (/^!doctype$/i.test(name) && data.includes("["))',
    without: "if (false)",
  },
];
