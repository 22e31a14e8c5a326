import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import type { ClassName, Ledger, Probe } from "../../../../attacker/contract.ts";
import { days, later } from "../../../kernel/clock.ts";
import { newId } from "../../../kernel/ids.ts";
import type { System } from "../../../kernel/system.ts";
import type { Ask } from "../public-page/reader.ts";
import { digestOf, readLines, signLines } from "../runs/notes.ts";

/** `live`: on the running server. `rehearsal`: on a copy of it, with everything that hurts. */
export type Kind = "live" | "rehearsal";

/** What is kept of an attack for ever, and shown to everybody. */
export interface Summary {
  readonly seed: string;
  readonly routes: number;
  readonly classes: readonly ClassName[];
  readonly attempts: number;
  readonly held: number;
  readonly inconclusive: number;
  /** Which promise, by which kind of attempt, how often. Not where, nor how: that is told after the fix. */
  readonly breached: readonly { readonly claim: string; readonly class: string; readonly attempts: number }[];
  readonly covered: number;
  readonly uncovered: readonly {
    readonly class: string;
    readonly reason: string | null;
    readonly routes: readonly string[];
  }[];
  readonly requests: number;
  readonly ms: number;
  readonly cost: Cost | null;
}

/** What an attack took of this process, everything else that it did meanwhile included. */
export interface Cost {
  readonly cpuMs: number;
  /** Of one core, over the whole hour or whatever lies between two attacks. */
  readonly share: number;
}

export interface StoredAttack {
  readonly id: string;
  readonly at: Date;
  readonly version: string;
  readonly summary: Summary;
  /** As it was signed: SHA-256 of it stands in `note`. */
  readonly text: string;
  readonly note: string;
}

const ledgerCell = (id: string) => ({ table: "attack_run", column: "ledger", row: id });
const LEDGER_KEPT = days(90);

/**
 * Signs an attack's summary and keeps it, with the whole ledger beside it, sealed, for 90 days. Whoever tells of the
 * attack does so after this.
 */
