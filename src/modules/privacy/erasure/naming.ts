import { normaliseAddress } from "../../identity/addresses.ts";

/**
 * Tells whether a text is an address of somebody: the whole of it. A text that merely has it, or their name, in it is not
 * searched: who chooses a word of everybody's as their name would take everybody's letters and log entries with them.
 */
export function addressedTo(addresses: readonly string[]): (text: string) => boolean {
  const theirs = new Set(addresses.map(normaliseAddress).filter((address) => address.includes("@")));
  return (text) => text.length < 1000 && theirs.has(normaliseAddress(text));
}

/** Whether anything in what was sealed as JSON is such a text: each value by itself. */
export function holdsValue(is: (text: string) => boolean): (json: unknown) => boolean {
  const look = (value: unknown): boolean => {
    if (typeof value === "string") return is(value);
    if (Array.isArray(value)) return value.some(look);
    return typeof value === "object" && value !== null && Object.values(value).some(look);
  };
  return look;
}
