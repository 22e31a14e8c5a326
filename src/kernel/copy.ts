import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "./files/durable.ts";
import { startupError } from "./home.ts";

// A home that `restore-tenant --beside` made holds one workspace as it was, to be compared with what it is. It is started
// like any other, on the same machine, perhaps with the same settings: none of those that lead out of its folder counts.

export interface Copy {
  readonly slug: string;
  /** Of the backup, ISO 8601. */
  readonly taken: string;
}

const FILE = "copy.json";

/** null: this home is an installation of its own. */
export function copyIn(home: string): Copy | null {
  try {
    return JSON.parse(readFileSync(join(home, FILE), "utf8")) as Copy;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // There is none, or no folder either, which opening the home says better.
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw startupError(
      `${join(home, FILE)} cannot be read (${code ?? "it is not JSON"}).`,
      "It says whether this home is a copy for comparing: let the user that starts Vouchsafe read it.",
      error,
    );
  }
}

export const markCopy = (home: string, copy: Copy): Promise<void> =>
  replaceFile(join(home, FILE), JSON.stringify(copy));

/** What somebody may set of a copy, of all that is ours. */
const KEPT = new Set(["VOUCHSAFE_HOME", "VOUCHSAFE_PASSWORD_HASH"]);

/** Who reaches it, and under which name: those of the real one are not meant for it. It has its own as COPY_HOST and so on. */
const REACHED = ["HOST", "PUBLIC_URL", "TRUSTED_PROXIES", "TLS_CERT", "TLS_KEY", "TLS_MIN_VERSION"];

/** Everything that is ours among the variables of a process. */
const OURS =
  /^(VOUCHSAFE_|BACKUP_|S3_|MASTER_KEY|KEY_SERVICE_|SMTP_|MAIL_|ACME_|TLS_|METRICS_|OTEL_|VALKEY_|ATTACK_|FILES$|HTTP_PORT$|(JOBS_|MIGRATION_)?DATABASE_URL$)/;

/** Takes away what would lead a copy to the mail server, the bucket, the database or the backups of the real one. */
export function keepToItself(env: Record<string, string | undefined>, { taken }: Copy): void {
  for (const name of Object.keys(env)) if (OURS.test(name) && !KEPT.has(name)) delete env[name];
  for (const name of REACHED) {
    const own = env[`COPY_${name}`];
    if (own) env[name] = own;
    else delete env[name];
  }
  env.ATTACK_EVERY_MINUTES = "0";
  env.VOUCHSAFE_NAME = `Copy of ${taken.slice(0, 16).replace("T", " ")} UTC`;
}
