import { type Client, expectStatus, openClient } from "../../src/modules/trust/stage/client.ts";
import { PASSWORD, type Person, signIn } from "../../src/modules/trust/stage/people.ts";
import type { Server } from "./server.ts";

const OPERATOR = "operator@operator.example";
const OWNER = "ada@firm.example";
export const FIRM = "firm";

/** Sets a server up as a person with a browser would, and founds one company. Answers its owner, signed in. */
export async function foundFirm(server: Server): Promise<Person> {
  const visitor = openClient(server.url, "operator");
  const setUp = {
    token: server.setUpToken,
    name: "Olu Marsh",
    address: OPERATOR,
    password: PASSWORD,
    company: "The Operator",
  };
  expectStatus(await visitor.call("POST", "/api/set-up", { body: setUp }), 201, "set-up");
  const verify = await mailed(server, OPERATOR, "verify");
  expectStatus(await visitor.call("POST", "verification", { body: { token: verify } }), 204, "verification");
  const operator = await signIn(server.url, "operator", OPERATOR, PASSWORD, "owner");
  const firm = { slug: FIRM, name: "The Firm", ownerAddress: OWNER };
  expectStatus(await operator.client.call("POST", "tenants", { body: firm }), 201, "founding a company");
  const token = await mailed(server, OWNER, "join");
  const accept = { token, name: "Ada Finch", password: PASSWORD };
  const guest = openClient(server.url, FIRM);
  expectStatus(await guest.call("POST", "invitations/accept", { body: accept }), 201, "joining");
  return signIn(server.url, FIRM, OWNER, PASSWORD, "owner");
}

/** Opens another session of the firm's owner, maybe at another port of the server: their passkey is not bound to one. */
export function signInAgain(server: Server, { passkey }: Person): Promise<Person> {
  return signIn(server.url, FIRM, OWNER, PASSWORD, "owner", passkey);
}

/** The same browser after the server has come back at another port: its cookies and its proof. */
export function moveTo(server: Server, before: Client): Client {
  const client = openClient(server.url, before.slug);
  for (const [name, value] of before.cookies) client.cookies.set(name, value);
  client.csrf = before.csrf;
  return client;
}

async function mailed(server: Server, address: string, kind: "verify" | "join"): Promise<string> {
  const headers = { "x-outbox-token": server.outboxToken };
  const { json } = expectStatus(
    await openClient(server.url, "operator").call("GET", "/api/outbox", { headers }),
    200,
    "outbox",
  );
  const mail = json.items.find(
    (item: { to: string; text: string }) => item.to === address && item.text.includes(`/${kind}#`),
  );
  const token = new RegExp(`/${kind}#(\\S+)`).exec(mail?.text ?? "")?.[1];
  if (!token) throw new Error(`no ${kind} mail to ${address}`);
  return token;
}

/** One event of a stream, with its id. */
export interface Seen {
  readonly id: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: the data of any event; tests look at what they need
  readonly data: any;
}

/** The bytes of an original, or the status when there are none. */
export async function original(client: Client, id: string): Promise<Buffer | number> {
  const response = await fetch(`${client.origin}/api/t/${client.slug}/documents/${id}/original`, {
    headers: cookies(client),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    return response.status;
  }
  return Buffer.from(await response.arrayBuffer());
}

/** Follows a stream to its end, or to that of the connection; `lastSeen` resumes it. */
export async function* follow(client: Client, path: string, lastSeen?: string): AsyncGenerator<Seen> {
  const headers = { ...cookies(client), ...(lastSeen ? { "last-event-id": lastSeen } : {}) };
  const response = await fetch(`${client.origin}/api/t/${client.slug}/${path}`, { headers });
  if (response.status !== 200) throw new Error(`the stream answers ${response.status}`);
  let text = "";
  try {
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += piece;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const seen = parse(text.slice(0, end));
        text = text.slice(end + 2);
        if (seen) yield seen;
      }
    }
  } catch {
    // The server was killed: what has been seen stays seen.
  }
}

function parse(frame: string): Seen | null {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(frame)?.[1];
  const event = field("event");
  return event ? { id: field("id") ?? "", event, data: JSON.parse(field("data") ?? "null") } : null;
}

const cookies = (client: Client): Record<string, string> => ({
  cookie: [...client.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
});
