import { Link } from "@tanstack/react-router";
import { Check, Ellipsis, Minus } from "lucide-react";
import { Fragment, useState } from "react";
import type { CustomRole, PermissionWords, Roles } from "../../api/types.ts";
import { useTitle } from "../../frame/page.tsx";
import { useSession } from "../../identity/session.tsx";
import { buttonLook, IconButton } from "../../ui/button.tsx";
import { classes } from "../../ui/classes.ts";
import { Menu, MenuItem, MenuLine } from "../../ui/menu.tsx";
import { ErrorPanel, Forbidden, Skeleton } from "../../ui/states.tsx";
import { plural } from "../../ui/time.tsx";
import { byGroup } from "../permission-groups.tsx";
import { builtInRoles, roleWord, useRoles } from "../roles.ts";
import { DeleteRole } from "./delete-role.tsx";

/** What each role may do, all roles side by side. */
export function RolesPage() {
  useTitle("Roles", "Settings");
  const session = useSession();
  const roles = useRoles();
  if (!session.can("role.read")) return <Forbidden whole={false} />;
  if (roles.isPending) return <Skeleton label="Loading the roles" lines={10} tall />;
  if (roles.isError)
    return (
      <ErrorPanel
        error={roles.error}
        onRetry={() => void roles.refetch()}
        title="The roles could not be loaded"
      />
    );
  return <Matrix roles={roles.data} />;
}

type Column = { id: string; name: string; held: ReadonlySet<string>; custom: CustomRole | null };

