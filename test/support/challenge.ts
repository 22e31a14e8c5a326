import type { Ctx } from "../../src/kernel/context.ts";
import { makeChallenge } from "../../src/modules/identity/challenges/service.ts";
import { solve } from "../../src/modules/trust/stage/client.ts";

/** A solved challenge of a workspace, of little work. */
export async function solution(ctx: Ctx, asked: string): Promise<string> {
  const { system } = ctx;
  const easy: Ctx = { ...ctx, system: { ...system, config: { ...system.config, rateScale: 1000 } } };
  return solve(await makeChallenge(easy, asked));
}
