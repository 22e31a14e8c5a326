import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DATABASE } from "./embedded.ts";
import { openPasswords, type RoleName } from "./passwords.ts";
import { identify } from "./process-identity.ts";

/** Another process's built-in database, for a command that comes to a home whose server runs. */
export interface RunningPostgres {
  /** Superuser, maintenance database `postgres`. */
  readonly adminUrl: string;
  readonly passwords: Record<RoleName, string>;
  url(role: RoleName | "postgres", database?: string): string;
}

/** null when no database of this home runs. Answers only what this user may read: the passwords are in the home. */
export function findRunning(home: string): RunningPostgres | null {
  const data = join(placeOf(home), "data");
  const pid = join(data, "postmaster.pid");
  if (!existsSync(pid)) return null;
  // PostgreSQL documentation, "postmaster.pid": process, data folder, start, port, socket folder.
  const [process = "", , , , sockets = ""] = readFileSync(pid, "utf8").split("\n");
  if (sockets === "" || identify(Number(process)) === null) return null;
  const passwords = openPasswords(join(home, "secrets"), true);
  if (!passwords) return null;
  const url = (role: RoleName | "postgres", database = DATABASE) => {
    const password = role === "postgres" ? passwords.superuser : passwords.roles[role];
    return `postgresql://${role}:${password}@/${database}?host=${encodeURIComponent(sockets)}`;
  };
  return { adminUrl: url("postgres", "postgres"), passwords: passwords.roles, url };
}

/** As `choosePlace` left it. */
function placeOf(home: string): string {
  const record = join(home, "postgres.json");
  if (!existsSync(record)) return join(home, "postgres");
  const { place } = JSON.parse(readFileSync(record, "utf8")) as { place: string };
  return place;
}
