import { Tokenizer } from "htmlparser2";
import type { Block, Report } from "./blocks.ts";
import { decodeText } from "./encodings.ts";
import { cleanCode, cleanLine, cleanLines } from "./text.ts";

// Unseen by a reader of the page, so unread by us. Content of script and style never even becomes text tokens of a block.
const DROPPED = new Set([
  "script",
  "style",
  "template",
  "noscript",
  "svg",
  "math",
  "iframe",
  "object",
  "select",
  "noembed",
  "noframes",
  "canvas",
  "audio",
  "video",
]);
const INLINE = new Set(
  "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike strong sub sup time tt u var wbr img nobr ruby rb rt rp button input".split(
    " ",
  ),
);

/**
 * HTML to blocks. Works on the tokens alone: no tree, so that depth costs nothing (the parser above the tokenizer took
 * 25 s for 200,000 nested elements). Nothing is fetched: addresses are never looked at.
 */
export function extractHtml(bytes: Uint8Array, report: Report): void {
  const page = htmlBlocks(decodeText(bytes, charsetOf(bytes)), (block) => report.block(block));
  if (page.title !== "") report.title(page.title);
}

/** The blocks of a piece of HTML, in order, as they are found; returns the content of its `title`. */
export function htmlBlocks(source: string, emit: (block: Block) => void): { title: string } {
  const state = {
    text: [] as string[],
    kind: "paragraph" as Block["kind"],
    level: 1,
    lists: [] as (number | null)[],
    tables: 0,
    cells: 0,
    rows: 0,
    header: false,
    pre: false,
    inTitle: false,
    title: [] as string[],
    name: "",
    dropped: "",
    droppedDepth: 0,
  };

  function flush(): void {
    const raw = state.text.join("");
    state.text = [];
    const kind = state.kind;
    const text = kind === "code" ? cleanCode(raw) : kind === "heading" ? cleanLine(raw) : cleanLines(raw);
    if (text !== "")
      emit({
        kind,
        ...(kind === "heading" ? { level: state.level } : {}),
        ...(kind === "table" && state.header ? { header: true as const } : {}),
        text,
        page: null,
      });
    state.rows = 0;
    state.header = false;
    state.kind = state.tables > 0 ? "table" : state.lists.length > 0 ? "list" : "paragraph";
  }
  function become(kind: Block["kind"], level = 1): void {
    flush();
    state.kind = kind;
    state.level = level;
  }
  function add(text: string): void {
    if (state.dropped !== "") return;
    if (state.inTitle) state.title.push(text);
    // Line breaks of the source are blanks; only elements make lines.
    else state.text.push(state.pre ? text : text.replace(/[\r\n]+/g, " "));
  }

  function open(name: string): void {
    if (state.dropped !== "") {
      if (name === state.dropped) state.droppedDepth++;
      return;
    }
    if (DROPPED.has(name)) {
      state.dropped = name;
      state.droppedDepth = 1;
      return;
    }
    if (INLINE.has(name)) return;
    if (name === "title") state.inTitle = true;
    else if (name === "br") state.text.push("\n");
    else if (/^h[1-6]$/.test(name)) become("heading", Number(name[1]));
    else if (name === "pre" || name === "textarea") {
      become("code");
      state.pre = true;
    } else if (name === "ul" || name === "ol" || name === "dl") {
      if (state.lists.length === 0 && state.tables === 0) become("list");
      // Deeper than anyone indents, only the count matters no more: the array stays short.
      if (state.lists.length < 64) state.lists.push(name === "ol" ? 0 : null);
    } else if (name === "li" || name === "dt" || name === "dd") item(name);
    else if (name === "table") {
      if (state.tables === 0) become("table");
      state.tables++;
      state.kind = "table";
    } else if (name === "tr") {
      state.text.push("\n");
      state.cells = 0;
      state.rows++;
    } else if (name === "td" || name === "th") {
      // A first row of headings names the columns, unless a caption stands above it.
      if (name === "th" && state.rows === 1 && state.cells === 0) state.header = isBlank(state.text);
      else if (name === "td" && state.rows === 1 && state.cells === 1) state.header = false;
      state.text.push(state.cells++ > 0 ? " | " : " ");
    } else if (state.tables > 0) state.text.push(" ");
    else if (state.lists.length > 0) state.text.push(" ");
    else flush();
  }
  function item(name: string): void {
    const depth = state.lists.length - 1;
    const count = state.lists[depth];
    if (count === undefined) flush();
    if (name === "dt" || name === "dd") state.text.push("\n");
    else if (typeof count === "number") {
      state.lists[depth] = count + 1;
      state.text.push(`\n${count + 1}. `);
    } else state.text.push("\n- ");
  }
  function close(name: string): void {
    if (state.dropped !== "") {
      if (name === state.dropped && --state.droppedDepth === 0) state.dropped = "";
      return;
    }
    if (INLINE.has(name)) return;
    if (name === "title") state.inTitle = false;
    else if (name === "ul" || name === "ol" || name === "dl") {
      state.lists.pop();
      if (state.lists.length === 0 && state.tables === 0) flush();
    } else if (name === "table") {
      state.tables = Math.max(0, state.tables - 1);
      if (state.tables === 0) flush();
    } else if (name === "pre" || name === "textarea") {
      flush();
      state.pre = false;
    } else if (/^h[1-6]$/.test(name) || (state.tables === 0 && state.lists.length === 0)) flush();
  }

  const nothing = () => {};
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname(start, end) {
        state.name = source.slice(start, end).toLowerCase();
        open(state.name);
      },
      onopentagend: nothing,
      onselfclosingtag() {
        if (state.dropped === state.name) close(state.name);
      },
      onclosetag: (start, end) => close(source.slice(start, end).toLowerCase()),
      ontext: (start, end) => add(source.slice(start, end)),
      ontextentity: (codepoint) => add(String.fromCodePoint(codepoint)),
      onattribdata: nothing,
      onattribentity: nothing,
      onattribend: nothing,
      onattribname: nothing,
      oncdata: nothing,
      oncomment: nothing,
      ondeclaration: nothing,
      onprocessinginstruction: nothing,
      onend: nothing,
    },
  );
  tokenizer.write(source);
  tokenizer.end();
  flush();
  return { title: cleanLine(state.title.join("")) };
}

const isBlank = (texts: readonly string[]) => texts.every((text) => text.trim() === "");

function charsetOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1024)).toString(
    "latin1",
  );
  return /<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w-]{1,40})/i.exec(head)?.[1];
}