function Matrix({ roles }: { roles: Roles }) {
  const session = useSession();
  const columns: Column[] = [
    ...roles.builtIn
      .filter(({ name }) => (builtInRoles as string[]).includes(name))
      .map(({ name, permissions }) => ({
        id: name,
        name: roleWord(name),
        held: new Set(permissions),
        custom: null,
      })),
    ...roles.items.map((custom) => ({
      id: custom.id,
      name: custom.name,
      held: new Set(custom.permissions),
      custom,
    })),
  ];
  // On a phone one role is shown at a time.
  const [alone, setAlone] = useState(columns[0]?.id ?? "");
  const [changesOnly, setChangesOnly] = useState(false);
  const differs = ({ key }: PermissionWords) =>
    columns.some(({ held }) => held.has(key) !== columns[0]?.held.has(key));
  const rows = changesOnly ? roles.permissions.filter(differs) : roles.permissions;
  return (
    <>
      <div className="mb-5 flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <p className="max-w-[60ch] text-muted">
          {plural(roles.permissions.length, "permission")} in plain words. A role of your own begins as a copy
          of another; nobody can give what they do not hold themselves.
        </p>
        {session.can("role.create") && (
          <Link
            to="/t/$slug/settings/roles/$roleId"
            params={{ slug: session.slug, roleId: "new" }}
            search={{ from: "manager" }}
            className={buttonLook("primary")}
          >
            New role
          </Link>
        )}
      </div>
      <div className="mb-3 flex flex-wrap items-center gap-x-5 gap-y-2">
        <label className="flex items-center gap-2.5">
          <input
            type="checkbox"
            className="size-3.5 accent-[var(--accent)]"
            checked={changesOnly}
            onChange={(event) => setChangesOnly(event.target.checked)}
          />
          Only where roles differ
        </label>
        <label className="flex items-center gap-2.5 sm:hidden">
          Role
          <select
            className="min-h-9 rounded-md border border-edge bg-surface px-2.5"
            value={alone}
            onChange={(event) => setAlone(event.target.value)}
          >
            {columns.map((column) => (
              <option key={column.id} value={column.id}>
                {column.name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard.
        tabIndex={0}
        aria-label="Permissions by role"
        className="relative max-h-[75dvh] overflow-auto rounded-md border border-line bg-surface"
      >
        <table className="w-full border-separate border-spacing-0 text-left">
          <thead>
            <tr>
              <th
                scope="col"
                className="sticky top-0 left-0 z-20 min-w-48 border-b border-line bg-surface px-3.5 py-2.5 text-small font-medium text-muted"
              >
                Permission
              </th>
              {columns.map((column) => (
                <th
                  key={column.id}
                  scope="col"
                  className={classes(
                    "sticky top-0 z-10 min-w-22 border-b border-line bg-surface px-2 py-2.5 text-center align-bottom text-small font-semibold",
                    column.id !== alone && "max-sm:hidden",
                  )}
                >
                  <span className="block wrap-anywhere">{column.name}</span>
                  {column.custom && <RoleMenu role={column.custom} />}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {byGroup(rows).map(({ group, items }) => (
              <Fragment key={group}>
                <tr>
                  <th
                    scope="colgroup"
                    colSpan={columns.length + 1}
                    className="border-b border-line bg-paper px-3.5 pt-4 pb-1.5 font-serif text-[1.0625rem] font-medium"
                  >
                    <span className="sticky left-3.5">{group}</span>
                  </th>
                </tr>
                {items.map((permission) => (
                  <tr key={permission.key} className="group">
                    <th
                      scope="row"
                      title={permission.key}
                      className="sticky left-0 z-10 border-b border-line bg-surface px-3.5 py-2 font-normal group-hover:bg-accent-soft"
                    >
                      {permission.words}
                      {permission.always && <span className="text-small text-muted"> · every role</span>}
                    </th>
                    {columns.map((column) => (
                      <td
                        key={column.id}
                        className={classes(
                          "border-b border-line px-2 py-2 text-center group-hover:bg-accent-soft",
                          column.id !== alone && "max-sm:hidden",
                        )}
                      >
                        <Held held={column.held.has(permission.key) || permission.always} />
                      </td>
                    ))}
                  </tr>
                ))}
              </Fragment>
            ))}
          </tbody>
        </table>
      </section>
      {roles.items.length === 0 && (
        <p className="mt-4 text-small text-muted">
          There are no roles of your own yet: the four built-in ones are enough for most workspaces.
        </p>
      )}
    </>
  );
}

function Held({ held }: { held: boolean }) {
  return held ? (
    <>
      <Check size={16} aria-hidden className="inline text-accent" />
      <span className="sr-only">yes</span>
    </>
  ) : (
    <>
      <Minus size={14} aria-hidden className="inline text-stale opacity-60" />
      <span className="sr-only">no</span>
    </>
  );
}

function RoleMenu({ role }: { role: CustomRole }) {
  const session = useSession();
  const [deleting, setDeleting] = useState(false);
  const may = {
    change: role.mayChange && session.can("role.change"),
    clone: session.can("role.create"),
    delete: role.mayChange && session.can("role.delete"),
  };
  const to = (roleId: string, from?: string) => ({
    to: "/t/$slug/settings/roles/$roleId" as const,
    params: { slug: session.slug, roleId },
    search: from ? { from } : {},
  });
  return (
    <span className="mt-0.5 flex items-center justify-center font-normal whitespace-nowrap text-muted">
      {plural(role.members, "member")}
      {(may.change || may.clone || may.delete) && (
        <Menu
          button={
            <IconButton label={`More for the role ${role.name}`} className="size-7">
              <Ellipsis size={15} aria-hidden />
            </IconButton>
          }
        >
          {may.change && (
            <MenuItem asChild>
              <Link {...to(role.id)}>Change</Link>
            </MenuItem>
          )}
          {may.clone && (
            <MenuItem asChild>
              <Link {...to("new", role.id)}>Copy into a new role</Link>
            </MenuItem>
          )}
          {may.delete && <MenuLine />}
          {may.delete && (
            <MenuItem danger onSelect={() => setDeleting(true)}>
              Delete
            </MenuItem>
          )}
        </Menu>
      )}
      {deleting && <DeleteRole role={role} onClose={() => setDeleting(false)} />}
    </span>
  );
}
