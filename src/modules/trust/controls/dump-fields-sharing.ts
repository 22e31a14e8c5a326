import { type Client, expectStatus, openClient } from "../stage/client.ts";
import { mailedToken, PASSWORD } from "../stage/people.ts";
import type { Stage } from "../stage/stage.ts";
import { shareWith } from "../stage/workspace.ts";
import type { Canaries } from "./canaries.ts";

const T = "/api/t/{slug}";

/** Names of folders and groups, and why an admin opened what belongs to somebody else. */
export async function writeSharing(stage: Stage, client: Client, { word }: Canaries): Promise<void> {
  const made = async (path: string, body: object) =>
    expectStatus(await client.call("POST", path, { body }), 201, `making one of ${path}`).json.id as string;
  const folder = await made("folders", { name: word(`POST ${T}/folders body.name`), parent: null });
  const renamed = { name: word(`PATCH ${T}/folders/{id} body.name`) };
  expectStatus(await client.call("PATCH", `folders/${folder}`, { body: renamed }), 200, "renaming a folder");
  const group = await made("groups", { name: word(`POST ${T}/groups body.name`) });
  const called = { name: word(`PATCH ${T}/groups/{id} body.name`) };
  expectStatus(await client.call("PATCH", `groups/${group}`, { body: called }), 204, "renaming a group");
  await shareWith(client, "folder", folder, { kind: "group", id: group });
  await client.call("GET", `documents?folder=${word(`GET ${T}/documents query.folder`)}`);

  const colleague = await joined(stage, client);
  expectStatus(await colleague.call("POST", "chats", { body: {} }), 201, "a colleague's chat");
  const of = { kind: "member", id: (await colleague.call("GET", "session")).json.me.id };
  await made("openings", { of, reason: word(`POST ${T}/openings body.reason`), minutes: 5 });
  for (const list of ["chats", "openings"])
    expectStatus(await client.call("GET", list), 200, "looking at what was opened");
}

/** Somebody who has something, for there must be something to open. */
async function joined({ server }: Stage, client: Client): Promise<Client> {
  const address = `colleague@${client.slug}.example`;
  const invited = { address, role: "viewer" };
  expectStatus(await client.call("POST", "invitations", { body: invited }), 201, "inviting a colleague");
  const colleague = openClient(server.url, client.slug);
  const token = await mailedToken(server.system, address, "join");
  const body = { token, name: "A colleague", password: PASSWORD };
  expectStatus(await colleague.call("POST", "invitations/accept", { body }), 201, "a colleague joining");
  const signIn = { address, password: PASSWORD };
  const opened = await colleague.call("POST", "session", { body: signIn });
  colleague.csrf = expectStatus(opened, 200, "a colleague signing in").json.csrf;
  return colleague;
}
