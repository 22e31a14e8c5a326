import { isConnectionError } from "../kernel/database/connection-error.ts";
import { migrate } from "../kernel/database/migrate.ts";
import { startupError } from "../kernel/home.ts";
import { reveal } from "../kernel/secret.ts";
import { readSettings } from "./settings.ts";

/** `migrate`: roles and schema of an external database. Passwords of its roles are those of their URLs. */
export async function run(): Promise<number> {
  const { migrationDatabaseUrl, databaseUrl, jobsDatabaseUrl, backup } = readSettings();
  if (!migrationDatabaseUrl) {
    throw startupError(
      "MIGRATION_DATABASE_URL is not set.",
      "Give the URL of a role that may create roles. Without DATABASE_URL, `npm start` migrates its own database by itself.",
    );
  }
  const password = (url: string) => decodeURIComponent(new URL(url).password);
  const { applied } = await migrating({
    adminUrl: reveal(migrationDatabaseUrl),
    passwords: {
      ...(databaseUrl ? { vouchsafe_app: password(reveal(databaseUrl)) } : {}),
      ...(jobsDatabaseUrl ? { vouchsafe_jobs: password(reveal(jobsDatabaseUrl)) } : {}),
      ...(backup.databaseUrl ? { vouchsafe_backup: password(reveal(backup.databaseUrl)) } : {}),
    },
    log: (line) => void process.stderr.write(`${line}\n`),
  });
  process.stderr.write(
    applied.length > 0
      ? `${applied.length} migrations applied.\n`
      : "Nothing to do: the database is up to date.\n",
  );
  return 0;
}

/** What a person can mend is said in the database's own words, which name roles and databases, never passwords. */
async function migrating(options: Parameters<typeof migrate>[0]): ReturnType<typeof migrate> {
  try {
    return await migrate(options);
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    // 28: the password or pg_hba.conf; 3D: no such database.
    if (isConnectionError(cause) || /^(28|3D)|^E[A-Z]+$/.test(code ?? "")) {
      throw startupError(
        `The database of MIGRATION_DATABASE_URL cannot be opened: ${message || code}`,
        "Check the address, the role and its password, and that the server accepts them.",
        cause,
      );
    }
    if (code === "42501") {
      throw startupError(
        `The role of MIGRATION_DATABASE_URL may not do this: ${message}`,
        "Give the URL of a role that may create roles with BYPASSRLS: a superuser.",
        cause,
      );
    }
    throw cause;
  }
}
