import { dictionary } from "@zxcvbn-ts/language-common";
import { z } from "zod";
import { appError } from "../../../kernel/errors.ts";

export const LEAST = 12;
/** NIST SP 800-63B-4 section 3.1.1.2: a password that is the only factor has at least 15 characters, of any kind. */
export const LEAST_PASSPHRASE = 15;
const MOST = 200;

/** What a tenant asks of new passwords. */
export type PasswordRule = "composed" | "passphrase";

/** What a password is measured by. */
export interface About {
  readonly address: string;
  readonly tenantName: string;
  readonly rule: PasswordRule;
}

/** A password as it comes in a body. What it must be is checked by `checkPassword`. */
export const Password = z
  .string()
  .max(MOST, `A password has at most ${MOST} characters.`)
  .meta({ examples: ["Quiet-harbour-42-lanterns"] });

/**
 * Throws `password_policy` with the first rule that a new password breaks. `address` and `tenantName` must not
 * occur in it; the bundled list of common and breached passwords is that of zxcvbn-ts.
 */
export function checkPassword(password: string, about: About): void {
  const problem = problemOf(password, about);
  if (problem) throw appError("password_policy", { message: problem, fields: { password: problem } });
}

function problemOf(password: string, { address, tenantName, rule }: About): string | null {
  const problem = rule === "passphrase" ? passphraseProblem(password) : composedProblem(password);
  if (problem) return problem;
  const folded = fold(password);
  const local = fold(address.split("@")[0] ?? "");
  if ((local.length >= 3 && folded.includes(local)) || folded.includes(fold(address)))
    return "Leave your address out of it.";
  const company = fold(tenantName);
  if (company.length >= 3 && folded.includes(company)) return "Leave the workspace's name out of it.";
  if (isCommon(password)) return "This is a well-known password with decorations. Choose another.";
  return null;
}

function composedProblem(password: string): string | null {
  if ([...password].length < LEAST) return `Use at least ${LEAST} characters.`;
  if (!/\p{Lu}/u.test(password)) return "Add a capital letter.";
  if (!/\p{Ll}/u.test(password)) return "Add a small letter.";
  if (!/\p{Nd}/u.test(password)) return "Add a digit.";
  if (!/[^\p{L}\p{N}\s]/u.test(password)) return "Add a special character, such as a hyphen.";
  return null;
}

// Without rules of composition, a few characters said again and again would pass for long.
function passphraseProblem(password: string): string | null {
  const characters = [...password.normalize("NFKC").toLowerCase()];
  if (characters.length < LEAST_PASSPHRASE) return `Use at least ${LEAST_PASSPHRASE} characters.`;
  if (periodOf(characters) <= MOST_REPEATED || new Set(characters).size < LEAST_DIFFERENT)
    return "This repeats itself. Choose another.";
  return null;
}

const MOST_REPEATED = 10;
const LEAST_DIFFERENT = 6;

/** After how many characters a text begins again; its length when it does not. */
function periodOf(characters: readonly string[]): number {
  for (let period = 1; period < characters.length; period++) {
    if (characters.every((c, i) => i < period || c === characters[i - period])) return period;
  }
  return characters.length;
}

const fold = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s._-]/g, "");

// Built when the first password is chosen: most processes never need it.
let common: Set<string> | null = null;

/**
 * Whether it is on the list (`passwords-common` of zxcvbn-ts, 49,233 entries) as it stands, or once digits and signs
 * around it, spaces and signs within it and letter look-alikes are undone.
 */
function isCommon(password: string): boolean {
  common ??= new Set(dictionary["passwords-common"].map((p) => p.toLowerCase()));
  const lower = password.normalize("NFKC").toLowerCase();
  const core = lower.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  // A 1 stands for an l or an i.
  const readings = ["l", "i"].flatMap((one) => {
    const [text, inner] = [plain(lower, one), plain(core, one)];
    return [text, inner, letters(text), letters(inner), letters(core)];
  });
  return [lower, core, ...readings].some(
    (candidate) => candidate !== "" && (common?.has(candidate) || repeats(candidate)),
  );
}

const letters = (text: string): string => text.replace(/[^\p{L}]+/gu, "");

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
