import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { SecuritySnapshot } from "../api/types.ts";
import { useTitle } from "../frame/page.tsx";
import { backupWords, setBackWords } from "../operations/backups-words.ts";
import { Button } from "../ui/button.tsx";
import { Glyph, type State } from "../ui/glyph.tsx";
import { BrandMark } from "../ui/mark.tsx";
import { ErrorPanel, Skeleton } from "../ui/states.tsx";
import { count, plural, useNow } from "../ui/time.tsx";
import { ClaimRow } from "./claim-row.tsx";
import { type ClaimState, claimStates, countStates, stateOf } from "./claim-state.ts";
import { Days } from "./days.tsx";
import { headlineOf } from "./headline.ts";
import { Coverage, GotThrough, Touched } from "./live-facts.tsx";
import { LogCheckpoint } from "./log-checkpoint.tsx";
import { NotDone } from "./not-done.tsx";
import { useSnapshot } from "./snapshot.ts";
import { Repeat, TakeAway } from "./take-away.tsx";

/** The public page that is written by the last run of the checks. */
export function SecurityPage() {
  const snapshot = useSnapshot();
  useTitle("Security", snapshot.data?.name);
  return (
    <div className="mx-auto w-full max-w-[66rem] px-4 pb-20 md:px-8">
      <header className="flex items-center justify-between gap-4 border-b border-line py-5">
        <p className="flex min-w-0 items-center gap-3">
          <BrandMark size={26} />
          <span className="truncate font-semibold">{snapshot.data?.name ?? "Vouchsafe"}</span>
          <span className="text-muted">Security</span>
        </p>
        <Link to="/" className="shrink-0 text-muted hover:text-ink print:hidden">
          Sign in
        </Link>
      </header>
      <main>
        {snapshot.isPending && (
          <div className="max-w-xl pt-16">
            <Skeleton label="Loading the last result" lines={8} tall />
          </div>
        )}
        {snapshot.isError && !snapshot.data && (
          <ErrorPanel
            error={snapshot.error}
            onRetry={() => void snapshot.refetch()}
            title="The last result could not be loaded"
            whole
          />
        )}
        {snapshot.data && <Result snapshot={snapshot.data} />}
      </main>
    </div>
  );
}

const colours: Record<State, string> = {
  held: "text-held",
  broken: "text-broken",
  attested: "text-attested",
  "not-done": "text-muted",
  "not-run": "text-muted",
  stale: "text-muted",
  working: "text-muted",
};

function Result({ snapshot }: { snapshot: SecuritySnapshot }) {
  const now = useNow();
  const headline = headlineOf(snapshot, now);
  return (
    <>
      <div className="grid items-center gap-x-10 gap-y-8 pt-12 lg:grid-cols-[1fr_25rem] print:pt-6">
        <div>
          <h1 className="font-serif text-[2.125rem] leading-[1.12] font-medium tracking-[-0.012em] text-wrap sm:text-[2.75rem]">
            {headline.lead && <span className="block">{headline.lead} </span>}
            {headline.before}
            <span className={colours[headline.state]}>{headline.verdict}</span>
            {headline.after}
          </h1>
          <p className="mt-5 max-w-[52ch] text-[1.0625rem] leading-relaxed text-muted">
            {introduction(snapshot)}
          </p>
        </div>
        <Facts snapshot={snapshot} />
      </div>
      <GotThrough snapshot={snapshot} />
      {(snapshot.forged || snapshot.live.forged) && (
        <p role="alert" className="mt-8 rounded-lg border border-broken px-4 py-3 text-broken">
          A result is stored here that this installation did not sign. It is not shown; the checks are run
          anew.
        </p>
      )}
      <Days
        title="Attempts a day on the running server"
        days={snapshot.live.days.map((day) => ({
          date: day.date,
          attempts: day.attempts,
          broken: day.breached,
          open: day.inconclusive,
        }))}
        until={now}
      />
      <Days title="Attempts a day on a fresh copy" days={snapshot.days} until={now} />
      <Legend questions={snapshot.questions} />
      <Claims questions={snapshot.questions} />
      {snapshot.live.last && <Coverage last={snapshot.live.last} />}
      <LogCheckpoint />
      <TakeAway />
      <Repeat seed={snapshot.live.last?.seed ?? null} />
    </>
  );
}

function introduction({ checkedAt, live }: SecuritySnapshot): string {
  if (!checkedAt && !live.last)
    return "Nothing has been tried on this installation yet. What stands below is what will be; nothing of it is claimed.";
  const often = live.everyMinutes === 60 ? "every hour" : `every ${plural(live.everyMinutes, "minute")}`;
  const tried =
    live.everyMinutes === 0
      ? "Two canary customers, each knowing the other’s identifiers, try to break in on a fresh copy; attacks on the running server are switched off."
      : `Two canary customers, each knowing the other’s identifiers, try to break in ${often}.`;
  return `${tried} This page is written by the result, not by marketing. Where something was not tested, it says so.`;
}

const inUtc = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
const timeOf = (iso: string | null): string => (iso ? `${inUtc.format(new Date(iso))} UTC` : "not yet");

