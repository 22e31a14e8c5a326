import type { Config } from "../config.ts";
import { isLoopbackName } from "../routes/loopback.ts";
import { reveal } from "../secret.ts";

/**
 * Which of the connections to what stands behind the server would leave this machine readable: neither a socket, nor
 * loopback, nor TLS that checks whom it talks to. Answers the names of their variables, never a value.
 */
export function plainConnections(config: Config): string[] {
  const plain: string[] = [];
  for (const [name, url] of [
    ["DATABASE_URL", config.databaseUrl],
    ["JOBS_DATABASE_URL", config.jobsDatabaseUrl],
    ["MIGRATION_DATABASE_URL", config.migrationDatabaseUrl],
    ["BACKUP_DATABASE_URL", config.backup.databaseUrl],
  ] as const)
    if (url && !isPostgresSafe(reveal(url))) plain.push(name);
  if (config.valkeyUrl && !isSafe(reveal(config.valkeyUrl), "rediss:")) plain.push("VALKEY_URL");
  if (config.s3 && !isSafe(config.s3.endpoint, "https:")) plain.push("S3_ENDPOINT");
  if (config.backup.bucket && !isSafe(config.backup.bucket.endpoint, "https:"))
    plain.push("BACKUP_S3_ENDPOINT");
  if (config.smtpUrl && !isMailSafe(reveal(config.smtpUrl))) plain.push("SMTP_URL");
  if (config.otlpEndpoint && !isSafe(config.otlpEndpoint, "https:"))
    plain.push("OTEL_EXPORTER_OTLP_ENDPOINT");
  return plain;
}

// Of the driver's modes only this one is one in libpq, too, that checks certificate and name.
function isPostgresSafe(text: string): boolean {
  const url = new URL(text);
  const host = url.searchParams.get("host") ?? decodeURIComponent(url.hostname);
  if (host === "" || host.startsWith("/") || isLoopbackName(host)) return true;
  return url.searchParams.get("sslmode") === "verify-full";
}

// `smtp://` asks for TLS only where the server offers it, unless told to insist.
function isMailSafe(text: string): boolean {
  const { protocol, hostname, searchParams } = new URL(text);
  if (isLoopbackName(hostname)) return true;
  if (searchParams.get("tls.rejectUnauthorized") === "false" || searchParams.has("ignoreTLS")) return false;
  return protocol === "smtps:" || searchParams.get("requireTLS") === "true";
}

function isSafe(text: string, protocol: string): boolean {
  const { protocol: given, hostname } = new URL(text);
  return given === protocol || given === "unix:" || isLoopbackName(hostname);
}
