import type { Finding } from "../../../kernel/controls.ts";
import { changesState, permissionOf } from "../../../kernel/routes/contract.ts";
import { openClient } from "../stage/client.ts";
import type { Stage } from "../stage/stage.ts";

const FOREIGN: readonly (readonly [string, Record<string, string>])[] = [
  ["from another site", { origin: "https://elsewhere.example" }],
  ["from an opaque origin", { origin: "null" }],
  ["as the browser marks another site", { "sec-fetch-site": "cross-site" }],
  ["as the browser marks a sibling site", { "sec-fetch-site": "same-site" }],
];

/**
 * Signing in and other public doors ride on no session, so the origin alone protects them; a signed-in request
 * with the right proof must still come from our own pages.
 */
export async function originFindings(stage: Stage): Promise<Finding[]> {
  const findings: Finding[] = [];
  const visitor = openClient(stage.server.url, stage.a.slug);
  const [member] = stage.a.people.viewer;
  const ask = async (
    client: typeof visitor,
    method: string,
    path: string,
    who: string,
    headers: Record<string, string>,
    refused: boolean,
  ) => {
    const answer = await client.call(method, path, { body: {}, headers });
    const isRefused = answer.status === 403 && answer.json?.error?.code === "csrf";
    findings.push({
      verdict: isRefused === refused ? "held" : "broken",
      what: `${method} ${path}`,
      who,
      got: String(answer.status),
    });
  };
  for (const route of stage.server.routes.filter((r) => permissionOf(r) === null && changesState(r))) {
    const path = route.url.replace(":slug", stage.a.slug);
    for (const [who, headers] of FOREIGN)
      await ask(visitor, route.method, path, `visitor, ${who}`, headers, true);
    await ask(visitor, route.method, path, "visitor, from our own page", { origin: stage.server.url }, false);
  }
  for (const [who, headers] of FOREIGN)
    await ask(member.client, "PATCH", "account", `member with the right proof, ${who}`, headers, true);
  await ask(
    member.client,
    "PATCH",
    "account",
    "member, from our own page",
    { origin: stage.server.url },
    false,
  );
  return findings;
}
