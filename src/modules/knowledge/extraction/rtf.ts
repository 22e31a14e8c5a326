import type { Report } from "./blocks.ts";
import { extractionFailure } from "./failure.ts";
import { codePageOf, decodePage, isDouble } from "./rtf-code-pages.ts";
import { paragraphs } from "./rtf-paragraphs.ts";
import { cleanLine } from "./text.ts";

const DEEPEST = 2000;

/** What a group inherits from the one around it, and what its end forgets. */
type State = {
  into: "body" | "fonts" | "styles" | "style" | "info" | "title" | "marker" | "aside" | "nothing";
  codePage: number;
  /** How many characters stand after a \u for readers that know none. */
  substitutes: number;
  hidden: boolean;
  style: number;
  outline: number;
  inTable: boolean;
};

// Everything else after \* is skipped; a reader that does not know a destination must (RTF 1.9.1, "Destinations").
const KNOWN_STARRED = new Set(["shpinst", "shptxt", "nesttableprops"]);
const SKIPPED = new Set(
  "colortbl pict objdata objclass objname fldinst datafield filetbl sn sv xe tc tcn rxe nonshppict private template author operator company doccomm keywords subject category manager comment hlinkbase creatim revtim printim buptim atnid atnauthor annotation bkmkstart bkmkend pntxta pntxtb panose falt fname fontemb listtable listoverridetable revtbl themedata nonesttables footnotesep ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn".split(
    " ",
  ),
);
const ASIDE = /^(?:header|footer)[lrf]?$|^footnote$/;
const SYMBOLS: Readonly<Record<string, string>> = {
  tab: " ",
  line: "\n",
  emdash: "—",
  endash: "–",
  emspace: " ",
  enspace: " ",
  qmspace: " ",
  bullet: "•",
  lquote: "‘",
  rquote: "’",
  ldblquote: "“",
  rdblquote: "”",
  zwj: "\u200D",
  zwnj: "\u200C",
};

