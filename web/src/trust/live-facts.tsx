import type { SecuritySnapshot } from "../api/types.ts";
import { Glyph } from "../ui/glyph.tsx";
import { ago, count, plural, useNow } from "../ui/time.tsx";

type Last = NonNullable<SecuritySnapshot["live"]["last"]>;

const kinds: Record<string, string> = {
  "no-credentials": "without an account",
  "forged-token": "with a forged or expired session",
  "api-key": "with a foreign or dead API key",
  "foreign-tenant": "as another customer",
  "foreign-user": "as a colleague",
  "foreign-reference": "naming others’ things in a request",
  "role-matrix": "with too small a role",
  "stale-factor": "with an old second factor",
  csrf: "from another site",
  malformed: "with broken input",
  "mass-assignment": "with fields that nobody asked for",
  "head-and-options": "by HEAD and OPTIONS",
  "method-override": "by another method in disguise",
  cached: "out of a cache",
  "rate-limit": "as a flood",
  stream: "by listening in on a stream",
  download: "by a download’s name or range",
  search: "by searching",
  export: "by an export",
  race: "twice at once",
  replay: "with what was used before",
  "side-effect": "by stopping or repeating others’ work",
  ssrf: "by having the server fetch an address",
  "stored-script": "with a script in a text",
  traversal: "with a path in a name",
  "told-apart": "by telling answers apart",
  exhaustion: "by using everything up",
};

/** How an attempt was made, in words. */
export const kindOf = (name: string): string => kinds[name] ?? name;

/** What got through, without how: that is told after the fix. */
export function GotThrough({ snapshot }: { snapshot: SecuritySnapshot }) {
  const now = useNow();
  const { last } = snapshot.live;
  if (!last || last.breached.length === 0) return null;
  const words = new Map(snapshot.questions.flatMap((q) => q.claims.map((claim) => [claim.id, claim.words])));
  return (
    <section
      aria-label="What got through"
      className="mt-8 rounded-lg border border-broken px-4 py-3.5 break-inside-avoid"
    >
      <ul className="grid gap-2">
        {last.breached.map((one) => (
          <li key={`${one.claim} ${one.class}`} className="flex items-start gap-2.5">
            <span className="mt-1">
              <Glyph state="broken" />
            </span>
            <span>
              <strong className="font-semibold text-broken">
                {capital(plural(one.attempts, "attempt"))}
              </strong>{" "}
              {kindOf(one.class)}, {ago(last.at, now)}. It should have been so:{" "}
              <span className="text-muted">{words.get(one.claim) ?? one.claim}</span>
            </span>
          </li>
        ))}
      </ul>
      <p className="mt-2 text-small text-muted">How it was done is told here once it is mended.</p>
    </section>
  );
}

/** Whether anybody but the installation has touched its decoys. */
export function Touched({ touched }: { touched: SecuritySnapshot["live"]["touched"] }) {
  const now = useNow();
  if (!touched) return <>Never touched</>;
  return (
    <>
      <span className="inline-flex items-center gap-1.5">
        <Glyph state="broken" size={14} /> Touched {ago(touched.at, now)}
      </span>
      <span className="block text-small text-muted">
        {touched.words} {plural(touched.ninetyDays, "alarm")} in 90 days.
      </span>
    </>
  );
}

/** How much of what there is was tried on the running server, and why the rest was not. */
export function Coverage({ last }: { last: Last }) {
  const left = last.uncovered.reduce((sum, group) => sum + group.routes.length, 0);
  const bare = last.uncovered.filter((group) => group.reason === null);
  const byReason = [
    ...Map.groupBy(last.uncovered, (group) => group.reason ?? "No reason: this counts as broken"),
  ];
  return (
    <section aria-labelledby="coverage" className="mt-14">
      <h2 id="coverage" className="font-serif text-[1.5rem] leading-tight font-medium">
        What was tried on the running server
      </h2>
      <p className="mt-3 max-w-[68ch]">
        {plural(last.routes, "route")}, {plural(last.classes.length, "kind")} of attempt:{" "}
        {count(last.covered)} pairs of both tried, {count(left)} left out
        {bare.length === 0 ? ", each for a reason." : "."}
      </p>
      <p className="mt-1.5 max-w-[68ch] text-muted">
        A running server is only asked for what cannot hurt it: whatever reads, and of what writes the calls
        that must be refused. Everything else is tried daily on a fresh copy.
        {last.cost &&
          ` This attack made ${count(last.requests)} requests in ${plural(Math.max(1, Math.round(last.ms / 60_000)), "minute")} and took ${(last.cost.cpuMs / 1000).toFixed(1)} s of processor time, ${percent(last.cost.share)} of one core.`}
      </p>
      <ul className="mt-3 flex flex-wrap gap-x-2 gap-y-1.5">
        {last.classes.map((name) => (
          <li key={name} className="rounded-full border border-line px-2.5 py-0.5 text-small">
            {kindOf(name)}
          </li>
        ))}
      </ul>
      <details className="mt-3 print:hidden">
        <summary className="inline-flex min-h-10 list-none items-center rounded-sm text-muted underline decoration-line underline-offset-3 hover:text-ink [&::-webkit-details-marker]:hidden">
          What was left out, and why
        </summary>
        <dl className="mt-2 border-t border-line">
          {byReason.map(([reason, groups]) => (
            <div
              key={reason}
              className="grid gap-x-6 gap-y-1 border-b border-line py-2.5 text-small sm:grid-cols-[1fr_1fr]"
            >
              <dt className="wrap-anywhere">{capital(reason)}</dt>
              <dd className="text-muted">
                {groups.map((group) => (
                  <details key={group.class}>
                    <summary className="rounded-sm hover:text-ink">
                      {kindOf(group.class)}: {plural(group.routes.length, "route")}
                    </summary>
                    <ul className="py-1 pl-4 font-mono text-evidence wrap-anywhere">
                      {group.routes.map((route) => (
                        <li key={route}>{route}</li>
                      ))}
                    </ul>
                  </details>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  );
}

function percent(share: number): string {
  const value = share * 100;
  return value < 0.1 ? "less than 0.1\u00a0%" : `${value.toFixed(1)}\u00a0%`;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
