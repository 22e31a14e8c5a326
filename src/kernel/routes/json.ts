import { appError } from "../errors.ts";

export const MOST_DEPTH = 32;

/**
 * Parses a JSON body. Depth is limited before the parser or a schema sees it (both recurse), and what could
 * not be stored as it was sent is refused: NUL and lone surrogates. Keys that reach a prototype are refused.
 */
export function parseJson(text: string): unknown {
  if (tooDeep(text)) throw appError("bad_request", { message: `Nest at most ${MOST_DEPTH} levels.` });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw appError("bad_request", { message: "The body is not valid JSON.", cause });
  }
  checkCharacters(value);
  return value;
}

/** Throws unless every string in the value, keys included, is well formed and free of NUL. */
export function checkCharacters(value: unknown): void {
  if (typeof value === "string") {
    if (value.includes("\u0000") || !value.isWellFormed()) {
      throw appError("bad_request", { message: "Text must be valid Unicode without NUL characters." });
    }
  } else if (Array.isArray(value)) {
    for (const item of value) checkCharacters(item);
  } else if (value !== null && typeof value === "object") {
    for (const key of Object.keys(value)) {
      if (key === "__proto__" || key === "constructor" || key === "prototype") {
        throw appError("bad_request", { message: `A field may not be called ${key}.` });
      }
      checkCharacters(key);
      checkCharacters((value as Record<string, unknown>)[key]);
    }
  }
}

function tooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > MOST_DEPTH) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}
