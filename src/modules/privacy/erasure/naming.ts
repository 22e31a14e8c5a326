import type { Spoken } from "./service.ts";

/**
 * Tells whether a text names somebody: their address, or their whole name as words of their own. Letters' case does not
 * matter. A name of one or two letters counts only where it is all of a text: else it would be found everywhere.
 */
export function namingOf(spoken: Spoken): (text: string) => boolean {
  const addresses = spoken.addresses.filter((a) => a !== "").map((a) => a.toLowerCase());
  const names = spoken.names.map((name) => name.trim()).filter((name) => name !== "");
  const patterns = names.map((name) =>
    [...name].length < 3
      ? new RegExp(`^${RegExp.escape(name)}$`, "iu")
      : new RegExp(`(?<![\\p{L}\\p{N}])${RegExp.escape(name)}(?![\\p{L}\\p{N}])`, "iu"),
  );
  return (text) => {
    const small = text.toLowerCase();
    return addresses.some((a) => small.includes(a)) || patterns.some((pattern) => pattern.test(text));
  };
}

/** The same for what was sealed as JSON: each text in it by itself. */
export function namingWithin(names: (text: string) => boolean): (json: unknown) => boolean {
  const look = (value: unknown): boolean => {
    if (typeof value === "string") return names(value);
    if (Array.isArray(value)) return value.some(look);
    return typeof value === "object" && value !== null && Object.values(value).some(look);
  };
  return look;
}
