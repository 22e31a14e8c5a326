import type { KeyObject } from "node:crypto";
import type pg from "pg";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Keyring } from "./crypto/keyring.ts";
import type { MasterKeySource } from "./crypto/master-key.ts";
import type { Decoys } from "./decoys.ts";
import type { FileStore } from "./files/file-store.ts";
import type { Hub } from "./hub.ts";
import type { Jobs } from "./jobs.ts";
import type { Limiter } from "./limits/token-bucket.ts";
import type { Logger } from "./log.ts";
import type { Secret } from "./secret.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";
import type { Tokens } from "./tokens.ts";

/** What one running process stands on. Made once by `openSystem`, reached only through a context. */
export interface System {
  readonly config: Config;
  readonly version: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly pool: pg.Pool;
  readonly keyring: Keyring;
  readonly files: FileStore;
  readonly tokens: Tokens;
  readonly csrfKey: KeyObject;
  /** Signs the challenges that a browser solves after failures to sign in. */
  readonly challengeKey: KeyObject;
  readonly limiter: Limiter;
  readonly jobs: Jobs;
  /** Connection of the role that reads everything, as ciphertext; null where nobody gave it. */
  readonly backupUrl: Secret | null;
  readonly hub: Hub;
  readonly directory: Directory;
  /** The moment of which this is a copy for comparing (ISO 8601); null: an installation of its own. */
  readonly copyOf: string | null;
  readonly masterKeySource: MasterKeySource;
  /** null: nothing is measured. */
  readonly telemetry: Telemetry | null;
  /** Aborted when this process begins to end: it takes no new work, and streams end with their next event. */
  readonly ending: AbortSignal;
  /** Who is told of requests, answers and jobs that may touch a canary; null while there are none. */
  readonly decoys: { current: Decoys | null };
  /** Where this very process listens; null where it does not, or not yet. */
  readonly address: { current: string | null };
  /** How browsers reach this server, known once it listens: `https://host[:port]` without a slash at the end. */
  readonly origin: { current: string };
  /** Opens the outbox page of an installation without a mail server; null when there is one. */
  readonly outboxToken: Secret | null;
}

/** What must be found before a tenant is known. */
export interface Directory {
  tenantBySlug(slug: string): Promise<string | null>;
}
