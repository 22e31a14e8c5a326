import { createHmac } from "node:crypto";
import { createChallenge, verifySolution } from "altcha-lib/v1";
import { z } from "zod";
import { later, minutes } from "../../../kernel/clock.ts";
import type { Ctx } from "../../../kernel/context.ts";
import type { System } from "../../../kernel/system.ts";

/**
 * How many numbers a browser tries at most, half of them on average: below a second of one core with the solver that
 * comes with it. It makes guessing cost something; whoever writes a faster solver pays less.
 */
export const WORK = 20_000;
export const VALID_FOR = minutes(5);

/** What a browser is asked to solve: for which number the hash of salt and number is `challenge`. */
export interface Challenge {
  readonly algorithm: string;
  readonly challenge: string;
  readonly maxnumber: number;
  readonly salt: string;
  readonly signature: string;
}

/** A new challenge for one workspace, whether there is such a workspace or not. */
export async function makeChallenge(ctx: Ctx, asked: string): Promise<Challenge> {
  const maxnumber = Math.max(20, Math.round(WORK / ctx.system.config.rateScale));
  const made = await createChallenge({
    algorithm: "SHA-256",
    maxnumber,
    expires: later(ctx.clock(), VALID_FOR),
    hmacKey: keyOf(ctx.system, asked),
  });
  return { ...made, maxnumber };
}

/** A challenge that was solved; whether it has served before only the database knows. */
export interface Solved {
  readonly challenge: Buffer;
  readonly expiresAt: Date;
}

/** A solution as it stands in a body: the payload of ALTCHA's protocol (version 1) in base64. */
export const Solution = z
  .string()
  .max(1000, "This is no solution of a challenge.")
  .regex(/^[A-Za-z0-9+/]+={0,2}$/, "This is no solution of a challenge.")
  .meta({ examples: ["eyJhbGdvcml0aG0iOiJTSEEtMjU2In0="] });

/** Reads a solution; null for one that is wrong, expired, another workspace's or not ours. */
export async function readSolution(ctx: Ctx, asked: string, solution?: string): Promise<Solved | null> {
  const payload = solution === undefined ? null : payloadOf(solution);
  if (!payload) return null;
  const expiresAt = new Date(Number(/expires=(\d+)/.exec(payload.salt)?.[1]) * 1000);
  // The library compares with the machine's clock; the time that counts here is the context's.
  if (expiresAt <= ctx.clock()) return null;
  if (!(await verifySolution(payload, keyOf(ctx.system, asked), false))) return null;
  return { challenge: Buffer.from(payload.challenge, "hex"), expiresAt };
}

// Strict, since the library takes any object: one spelling of each solution, so that it counts as used.
const Payload = z.object({
  algorithm: z.literal("SHA-256"),
  challenge: z.string().regex(/^[0-9a-f]{64}$/),
  number: z.int().min(0),
  salt: z.string().regex(/^[0-9a-f]{24}\?expires=\d{10}&$/),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
});

function payloadOf(solution: string): z.output<typeof Payload> | null {
  try {
    return Payload.parse(JSON.parse(Buffer.from(solution, "base64").toString("utf8")));
  } catch {
    return null;
  }
}

// A key for each workspace: a solution is good where its challenge was made.
const keyOf = (system: System, asked: string): string =>
  createHmac("sha256", system.challengeKey).update(asked, "utf8").digest("hex");
