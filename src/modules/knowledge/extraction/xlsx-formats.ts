import { dateFormat, dateOf, isDateFormat } from "./xlsx-dates.ts";

/** Shows a number as its format does; see `numberFormat`. */
export type ShowNumber = (value: number) => string;

// ECMA-376 18.8.30; those that depend on the reader's country as their neutral form.
const BUILT_IN: Record<number, string> = {
  1: "0",
  2: "0.00",
  3: "#,##0",
  4: "#,##0.00",
  5: "#,##0",
  6: "#,##0",
  7: "#,##0.00",
  8: "#,##0.00",
  9: "0%",
  10: "0.00%",
  11: "0.00E+00",
  14: "yyyy-mm-dd",
  15: "d-mmm-yy",
  16: "d-mmm",
  17: "mmm-yy",
  18: "h:mm AM/PM",
  19: "h:mm:ss AM/PM",
  20: "h:mm",
  21: "h:mm:ss",
  22: "yyyy-mm-dd h:mm",
  37: "#,##0;(#,##0)",
  38: "#,##0;(#,##0)",
  39: "#,##0.00;(#,##0.00)",
  40: "#,##0.00;(#,##0.00)",
  41: "#,##0",
  42: "#,##0",
  43: "#,##0.00",
  44: "#,##0.00",
  45: "mm:ss",
  46: "[h]:mm:ss",
  47: "mm:ss",
  48: "##0.0E+0",
};
const LONGEST_CODE = 255;

/**
 * How a person sees numbers of this format: `code` as the workbook defines it, else the built-in `id`. Dates written in
 * digits become 2024-03-05 whatever their order was, since that order depends on the reader's country; dates with
 * names of months stay as they are, in English. Points and commas are those of English.
 */
export function numberFormat(id: number, code: string | undefined, from1904: boolean): ShowNumber {
  const isEastDate = (id >= 27 && id <= 36) || (id >= 50 && id <= 58);
  const sections = sectionsOf(
    (code ?? BUILT_IN[id] ?? (isEastDate ? "yyyy-mm-dd" : "")).slice(0, LONGEST_CODE),
  );
  const painted = new Map(sections.map((section) => [section, painter(section, from1904)]));
  return (value) => {
    if (!Number.isFinite(value)) return "";
    const { section, shown } = chosen(sections, value);
    return painted.get(section)?.(shown, value) ?? general(value);
  };
}

/** How one section shows numbers; `value` is what the cell holds, where `shown` may have lost its sign. */
function painter(section: string, from1904: boolean): (shown: number, value: number) => string {
  if (/^(?:general|@)?$/i.test(section.replace(/\[[^\]]*\]/g, "").trim()))
    return (_, value) => general(value);
  if (isDateFormat(section)) {
    const show = dateFormat(section);
    return (_, value) => {
      const date = dateOf(value, from1904);
      return date === null ? general(value) : show(date);
    };
  }
  const layout = layoutOf(section);
  return (shown) => inDigits(shown, layout);
}

/** Without a format: whole numbers in full, others to twelve digits, so that 0.1 + 0.2 is 0.3. */
export function general(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(12))).replace("e", "E");
}

/** Parts between semicolons that are neither quoted, escaped nor in brackets. */
function sectionsOf(code: string): string[] {
  const sections = [""];
  for (const [token] of code.matchAll(/"[^"]*"?|\\.?|\[[^\]]*\]?|[^"\\[;]+|;/g)) {
    if (token === ";") sections.push("");
    else sections[sections.length - 1] += token;
  }
  return sections
    .filter((section, index) => index === 0 || section !== "" || sections.length > 2)
    .slice(0, 4);
}

function chosen(sections: string[], value: number): { section: string; shown: number } {
  const first = sections[0] ?? "";
  if (sections.length === 1 && !first.includes("[")) return { section: first, shown: value };
  const conditional = sections.find((section) => meets(section, value) === true);
  if (conditional !== undefined) return { section: conditional, shown: value };
  if (sections.some((section) => meets(section, value) !== null))
    return {
      section: sections.find((section) => meets(section, value) === null) ?? first,
      shown: value,
    };
  // Positive, negative (which says itself how it is marked), zero; the fourth is for text.
  if (value < 0 && sections[1] !== undefined) return { section: sections[1], shown: -value };
  if (value === 0 && sections[2] !== undefined) return { section: sections[2], shown: value };
  return { section: first, shown: value };
}

