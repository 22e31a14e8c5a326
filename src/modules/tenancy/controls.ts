import { type Control, type Finding, outcomeOf } from "../../kernel/controls.ts";
import type { Stage } from "../trust/stage/stage.ts";
import { foreignKeyFindings, protectionFindings } from "./catalog.ts";
import { colleaguesCheck } from "./checks/colleagues.ts";
import { checkEscalation } from "./checks/escalation.ts";
import { checkRoles } from "./checks/roles.ts";
import { checkSupport } from "./checks/support.ts";

export const tenancyControls: readonly Control<Stage>[] = [
  {
    id: "tenancy.isolation-database",
    kind: "tested",
    removed: "FORCE ROW LEVEL SECURITY, and a policy",
    check: async (stage) => {
      const findings: Finding[] = [];
      await stage.sql(
        "postgres",
        async (client) => void findings.push(...(await protectionFindings(client))),
      );
      await stage.sql("vouchsafe_app", async (client) => {
        const { rows: tables } = await client.query<{ name: string }>(
          `select c.oid::regclass::text as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
             join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p') and n.nspname in ('public', 'audit') and has_table_privilege(c.oid, 'select') order by 1`,
        );
        for (const { name } of tables) {
          const count = async (where = "") =>
            Number(
              (await client.query<{ n: string }>(`select count(*) as n from ${name} ${where}`)).rows[0]?.n,
            );
          await client.query("select set_config('vouchsafe.tenant', '', true)");
          const none = await count();
          findings.push({
            verdict: none === 0 ? "held" : "broken",
            what: `select from ${name}`,
            who: "no tenant set",
            got: `${none} rows`,
          });
          for (const [company, other] of [
            [stage.a, stage.b],
            [stage.b, stage.a],
          ] as const) {
            await client.query("select set_config('vouchsafe.tenant', $1, true)", [company.id]);
            const foreign = await count(`where tenant_id = '${other.id}'`);
            const wrong = await count(`where tenant_id <> '${company.id}'`);
            findings.push({
              verdict: foreign + wrong === 0 ? "held" : "broken",
              what: `select from ${name}`,
              who: `as ${company.name}`,
              got: `${await count()} own rows, ${foreign + wrong} others`,
            });
          }
        }
        // The positive control: a row of each company is there for its own.
        for (const company of [stage.a, stage.b]) {
          await client.query("select set_config('vouchsafe.tenant', $1, true)", [company.id]);
          const { rows } = await client.query<{ id: string }>("select tenant_id as id from tenant");
          const own = rows.length === 1 && rows[0]?.id === company.id;
          findings.push({
            verdict: own ? "held" : "broken",
            what: "select from tenant",
            who: `as ${company.name}`,
            got: own ? "exactly its own row" : `${rows.length} rows`,
          });
        }
        const refused = await client
          .query(
            `insert into tenant_counter (tenant_id, counter, value) values ('${stage.a.id}', 'probe', 1)`,
          )
          .then(
            () => "inserted",
            (e: { code?: string }) => e.code ?? "refused",
          );
        findings.push({
          verdict: refused === "42501" ? "held" : "broken",
          what: "insert a row of another tenant",
          who: `as ${stage.b.name}`,
          got: refused,
        });
      });
      return outcomeOf(
        findings,
        `Forced row security read from the database's own catalog, ${findings.length} checks`,
      );
    },
  },
  {
    id: "tenancy.foreign-keys",
    kind: "tested",
    removed: "the tenant in a foreign key",
    check: async (stage) => {
      const findings: Finding[] = [];
      await stage.sql("postgres", async (client) => {
        findings.push(...(await foreignKeyFindings(client)));
        // Seen from outside: a superuser, whom no policy stops, still cannot make such a row.
        const got = await client
          .query(
            "insert into session select tenant_id, gen_random_uuid(), $2, client, refresh_hash, generation, rotated_at, created_at, last_active_at, expires_at from session where tenant_id = $1 limit 1",
            [stage.a.id, stage.b.owner.id],
          )
          .then(
            () => "inserted",
            (e: { code?: string }) => e.code ?? "refused",
          );
        findings.push({
          verdict: got === "23503" ? "held" : "broken",
          what: "a session of one tenant for a member of another",
          who: "database superuser",
          got,
        });
      });
      return outcomeOf(findings, `${findings.length} references`);
    },
  },
  {
    id: "tenancy.isolation-crypto",
    kind: "tested",
    removed: "the associated data",
    check: async (stage) => {
      const { keyring } = stage.server.system;
      const [a, b] = [await keyring.tenant(stage.a.id), await keyring.tenant(stage.b.id)];
      const cell = { table: "document", column: "name", row: stage.a.owner.id };
      const sealed = a.seal(cell, "Lease of the fourth floor");
      const findings: Finding[] = [];
      const tryOpen = (what: string, open: () => string, expected: "opens" | "refused") => {
        let got: string;
        try {
          got = open() === "Lease of the fourth floor" ? "opens" : "other text";
        } catch {
          got = "refused";
        }
        findings.push({ verdict: got === expected ? "held" : "broken", what, who: "the server", got });
      };
      tryOpen("the value in its own place", () => a.openText(cell, sealed), "opens");
      tryOpen("with another tenant's key", () => b.openText(cell, sealed), "refused");
      tryOpen("in another table", () => a.openText({ ...cell, table: "chat" }, sealed), "refused");
      tryOpen("in another column", () => a.openText({ ...cell, column: "title" }, sealed), "refused");
      tryOpen("in another row", () => a.openText({ ...cell, row: stage.b.owner.id }, sealed), "refused");
      for (let at = 0; at < sealed.length; at++) {
        const changed = Buffer.from(sealed);
        changed[at] = (changed[at] ?? 0) ^ 1;
        tryOpen(`with byte ${at} changed`, () => a.openText(cell, changed), "refused");
      }
      // The same in the database, with the members' names of two companies swapped behind the server's back.
      await stage.sql("postgres", async (client) => {
        const name = async (id: string) =>
          (await client.query<{ name: Buffer }>("select name from member where member_id = $1", [id])).rows[0]
            ?.name;
        const foreign = await name(stage.b.owner.id);
        const memberCell = { table: "member", column: "name", row: stage.a.owner.id };
        tryOpen(
          "a name moved from another tenant's row",
          () => a.openText(memberCell, foreign ?? Buffer.alloc(0)),
          "refused",
        );
      });
      return outcomeOf(findings, `${findings.length} values moved or changed`);
    },
  },
  {
    id: "tenancy.isolation-users",
    kind: "tested",
    removed:
      "the owner, the shares and the folders in the condition that every query carries; the record of an opening",
    ...colleaguesCheck,
  },
  {
    id: "tenancy.no-escalation",
    kind: "tested",
    removed: "the comparison of roles when a role is given",
    check: checkEscalation,
  },
  {
    id: "tenancy.roles",
    kind: "tested",
    removed: "the question for the route's permission in the first statement of a unit of work",
    check: checkRoles,
  },
  {
    id: "tenancy.support-access",
    kind: "tested",
    removed: "the grant, where a guest's session is looked at",
    check: checkSupport,
  },
];
