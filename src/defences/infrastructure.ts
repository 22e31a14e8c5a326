import { valkeyProgram } from "../kernel/valkey/program.ts";
import type { Defence } from "./defence.ts";

const certificate = "src/kernel/tls/certificate.ts";
const redirect = "src/kernel/tls/redirect.ts";
const internal = "src/kernel/tls/internal.ts";
const shared = "src/kernel/limits/shared-buckets.ts";

/** TLS, what stands behind the server, and limits over several processes. */
export const infrastructureDefences: readonly Defence[] = [
  {
    words: "nothing below the version that was set is spoken",
    claim: "crypto.tls",
    file: certificate,
    text: "    minVersion,\n    ciphers: CIPHERS,",
    without: '    minVersion: minVersion && "TLSv1.2",\n    ciphers: CIPHERS,',
  },
  {
    words: "1.2 is spoken with ciphers of today only",
    claim: "crypto.tls",
    file: certificate,
    text: "ciphers: CIPHERS,",
    without: 'ciphers: CIPHERS && "ALL:@SECLEVEL=0",',
  },
  {
    words: "a new certificate is used without a restart",
    claim: "crypto.tls",
    file: certificate,
    text: "for (const server of servers) server.setSecureContext(contextOf(tls, next));",
    without: "for (const server of servers.slice(9)) server.setSecureContext(contextOf(tls, next));",
  },
  {
    words: "a pair that cannot be used is told",
    claim: "crypto.tls",
    file: certificate,
    text: "if (refused !== problem) {",
    without: 'if (refused !== problem && refused !== "") {',
  },
  {
    words: "browsers are told to insist on TLS",
    claim: "crypto.tls",
    file: "src/kernel/web.ts",
    text: '"strict-transport-security": "max-age=63072000",',
    without: '"strict-transport-security": "max-age=0",',
  },
  {
    words: "what is sent without TLS is not taken",
    claim: "crypto.tls",
    file: redirect,
    text: 'if (method !== "GET" && method !== "HEAD") {',
    without: 'if (method === "TRACE") {',
  },
  {
    words: "a challenge names no other file",
    claim: "crypto.tls",
    file: "src/kernel/tls/files.ts",
    text: "/^[A-Za-z0-9_-]{1,200}$/.test(token)",
    without: "token.length > 0",
  },
  {
    words: "a certificate is renewed in time",
    claim: "crypto.tls",
    file: "src/kernel/tls/acme.ts",
    text: "life * (2 / 3 - jitter)",
    without: "life * (1 - jitter)",
  },
  {
    words: "a database elsewhere is spoken to by TLS that checks whom it talks to",
    claim: "crypto.tls",
    file: internal,
    text: 'return url.searchParams.get("sslmode") === "verify-full";',
    without: 'return url.searchParams.has("sslmode");',
  },
  // Without a Valkey here nothing is tried, and their removal could not be noticed.
  ...(valkeyProgram() ? overProcesses() : []),
];

function overProcesses(): Defence[] {
  return [
    {
      words: "processes count together",
      claim: "http.rate-limits",
      file: shared,
      text: "if (taken) return taken;",
      without: "if (taken) return alone.take(key, rate, whole);",
    },
    {
      words: "sign-in is closed while nobody can count",
      claim: "http.rate-limits",
      file: shared,
      text: "if (rate.strict) throw refuse();",
      without: "if (rate.strict && rate.burst === 0) throw refuse();",
    },
  ];
}
