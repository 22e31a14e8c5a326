import { type Config, readConfig } from "../../../kernel/config.ts";
import type { Finding } from "../../../kernel/controls.ts";
import { plainConnections } from "../../../kernel/tls/internal.ts";
import { finding } from "../stage/finding.ts";

const S3 = { FILES: "s3", S3_BUCKET: "files", S3_ACCESS_KEY_ID: "id", S3_SECRET_ACCESS_KEY: "secret" };
const BACKUP = {
  BACKUP_S3_BUCKET: "copies",
  BACKUP_S3_ACCESS_KEY_ID: "id",
  BACKUP_S3_SECRET_ACCESS_KEY: "secret",
};
const JOBS = "postgresql://jobs@localhost/db";

/** Each with the variable that must be named, or none. */
const CASES: readonly (readonly [settings: Record<string, string>, named: string | null])[] = [
  [{ DATABASE_URL: "postgresql://app@db.internal/db" }, "DATABASE_URL"],
  [{ DATABASE_URL: "postgresql://app@10.0.0.5/db?sslmode=require" }, "DATABASE_URL"],
  [{ DATABASE_URL: "postgresql://app@db.internal/db?sslmode=prefer" }, "DATABASE_URL"],
  [{ DATABASE_URL: "postgresql://app@localhost/db?host=db.internal" }, "DATABASE_URL"],
  [{ DATABASE_URL: "postgresql://app@db.internal/db?sslmode=verify-full" }, null],
  [{ DATABASE_URL: "postgresql://app@localhost/db?host=/run/postgresql" }, null],
  [{ DATABASE_URL: "postgresql://app@127.0.0.1:5433/db" }, null],
  [{ VALKEY_URL: "redis://valkey.internal" }, "VALKEY_URL"],
  [{ VALKEY_URL: "rediss://valkey.internal" }, null],
  [{ VALKEY_URL: "redis://127.0.0.1:6379" }, null],
  [{ ...S3, S3_ENDPOINT: "http://s3.internal" }, "S3_ENDPOINT"],
  [{ ...S3, S3_ENDPOINT: "https://s3.internal" }, null],
  [{ BACKUP_DATABASE_URL: "postgresql://backup@db.internal/db" }, "BACKUP_DATABASE_URL"],
  [{ BACKUP_DATABASE_URL: "postgresql://backup@db.internal/db?sslmode=verify-full" }, null],
  [{ ...BACKUP, BACKUP_S3_ENDPOINT: "http://s3.internal" }, "BACKUP_S3_ENDPOINT"],
  [{ ...BACKUP, BACKUP_S3_ENDPOINT: "https://s3.internal" }, null],
  [{ SMTP_URL: "smtp://mail.internal" }, "SMTP_URL"],
  [{ SMTP_URL: "smtp://mail.internal:587?requireTLS=true" }, null],
  [{ SMTP_URL: "smtps://mail.internal" }, null],
  [{ SMTP_URL: "smtps://mail.internal?tls.rejectUnauthorized=false" }, "SMTP_URL"],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://traces.internal:4318" }, "OTEL_EXPORTER_OTLP_ENDPOINT"],
];

/** That a connection which would leave the machine readable is found from the settings; and those of this server. */
export function internalConnections(own: Config): Finding[] {
  const findings = CASES.map(([settings, named]) => {
    const read = readConfig(
      { ...("DATABASE_URL" in settings ? { JOBS_DATABASE_URL: JOBS } : {}), ...settings },
      "/nowhere",
    );
    const found = "config" in read ? plainConnections(read.config).join() : "refused";
    const [name = "", value = ""] = Object.entries(settings).at(-1) ?? [];
    return finding(
      found === (named ?? ""),
      `${name}=${value}`,
      "the settings",
      found || "stays on the machine, or is TLS",
    );
  });
  const plain = plainConnections(own);
  return [
    ...findings,
    finding(
      plain.length === 0,
      "this server's own settings",
      "the settings",
      plain.join() || "all on the machine, or TLS",
    ),
  ];
}
