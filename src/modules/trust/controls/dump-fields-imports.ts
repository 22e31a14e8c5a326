import { type Client, expectStatus, openClient } from "../stage/client.ts";
import type { Stage } from "../stage/stage.ts";
import type { Canaries } from "./canaries.ts";

const T = "/api/t/{slug}";

/** People whom the operator brings along, as a list and as CSV, good rows and refused ones; and solutions of challenges. */
export async function writeImports(stage: Stage, client: Client, canaries: Canaries): Promise<void> {
  const { word, address } = canaries;
  const { operator } = stage.founder;
  const id = await stage.server.system.directory.tenantBySlug(client.slug);
  const at = `POST ${T}/tenants/{id}/users body`;
  const users = [
    { address: address(`${at}.users[].address`), name: word(`${at}.users[].name`), role: "viewer" },
    { address: word(`${at}.users[].address (refused)`), name: "Nobody", role: "viewer" },
    { address: "role@held.example", name: "Nobody", role: word(`${at}.users[].role`) },
    {
      address: "hash@held.example",
      name: "Nobody",
      role: "viewer",
      passwordHash: word(`${at}.users[].passwordHash`),
    },
  ];
  const added = await operator.client.call("POST", `tenants/${id}/users`, { body: { users } });
  if (expectStatus(added, 200, "bringing people along").json.added !== 1)
    throw new Error(`bringing people along: ${added.text}`);
  const csv = `address,name,role\n${address(`${at}.csv (address)`)},${word(`${at}.csv`)},viewer\n`;
  expectStatus(await operator.client.call("POST", `tenants/${id}/users`, { body: { csv } }), 200, "CSV");

  const visitor = openClient(client.origin, client.slug);
  for (const [path, rest] of [
    ["session", { password: "Wrong-lantern-99-x" }],
    ["password-resets", {}],
  ] as const) {
    const challenge = word(`POST ${T}/${path} body.challenge`);
    await visitor.call("POST", path, { body: { address: "nobody@held.example", challenge, ...rest } });
  }
}
