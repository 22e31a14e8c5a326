import { dictionary } from "@zxcvbn-ts/language-common";
import { z } from "zod";
import { appError } from "../../../kernel/errors.ts";

export const LEAST = 12;
const MOST = 200;

/** A password as it comes in a body. What it must be is checked by `checkPassword`. */
export const Password = z
  .string()
  .max(MOST, `A password has at most ${MOST} characters.`)
  .meta({ examples: ["Quiet-harbour-42-lanterns"] });

/**
 * Throws `password_policy` with the first rule that a new password breaks. `address` and `tenantName` must not
 * occur in it; the bundled list of common and breached passwords is that of zxcvbn-ts.
 */
export function checkPassword(password: string, about: { address: string; tenantName: string }): void {
  const problem = problemOf(password, about);
  if (problem) throw appError("password_policy", { message: problem, fields: { password: problem } });
}

function problemOf(
  password: string,
  { address, tenantName }: { address: string; tenantName: string },
): string | null {
  if ([...password].length < LEAST) return `Use at least ${LEAST} characters.`;
  if (!/\p{Lu}/u.test(password)) return "Add a capital letter.";
  if (!/\p{Ll}/u.test(password)) return "Add a small letter.";
  if (!/\p{Nd}/u.test(password)) return "Add a digit.";
  if (!/[^\p{L}\p{N}\s]/u.test(password)) return "Add a special character, such as a hyphen.";
  const folded = fold(password);
  const local = fold(address.split("@")[0] ?? "");
  if ((local.length >= 3 && folded.includes(local)) || folded.includes(fold(address)))
    return "Leave your address out of it.";
  const company = fold(tenantName);
  if (company.length >= 3 && folded.includes(company)) return "Leave the workspace's name out of it.";
  if (isCommon(password)) return "This is a well-known password with decorations. Choose another.";
  return null;
}

const fold = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s._-]/g, "");

// Built when the first password is chosen: most processes never need it.
let common: Set<string> | null = null;

/** Whether it is on the list as it stands, or once digits and signs around it and letter look-alikes are undone. */
function isCommon(password: string): boolean {
  common ??= new Set(dictionary["passwords-common"].map((p) => p.toLowerCase()));
  const lower = password.normalize("NFKC").toLowerCase();
  const core = lower.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  // A 1 stands for an l or an i.
  const readings = ["l", "i"].flatMap((one) => {
    const text = plain(lower, one);
    return [text, plain(core, one), text.replace(/[^\p{L}]+/gu, "")];
  });
  return [lower, core, ...readings].some(
    (candidate) => candidate !== "" && (common?.has(candidate) || repeats(candidate)),
  );
}

const LOOK_ALIKES: Record<string, string> = {
  "0": "o",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};

const plain = (text: string, one: string): string =>
  text.replace(/[013457@$!]/g, (c) => (c === "1" ? one : (LOOK_ALIKES[c] ?? c)));

// `passwordpassword`: a listed word said twice or more.
function repeats(text: string): boolean {
  const word = /^(.{3,}?)\1+$/u.exec(text)?.[1];
  return word !== undefined && (common?.has(word) ?? false);
}
