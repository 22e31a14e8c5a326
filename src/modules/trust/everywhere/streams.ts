import type { Finding } from "../../../kernel/controls.ts";
import type { Client } from "../stage/client.ts";
import { finding } from "../stage/finding.ts";
import { credentialsOf } from "../stage/live-operations.ts";
import type { Stage } from "../stage/stage.ts";
import { type Scene, type Secret, type Stranger, toldIn } from "./scene.ts";

// Streams that are given by an identifier are asked for beside the files.
const LOOKED_AT = new Set(["GET /api/t/:slug/documents/events", "GET /api/t/:slug/answers/:id/stream"]);
const LONGEST_MS = 8_000;

/**
 * Streams that everybody has open while something of one person's happens: it is told to that person, and to nobody
 * else. A kind of stream that nobody looks at here is broken.
 */
export async function streams({ server }: Stage, { secrets, strangersTo }: Scene): Promise<Finding[]> {
  const all = server.routes.filter((route) => Object.values(route.output).includes("events"));
  const findings = all.map(({ method, url }) => {
    const known = LOOKED_AT.has(`${method} ${url}`);
    return finding(known, `${method} ${url}`, "this check", known ? "looked at" : "never looked at");
  });
  // Each in a company of its own.
  const told = await Promise.all(secrets.map((secret) => oneStream(server.url, secret, strangersTo(secret))));
  return [...findings, ...told.flat()];
}

async function oneStream(origin: string, secret: Secret, strangers: readonly Stranger[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { client } = secret.owner;
  const open = [client, ...strangers.map(({ person }) => person.client)].map((who) => listen(who, origin));
  try {
    await Promise.all(open.map(({ opened }) => opened));
    const body = { name: `${secret.title}.txt` };
    for (const name of ["moved", "again"]) {
      await client.call("PATCH", `documents/${secret.document}`, {
        body: { name: `${secret.title} ${name}.txt` },
      });
    }
    await client.call("PATCH", `documents/${secret.document}`, { body });
    const [own, ...others] = open;
    await heard(() => own?.text().includes(secret.document) ?? false);
    // As long again for whatever comes late.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const told = own?.text().includes(secret.document) ?? false;
    findings.push(
      finding(told, "the stream of documents", "whose document it is", told ? "told" : "not told"),
    );
    for (const [i, { text }] of others.entries()) {
      const leak = toldIn(text(), secret);
      findings.push(
        finding(leak === null, "the stream of documents", strangers[i]?.who ?? "", leak ?? "nothing of it"),
      );
    }
  } finally {
    for (const { close } of open) close();
  }
  return findings;
}

function listen(client: Client, origin: string) {
  const gone = new AbortController();
  let text = "";
  const opened = fetch(`${origin}/api/t/${client.slug}/documents/events`, {
    headers: credentialsOf(client),
    signal: gone.signal,
  });
  const reading = opened.then(async ({ body }) => {
    const decoder = new TextDecoder();
    for await (const bytes of body ?? []) text += decoder.decode(bytes, { stream: true });
  });
  // It ends when it is let go.
  reading.catch(() => {});
  return { opened, text: () => text, close: () => gone.abort() };
}

async function heard(so: () => boolean): Promise<void> {
  for (const end = Date.now() + LONGEST_MS; Date.now() < end && !so(); )
    await new Promise((resolve) => setTimeout(resolve, 50));
}
