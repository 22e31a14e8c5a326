// Reads TypeScript just well enough to tell literals, templates and what stands around them apart. It is no parser:
// where it errs, it errs towards a finding, which a person then looks at.

/** A place where SQL seems to be put together from pieces. */
export interface SqlProblem {
  readonly line: number;
  /** The line and the two after it, on one line. */
  readonly text: string;
  readonly why: string;
}

/** What of a source file sends SQL: how many places were looked at, and which of them build text. */
export function scanSql(source: string): { readonly sites: number; readonly problems: SqlProblem[] } {
  const tokens = tokensOf(source);
  const lines = source.split("\n");
  const problems: SqlProblem[] = [];
  let sites = 0;
  const report = (token: Token, why: string): void => {
    const line = source.slice(0, token.at).split("\n").length;
    // With the two lines after it, however the formatter breaks them.
    const text = lines
      .slice(line - 1, line + 2)
      .join(" ")
      .replace(/\s+/g, " ")
      .trim();
    problems.push({ line, text, why });
  };
  tokens.forEach((token, i) => {
    const [before, after] = [tokens[i - 1], tokens[i + 1]];
    if (token.kind === "text" && (isTagged(tokens, i) || looksLikeSql(token.text))) {
      sites++;
      if (token.holes > 0 && !isTagged(tokens, i))
        report(token, "values are put into the text of a statement");
      else if (isPlus(before) || isPlus(after)) report(token, "a statement is put together with +");
    }
    if (token.kind !== "word") return;
    if (token.text === "sql" && after?.text === "." && UNQUOTED.has(tokens[i + 2]?.text ?? "")) {
      sites++;
      report(token, `sql.${tokens[i + 2]?.text} puts text into a statement as it is`);
    }
    if (ESCAPING.has(token.text) && before?.text === ".")
      report(token, `${token.text} means that text is put together`);
    const sends = (token.text === "query" && before?.text === ".") || token.text === "executeSql";
    const open = sends ? callOf(tokens, i + 1) : -1;
    if (open >= 0) {
      sites++;
      if (!isWholeLiteral(tokens, open + 1)) report(token, "what is sent is not a literal");
    }
    if (token.text === "sql" && after?.text === ":" && tokens[i + 2]?.text !== "string") {
      sites++;
      if (!isWholeLiteral(tokens, i + 2)) report(token, "the statement is not a literal");
    }
  });
  return { sites, problems };
}

interface Token {
  readonly kind: "text" | "word" | "sign";
  readonly text: string;
  readonly at: number;
  /** Of a template: how many `${…}` it has. What stands in them is read as well. */
  readonly holes: number;
}

// Kysely's, for text that is not sent as a parameter.
const UNQUOTED = new Set(["raw", "lit", "literal", "id", "ref", "table"]);
const ESCAPING = new Set(["escapeLiteral", "escapeIdentifier"]);
const STATEMENT = new RegExp(
  [
    String.raw`^\s*select\s`,
    String.raw`\binsert\s+into\s`,
    String.raw`\bupdate\s+\S+\s+(?:as\s+\w+\s+)?set\s`,
    String.raw`\bdelete\s+from\s`,
    String.raw`^\s*with\s+\w+\s+as\s*\(`,
    String.raw`^\s*(?:create|alter|drop)\s+(?:table|role|user|database|schema|policy|index|unique|function|type|view|trigger|extension)\b`,
    String.raw`^\s*(?:grant|revoke)\s+\w+`,
    String.raw`^\s*(?:truncate|copy|listen|notify|vacuum|analyze)\s+\w+`,
    String.raw`^\s*set\s+(?:local|role|session)\s`,
    String.raw`\bwhere\s+\S+\s*(?:=|<>|in|like)\s`,
  ].join("|"),
);

// SQL is written in one case throughout; a sentence that begins with "Select" is none.
const looksLikeSql = (text: string): boolean => STATEMENT.test(text) || STATEMENT.test(lowerIfAllUpper(text));
const lowerIfAllUpper = (text: string): string =>
  text.replace(/\b[A-Z]{2,}\b/g, (word) => word.toLowerCase());
const isPlus = (token: Token | undefined): boolean => token?.text === "+" || token?.text === "+=";

/** Whether the template at `i` is Kysely's `sql`, which sends what stands in its holes as parameters. */
function isTagged(tokens: readonly Token[], i: number): boolean {
  let at = i - 1;
  if (tokens[at]?.text === ">") {
    for (let depth = 0; at >= 0; at--) {
      if (tokens[at]?.text === ">") depth++;
      else if (tokens[at]?.text === "<" && --depth === 0) break;
    }
    at--;
  }
  return tokens[at]?.kind === "word" && tokens[at]?.text === "sql" && tokens[i]?.kind === "text";
}

