import { setTimeout as sleep } from "node:timers/promises";
import { type Client, expectStatus } from "../../../trust/stage/client.ts";
import type { Person } from "../../../trust/stage/people.ts";
import { upload, waitUntilReady } from "../../../trust/stage/workspace.ts";
import { call, created, type Step, T } from "./step.ts";

type At = Pick<Step, "tenant" | "actor">;
const secrets = ["Settlement"];

/** What a library has beyond single documents: several at once, versions, uploads in pieces, the bin, kept searches. */
export async function* ofLibrary({ client }: Person, at: At): AsyncGenerator<Step> {
  yield* ofVersions(client, at);
  yield* ofUploads(client, at);
  yield* ofTheBin(client, at);
  yield* ofSearches(client, at);
  yield {
    ...at,
    route: `PUT ${T}/policy/quotas`,
    send: call(client, "PUT", "policy/quotas", { memberDocuments: 5000, memberBytes: null }),
    status: 200,
    resource: at.tenant,
    changes: { memberDocuments: [null, 5000], memberBytes: [null, null] },
  };
}

async function* ofVersions(client: Client, at: At): AsyncGenerator<Step> {
  const id = await kept(client);
  const form = new FormData();
  form.append("file", new Blob(["The Settlement, second.\n"]), "Settlement 2.txt");
  yield {
    ...at,
    route: `POST ${T}/documents/:id/versions`,
    send: (headers) => client.call("POST", `documents/${id}/versions`, { raw: form, headers }),
    status: 201,
    resource: id,
    secrets,
  };
  await untilVersion(client, id, 2);
  yield {
    ...at,
    route: `GET ${T}/versions/:id/original`,
    // The first version goes by its document's id.
    send: call(client, "GET", `versions/${id}/original`),
    status: 200,
    resource: id,
    changes: { version: [null, 1] },
    secrets,
  };
  yield {
    ...at,
    route: `POST ${T}/versions/:id/restore`,
    send: call(client, "POST", `versions/${id}/restore`, {}),
    status: 200,
    resource: id,
    secrets,
  };
  await untilVersion(client, id, 3);
}

async function* ofUploads(client: Client, at: At): AsyncGenerator<Step> {
  const text = "The Settlement, in pieces.\n";
  const begun = { name: "Settlement in pieces.txt", bytes: text.length, folder: null };
  const piece = new FormData();
  piece.append("offset", "0");
  piece.append("file", new Blob([text]), "piece");
  let id = "";
  const begin: Step = {
    ...at,
    route: `POST ${T}/uploads`,
    send: call(client, "POST", "uploads", begun),
    status: 201,
    resource: created,
    changes: { name: [null, "[redacted]"], bytes: [null, begun.bytes] },
    secrets,
    after: (answer) => {
      id = created(answer) ?? "";
    },
  };
  yield begin;
  yield {
    ...at,
    route: `DELETE ${T}/uploads/:id`,
    send: (headers) => client.call("DELETE", `uploads/${id}`, { headers }),
    status: 204,
    resource: () => id,
  };
  yield begin;
  yield {
    ...at,
    route: `POST ${T}/uploads/:id/pieces`,
    send: (headers) => client.call("POST", `uploads/${id}/pieces`, { raw: piece, headers }),
    status: 200,
  };
  yield {
    ...at,
    route: `POST ${T}/uploads/:id/finish`,
    send: (headers) => client.call("POST", `uploads/${id}/finish`, { headers, body: {} }),
    status: 201,
    resource: created,
    secrets,
  };
}

