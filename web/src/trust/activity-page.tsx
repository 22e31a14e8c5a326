import { useInfiniteQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronRight } from "lucide-react";
import { Fragment, useDeferredValue, useState } from "react";
import type { AuditEntry, List } from "../api/types.ts";
import { Page } from "../frame/page.tsx";
import { deviceOf } from "../identity/device.ts";
import { useSession } from "../identity/session.tsx";
import { SignInHistory } from "../identity/sign-in-history.tsx";
import { HandOver } from "../tenancy/hand-over.tsx";
import { roleWord } from "../tenancy/roles.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Empty, ErrorPanel, Skeleton } from "../ui/states.tsx";
import { fullTime, Moment } from "../ui/time.tsx";
import { ActivityFilters, isFiltered, noFilter, queryOf } from "./activity-filters.tsx";
import { eventWords, Outcome } from "./event-words.tsx";
import { ExportLog } from "./export-log.tsx";
import { VerifyEntry } from "./verify-entry.tsx";

/** What happened in the workspace, for those who may read it; everyone else sees their own sign-ins. */
export function ActivityPage() {
  const session = useSession();
  if (session.can("audit.read")) return <Log />;
  return (
    <Page title="Activity" below="Your own sign-ins. Admins see what happens in the whole workspace.">
      <SignInHistory />
    </Page>
  );
}

function Log() {
  const session = useSession();
  const [chosen, setChosen] = useState(noFilter);
  const filter = queryOf(useDeferredValue(chosen));
  const log = useInfiniteQuery({
    queryKey: [session.slug, "audit", filter],
    queryFn: ({ pageParam }) =>
      session.call<List<AuditEntry>>("GET", "audit", { query: { ...filter, cursor: pageParam, limit: 50 } }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    placeholderData: (old) => old,
    staleTime: 0,
  });
  const items = log.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title="Activity" below="Who did what, when, and from where." aside={<ExportLog filter={filter} />}>
      <ActivityFilters filter={chosen} onChange={setChosen} />
      {log.isPending ? (
        <Skeleton label="Loading the activity" lines={10} tall />
      ) : log.isError ? (
        <ErrorPanel
          error={log.error}
          onRetry={() => void log.refetch()}
          title="The activity could not be loaded"
        />
      ) : items.length === 0 ? (
        <Empty
          title={isFiltered(chosen) ? "Nothing matches" : "Nothing has happened yet"}
          action={isFiltered(chosen) && <Button onClick={() => setChosen(noFilter)}>Show everything</Button>}
        />
      ) : (
        <>
          <Entries items={items} />
          {log.hasNextPage && (
            <Button
              small
              className="mt-5"
              busy={log.isFetchingNextPage}
              onClick={() => void log.fetchNextPage()}
            >
              Show older entries
            </Button>
          )}
        </>
      )}
    </Page>
  );
}

function Entries({ items }: { items: AuditEntry[] }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string) =>
    setOpen((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  return (
    <table className="w-full border-collapse text-left">
      <thead className="max-sm:sr-only">
        <tr className="border-b border-line text-small text-muted">
          <th scope="col" className="w-9 py-2">
            <span className="sr-only">Details</span>
          </th>
          <th scope="col" className="py-2 pr-4 font-medium">
            What
          </th>
          <th scope="col" className="py-2 pr-4 font-medium max-sm:hidden">
            Who
          </th>
          <th scope="col" className="w-44 py-2 font-medium max-sm:hidden">
            When
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((entry) => (
          <Fragment key={entry.id}>
            <tr className="border-b border-line align-top hover:bg-accent-soft">
              <td className="py-1">
                <IconButton
                  label={`Details of ${eventWords(entry.event)}, ${fullTime(entry.at)}`}
                  aria-expanded={open.has(entry.id)}
                  aria-controls={`entry-${entry.id}`}
                  onClick={() => toggle(entry.id)}
                >
                  {open.has(entry.id) ? (
                    <ChevronDown size={15} aria-hidden />
                  ) : (
                    <ChevronRight size={15} aria-hidden />
                  )}
                </IconButton>
              </td>
              <td className="py-2 pr-4">
                <span className="flex flex-wrap items-center gap-x-2">
                  {eventWords(entry.event)} <Outcome outcome={entry.outcome} />
                </span>
                <span className="block text-small text-muted sm:hidden">
                  <Who entry={entry} /> · <Moment at={entry.at} how="full" />
                </span>
              </td>
              <td className="py-2 pr-4 max-sm:hidden">
                <Who entry={entry} />
              </td>
              <td className="py-2 text-muted max-sm:hidden">
                <Moment at={entry.at} how="full" />
              </td>
            </tr>
            <tr id={`entry-${entry.id}`} hidden={!open.has(entry.id)} className="border-b border-line">
              <td colSpan={4} className="py-3 pl-2 sm:pl-9">
                {open.has(entry.id) && <Details entry={entry} />}
              </td>
            </tr>
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

/** Who acts in an event that happens before, or outside, anybody's account here. */
const strangers: Record<string, string> = {
  "tenant.created": "The operator",
  "tenant.users-imported": "The operator",
  "invitation.accepted": "Whoever was invited",
};

function Who({ entry }: { entry: AuditEntry }) {
  const { kind, id, name, role } = entry.actor;
  return (
    <>
      {name ??
        (id
          ? "A former member"
          : kind === "operator"
            ? "The operator"
            : (strangers[entry.event] ?? (entry.ip ? "Not signed in" : "The system")))}
      {kind === "key" ? (
        <span className="text-muted"> · with an API key</span>
      ) : (
        role && name && <span className="text-muted"> · {roleWord(role).toLowerCase()}</span>
      )}
      {entry.brought && <span className="text-muted"> · in the installation before</span>}
    </>
  );
}

function Details({ entry }: { entry: AuditEntry }) {
  const changes = Object.entries(entry.changes ?? {});
  return (
    <div className="flex flex-col gap-3 border-l-2 border-line pl-4">
      {changes.length > 0 && (
        <dl className="grid gap-y-1.5 text-small">
          {changes.map(([field, [before, after]]) => (
            <div key={field} className="flex flex-wrap items-baseline gap-x-2">
              <dt className="w-28 text-muted">{field}</dt>
              <dd className="font-mono text-evidence wrap-anywhere">
                <del className="text-muted no-underline">{shown(before)}</del>
                <span className="px-1.5 text-muted" aria-hidden="true">
                  →
                </span>
                <span className="sr-only"> became </span>
                <ins className="no-underline">{shown(after)}</ins>
              </dd>
            </div>
          ))}
        </dl>
      )}
      <HandOverLater entry={entry} />
      <p className="font-mono text-evidence wrap-anywhere text-muted">
        {entry.event} · {entry.resource.type}
        {entry.resource.id && ` ${entry.resource.id}`}
      </p>
      <p className="text-small text-muted">
        {entry.ip ?? "no address"}
        {entry.userAgent && ` · ${deviceOf(entry.userAgent)}`} · {new Date(entry.at).toISOString()}
      </p>
      <VerifyEntry entry={entry} />
    </div>
  );
}

/** A removed member is in no list any more; what they left can still be handed over from here. */
function HandOverLater({ entry }: { entry: AuditEntry }) {
  const session = useSession();
  const [open, setOpen] = useState(false);
  const { id } = entry.resource;
  if (entry.event !== "member.removed" || !id || !session.can("member.hand-over")) return null;
  return (
    <div>
      <Button small onClick={() => setOpen(true)}>
        Hand over what they left
      </Button>
      {open && <HandOver member={{ id, name: "this member" }} onClose={() => setOpen(false)} />}
    </div>
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === "") return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
}
