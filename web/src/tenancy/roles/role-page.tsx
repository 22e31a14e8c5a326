import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { type FormEvent, useState } from "react";
import { isApiError } from "../../api/errors.ts";
import type { CustomRole, PermissionWords, Roles } from "../../api/types.ts";
import { useTitle } from "../../frame/page.tsx";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { Initials } from "../../ui/initials.tsx";
import { Empty, ErrorPanel, Forbidden, Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { plural } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { useMembers } from "../people.ts";
import { PermissionGroups } from "../permission-groups.tsx";
import { roleWord, useRoles } from "../roles.ts";

/** Makes a role as a copy of another, or changes one. What changes is shown before it is saved. */
export function RolePage() {
  const session = useSession();
  const { roleId } = useParams({ from: "/t/$slug/settings/roles/$roleId" });
  const { from } = useSearch({ from: "/t/$slug/settings/roles/$roleId" });
  const roles = useRoles();
  const role = roles.data?.items.find(({ id }) => id === roleId) ?? null;
  const making = roleId === "new";
  useTitle(making ? "New role" : role?.name, "Roles", "Settings");
  const back = (
    <Link
      to="/t/$slug/settings/roles"
      params={{ slug: session.slug }}
      className="-ml-1 mb-4 inline-flex min-h-8 items-center gap-1 rounded-sm pr-2 text-small text-muted hover:text-ink"
    >
      <ChevronLeft size={15} aria-hidden />
      Roles
    </Link>
  );
  if (!session.can("role.read") || !session.can(making ? "role.create" : "role.change"))
    return <Forbidden whole={false} />;
  if (roles.isPending) return <Skeleton label="Loading the role" lines={10} tall />;
  if (roles.isError) return <ErrorPanel error={roles.error} onRetry={() => void roles.refetch()} />;
  if (!making && !role)
    return (
      <>
        {back}
        <Empty title="There is no such role">
          <p>It was deleted, or the address is not right.</p>
        </Empty>
      </>
    );
  if (role && !role.mayChange)
    return (
      <>
        {back}
        <Forbidden words="This role holds more than you do, so you cannot change it." whole={false} />
      </>
    );
  return (
    <>
      {back}
      <Form key={roleId} roles={roles.data} role={role} from={from ?? "manager"} />
      {role && <Holders role={role} />}
    </>
  );
}

function Form(props: { roles: Roles; role: CustomRole | null; from: string }) {
  const { roles, role } = props;
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const sources = [
    ...roles.builtIn.map(({ name, permissions }) => ({ id: name, name: roleWord(name), permissions })),
    ...roles.items,
  ];
  const always = roles.permissions.filter((one) => one.always).map(({ key }) => key);
  const known = new Set(roles.permissions.map(({ key }) => key));
  const held = new Set<string>(session.me.permissions);
  // Of the copied role only what this person may give.
  const copyOf = (id: string): ReadonlySet<string> => {
    const source = sources.find((one) => one.id === id)?.permissions ?? [];
    return new Set([...source.filter((key) => known.has(key) && held.has(key)), ...always]);
  };
  const [from, setFrom] = useState(props.from);
  const [name, setName] = useState(role?.name ?? "");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() =>
    role ? new Set([...role.permissions, ...always]) : copyOf(props.from),
  );
  const [reviewing, setReviewing] = useState(false);
  const base: ReadonlySet<string> = role ? new Set([...role.permissions, ...always]) : copyOf(from);
  const added = roles.permissions.filter(({ key }) => chosen.has(key) && !base.has(key));
  const taken = roles.permissions.filter(({ key }) => !chosen.has(key) && base.has(key));
  const renamed = role !== null && name.trim() !== role.name;
  const unchanged = role !== null && !renamed && added.length === 0 && taken.length === 0;

  const save = useMutation({
    mutationFn: () => {
      const body = {
        name: name.trim(),
        permissions: roles.permissions
          .filter(({ key, always: fixed }) => chosen.has(key) && !fixed)
          .map(({ key }) => key),
      };
      return role
        ? session.call("PATCH", `roles/${role.id}`, { body })
        : session.call("POST", "roles", { body });
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [session.slug, "roles"] });
      void queries.invalidateQueries({ queryKey: [session.slug, "session"] });
      say(role ? `The role “${name.trim()}” is changed.` : `The role “${name.trim()}” can be given now.`);
      void navigate({ to: "/t/$slug/settings/roles", params: { slug: session.slug } });
    },
    onError: () => setReviewing(false),
  });
  const fields = isApiError(save.error) ? save.error.fields : {};

  function whyNot(permission: PermissionWords): string | null {
    if (permission.always) return "every role has it";
    if (!held.has(permission.key)) return "you do not hold this yourself";
    return null;
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    if (name.trim() && !unchanged) setReviewing(true);
  }
  return (
    <form onSubmit={submit} className="max-w-[46rem]">
      <h2 className="mb-4 font-serif text-title font-medium">{role ? role.name : "New role"}</h2>
      {save.error && !fields.name && (
        <div className="mb-4">
          <Notice>{wordsOf(save.error)}</Notice>
        </div>
      )}
      <div className="mb-7 grid gap-4 sm:grid-cols-2">
        <Field
          label="Name"
          required
          maxLength={60}
          value={name}
          error={fields.name}
          onChange={(event) => setName(event.target.value)}
          hint="As it stands beside people’s names."
        />
        {!role && (
          <SelectField
            label="Begin as a copy of"
            value={from}
            onChange={(event) => {
              setFrom(event.target.value);
              setChosen(copyOf(event.target.value));
            }}
            hint="Of what it holds, you can pass on what you hold yourself."
          >
            {sources.map((source) => (
              <option key={source.id} value={source.id}>
                {source.name}
              </option>
            ))}
          </SelectField>
        )}
      </div>
      <PermissionGroups
        permissions={roles.permissions}
        chosen={chosen}
        onChange={setChosen}
        whyNot={whyNot}
      />
      <div className="sticky bottom-0 mt-6 flex flex-wrap items-center justify-between gap-3 border-t border-line bg-paper py-3.5">
        <p role="status" className="text-small text-muted">
          {plural(chosen.size, "permission")}
          {(added.length > 0 || taken.length > 0) &&
            ` · ${added.length} added, ${taken.length} taken away${role ? "" : " since the copy"}`}
        </p>
        <Button type="submit" kind="primary" disabled={!name.trim() || unchanged}>
          {role ? "Review and save" : "Review and create"}
        </Button>
      </div>
      {reviewing && (
        <Dialog
          title={role ? `Change “${role.name}”?` : `Create “${name.trim()}”?`}
          shape="wide"
          onClose={() => setReviewing(false)}
        >
          {renamed && (
            <p className="mb-3">
              It is called <strong className="font-semibold">{name.trim()}</strong> from now on.
            </p>
          )}
          <Difference
            title={role ? "May do from now on" : "More than the copied role"}
            items={added}
            sign="+"
          />
          <Difference
            title={role ? "May no longer do" : "Less than the copied role"}
            items={taken}
            sign="−"
          />
          {!role && added.length + taken.length === 0 && <p>It holds what the copied role holds.</p>}
          <p className="mt-4 text-small text-muted">
            {role
              ? role.members === 0
                ? "Nobody has this role yet."
                : `It holds for ${plural(role.members, "member")} from their next click on.`
              : "Nobody has it until you give it to them, on the page of members."}{" "}
            The change is kept in the activity.
          </p>
          <DialogActions>
            <Button data-first onClick={() => setReviewing(false)}>
              Back
            </Button>
            <Button kind="primary" busy={save.isPending} onClick={() => save.mutate()}>
              {role ? "Save" : "Create"}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </form>
  );
}

function Difference(props: { title: string; items: PermissionWords[]; sign: "+" | "−" }) {
  if (props.items.length === 0) return null;
  return (
    <div className="mb-3">
      <h3 className="mb-1 text-small font-semibold">
        {props.title} ({props.items.length})
      </h3>
      <ul className="flex flex-col gap-0.5">
        {props.items.map((item) => (
          <li key={item.key} className="flex gap-2">
            <span aria-hidden="true" className="w-3 shrink-0 font-mono text-muted">
              {props.sign}
            </span>
            <span>
              <span className="text-muted">{item.group}:</span> {item.words}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Holders({ role }: { role: CustomRole }) {
  const members = useMembers();
  const holders = (members.data?.items ?? []).filter((member) => member.role === role.id);
  return (
    <section aria-labelledby="holders" className="mt-9 max-w-[46rem]">
      <h2 id="holders" className="mb-2 font-serif text-title font-medium">
        Who has it
      </h2>
      {holders.length === 0 ? (
        <p className="text-muted">{role.members === 0 ? "Nobody yet." : plural(role.members, "member")}</p>
      ) : (
        <ul className="border-t border-line">
          {holders.slice(0, 100).map((member) => (
            <li key={member.id} className="flex items-center gap-3 border-b border-line py-2">
              <Initials name={member.name} />
              <span className="min-w-0 wrap-anywhere">
                {member.name} <span className="text-small text-muted">{member.address}</span>
              </span>
            </li>
          ))}
          {holders.length > 100 && (
            <li className="py-2 text-muted">and {plural(holders.length - 100, "other")}</li>
          )}
        </ul>
      )}
    </section>
  );
}
