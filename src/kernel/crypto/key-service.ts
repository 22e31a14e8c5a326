import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import * as http from "node:http";
import * as https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { appError } from "../errors.ts";
import { startupError } from "../home.ts";
import { reveal, type Secret, secret } from "../secret.ts";
import { cryptoFailure } from "./failure.ts";
import { isServiceText } from "./key-record.ts";
import type { MasterKeys, WrappedKey } from "./master-key.ts";

// A master key that never leaves a key service: the HTTP API of the transit engine (encrypt, decrypt, rewrap, keys,
// rotate), as its public documentation describes it.

export type ServiceSettings = {
  readonly url: URL;
  /** Name of the key in the engine. */
  readonly key: string;
  /** Where the engine is mounted. */
  readonly mount: string;
  /** Read again for each call from a file, which an agent may renew. */
  readonly token: () => Promise<Secret>;
  /** PEM of the authority that the service's certificate comes from, besides the well-known ones. */
  readonly ca: string | null;
  readonly keepMs: number;
  readonly timeoutMs?: number;
};

const KNOWN = ["URL", "TOKEN", "TOKEN_FILE", "KEY", "MOUNT", "CA_FILE", "KEEP_HOURS"].map(
  (n) => `KEY_SERVICE_${n}`,
);
const NAME = /^[A-Za-z0-9_.-]{1,100}$/;
const TRIES = 3;
const FIRST_PAUSE_MS = 100;
const TIMEOUT_MS = 3000;
/** After a failure nobody waits for the next one so soon. */
const REST_MS = 1000;
const RECHECK_MS = 3_600_000;
const LONGEST_ANSWER = 1_000_000;

/** Reads `KEY_SERVICE_*`; null when none is set. Throws a StartupError that names the variable, never its value. */
export function serviceSettings(env: Readonly<Record<string, string | undefined>>): ServiceSettings | null {
  const given = Object.keys(env).filter((name) => name.startsWith("KEY_SERVICE_") && env[name]);
  if (given.length === 0) return null;
  const unknown = given.find((name) => !KNOWN.includes(name));
  if (unknown) throw unusable(unknown, `is not understood. There are ${KNOWN.join(", ")}`);
  const value = (name: string) => env[`KEY_SERVICE_${name}`] || null;
  const [text, key, token, tokenFile] = [value("URL"), value("KEY"), value("TOKEN"), value("TOKEN_FILE")];
  if (!text || !URL.canParse(text))
    throw unusable("KEY_SERVICE_URL", "must be the address of the key service");
  const url = new URL(text);
  const isNear = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isNear)) {
    throw unusable("KEY_SERVICE_URL", "must begin with https://, or lead to this machine itself");
  }
  if (!key || !NAME.test(key))
    throw unusable("KEY_SERVICE_KEY", "must be the name of a key of the key service");
  const mount = value("MOUNT") ?? "transit";
  if (!NAME.test(mount)) throw unusable("KEY_SERVICE_MOUNT", "must be the name of a mount");
  if (!token === !tokenFile)
    throw unusable("KEY_SERVICE_TOKEN", "or KEY_SERVICE_TOKEN_FILE must be set, one of them");
  const hours = Number(value("KEEP_HOURS") ?? 12);
  if (!(hours >= 1 && hours <= 168))
    throw unusable("KEY_SERVICE_KEEP_HOURS", "must be a number from 1 to 168");
  const caFile = value("CA_FILE");
  return {
    url,
    key,
    mount,
    ca: caFile ? readAuthority(caFile) : null,
    keepMs: hours * 3_600_000,
    token: async () => secret(token ?? (await readFile(tokenFile as string, "utf8")).trim()),
  };
}

/**
 * Master keys in a key service. `former` opens what was wrapped before there was one. Throws a StartupError when the
 * service does not answer, does not know the key, or refuses the token.
 */
