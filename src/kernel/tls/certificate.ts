import { X509Certificate } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import type { Server, ServerOptions } from "node:https";
import { dirname } from "node:path";
import { type Clock, days } from "../clock.ts";
import type { TlsConfig } from "../config-servers.ts";
import { makePrivateFolder } from "../files/durable.ts";
import { startupError } from "../home.ts";
import type { Logger } from "../log.ts";
import { pathsOf, tlsFolder } from "./files.ts";
import { isPairError, type Pair, readPair } from "./pair.ts";

/** The server's certificate, which is exchanged without a restart when its files change. */
export interface Certificate {
  /** For `https.createServer`. */
  readonly options: ServerOptions;
  /** The one in use; null while ACME has brought none yet. */
  current(): Pair | null;
  /** From now on this server gets new pairs. Open connections keep theirs. */
  serve(server: Server): void;
  /** Looks at the files now. A pair that cannot be used leaves the old one in place, and is told. */
  reload(): Promise<void>;
  close(): void;
}

/** A new pair is two files, and an editor writes each in steps. */
const SETTLE_MS = 150;
const LOOK_EVERY = 60_000;
const SOON = days(10);

// AEAD with forward secrecy only, for those who still come with 1.2; 1.3 has no others (RFC 9325).
const CIPHERS = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
].join(":");

/** Throws a StartupError for files that cannot be used. `alert` is told what somebody must do something about. */
export async function openCertificate(options: {
  tls: TlsConfig;
  home: string;
  clock: Clock;
  log: Logger;
  alert: (text: string) => void;
}): Promise<Certificate> {
  const { tls, home, clock, log, alert } = options;
  // Else there would be nothing to watch yet.
  if (tls.source.kind === "acme") await makePrivateFolder(tlsFolder(home));
  const { cert, key } = pathsOf(tls.source, home);
  const read = () => readPair(cert, key, clock());
  let pair: Pair | null = null;
  const servers: Server[] = [];
  try {
    pair = await read();
  } catch (error) {
    if (tls.source.kind === "files") {
      const problem = isPairError(error) ? error.problem : "they cannot be read";
      throw startupError(
        `TLS_CERT and TLS_KEY cannot be used: ${problem}.`,
        "Correct them and start again.",
        error,
      );
    }
    log.warn({}, "there is no certificate yet: nobody can connect until ACME has brought one");
  }

  let refused = "";
  const look = async () => {
    try {
      const next = await read();
      refused = "";
      if (pair && next.cert === pair.cert && next.key === pair.key) return warnOfEnd(next);
      pair = next;
      for (const server of servers) server.setSecureContext(contextOf(tls, next));
      log.warn({ until: next.until.toISOString() }, "the certificate was exchanged");
    } catch (error) {
      // By ACME there may be none yet; whoever fetches it tells of failures.
      if (!pair) return;
      const problem = isPairError(error) ? error.problem : "it cannot be read";
      if (refused !== problem) {
        refused = problem;
        log.error({ err: error }, "a new certificate cannot be used: the old one stays");
        alert(
          `A new certificate cannot be used: ${problem}. The old one stays in use until ${dayOf(pair.until)}.`,
        );
      }
      warnOfEnd(pair);
    }
  };
  const warnOfEnd = ({ until }: Pair) => {
    if (until.getTime() - clock().getTime() < SOON)
      alert(`The server's certificate ends on ${dayOf(until)}.`);
  };
  // One look at a time, and another one when something changed meanwhile.
  let looking: Promise<void> = Promise.resolve();
  const reload = () => {
    looking = looking.then(look);
    return looking;
  };
  let soon: NodeJS.Timeout | null = null;
  const changed = () => {
    if (soon) clearTimeout(soon);
    soon = setTimeout(reload, SETTLE_MS).unref();
  };
  // Folders, since a file that is replaced is another file; the timer finds what no event tells (network file systems).
  const watchers = [...new Set([dirname(cert), dirname(key)])].flatMap((folder) =>
    watchFolder(folder, changed),
  );
  const timer = setInterval(reload, LOOK_EVERY).unref();
  return {
    options: { ...contextOf(tls, pair), ALPNProtocols: ["http/1.1"], handshakeTimeout: 10_000 },
    current: () => pair,
    serve(server) {
      servers.push(server);
      if (pair) server.setSecureContext(contextOf(tls, pair));
    },
    reload,
    close() {
      clearInterval(timer);
      if (soon) clearTimeout(soon);
      for (const watcher of watchers) watcher.close();
    },
  };
}

function contextOf({ minVersion }: TlsConfig, pair: Pair | null): ServerOptions {
  return {
    ...(pair ? { cert: pair.cert, key: pair.key } : {}),
    minVersion,
    ciphers: CIPHERS,
    honorCipherOrder: true,
  };
}

function watchFolder(folder: string, changed: () => void): FSWatcher[] {
  try {
    const watcher = watch(folder, { persistent: false }, changed);
    watcher.on("error", () => watcher.close());
    return [watcher];
  } catch {
    return [];
  }
}

const dayOf = (date: Date): string => date.toISOString().slice(0, 10);

/** The fingerprint by which a certificate is told from another. */
export const fingerprintOf = ({ cert }: Pair): string => new X509Certificate(cert).fingerprint256;
