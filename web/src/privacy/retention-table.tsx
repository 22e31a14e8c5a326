import { useQuery } from "@tanstack/react-query";
import { useSession } from "../identity/session.tsx";
import { ErrorPanel, Skeleton } from "../ui/states.tsx";
import { fullTime } from "../ui/time.tsx";

type Line = { id: string; words: string; keeps: string; inUse: boolean };

/** How long this installation keeps what, as the database holds it. */
export function RetentionTable() {
  const session = useSession();
  const retention = useQuery({
    queryKey: [session.slug, "retention"],
    queryFn: () => session.call<{ items: Line[]; purgedAt: string | null }>("GET", "retention"),
  });
  if (retention.isPending) return <Skeleton label="Loading the times" lines={5} />;
  if (retention.isError)
    return <ErrorPanel error={retention.error} onRetry={() => void retention.refetch()} />;
  const { items, purgedAt } = retention.data;
  return (
    <details>
      <summary className="min-h-9 text-small font-semibold">See all {items.length}</summary>
      <table className="w-full border-collapse text-left text-small">
        <thead>
          <tr className="border-b border-line text-muted">
            <th scope="col" className="py-2 pr-4 font-medium">
              What
            </th>
            <th scope="col" className="w-28 py-2 font-medium">
              Kept for
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ id, words, keeps, inUse }) => (
            <tr key={id} className="border-b border-line align-top">
              <th scope="row" className="py-2 pr-4 font-normal">
                {words}
                {!inUse && <span className="block text-muted">Nothing of this kind exists yet.</span>}
              </th>
              <td className="py-2 tabular-nums">{said(keeps)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-3 text-small text-muted">
        {purgedAt
          ? `What was older was last deleted on ${fullTime(purgedAt)}.`
          : "Nothing had to be deleted yet."}
      </p>
    </details>
  );
}

const said = (keeps: string): string => (keeps === "730 days" ? "2 years" : keeps);