export async function serviceMasterKeys(
  settings: ServiceSettings,
  former: MasterKeys | null = null,
): Promise<MasterKeys> {
  const call = caller(settings);
  let state = { newest: 0, oldest: 0 };
  async function refresh(): Promise<void> {
    const { latest_version: newest, min_decryption_version: oldest } = await call("GET", "keys");
    if (!isCount(newest) || newest < 1) throw cryptoFailure("The key service told no version of its key.");
    state = { newest, oldest: isCount(oldest) && oldest > 0 ? oldest : 1 };
  }
  await refresh().catch((cause: unknown) => {
    throw startupError(
      `The key service at ${settings.url.origin} cannot be used. ${whyOf(cause)}`,
      `Check that it runs and is unsealed, KEY_SERVICE_URL, the token, and that its policy allows the key ${settings.key}.`,
      cause,
    );
  });

  const versionOf = (text: unknown): number => {
    const version = typeof text === "string" ? Number(/^vault:v([0-9]{1,9}):/.exec(text)?.[1]) : Number.NaN;
    if (typeof text !== "string" || !isServiceText(text, version)) {
      throw cryptoFailure("The key service answered with something else than a ciphertext.");
    }
    return version;
  };
  const wrapped = (text: unknown): WrappedKey => {
    const master = versionOf(text);
    if (master > state.newest) state = { ...state, newest: master };
    return { master, service: text as string }; // just checked
  };
  const self: MasterKeys = {
    source: "service",
    patience: { recheckMs: Math.min(RECHECK_MS, settings.keepMs), keepMs: settings.keepMs },
    get currentVersion() {
      return state.newest;
    },
    get versions() {
      return Array.from({ length: state.newest - state.oldest + 1 }, (_, i) => state.oldest + i);
    },
    checks: () => new Map(),
    isCurrent: (key) => "service" in key && key.master >= state.newest,
    refresh,
    // Whose key it is goes into the plaintext: rewrapping knows no associated data.
    async wrap(plain, context) {
      const bound = Buffer.concat([boundTo(context), plain]);
      const plaintext = bound.toString("base64");
      bound.fill(0);
      return wrapped((await call("POST", "encrypt", { plaintext })).ciphertext);
    },
    async unwrap(key, context) {
      if (!("service" in key)) {
        if (former) return former.unwrap(key, context);
        throw cryptoFailure(`Master key ${key.master} was not given; supply it beside the key service.`);
      }
      const { plaintext } = await call("POST", "decrypt", { ciphertext: key.service });
      const bound = Buffer.from(typeof plaintext === "string" ? plaintext : "", "base64");
      try {
        if (bound.length !== 64 || !bound.subarray(0, 32).equals(boundTo(context))) {
          throw cryptoFailure("The key service opened a key, but another one: its file was exchanged.");
        }
        return Buffer.from(bound.subarray(32));
      } finally {
        bound.fill(0);
      }
    },
    async rewrap(key, context) {
      if ("service" in key)
        return wrapped((await call("POST", "rewrap", { ciphertext: key.service })).ciphertext);
      const plain = await self.unwrap(key, context);
      try {
        return await self.wrap(plain, context);
      } finally {
        plain.fill(0);
      }
    },
    async add() {
      await call("POST", "keys", {}, "/rotate");
      await refresh();
      return state.newest;
    },
  };
  return self;
}

const whyOf = (error: unknown): string => {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
};

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

const boundTo = (context: string): Buffer =>
  createHash("sha256").update(`vouchsafe/wrapped-key/1\0${context}`, "utf8").digest();

type Verb = "encrypt" | "decrypt" | "rewrap" | "keys";

/** Calls the service: a few times, each with an end; then, for a moment, nobody waits for it. */
function caller(settings: ServiceSettings) {
  const { url, mount, key } = settings;
  let restUntil = 0;
  return async (
    method: "GET" | "POST",
    verb: Verb,
    body?: object,
    more: "" | "/rotate" = "",
  ): Promise<Record<string, unknown>> => {
    if (performance.now() < restUntil) throw away("It did not answer a moment ago.");
    const address = new URL(`/v1/${mount}/${verb}/${key}${more}`, url);
    let last = "";
    // What was asked may have been done though the answer was lost: a new version is made once, not three times.
    const most = more === "/rotate" ? 1 : TRIES;
    for (let tries = 0; tries < most; tries++) {
      if (tries > 0) await sleep(FIRST_PAUSE_MS * 3 ** (tries - 1) * (0.75 + Math.random() / 2));
      const answer = await send(settings, method, address, body).catch((error: Error & { code?: string }) => {
        last = error.code ?? error.message;
        return null;
      });
      if (!answer) continue;
      if (answer.status >= 200 && answer.status < 300) return dataOf(answer.text);
      last = `status ${answer.status}`;
      // What it refuses it will refuse again.
      if (answer.status === 403) throw away("It refuses the token (403).");
      if (answer.status === 404) throw away("It has no such key, or no such engine is mounted (404).");
      if (answer.status === 400) throw cryptoFailure(`The key service does not open this key (400).`);
    }
    restUntil = performance.now() + REST_MS;
    throw away(`It does not answer (${last}).`);
  };
}

const away = (why: string) => appError("keys_unavailable", { retryAfter: 5, cause: new Error(why) });

function dataOf(text: string): Record<string, unknown> {
  if (text === "") return {};
  try {
    const { data } = JSON.parse(text) as { data?: unknown };
    return typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
  } catch {
    throw cryptoFailure("The key service answered with something else than JSON.");
  }
}

async function send(
  { ca, token, timeoutMs = TIMEOUT_MS }: ServiceSettings,
  method: string,
  address: URL,
  body?: object,
): Promise<{ status: number; text: string }> {
  const headers = {
    "x-vault-token": reveal(await token()),
    "x-vault-request": "true",
    ...(body ? { "content-type": "application/json" } : {}),
  };
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const options = { method, headers, signal };
    const answered = (response: http.IncomingMessage) => {
      const pieces: Buffer[] = [];
      let length = 0;
      response.on("data", (piece: Buffer) => {
        length += piece.length;
        if (length > LONGEST_ANSWER) response.destroy(new Error("too long an answer"));
        else pieces.push(piece);
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString("utf8") }),
      );
    };
    const request =
      address.protocol === "https:"
        ? https.request(address, { ...options, minVersion: "TLSv1.2", ...(ca ? { ca } : {}) }, answered)
        : http.request(address, options, answered);
    request.on("error", reject);
    request.end(body ? JSON.stringify(body) : undefined);
  });
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw startupError(`KEY_SERVICE_CA_FILE cannot be read: ${path}`, "Give the path of a PEM file.", cause);
  }
}

const unusable = (variable: string, problem: string) =>
  startupError(`${variable} ${problem}.`, "Correct it and start again.");
