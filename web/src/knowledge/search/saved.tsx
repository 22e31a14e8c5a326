import { Link } from "@tanstack/react-router";
import { Bookmark, Ellipsis } from "lucide-react";
import { useState } from "react";
import type { SavedSearch, SearchFilters } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Menu, MenuItem, MenuLine } from "../../ui/menu.tsx";
import { NameDialog } from "../../ui/name-dialog.tsx";
import { Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";
import type { Tree } from "../folders/folders.ts";
import { useFolders } from "../folders/folders.ts";
import { kindWords } from "../kinds.ts";
import { timeWords } from "./filters.tsx";
import {
  useChangeSavedSearch,
  useDeleteSavedSearch,
  useSavedSearches,
  useSaveSearch,
} from "./saved-searches.ts";

type Run = (saved: SavedSearch) => void;

/** Keeps the search that is open now, words and filters, under a name. */
export function SaveSearch({ q, filters }: { q: string; filters: SearchFilters }) {
  const session = useSession();
  const save = useSaveSearch();
  const [open, setOpen] = useState(false);
  const { tree } = useFolders();
  if (!session.can("saved-search.create")) return null;
  return (
    <>
      <Button small onClick={() => setOpen(true)}>
        <Bookmark size={14} aria-hidden />
        Save this search
      </Button>
      {open && (
        <NameDialog
          longest={120}
          title="Save this search"
          deed="Save"
          name={q.slice(0, 120)}
          hint={`It keeps the words “${q}” and ${filterWords(filters, tree)}. Only you see it.`}
          busy={save.isPending}
          error={save.error}
          onClose={() => setOpen(false)}
          onName={(name) =>
            save.mutate(
              { name, q, filters },
              {
                onSuccess: () => {
                  setOpen(false);
                  say(`“${name}” is saved. You find it at the top of this page.`);
                },
              },
            )
          }
        />
      )}
    </>
  );
}

/** Saved searches at hand while one searches for something else. */
export function SavedMenu({ onRun }: { onRun: Run }) {
  const saved = useSavedSearches();
  const items = saved.data?.items ?? [];
  if (!items.length) return null;
  return (
    <Menu
      button={
        <Button small kind="quiet">
          Saved searches
        </Button>
      }
    >
      {items.map((search) => (
        <MenuItem key={search.id} onSelect={() => onRun(search)}>
          <span className="max-w-72 truncate">{search.name}</span>
        </MenuItem>
      ))}
    </Menu>
  );
}

/** All saved searches, with what they look for; what stands on the page until one searches. */
export function SavedList({ onRun }: { onRun: Run }) {
  const session = useSession();
  const saved = useSavedSearches();
  const { tree } = useFolders();
  if (!session.can("saved-search.use")) return <Hints />;
  if (saved.isPending) {
    return (
      <div className="mt-8">
        <Skeleton label="Loading your saved searches" lines={3} />
      </div>
    );
  }
  return (
    <>
      {saved.isError && (
        <div className="mt-6">
          <Notice>Your saved searches could not be loaded. {wordsOf(saved.error)}</Notice>
        </div>
      )}
      {saved.data && saved.data.items.length > 0 && (
        <section aria-labelledby="saved" className="mt-8">
          <h2 id="saved" className="mb-2 font-serif text-title font-medium">
            Saved searches
          </h2>
          <ul className="border-t border-line">
            {saved.data.items.map((search) => (
              <Row key={search.id} search={search} tree={tree} onRun={onRun} />
            ))}
          </ul>
        </section>
      )}
      <Hints />
    </>
  );
}

function Row({ search, tree, onRun }: { search: SavedSearch; tree: Tree; onRun: Run }) {
  const session = useSession();
  const [open, setOpen] = useState<"rename" | null>(null);
  const change = useChangeSavedSearch(search.id);
  const remove = useDeleteSavedSearch(search.id);
  const save = useSaveSearch();
  const mayChange = session.can("saved-search.change");
  const mayDelete = session.can("saved-search.delete");
  const drop = () =>
    remove.mutate(undefined, {
      onSuccess: () =>
        say(`“${search.name}” is deleted.`, {
          words: "Keep it",
          act: () => save.mutate({ name: search.name, q: search.q, filters: search.filters }),
        }),
      onError: (error) => say(wordsOf(error)),
    });
  return (
    <li className="flex items-center gap-2 border-b border-line pr-1 hover:bg-accent-soft">
      <Link
        to="/t/$slug/search"
        params={{ slug: session.slug }}
        search={{ q: search.q, ...search.filters }}
        className="min-h-11 min-w-0 flex-1 px-2.5 py-2 -outline-offset-2"
      >
        <span className="block font-medium wrap-anywhere">{search.name}</span>
        <span className="block text-small wrap-anywhere text-muted">
          “{search.q}”, {filterWords(search.filters, tree)}
        </span>
      </Link>
      <Menu
        button={
          <IconButton label={`More for ${search.name}`}>
            <Ellipsis size={17} aria-hidden />
          </IconButton>
        }
      >
        <MenuItem onSelect={() => onRun(search)}>Search again</MenuItem>
        {mayChange && <MenuItem onSelect={() => setOpen("rename")}>Rename</MenuItem>}
        {mayDelete && <MenuLine />}
        {mayDelete && (
          <MenuItem danger onSelect={drop}>
            Delete
          </MenuItem>
        )}
      </Menu>
      {open === "rename" && (
        <NameDialog
          longest={120}
          title="Rename the search"
          deed="Rename"
          name={search.name}
          busy={change.isPending}
          error={change.error}
          onClose={() => setOpen(null)}
          onName={(name) => change.mutate({ name }, { onSuccess: () => setOpen(null) })}
        />
      )}
    </li>
  );
}

/** "everywhere", "only in Contracts, only Word". */
export function filterWords(filters: SearchFilters, tree: Tree): string {
  const { folder, kind, owner, since, until } = filters;
  const parts = [
    folder && `only in ${tree.byId.get(folder)?.name ?? "a folder that is gone"}`,
    kind && `only ${kindWords(kind)}`,
    owner && (owner === "mine" ? "only yours" : "only others’"),
    (since || until) && timeWords(since, until).replace(/^[SU]/, (letter) => letter.toLowerCase()),
  ].filter(Boolean);
  return parts.join(", ") || "everywhere";
}

function Hints() {
  return (
    <dl className="mt-9 grid max-w-[62ch] grid-cols-[auto_1fr] items-baseline gap-x-5 gap-y-2 text-muted">
      <dt className="font-mono text-evidence text-ink">notice lease</dt>
      <dd>Passages with both words first, then with either. Endings do not matter.</dd>
      <dt className="font-mono text-evidence text-ink">“six months”</dt>
      <dd>These words, in this order.</dd>
      <dt className="font-mono text-evidence text-ink">↓ ↑ Enter</dt>
      <dd>Move among what was found, and open it at the place.</dd>
    </dl>
  );
}
