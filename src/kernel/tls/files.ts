import { join } from "node:path";
import type { TlsSource } from "../config-servers.ts";

/** The folder of what ACME brings: account key, certificate, answers to challenges. Mode 0700, files 0600. */
export const tlsFolder = (home: string): string => join(home, "tls");

/** Where certificate and key lie. Those of ACME are one file, so that they change together. */
export function pathsOf(source: TlsSource, home: string): { cert: string; key: string } {
  if (source.kind === "files") return { cert: source.cert, key: source.key };
  const both = join(tlsFolder(home), "certificate.pem");
  return { cert: both, key: both };
}

/** The file that answers a challenge; null for what is no token (RFC 8555, section 8.3: base64url). */
export function challengePath(home: string, token: string): string | null {
  return /^[A-Za-z0-9_-]{1,200}$/.test(token) ? join(tlsFolder(home), "challenges", token) : null;
}
