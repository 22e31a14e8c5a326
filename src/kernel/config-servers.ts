import { z } from "zod";
import { isLoopbackName } from "./routes/loopback.ts";
import { type Secret, secret } from "./secret.ts";

// What is set of servers: TLS, several processes, where files lie, what is measured. A part of config.ts.

export type TlsSource =
  | { readonly kind: "files"; readonly cert: string; readonly key: string }
  | {
      readonly kind: "acme";
      readonly directoryUrl: string;
      readonly email: string;
      readonly domains: readonly string[];
    };

export interface TlsConfig {
  readonly source: TlsSource;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
}

export interface S3Config {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
}

export interface ServersConfig {
  /** null: plain HTTP, on loopback or behind a proxy. */
  readonly tls: TlsConfig | null;
  /** Port of the listener that only redirects, and answers ACME's challenges; null: none. 0 takes a free one. */
  readonly httpPort: number | null;
  /** Valkey or Redis, for what several processes count together. */
  readonly valkeyUrl: Secret | null;
  /** null: on the disk. */
  readonly s3: S3Config | null;
  /** Port of the internal listener for metrics and health; null: none. 0 takes a free one. */
  readonly metricsPort: number | null;
  /** Where that listener is: loopback, unless a token is asked for. */
  readonly metricsHost: string;
  /** Opens /metrics on the public port; null: it is not there. */
  readonly metricsToken: Secret | null;
  /** Where traces go (OTLP over HTTP); null: nowhere. */
  readonly otlpEndpoint: string | null;
  /** Seconds between telling that this process ends and closing its listener, for a proxy to notice. */
  readonly drainSeconds: number;
  /** Lets connections to the database and the like leave this machine without TLS: said at each start. */
  readonly allowPlainInternal: boolean;
  /** Megabytes that this process may take before it refuses requests; null: from the container's limit. */
  readonly memoryLimit: number | null;
}

const port = z.coerce
  .number("must be a number")
  .int("must be a whole number")
  .min(0, "must be 0 to 65535")
  .max(65535, "must be 0 to 65535");

const web = z.string().refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
  message: "must be a URL that begins with https:// or http://",
});

const valkey = z
  .string()
  .refine((value) => URL.canParse(value) && /^(rediss?|unix):$/.test(new URL(value).protocol), {
    message: "must be a URL that begins with rediss://, redis:// or unix:///",
  });

const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

/** The part of the environment that this file reads. */
export const serversEnvironment = {
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  TLS_MIN_VERSION: z.enum(["1.2", "1.3"], "must be 1.3 or 1.2").default("1.3"),
  HTTP_PORT: port.optional(),
  ACME_DIRECTORY_URL: web.default(LETS_ENCRYPT),
  ACME_EMAIL: z.email("must be an address").optional(),
  ACME_DOMAINS: z
    .string()
    .regex(/^[a-z0-9.-]+(\s*,\s*[a-z0-9.-]+)*$/i, "must be names with commas between")
    .optional(),
  VALKEY_URL: valkey.optional(),
  FILES: z.enum(["disk", "s3"], "must be disk or s3").default("disk"),
  S3_ENDPOINT: web.optional(),
  S3_REGION: z.string().default("auto"),
  S3_BUCKET: z.string().optional(),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  METRICS_PORT: port.optional(),
  METRICS_HOST: z.string().min(1).default("127.0.0.1"),
  METRICS_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: web.optional(),
  DRAIN_SECONDS: z.coerce
    .number("must be a number")
    .min(0, "must be 0 to 60")
    .max(60, "must be 0 to 60")
    .default(0),
  ALLOW_PLAIN_INTERNAL: z.enum(["yes", "no"], "must be yes or no").default("no"),
  MEMORY_LIMIT_MB: z.coerce
    .number("must be a number")
    .int("must be a whole number")
    .min(100, "must be at least 100")
    .optional(),
};

type Given = z.output<z.ZodObject<typeof serversEnvironment>> & { readonly PORT: number };

/** What goes together with what; each problem is told with its variable. */
export function serversProblems(e: Given): readonly (readonly [variable: string, message: string])[] {
  const problems: [string, string][] = [];
  if (e.TLS_CERT && !e.TLS_KEY) problems.push(["TLS_KEY", "is needed beside TLS_CERT"]);
  if (e.TLS_KEY && !e.TLS_CERT) problems.push(["TLS_CERT", "is needed beside TLS_KEY"]);
  if (e.TLS_CERT && e.ACME_DOMAINS)
    problems.push([
      "ACME_DOMAINS",
      "does not go together with TLS_CERT: certificates come from files or by ACME",
    ]);
  if (e.ACME_DOMAINS && !e.ACME_EMAIL)
    problems.push(["ACME_EMAIL", "is needed beside ACME_DOMAINS: the authority writes to it"]);
  if (e.METRICS_PORT !== undefined && !e.METRICS_TOKEN && !isLoopbackName(e.METRICS_HOST))
    problems.push([
      "METRICS_TOKEN",
      "is needed where METRICS_HOST is not this machine alone: others reach that listener",
    ]);
  if (e.FILES === "s3")
    for (const name of ["S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"] as const)
      if (!e[name]) problems.push([name, "is needed with FILES=s3"]);
  return problems;
}

/** Of what has no problems. */
export function serversConfig(e: Given): ServersConfig {
  const source = sourceOf(e);
  return {
    tls: source && { source, minVersion: e.TLS_MIN_VERSION === "1.2" ? "TLSv1.2" : "TLSv1.3" },
    // ACME's challenges come to port 80, which a proxy or a firewall may map to another one.
    httpPort: e.HTTP_PORT ?? (source?.kind === "acme" || (source && e.PORT === 443) ? 80 : null),
    valkeyUrl: e.VALKEY_URL ? secret(e.VALKEY_URL) : null,
    s3:
      e.FILES === "s3"
        ? {
            endpoint: e.S3_ENDPOINT ?? "",
            region: e.S3_REGION,
            bucket: e.S3_BUCKET ?? "",
            accessKeyId: e.S3_ACCESS_KEY_ID ?? "",
            secretAccessKey: secret(e.S3_SECRET_ACCESS_KEY ?? ""),
          }
        : null,
    metricsPort: e.METRICS_PORT ?? null,
    metricsHost: e.METRICS_HOST,
    metricsToken: e.METRICS_TOKEN ? secret(e.METRICS_TOKEN) : null,
    otlpEndpoint: e.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/$/, "") ?? null,
    allowPlainInternal: e.ALLOW_PLAIN_INTERNAL === "yes",
    drainSeconds: e.DRAIN_SECONDS,
    memoryLimit: e.MEMORY_LIMIT_MB ?? null,
  };
}

function sourceOf(e: Given): TlsSource | null {
  if (e.TLS_CERT && e.TLS_KEY) return { kind: "files", cert: e.TLS_CERT, key: e.TLS_KEY };
  if (!e.ACME_DOMAINS) return null;
  const domains = e.ACME_DOMAINS.split(",").map((name) => name.trim().toLowerCase());
  return { kind: "acme", directoryUrl: e.ACME_DIRECTORY_URL, email: e.ACME_EMAIL ?? "", domains };
}
