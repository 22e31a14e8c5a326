/**
 * The baseline of `bench read-path`, in a process of its own: Fastify and pg and nothing else. One handler makes the
 * same point read (a document with its owner's name, in clear) by a named statement, answers the same JSON by the
 * same schema, and logs the same line. No headers, cookies, sessions, tenants, limits or keys.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import Fastify, { LogController } from "fastify";
import pg from "pg";
import { pino } from "pino";
import { nowhere } from "./installation.ts";
import { ownSeconds } from "./processes.ts";

export interface BareServer {
  readonly port: number;
  /** Processor seconds used so far. */
  seconds(): Promise<number>;
  close(): void;
}

/** Starts it on a free port. `schema` is the JSON Schema of the answer. */
export async function openBareServer(databaseUrl: string, schema: object): Promise<BareServer> {
  const child: ChildProcess = fork(new URL(import.meta.url), ["work"], { execArgv: [] });
  child.send({ databaseUrl, schema });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return {
    port,
    async seconds() {
      child.send("seconds");
      const [seconds] = (await once(child, "message")) as [number];
      return seconds;
    },
    close: () => void child.kill(),
  };
}

if (process.argv[2] === "work" && process.send) {
  process.on("message", (order: "seconds" | { databaseUrl: string; schema: object }) => {
    if (order === "seconds") process.send?.(ownSeconds());
    else void serve(order).then((port) => process.send?.({ port }));
  });
}

async function serve({ databaseUrl, schema }: { databaseUrl: string; schema: object }): Promise<number> {
  // As many connections as the product's pool.
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  const log = pino({ level: "info", base: null, timestamp: pino.stdTimeFunctions.isoTime }, nowhere());
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
  });
  app.addHook("onResponse", async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      "answered",
    );
  });
  app.get<{ Params: { id: string } }>(
    "/documents/:id",
    { schema: { response: { 200: schema } } },
    async (request, reply) => {
      const { rows } = await pool.query({ name: "document", text: SQL, values: [request.params.id] });
      const [row] = rows;
      if (!row) return reply.code(404).send({});
      return {
        id: row.document_id,
        name: row.name,
        kind: row.kind,
        bytes: Number(row.bytes),
        pages: row.pages,
        state: row.state,
        problem: null,
        folder: null,
        visibility: row.visibility,
        access: row.mine ? "own" : "read",
        owner: { id: row.owner_id, name: row.owner_name },
        mine: row.mine,
        createdAt: row.created_at.toISOString(),
        updatedAt: row.updated_at.toISOString(),
        version: row.version,
        versions: row.versions,
        newer: null,
        language: row.language,
        pictures: row.pictures,
        duplicates: [],
      };
    },
  );
  await app.listen({ port: 0, host: "127.0.0.1" });
  const address = app.server.address();
  return typeof address === "object" && address ? address.port : 0;
}

const SQL = `select d.document_id, d.name, d.kind, d.bytes, d.pages, d.state, d.visibility, d.owner_id,
    m.name as owner_name, d.mine, d.created_at, d.updated_at, d.version, d.versions, d.language, d.pictures
  from bench.document d join bench.member m on m.member_id = d.owner_id where d.document_id = $1`;

/** Makes its tables from documents as the product shows them, and lets the product's own role read them. */
export async function fillBareTables(
  adminUrl: string,
  documents: readonly {
    id: string;
    name: string;
    kind: string;
    bytes: number;
    pages: number | null;
    state: string;
    visibility: string;
    mine: boolean;
    owner: { id: string; name: string };
    createdAt: string;
    updatedAt: string;
    version: number;
    versions: number;
    language: string | null;
    pictures: number | null;
  }[],
): Promise<void> {
  const client = new pg.Client(adminUrl);
  await client.connect();
  try {
    await client.query(`create schema bench;
      create table bench.member (member_id uuid primary key, name text not null);
      create table bench.document (document_id uuid primary key, owner_id uuid not null references bench.member,
        name text not null, kind text not null, bytes bigint not null, pages integer, state text not null,
        visibility text not null, mine boolean not null, created_at timestamptz not null,
        updated_at timestamptz not null, version integer not null, versions integer not null, language text,
        pictures integer);
      grant usage on schema bench to vouchsafe_app; grant select on all tables in schema bench to vouchsafe_app`);
    for (const d of documents) {
      await client.query("insert into bench.member values ($1, $2) on conflict do nothing", [
        d.owner.id,
        d.owner.name,
      ]);
      const values = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15";
      await client.query(`insert into bench.document values (${values})`, [
        d.id,
        d.owner.id,
        d.name,
        d.kind,
        d.bytes,
        d.pages,
        d.state,
        d.visibility,
        d.mine,
        d.createdAt,
        d.updatedAt,
        d.version,
        d.versions,
        d.language,
        d.pictures,
      ]);
    }
    await client.query("analyze");
  } finally {
    await client.end();
  }
}
