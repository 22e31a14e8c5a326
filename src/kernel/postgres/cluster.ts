import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { startupError } from "../home.ts";
import type { Binaries } from "./binaries.ts";
import { syncFolder } from "./passwords.ts";
import { type Account, give, type Place, passwd } from "./place.ts";

/** The major version of PostgreSQL in the npm packages, and so of every data folder. */
export const MAJOR = "18";

/**
 * Makes the data folder unless it exists: UTF-8, the built-in C.UTF-8 locale (the same order on every system), data
 * checksums, SCRAM passwords. It appears under its name only when complete. Throws a StartupError for a data folder
 * of another major version and when initdb fails.
 */
export async function openCluster(
  place: Place,
  binaries: Binaries,
  superuserPassword: string,
  durable: boolean,
): Promise<void> {
  for (const name of readdirSync(place.root)) {
    // Left by a start that was killed half way.
    if (name.startsWith("new-")) rmSync(join(place.root, name), { recursive: true, force: true });
  }
  if (existsSync(place.data)) {
    checkMajor(place.data);
    return;
  }
  const draft = join(place.root, `new-${randomBytes(6).toString("hex")}`);
  const account = place.account === null ? null : accountForInitdb(place.account);
  try {
    mkdirSync(draft, { mode: 0o700 });
    const passwordFile = join(draft, "password");
    writeFileSync(passwordFile, `${superuserPassword}\n`, { mode: 0o600 });
    give(passwordFile, account, 0o600);
    give(draft, account, 0o700);
    await runInitdb(binaries.initdb, join(draft, "data"), passwordFile, account, durable);
    if (place.account !== null) giveTree(join(draft, "data"), place.account);
    renameSync(join(draft, "data"), place.data);
    if (durable) syncFolder(place.root);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function checkMajor(data: string): void {
  const found = existsSync(join(data, "PG_VERSION"))
    ? readFileSync(join(data, "PG_VERSION"), "utf8").trim()
    : "";
  if (found === MAJOR) return;
  if (found === "") {
    throw startupError(
      `${data} is not a complete PostgreSQL data folder.`,
      "Restore a backup, or move the folder away to begin anew.",
    );
  }
  throw startupError(
    `The data in ${data} was written by PostgreSQL ${found}; this Vouchsafe brings PostgreSQL ${MAJOR}.`,
    `Start the Vouchsafe that wrote it, make a backup there, move ${data} away and restore the backup here.`,
  );
}

function runInitdb(
  initdb: string,
  data: string,
  passwordFile: string,
  account: Account | null,
  durable: boolean,
): Promise<void> {
  const args = [
    `--pgdata=${data}`,
    "--username=postgres",
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--data-checksums",
    "--no-instructions",
    ...(durable ? [] : ["--no-sync"]),
  ];
  const [program = initdb, ...words] = [...(account === null ? asListedUser() : []), initdb, ...args];
  return new Promise((done, fail) => {
    const child = spawn(program, words, {
      cwd: "/",
      env: { LC_ALL: "C", TZ: "UTC" },
      stdio: ["ignore", "pipe", "pipe"],
      ...account,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output = (output + chunk.toString("utf8")).slice(-4000);
      });
    }
    child.on("error", (cause) => fail(cannotRun(initdb, cause)));
    child.on("close", (code) => (code === 0 ? done() : fail(initdbFailed(data, output))));
  });
}

/**
 * initdb looks its user up in the system's list, which a bare number is not in: it runs as a user from the list
 * (nobody, where there is one), but with the group that alone may enter the folder; the result is then handed over.
 */
function accountForInitdb(account: Account): Account {
  const users = passwd();
  if (users.some((user) => user.uid === account.uid)) return account;
  const user = users.find(({ name }) => name === "nobody") ?? users.find(({ uid }) => uid !== 0);
  if (user !== undefined && user.uid !== 0) return { uid: user.uid, gid: account.gid };
  throw startupError(
    "PostgreSQL does not run as root, and /etc/passwd lists no other user.",
    "Add one (such as nobody), start Vouchsafe as an ordinary user, or set DATABASE_URL.",
  );
}

/**
 * The same for a process that is not root and whose own number is not in the list (`docker run --user 12345`): a user
 * namespace in which it is called after a listed one, where the system grants that. Files stay its own.
 */
function asListedUser(): string[] {
  const own = process.getuid?.();
  const users = passwd();
  const listed = users.find(({ name }) => name === "nobody") ?? users.find(({ uid }) => uid !== 0);
  if (process.platform !== "linux" || listed === undefined || users.some(({ uid }) => uid === own)) return [];
  const command = ["unshare", "--user", `--map-user=${listed.uid}`, "--"];
  const [program = "", ...words] = [...command, "true"];
  return spawnSync(program, words, { stdio: "ignore", timeout: 5000 }).status === 0 ? command : [];
}

function giveTree(path: string, account: Account): void {
  lchownSync(path, account.uid, account.gid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) giveTree(child, account);
    else lchownSync(child, account.uid, account.gid);
  }
}

/** Explains why one of PostgreSQL's programs could not even be started. */
export function cannotRun(program: string, cause: Error) {
  const code = "code" in cause ? cause.code : "";
  if (code === "EPERM" || code === "EINVAL") {
    return startupError(
      "PostgreSQL does not run as root, and root may not change to another user here.",
      "Start Vouchsafe as an ordinary user, allow the container to set user ids, or set DATABASE_URL.",
      cause,
    );
  }
  if (code === "ENOENT") {
    return startupError(
      `${program} does not run here: this system's C library is not the one that it was built for.`,
      "Use a system with glibc (not Alpine), or set DATABASE_URL to a PostgreSQL 18 server.",
      cause,
    );
  }
  return startupError(
    `${program} cannot be started.`,
    "See the cause in the log, or set DATABASE_URL.",
    cause,
  );
}

function initdbFailed(data: string, output: string) {
  if (/No space left|Disk quota/i.test(output)) {
    return startupError(`The disk of ${data} is full.`, "Free some space and start again.", output);
  }
  if (/shared memory/i.test(output)) {
    return startupError(
      "PostgreSQL gets no shared memory here.",
      "Give /dev/shm at least 64 MB (in a container: --shm-size=128m) and start again.",
      output,
    );
  }
  if (/could not look up effective user ID/.test(output)) {
    return startupError(
      `PostgreSQL wants its user in /etc/passwd, and number ${process.getuid?.()} is not there.`,
      "Add a line for it, start Vouchsafe as a listed user, or set DATABASE_URL to a PostgreSQL 18 server.",
      output,
    );
  }
  const last = output.trim().split("\n").slice(-3).join(" ");
  return startupError(
    `The database could not be set up in ${data}: ${last}`,
    "Mend that and start again.",
    output,
  );
}
