import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { AttackDetails, AttackReport } from "../api/types.ts";
import { Page } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { OperatorTabs } from "../tenancy/operator-tabs.tsx";
import { Button } from "../ui/button.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, ErrorPanel, Forbidden, Notice, Skeleton } from "../ui/states.tsx";
import { count, Moment, plural } from "../ui/time.tsx";
import { kindOf } from "./live-facts.tsx";

/** What the operator sees of the attacks on the running server: what got through, and who touched a canary. */
export function AttacksPage() {
  const session = useSession();
  return session.can("operator.attacks.read") ? <Attacks /> : <Forbidden />;
}

function Attacks() {
  const session = useSession();
  const report = useQuery({
    queryKey: [session.slug, "attacks"],
    queryFn: () => session.call<AttackReport>("GET", "attacks"),
    refetchInterval: 60_000,
  });
  return (
    <Page
      title="Attacks"
      below="What this installation does to itself, and who else touched its canaries. The public page shows the same without how."
    >
      <OperatorTabs />
      {report.isPending ? (
        <Skeleton label="Loading the attacks" lines={8} tall />
      ) : report.isError ? (
        <ErrorPanel
          error={report.error}
          onRetry={() => void report.refetch()}
          title="The attacks could not be loaded"
        />
      ) : (
        <Report report={report.data} />
      )}
    </Page>
  );
}

function Report({ report }: { report: AttackReport }) {
  return (
    <>
      <Section
        title="Alarms"
        words="Nobody but this installation has any business in a canary: each of these needs an explanation."
      >
        {report.alarms.length === 0 ? (
          <p className="flex items-center gap-2 text-muted">
            <Glyph state="held" /> No canary was touched.
          </p>
        ) : (
          <>
            <Notice>
              {capital(plural(report.alarms.length, "alarm"))}, the last{" "}
              <Moment at={report.alarms[0]?.at ?? ""} how="ago" />. Look at the log of that minute, and at who
              signed in to the workspace that acted.
            </Notice>
            <ul className="mt-3 border-t border-line">
              {report.alarms.map((alarm) => (
                <li key={alarm.id} className="border-b border-line py-2.5">
                  <span className="flex flex-wrap justify-between gap-x-6">
                    <span className="max-w-[68ch]">{alarm.words}</span>
                    <span className="text-small text-muted">
                      <Moment at={alarm.at} how="full" />
                    </span>
                  </span>
                  <span className="mt-0.5 block font-mono text-evidence wrap-anywhere text-muted">
                    {alarm.route} · {alarm.tenantId ? `workspace ${alarm.tenantId}` : "nobody known"}
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
      </Section>
      <Section title="Attacks on the running server" words={oftenOf(report.everyMinutes)}>
        {report.runs.length === 0 ? (
          <Empty title="No attack yet">
            <p>The first comes a minute or two after the canaries are made.</p>
          </Empty>
        ) : (
          <ul className="border-t border-line">
            {report.runs.map((run) => (
              <RunRow key={run.id} run={run} />
            ))}
          </ul>
        )}
      </Section>
      <Section
        title="Canaries"
        words="Two workspaces that nobody can sign in to. They count in no list, quota or total of customers, and no mail leaves for them."
      >
        {report.canaries.length === 0 ? (
          <p className="text-muted">They are made in the background, a minute after the start.</p>
        ) : (
          <ul className="border-t border-line">
            {report.canaries.map((canary) => (
              <li
                key={canary.slug}
                className="flex flex-wrap justify-between gap-x-6 border-b border-line py-2.5"
              >
                <span className="font-mono text-evidence">{canary.slug}</span>
                <span className="text-small text-muted">
                  {canary.ready ? "ready" : "being filled"} · made <Moment at={canary.createdAt} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Section>
    </>
  );
}

function RunRow({ run }: { run: AttackReport["runs"][number] }) {
  const [open, setOpen] = useState(false);
  const state = !run.signed ? "broken" : run.breached > 0 ? "broken" : "held";
  const has = run.breached + run.inconclusive > 0;
  const words = [
    plural(run.attempts, "attempt"),
    run.breached > 0 ? `${count(run.breached)} got through` : "none got through",
    ...(run.inconclusive > 0 ? [`${count(run.inconclusive)} could not be judged`] : []),
    ...(run.kind === "rehearsal" ? ["on a copy"] : []),
  ].join(", ");
  return (
    <li className="border-b border-line py-2.5">
      <div className="flex flex-wrap items-start gap-x-3 gap-y-1">
        <span className="mt-1">
          <Glyph state={state} />
        </span>
        <span className="min-w-0 flex-1 basis-56">
          {run.signed ? words : "Not signed by this installation: a forged result."}
          <span className="block text-small text-muted">
            version {run.version} · {plural(Math.max(1, Math.round(run.ms / 60_000)), "minute")}
            {run.cpuMs !== null && ` · ${(run.cpuMs / 1000).toFixed(1)} s of processor time`}
          </span>
        </span>
        <span className="text-small text-muted">
          <Moment at={run.at} how="full" />
        </span>
        {has && (
          <Button kind="quiet" small aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Close" : "Details"}
          </Button>
        )}
      </div>
      {open && <Details id={run.id} />}
    </li>
  );
}

function Details({ id }: { id: string }) {
  const session = useSession();
  const details = useQuery({
    queryKey: [session.slug, "attacks", id],
    queryFn: () => session.call<AttackDetails>("GET", `attacks/${id}`),
  });
  if (details.isPending) return <Skeleton label="Loading the details" lines={3} />;
  if (details.isError) return <ErrorPanel error={details.error} onRetry={() => void details.refetch()} />;
  if (details.data.forged) return <Notice>The ledger of this attack is not what was signed.</Notice>;
  if (!details.data.probes) return <p className="pt-2 pl-8 text-muted">The ledger is kept for 90 days.</p>;
  return (
    <ul className="mt-2 grid gap-2 border-l-2 border-accent-soft pl-4 sm:ml-8">
      {details.data.probes.map((probe, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the probes of one attack do not move.
        <li key={index} className="font-mono text-evidence wrap-anywhere">
          <span className={probe.verdict === "breached" ? "text-broken" : "text-muted"}>
            {probe.verdict === "breached" ? "got through" : "not judged"}
          </span>{" "}
          {probe.route}
          <span className="block text-muted">
            {kindOf(probe.class)} · {probe.who} · {probe.status}: {probe.detail}
          </span>
        </li>
      ))}
    </ul>
  );
}

function oftenOf(minutes: number): string {
  if (minutes === 0) return "Switched off (ATTACK_EVERY_MINUTES=0), and the public page says so.";
  return `About every ${plural(minutes, "minute")} (ATTACK_EVERY_MINUTES), with what cannot hurt.`;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