/** The position of the bracket that opens a call's arguments, past type arguments; -1 when it is no call. */
function callOf(tokens: readonly Token[], from: number): number {
  let at = from;
  if (tokens[at]?.text === "<") {
    for (let depth = 0; at < tokens.length; at++) {
      if (tokens[at]?.text === "<") depth++;
      else if (tokens[at]?.text === ">" && --depth === 0) break;
    }
    at++;
  }
  return tokens[at]?.text === "(" ? at : -1;
}

/** A literal without holes that is all there is of the argument or value. */
function isWholeLiteral(tokens: readonly Token[], at: number): boolean {
  const [token, after] = [tokens[at], tokens[at + 1]];
  return token?.kind === "text" && token.holes === 0 && [",", ")", "}", ";"].includes(after?.text ?? "");
}

const BEFORE_A_REGEX =
  /[(,=:[!&|?{};+\-*%~^<>]$|^(?:=>|return|typeof|case|in|of|await|&&|\|\||\?\?|===|!==)$/;

const mayBeRegex = (before: Token | undefined): boolean =>
  before === undefined || (before.kind !== "text" && BEFORE_A_REGEX.test(before.text));

/** All tokens in order; those from the holes of templates come after all others, each hole behind a bracket. */
function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  const fromHoles: Token[] = [];
  read(0, false);
  return [...tokens, ...fromHoles];

  /** Reads until the end, or until the bracket that closes a template's hole; answers where it stopped. */
  function read(from: number, inHole: boolean): number {
    let depth = 0;
    for (let at = from; at < source.length; ) {
      const c = source[at] as string;
      if (source.startsWith("//", at)) at = endOf("\n", at);
      else if (source.startsWith("/*", at)) at = endOf("*/", at + 2);
      else if (c === '"' || c === "'") at = quoted(c, at);
      else if (c === "`") at = template(at);
      else if (c === "/" && mayBeRegex(tokens.at(-1))) at = regex(at);
      else if (/[\w$]/.test(c)) at = matched("word", /[\w$]+/y, at);
      else if (/\s/.test(c)) at++;
      else {
        if (c === "{") depth++;
        if (c === "}" && depth-- === 0 && inHole) return at + 1;
        at = matched("sign", /=>|===|!==|&&|\|\||\?\?|\+=|[^\s]/y, at);
      }
    }
    return source.length;
  }

  function endOf(mark: string, from: number): number {
    const end = source.indexOf(mark, from);
    return end < 0 ? source.length : end + mark.length;
  }

  function matched(kind: "word" | "sign", pattern: RegExp, at: number): number {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0] ?? (source[at] as string);
    tokens.push({ kind, text, at, holes: 0 });
    return at + text.length;
  }

  function quoted(quote: string, from: number): number {
    let at = from + 1;
    while (at < source.length && source[at] !== quote) at += source[at] === "\\" ? 2 : 1;
    tokens.push({ kind: "text", text: source.slice(from + 1, at), at: from, holes: 0 });
    return at + 1;
  }

  function template(from: number): number {
    const place = tokens.length;
    tokens.push({ kind: "text", text: "", at: from, holes: 0 });
    let [text, holes, at] = ["", 0, from + 1];
    while (at < source.length && source[at] !== "`") {
      if (source.startsWith("${", at)) {
        holes++;
        text += "?";
        const mark = tokens.length;
        tokens.push({ kind: "sign", text: "(", at, holes: 0 });
        at = read(at + 2, true);
        // Kept apart: what follows a template must still be seen to follow it.
        fromHoles.push(...tokens.splice(mark), { kind: "sign", text: ")", at, holes: 0 });
      } else if (source[at] === "\\") {
        text += source.slice(at, at + 2);
        at += 2;
      } else text += source[at++];
    }
    tokens[place] = { kind: "text", text, at: from, holes };
    return at + 1;
  }

  function regex(from: number): number {
    let [at, inClass] = [from + 1, false];
    for (; at < source.length && source[at] !== "\n" && (inClass || source[at] !== "/"); at++) {
      if (source[at] === "\\") at++;
      else if (source[at] === "[") inClass = true;
      else if (source[at] === "]") inClass = false;
    }
    tokens.push({ kind: "sign", text: "/…/", at: from, holes: 0 });
    return at + 1;
  }
}
