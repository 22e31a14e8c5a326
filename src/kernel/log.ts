import type { FastifyBaseLogger } from "fastify";
import { pino } from "pino";

export type Logger = FastifyBaseLogger;

/**
 * JSON lines on standard error. Bodies, headers and query strings are never logged; what could hold a secret
 * or a person is redacted by name as a second line of defence.
 */
export function openLog(level: string, destination: { write(line: string): void } = process.stderr): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ["password", "token", "secret", "cookie", "authorization", "address", "name", "text"].flatMap(
          (k) => [k, `*.${k}`, `*.*.${k}`],
        ),
        censor: "[redacted]",
      },
      serializers: { err: plainError },
    },
    destination,
  );
}

// Messages of the database driver can quote values (`Key (address)=(…)`), so only their code is kept.
function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, constraint, table } = error as { code?: string; constraint?: string; table?: string };
  const fromDatabase = "severity" in error;
  return {
    type: error.name,
    code,
    ...(fromDatabase ? { constraint, table } : { message: error.message }),
    stack: error.stack?.split("\n").slice(1, 12).join("\n"),
    ...(error.cause ? { cause: plainError(error.cause) } : {}),
  };
}
