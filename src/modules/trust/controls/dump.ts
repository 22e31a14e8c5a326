import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { type Control, type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { finding } from "../stage/finding.ts";
import type { LiveServer } from "../stage/live-server.ts";
import { PASSWORD } from "../stage/people.ts";
import type { Stage } from "../stage/stage.ts";
import { type Canaries, finderOf, formsOf, openCanaries } from "./canaries.ts";
import { writeCanaries } from "./dump-fields.ts";
import { openPlaces, type Place, unnamedColumns } from "./dump-places.ts";
import { isExcepted, PUBLISHED_EXCEPTIONS } from "./exceptions.ts";
import { readOperations } from "./fields.ts";

export const dumpControls: readonly Control<Stage>[] = [
  {
    id: "crypto.dump-reveals-nothing",
    kind: "tested",
    removed: "encryption: values were sealed as they are; and a route that wrote what it got into the log",
    check: checkDump,
  },
];

/** Canaries into every field, then a search of everything that lies on the machine. */
export async function checkDump(stage: Stage): Promise<Outcome> {
  const { server } = stage;
  const canaries = openCanaries();
  const operations = await readOperations(server.url);
  const findings: Finding[] = [await finderSees(server)];
  await writeCanaries(stage, canaries, operations);

  const fields = operations.flatMap((operation) => operation.fields);
  for (const { key } of fields) {
    const reached = canaries.places.some((place) => place.startsWith(key));
    if (!reached && !isExcepted(key))
      findings.push(
        finding(false, key, "coverage", "no canary was put there, and it is no published exception"),
      );
  }
  const { all, unnamed } = await unnamedColumns(server);
  findings.push(
    finding(
      unnamed.length === 0,
      "columns that are not encrypted",
      `${all} in the database`,
      unnamed.join(", ") || "all of them named and published",
    ),
  );

  // What the set-up of this installation wrote, before there was any canary.
  const { operator } = stage.founder;
  const setUp = finderOf([operator.name, operator.address, PASSWORD]);
  const { places, close } = await openPlaces(server);
  try {
    for (const place of places) {
      const found = await searched(place, (bytes) => [...canaries.find(bytes), ...setUp(bytes)]);
      findings.push(
        finding(
          found.length === 0,
          place.name,
          `${canaries.places.length} canaries`,
          found.slice(0, 6).join("; ") || "none found",
        ),
      );
    }
  } finally {
    await close();
  }
  const words = `${canaries.places.length} canaries in ${fields.length} fields and in headers, looked for in ${places.length} places; ${PUBLISHED_EXCEPTIONS.length} published exceptions`;
  return outcomeOf(findings, words, canaries.places.length * places.length);
}

async function searched(place: Place, find: (bytes: Buffer) => string[]): Promise<string[]> {
  const found = new Set<string>();
  for await (const piece of place.pieces) for (const what of find(piece)) found.add(what);
  return [...found];
}

const PLANTED = "planted by the check";

/** First the finder itself: a canary in clear in a table, in files and in the log is found in each, in every form. */
async function finderSees(server: LiveServer): Promise<Finding> {
  const canary = openCanaries();
  const forms = formsOf(canary.word(PLANTED));
  const all = Buffer.concat(forms.flatMap(({ bytes }) => [bytes, Buffer.from("\n")]));
  const { home } = server.system.config;
  const files = ["files", "keys", "run"].map((folder) => join(home, folder, "planted-by-the-check"));
  const client = new pg.Client(server.databaseUrl("postgres"));
  await client.connect();
  try {
    await client.query("create table planted_by_the_check (words text, bytes bytea)");
    await client.query("insert into planted_by_the_check values ($1, $2)", [canary.word(PLANTED), all]);
    for (const file of files) await writeFile(file, all);
    server.system.log.info({ planted: canary.word(PLANTED) }, PLANTED);
    return await whereSeen(server, canary);
  } finally {
    await client.query("drop table if exists planted_by_the_check");
    await client.end();
    for (const file of files) await rm(file, { force: true });
  }
}

async function whereSeen(server: LiveServer, canary: Canaries): Promise<Finding> {
  const { places, close } = await openPlaces(server);
  try {
    const expected = places.filter(({ name }) =>
      /planted_by_the_check|the files of|file store|key store|rest of|a backup|the log/.test(name),
    );
    const missed: string[] = [];
    for (const place of expected) {
      const found = await searched(place, canary.find);
      const inEveryForm =
        new Set(found.map((words) => words.replace(/^.*, as text$/, "as text"))).size >= FORMS;
      if (found.length === 0 || (!inEveryForm && place.name !== "the log"))
        missed.push(`${place.name} (${found.length})`);
    }
    return finding(
      expected.length === 7 && missed.length === 0,
      "the finder itself",
      "a canary in clear",
      missed.length === 0
        ? `found in ${expected.length} places, in every form`
        : `missed in ${missed.join(", ")}`,
    );
  } finally {
    await close();
  }
}

// As text, as UTF-16 in both orders, in hexadecimal, in base64, percent-encoded, in JSON escapes.
const FORMS = 7;
