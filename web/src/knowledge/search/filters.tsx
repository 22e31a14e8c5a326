import { ChevronDown, X } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import type { SearchFilters } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { classes } from "../../ui/classes.ts";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Menu, MenuChoice, MenuItem, MenuLine } from "../../ui/menu.tsx";
import { dayOf } from "../../ui/time.tsx";

import { useFolders } from "../folders/folders.ts";
import { type Kind, kinds, kindWords } from "../kinds.ts";
import { FolderDialog } from "./folder-dialog.tsx";

type Change = (filters: SearchFilters) => void;

/** What narrows a search, each as a chip: what it asks for now, the other choices behind it, and the way to drop it. */
export function Filters({ filters, onChange }: { filters: SearchFilters; onChange: Change }) {
  const set = (change: SearchFilters) => onChange(tidy({ ...filters, ...change }));
  return (
    <fieldset className="flex flex-wrap items-center gap-2">
      <legend className="sr-only">Narrow the search</legend>
      <FolderChip folder={filters.folder} onChange={(folder) => set({ folder })} />
      <Chip
        on={filters.kind !== undefined}
        words={filters.kind ? `Only ${kindWords(filters.kind)}` : "Any kind"}
        drop="any kind"
        onDrop={() => set({ kind: undefined })}
      >
        <MenuChoice
          label="Kind of document"
          value={filters.kind ?? "any"}
          choices={[
            { value: "any" as const, words: "Any kind" },
            ...kinds.map((kind) => ({ value: kind, words: kindWords(kind) })),
          ]}
          onChange={(kind: Kind | "any") => set({ kind: kind === "any" ? undefined : kind })}
        />
      </Chip>
      <Chip
        on={filters.owner !== undefined}
        words={ownerWords(filters.owner)}
        drop="documents of anybody"
        onDrop={() => set({ owner: undefined })}
      >
        <MenuChoice
          label="Whose documents"
          value={filters.owner ?? "any"}
          choices={(["any", "mine", "others"] as const).map((value) => ({
            value,
            words: ownerWords(value === "any" ? undefined : value),
          }))}
          onChange={(owner) => set({ owner: owner === "any" ? undefined : owner })}
        />
      </Chip>
      <TimeChip filters={filters} onChange={set} />
      {Object.keys(filters).length > 1 && (
        <Button kind="quiet" small onClick={() => onChange({})}>
          Search everywhere
        </Button>
      )}
    </fieldset>
  );
}

function tidy(filters: SearchFilters): SearchFilters {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
}

function ownerWords(owner: SearchFilters["owner"]): string {
  return owner === "mine" ? "Only mine" : owner === "others" ? "Only others’" : "Anybody’s";
}

function FolderChip(props: { folder: string | undefined; onChange: (folder: string | undefined) => void }) {
  const session = useSession();
  const { tree, isPending } = useFolders();
  const [choosing, setChoosing] = useState(false);
  if (!session.can("folder.read")) return null;
  const name = props.folder ? tree.byId.get(props.folder)?.name : undefined;
  // Where there are no folders there is nothing to choose.
  if (!props.folder && (isPending || tree.all.length === 0)) return null;
  return (
    <>
      <Pill on={props.folder !== undefined}>
        <button
          type="button"
          aria-haspopup="dialog"
          className={pillButton(props.folder !== undefined)}
          onClick={() => setChoosing(true)}
        >
          {props.folder ? `Only in ${name ?? (isPending ? "…" : "a folder that is gone")}` : "Anywhere"}
          <ChevronDown size={13} aria-hidden />
        </button>
        {props.folder && <Drop words="any folder" onDrop={() => props.onChange(undefined)} />}
      </Pill>
      {choosing && (
        <FolderDialog
          tree={tree}
          chosen={props.folder ?? null}
          onClose={() => setChoosing(false)}
          onChoose={(folder) => {
            setChoosing(false);
            props.onChange(folder ?? undefined);
          }}
        />
      )}
    </>
  );
}

const days = (count: number): string => {
  const date = new Date();
  date.setDate(date.getDate() - count);
  return dateOf(date);
};

