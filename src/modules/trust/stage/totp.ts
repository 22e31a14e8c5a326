import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, expectStatus } from "./client.ts";

// An authenticator app of the stage's own, written from RFC 6238 and RFC 4226, so that the product's does not vouch for
// itself.

const STEP_MS = 30_000;

/** The code of the moment, or of so many steps of thirty seconds later. */
export function totpCode(secret: string, steps = 0, at: number = Date.now()): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / STEP_MS) + steps));
  const mac = createHmac("sha1", base32(secret)).update(counter).digest();
  const from = (mac[19] ?? 0) & 0x0f;
  return String((mac.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Waits until the step has some seconds left, so that a code is of the step for which it was made. */
export async function untilStepIsYoung(least = 5000): Promise<void> {
  const left = STEP_MS - (Date.now() % STEP_MS);
  if (left < least) await sleep(left + 50);
}

/** The same for a code that is given at once. */
export async function timelyCode(secret: string, steps = 0): Promise<string> {
  await untilStepIsYoung();
  return totpCode(secret, steps);
}

export interface App {
  readonly secret: string;
  readonly recoveryCodes: readonly string[] | null;
}

/** Sets up an authenticator app with the code of the step before, so that the present one is still unused. */
export async function addTotp(client: Client): Promise<App> {
  const begun = expectStatus(
    await client.call("POST", "account/totp", { body: {} }),
    201,
    "beginning an app",
  );
  const { secret } = begun.json;
  await untilStepIsYoung();
  const body = { code: totpCode(secret, -1) };
  const done = expectStatus(
    await client.call("POST", "account/totp/confirm", { body }),
    200,
    "confirming it",
  );
  return { secret, recoveryCodes: done.json.recoveryCodes };
}

/** The alphabet of RFC 4648, section 6. */
function base32(text: string): Buffer {
  const bits = [...text]
    .map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0"))
    .join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
