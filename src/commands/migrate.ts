import { join } from "node:path";
import { readConfig } from "../kernel/config.ts";
import { migrate } from "../kernel/database/migrate.ts";
import { startupError } from "../kernel/home.ts";
import { reveal } from "../kernel/secret.ts";
import { projectFolder } from "../project.ts";

/** `migrate`: roles and schema of an external database. Passwords of `app` and `jobs` are those of their URLs. */
export async function run(): Promise<number> {
  const read = readConfig(process.env, join(projectFolder, "var"));
  if ("problems" in read) {
    throw startupError(
      `Some settings cannot be used: ${read.problems.map((p) => `${p.variable} ${p.problem}`).join("; ")}`,
      "Correct them and try again.",
    );
  }
  const { migrationDatabaseUrl, databaseUrl, jobsDatabaseUrl } = read.config;
  if (!migrationDatabaseUrl) {
    throw startupError(
      "MIGRATION_DATABASE_URL is not set.",
      "Give the URL of a role that may create roles. Without DATABASE_URL, `npm start` migrates its own database by itself.",
    );
  }
  const password = (url: string) => decodeURIComponent(new URL(url).password);
  const { applied } = await migrate({
    adminUrl: reveal(migrationDatabaseUrl),
    passwords: {
      ...(databaseUrl ? { vouchsafe_app: password(reveal(databaseUrl)) } : {}),
      ...(jobsDatabaseUrl ? { vouchsafe_jobs: password(reveal(jobsDatabaseUrl)) } : {}),
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
