import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { JWK } from "jose";
import type pg from "pg";
import { type Clock, minutes, systemClock } from "./clock.ts";
import { type Closing, closingAfterFailure } from "./closing.ts";
import type { Config } from "./config.ts";
import type { S3Config } from "./config-servers.ts";
import { copyIn } from "./copy.ts";
import type { Keyring } from "./crypto/keyring.ts";
import { openKeys } from "./crypto/open-keys.ts";
import { createSigningKey } from "./crypto/signing-keys.ts";
import type { TenantKeys } from "./crypto/tenant-keys.ts";
import { openPool } from "./database/pool.ts";
import { appError } from "./errors.ts";
import { diskFileStore } from "./files/disk.ts";
import type { FileStore } from "./files/file-store.ts";
import { startupError } from "./home.ts";
import { openHub } from "./hub.ts";
import { openJobs } from "./jobs.ts";
import { sharedLimiter } from "./limits/shared-buckets.ts";
import { memoryLimiter } from "./limits/token-bucket.ts";
import type { Logger } from "./log.ts";
import { reveal, secret } from "./secret.ts";
import type { Directory, System } from "./system.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";
import { openTokens, type SigningKey } from "./tokens.ts";
import { relayWakeUps } from "./wake-ups.ts";

/** With the ways to end it, which only whoever opened it has. */
export interface OpenSystem extends System {
  /** From now on `ending` is aborted. */
  beginToEnd(): void;
  close(): Promise<void>;
}

interface SystemOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly version: string;
  /** Connections of these roles. */
  readonly urls: { app: string; jobs: string; backup?: string | undefined };
  /** No other process uses this database: jobs cut off by a crash are taken up at once. */
  readonly soleProcess: boolean;
  readonly env: Record<string, string | undefined>;
  readonly clock?: Clock;
}

/** Opens everything below the modules, or nothing. */
export const openSystem = (options: SystemOptions): Promise<OpenSystem> =>
  closingAfterFailure((closing, close) => openParts(options, closing, close), options.log);

async function openParts(
  options: SystemOptions,
  closing: Closing,
  close: () => Promise<void>,
): Promise<OpenSystem> {
  const { config, log, version, urls, soleProcess, env, clock = systemClock } = options;
  const { keyring, close: closeKeys } = await openKeys({
    env,
    home: config.home,
    clock,
    log,
    databaseUrl: config.databaseUrl ? urls.app : null,
  });
  closing.push(closeKeys);
  const pool = openPool(urls.app, log, { name: "app" });
  closing.push(() => pool.end());
  const platform = await keyring.platform();
  const tokens = await openTokens(await signingKey(pool, keyring), clock);
  const telemetry = await openTelemetry(config, version);
  closing.push(() => telemetry?.close());
  // Loaded only where it is used.
  const valkey = config.valkeyUrl
    ? await (await import("./valkey/connection.ts")).openValkey(reveal(config.valkeyUrl), log)
    : null;
  closing.push(() => valkey?.close());
  const hub = openHub();
  const stopRelay = soleProcess ? async () => {} : relayWakeUps(hub, urls.app, pool, log);
  closing.push(stopRelay);
  const jobs = openJobs(urls.jobs, { soleProcess });
  closing.push(() => jobs.stop());
  const files = await openFiles(config);
  const alone = memoryLimiter(clock, config.rateScale);
  const ending = new AbortController();
  closing.push(() => {
    ending.abort();
    hub.close();
  });
  return {
    config,
    version,
    log,
    clock,
    pool,
    keyring,
    files,
    tokens,
    csrfKey: platform.subkey("csrf"),
    challengeKey: platform.subkey("challenge"),
    limiter: valkey ? sharedLimiter(valkey, alone, platform.subkey("rate limits"), config.rateScale) : alone,
    jobs,
    backupUrl: urls.backup ? secret(urls.backup) : null,
    hub,
    directory: openDirectory(pool, keyring),
    masterKeySource: keyring.masterKeys.source,
    copyOf: copyIn(config.home)?.taken ?? null,
    decoys: { current: null },
    address: { current: null },
    telemetry,
    ending: ending.signal,
    beginToEnd: () => ending.abort(),
    origin: { current: config.publicUrl ?? "http://localhost" },
    outboxToken: config.smtpUrl ? null : secret(randomBytes(24).toString("base64url")),
    close,
  };
}

