import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { ChevronLeft, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Group, Person } from "../../api/types.ts";
import { useTitle } from "../../frame/page.tsx";
import { useSession } from "../../identity/session.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { FilterField } from "../../ui/filter-field.tsx";
import { ShowMore, useGrowing } from "../../ui/growing.tsx";
import { Initials } from "../../ui/initials.tsx";
import { folded, Picker } from "../../ui/picker.tsx";
import { ErrorPanel, Forbidden, Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { plural } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { useMembers } from "../people.ts";

/** One group: who is in it. */
export function GroupPage() {
  const session = useSession();
  const { groupId } = useParams({ from: "/t/$slug/settings/groups/$groupId" });
  const group = useQuery({
    queryKey: [session.slug, "groups", groupId],
    queryFn: () => session.call<Group>("GET", `groups/${groupId}`),
    enabled: session.can("group.read"),
  });
  useTitle(group.data?.name, "Groups", "Settings");
  if (!session.can("group.read")) return <Forbidden whole={false} />;
  return (
    <>
      <Link
        to="/t/$slug/settings/groups"
        params={{ slug: session.slug }}
        className="-ml-1 mb-4 inline-flex min-h-8 items-center gap-1 rounded-sm pr-2 text-small text-muted hover:text-ink"
      >
        <ChevronLeft size={15} aria-hidden />
        Groups
      </Link>
      {group.isPending && <Skeleton label="Loading the group" lines={6} tall />}
      {group.isError && (
        <ErrorPanel error={group.error} onRetry={() => void group.refetch()} title="This group is not here" />
      )}
      {group.data && <Open group={group.data} />}
    </>
  );
}

function Open({ group }: { group: Group }) {
  const session = useSession();
  const [open, setOpen] = useState<"rename" | "delete" | null>(null);
  const [q, setQ] = useState("");
  const change = useChangeMembers(group);
  const mayChange = session.can("group.members");
  const found = group.members.filter(({ name }) => folded(name).includes(folded(q.trim())));
  const growing = useGrowing(found, q);
  const { shown } = growing;

  function remove(person: Person) {
    change.mutate(
      { remove: [person.id] },
      {
        onSuccess: () =>
          say(`${person.name} is no longer in “${group.name}”.`, {
            words: "Undo",
            act: () => change.mutate({ add: [person.id] }),
          }),
        onError: (error) => say(wordsOf(error)),
      },
    );
  }
  return (
    <>
      <div className="mb-5 flex flex-wrap items-start justify-between gap-3">
        <div>
          <h2 className="font-serif text-title font-medium wrap-anywhere">{group.name}</h2>
          <p className="mt-0.5 text-small text-muted">
            {plural(group.members.length, "member")}. Whoever leaves the group loses at once what was shared
            with it.
          </p>
        </div>
        <div className="flex gap-2.5">
          {session.can("group.change") && <Button onClick={() => setOpen("rename")}>Rename</Button>}
          {session.can("group.delete") && (
            <Button kind="danger" onClick={() => setOpen("delete")}>
              Delete
            </Button>
          )}
        </div>
      </div>
      {mayChange && <AddMember group={group} onAdd={(person) => change.mutate({ add: [person.id] })} />}
      {change.error && (
        <div className="mb-4">
          <Notice>{wordsOf(change.error)}</Notice>
        </div>
      )}
      {group.members.length > 10 && (
        <div className="mb-3">
          <FilterField label="Find in this group" value={q} onChange={setQ} />
        </div>
      )}
      {group.members.length === 0 ? (
        <p className="border-t border-line py-4 text-muted">
          Nobody is in it yet. {mayChange && "Find people above to put them in."}
        </p>
      ) : found.length === 0 ? (
        <p className="border-t border-line py-4 text-muted">Nobody in this group is called “{q}”.</p>
      ) : (
        <ul aria-label={`In ${group.name}`} className="border-t border-line">
          {shown.map((person) => (
            <li key={person.id} className="flex min-h-12 items-center gap-3 border-b border-line py-1.5">
              <Initials name={person.name} />
              <span className="min-w-0 flex-1 wrap-anywhere">
                {person.name}
                {person.id === session.me.id && <span className="text-muted"> (you)</span>}
              </span>
              {mayChange && (
                <IconButton label={`Take ${person.name} out`} onClick={() => remove(person)}>
                  <X size={16} aria-hidden />
                </IconButton>
              )}
            </li>
          ))}
        </ul>
      )}
      <ShowMore {...growing} />
      {open === "rename" && <Rename group={group} onClose={() => setOpen(null)} />}
      {open === "delete" && <Delete group={group} onClose={() => setOpen(null)} />}
    </>
  );
}

function useChangeMembers(group: Group) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ add = [], remove = [] }: { add?: string[]; remove?: string[] }) =>
      session.call("PUT", `groups/${group.id}/members`, { body: { add, remove } }),
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "groups"] }),
  });
}

function AddMember({ group, onAdd }: { group: Group; onAdd: (person: Person) => void }) {
  const members = useMembers();
  const inside = new Set(group.members.map(({ id }) => id));
  const choices = (members.data?.items ?? [])
    .filter(({ role }) => role !== "support")
    .map((member) => ({
      key: member.id,
      value: member,
      words: member.name,
      more: member.address,
      icon: <Initials name={member.name} />,
      ...(inside.has(member.id) ? { off: "Is in it already" } : {}),
    }));
  return (
    <Picker
      label="Put somebody in"
      placeholder="Name or address"
      choices={choices}
      chosen={null}
      onChoose={(choice) => choice && onAdd(choice.value)}
      none="Nobody here is called that."
      loading={members.isPending}
      className="mb-5 max-w-md"
    />
  );
}

function Rename({ group, onClose }: { group: Group; onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const [name, setName] = useState(group.name);
  const rename = useMutation({
    mutationFn: () => session.call("PATCH", `groups/${group.id}`, { body: { name: name.trim() } }),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "groups"] }),
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (name.trim()) rename.mutate();
  }
  return (
    <Dialog title="Rename the group" onClose={onClose}>
      <form onSubmit={submit}>
        <Field
          label="Name"
          required
          data-first
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        {rename.error && <Notice>{wordsOf(rename.error)}</Notice>}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={rename.isPending}>
            Rename
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Delete({ group, onClose }: { group: Group; onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => session.call("DELETE", `groups/${group.id}`),
    onSuccess: () => {
      onClose();
      say(`The group “${group.name}” is deleted.`);
      void navigate({ to: "/t/$slug/settings/groups", params: { slug: session.slug } });
      void queries.invalidateQueries({ queryKey: [session.slug, "groups"], exact: true });
    },
  });
  return (
    <Confirm
      title={`Delete the group “${group.name}”?`}
      deed="Delete"
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate()}
    >
      Its {plural(group.members.length, "member")} lose at once what was shared with the group. The people and
      the documents stay.
    </Confirm>
  );
}