export async function storeAttack(
  system: System,
  kind: Kind,
  ledger: Ledger,
  {
    cost = null,
    at = system.clock(),
    version = system.version,
  }: Partial<StoredAttack> & { cost?: Cost | null } = {},
): Promise<StoredAttack> {
  const id = newId();
  const summary = summaryOf(ledger, cost);
  const text = JSON.stringify(summary);
  const plain = Buffer.from(JSON.stringify(ledger));
  const { attempts, held, inconclusive } = summary;
  const counts = [attempts, held, breachedIn(summary), inconclusive].map(String);
  const note = await signLines(system, [
    ...linesOf(kind, at, version),
    ...counts,
    digestOf(text),
    digestOf(plain),
  ]);
  const keys = await system.keyring.platform();
  await system.pool.query(
    `insert into platform.attack_run (run_id, at, version, kind, summary, ledger, note)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [id, at, version, kind, text, keys.seal(ledgerCell(id), await compress(plain)), note],
  );
  await system.pool.query(
    "update platform.attack_run set ledger = null where ledger is not null and at < $1",
    [later(system.clock(), -LEDGER_KEPT)],
  );
  return { id, at, version, summary, text, note };
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const linesOf = (kind: Kind, at: Date, version: string) => ["attack", kind, at.toISOString(), version];

export const breachedIn = ({ breached }: Pick<Summary, "breached">): number =>
  breached.reduce((sum, { attempts }) => sum + attempts, 0);

function summaryOf({ probes, summary }: Ledger, cost: Cost | null): Summary {
  const { seed, routes, classes, held, inconclusive, requests, ms } = summary;
  const breached = Map.groupBy(
    probes.filter(({ verdict }) => verdict === "breached"),
    (probe) => `${probe.claim} ${probe.class}`,
  );
  const uncovered = Map.groupBy(summary.uncovered, (pair) => `${pair.class} ${pair.reason}`);
  const tried = new Set<string>(probes.map((probe) => probe.class));
  return {
    seed,
    routes,
    classes: classes.filter((name) => tried.has(name)),
    attempts: probes.length,
    held,
    inconclusive,
    breached: [...breached.values()].map(([first, ...more]) => ({
      claim: first?.claim ?? "",
      class: first?.class ?? "",
      attempts: more.length + 1,
    })),
    covered: new Set(probes.map((probe) => `${probe.class} ${probe.route}`)).size,
    uncovered: [...uncovered.values()].map((pairs) => ({
      class: pairs[0]?.class ?? "",
      reason: pairs[0]?.reason ?? null,
      routes: pairs.map(({ route }) => shortRoute(route)),
    })),
    requests,
    ms,
    cost,
  };
}

export const shortRoute = (route: string): string => route.replace("/api/t/{slug}", "").replace("/api", "");

type Row = { run_id: string; at: Date; version: string; text: string; note: string };

/** The newest attack of a kind; null before the first, `forged` for one that nobody here signed. */
export async function latestAttack(
  system: System,
  ask: Ask,
  kind: Kind,
): Promise<StoredAttack | "forged" | null> {
  const [row] = await ask<Row>(
    `select run_id, at, version, summary::text as text, note from platform.attack_run
      where kind = $1 order by at desc limit 1`,
    [kind],
  );
  if (!row) return null;
  const { run_id: id, at, version, text, note } = row;
  const summary = JSON.parse(text) as Summary;
  const said = await readLines(system, note);
  const { attempts, held, inconclusive } = summary;
  const counts = [attempts, held, breachedIn(summary), inconclusive].map(String);
  // The last line is the ledger's, which is not read here.
  const right = [...linesOf(kind, at, version), ...counts, digestOf(text)];
  if (said?.slice(0, -1).join("\n") !== right.join("\n")) return "forged";
  return { id, at, version, summary, text, note };
}

export interface AttackDay {
  readonly date: string;
  readonly runs: number;
  readonly attempts: number;
  readonly breached: number;
  readonly inconclusive: number;
}

type Counts = Omit<AttackDay, "runs">;
const counted = new WeakMap<System, Map<string, Counts | null>>();

/** Of each of the last 90 days, what its live attacks came to, by what was signed; what nobody here signed is left out. */
export async function attackDays(system: System, ask: Ask): Promise<AttackDay[]> {
  const rows = await ask<{ run_id: string; note: string }>(
    `select run_id, note from platform.attack_run
      where kind = 'live' and at > $1::timestamptz - interval '90 days' order by at`,
    [system.clock()],
  );
  // A note is looked at once: a signature costs a tenth of a millisecond, and there are two thousand.
  const known = counted.get(system) ?? new Map<string, Counts | null>();
  const seen = new Map<string, Counts | null>();
  const found = new Map<string, AttackDay>();
  for (const { run_id: id, note } of rows) {
    const counts = known.has(id) ? known.get(id) : countsOf(await readLines(system, note));
    seen.set(id, counts ?? null);
    if (!counts) continue;
    const day = found.get(counts.date) ?? {
      date: counts.date,
      runs: 0,
      attempts: 0,
      breached: 0,
      inconclusive: 0,
    };
    found.set(counts.date, {
      date: counts.date,
      runs: day.runs + 1,
      attempts: day.attempts + counts.attempts,
      breached: day.breached + counts.breached,
      inconclusive: day.inconclusive + counts.inconclusive,
    });
  }
  counted.set(system, seen);
  return [...found.values()];
}

function countsOf(lines: readonly string[] | null): Counts | null {
  const [what, kind, at = "", , attempts, , breached, inconclusive] = lines ?? [];
  if (what !== "attack" || kind !== "live") return null;
  return {
    date: at.slice(0, 10),
    attempts: Number(attempts),
    breached: Number(breached),
    inconclusive: Number(inconclusive),
  };
}

/** What the newest live attacks left open, the newest first. */
export async function inconclusiveLately(system: System, runs: number): Promise<number[]> {
  const { rows } = await system.pool.query<{ note: string }>(
    "select note from platform.attack_run where kind = 'live' order by at desc limit $1",
    [runs],
  );
  const all = await Promise.all(rows.map(async ({ note }) => countsOf(await readLines(system, note))));
  return all.flatMap((counts) => (counts ? [counts.inconclusive] : []));
}

/** What did not hold in an attack, from its ledger; null when it is kept no longer, `forged` when it is not what was signed. */
export async function readLedger(system: System, id: string): Promise<readonly Probe[] | "forged" | null> {
  const { rows } = await system.pool.query<{ ledger: Buffer | null; note: string }>(
    "select ledger, note from platform.attack_run where run_id = $1",
    [id],
  );
  const [row] = rows;
  if (!row?.ledger) return null;
  const keys = await system.keyring.platform();
  const plain = await decompress(keys.open(ledgerCell(id), row.ledger));
  const said = (await readLines(system, row.note))?.at(-1);
  if (said !== digestOf(plain)) return "forged";
  return (JSON.parse(plain.toString("utf8")) as Ledger).probes;
}
