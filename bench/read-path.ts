import assert from "node:assert/strict";
import { responseSchema } from "../src/kernel/routes/openapi.ts";
import { expectStatus } from "../src/modules/trust/stage/client.ts";
import type { Company, Person } from "../src/modules/trust/stage/people.ts";
import { upload, waitUntilReady } from "../src/modules/trust/stage/workspace.ts";
import { type BareServer, fillBareTables, openBareServer } from "./bare-server.ts";
import { type Installation, openInstallation, readRequest } from "./installation.ts";
import { type Load, type Order, openLoad, type Round } from "./load.ts";
import { ownSeconds, secondsOfChildren } from "./processes.ts";
import { type Report, report, rounded, spread } from "./report.ts";

const CONNECTIONS = 32;
const DOCUMENTS = 3;

/**
 * `read-path [--rounds N] [--seconds N]`: `GET documents/:id` through every layer against a bare server, both on the
 * same database, in turn. The load comes from a third process.
 */
export async function run(options: { rounds: number; seconds: number }): Promise<Report> {
  const installation = await openInstallation({ durable: false });
  const load = openLoad();
  let bare: BareServer | null = null;
  try {
    const { requests, documents } = await fill(installation);
    const { postgres } = installation;
    await fillBareTables(postgres.url("postgres", "vouchsafe"), documents);
    const route = installation.app.routes.find((r) => r.method === "GET" && r.path === "/documents/:id");
    if (!route || typeof route.output === "string") throw new Error("the route is not there");
    bare = await openBareServer(postgres.url("vouchsafe_app", "vouchsafe"), responseSchema(route.output));
    const bareRequests = documents.map(
      (d) => `GET /documents/${d.id} HTTP/1.1\r\nhost: localhost:${bare?.port}\r\n\r\n`,
    );
    await sameAnswers(documents, bare);
    return await compare({
      load,
      options,
      product: { port: installation.port, requests, seconds: async () => ownSeconds() },
      bare: { port: bare.port, requests: bareRequests, seconds: bare.seconds },
      postgresSeconds: () => secondsOfChildren(postgres.pid),
    });
  } finally {
    bare?.close();
    load.close();
    await installation.close();
  }
}

interface Side {
  readonly port: number;
  readonly requests: readonly string[];
  seconds(): Promise<number>;
}

interface Measured extends Round {
  /** Microseconds of processor time per request. */
  readonly server: number;
  readonly postgres: number | null;
}

async function compare(on: {
  load: Load;
  options: { rounds: number; seconds: number };
  product: Side;
  bare: Side;
  postgresSeconds: () => Promise<number | null>;
}): Promise<Report> {
  const measure = async (side: Side, seconds: number): Promise<Measured> => {
    const order: Order = { port: side.port, requests: side.requests, connections: CONNECTIONS, seconds };
    const before = [await side.seconds(), await on.postgresSeconds()] as const;
    const round = await on.load.run(order);
    const after = [await side.seconds(), await on.postgresSeconds()] as const;
    if (round.statuses["200"] !== round.answers)
      throw new Error(`not all answers were 200: ${JSON.stringify(round.statuses)}`);
    const each = (from: number | null, to: number | null) =>
      from === null || to === null ? null : rounded(((to - from) / round.answers) * 1e6, 1);
    return { ...round, server: each(before[0], after[0]) ?? 0, postgres: each(before[1], after[1]) };
  };
  // Both are warm before anything counts.
  await measure(on.bare, 2);
  await measure(on.product, 3);
  const rounds: { bare: Measured; product: Measured }[] = [];
  for (let i = 0; i < on.options.rounds; i++) {
    const bare = await measure(on.bare, on.options.seconds);
    const product = await measure(on.product, on.options.seconds);
    rounds.push({ bare, product });
  }
  const ratio = spread(
    rounds.map((r) => r.product.perSecond / r.bare.perSecond),
    3,
  );
  const of = (side: "bare" | "product") => ({
    perSecond: spread(
      rounds.map((r) => r[side].perSecond),
      0,
    ),
    p50: spread(rounds.map((r) => r[side].p50)),
    p99: spread(rounds.map((r) => r[side].p99)),
    serverMicroseconds: spread(
      rounds.map((r) => r[side].server),
      1,
    ),
    postgresMicroseconds: spread(
      rounds.map((r) => r[side].postgres ?? Number.NaN),
      1,
    ),
  });
  const cpu = (r: Measured) => r.server + (r.postgres ?? 0);
  return report("read-path", { at: "least", value: 0.5 }, ratio.median, BASELINE, {
    aim: 0.7,
    spread: ratio,
    cpuRatio: spread(
      rounds.map((r) => cpu(r.bare) / cpu(r.product)),
      3,
    ),
    serverCpuRatio: spread(
      rounds.map((r) => r.bare.server / r.product.server),
      3,
    ),
    product: of("product"),
    bare: of("bare"),
    rounds: rounds.length,
    connections: CONNECTIONS,
  });
}

const BASELINE =
  "bare Fastify and pg in a process of its own: the same point read with the same join by a named statement from " +
  "tables in clear, a pool of the same size on the same database, the same JSON by the same schema, the same line " +
  "of log. Rounds alternate.";

/** Two companies with three people each and their documents, and a request for each document by its owner. */
async function fill({ founder, port }: Installation) {
  const companies = [
    await founder.found("harrow-finch", "Harrow & Finch", "Mara Osei"),
    await founder.found("bexley-marine", "Bexley Marine", "Idris Vale"),
  ];
  const requests: string[] = [];
  const documents = [];
  for (const company of companies) {
    for (const person of await staffOf(company)) {
      const files = Array.from({ length: DOCUMENTS }, (_, i) => ({
        name: `Harbour dues and berthing, volume ${i + 1}.md`,
        bytes: Buffer.from(
          `# Volume ${i + 1} of ${person.name}\n\nThe dues are paid on the ${i + 1}th day.\n`,
        ),
      }));
      const ready = await waitUntilReady(
        person.client,
        (await upload(person.client, files)).map((d) => d.id),
      );
      for (const { id } of ready) {
        documents.push(expectStatus(await person.client.call("GET", `documents/${id}`), 200, "reading").json);
        requests.push(readRequest(person.client, port, id));
      }
    }
  }
  return { requests, documents };
}

async function staffOf(company: Company): Promise<Person[]> {
  return [
    company.owner,
    await company.hire("Ines Calder", "admin"),
    await company.hire("Piet Solano", "manager"),
  ];
}

async function sameAnswers(documents: readonly { id: string }[], bare: BareServer): Promise<void> {
  for (const document of documents) {
    const answer = await fetch(`http://127.0.0.1:${bare.port}/documents/${document.id}`);
    assert.deepEqual(await answer.json(), document);
  }
}
