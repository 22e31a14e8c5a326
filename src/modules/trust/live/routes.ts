import { z } from "zod";
import { enter } from "../../../kernel/database/unit.ts";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { attackDetails, attackReport } from "./report.ts";
import { AttackDetails, AttackReport } from "./shape.ts";

/** What the operator sees of the attacks on the running server. */
export function attackRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/attacks",
    words:
      "The newest attacks on the running server, the alarms of the canaries, and the canaries themselves",
    access: allow("operator.attacks.read"),
    audit: unauditedBecause("shows nothing of any customer"),
    rate: "read",
    output: { 200: AttackReport },
    handler: async (ctx) => {
      await enter(ctx);
      return attackReport(ctx.system);
    },
  });
  route(routes, {
    method: "GET",
    path: "/attacks/:id",
    words: "What got through in one attack, and what could not be judged",
    resource: "attack-run",
    access: allow("operator.attacks.read"),
    audit: unauditedBecause("shows nothing of any customer"),
    rate: "read",
    input: { params: z.object({ id: Id }) },
    output: { 200: AttackDetails },
    handler: async (ctx, { params }) => {
      await enter(ctx);
      return attackDetails(ctx.system, params.id);
    },
  });
}
