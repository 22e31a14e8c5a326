import { type Client, expectStatus } from "../stage/client.ts";
import type { Person } from "../stage/people.ts";
import type { PlantedPage } from "./escaping-payloads.ts";

/** Script in the names and reasons that a workspace's own pages show: of folders, groups, roles, keys, passkeys and grants. */
export async function plantTexts(
  owner: Person,
  script: string,
  at: (path: string) => PlantedPage,
): Promise<PlantedPage[]> {
  const { client } = owner;
  const body = { method: "password", password: owner.password };
  // What was planted before may have taken longer than a sign-in stays fresh; with a factor it was proved just now.
  await client.call("POST", "session/step-up", { body });
  await made(client, "folders", { name: script, parent: null });
  const gone = await made(client, "folders", { name: `${script} gone`, parent: null });
  expectStatus(await client.call("DELETE", `folders/${gone}`), 204, "deleting a folder");
  const group = await made(client, "groups", { name: script });
  await made(client, "roles", { name: script, permissions: ["document.read"] });
  const key = { name: script, permissions: ["document.read"], folder: null, networks: [], days: 30 };
  await made(client, "keys", key);
  await made(client, "saved-searches", { name: script, q: script, filters: {} });
  await made(client, "support-grants", { hours: 1, reason: script });
  const settings = ["groups", `groups/${group}`, "roles", "keys", "support"].map(
    (path) => `settings/${path}`,
  );
  return [...settings, "library/bin"].map((path) => at(path));
}

async function made(client: Client, path: string, body: object): Promise<string> {
  const answer = await client.call("POST", path, { body });
  return expectStatus(answer, 201, `planting script in one of ${path}`).json.id;
}
