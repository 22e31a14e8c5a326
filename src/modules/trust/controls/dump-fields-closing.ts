import { randomUUID } from "node:crypto";
import { expectStatus } from "../stage/client.ts";
import type { Stage } from "../stage/stage.ts";
import type { Canaries } from "./canaries.ts";

/** Why the operator closed a workspace: one of its own, since nothing can be written into it any more. */
export async function writeClosing(stage: Stage, { word }: Canaries): Promise<void> {
  const { client } = stage.founder.operator;
  const slug = `closed-${randomUUID().slice(0, 8)}`;
  const body = { slug, name: "Soon Gone", ownerAddress: `nobody@${slug}.example` };
  const { id } = expectStatus(
    await client.call("POST", "tenants", { body }),
    201,
    "a workspace to close",
  ).json;
  const reason = word("POST /api/t/{slug}/tenants/{id}/closing body.reason");
  expectStatus(
    await client.call("POST", `tenants/${id}/closing`, { body: { slug, reason } }),
    200,
    "closing a workspace",
  );
}
