const DAY = 86_400_000;
const LAST_DAY = 2_958_466;
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** A date as the spreadsheet counts it: days since its first one; `days` is kept for times beyond a day. */
export type SheetDate = { at: Date; days: number };

/** Null for what lies outside the calendar of spreadsheets (1900, or 1904, to 9999). ECMA-376 18.17.4.1. */
export function dateOf(serial: number, from1904: boolean): SheetDate | null {
  if (!(serial >= 0 && serial < LAST_DAY)) return null;
  // To the second: what floating point adds must not make 13:59:59 of 14:00.
  const days = Math.round(serial * 86_400) / 86_400;
  // The calendar of 1900 has a 29 February that never was; days before it are one off.
  const first = from1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, days < 60 ? 31 : 30);
  return { at: new Date(Math.round((first + days * DAY) / 1000) * 1000), days };
}

const QUOTED = /"[^"]*"?|\\.?|_.|\*./g;
const ELAPSED = /\[(?:h+|m+|s+)\]/i;

export function isDateFormat(section: string): boolean {
  const bare = section.replace(QUOTED, "");
  return ELAPSED.test(bare) || /[ymdhs]/i.test(bare.replace(/\[[^\]]*\]|general|E[+-]/gi, ""));
}

/** How dates are shown in a format of dates; made once, used for each cell. */
export function dateFormat(section: string): (date: SheetDate) => string {
  const bare = section.replace(QUOTED, " ");
  if (ELAPSED.test(bare)) return ({ days }) => elapsed(days, bare);
  if (/mmm/i.test(bare)) return spelled(section);
  const tokens = tokensOf(bare.replace(/\[[^\]]*\]/g, ""));
  const has = (kind: Kind) => tokens.some((token) => token.kind === kind);
  const date = datePart(has, /ddd/i.test(bare));
  const time = has("h") || has("s");
  const halves = /a(?:m\/p|\/p)/i.test(bare);
  return ({ at }) => {
    const parts = [date(at)];
    if (time) parts.push(timeOf(at, has("s"), halves));
    return parts.join(" ").trim();
  };
}

function datePart(has: (kind: Kind) => boolean, named: boolean): (at: Date) => string {
  const iso = (from: number, to: number) => (at: Date) => at.toISOString().slice(from, to);
  if (has("y")) return iso(0, has("d") ? 10 : has("month") ? 7 : 4);
  if (has("month")) return iso(5, 10);
  if (!has("d")) return () => "";
  return named ? (at) => DAYS[at.getUTCDay()] ?? "" : iso(8, 10);
}

type Kind = "y" | "month" | "d" | "h" | "minute" | "s" | "half" | "literal";

/** "m" is minutes after hours or before seconds, else the month. */
function tokensOf(section: string): { kind: Kind; text: string }[] {
  const tokens: { kind: Kind; text: string }[] = [];
  for (const [text] of section.matchAll(
    /y+|m+|d+|h+|s+(?:\.0+)?|am\/pm|a\/p|"[^"]*"?|\\.?|_.|\*.|\[[^\]]*\]|./gis,
  )) {
    const first = text[0]?.toLowerCase() ?? "";
    if (/^a(?:m\/p|\/p)/i.test(text)) tokens.push({ kind: "half", text });
    else if (first === "m") {
      const before = tokens.findLast(({ kind }) => kind !== "literal")?.kind;
      tokens.push({ kind: before === "h" && text.length < 3 ? "minute" : "month", text });
    } else if (first === "s") {
      const before = tokens.findLast(({ kind }) => kind !== "literal");
      if (before?.kind === "month" && before.text.length < 3) before.kind = "minute";
      tokens.push({ kind: "s", text });
    } else if (first === "y" || first === "d" || first === "h") tokens.push({ kind: first, text });
    else tokens.push({ kind: "literal", text });
  }
  return tokens;
}

function spelled(section: string): (date: SheetDate) => string {
  const tokens = tokensOf(section);
  const halves = tokens.some(({ kind }) => kind === "half");
  return ({ at }) => spelledIn(tokens, halves, at);
}

function spelledIn(tokens: { kind: Kind; text: string }[], halves: boolean, at: Date): string {
  const two = (count: number) => String(count).padStart(2, "0");
  const month = MONTHS[at.getUTCMonth()] ?? "";
  const day = DAYS[at.getUTCDay()] ?? "";
  const hours = halves ? at.getUTCHours() % 12 || 12 : at.getUTCHours();
  const each = ({ kind, text }: { kind: Kind; text: string }): string => {
    if (kind === "y") return text.length > 2 ? String(at.getUTCFullYear()) : two(at.getUTCFullYear() % 100);
    if (kind === "month" && text.length > 2) return text.length === 3 ? month.slice(0, 3) : month;
    if (kind === "month") return text.length === 2 ? two(at.getUTCMonth() + 1) : String(at.getUTCMonth() + 1);
    if (kind === "d" && text.length > 2) return text.length === 3 ? day.slice(0, 3) : day;
    if (kind === "d") return text.length === 2 ? two(at.getUTCDate()) : String(at.getUTCDate());
    if (kind === "h") return text.length === 2 ? two(hours) : String(hours);
    if (kind === "minute") return two(at.getUTCMinutes());
    if (kind === "s") return two(at.getUTCSeconds());
    if (kind === "half") return at.getUTCHours() < 12 ? "AM" : "PM";
    if (text.startsWith('"')) return text.replaceAll('"', "");
    return /^[[_*]/.test(text) ? "" : text.replace(/^\\/, "");
  };
  return tokens.map(each).join("").replace(/[;@]/g, "").trim();
}

function timeOf(at: Date, seconds: boolean, halves: boolean): string {
  const text = at.toISOString().slice(11, seconds ? 19 : 16);
  if (!halves) return text;
  return `${at.getUTCHours() % 12 || 12}${text.slice(2)} ${at.getUTCHours() < 12 ? "AM" : "PM"}`;
}

function elapsed(days: number, section: string): string {
  const total = Math.round(days * 86_400);
  const two = (count: number) => String(Math.floor(count)).padStart(2, "0");
  if (/\[s+\]/i.test(section)) return String(total);
  const seconds = /s/i.test(section) ? `:${two(total % 60)}` : "";
  if (/\[m+\]/i.test(section)) return `${two(total / 60)}${seconds}`;
  return `${Math.floor(total / 3600)}:${two((total % 3600) / 60)}${seconds}`;
}
