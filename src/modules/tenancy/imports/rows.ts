import { CsvError, parse } from "csv-parse/sync";
import { appError, type ErrorCode } from "../../../kernel/errors.ts";
import { Address, normaliseAddress } from "../../identity/addresses.ts";
import { costOf, keptForm } from "../../identity/passwords/stored.ts";
import { PersonName } from "../../identity/shapes.ts";

export const MOST_ROWS = 1000;

/** A person as a list names them; nothing is checked yet. */
export interface Row {
  readonly address: string;
  readonly name: string;
  readonly role: string;
  readonly passwordHash?: string | undefined;
}

/** A row that keeps every rule. `number` counts from 1. */
export interface Newcomer {
  readonly number: number;
  readonly address: string;
  readonly name: string;
  readonly role: "viewer" | "manager";
  /** In the form in which it is kept, and what verifying it costs; null for somebody who is to be invited. */
  readonly password: { readonly hash: string; readonly cost: string } | null;
}

export interface Refused {
  readonly row: number;
  readonly address: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Looks at each row alone, and for an address that an earlier row has in another spelling. */
export function checkRows(rows: readonly Row[]): { good: Newcomer[]; refused: Refused[] } {
  const good: Newcomer[] = [];
  const refused: Refused[] = [];
  const seen = new Set<string>();
  rows.forEach((row, at) => {
    const checked = checkRow(row, at + 1);
    if (typeof checked !== "string" && seen.has(normaliseAddress(checked.address)))
      refused.push({
        ...placeOf(row, at + 1),
        code: "already_member",
        message: "An earlier row has this address.",
      });
    else if (typeof checked === "string")
      refused.push({ ...placeOf(row, at + 1), code: "invalid_input", message: checked });
    else {
      seen.add(normaliseAddress(checked.address));
      good.push(checked);
    }
  });
  return { good, refused };
}

// What could not be read is shown as far as an address can be long: it may be a mistaken column.
export const placeOf = (row: { readonly address: string }, number: number) => ({
  row: number,
  address: Address.safeParse(row.address).data ?? "",
});

function checkRow(row: Row, number: number): Newcomer | string {
  const address = Address.safeParse(row.address);
  if (!address.success) return "This is not an e-mail address.";
  const name = PersonName.safeParse(row.name);
  if (!name.success) return name.error.issues[0]?.message ?? "Give a name.";
  const { role } = row;
  // Above that only the workspace itself decides.
  if (role !== "viewer" && role !== "manager") return "The role is viewer or manager.";
  const password = passwordOf(row.passwordHash ?? "");
  if (password === undefined)
    return "The password's hash must be bcrypt of cost 4 to 13, or Django's pbkdf2_sha256 of at most 2,000,000 iterations.";
  return { number, address: address.data, name: name.data, role, password };
}

function passwordOf(text: string): Newcomer["password"] | undefined {
  if (text === "") return null;
  // Argon2id from elsewhere has too many strengths to make a wrong password take alike long for all.
  if (text.startsWith("$argon2")) return undefined;
  try {
    return { hash: keptForm(text), cost: costOf(text) };
  } catch {
    return undefined;
  }
}

const COLUMNS = ["address", "name", "role", "password_hash"];

/** Reads CSV (RFC 4180) whose first line names the columns. Throws `invalid_input`. */
export function readCsv(csv: string): Row[] {
  const rows = parseCsv(csv);
  const [columns = [], ...people] = rows;
  const missing = COLUMNS.slice(0, 3).filter((name) => !columns.includes(name));
  const unknown = columns.filter((name, at) => !COLUMNS.includes(name) || columns.indexOf(name) !== at);
  if (missing.length > 0 || unknown.length > 0)
    throw refuseCsv("The first line must be address,name,role and, if you have hashes, password_hash.");
  if (people.length > MOST_ROWS) throw refuseCsv(`Send at most ${MOST_ROWS} people at once.`);
  return people.map((cells) => {
    const of = (name: string) => cells[columns.indexOf(name)] ?? "";
    return { address: of("address"), name: of("name"), role: of("role"), passwordHash: of("password_hash") };
  });
}

function parseCsv(csv: string): string[][] {
  try {
    // Nothing in a cell is interpreted: what looks like a formula is text.
    return parse(csv, { bom: true, skip_empty_lines: true, max_record_size: 4000, to: MOST_ROWS + 2 });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error as CsvError & { lines?: number };
    throw refuseCsv(`Line ${lines ?? "?"} is not valid CSV: every line needs as many cells as the first.`);
  }
}

const refuseCsv = (message: string) => appError("invalid_input", { message, fields: { csv: message } });