function meets(section: string, value: number): boolean | null {
  const [, sign, bound] = /\[([<>=]{1,2})(-?[\d.]+)\]/.exec(section) ?? [];
  if (sign === undefined) return null;
  const to = Number(bound);
  if (sign === "<") return value < to;
  if (sign === ">") return value > to;
  if (sign === "<=") return value <= to;
  if (sign === ">=") return value >= to;
  return sign === "<>" ? value !== to : value === to;
}

type Token = { digit: string } | { literal: string };

function inDigits(value: number, layout: Layout): string {
  const { whole, fraction, percent, scale, grouped, exponent, isFraction } = layout;
  if (isFraction) return general(value);
  const digits = (tokens: Token[]) => tokens.filter((token) => "digit" in token).length;
  if (digits(whole) + digits(fraction) === 0)
    return `${whole.map((token) => ("literal" in token ? token.literal : "")).join("")}`.trim();
  const scaled = (Math.abs(value) * 100 ** percent) / 1000 ** scale;
  const sign = value < 0 ? "-" : "";
  if (exponent) {
    const text = scaled.toExponential(Math.min(digits(fraction), 15)).toUpperCase();
    return sign + text.replace(/E([+-])(\d)$/, "E$10$2");
  }
  if (scaled >= 1e21) return general(value);
  const [left = "", right = ""] = Number(scaled.toPrecision(15))
    .toFixed(Math.min(digits(fraction), 15))
    .split(".");
  const text = filledWhole(whole, left, grouped) + filledFraction(fraction, right);
  // Rounded to nothing, it is not less than nothing.
  return ((/[1-9]/.test(left + right) ? sign : "") + text).replace(/\s+/g, " ").trim();
}

function filledWhole(tokens: Token[], digits: string, grouped: boolean): string {
  const least = tokens.filter((token) => "digit" in token && token.digit === "0").length;
  const own = digits === "0" && least === 0 ? "" : digits.padStart(least, "0");
  const first = tokens.findIndex((token) => "digit" in token);
  let rest = grouped ? own.replace(/\B(?=(?:\d{3})+$)/g, ",") : own;
  let text = "";
  for (let index = tokens.length - 1; index >= 0; index--) {
    const token = tokens[index];
    if (token === undefined) continue;
    if ("literal" in token) text = token.literal + text;
    else {
      const take = index === first ? rest.length : rest.at(-2) === "," ? 2 : 1;
      text = rest.slice(Math.max(rest.length - take, 0)) + text;
      rest = rest.slice(0, Math.max(rest.length - take, 0));
    }
  }
  return text;
}

function filledFraction(tokens: Token[], digits: string): string {
  const least = tokens.findLastIndex((token) => "digit" in token && token.digit === "0");
  let at = 0;
  let text = "";
  tokens.forEach((token, index) => {
    if ("literal" in token) text += token.literal;
    else {
      const digit = digits[at++] ?? "";
      if (index <= least || /[1-9]/.test(digits.slice(at - 1))) text += digit;
    }
  });
  return /^\d/.test(text) ? `.${text}` : text;
}

type Layout = ReturnType<typeof layoutOf>;

function layoutOf(section: string) {
  const whole: Token[] = [];
  const fraction: Token[] = [];
  let into = whole;
  let percent = 0;
  let commas = 0;
  let grouped = false;
  let exponent = false;
  let isFraction = false;
  for (const [token] of section.matchAll(/"[^"]*"?|\\.?|_.?|\*.?|\[[^\]]*\]?|E[+-]|./gsu)) {
    if (/^[0#?]$/.test(token)) {
      if (exponent) continue;
      if (commas > 0) grouped = true;
      commas = 0;
      into.push({ digit: token });
    } else if (token === "," && into.some((each) => "digit" in each)) commas++;
    else if (token === "." && into === whole) into = fraction;
    else if (/^E[+-]$/.test(token)) exponent = true;
    else if (token === "/" && into.some((each) => "digit" in each)) isFraction = true;
    else {
      if (token === "%") percent++;
      const literal = literalOf(token);
      if (literal !== "") into.push({ literal });
    }
  }
  // Commas after the last digit divide by a thousand each.
  return { whole, fraction, percent, scale: commas, grouped, exponent, isFraction };
}

function literalOf(token: string): string {
  if (token.startsWith('"')) return token.replaceAll('"', "");
  if (token.startsWith("\\")) return token.slice(1);
  if (token.startsWith("[")) return /^\[\$([^\]-]*)/.exec(token)?.[1] ?? "";
  // Room of the width of a character, and what fills a cell.
  if (token.startsWith("_")) return " ";
  return token.startsWith("*") ? "" : token;
}
