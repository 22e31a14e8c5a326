import { useEffect, useId, useRef } from "react";
import type { PermissionWords } from "../api/types.ts";
import { classes } from "../ui/classes.ts";

// From what everybody does to what few do; a heading that is not among them comes after these.
const order = [
  "Documents",
  "Folders",
  "Chats",
  "Sharing",
  "People",
  "Groups",
  "Roles",
  "API keys",
  "Others' content",
  "Audit",
];

/** Permissions under their headings, from the everyday to the rare; what every role has anyway comes last. */
export function byGroup(permissions: PermissionWords[]): { group: string; items: PermissionWords[] }[] {
  const groups = new Map<string, PermissionWords[]>();
  for (const permission of permissions) {
    const items = groups.get(permission.group);
    if (items) items.push(permission);
    else groups.set(permission.group, [permission]);
  }
  const rank = ([group, items]: [string, PermissionWords[]]) => {
    if (items.filter(({ always }) => always).length > items.length / 2) return order.length + 1;
    const at = order.indexOf(group);
    return at < 0 ? order.length : at;
  };
  return [...groups].sort((a, b) => rank(a) - rank(b)).map(([group, items]) => ({ group, items }));
}

/**
 * Permissions as checkboxes under headings, each heading with one for all of its own. `whyNot` says why one cannot be
 * chosen; it stands beside it.
 */
export function PermissionGroups(props: {
  permissions: PermissionWords[];
  chosen: ReadonlySet<string>;
  onChange: (chosen: ReadonlySet<string>) => void;
  whyNot: (permission: PermissionWords) => string | null;
}) {
  const { chosen } = props;
  const set = (keys: string[], on: boolean) => {
    const next = new Set(chosen);
    for (const key of keys) {
      if (on) next.add(key);
      else next.delete(key);
    }
    props.onChange(next);
  };
  return (
    <div className="flex flex-col gap-5">
      {byGroup(props.permissions).map(({ group, items: all }) => {
        const items = all.filter(({ always }) => !always);
        const fixed = all.filter(({ always }) => always);
        if (items.length === 0) return <Fixed key={group} group={group} items={fixed} />;
        const free = items.filter((item) => !props.whyNot(item));
        const on = free.filter(({ key }) => chosen.has(key)).length;
        return (
          <fieldset key={group} className="min-w-0">
            <legend className="sr-only">{group}</legend>
            <Box
              label={group}
              strong
              checked={free.length > 0 && on === free.length}
              mixed={on > 0 && on < free.length}
              off={free.length === 0}
              note={`${items.filter(({ key }) => chosen.has(key)).length} of ${items.length}`}
              onChange={(checked) =>
                set(
                  free.map(({ key }) => key),
                  checked,
                )
              }
            />
            <div className="ml-[7px] border-l border-line pl-5">
              {items.map((item) => {
                const why = props.whyNot(item);
                return (
                  <Box
                    key={item.key}
                    label={item.words}
                    checked={chosen.has(item.key)}
                    off={why !== null}
                    note={why}
                    onChange={(checked) => set([item.key], checked)}
                  />
                );
              })}
              {fixed.length > 0 && <Fixed items={fixed} />}
            </div>
          </fieldset>
        );
      })}
    </div>
  );
}

/** What there is no choice about: every role has it. */
function Fixed({ group, items }: { group?: string; items: PermissionWords[] }) {
  return (
    <details>
      <summary className="inline-flex min-h-8 items-center rounded-sm text-muted hover:text-ink">
        {group ? `${group}: every role has these ${items.length}` : `and ${items.length} that every role has`}
      </summary>
      <ul className="ml-[7px] border-l border-line pl-5 text-muted">
        {items.map(({ key, words }) => (
          <li key={key} className="py-1">
            {words}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Box(props: {
  label: string;
  strong?: boolean;
  checked: boolean;
  mixed?: boolean;
  off: boolean;
  note: string | null;
  onChange: (checked: boolean) => void;
}) {
  const id = useId();
  const box = useRef<HTMLInputElement>(null);
  const mixed = props.mixed ?? false;
  useEffect(() => {
    if (box.current) box.current.indeterminate = mixed;
  }, [mixed]);
  return (
    <label className={classes("flex gap-2.5 py-1.5", props.off ? "text-muted" : "cursor-pointer")}>
      <input
        ref={box}
        type="checkbox"
        checked={props.checked}
        disabled={props.off}
        aria-describedby={props.note ? id : undefined}
        onChange={(event) => props.onChange(event.target.checked)}
        className="mt-1 size-3.5 shrink-0 accent-[var(--accent)]"
      />
      <span className="min-w-0">
        <span className={props.strong ? "font-semibold" : ""}>{props.label}</span>
        {props.note && (
          <span id={id} className="text-small text-muted">
            {" "}
            · {props.note}
          </span>
        )}
      </span>
    </label>
  );
}