/** Loaded only where it is used. */
async function openTelemetry(
  { metricsPort, metricsToken, otlpEndpoint }: Config,
  version: string,
): Promise<Telemetry | null> {
  if (metricsPort === null && !metricsToken && !otlpEndpoint) return null;
  const telemetry = await import("./telemetry/open-telemetry.ts");
  return telemetry.openTelemetry({ version, otlpEndpoint });
}

/** Where files lie: a restore must put them to where the server will look for them. */
export const openFiles = async ({ s3, home }: Pick<Config, "s3" | "home">): Promise<FileStore> =>
  s3 ? openS3(s3) : diskFileStore(join(home, "files"));

/** Loaded only where it is used. */
async function openS3(config: S3Config): Promise<FileStore> {
  const [{ openBucket }, { s3FileStore }] = await Promise.all([
    import("./s3/bucket.ts"),
    import("./files/s3.ts"),
  ]);
  return s3FileStore(openBucket(config));
}

const MOST_SLUGS = 10_000;
/** So long somebody may still be let to the door of a workspace that another process has begun to delete. */
const KNOWN_FOR = minutes(1);

function openDirectory(pool: pg.Pool, keyring: Keyring): Directory {
  const found = new Map<string, { readonly id: string; readonly until: number }>();
  // Asked each time: a workspace whose keys another process has just destroyed is one that never was.
  const withKeys = (id: string | null) => (id !== null && keyring.has(id) ? id : null);
  return {
    async tenantBySlug(slug) {
      const known = found.get(slug);
      if (known && known.until > performance.now()) return withKeys(known.id);
      const { rows } = await pool
        .query<{ id: string | null }>("select directory.tenant_by_slug($1) as id", [slug])
        .catch((cause: unknown) => {
          throw appError("unavailable", { cause, retryAfter: 2 });
        });
      const id = rows[0]?.id ?? null;
      // A slug never moves to another tenant in that time; one that is free today may be taken tomorrow.
      if (id) {
        if (found.size >= MOST_SLUGS) found.delete(found.keys().next().value as string);
        found.set(slug, { id, until: performance.now() + KNOWN_FOR });
      } else found.delete(slug);
      return withKeys(id);
    },
  };
}

function openSigningKey(platform: TenantKeys, row: { kid: string; private_key: Buffer }): Buffer {
  try {
    return platform.open(keyCell(row.kid), row.private_key);
  } catch (cause) {
    throw startupError(
      "The keys of this home do not open what is in this database: they belong to different installations.",
      "Give the home and the database of one installation; a new home needs an empty database.",
      cause,
    );
  }
}

const keyCell = (kid: string) => ({ table: "signing_key", column: "private_key", row: kid });

// The oldest key is the one in use, so that two processes starting at once settle on the same.
export async function signingKey(pool: pg.Pool, keyring: Keyring): Promise<SigningKey> {
  const platform = await keyring.platform();
  const find = async () =>
    (
      await pool.query<{ kid: string; private_key: Buffer }>(
        "select kid, private_key from platform.signing_key order by created_at, kid limit 1",
      )
    ).rows[0];
  let row = await find();
  if (!row) {
    const made = await createSigningKey();
    await pool.query("insert into platform.signing_key (kid, public_jwk, private_key) values ($1, $2, $3)", [
      made.kid,
      JSON.stringify(made.publicJwk),
      platform.seal(keyCell(made.kid), made.privatePkcs8),
    ]);
    made.privatePkcs8.fill(0);
    row = await find();
  }
  if (!row) throw new Error("the signing key was written and is not there");
  const der = openSigningKey(platform, row);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  der.fill(0);
  // Derived from the sealed half: whoever can write the table must not be able to put another public key in.
  const publicJwk = createPublicKey(key).export({ format: "jwk" }) as JWK;
  return { kid: row.kid, publicJwk, privateKey: key.export({ type: "pkcs8", format: "pem" }).toString() };
}
