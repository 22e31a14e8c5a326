/**
 * The Porter2 ("English") stemmer, written from the published specification of the Snowball project.
 * Takes a lower-case word of a-z and apostrophes; gives its stem. Any other word comes back as it is.
 */
export function stemEnglish(word: string): string {
  if (word.length < 3 || !/^[a-z']+$/.test(word)) return word;
  const exception = exceptions.get(word);
  if (exception !== undefined) return exception;

  let w = word.startsWith("'") ? word.slice(1) : word;
  // A `y` that sounds as a consonant is written Y until the end.
  w = w.replace(/^y|([aeiouy])y/g, (match) => `${match.slice(0, -1)}Y`);
  const r1 = regionOne(w);
  const r2 = regionAfter(w, r1);

  w = withoutApostrophe(w);
  w = withoutPlural(w);
  if (invariantAfterPlural.has(w)) return w;
  w = withoutPast(w, r1);
  if (w.length > 2 && /[^aeiouy][yY]$/.test(w)) w = `${w.slice(0, -1)}i`;
  w = replaceSuffix(w, r1, step2, suffixes2);
  w = replaceSuffix(w, r1, (s) => (s === "ative" ? r2 : step3(s)), suffixes3);
  w = withoutResidue(w, r2);
  w = withoutFinal(w, r1, r2);
  return w.replaceAll("Y", "y");
}

const exceptions = new Map<string, string>([
  ["skis", "ski"],
  ["skies", "sky"],
  ["dying", "die"],
  ["lying", "lie"],
  ["tying", "tie"],
  ["idly", "idl"],
  ["gently", "gentl"],
  ["ugly", "ugli"],
  ["early", "earli"],
  ["only", "onli"],
  ["singly", "singl"],
  ...["sky", "news", "howe", "atlas", "cosmos", "bias", "andes"].map((w): [string, string] => [w, w]),
]);

const invariantAfterPlural = new Set(
  "inning outing canning herring earring evening proceed exceed succeed".split(" "),
);

function regionOne(w: string): number {
  const special = /^(?:gener|commun|arsen|past|univers|later|emerg|organ|inter)/.exec(w);
  return special ? special[0].length : regionAfter(w, 0);
}

/** The region after the first non-vowel that follows a vowel, looking from `from`. */
function regionAfter(w: string, from: number): number {
  const found = /[aeiouy][^aeiouy]/.exec(w.slice(from));
  return found ? from + found.index + 2 : w.length;
}

const withoutApostrophe = (w: string): string => w.replace(/(?:'s'|'s|')$/, "");

function withoutPlural(w: string): string {
  if (w.endsWith("sses")) return w.slice(0, -2);
  if (w.endsWith("ied") || w.endsWith("ies")) return w.length > 4 ? w.slice(0, -2) : w.slice(0, -1);
  if (w.endsWith("us") || w.endsWith("ss")) return w;
  if (w.endsWith("s") && /[aeiouy]/.test(w.slice(0, -2))) return w.slice(0, -1);
  return w;
}

function withoutPast(w: string, r1: number): string {
  const suffix = /(?:eedly|ingly|edly|eed|ing|ed)$/.exec(w)?.[0];
  if (suffix === undefined) return w;
  const base = w.slice(0, w.length - suffix.length);
  if (suffix.startsWith("eed")) return base.length >= r1 ? `${base}ee` : w;
  if (!/[aeiouy]/.test(base)) return w;
  if (/(?:at|bl|iz)$/.test(base)) return `${base}e`;
  if (/^[aeo](?:dd|ff|gg)$/.test(base)) return base;
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(base)) return base.slice(0, -1);
  return base.length <= r1 && endsInShortSyllable(base) ? `${base}e` : base;
}

const endsInShortSyllable = (w: string): boolean =>
  /[^aeiouy][aeiouy][^aeiouywxY]$|^[aeiouy][^aeiouy]$/.test(w);

/** Finds the longest suffix listed; replaces it when it lies in the region and its condition holds. */
function replaceSuffix(
  w: string,
  region: number,
  replacement: (suffix: string, base: string) => string | number | undefined,
  suffixes: RegExp,
): string {
  const suffix = suffixes.exec(w)?.[0];
  if (suffix === undefined) return w;
  const base = w.slice(0, w.length - suffix.length);
  if (base.length < region) return w;
  const by = replacement(suffix, base);
  if (typeof by === "number") return base.length >= by ? base : w;
  return by === undefined ? w : base + by;
}

const suffixes2 =
  /(?:ational|fulness|iveness|ization|ousness|biliti|lessli|tional|alism|aliti|ation|entli|fulli|iviti|ousli|abli|alli|anci|ator|enci|izer|ogist|bli|ogi|li)$/;
const table2: Record<string, string> = {
  tional: "tion",
  enci: "ence",
  anci: "ance",
  abli: "able",
  entli: "ent",
  izer: "ize",
  ization: "ize",
  ational: "ate",
  ation: "ate",
  ator: "ate",
  alism: "al",
  aliti: "al",
  alli: "al",
  fulness: "ful",
  ousli: "ous",
  ousness: "ous",
  iveness: "ive",
  iviti: "ive",
  biliti: "ble",
  bli: "ble",
  fulli: "ful",
  lessli: "less",
  ogist: "og",
};

function step2(suffix: string, base: string): string | undefined {
  if (suffix === "ogi") return base.endsWith("l") ? "og" : undefined;
  if (suffix === "li") return /[cdeghkmnrt]$/.test(base) ? "" : undefined;
  return table2[suffix];
}

const suffixes3 = /(?:ational|tional|alize|ative|icate|iciti|ical|ness|ful)$/;
const table3: Record<string, string> = {
  tional: "tion",
  ational: "ate",
  alize: "al",
  icate: "ic",
  iciti: "ic",
  ical: "ic",
  ful: "",
  ness: "",
};
const step3 = (suffix: string): string | undefined => table3[suffix];

function withoutResidue(w: string, r2: number): string {
  const suffix = /(?:ement|ance|ence|able|ible|ment|ant|ent|ism|ate|iti|ous|ive|ize|ion|al|er|ic)$/.exec(
    w,
  )?.[0];
  if (suffix === undefined) return w;
  const base = w.slice(0, w.length - suffix.length);
  if (base.length < r2 || (suffix === "ion" && !/[st]$/.test(base))) return w;
  return base;
}

function withoutFinal(w: string, r1: number, r2: number): string {
  const base = w.slice(0, -1);
  if (w.endsWith("e")) {
    if (base.length >= r2 || (base.length >= r1 && !endsInShortSyllable(base))) return base;
  } else if (w.endsWith("ll") && base.length >= r2) return base;
  return w;
}
