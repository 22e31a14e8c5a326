import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { BackupReport } from "../api/types.ts";
import { Page } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { OperatorTabs } from "../tenancy/operator-tabs.tsx";
import { Button } from "../ui/button.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, ErrorPanel, Forbidden, Notice, Skeleton, wordsOf } from "../ui/states.tsx";
import { count, Moment, plural } from "../ui/time.tsx";
import { say } from "../ui/toast.tsx";
import { BackupRuns } from "./backups-runs.tsx";

/** The operator's page of backups: what there is, where it lies, and whether it can be restored. */
export function BackupsPage() {
  const session = useSession();
  return session.can("operator.backups.read") ? <Backups /> : <Forbidden />;
}

function Backups() {
  const session = useSession();
  const report = useQuery({
    queryKey: [session.slug, "backups"],
    queryFn: () => session.call<BackupReport>("GET", "backups"),
    refetchInterval: ({ state }) => (state.data?.runs.some((run) => run.state === "running") ? 3000 : 60_000),
    staleTime: 0,
  });
  return (
    <Page
      title="Backups"
      below="Everything of one moment, encrypted before it leaves this server for keys that are not on it."
    >
      <OperatorTabs />
      {report.isPending ? (
        <Skeleton label="Loading the backups" lines={8} tall />
      ) : report.isError ? (
        <ErrorPanel
          error={report.error}
          onRetry={() => void report.refetch()}
          title="The backups could not be loaded"
        />
      ) : report.data.recipients.length === 0 ? (
        <NoRecipient />
      ) : (
        <Report report={report.data} />
      )}
    </Page>
  );
}

function NoRecipient() {
  return (
    <Empty title="There is no backup, because nobody is named who may open one">
      <p className="mb-3">
        Make an identity on another machine than this server, and keep it there. Who loses it loses the
        backups.
      </p>
      <pre className="overflow-x-auto font-mono text-mono">age-keygen -o identity.txt</pre>
      <p className="mt-3">
        Then give this server the line that begins with age1, as BACKUP_RECIPIENTS, and start it anew. Where
        backups go is said by BACKUP_FOLDER and BACKUP_S3_…; docs/operations.md tells more.
      </p>
    </Empty>
  );
}

function Report({ report }: { report: BackupReport }) {
  const session = useSession();
  return (
    <div className="max-w-[58rem]">
      {report.late && (
        <div className="mb-6">
          <Notice>There was no good backup for more than 26 hours.</Notice>
        </div>
      )}
      {report.besideTheData && (
        <div className="mb-6">
          <Notice>
            Backups lie in the same folder as what they are of. Set BACKUP_FOLDER to another disk, or
            BACKUP_S3_… to a bucket.
          </Notice>
        </div>
      )}
      <Section
        title="Standing"
        words="What is set in this server’s environment."
        aside={
          session.can("operator.backups.make") && (
            <MakeOne running={report.runs.some((run) => run.state === "running")} />
          )
        }
      >
        <dl className="grid gap-x-6 gap-y-2 sm:grid-cols-[8rem_1fr]">
          <Fact name="Next">{report.nextAt ? <Moment at={report.nextAt} how="full" /> : "none"}</Fact>
          <Fact name="Kept">{report.keep}, and the last good one always. Copies of keys: 7 days.</Fact>
          <Fact name="Where">{report.places.map(({ words }) => words).join("; ")}</Fact>
          <Fact name="Opens for">
            <span className="font-mono text-mono">{report.recipients.join(", ")}</span>
          </Fact>
          {report.restored && (
            <Fact name="Set back">
              <Moment at={report.restored.at} how="full" />, to{" "}
              <Moment at={report.restored.takenAt} how="full" />
            </Fact>
          )}
        </dl>
      </Section>
      <Section
        title="Restore test"
        words="Each day’s backup is restored on a database that is then thrown away. The public page shows the result."
      >
        <RestoreTest report={report} />
      </Section>
      <Section title="Runs">
        <BackupRuns runs={report.runs} />
      </Section>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </>
  );
}

function RestoreTest({ report: { test, forged } }: { report: BackupReport }) {
  if (forged) return <Notice>The newest result was not signed by this installation. It is not shown.</Notice>;
  if (!test) return <p className="text-muted">No backup has been restored yet.</p>;
  const { result } = test;
  const lines: { good: boolean; words: string }[] = [
    {
      good: result.problem === null && result.sumsEqual,
      words:
        result.problem ??
        `${count(result.rows)} rows in ${plural(result.tables, "table")} and ${plural(result.files, "file")}, all checksums equal`,
    },
    {
      good: result.catalog.broken === 0,
      words: `Row security and references: ${result.catalog.looked} looked at, ${result.catalog.broken} wrong`,
    },
    {
      good: result.audit.verified,
      words: result.audit.verified ? "The audit log is whole" : "The audit log is not what was signed",
    },
    {
      good: (result.attack?.breached ?? 0) === 0,
      words: result.attack
        ? `${count(result.attack.attempts)} attacks on the copy, ${result.attack.breached} got through`
        : `Attacks on the copy: ${result.attackSaid}`,
    },
  ];
  return (
    <>
      <p className="mb-2">
        Last restored <Moment at={test.at} how="ago" />, in {Math.round(result.seconds)} s.
      </p>
      <ul className="grid gap-1.5">
        {lines.map(({ good, words }) => (
          <li key={words} className="flex items-start gap-2">
            <span className="pt-1">
              <Glyph state={good ? "held" : "broken"} size={14} />
            </span>
            <span className="min-w-0 wrap-anywhere">{words}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function MakeOne({ running }: { running: boolean }) {
  const session = useSession();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () => session.call<{ started: boolean }>("POST", "backups", { body: {} }),
    onSuccess: () => {
      say("The backup has begun.");
      void queries.invalidateQueries({ queryKey: [session.slug, "backups"] });
    },
  });
  return (
    <div className="text-right">
      <Button busy={running || make.isPending} onClick={() => make.mutate()}>
        Back up now
      </Button>
      {make.isError && (
        <p role="alert" className="mt-1 text-small text-broken">
          {wordsOf(make.error)}
        </p>
      )}
    </div>
  );
}