function Facts({ snapshot }: { snapshot: SecuritySnapshot }) {
  const { last, touched, everyMinutes } = snapshot.live;
  return (
    <dl className="rounded-lg border border-line bg-surface shadow-soft">
      <Fact
        name="Last attack"
        value={last ? timeOf(last.at) : everyMinutes === 0 ? "switched off" : "not yet"}
        more={
          last
            ? `${plural(last.attempts, "attempt")} on ${plural(last.routes, "route")} of the running server`
            : "on the running server"
        }
      />
      <Fact
        name="Last checks"
        value={timeOf(snapshot.checkedAt)}
        more={
          snapshot.checkedAt
            ? `${plural(snapshot.attempts, "attempt")} on ${plural(snapshot.routes, "route")} of a ${snapshot.instance}, version ${snapshot.version}`
            : `on a ${snapshot.instance} of version ${snapshot.version}`
        }
      />
      <Fact
        name="Decoys"
        value={<Touched touched={touched} />}
        more={touched ? undefined : "by anybody but us"}
      />
      <Fact name="Master key" value={capital(snapshot.masterKey)} />
      <BackupFacts backups={snapshot.backups} />
      {snapshot.operator?.company && <Fact name="Run by" value={snapshot.operator.company} />}
      {snapshot.operator?.hosting && (
        <Fact name="Hosting" value={snapshot.operator.hosting} more="the operator’s word" />
      )}
      {snapshot.operator && snapshot.operator.contacts.length > 0 && (
        <Fact name="Reports to" value={<Contacts contacts={snapshot.operator.contacts} />} />
      )}
    </dl>
  );
}

function Contacts({ contacts }: { contacts: string[] }) {
  return contacts.map((contact) => (
    <a
      key={contact}
      href={contact}
      rel="noreferrer"
      className="block wrap-anywhere text-accent underline underline-offset-3"
    >
      {contact.replace(/^(mailto:|tel:|https:\/\/)/, "")}
    </a>
  ));
}

function BackupFacts({ backups }: { backups: SecuritySnapshot["backups"] }) {
  const now = useNow();
  const setBack = setBackWords(backups, now);
  return (
    <>
      <Fact name="Backup" value={backupWords(backups, now)} />
      {setBack && <Fact name="Set back" value={capital(setBack)} />}
    </>
  );
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function Fact({ name, value, more }: { name: string; value: ReactNode; more?: string | undefined }) {
  return (
    <div className="grid grid-cols-[6.5rem_1fr] gap-x-4 border-line px-4.5 py-3.5 not-first:border-t">
      <dt className="text-small leading-6 text-muted">{name}</dt>
      <dd>
        {value}
        {more && <span className="block text-small text-muted">{more}</span>}
      </dd>
    </div>
  );
}

const legend: Record<ClaimState, string> = {
  held: "tested, held",
  broken: "broken",
  stale: "stale",
  attested: "our word",
  "not-run": "not run",
  "not-done": "not done yet",
};

/** Counted from the claims below, so that it adds up to them. The two rare states stand here only when they occur. */
function Legend({ questions }: { questions: SecuritySnapshot["questions"] }) {
  const counts = countStates(questions.flatMap((question) => question.claims));
  return (
    <ul
      aria-label="Claims by state"
      className="mt-10 flex flex-wrap gap-x-6 gap-y-2 border-t border-line pt-6 text-muted"
    >
      {claimStates
        .filter((state) => counts[state] > 0 || (state !== "stale" && state !== "not-run"))
        .map((state) => (
          <li key={state} className="inline-flex items-center gap-1.5">
            <Glyph state={state} />
            {legend[state]} <span aria-hidden="true">—</span> {count(counts[state])}
          </li>
        ))}
    </ul>
  );
}

function Claims({ questions }: { questions: SecuritySnapshot["questions"] }) {
  const [all, setAll] = useState(false);
  const any = questions.some((question) => question.claims.some((claim) => claim.evidence.length > 0));
  return (
    <>
      <div className={`-mb-9 justify-end pt-4 max-sm:mb-0 print:hidden ${any ? "flex" : "hidden"}`}>
        <Button kind="quiet" small aria-pressed={all} onClick={() => setAll(!all)}>
          {all ? "Close all evidence" : "Open all evidence"}
        </Button>
      </div>
      {questions.map((question) => (
        <section
          key={question.id}
          aria-labelledby={`question-${question.id}`}
          className="mt-11 break-inside-auto"
        >
          <h2
            id={`question-${question.id}`}
            className="mb-3 max-w-[80%] font-serif text-[1.5rem] leading-tight font-medium"
          >
            {question.title}
          </h2>
          <ul>
            {question.claims
              .filter((claim) => stateOf(claim) !== "not-done")
              .map((claim) => (
                <ClaimRow key={`${claim.id}-${all}`} claim={claim} startOpen={all} />
              ))}
          </ul>
          <NotDone claims={question.claims.filter((claim) => stateOf(claim) === "not-done")} />
        </section>
      ))}
    </>
  );
}
