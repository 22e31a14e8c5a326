import type pg from "pg";
import { allJobs } from "../../../app.ts";
import type { Finding } from "../../../kernel/controls.ts";
import { newId } from "../../../kernel/ids.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { secret } from "../../../kernel/secret.ts";
import { addressHash } from "../../identity/addresses.ts";
import { addressCell, nameCell } from "../../identity/members.ts";
import { spokenCell } from "../../privacy/erasure/service.ts";
import { finding } from "../stage/finding.ts";
import type { Cast, Stage } from "../stage/stage.ts";
import { jobReads } from "./job-reads.ts";
import type { Scene, Secret } from "./scene.ts";

/**
 * Every kind of job of the running server, begun in one company's name with what is another's: nothing of either
 * changes. In its own company's name the same job does its work. A kind without a probe is broken.
 */
export async function jobs(stage: Stage, { secrets }: Scene): Promise<Finding[]> {
  const { system } = stage.server;
  // The evaluation sends no mail: for that job there is a server to send it to, at which nobody answers.
  const mailing = { ...system, config: { ...system.config, smtpUrl: secret("smtp://127.0.0.1:9") } };
  const findings = await jobReads(stage);
  for (const { name, run } of allJobs) {
    const probe = probes[name];
    if (!probe) {
      findings.push(finding(false, `job ${name}`, "this check", "never tried"));
      continue;
    }
    for (const [victim, other] of [
      [stage.a, stage.b],
      [stage.b, stage.a],
    ] as const) {
      const taken = secrets.find(({ slug }) => slug === victim.slug);
      if (!taken) throw new Error("nothing to take");
      const id = await probe.prepare({ stage, victim, taken });
      const look = () =>
        committed(stage, (client) => stateOf(client, probe.state, { victim, other, taken, id }));
      const begin = async (company: Cast): Promise<string> => {
        const ctx = jobContext(probe.failsWhereItWorks ? mailing : system, {
          tenantId: company.id,
          slug: company.slug,
        });
        return run(ctx, id, false).then(
          () => "done",
          (error) => `failed: ${error}`.slice(0, 120),
        );
      };
      const before = await look();
      const got = await begin(other);
      const unchanged = (await look()) === before;
      findings.push(
        finding(
          unchanged,
          `job ${name}`,
          `in the name of ${other.name}`,
          unchanged ? got : "something changed",
        ),
      );
      let worked = false;
      let own = "";
      // The running server may just be at the same work, and hold what it needs.
      for (let tries = 0; tries < 20 && !worked; tries++) {
        if (tries > 0) await new Promise((resolve) => setTimeout(resolve, 400));
        own = await begin(victim);
        worked = (await look()) !== before || (probe.failsWhereItWorks === true && own.startsWith("failed"));
      }
      findings.push(
        finding(
          worked,
          `job ${name}`,
          `in the name of ${victim.name}`,
          worked ? "it did its work" : `nothing happened, ${own}`,
        ),
      );
    }
  }
  return findings;
}

interface Given {
  readonly stage: Stage;
  readonly victim: Cast;
  readonly taken: Secret;
}

interface Probe {
  /** Leaves something of the victim's for the job to do, and answers what the job is begun with. */
  prepare(given: Given): Promise<string>;
  /** What shows that it was done, of both companies: `$1` the victim, `$2` the other, `$3` the document, `$4` the job's id. */
  readonly state: string;
  /** It has nobody to send to here: that it tried shows. */
  readonly failsWhereItWorks?: true;
}

const set =
  (sql: string, id: (given: Given) => string) =>
  async (given: Given): Promise<string> => {
    await committed(given.stage, (client) => client.query(sql, [given.victim.id, id(given)]));
    return id(given);
  };
const links = "select tenant_id, count(*) from mailed_link where tenant_id in ($1, $2) group by tenant_id";

