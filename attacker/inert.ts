import type { Answer } from "./client.ts";

/** What lets a browser do more with an answer than show data or save a file; null when nothing does. */
export function notInert(answer: Answer): string | null {
  const header = (name: string) => answer.headers[name] ?? "";
  if (!/^attachment\b/i.test(header("content-disposition")))
    return `Content-Disposition: ${header("content-disposition") || "none"}, not attachment`;
  if (header("x-content-type-options").toLowerCase() !== "nosniff") return "no nosniff";
  if (!/(^|;)\s*sandbox\s*(;|$)/.test(header("content-security-policy"))) return "no sandbox in its policy";
  return null;
}

/** The same of an answer that is JSON: its type says so, and a browser may not guess another. */
export function notData(answer: Answer): string | null {
  if (answer.body === "") return null;
  const type = answer.headers["content-type"] ?? "";
  if (!/^application\/([\w.-]+\+)?json\b/.test(type)) return `Content-Type: ${type || "none"}`;
  return answer.headers["x-content-type-options"]?.toLowerCase() === "nosniff" ? null : "no nosniff";
}

/** What of a machine's own files a path upwards would bring. */
export function holdsSystemFile(text: string): boolean {
  return /root:[^:\n]*:0:0:|\[boot loader\]|-----BEGIN [A-Z ]*PRIVATE KEY/.test(text);
}

/** Ways upwards out of a folder, as they stand in a path or a name: plain, encoded once and twice, for other systems. */
export const CLIMBS: readonly (readonly [what: string, raw: string])[] = [
  ["a path upwards", "..%2f..%2f..%2f..%2fetc%2fpasswd"],
  ["a path upwards, encoded twice", "..%252f..%252f..%252f..%252fetc%252fpasswd"],
  ["a path upwards with dots encoded", "%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd"],
  ["a path upwards with backslashes", "..%5c..%5c..%5c..%5cetc%5cpasswd"],
  ["a path upwards in overlong UTF-8", "..%c0%af..%c0%af..%c0%afetc%c0%afpasswd"],
  ["a path upwards that survives one cleaning", "....%2f%2f....%2f%2f....%2f%2fetc%2fpasswd"],
  ["a path from the root", "%2fetc%2fpasswd"],
  ["a path cut by NUL", "..%2f..%2f..%2fetc%2fpasswd%00.txt"],
];