/** Rich Text Format: text, headings, lists and tables. Pictures, binary data and destinations that no reader shows are skipped. */
export function extractRtf(bytes: Uint8Array, report: Report): void {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  if (!source.startsWith("{\\rtf")) throw extractionFailure("unsupported_format");
  const out = paragraphs(report);
  const fonts = new Map<number, number>();
  const styles = new Map<number, number>();
  let codePage = 1252;
  let font = 0;
  let styleNo = 0;
  let words = "";
  let letters: number[] = [];
  // Whether the last of them is the first of two, in a code page that has such letters.
  let half = false;
  let skip = 0;
  let fresh = false;
  let starred = false;
  let state: State = {
    into: "body",
    codePage,
    substitutes: 1,
    hidden: false,
    style: 0,
    outline: 9,
    inTable: false,
  };
  const around: State[] = [];

  function text(piece: string): void {
    flush();
    put(piece);
  }
  function put(piece: string): void {
    if (state.hidden) return;
    if (state.into === "body") out.add(piece);
    else if (state.into === "aside") out.addAside(piece);
    else if (state.into === "marker") out.addMarker(piece);
    else if (state.into === "style" || state.into === "title") words = (words + piece).slice(0, 300);
  }
  /** Bytes wait until all of a letter is there: in double-byte code pages it takes two. */
  function byte(value: number): void {
    if (skip > 0) skip--;
    else letter(value);
  }
  function letter(value: number): void {
    letters.push(value);
    half = !half && isLead(value, state.codePage);
  }
  function flush(): void {
    if (letters.length === 0) return;
    const piece = decodePage(letters, state.codePage);
    letters = [];
    half = false;
    put(piece);
  }

  function open(): void {
    flush();
    skip = 0;
    if (around.length >= DEEPEST) throw extractionFailure("damaged");
    around.push(state);
    state = { ...state };
    fresh = true;
    if (state.into === "styles") {
      state.into = "style";
      styleNo = 0;
      words = "";
      state.outline = 9;
    }
  }
  function close(): void {
    flush();
    skip = 0;
    const before = around.pop();
    if (before === undefined) return;
    if (state.into === "style" && before.into === "styles") {
      const level = levelOf(words, state.outline);
      if (level !== null) styles.set(styleNo, level);
    }
    if (state.into === "title" && before.into !== "title") {
      const title = cleanLine(words);
      if (title !== "") report.title(title);
    }
    if (state.into === "aside" && before.into !== "aside") out.endAside();
    state = before;
  }

  function destination(word: string): boolean {
    if (starred && !KNOWN_STARRED.has(word)) state.into = "nothing";
    else if (SKIPPED.has(word)) state.into = "nothing";
    else if (word === "fonttbl") state.into = "fonts";
    else if (word === "stylesheet") state.into = "styles";
    else if (word === "info") state.into = "info";
    else if (word === "title" && state.into === "info") {
      state.into = "title";
      words = "";
    } else if (word === "listtext" || word === "pntext") state.into = "marker";
    else if (ASIDE.test(word) && state.into === "body") state.into = "aside";
    else return false;
    return true;
  }

  function control(word: string, value: number | undefined): void {
    flush();
    if (state.into === "nothing") return;
    if ((fresh || starred) && destination(word)) return;
    const symbol = SYMBOLS[word];
    if (symbol !== undefined) put(symbol);
    else if (word === "u") unicode(value ?? 0);
    else if (word === "uc") state.substitutes = Math.max(0, Math.min(value ?? 1, 100));
    else if (word === "ansicpg") setPage(value ?? 1252);
    else if (word === "mac") setPage(10000);
    else if (word === "pc") setPage(437);
    else if (word === "pca") setPage(850);
    else if (state.into === "fonts") fontControl(word, value ?? 0);
    else if (word === "f") state.codePage = fonts.get(value ?? 0) ?? codePage;
    else if (word === "v" || word === "deleted") state.hidden = value !== 0;
    else if (word === "s") state.style = styleNo = value ?? 0;
    else if (word === "outlinelevel") state.outline = value ?? 9;
    else if (word === "intbl") state.inTable = true;
    else if (word === "plain") {
      state.hidden = false;
      state.codePage = codePage;
    } else if (word === "pard") Object.assign(state, { style: 0, outline: 9, inTable: false });
    else structure(word);
  }
  function structure(word: string): void {
    if (state.into === "aside") {
      if (word === "par") put("\n");
    } else if (state.into !== "body") return;
    else if (word === "par" || word === "sect" || word === "page") {
      if (state.inTable && word === "par") out.add(" ");
      else out.end(levelNow());
    } else if (word === "cell" || word === "nestcell") out.cell();
    else if (word === "row" || word === "nestrow") out.row();
  }
  const levelNow = () =>
    state.outline < 6 ? state.outline + 1 : state.outline < 9 ? 6 : (styles.get(state.style) ?? null);
  function setPage(page: number): void {
    codePage = page;
    state.codePage = page;
  }
  function fontControl(word: string, value: number): void {
    if (word === "f") font = value;
    const page = word === "fcharset" ? codePageOf(value) : word === "cpg" ? value : undefined;
    // "ANSI" of a font is whatever the document calls so.
    if (page !== undefined) fonts.set(font, word === "fcharset" && value === 0 ? codePage : page);
  }
  function unicode(value: number): void {
    put(String.fromCharCode(value < 0 ? value + 65536 : value & 0xffff));
    skip = state.substitutes;
  }

  const WORD = /([a-zA-Z]{1,40})(-?\d{1,10})? ?/y;
  const PLAIN = /[^\\{}\r\n\x80-\xff]+/y;
  let at = 0;
  for (let end = source.length; at < end; ) {
    const sign = source[at];
    if (sign === "{") {
      open();
      at++;
    } else if (sign === "}") {
      close();
      at++;
      if (around.length === 0) break;
    } else if (sign === "\\") {
      const next = source[at + 1] ?? "";
      if (next === "'") {
        if (state.into !== "nothing") byte(Number.parseInt(source.slice(at + 2, at + 4), 16) || 32);
        at += 4;
        fresh = false;
      } else if (/[a-zA-Z]/.test(next)) {
        WORD.lastIndex = at + 1;
        const [all = next, word = "", digits] = WORD.exec(source) ?? [];
        at += 1 + all.length;
        const value = digits === undefined ? undefined : Number(digits);
        // What follows is not text at all, and may hold any byte.
        if (word === "bin") at += Math.max(0, value ?? 0);
        else if (skip > 0 && word !== "u" && SYMBOLS[word] !== undefined) skip--;
        else control(word, value);
        fresh = false;
        starred = false;
      } else {
        at += 2;
        if (next === "*") starred = fresh;
        else if (skip > 0) skip--;
        else if (state.into === "nothing") continue;
        else if (half) letter(next.charCodeAt(0));
        else if (next === "~") text(" ");
        else if (next === "_") text("-");
        else if (next === "\n" || next === "\r") control("par", undefined);
        else if (/[\\{}]/.test(next)) text(next);
      }
    } else if (sign === "\r" || sign === "\n") at++;
    else if (source.charCodeAt(at) > 127) {
      if (state.into !== "nothing") byte(source.charCodeAt(at));
      at++;
      fresh = false;
    } else {
      PLAIN.lastIndex = at;
      let piece = PLAIN.exec(source)?.[0] ?? sign ?? "";
      at += piece.length;
      fresh = false;
      if (state.into === "nothing") continue;
      if (skip > 0) {
        const gone = Math.min(skip, piece.length);
        skip -= gone;
        piece = piece.slice(gone);
      }
      // The second half of a letter may look like one of ASCII.
      if (piece !== "" && half) {
        letter(piece.charCodeAt(0));
        piece = piece.slice(1);
      }
      if (piece !== "") text(piece);
    }
  }
  // A file that broke off: what it lacks nobody can tell.
  if (around.length > 0) throw extractionFailure("damaged");
  out.finish();
}

/** Whether a byte begins a letter of two. */
const isLead = (byte: number, page: number): boolean =>
  isDouble(page) && byte >= 0x81 && byte !== 0xff && !(page === 932 && byte >= 0xa0 && byte < 0xe0);

function levelOf(name: string, outline: number): number | null {
  const [, digit] = /^\s*heading\s+(\d)/i.exec(name) ?? [];
  if (digit !== undefined) return Math.min(6, Math.max(1, Number(digit)));
  if (outline < 9) return Math.min(6, outline + 1);
  return /^\s*title\s*;/i.test(name) ? 1 : null;
}
