import { z } from "zod";
import { type BackupConfig, backupConfig, backupEnvironment, backupProblems } from "./config-backup.ts";
import { type ServersConfig, serversConfig, serversEnvironment, serversProblems } from "./config-servers.ts";
import { type Secret, secret } from "./secret.ts";

/** Everything that a person can set, from the environment. Named in docs/operations.md. */
export interface Config extends ServersConfig {
  readonly backup: BackupConfig;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** How browsers reach this server, without a slash at the end; used in mails and for same-origin checks. */
  readonly publicUrl: string | null;
  readonly home: string;
  readonly databaseUrl: Secret | null;
  readonly jobsDatabaseUrl: Secret | null;
  readonly migrationDatabaseUrl: Secret | null;
  readonly smtpUrl: Secret | null;
  readonly mailFrom: string;
  readonly logLevel: string;
  /** Addresses of proxies whose X-Forwarded-* headers are believed. */
  readonly trustedProxies: readonly string[];
  readonly name: string;
  /** With what new passwords are hashed. */
  readonly passwordHash: "argon2id" | "bcrypt";
  /** How often the running server is attacked between its canary tenants; 0: never. */
  readonly attackEveryMinutes: number;
  /** Multiplies every rate limit, and divides the work of a challenge. 1 but for an instance that attacks itself. */
  readonly rateScale: number;
}

export interface ConfigProblem {
  readonly variable: string;
  readonly problem: string;
}

/** Reads the environment; answers every problem at once, or the configuration. Values are never repeated in a problem. */
export function readConfig(
  env: Record<string, string | undefined>,
  defaultHome: string,
): { config: Config } | { problems: ConfigProblem[] } {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map((i) => ({ variable: i.path.join("."), problem: i.message })),
    };
  }
  const e = parsed.data;
  return {
    config: {
      host: e.HOST,
      port: e.PORT,
      publicUrl: e.PUBLIC_URL?.replace(/\/$/, "") ?? null,
      home: e.VOUCHSAFE_HOME ?? defaultHome,
      databaseUrl: e.DATABASE_URL ? secret(e.DATABASE_URL) : null,
      jobsDatabaseUrl: e.JOBS_DATABASE_URL ? secret(e.JOBS_DATABASE_URL) : null,
      migrationDatabaseUrl: e.MIGRATION_DATABASE_URL ? secret(e.MIGRATION_DATABASE_URL) : null,
      smtpUrl: e.SMTP_URL ? secret(e.SMTP_URL) : null,
      mailFrom: e.MAIL_FROM,
      logLevel: e.LOG_LEVEL,
      trustedProxies: e.TRUSTED_PROXIES,
      name: e.VOUCHSAFE_NAME,
      passwordHash: e.VOUCHSAFE_PASSWORD_HASH,
      attackEveryMinutes: e.ATTACK_EVERY_MINUTES,
      rateScale: 1,
      ...serversConfig(e),
      ...backupConfig(e),
    },
  };
}

const url = (...protocols: string[]) =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    message: `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(" or ")}`,
  });

const Environment = z
  .object({
    HOST: z.string().default("127.0.0.1"),
    PORT: z.coerce
      .number("must be a number")
      .int("must be a whole number")
      .min(0, "must be 0 to 65535")
      .max(65535, "must be 0 to 65535")
      .default(8460),
    PUBLIC_URL: url("http:", "https:").optional(),
    VOUCHSAFE_HOME: z.string().optional(),
    VOUCHSAFE_NAME: z.string().max(80, "must have at most 80 characters").default("Vouchsafe"),
    VOUCHSAFE_PASSWORD_HASH: z.enum(["argon2id", "bcrypt"], "must be argon2id or bcrypt").default("argon2id"),
    DATABASE_URL: url("postgres:", "postgresql:").optional(),
    JOBS_DATABASE_URL: url("postgres:", "postgresql:").optional(),
    MIGRATION_DATABASE_URL: url("postgres:", "postgresql:").optional(),
    SMTP_URL: url("smtp:", "smtps:").optional(),
    MAIL_FROM: z.string().default("Vouchsafe <vouchsafe@localhost>"),
    LOG_LEVEL: z
      .enum(
        ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
        "must be fatal, error, warn, info, debug, trace or silent",
      )
      .default("info"),
    ATTACK_EVERY_MINUTES: z.coerce
      .number("must be a number")
      .int("must be a whole number")
      .min(0, "must be 0 (never) to 1440")
      .max(1440, "must be 0 (never) to 1440")
      .default(60),
    TRUSTED_PROXIES: z
      .string()
      .default("")
      .transform((value) =>
        value
          .split(",")
          .map((part) => part.trim())
          .filter(Boolean),
      ),
    ...serversEnvironment,
    ...backupEnvironment,
  })
  .superRefine((e, issues) => {
    for (const [variable, message] of [...serversProblems(e), ...backupProblems(e)])
      issues.addIssue({ code: "custom", path: [variable], message });
    if (e.DATABASE_URL && !e.JOBS_DATABASE_URL) {
      issues.addIssue({
        code: "custom",
        path: ["JOBS_DATABASE_URL"],
        message: "is needed beside DATABASE_URL (role vouchsafe_jobs)",
      });
    }
  });