/** The day as it is here, not in Greenwich. */
function dateOf(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

function TimeChip({ filters, onChange }: { filters: SearchFilters; onChange: Change }) {
  const [choosing, setChoosing] = useState(false);
  const { since, until } = filters;
  const on = since !== undefined || until !== undefined;
  return (
    <>
      <Chip
        on={on}
        words={timeWords(since, until)}
        drop="any time"
        onDrop={() => onChange({ since: undefined, until: undefined })}
      >
        {[
          { words: "Any time", since: undefined },
          { words: "The last 7 days", since: days(7) },
          { words: "The last 30 days", since: days(30) },
          { words: "The last 12 months", since: days(365) },
        ].map((choice) => (
          <MenuItem key={choice.words} onSelect={() => onChange({ since: choice.since, until: undefined })}>
            {choice.words}
          </MenuItem>
        ))}
        <MenuLine />
        <MenuItem onSelect={() => setChoosing(true)}>Choose days…</MenuItem>
      </Chip>
      {choosing && <Days filters={filters} onChange={onChange} onClose={() => setChoosing(false)} />}
    </>
  );
}

export function timeWords(since: string | undefined, until: string | undefined): string {
  if (since && until) return `${dayOf(since)} to ${dayOf(until)}`;
  if (since) return `Since ${dayOf(since)}`;
  return until ? `Until ${dayOf(until)}` : "Any time";
}

function Days(props: { filters: SearchFilters; onChange: Change; onClose: () => void }) {
  const [since, setSince] = useState(props.filters.since ?? "");
  const [until, setUntil] = useState(props.filters.until ?? "");
  const wrong = since && until && since > until;
  function submit(event: FormEvent) {
    event.preventDefault();
    if (wrong) return;
    props.onChange({ since: since || undefined, until: until || undefined });
    props.onClose();
  }
  return (
    <Dialog title="Added between" onClose={props.onClose}>
      <form onSubmit={submit}>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field
            type="date"
            label="From"
            value={since}
            max={dateOf(new Date())}
            onChange={(event) => setSince(event.target.value)}
            data-first
          />
          <Field
            type="date"
            label="To"
            value={until}
            onChange={(event) => setUntil(event.target.value)}
            error={wrong ? "This is before the first day." : undefined}
          />
        </div>
        <DialogActions>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" kind="primary">
            Search these days
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** A chip whose choices stand in a menu. */
export function Chip(props: {
  on: boolean;
  words: string;
  /** What there is without it, after “Search”. */
  drop: string;
  onDrop: () => void;
  children: ReactNode;
}) {
  return (
    <Pill on={props.on}>
      <Menu
        align="start"
        button={
          <button type="button" className={pillButton(props.on)}>
            {props.words}
            <ChevronDown size={13} aria-hidden />
          </button>
        }
      >
        {props.children}
      </Menu>
      {props.on && <Drop words={props.drop} onDrop={props.onDrop} />}
    </Pill>
  );
}

export function Pill({ on, children }: { on: boolean; children: ReactNode }) {
  return (
    <span
      className={classes(
        "inline-flex max-w-full items-stretch rounded-full border text-small",
        on ? "border-accent bg-accent-soft font-semibold text-ink" : "border-line bg-surface text-muted",
      )}
    >
      {children}
    </span>
  );
}

export function pillButton(on: boolean): string {
  return classes(
    "inline-flex min-h-8 min-w-0 items-center gap-1.5 rounded-full wrap-anywhere hover:text-ink",
    on ? "py-1 pr-1 pl-3 text-left" : "px-3",
  );
}

export function Drop({ words, onDrop }: { words: string; onDrop: () => void }) {
  return (
    <button
      type="button"
      aria-label={`Drop this: ${words}`}
      title={`Back to ${words}`}
      className="inline-flex w-8 shrink-0 items-center justify-center rounded-full text-muted hover:text-ink"
      onClick={onDrop}
    >
      <X size={14} aria-hidden />
    </button>
  );
}
