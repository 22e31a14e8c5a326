import pg from "pg";
import type { BuiltInRole } from "../../../kernel/context.ts";
import type { LiveServer } from "./live-server.ts";
import { type Company, type Founder, type Person, setUpInstallation } from "./people.ts";

/** Two companies on one server, each with two people per role, who know each other's identifiers. */
export interface Stage {
  readonly server: LiveServer;
  readonly founder: Founder;
  readonly a: Cast;
  readonly b: Cast;
  /** Runs SQL as a database role, in a transaction of its own that is rolled back. */
  sql(role: DatabaseLogin, work: (client: pg.Client) => Promise<void>): Promise<void>;
  /** The claims to be checked, by id, or parts of them: `id/part`; null for all. */
  readonly only: readonly string[] | null;
  readonly aim: Aim;
  /** Scenes of checks that were set before this stage was copied, by their claims. */
  readonly scenes: ReadonlyMap<string, unknown>;
  /** Keeps what one check computed for another: the attacker's ledger. */
  readonly shared: Map<string, Promise<unknown>>;
}

/** How much of the checks is asked for: everything, unless it says less. */
export interface Aim {
  /** The attacker plays these operations only: `METHOD /path`, as its ledger names them. */
  readonly operations?: readonly string[];
  /** Nothing of a claim is looked at any more once something was found broken. */
  readonly untilBroken?: true;
  /** Not even what looks at it is waited for: the process ends then, and leaves its stage to somebody else. */
  readonly atOnce?: true;
}

/** Of a claim: all of it, some parts by their names, or nothing. */
export function partsWanted(only: readonly string[] | null, id: string): "all" | readonly string[] {
  if (only === null || only.includes(id)) return "all";
  return only.flatMap((word) => (word.startsWith(`${id}/`) ? [word.slice(id.length + 1)] : []));
}

export const DATABASE_LOGINS = [
  "postgres",
  "vouchsafe_app",
  "vouchsafe_jobs",
  "vouchsafe_migrator",
  "vouchsafe_audit_writer",
  "vouchsafe_audit_eraser",
  "vouchsafe_backup",
] as const;
export type DatabaseLogin = (typeof DATABASE_LOGINS)[number];

export interface Cast extends Company {
  readonly people: Readonly<Record<BuiltInRole, readonly [Person, Person]>>;
}

/** Fills an empty installation with the two companies, through its own API. */
export async function openStage(
  server: LiveServer,
  only: readonly string[] | null = null,
  aim: Aim = {},
): Promise<Stage> {
  const founder = await setUpInstallation(server.system, server.url);
  const [a, b] = await Promise.all([
    cast(await founder.found("harrow-finch", "Harrow & Finch", "Mara Osei")),
    cast(await founder.found("bexley-marine", "Bexley Marine", "Idris Vale")),
  ]);
  return stageOf(server, { founder, a, b }, only, aim);
}

export function stageOf(
  server: LiveServer,
  { founder, a, b }: Pick<Stage, "founder" | "a" | "b">,
  only: readonly string[] | null,
  aim: Aim,
  scenes: ReadonlyMap<string, unknown> = new Map(),
): Stage {
  return {
    server,
    founder,
    a,
    b,
    only,
    aim,
    scenes,
    shared: new Map(),
    async sql(role, work) {
      const client = new pg.Client(server.databaseUrl(role));
      await client.connect();
      try {
        await client.query("begin");
        await work(client);
      } finally {
        await client.query("rollback").catch(() => {});
        await client.end();
      }
    },
  };
}

async function cast(company: Company): Promise<Cast> {
  const hire = (role: BuiltInRole, first: string, second: string): Promise<[Person, Person]> =>
    Promise.all([company.hire(first, role), company.hire(second, role)]);
  const [secondOwner, admins, managers, viewers] = await Promise.all([
    company.hire("Tomas Brandt", "owner"),
    hire("admin", "Ines Calder", "Noor Hadley"),
    hire("manager", "Piet Solano", "Greta Lund"),
    hire("viewer", "Yusuf Arden", "Lena Morrow"),
  ]);
  return {
    ...company,
    people: { owner: [company.owner, secondOwner], admin: admins, manager: managers, viewer: viewers },
  };
}
