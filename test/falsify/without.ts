import { after } from "node:test";
import { liveServer } from "../../src/commands/on-stage.ts";
import type { Finding, Outcome } from "../../src/kernel/controls.ts";
import type { Route, Routes } from "../../src/kernel/routes/contract.ts";
import { openStage, type Stage } from "../../src/modules/trust/stage/stage.ts";
import { startThrowAway, type ThrowAway } from "../../src/throw-away.ts";

/** An instance with two companies from which a test file removes defences; its routes can be rebuilt before it starts. */
export async function instanceWithout(
  rebuild: (routes: Routes) => Routes = (routes) => routes,
): Promise<{ instance: ThrowAway; stage: Stage }> {
  const instance = await startThrowAway({ rebuild });
  after(() => instance.close());
  return { instance, stage: await openStage(liveServer(instance)) };
}

/** The table of routes with another handler for one of them. */
export function withHandler(
  routes: Routes,
  named: string,
  handlerOf: (handler: Route["handler"]) => Route["handler"],
): Routes {
  if (!routes.some((r) => `${r.method} ${r.path}` === named)) throw new Error(`there is no ${named}`);
  return routes.map((r) => (`${r.method} ${r.path}` === named ? { ...r, handler: handlerOf(r.handler) } : r));
}

/** What turned red, each on one line; empty when nothing did. */
export const red = (outcome: Outcome | readonly Finding[]): string[] =>
  ("findings" in outcome ? outcome.findings : outcome)
    .filter((f) => f.verdict === "broken")
    .map((f) => `${f.what} | ${f.who} | ${f.got}`);
