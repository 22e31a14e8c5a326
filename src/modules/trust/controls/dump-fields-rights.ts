import { type Client, expectStatus } from "../stage/client.ts";
import type { Canaries } from "./canaries.ts";

const T = "/api/t/{slug}";

/** Roles, API keys and why the operator's staff were let in: what people call them and say of them. */
export async function writeRights(client: Client, { word }: Canaries): Promise<void> {
  const role = { name: word(`POST ${T}/roles body.name`), permissions: ["tenant.read"] };
  const made = expectStatus(await client.call("POST", "roles", { body: role }), 201, "making a role");
  const renamed = { name: word(`PATCH ${T}/roles/{id} body.name`) };
  expectStatus(
    await client.call("PATCH", `roles/${made.json.id}`, { body: renamed }),
    204,
    "renaming a role",
  );
  const key = { name: word(`POST ${T}/keys body.name`), permissions: ["tenant.read"], days: 1 };
  expectStatus(await client.call("POST", "keys", { body: key }), 201, "making a key");
  const grant = { hours: 1, reason: word(`POST ${T}/support-grants body.reason`) };
  expectStatus(await client.call("POST", "support-grants", { body: grant }), 201, "granting support");
  // Permissions and networks are words of ours and addresses; anything else is refused, and must be gone.
  const refusals = [
    ["POST", "roles", { ...role, permissions: [word(`POST ${T}/roles body.permissions[]`)] }],
    ["PATCH", `roles/${made.json.id}`, { permissions: [word(`PATCH ${T}/roles/{id} body.permissions[]`)] }],
    ["POST", "keys", { ...key, permissions: [word(`POST ${T}/keys body.permissions[]`)] }],
    ["POST", "keys", { ...key, networks: [word(`POST ${T}/keys body.networks[]`)] }],
  ] as const;
  for (const [method, path, body] of refusals) {
    const { status } = await client.call(method, path, { body });
    if (status !== 422 && status !== 403)
      throw new Error(`${method} ${path} took a word of one's own: ${status}`);
  }
}
