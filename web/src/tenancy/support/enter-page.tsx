import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { List, SupportEntry } from "../../api/types.ts";
import { Page } from "../../frame/page.tsx";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty, ErrorPanel, Forbidden, Skeleton } from "../../ui/states.tsx";
import { fullTime } from "../../ui/time.tsx";
import { OperatorTabs } from "../operator-tabs.tsx";

/** For the operator's staff: the customers who let support in now. */
export function EnterSupportPage() {
  const session = useSession();
  return session.can("operator.support.see") ? <Grants /> : <Forbidden />;
}

function Grants() {
  const session = useSession();
  const grants = useQuery({
    queryKey: [session.slug, "support"],
    queryFn: () => session.call<List<SupportEntry>>("GET", "support", { background: true }),
    staleTime: 0,
    refetchInterval: 60_000,
  });
  return (
    <Page title="Support" below="Customers who let you in now. What you open there stands in their activity.">
      <OperatorTabs />
      {grants.isPending ? (
        <Skeleton label="Loading the grants" lines={5} tall />
      ) : grants.isError ? (
        <ErrorPanel
          error={grants.error}
          onRetry={() => void grants.refetch()}
          title="The grants could not be loaded"
        />
      ) : grants.data.items.length === 0 ? (
        <Empty title="Nobody has let you in">
          <p>An admin of a customer does that in their settings, under “Operator’s access”.</p>
        </Empty>
      ) : (
        <ul className="border-t border-line">
          {grants.data.items.map((grant) => (
            <Row key={grant.id} grant={grant} />
          ))}
        </ul>
      )}
    </Page>
  );
}

function Row({ grant }: { grant: SupportEntry }) {
  const session = useSession();
  const [asking, setAsking] = useState(false);
  const enter = useMutation({
    mutationFn: () => session.call<{ slug: string }>("POST", `support/${grant.id}/enter`),
    // Another workspace with a session of its own: a page of its own too.
    onSuccess: ({ slug }) => window.location.assign(`/t/${encodeURIComponent(slug)}`),
  });
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line py-3">
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-semibold wrap-anywhere">{grant.tenant.name}</p>
        <p className="wrap-anywhere text-muted">“{grant.reason}”</p>
        <p className="text-small text-muted">until {fullTime(grant.until)}</p>
      </div>
      {session.can("operator.support.enter") && (
        <Button onClick={() => setAsking(true)}>
          Enter<span className="sr-only"> {grant.tenant.name}</span>
        </Button>
      )}
      {asking && (
        <Confirm
          title={`Enter ${grant.tenant.name}?`}
          deed="Enter"
          danger={false}
          busy={enter.isPending}
          error={enter.error}
          onClose={() => setAsking(false)}
          onConfirm={() => enter.mutate()}
        >
          You read there as a guest until {fullTime(grant.until)}, and change nothing. They see that you came,
          and what you opened.
        </Confirm>
      )}
    </li>
  );
}