async function* ofTheBin(client: Client, at: At): AsyncGenerator<Step> {
  const paths = { parent: null, paths: ["Settlement"] };
  const [one, two, three] = [await kept(client), await kept(client), await kept(client)];
  let folder = "";
  yield {
    ...at,
    route: `POST ${T}/folders/paths`,
    send: call(client, "POST", "folders/paths", paths),
    status: 200,
    resource: created,
    changes: { name: [null, "[redacted]"], parent: [null, null] },
    secrets,
    after: (answer) => {
      folder = created(answer) ?? "";
    },
  };
  const several = (path: string, ids: readonly string[], more = {}): Pick<Step, "route" | "send"> => ({
    route: `POST ${T}/${path}`,
    send: (headers) => client.call("POST", path, { headers, body: { ids, ...more } }),
  });
  yield {
    ...at,
    ...several("documents/move", [one], { folder }),
    status: 200,
    resource: one,
    changes: { folder: [null, folder] },
  };
  yield { ...at, ...several("documents/delete", [one]), status: 200, resource: one, secrets };
  yield { ...at, ...several("bin/restore", [one]), status: 200, resource: one, secrets };
  for (const id of [one, two, three])
    expectStatus(await client.call("DELETE", `documents/${id}`), 204, "deleting");
  yield {
    ...at,
    route: `POST ${T}/bin/:id/restore`,
    send: call(client, "POST", `bin/${one}/restore`, {}),
    status: 204,
    resource: one,
  };
  yield {
    ...at,
    route: `DELETE ${T}/bin/:id`,
    send: call(client, "DELETE", `bin/${two}`),
    status: 204,
    resource: two,
    secrets,
  };
  yield* ofAFolder(client, at, folder);
  const { json } = expectStatus(await client.call("GET", "bin"), 200, "what is left in the bin");
  yield {
    ...at,
    route: `DELETE ${T}/bin`,
    send: call(client, "DELETE", "bin"),
    status: 204,
    besides: json.items.length,
    secrets,
  };
}

/** What goes along with a folder has an entry of its own, each time. */
async function* ofAFolder(client: Client, at: At, folder: string): AsyncGenerator<Step> {
  const document = await kept(client);
  const moved = await client.call("PUT", `documents/${document}/folder`, { body: { folder } });
  expectStatus(moved, 200, "filing a document");
  // Beside the one that was moved there, and is back.
  const both = { ...at, status: 204, resource: folder, besides: 2, secrets };
  yield {
    ...both,
    route: `DELETE ${T}/folders/:id`,
    send: call(client, "DELETE", `folders/${folder}`),
  };
  yield {
    ...both,
    route: `POST ${T}/bin/:id/restore`,
    send: call(client, "POST", `bin/${folder}/restore`, {}),
    event: "folder.restored",
  };
}

async function* ofSearches(client: Client, at: At): AsyncGenerator<Step> {
  let id = "";
  yield {
    ...at,
    route: `POST ${T}/saved-searches`,
    send: call(client, "POST", "saved-searches", { name: "Settlement", q: "Settlement", filters: {} }),
    status: 201,
    resource: created,
    changes: { name: [null, "[redacted]"] },
    secrets,
    after: (answer) => {
      id = created(answer) ?? "";
    },
  };
  const path = () => `saved-searches/${id}`;
  yield {
    ...at,
    route: `PATCH ${T}/saved-searches/:id`,
    send: (headers) => client.call("PATCH", path(), { headers, body: { name: "Settlement, old" } }),
    status: 200,
    resource: () => id,
    changes: { name: ["[redacted]", "[redacted]"] },
    secrets,
  };
  yield {
    ...at,
    route: `DELETE ${T}/saved-searches/:id`,
    send: (headers) => client.call("DELETE", path(), { headers }),
    status: 204,
    resource: () => id,
    changes: { name: ["[redacted]", null] },
    secrets,
  };
}

async function kept(client: Client): Promise<string> {
  const bytes = Buffer.from("The Settlement.\n");
  const [document] = await upload(client, [{ name: "Settlement.txt", bytes }]);
  const id = document?.id ?? "";
  await waitUntilReady(client, [id]);
  return id;
}

async function untilVersion(client: Client, id: string, no: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const { json } = await client.call("GET", `documents/${id}`);
    if (json?.version === no && json.state === "ready") return;
    await sleep(50);
  }
  throw new Error(`version ${no} was not read`);
}
