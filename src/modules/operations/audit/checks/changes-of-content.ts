import type { Person } from "../../../trust/stage/people.ts";
import { upload, waitUntilReady } from "../../../trust/stage/workspace.ts";
import { call, created, type Step, T } from "./step.ts";

/** Documents, from adding one to deleting it; its name is nobody else's business. */
export async function* ofDocuments(
  { client }: Person,
  at: Pick<Step, "tenant" | "actor">,
): AsyncGenerator<Step> {
  const secrets = ["Redundancies"];
  const form = new FormData();
  form.append("file", new Blob(["The jetty is closed on Mondays.\n"]), "Redundancies 2027.txt");
  let id = "";
  yield {
    ...at,
    route: `POST ${T}/documents`,
    send: (headers) => client.call("POST", "documents", { raw: form, headers }),
    status: 201,
    resource: created,
    secrets,
    after: (answer) => {
      id = created(answer) ?? "";
    },
  };
  await waitUntilReady(client, [id]);
  yield {
    ...at,
    route: `PATCH ${T}/documents/:id`,
    send: call(client, "PATCH", `documents/${id}`, { name: "Redundancies, final.txt" }),
    status: 200,
    resource: id,
    changes: { name: ["[redacted]", "[redacted]"] },
    secrets,
  };
  yield {
    ...at,
    route: `GET ${T}/documents/:id/original`,
    send: call(client, "GET", `documents/${id}/original`),
    status: 200,
    resource: id,
    secrets,
  };
  yield {
    ...at,
    route: `DELETE ${T}/documents/:id`,
    send: call(client, "DELETE", `documents/${id}`),
    status: 204,
    resource: id,
    secrets,
  };
  const [damaged] = await upload(client, [{ name: "damaged.pdf", bytes: Buffer.from("%PDF-1.7\n%%EOF\n") }]);
  await waitUntilReady(client, [damaged?.id ?? ""]).catch(() => {});
  yield {
    ...at,
    route: `POST ${T}/documents/:id/retry`,
    send: call(client, "POST", `documents/${damaged?.id}/retry`, {}),
    status: 200,
    resource: damaged?.id ?? "",
    changes: { state: ["failed", "received"] },
  };
}

/** Chats, the same. */
export async function* ofChats({ client }: Person, at: Pick<Step, "tenant" | "actor">): AsyncGenerator<Step> {
  const secrets = ["Severance", "terminated"];
  let id = "";
  yield {
    ...at,
    route: `POST ${T}/chats`,
    send: call(client, "POST", "chats", {}),
    status: 201,
    resource: created,
    after: (answer) => {
      id = created(answer) ?? "";
    },
  };
  yield {
    ...at,
    route: `POST ${T}/chats/:id/questions`,
    send: call(client, "POST", `chats/${id}/questions`, { text: "Who is terminated?" }),
    status: 201,
    secrets,
  };
  yield {
    ...at,
    route: `PATCH ${T}/chats/:id`,
    send: call(client, "PATCH", `chats/${id}`, { title: "Severance" }),
    status: 200,
    resource: id,
    changes: { title: ["[redacted]", "[redacted]"] },
    secrets,
  };
  yield {
    ...at,
    route: `DELETE ${T}/chats/:id`,
    send: call(client, "DELETE", `chats/${id}`),
    status: 204,
    resource: id,
    secrets,
  };
}
