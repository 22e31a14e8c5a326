import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Ellipsis } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { List, Tenant } from "../api/types.ts";
import { Page } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";
import { NextPage } from "../ui/next-page.tsx";
import { Empty, ErrorPanel, Forbidden, Skeleton, wordsOf } from "../ui/states.tsx";
import { fullTime, Moment } from "../ui/time.tsx";
import { say } from "../ui/toast.tsx";
import { CloseCustomer } from "./closing/close-customer.tsx";
import { type ClosingReport, GoneWorkspaces, useClosings } from "./closing/closings.tsx";
import { CreateTenant } from "./create-tenant.tsx";
import { ImportUsers } from "./import-users.tsx";
import { OperatorTabs } from "./operator-tabs.tsx";
import { TenantQuota } from "./tenant-quota.tsx";

/** The operator's list of customers. Shows that they exist, never what they hold. */
export function TenantsPage() {
  const session = useSession();
  return session.can("operator.tenants.read") ? <Tenants /> : <Forbidden />;
}

function Tenants() {
  const session = useSession();
  const [creating, setCreating] = useState(false);
  const tenants = useInfiniteQuery({
    queryKey: [session.slug, "tenants"],
    queryFn: ({ pageParam }) =>
      session.call<List<Tenant>>("GET", "tenants", { query: { cursor: pageParam, limit: 100 } }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
  const items = tenants.data?.pages.flatMap((page) => page.items) ?? [];
  const create = session.can("operator.tenants.create") && (
    <Button kind="primary" onClick={() => setCreating(true)}>
      New workspace
    </Button>
  );
  return (
    <Page
      title="Customers"
      below="Each has a workspace of its own. You see that it exists, not what is in it."
      aside={
        <>
          {session.can("operator.controls.run") && <RunControls />}
          {create}
        </>
      }
    >
      <OperatorTabs />
      {tenants.isPending ? (
        <Skeleton label="Loading the customers" lines={6} tall />
      ) : tenants.isError ? (
        <ErrorPanel
          error={tenants.error}
          onRetry={() => void tenants.refetch()}
          title="The customers could not be loaded"
        />
      ) : items.length === 0 ? (
        <NoneYet action={create} />
      ) : (
        <Table items={items} />
      )}
      <NextPage of={tenants}>Show more</NextPage>
      <GoneWorkspaces />
      {creating && <CreateTenant onClose={() => setCreating(false)} />}
    </Page>
  );
}

function Table({ items }: { items: Tenant[] }) {
  const session = useSession();
  const [importing, setImporting] = useState<Tenant | null>(null);
  const [limiting, setLimiting] = useState<Tenant | null>(null);
  const mayImport = session.can("operator.users.import");
  const [closing, setClosing] = useState<Tenant | null>(null);
  const mayLimit = session.can("operator.tenants.quota");
  const mayClose = session.can("operator.tenants.close");
  const hasMenu = mayImport || mayLimit || mayClose;
  const closings = useClosings().data?.items.filter(({ keptAt, doneAt }) => !keptAt && !doneAt) ?? [];
  const closingOf = (tenant: Tenant) => closings.find(({ slug }) => slug === tenant.slug);
  return (
    <>
      <table className="w-full border-collapse text-left">
        <thead className="max-sm:sr-only">
          <tr className="border-b border-line text-small text-muted">
            <th scope="col" className="py-2 pr-4 font-medium">
              Name
            </th>
            <th scope="col" className="py-2 pr-4 font-medium max-sm:hidden">
              Owner
            </th>
            <th scope="col" className="w-36 py-2 pr-4 font-medium">
              State
            </th>
            <th scope="col" className="w-28 py-2 font-medium max-sm:hidden">
              Opened
            </th>
            {hasMenu && (
              <th scope="col" className="w-10 py-2">
                <span className="sr-only">More</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {items.map((tenant) => (
            <tr key={tenant.id} className="border-b border-line">
              <th scope="row" className="py-2.5 pr-4 font-normal">
                <span className="block wrap-anywhere">{tenant.name}</span>
                <span className="block font-mono text-evidence text-muted">/t/{tenant.slug}</span>
              </th>
              <td className="py-2.5 pr-4 wrap-anywhere text-muted max-sm:hidden">
                {tenant.ownerAddress ?? "not joined yet"}
              </td>
              <td className="py-2.5 pr-4">
                <span className="inline-flex items-center gap-1.5 text-muted">
                  <Glyph
                    state={
                      !closingOf(tenant) && (tenant.state === "active" || tenant.state === "open")
                        ? "held"
                        : "not-done"
                    }
                    size={14}
                  />
                  {closingOf(tenant) ? "closing" : tenant.state}
                </span>
                <Until closing={closingOf(tenant)} />
              </td>
              <td className="py-2.5 text-muted max-sm:hidden">
                <Moment at={tenant.createdAt} />
              </td>
              {hasMenu && (
                <td className="py-1.5 text-right">
                  <Menu
                    button={
                      <IconButton label={`More for ${tenant.name}`}>
                        <Ellipsis size={17} aria-hidden />
                      </IconButton>
                    }
                  >
                    {mayImport && <MenuItem onSelect={() => setImporting(tenant)}>Import users</MenuItem>}
                    {mayLimit && <MenuItem onSelect={() => setLimiting(tenant)}>Storage limits</MenuItem>}
                    {mayClose && !closingOf(tenant) && (
                      <MenuItem danger onSelect={() => setClosing(tenant)}>
                        Close
                      </MenuItem>
                    )}
                  </Menu>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {importing && <ImportUsers tenant={importing} onClose={() => setImporting(null)} />}
      {closing && <CloseCustomer tenant={closing} onClose={() => setClosing(null)} />}
      {limiting && <TenantQuota tenant={limiting} onClose={() => setLimiting(null)} />}
    </>
  );
}

/** Of a workspace that is closing, when it is deleted, or that it is being deleted now. */
function Until({ closing }: { closing: ClosingReport | undefined }) {
  if (!closing) return null;
  return (
    <span className="block text-small text-muted">
      {Date.parse(closing.until) > Date.now() ? `deleted on ${fullTime(closing.until)}` : "being deleted"}
    </span>
  );
}

function NoneYet({ action }: { action: ReactNode }) {
  return (
    <Empty title="Open the first workspace" action={action}>
      <p>
        Give it a name and the address of its owner, who gets an invitation. It can be a customer, or your own
        company.
      </p>
    </Empty>
  );
}

function RunControls() {
  const session = useSession();
  const run = useMutation({
    mutationFn: () => session.call("POST", "controls/run"),
    onSuccess: () => say("The checks are running. The security page shows the result within minutes."),
    onError: (error) => say(wordsOf(error)),
  });
  return (
    <Button busy={run.isPending} onClick={() => run.mutate()}>
      Run the checks now
    </Button>
  );
}
