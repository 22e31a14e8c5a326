import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Users } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Group } from "../../api/types.ts";
import { useTitle } from "../../frame/page.tsx";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { FilterField } from "../../ui/filter-field.tsx";
import { ShowMore, useGrowing } from "../../ui/growing.tsx";
import { folded } from "../../ui/picker.tsx";
import { Empty, ErrorPanel, Forbidden, Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { plural } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { useGroups } from "../people.ts";

/** Groups: people under one name, to share with all of them at once. */
export function GroupsPage() {
  useTitle("Groups", "Settings");
  const session = useSession();
  return session.can("group.read") ? <Groups /> : <Forbidden whole={false} />;
}

function Groups() {
  const session = useSession();
  const [making, setMaking] = useState(false);
  const [q, setQ] = useState("");
  const groups = useGroups();
  const all = groups.data?.items ?? [];
  const found = all.filter(({ name }) => folded(name).includes(folded(q.trim())));
  const growing = useGrowing(found, q);
  const { shown } = growing;
  if (groups.isPending) return <Skeleton label="Loading the groups" lines={6} tall />;
  if (groups.isError)
    return (
      <ErrorPanel
        error={groups.error}
        onRetry={() => void groups.refetch()}
        title="The groups could not be loaded"
      />
    );
  const create = session.can("group.create") && (
    <Button kind="primary" onClick={() => setMaking(true)}>
      New group
    </Button>
  );
  return (
    <>
      {all.length === 0 ? (
        <Empty title="There are no groups yet" action={create}>
          <p>
            A group puts people under one name, such as “Legal”. Share a folder with the group, and whoever
            joins it later sees the folder too.
          </p>
        </Empty>
      ) : (
        <>
          <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
            <p className="min-w-0 flex-1 basis-64 text-muted">
              {plural(all.length, "group")}. What is shared with a group is shared with whoever is in it at
              the moment.
            </p>
            {all.length > 10 && <FilterField label="Find a group" value={q} onChange={setQ} />}
            {create}
          </div>
          {found.length === 0 && <p className="py-3 text-muted">No group is called “{q}”.</p>}
          <ul className="border-t border-line">
            {shown.map((group) => (
              <li key={group.id} className="border-b border-line">
                <Link
                  to="/t/$slug/settings/groups/$groupId"
                  params={{ slug: session.slug, groupId: group.id }}
                  className="flex min-h-12 items-center gap-3 px-2.5 py-2 -outline-offset-2 hover:bg-accent-soft"
                >
                  <Users size={16} aria-hidden className="shrink-0 text-muted" />
                  <span className="min-w-0 flex-1 wrap-anywhere">
                    {group.name}
                    {group.mine && <span className="text-small text-muted"> · you are in it</span>}
                  </span>
                  <span className="text-small text-muted">{plural(group.members, "member")}</span>
                </Link>
              </li>
            ))}
          </ul>
          <ShowMore {...growing} />
        </>
      )}
      {making && <NewGroup onClose={() => setMaking(false)} />}
    </>
  );
}

function NewGroup({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const make = useMutation({
    mutationFn: () => session.call<Pick<Group, "id">>("POST", "groups", { body: { name: name.trim() } }),
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: [session.slug, "groups"] });
      onClose();
      say(`The group “${name.trim()}” is there. Now choose who is in it.`);
      void navigate({
        to: "/t/$slug/settings/groups/$groupId",
        params: { slug: session.slug, groupId: id },
      });
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    make.mutate();
  }
  return (
    <Dialog title="New group" onClose={onClose}>
      <form onSubmit={submit}>
        <Field
          label="Name"
          required
          data-first
          maxLength={80}
          placeholder="Legal"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        {make.error && <Notice>{wordsOf(make.error)}</Notice>}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={make.isPending} disabled={!name.trim()}>
            Create
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
