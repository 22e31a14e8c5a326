import { useQuery } from "@tanstack/react-query";
import type { List } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { count, fullTime } from "../../ui/time.tsx";

export type ClosingReport = {
  id: string;
  slug: string;
  closedBy: "owner" | "operator";
  closedAt: string;
  until: string;
  keptAt: string | null;
  doneAt: string | null;
  gone: { step: string; what: string; count: number }[];
};

/** Closings of all customers, for the operator. */
export function useClosings() {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "closings"],
    queryFn: () => session.call<List<ClosingReport>>("GET", "closings"),
  });
}

/** Workspaces that are gone, each with what was deleted of it: dates and counts, nothing of what it held. */
export function GoneWorkspaces() {
  const gone = useClosings().data?.items.filter(({ doneAt }) => doneAt !== null) ?? [];
  if (gone.length === 0) return null;
  return (
    <section aria-label="Deleted workspaces" className="mt-10">
      <h2 className="font-serif text-title font-medium">Deleted</h2>
      <p className="mt-0.5 max-w-[62ch] text-small text-muted">
        Their keys are destroyed. These reports are kept for two years.
      </p>
      <ul className="mt-3 flex flex-col">
        {gone.map((one) => (
          <li key={one.id} className="border-b border-line py-2.5">
            <details>
              <summary>
                <span className="font-mono text-evidence">/t/{one.slug}</span>{" "}
                <span className="text-muted">
                  closed {fullTime(one.closedAt)}, gone {one.doneAt && fullTime(one.doneAt)}
                </span>
              </summary>
              <dl className="mt-2 grid grid-cols-[minmax(0,1fr)_auto] gap-x-6 gap-y-0.5 font-mono text-evidence sm:max-w-md">
                {one.gone.map(({ step, what, count: n }) => (
                  <div key={`${step} ${what}`} className="contents">
                    <dt className="wrap-anywhere text-muted">{what}</dt>
                    <dd className="text-right tabular-nums">{count(n)}</dd>
                  </div>
                ))}
              </dl>
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}
