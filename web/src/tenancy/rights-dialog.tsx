import { useQuery } from "@tanstack/react-query";
import { Check, Minus } from "lucide-react";
import { useState } from "react";
import type { Member, Rights } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { FilterField } from "../ui/filter-field.tsx";
import { folded } from "../ui/picker.tsx";
import { ErrorPanel, Skeleton } from "../ui/states.tsx";
import { plural } from "../ui/time.tsx";
import { HoldingsLine } from "./hand-over.tsx";
import { byGroup } from "./permission-groups.tsx";
import { useRoles } from "./roles.ts";

/** What one member may do now, and why, for each permission. */
export function RightsDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const session = useSession();
  const { wordOf } = useRoles();
  const [q, setQ] = useState("");
  const rights = useQuery({
    queryKey: [session.slug, "rights", member.id],
    queryFn: () => session.call<Rights>("GET", `members/${member.id}/rights`),
    staleTime: 0,
  });
  const items = rights.data?.items ?? [];
  const found = items.filter((item) => folded(`${item.words} ${item.key} ${item.group}`).includes(folded(q)));
  return (
    <Dialog title={`What ${member.name} may do`} onClose={onClose} shape="wide">
      {rights.isPending && <Skeleton label="Loading what they may do" lines={8} />}
      {rights.isError && <ErrorPanel error={rights.error} onRetry={() => void rights.refetch()} />}
      {rights.data && (
        <>
          <div className="text-muted">
            <p>
              Their role is{" "}
              <strong className="font-semibold text-ink">
                {wordOf(rights.data.role.id ?? rights.data.role.name)}
              </strong>
              : {items.filter(({ held }) => held).length} of {plural(items.length, "permission")}.
            </p>
            {session.can("member.see-holdings") && <HoldingsLine member={member} />}
          </div>
          <div className="my-4">
            <FilterField label="Find a permission" value={q} onChange={setQ} />
          </div>
          {found.length === 0 && <p className="text-muted">No permission has these words.</p>}
          {byGroup(found.map((item) => ({ ...item, always: false }))).map(({ group, items: own }) => (
            <section key={group} aria-label={group} className="mb-4">
              <h3 className="mb-1 text-small font-semibold">{group}</h3>
              <ul className="border-t border-line">
                {own.map(({ key }) => {
                  const item = found.find((one) => one.key === key);
                  return item && <Line key={key} item={item} />;
                })}
              </ul>
            </section>
          ))}
        </>
      )}
    </Dialog>
  );
}

function Line({ item }: { item: Rights["items"][number] }) {
  return (
    <li className="flex gap-2.5 border-b border-line py-1.5">
      <span className="pt-1">
        {item.held ? (
          <Check size={15} aria-hidden className="text-accent" />
        ) : (
          <Minus size={15} aria-hidden className="text-stale" />
        )}
      </span>
      <span className="min-w-0">
        <span className={item.held ? "" : "text-muted"}>
          <span className="sr-only">{item.held ? "May: " : "May not: "}</span>
          {item.words}
        </span>
        <span className="block text-small text-muted">{item.because}</span>
      </span>
    </li>
  );
}