const probes: Readonly<Record<string, Probe>> = {
  "kernel.deliver-mail": {
    async prepare({ stage, victim }) {
      const { rows } = await committed(stage, (client) =>
        client.query(
          "update mail set state = 'waiting' where tenant_id = $1 and mail_id = (select mail_id from mail where tenant_id = $1 order by mail_id limit 1) returning mail_id",
          [victim.id],
        ),
      );
      return rows[0].mail_id;
    },
    state: "select state, sent_at from mail where mail_id::text = $4",
    failsWhereItWorks: true,
  },
  "identity.mail-unlock-link": { prepare: hashOf, state: links },
  "identity.mail-reset-link": { prepare: hashOf, state: links },
  "knowledge.read-document": {
    prepare: set(
      "update document_version set state = 'received' where tenant_id = $1 and version_id = $2",
      ({ taken }) => taken.document,
    ),
    state: "select state from document_version where version_id::text = $3",
  },
  // Under another number, as one that was renamed: the old one is another document's words from then on.
  "knowledge.index": {
    prepare: set(
      "update document set state = 'indexing', document_no = document_no + 500000 where tenant_id = $1 and document_id = $2",
      ({ taken }) => taken.document,
    ),
    state: "select state from document where document_id::text = $3",
  },
  "knowledge.tidy-library": {
    prepare: async (given) => {
      await set(
        "update binned set deleted_at = deleted_at - interval '40 days' where tenant_id = $1 and binned_id = $2",
        ({ taken }) => taken.binned,
      )(given);
      return given.victim.id;
    },
    state: "select count(*) from binned where tenant_id in ($1, $2)",
  },
  "knowledge.tidy-index": {
    prepare: async (given) => {
      // What the jobs before this one asked to be tidied is tidied first, by the running server. What was buried and is
      // not due yet stays, and is in nobody's way.
      for (let tries = 0, busy = true; tries < 40 && busy; tries++) {
        const { rows } = await committed(given.stage, (client) =>
          client.query(
            `select exists (select from pgboss.job where name = 'knowledge.tidy-index' and state < 'completed' and data->>'tenantId' = $1)
                 or exists (select from index_manifest where tenant_id::text = $1 and held_until > now()) as busy`,
            [given.victim.id],
          ),
        );
        busy = rows[0].busy;
        if (busy) await new Promise((resolve) => setTimeout(resolve, 250));
      }
      await committed(given.stage, (client) =>
        client.query("insert into index_tombstone values ($1, 2000000000, now()) on conflict do nothing", [
          given.victim.id,
        ]),
      );
      return given.victim.id;
    },
    state:
      "select tenant_id, document_no from index_tombstone where tenant_id in ($1, $2) and document_no = 2000000000",
  },
  "assistant.answer": {
    prepare: set(
      "update message set state = 'working' where tenant_id = $1 and message_id = $2",
      ({ taken }) => taken.answer,
    ),
    state: "select state, attempt from message where message_id::text = $4",
  },
  "privacy.make-export": {
    async prepare({ stage, victim }) {
      const { rows } = await committed(stage, (client) =>
        client.query(
          `insert into export (tenant_id, export_id, kind, asked_by, state, created_at, expires_at)
             values ($1, gen_random_uuid(), 'person', $2, 'making', now(), now() + interval '1 hour') returning export_id`,
          [victim.id, victim.owner.id],
        ),
      );
      return rows[0].export_id;
    },
    state: "select export_id, no from export_part where export_id::text = $4",
  },
  "privacy.erase-person": {
    async prepare({ stage, victim }) {
      const keys = await stage.server.system.keyring.tenant(victim.id);
      const [member, erasure] = [newId(), newId()];
      const words = { names: ["Ede Erased"], addresses: ["ede@erased.example"] };
      await committed(stage, async (client) => {
        await client.query(
          `insert into member (tenant_id, member_id, name, address, role, status) values ($1, $2, $3, $4, 'viewer', 'removed')`,
          [
            victim.id,
            member,
            keys.seal(nameCell(member), "Ede Erased"),
            keys.seal(addressCell(member), "ede@erased.example"),
          ],
        );
        await client.query(
          `insert into erasure (tenant_id, erasure_id, member_id, asked_by, content, created_at, spoken, state)
             values ($1, $2, $3, $4, 'deleted', now(), $5, 'working')`,
          [
            victim.id,
            erasure,
            member,
            victim.owner.id,
            keys.seal(spokenCell(erasure), JSON.stringify(words)),
          ],
        );
      });
      return erasure;
    },
    state: "select state, done_at from erasure where erasure_id::text = $4",
  },
};

/** What the job that mails a link to somebody is begun with: how their address is looked up. */
async function hashOf({ stage, victim }: Given): Promise<string> {
  const keys = await stage.server.system.keyring.tenant(victim.id);
  return addressHash(keys, victim.people.viewer[0].address).toString("hex");
}

async function stateOf(
  client: pg.Client,
  state: string,
  { victim, other, taken, id }: { victim: Cast; other: Cast; taken: Secret; id: string },
): Promise<string> {
  const values = [victim.id, other.id, taken.document, id];
  // Each statement has some of the four: PostgreSQL wants to know the kinds of all.
  const { rows } = await client.query(
    `with given as (select $1::uuid, $2::uuid, $3::text, $4::text) ${state}`,
    values,
  );
  return JSON.stringify(rows);
}

async function committed<T>(stage: Stage, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const results: T[] = [];
  await stage.sql("postgres", async (client) => {
    results.push(await work(client));
    await client.query("commit");
  });
  return results[0] as T; // the work has run, or thrown
}
